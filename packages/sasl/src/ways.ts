/** A protocol's own ways to log in, in one order with SASL: POP3's USER and APOP (RFC 1939 §7), NNTP's USER (RFC 4643 §2.3). */
import { type AuthenticationError, isFivewireError } from 'tls-context-core';
import { passwordOf } from './credentials.js';
import { selectMechanism } from './select.js';
import type { AuthenticateOptions } from './types.js';

/** SASL, by all mechanisms or by these; or one of the protocol's own ways, by its name in upper case. */
export interface Way {
  readonly name: string;
  readonly mechanisms?: string[];
}

/** The way to go, with all that it needs. */
export type ChosenWay<Own extends string> =
  | { readonly name: 'SASL'; readonly options: AuthenticateOptions }
  | { readonly name: Own; readonly user: string; readonly password: string };

/**
 * The ways that the caller's `mechanisms` name, in that order. Neighbouring SASL names are one way, chosen among by
 * `authenticate`.
 *
 * @param own the names, in upper case, that are no SASL mechanisms
 */
export function waysIn(mechanisms: readonly string[], own: readonly string[]): Way[] {
  const ways: Way[] = [];
  for (const name of mechanisms.map((given) => given.toUpperCase())) {
    const last = ways.at(-1);
    if (own.includes(name)) ways.push({ name });
    else if (last?.mechanisms !== undefined) last.mechanisms.push(name);
    else ways.push({ name: 'SASL', mechanisms: [name] });
  }
  return ways;
}

/**
 * The first way that can be gone; `undefined` where none can and SASL was none of them. `auth` and the channel are judged
 * for all ways alike, and a function in place of the password is called for the way that needs it alone.
 *
 * @param open which of the protocol's own ways this server takes. They carry user and password, and no `authzid`.
 * @throws AuthenticationError ERR_CLEARTEXT_AUTH_REFUSED or ERR_NO_COMMON_MECHANISM, UsageError ERR_ARGUMENT. Nothing has
 * been sent.
 */
export async function chooseWay<Own extends string>(
  ways: readonly Way[],
  options: AuthenticateOptions,
  open: Readonly<Record<Own, boolean>>,
): Promise<ChosenWay<Own> | undefined> {
  let nothingFits: AuthenticationError | undefined;
  for (const { name, mechanisms } of ways) {
    const wanted = mechanisms === undefined ? options : { ...options, mechanisms };
    const unfit = whyNoMechanism(wanted);
    if (name === 'SASL') {
      if (unfit === undefined) return { name, options: wanted };
      nothingFits ??= unfit;
    } else if (open[name as Own] && 'user' in options.auth) {
      const password = await passwordOf(options.auth);
      if (password !== undefined) return { name: name as Own, user: options.auth.user, password };
    }
  }
  if (nothingFits !== undefined) throw nothingFits;
  return undefined;
}

function whyNoMechanism(options: AuthenticateOptions): AuthenticationError | undefined {
  try {
    selectMechanism(options);
    return undefined;
  } catch (error) {
    if (isFivewireError(error) && error.code === 'ERR_NO_COMMON_MECHANISM')
      return error as AuthenticationError;
    throw error;
  }
}
