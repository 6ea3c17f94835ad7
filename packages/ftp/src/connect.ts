/** From options to a session: greeting, TLS, login, and what the server can do. RFC 959 §5.4, RFC 4217 §4 and §15. */
import { Socket } from 'node:net';
import {
  AuthenticationError,
  checkArgument,
  createSessionScope,
  defaultLineLimits,
  dialTransport,
  type LineConnection,
  openConnection,
  optionsFromUrl,
  type ProtocolProfile,
  type Reply,
  resolveTransport,
  StartTlsError,
  secret,
  serverReply,
  type Transport,
  type TransportOptions,
  UsageError,
} from '@fivewire/line-protocol';
import { type Charset, createCharset } from './charset.js';
import { Control } from './control.js';
import { command, Dialogue } from './dialogue.js';
import { hintFor, rejected, saysUnknown } from './failures.js';
import { readFeatures } from './reply-text.js';
import type { Learned, Session } from './session.js';
import type { FtpAuth, FtpConnectOptions, FtpLimits, FtpUrlOptions } from './types.js';

const profile: ProtocolProfile = {
  protocol: 'ftp',
  ports: { 'implicit-tls': 990, starttls: 21, cleartext: 21 },
  schemes: { ftps: 'implicit-tls', ftp: 'starttls' },
  options: ['auth', 'encoding', 'fallbackEncoding', 'requireCloseNotify', 'utcOffset'],
};

export const defaultLimits: FtpLimits = {
  ...defaultLineLimits,
  listingLineOctets: 65_536,
  listingEntries: 1_000_000,
  depth: 100,
};

/** `connect(options)` and `connect(url, options)` are one. */
export function optionsOf(
  first: FtpConnectOptions | string | URL,
  second: FtpUrlOptions = {},
): FtpConnectOptions {
  if (typeof first !== 'string' && !(first instanceof URL)) return first;
  return optionsFromUrl(profile, first, second as TransportOptions & { auth?: FtpAuth });
}

/** Everything is checked before anything is dialled; whatever fails later, nothing stays open. */
export async function connectSession(options: FtpConnectOptions): Promise<Session> {
  const transport = resolveTransport(profile, options as TransportOptions);
  const charset = createCharset(options);
  const limits = checkedLimits(options.limits);
  const { auth } = options;
  if (auth !== undefined) checkAuth(auth, transport);

  const stream =
    transport.options.stream ?? (await dialTransport(transport, 'control', transport.port));
  const scope = scopeOf(transport);
  const given = { ...transport, options: { ...transport.options, stream } };
  const connection = await openConnection(given, scope);
  return connection.establish(options.signal, async () => {
    const dialogue = new Dialogue(connection, transport.timeouts.reply, 'greeting');
    await greeting(dialogue, transport);
    if (transport.security === 'starttls') await authTls(connection, transport);
    const welcome =
      auth === undefined ? undefined : await logIn(connection, transport, charset, auth);
    const ability = await explore(connection, transport, charset, auth !== undefined);
    const control = new Control(connection, pipelines(transport), welcome);
    return {
      transport,
      control,
      charset,
      dataHost: dataHostOf(transport, stream),
      scope,
      ...ability,
      limits,
      requireCloseNotify: options.requireCloseNotify ?? true,
      utcOffset: options.utcOffset ?? 0,
    };
  });
}

function scopeOf({ context, serverHostname, port }: Transport): Session['scope'] {
  if (context === undefined || serverHostname === undefined) return undefined;
  return createSessionScope({ context, serverHostname, protocol: 'ftp', port });
}

/** A name may stand for several machines; data must go to the one that control went to. Through a proxy only it knows. */
function dataHostOf({ options, host }: Transport, stream: unknown): string {
  const direct = options.proxy === undefined && options.dial === undefined;
  return direct && stream instanceof Socket ? (stream.remoteAddress ?? host) : host;
}

/** 120 says that it takes a while; 220 that it is ready. A 230 here is no login under TLS and skips nothing (CVE-2021-22946). */
async function greeting(dialogue: Dialogue, { timeouts }: Transport): Promise<void> {
  const line = { octets: Buffer.alloc(0), masked: 'connect' };
  let reply = await dialogue.reply(line, timeouts.greeting);
  while (reply.class === 1) reply = await dialogue.reply(line, timeouts.greeting);
  if (reply.class !== 2) {
    throw dialogue.connection.serverClosing(reply.text, { phase: 'greeting' });
  }
}

async function authTls(connection: LineConnection, transport: Transport): Promise<void> {
  const line = command('AUTH', 'TLS');
  const dialogue = new Dialogue(connection, transport.timeouts.reply, 'starttls');
  dialogue.send(line);
  const reply = await dialogue.reply(line);
  if (reply.code !== 234) throw noTls(reply);
  await connection.startTls('starttls', transport.options.signal);
}

function noTls(reply: Reply): StartTlsError {
  const { text } = serverReply(reply);
  return new StartTlsError(
    saysUnknown(reply) || reply.code === 504 ? 'ERR_STARTTLS_NOT_OFFERED' : 'ERR_STARTTLS_REFUSED',
    `The server does not begin TLS: ${reply.code} ${text}`,
    {
      reply: `${reply.code} ${text}`,
      phase: 'starttls',
      command: 'AUTH TLS',
      hint: "The server may offer implicit TLS on port 990 (`security: 'implicit-tls'`); nothing was sent in clear.",
    },
  );
}

/** USER, PASS, ACCT, RFC 959 §4.1.1. A certificate alone may do: 232, RFC 4217 §10. */
async function logIn(
  connection: LineConnection,
  transport: Transport,
  charset: Charset,
  auth: FtpAuth,
): Promise<Reply> {
  const dialogue = new Dialogue(connection, transport.timeouts.reply, 'auth');
  let line = command('USER', charset.encode(auth.user));
  let reply = await dialogue.ask(line);
  if (reply.code === 331 && auth.password !== undefined) {
    line = command('PASS', secret(charset.encode(auth.password)));
    reply = await dialogue.ask(line);
  }
  if (reply.code === 332 && auth.account !== undefined) {
    line = command('ACCT', secret(charset.encode(auth.account)));
    reply = await dialogue.ask(line);
  }
  if (reply.class === 2) return reply;
  throw notLoggedIn(reply, line.masked, transport);
}

const crowded = /too many|maximum|limit|try again later|overloaded/i;

function notLoggedIn(reply: Reply, masked: string, { security }: Transport): AuthenticationError {
  const { text } = serverReply(reply);
  const asks = reply.code === 331 ? 'a password' : 'an account';
  const message =
    reply.class === 3
      ? `The server asks for ${asks}, and none was given.`
      : `The server refused the login: ${reply.code} ${text}`;
  const later = reply.class === 4 || crowded.test(text);
  return new AuthenticationError('ERR_AUTHENTICATION_FAILED', message, {
    mechanism: masked.split(' ', 1)[0] ?? '',
    reply: serverReply(reply),
    phase: 'auth',
    command: masked,
    retry: later ? 'later' : 'never',
    hint: loginHint(reply, security, later),
  });
}

function loginHint(reply: Reply, security: Transport['security'], later: boolean): string {
  if (reply.class === 3)
    return reply.code === 331 ? 'Give `auth.password`.' : 'Give `auth.account`.';
  if (later) return 'The server takes no more connections now: try again later, or with fewer.';
  if (security === 'cleartext') return "The server may want TLS first: use `security: 'starttls'`.";
  return 'Check user and password; some servers want the user as name@domain, and lock out after some failures.';
}

/** What the server can do, asked under TLS and after the login, in one flight where it takes one. */
async function explore(
  connection: LineConnection,
  transport: Transport,
  charset: Charset,
  loggedIn: boolean,
): Promise<Pick<Session, 'features' | 'system' | 'learned'>> {
  const dialogue = new Dialogue(connection, transport.timeouts.reply, 'capabilities');
  const pbsz = command('PBSZ', '0');
  const prot = command('PROT', 'P');
  const feat = command('FEAT');
  const syst = command('SYST');
  const type = command('TYPE', 'I');
  const secured = transport.context === undefined ? [] : [pbsz, prot];
  const lines = [...secured, feat, syst, ...(loggedIn ? [type] : [])];
  const replies = new Map<unknown, Reply>();
  if (pipelines(transport)) {
    dialogue.send(...lines);
    for (const line of lines) replies.set(line, await dialogue.final(line));
  } else for (const line of lines) replies.set(line, await dialogue.ask(line));

  // RFC 4217 §9: without PROT P data would travel in clear. PBSZ 0 is a form that some servers leave out.
  const protection = replies.get(prot);
  if (protection !== undefined && protection.class !== 2) throw noProtection(protection);
  const typed = replies.get(type);
  if (typed !== undefined && typed.class !== 2) throw rejected(typed, type.masked);
  const featured = replies.get(feat);
  const features = featured?.class === 2 ? readFeatures(featured.lines) : new Map();
  const named = replies.get(syst);
  await tune(dialogue, transport, charset, features);
  const learned: Learned = {
    passive: transport.disable.has('EPSV') ? 'PASV' : 'EPSV',
    mlsd: true,
    staleRestart: false,
    type: typed === undefined ? undefined : 'I',
  };
  return { features, system: named?.class === 2 ? named.text : '', learned };
}

/** UTF-8 (RFC 2640 §3.1, where servers have it off by default) and the facts that we read (RFC 3659 §7.9). */
async function tune(
  dialogue: Dialogue,
  { disable }: Transport,
  charset: Charset,
  features: ReadonlyMap<string, readonly string[]>,
): Promise<void> {
  if (features.has('UTF8') && charset.isUtf8 && !disable.has('UTF8')) {
    await dialogue.ask(command('OPTS', 'UTF8', 'ON')); // refused where it is on for good
  }
  const facts = (features.get('MLST')?.[0] ?? '').split(';').filter((fact) => fact !== '');
  const off = facts.filter((fact) => wanted.has(fact.toLowerCase()));
  if (off.length === 0 || disable.has('MLST')) return;
  const on = facts.filter((fact) => fact.endsWith('*')).map((fact) => fact.slice(0, -1));
  await dialogue.ask(command('OPTS', 'MLST', `${[...on, ...off].join(';')};`));
}

const wanted = new Set(['type', 'size', 'modify', 'unix.mode', 'perm']);

function noProtection(reply: Reply): StartTlsError {
  const { text } = serverReply(reply);
  return new StartTlsError(
    'ERR_STARTTLS_REFUSED',
    `The server does not protect data connections: ${reply.code} ${text}`,
    {
      reply: `${reply.code} ${text}`,
      phase: 'capabilities',
      command: 'PROT P',
      hint:
        hintFor(reply) || 'Have the server allow PROT P; files would travel in clear without it.',
    },
  );
}

function pipelines(transport: Transport): boolean {
  return !transport.disable.has('PIPELINING');
}

/** RFC 1635: these are no credentials, and may travel in clear. */
const anonymous = new Set(['anonymous', 'ftp']);

function checkAuth(auth: FtpAuth, transport: Transport): void {
  if (typeof auth !== 'object' || auth === null) {
    throw new UsageError('ERR_ARGUMENT', '`auth` is { user, password }.', {
      protocol: 'ftp',
      argument: 'auth',
    });
  }
  for (const key of Object.keys(auth)) {
    if (['user', 'password', 'account'].includes(key)) continue;
    throw new UsageError('ERR_ARGUMENT', `auth.${key} is no option.`, {
      protocol: 'ftp',
      argument: `auth.${key}`,
      hint: 'FTP knows user, password and account.',
    });
  }
  checkArgument(auth.user, 'auth.user');
  if (auth.password !== undefined) checkArgument(auth.password, 'auth.password');
  if (auth.account !== undefined) checkArgument(auth.account, 'auth.account');
  const { security, options } = transport;
  if (security !== 'cleartext' || options.allowCleartextAuth || anonymous.has(auth.user)) return;
  throw new AuthenticationError(
    'ERR_CLEARTEXT_AUTH_REFUSED',
    'A password would travel in clear; nothing was sent.',
    {
      protocol: 'ftp',
      phase: 'auth',
      connection: 'closed',
      hint: "Use `security: 'implicit-tls'` or `'starttls'`, or say `allowCleartextAuth: true` as well.",
    },
  );
}

function checkedLimits(limits: Partial<FtpLimits> = {}): FtpLimits {
  for (const [name, value] of Object.entries(limits)) {
    if (name in defaultLimits && typeof value === 'number' && value >= 1) continue;
    throw new UsageError(
      'ERR_ARGUMENT',
      `limits.${name} is no limit, or ${value} is no number for it.`,
      {
        protocol: 'ftp',
        argument: `limits.${name}`,
        hint: `Known: ${Object.keys(defaultLimits).join(', ')}; each a number from 1.`,
      },
    );
  }
  return { ...defaultLimits, ...limits };
}
