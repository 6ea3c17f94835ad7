/** OAUTHBEARER, RFC 7628 section 3.1. */
import {
  acknowledge,
  concludeOrHear,
  type ExchangeContext,
  type Steps,
  type TokenCredentials,
} from '../mechanism.js';
import { utf8 } from '../text.js';
import { bearerRefusal } from './bearer.js';
import { saslname } from './scram-messages.js';

const separator = '\x01';

// client-resp = gs2-header kvsep *( key "=" value kvsep ) kvsep
export function* oauthBearer(
  { user, accessToken, authzid = user }: TokenCredentials,
  { host, port }: ExchangeContext,
): Steps {
  const pairs = [
    // A value is VCHAR: a name with other characters is left out, as section 3.1 lets us.
    ...(/^[\x21-\x7e]+$/.test(host ?? '') ? [`host=${host}`] : []),
    ...(port === undefined ? [] : [`port=${port}`]),
    `auth=Bearer ${accessToken}`,
  ];
  const message = [`n,a=${saslname(authzid)},`, ...pairs, '', ''].join(separator);
  const challenge = yield concludeOrHear(utf8(message));
  // Section 3.2.3: a dummy response, so that the server can end the exchange with its failure.
  yield acknowledge(utf8(separator), bearerRefusal(challenge));
}
