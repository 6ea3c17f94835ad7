/** CRAM-MD5, RFC 2195: `user SP hex(HMAC-MD5(password, challenge))`, the digest in lower case. */
import { createHmac } from 'node:crypto';
import {
  conclude,
  Fault,
  type PasswordCredentials,
  type Steps,
  serverSpeaksFirst,
} from '../mechanism.js';
import { utf8 } from '../text.js';

export function* cramMd5({ user, password }: PasswordCredentials): Steps {
  const challenge = yield serverSpeaksFirst;
  // An empty challenge would make the answer the same every time, to be replayed by an eavesdropper who saw it once.
  if (challenge.length === 0) throw new Fault('ERR_CHALLENGE', 'the challenge is empty');
  const digest = createHmac('md5', utf8(password)).update(challenge).digest('hex');
  yield conclude(utf8(`${user} ${digest}`));
}
