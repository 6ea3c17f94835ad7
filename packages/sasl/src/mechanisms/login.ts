/** LOGIN, draft-murchison-sasl-login: the user name, then the password, whatever the two prompts say. */
import {
  conclude,
  type PasswordCredentials,
  type Steps,
  say,
  serverSpeaksFirst,
} from '../mechanism.js';
import { utf8 } from '../text.js';

export function* login({ user, password }: PasswordCredentials): Steps {
  yield { ...serverSpeaksFirst, heedless: true };
  yield { ...say(utf8(user)), heedless: true };
  yield conclude(utf8(password));
}
