/** PLAIN, RFC 4616: `[authzid] NUL authcid NUL passwd`. Preparation is the server's part (section 2): octets go as given. */
import { conclude, type PasswordCredentials, type Steps } from '../mechanism.js';
import { utf8 } from '../text.js';

export function* plain({ user, password, authzid = '' }: PasswordCredentials): Steps {
  yield conclude(utf8(`${authzid}\0${user}\0${password}`));
}
