/**
 * All mechanisms in one table, strongest first, with their classes of strength.
 *
 * | class | what a server, or who poses as one, gets from an exchange |
 * |---|---|
 * | `bound` | nothing, and it must sit at the other end of our very TLS connection |
 * | `mutual` | a salted, slow hash to guess at; a real server proves that it knows the secret |
 * | `challenge` | a fast hash to guess at: minutes for most passwords; the server proves nothing |
 * | `disclosing` | the secret itself |
 *
 * A server that says "not this mechanism" may be an attacker who wants the next one: so the next one may be of the same
 * class or a stronger, never of a weaker one.
 */
import { UsageError } from 'tls-context-core';
import type {
  AnonymousCredentials,
  CredentialKind,
  Credentials,
  ExchangeContext,
  ExternalCredentials,
  Mechanism,
  PasswordCredentials,
  Steps,
  TokenCredentials,
} from '../mechanism.js';
import type { MechanismName } from '../types.js';
import { anonymous } from './anonymous.js';
import { cramMd5 } from './cram-md5.js';
import { external } from './external.js';
import { login } from './login.js';
import { oauthBearer } from './oauthbearer.js';
import { plain } from './plain.js';
import { type ScramHash, scram, sha1, sha256, sha512 } from './scram.js';
import { xoauth2 } from './xoauth2.js';

const strength = { disclosing: 1, challenge: 2, mutual: 3, bound: 4 } as const;

export const mechanisms: readonly Mechanism[] = [
  scramRow('SCRAM-SHA-512-PLUS', sha512),
  scramRow('SCRAM-SHA-256-PLUS', sha256),
  scramRow('SCRAM-SHA-1-PLUS', sha1),
  scramRow('SCRAM-SHA-512', sha512),
  scramRow('SCRAM-SHA-256', sha256),
  scramRow('SCRAM-SHA-1', sha1),
  row('OAUTHBEARER', 'accessToken', 'disclosing', true, oauthBearer),
  row('XOAUTH2', 'accessToken', 'disclosing', false, xoauth2),
  row('EXTERNAL', 'external', 'disclosing', true, external),
  row('CRAM-MD5', 'password', 'challenge', false, cramMd5),
  row('PLAIN', 'password', 'disclosing', true, plain),
  row('LOGIN', 'password', 'disclosing', false, login),
  row('ANONYMOUS', 'anonymous', 'disclosing', false, anonymous),
];

export function findMechanism(name: string): Mechanism | undefined {
  const upper = name.toUpperCase();
  return mechanisms.find((mechanism) => mechanism.name === upper);
}

/** Comparable among mechanisms that take the same credential. */
export const strengthOf = (name: string): number => findMechanism(name)?.strength ?? 0;

/** Whether it binds to the channel. */
export function isPlus(name: string): boolean {
  return name.endsWith('-PLUS');
}

interface CredentialsOf {
  password: PasswordCredentials;
  accessToken: TokenCredentials;
  external: ExternalCredentials;
  anonymous: AnonymousCredentials;
}

function row<K extends CredentialKind>(
  name: MechanismName,
  credential: K,
  strengthClass: keyof typeof strength,
  authzid: boolean,
  steps: (credentials: CredentialsOf[K], context: ExchangeContext) => Steps,
): Mechanism {
  return {
    name,
    credential,
    strength: strength[strengthClass],
    authzid,
    provesServer: strength[strengthClass] >= strength.mutual,
    begin(credentials: Credentials, context: ExchangeContext): Steps {
      if (credential in credentials) return steps(credentials as CredentialsOf[K], context);
      throw new UsageError('ERR_ARGUMENT', `${name} needs credentials with \`${credential}\``, {
        argument: 'credentials',
      });
    },
  };
}

function scramRow(name: MechanismName, hash: ScramHash): Mechanism {
  const plus = isPlus(name);
  return row(name, 'password', plus ? 'bound' : 'mutual', true, (credentials, context) => {
    if (plus === (context.binding !== undefined)) return scram(hash, credentials, context);
    throw new UsageError('ERR_ARGUMENT', `${name} ${plus ? 'needs' : 'takes no'} channel binding`, {
      argument: 'binding',
    });
  });
}
