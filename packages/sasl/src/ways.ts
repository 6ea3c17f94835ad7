/** A protocol's own ways to log in, in one order with SASL: IMAP's LOGIN, POP3's USER and APOP, NNTP's and FTP's USER. */
import { AuthenticationError, addErrorContext, isFivewireError } from 'tls-context-core';
import { checkAuth, passwordOf } from './credentials.js';
import { type CustomMechanism, isCustomMechanism } from './custom.js';
import { given } from './given.js';
import { isFinal, passes, refusalVerdict } from './refusal.js';
import { selectMechanism } from './select.js';
import { printable } from './text.js';
import type { AuthenticateOptions, SaslAnswer } from './types.js';

/** SASL, by all mechanisms or by these; or one of the protocol's own ways, by its name in upper case. */
export interface Way {
  readonly name: string;
  readonly mechanisms?: (string | CustomMechanism)[];
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
export function waysIn(
  mechanisms: readonly (string | CustomMechanism)[],
  own: readonly string[],
): Way[] {
  const ways: Way[] = [];
  for (const one of mechanisms) {
    const item = isCustomMechanism(one) ? one : one.toUpperCase();
    const last = ways.at(-1);
    if (typeof item === 'string' && own.includes(item)) ways.push({ name: item });
    else if (last?.mechanisms !== undefined) last.mechanisms.push(item);
    else ways.push({ name: 'SASL', mechanisms: [item] });
  }
  return ways;
}

/**
 * The first way that can be gone; `undefined` where none can and SASL was none of them. `auth` and the channel are judged
 * for all ways alike, and a function in place of the password is called for the way that needs it alone.
 *
 * @param open which of the protocol's own ways this server takes. They carry user and password, and no `authzid`. `user`: the user
 * alone will do, where there is no password.
 * @throws AuthenticationError ERR_CLEARTEXT_AUTH_REFUSED or ERR_NO_COMMON_MECHANISM, UsageError ERR_ARGUMENT. Nothing has
 * been sent.
 */
export async function chooseWay<Own extends string>(
  ways: readonly Way[],
  options: AuthenticateOptions,
  open: Readonly<Record<Own, boolean | 'user'>>,
): Promise<ChosenWay<Own> | undefined> {
  let nothingFits: AuthenticationError | undefined;
  for (const { name, mechanisms } of ways) {
    const wanted = mechanisms === undefined ? options : { ...options, mechanisms };
    const unfit = whyNoMechanism(wanted);
    if (name === 'SASL') {
      if (unfit === undefined) return { name, options: wanted };
      // Of an order that the protocol's client made, what is said about all is truer than about a part.
      if (nothingFits === undefined || mechanisms === undefined) nothingFits = unfit;
    } else if (open[name as Own] && 'user' in options.auth) {
      const alone = open[name as Own] === 'user' && !('password' in options.auth);
      const password = alone ? '' : await passwordOf(options.auth);
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

/** One of the protocol's own ways. */
export interface OwnWay {
  /** See {@link chooseWay}. */
  readonly open: boolean | 'user';
  /** The dialogue: user, and password unless the user alone will do. Resolves to how it ended. */
  run(login: {
    user: string;
    password: string;
  }): Promise<Exclude<SaslAnswer, { kind: 'challenge' }>>;
}

/** One login of one client. */
export interface Login<Own extends string> {
  readonly options: AuthenticateOptions;
  /** In order; made of `options.mechanisms` where the caller gave some. */
  readonly ways: readonly Way[];
  readonly own: Readonly<Record<Own, OwnWay>>;
  /** SASL as the protocol carries it: calls `authenticate` with these options. */
  sasl(options: AuthenticateOptions): Promise<{ mechanism: string }>;
  /** For errors: the protocol's own ways beside `options.offered`, and what to do where none is open. */
  readonly offered: readonly string[];
  readonly hint: string;
}

/**
 * Logs in by the first way that can be gone, and down the caller's list by those after it where one does not work. The rules are
 * those of `authenticate`, for SASL and the protocol's own ways alike.
 *
 * @throws what `authenticate` throws
 */
export async function logIn<Own extends string>(login: Login<Own>): Promise<{ mechanism: string }> {
  const { own, sasl } = login;
  const { mechanisms, leave = mechanisms !== undefined, ...options } = login.options;
  const { protocol, host, port } = options;
  const open = Object.fromEntries(
    Object.entries<OwnWay>(own).map(([name, way]) => [name, way.open]),
  ) as Record<Own, boolean | 'user'>;
  let { ways } = login;
  let unworkable: unknown;
  try {
    for (;;) {
      const way = await chooseWay(ways, { ...options, leave }, open).catch((error: unknown) => {
        throw unworkable ?? (showsNothing(login, error) ? nothingOpen(login) : error);
      });
      if (way === undefined) throw unworkable ?? nothingOpen(login);
      try {
        if (isSasl(way)) return await sasl(way.options);
        await byOwnWay(way.name, own[way.name], way, login);
        return { mechanism: label(way.name) };
      } catch (error) {
        if (!leave || !isUnworkable(error)) throw error;
        unworkable = error;
        ways = ways.slice(gone(ways, way) + 1);
      }
    }
  } catch (error) {
    if (isFivewireError(error))
      addErrorContext(error, { phase: 'auth', protocol, ...given({ host, port }) });
    throw error;
  }
}

/** IMAP's `LOGIN COMMAND` is told from the mechanism by its second word. */
const label = (name: string): string => name.split(' ', 1)[0] ?? '';

const isUnworkable = (error: unknown): boolean =>
  isFivewireError(error) && (error as AuthenticationError).reason === 'mechanism';

const isSasl = <Own extends string>(
  way: ChosenWay<Own>,
): way is Extract<ChosenWay<Own>, { options: AuthenticateOptions }> => 'options' in way;

const gone = (ways: readonly Way[], chosen: ChosenWay<string>): number =>
  ways.findIndex(({ name, mechanisms }) =>
    isSasl(chosen)
      ? name === 'SASL' && (mechanisms ?? chosen.options.mechanisms) === chosen.options.mechanisms
      : name === chosen.name,
  );

async function byOwnWay(
  name: string,
  way: OwnWay,
  { user, password }: { user: string; password: string },
  { options, offered }: Login<string>,
): Promise<void> {
  const answer = await way.run({ user, password });
  if (answer.kind === 'success') return;
  const { reply, problem, hint, command, mechanismUnavailable = false } = answer;
  const credential = checkAuth(options.auth);
  const verdict = refusalVerdict({ ...options, reply, credential });
  throw new AuthenticationError(
    'ERR_AUTHENTICATION_FAILED',
    problem ??
      `The server refused the login: ${printable([reply.code, reply.enhanced, reply.text].filter(Boolean).join(' ').trim())}`,
    {
      mechanism: label(name),
      offered: [...options.offered, ...offered],
      reply,
      hint: hint ?? verdict.hint,
      reason: mechanismUnavailable && !isFinal(verdict.reason) ? 'mechanism' : verdict.reason,
      retry: passes(verdict.reason) ? 'later' : 'never',
      ...given({ command }),
    },
  );
}

/** Then what the protocol's client has to say is more to the point than what SASL has. */
const showsNothing = ({ options }: Login<string>, error: unknown): boolean =>
  isFivewireError(error) &&
  error.code === 'ERR_NO_COMMON_MECHANISM' &&
  options.offered.length === 0 &&
  options.channel !== 'cleartext';

const nothingOpen = ({ options, offered, hint }: Login<string>): AuthenticationError =>
  new AuthenticationError('ERR_NO_COMMON_MECHANISM', 'There is no way to log in here', {
    offered: [...options.offered, ...offered],
    hint,
  });
