/** EXTERNAL, RFC 4422 appendix A: TLS has shown the client's certificate; we only say whom to act as, if anyone. */
import { conclude, type ExternalCredentials, type Steps } from '../mechanism.js';
import { utf8 } from '../text.js';

export function* external({ authzid = '' }: ExternalCredentials): Steps {
  yield conclude(utf8(authzid));
}
