/** XOAUTH2, Google's forerunner of OAUTHBEARER (developers.google.com/gmail/imap/xoauth2-protocol). */
import {
  acknowledge,
  concludeOrHear,
  nothing,
  type Steps,
  type TokenCredentials,
} from '../mechanism.js';
import { utf8 } from '../text.js';
import { bearerRefusal } from './bearer.js';

export function* xoauth2({ user, accessToken }: TokenCredentials): Steps {
  const message = `user=${user}\x01auth=Bearer ${accessToken}\x01\x01`;
  const challenge = yield concludeOrHear(utf8(message));
  yield acknowledge(nothing, bearerRefusal(challenge));
}
