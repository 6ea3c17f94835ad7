/** What a client's connect() is told about logging in, checked once, before anything is dialled. */
import {
  type ChannelBindingType,
  checkOptions,
  oneOf,
  type Rule,
  type Rules,
  UsageError,
} from 'tls-context-core';
import { type AuthShape, checkedAuth } from './credentials.js';
import { isCustomMechanism } from './custom.js';
import { given } from './given.js';
import { mechanisms as known } from './mechanisms/table.js';
import { isSaltedPasswords, type SaltedPasswords } from './salted-passwords.js';
import type { AuthenticateOptions, IterationWindow, Mechanisms } from './types.js';

/** The login options that the four clients with SASL share. */
export interface LoginOptions {
  /**
   * Which ways to log in, the preferred one first: names, or mechanisms of your own. Default: what is offered, the strongest first.
   * A list is also your leave to go down it when a mechanism does not *work* there; a failed proof (a wrong password) or a wrong
   * server signature ends the login all the same. What it names is tried where the server lists nothing of the kind.
   */
  mechanisms?: Mechanisms;
  /** The iteration counts that SCRAM accepts. Default 4,096 to 600,000. */
  iterations?: IterationWindow;
  /** Which channel binding SCRAM-…-PLUS uses. Default: `tls-exporter` on TLS 1.3, `tls-server-end-point` on 1.2. */
  channelBinding?: ChannelBindingType;
  /** Keeps what SCRAM derives from the password between logins: from `createSaltedPasswords()`. */
  saltedPasswords?: SaltedPasswords;
}

/** Their names, for a client's list of options. */
export const loginOptions: readonly string[] = [
  'auth',
  'mechanisms',
  'iterations',
  'channelBinding',
  'saltedPasswords',
];

/** Those that `authenticate` takes as they are, `auth` included. */
export function loginFields<A>(
  options: LoginOptions & { auth: A },
): Pick<AuthenticateOptions, keyof LoginOptions> & { auth: A } {
  const { auth, mechanisms, iterations, channelBinding, saltedPasswords } = options;
  return { auth, ...given({ mechanisms, iterations, channelBinding, saltedPasswords }) };
}

const count: Rule = [
  (value) => Number.isSafeInteger(value) && (value as number) >= 1,
  'a whole number from 1',
];
const windowRules: Rules<IterationWindow> = { min: count, max: count };
const isBinding = oneOf('tls-exporter', 'tls-unique', 'tls-server-end-point');

/**
 * Returns the options with an `auth` that has been checked and will not change.
 *
 * @param own ways to log in that are no SASL mechanisms, in upper case, such as `USER`
 * @param shape which `auth` the protocol takes. Default: SASL's
 * @throws UsageError ERR_ARGUMENT
 */
export function checkLogin<O extends LoginOptions & { auth?: object }>(
  options: O,
  own: readonly string[] = [],
  shape?: AuthShape,
): O {
  const { auth, mechanisms, iterations, channelBinding, saltedPasswords } = options;
  if (iterations !== undefined) checkOptions(iterations, windowRules, { at: 'iterations' });
  if (channelBinding !== undefined && !isBinding[0](channelBinding))
    throw wrong('channelBinding', `must be ${isBinding[1]}`);
  if (saltedPasswords !== undefined && !isSaltedPasswords(saltedPasswords))
    throw wrong('saltedPasswords', 'must come from createSaltedPasswords()');
  if (mechanisms !== undefined) checkMechanisms(mechanisms, own);
  return auth === undefined ? options : { ...options, auth: checkedAuth(auth, shape) };
}

function checkMechanisms(mechanisms: unknown, own: readonly string[]): void {
  const names = [...own, ...known.map(({ name }) => name)];
  const isKnown = (item: unknown): boolean =>
    typeof item === 'string' ? names.includes(item.toUpperCase()) : isCustomMechanism(item);
  if (Array.isArray(mechanisms) && mechanisms.every(isKnown)) return;
  throw wrong(
    'mechanisms',
    'must be a list of names that are known here, or of mechanisms',
    `Known: ${names.join(', ')}. One of your own is { name, start(credentials, channel), step(challenge) }.`,
  );
}

const wrong = (argument: string, problem: string, hint = ''): UsageError =>
  new UsageError('ERR_ARGUMENT', `${argument} ${problem}`, { argument, hint });
