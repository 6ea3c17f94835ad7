/** ANONYMOUS, RFC 4505: optional trace information, an email address or a token. */
import { type AnonymousCredentials, conclude, type Steps } from '../mechanism.js';
import { utf8 } from '../text.js';

export function* anonymous({ trace = '' }: AnonymousCredentials): Steps {
  yield conclude(utf8(trace));
}
