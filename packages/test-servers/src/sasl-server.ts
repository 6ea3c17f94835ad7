/** SASL from the server's side, RFC 4422: a mechanism is a generator that yields challenges and is fed responses. */
import { createHmac, randomBytes } from 'node:crypto';
import type { Accounts } from './accounts.js';
import type { LineSession } from './line-session.js';
import { scram } from './scram-server.js';

/** How an exchange ends. */
export type Verdict = { user: string; final?: Uint8Array } | { refused: string };

export type Exchange = Generator<Uint8Array, Verdict, Uint8Array>;

export interface SaslOptions {
  /** What is offered, in this order. Default: all that the accounts and the connection allow. */
  mechanisms?: readonly string[];
  /** SCRAM's iteration count. Default 4,096. */
  iterations?: number;
  /** SCRAM: prove knowledge of another password, as an impostor would. */
  forgeServerSignature?: boolean;
  /** SCRAM: answer with a nonce that does not begin with the client's. */
  forgeNonce?: boolean;
}

/** What a mechanism may know about its connection. */
export interface SaslEnvironment {
  accounts: Accounts;
  session: LineSession;
  options: SaslOptions;
  service: string;
}

interface Mechanism {
  /** The server speaks first, so there is no initial response. */
  serverFirst?: boolean;
  /** Whether it can work here at all. */
  offered?(environment: SaslEnvironment): boolean;
  exchange(environment: SaslEnvironment): Exchange;
}

const nothing = new Uint8Array();
const text = (octets: Uint8Array): string => Buffer.from(octets).toString('utf8');

/** RFC 4616. */
function* plain({ accounts }: SaslEnvironment): Exchange {
  const [authorization, user, password, ...more] = text(yield nothing).split('\0');
  if (user === undefined || password === undefined || more.length > 0)
    return { refused: 'PLAIN takes three fields.' };
  if (authorization !== '' && authorization !== user)
    return { refused: 'Acting for another is not allowed.' };
  return accounts.accepts(user, password) ? { user } : refused;
}

/** draft-murchison-sasl-login: obsolete and everywhere. */
function* login({ accounts }: SaslEnvironment): Exchange {
  const user = text(yield Buffer.from('Username:'));
  const password = text(yield Buffer.from('Password:'));
  return accounts.accepts(user, password) ? { user } : refused;
}

/** RFC 2195. */
function* cramMd5({ accounts }: SaslEnvironment): Exchange {
  const challenge = `<${randomBytes(8).toString('hex')}@test-servers.invalid>`;
  const response = text(yield Buffer.from(challenge));
  const user = response.slice(0, response.lastIndexOf(' '));
  const password = accounts.password(user);
  if (password === undefined) return refused;
  const digest = createHmac('md5', password).update(challenge).digest('hex');
  return response === `${user} ${digest}` ? { user } : refused;
}

/** RFC 4422 Appendix A: the client's certificate says who it is. */
function* external({ accounts, session }: SaslEnvironment): Exchange {
  const wanted = text(yield nothing);
  const user = session.record.tls?.clientName;
  if (user === undefined || !accounts.has(user)) return refused;
  return wanted === '' || wanted === user ? { user } : refused;
}

/** RFC 4505: every client is welcome. */
function* anonymous(): Exchange {
  yield nothing;
  return { user: 'anonymous' };
}

/** Google's XOAUTH2. A failure is a JSON challenge that the client answers with nothing. */
function* xoauth2({ accounts }: SaslEnvironment): Exchange {
  const match = /^user=([^\x01]*)\x01auth=Bearer ([^\x01]*)\x01\x01$/i.exec(text(yield nothing));
  if (match?.[1] !== undefined && accounts.acceptsToken(match[1], match[2] ?? ''))
    return { user: match[1] };
  yield Buffer.from('{"status":"400","schemes":"Bearer","scope":"mail"}');
  return refused;
}

/** RFC 7628. A failure is a JSON challenge that the client answers with one octet 0x01. */
function* oauthBearer({ accounts }: SaslEnvironment): Exchange {
  const match = /^n,a=([^,]*),\x01(?:.*\x01)*?auth=Bearer ([^\x01]*)\x01/i.exec(
    text(yield nothing),
  );
  const user = match?.[1]?.replaceAll('=2C', ',').replaceAll('=3D', '=');
  if (user !== undefined && accounts.acceptsToken(user, match?.[2] ?? '')) return { user };
  yield Buffer.from('{"status":"invalid_token","scope":"mail"}');
  return refused;
}

const refused: Verdict = { refused: 'Authentication failed.' };

const overTls = ({ session }: SaslEnvironment) => session.secure;
const withTokens = ({ accounts }: SaslEnvironment) => accounts.hasTokens;

/** Strongest first: the order in which they are offered. */
const mechanisms: Readonly<Record<string, Mechanism>> = {
  EXTERNAL: {
    offered: ({ session }) => session.record.tls?.clientName !== undefined,
    exchange: external,
  },
  'SCRAM-SHA-256-PLUS': { offered: overTls, exchange: (at) => scram(at, 'sha256', true) },
  'SCRAM-SHA-256': { exchange: (at) => scram(at, 'sha256', false) },
  'SCRAM-SHA-512-PLUS': {
    offered: (at) => overTls(at) && asked(at, 'SCRAM-SHA-512-PLUS'),
    exchange: (at) => scram(at, 'sha512', true),
  },
  'SCRAM-SHA-512': {
    offered: (at) => asked(at, 'SCRAM-SHA-512'),
    exchange: (at) => scram(at, 'sha512', false),
  },
  'SCRAM-SHA-1-PLUS': { offered: overTls, exchange: (at) => scram(at, 'sha1', true) },
  'SCRAM-SHA-1': { exchange: (at) => scram(at, 'sha1', false) },
  OAUTHBEARER: { offered: withTokens, exchange: oauthBearer },
  XOAUTH2: { offered: withTokens, exchange: xoauth2 },
  'CRAM-MD5': { offered: (at) => asked(at, 'CRAM-MD5'), serverFirst: true, exchange: cramMd5 },
  PLAIN: { exchange: plain },
  LOGIN: { serverFirst: true, exchange: login },
  ANONYMOUS: { offered: (at) => asked(at, 'ANONYMOUS'), exchange: anonymous },
};

/** Some are offered only by a server that was told to. */
function asked({ options }: SaslEnvironment, name: string): boolean {
  return options.mechanisms?.includes(name) ?? false;
}

/** The names to offer now: none before TLS on a starttls port. */
export function offeredMechanisms(environment: SaslEnvironment): string[] {
  if (!environment.session.allowsCredentials) return [];
  const names = environment.options.mechanisms ?? Object.keys(mechanisms);
  return names.filter((name) => {
    const mechanism = mechanisms[name];
    return mechanism && (mechanism.offered?.(environment) ?? true);
  });
}

/** How a protocol carries an exchange: it sends a challenge and gets the response, or `undefined` for a cancel. */
export type Carry = (challenge: Uint8Array) => Promise<Uint8Array | undefined>;

/**
 * Runs a mechanism to its end. `carriesFinal`: the protocol can put the server's last words into its success reply
 * (NNTP's 283); else they are a challenge that the client answers with nothing.
 */
export async function authenticate(
  name: string,
  environment: SaslEnvironment,
  initial: Uint8Array | undefined,
  carry: Carry,
  carriesFinal = false,
): Promise<Verdict> {
  const mechanism = mechanisms[name];
  if (!mechanism || !offeredMechanisms(environment).includes(name))
    return { refused: 'That mechanism is not offered.' };
  const exchange = mechanism.exchange(environment);
  let step = exchange.next();
  if (initial !== undefined && !(mechanism.serverFirst && name !== 'LOGIN'))
    step = exchange.next(initial);
  while (!step.done) {
    const response = await carry(step.value);
    if (response === undefined) return { refused: 'Cancelled.' };
    step = exchange.next(response);
  }
  const verdict = step.value;
  if ('user' in verdict && verdict.final && !carriesFinal) {
    if ((await carry(verdict.final)) === undefined) return { refused: 'Cancelled.' };
  }
  if ('user' in verdict) {
    environment.accounts.welcome(verdict.user);
    environment.session.record.user = verdict.user;
  }
  return verdict;
}

/** A response in base64, where `=` alone is an empty one and `*` a cancel. */
export function decodeResponse(line: string): Uint8Array | undefined {
  if (line === '*') return undefined;
  return line === '=' ? nothing : Buffer.from(line, 'base64');
}
