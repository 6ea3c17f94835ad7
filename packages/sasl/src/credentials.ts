/** The caller's `auth`, checked at the border: what is wrong is refused before an octet leaves. */
import { UsageError, unknownOption } from 'tls-context-core';
import type { CredentialKind, Credentials } from './mechanism.js';
import type { AccessToken, Auth, Password, RefusedToken } from './types.js';

/** In octets of UTF-8. Access tokens with many groups reach some 10 KiB. */
const limits = {
  user: 1_024,
  authzid: 1_024,
  password: 32_768,
  accessToken: 32_768,
  trace: 255,
  account: 8_192,
};

const kinds: readonly CredentialKind[] = ['password', 'accessToken', 'external', 'anonymous'];

/** Which `auth` a protocol takes. */
export interface AuthShape {
  readonly kinds: readonly CredentialKind[];
  readonly keys: readonly string[];
  /** The user's name alone will do. */
  readonly userAlone: boolean;
}

const saslShape: AuthShape = {
  kinds,
  keys: [...kinds, 'user', 'authzid', 'trace'],
  userAlone: false,
};

/** RFC 959 section 4.1.1: USER, PASS, ACCT. The name alone may do, by a certificate (RFC 4217 section 10) or by custom. */
export const ftpShape: AuthShape = {
  kinds: ['password'],
  keys: ['user', 'password', 'account'],
  userAlone: true,
};

/** What other clients call it: nodemailer, imapflow, imap, basic-ftp. */
const elsewhere: Readonly<Record<string, string>> = {
  pass: 'password',
  passwd: 'password',
  username: 'user',
  login: 'user',
  token: 'accessToken',
  identity: 'authzid',
  authorizationId: 'authzid',
};
const freshToken = 'accessToken: a function that gets a fresh token';
const elsewhereInSasl: Readonly<Record<string, string>> = {
  type: 'nothing: what is in auth says it, and the option mechanisms restricts',
  method: 'the option mechanisms, beside auth',
  loginMethod: 'the option mechanisms, beside auth',
  credentials: 'user and password, in auth itself',
  xoauth2: freshToken,
  oauth2: freshToken,
  clientId: freshToken,
  clientSecret: freshToken,
  refreshToken: freshToken,
  serviceClient: freshToken,
  privateKey: freshToken,
  accessUrl: freshToken,
  expires: freshToken,
  provisionCallback: freshToken,
};

function inOurWords(key: string, { kinds: taken, keys }: AuthShape): string | undefined {
  if (Object.hasOwn(elsewhere, key)) {
    const word = elsewhere[key] as string;
    return keys.includes(word) ? word : undefined;
  }
  if (!taken.includes('accessToken') || !Object.hasOwn(elsewhereInSasl, key)) return undefined;
  return elsewhereInSasl[key];
}

/** What has been checked is a frozen copy: it can't change, and need not be checked again. */
const checked = new WeakMap<object, CredentialKind>();

/** @throws UsageError ERR_ARGUMENT. The copy passes {@link checkAuth} at once. */
export function checkedAuth<A extends object>(auth: A, shape: AuthShape = saslShape): A {
  const kind = checkAuth(auth as unknown as Auth, shape);
  const copy = Object.freeze({ ...auth });
  checked.set(copy, kind);
  return copy;
}

/** Tells which kind of {@link Auth} it is; throws UsageError ERR_ARGUMENT for what is none, or is malformed. */
export function checkAuth(auth: Auth, shape: AuthShape = saslShape): CredentialKind {
  if (typeof auth !== 'object' || auth === null) throw wrong('auth', 'is not an object');
  const known = checked.get(auth);
  if (known !== undefined) return known;
  const given = auth as Partial<Record<string, unknown>>;
  const unknown = Object.keys(given).find((key) => !shape.keys.includes(key));
  if (unknown !== undefined)
    throw unknownOption(`auth.${unknown}`, shape.keys, inOurWords(unknown, shape));
  const [named, second] = shape.kinds.filter(
    (key) => given[key] !== undefined && given[key] !== false,
  );
  const kind = named ?? (shape.userAlone ? 'password' : undefined);
  if (!kind) {
    const all = shape.kinds.join(', ');
    throw wrong('auth', `has none of ${all}`, 'Is an environment variable not set?');
  }
  if (second) throw wrong('auth', `has both ${kind} and ${second}`);

  if (kind === 'password' || kind === 'accessToken') {
    checkIdentity('user', given.user);
    const secret = given[kind];
    if (typeof secret !== 'function' && (named || secret !== undefined)) checkSecret(kind, secret);
  } else if (given[kind] !== true) throw wrong(`auth.${kind}`, 'is not true');

  if (given.authzid !== undefined && kind !== 'anonymous') checkIdentity('authzid', given.authzid);
  if (given.trace !== undefined && kind === 'anonymous') checkTrace(given.trace);
  if (given.account !== undefined) checkIdentity('account', given.account);
  return kind;
}

/**
 * Fetches the secret, if a function stands for it. Only here and in {@link passwordOf} is such a function called.
 *
 * @param refused the server did not take the token that was fetched before
 */
export async function fetchCredentials(auth: Auth, refused?: RefusedToken): Promise<Credentials> {
  if ('password' in auth && auth.password !== undefined) {
    return { ...auth, password: await fetchSecret('password', auth.password) };
  }
  if ('accessToken' in auth && auth.accessToken !== undefined) {
    return { ...auth, accessToken: await fetchSecret('accessToken', auth.accessToken, refused) };
  }
  return auth as Credentials;
}

/** The password, for ways that carry a user and it alone; `undefined` for other credentials. */
export async function passwordOf(auth: Auth): Promise<string | undefined> {
  if (!('password' in auth) || auth.password === undefined || auth.authzid !== undefined)
    return undefined;
  return fetchSecret('password', auth.password);
}

async function fetchSecret(
  name: 'password' | 'accessToken',
  source: Password | AccessToken,
  refused?: RefusedToken,
): Promise<string> {
  if (typeof source === 'string') return source;
  let secret: unknown;
  try {
    secret = await source(refused);
  } catch (cause) {
    throw new UsageError('ERR_ARGUMENT', `auth.${name}() threw`, {
      argument: `auth.${name}`,
      hint: 'The cause of this error is what your function threw. Nothing was sent.',
      cause,
    });
  }
  checkSecret(name, secret);
  return secret;
}

function checkIdentity(
  name: 'user' | 'authzid' | 'account',
  value: unknown,
): asserts value is string {
  checkText(name, value);
  if (/[\x00-\x1f\x7f]/.test(value)) throw wrong(`auth.${name}`, 'has control characters');
}

function checkSecret(name: 'password' | 'accessToken', value: unknown): asserts value is string {
  checkText(name, value);
  if (/[\0\r\n]/.test(value)) {
    const hint = 'A secret read from a file often ends in a line break: trim it.';
    throw wrong(`auth.${name}`, 'has a line break or NUL', hint);
  }
  // Access tokens are visible ASCII (RFC 6750 section 2.1); anything else would change the message around them.
  if (name === 'accessToken' && !/^[\x21-\x7e]+$/.test(value)) {
    const hint = 'Give the bare token, without the word Bearer.';
    throw wrong('auth.accessToken', 'has characters other than visible ASCII', hint);
  }
}

// RFC 4505 section 2: an email address, or a token that holds no "@".
function checkTrace(value: unknown): void {
  checkText('trace', value);
  if (/[\x00-\x1f\x7f]/.test(value)) throw wrong('auth.trace', 'has control characters');
  if (value.includes('@') && !/^[^@\s]+@[^@\s]+$/.test(value)) {
    throw wrong('auth.trace', 'has an @ and is no email address');
  }
}

function checkText(name: keyof typeof limits, value: unknown): asserts value is string {
  if (typeof value !== 'string') throw wrong(`auth.${name}`, 'is not a string');
  if (value === '') throw wrong(`auth.${name}`, 'is empty');
  if (/\p{Surrogate}/u.test(value)) throw wrong(`auth.${name}`, 'has a lone surrogate');
  if (Buffer.byteLength(value, 'utf8') > limits[name]) {
    throw wrong(`auth.${name}`, `is longer than ${limits[name]} octets`);
  }
}

const wrong = (argument: string, problem: string, hint = ''): UsageError =>
  new UsageError('ERR_ARGUMENT', `${argument} ${problem}`, { argument, hint, phase: 'auth' });
