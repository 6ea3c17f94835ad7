/** From options to a session: greeting, TLS, login, and what the server can do. RFC 959 §5.4, RFC 4217 §4 and §15. */
import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import {
  askedOrNot,
  CommandError,
  checkLimits,
  defaultLineLimits,
  dialTransport,
  forProtocol,
  isFivewireError,
  isProxied,
  type LineConnection,
  openConnection,
  optionsFromUrl,
  type ProtocolProfile,
  type Reply,
  resolveTransport,
  rules,
  StartTlsError,
  serverReply,
  sessionScopeOf,
  type Transport,
  type TransportOptions,
  UsageError,
} from '@fivewire/line-protocol';
import { lastingRefusal } from '@fivewire/sasl';
import { pathArgument } from '../files/remote-path.js';
import { type ActiveMode, plainAddress } from '../transfer/active-port.js';
import type { FtpAuth, FtpConnectOptions, FtpLimits, FtpUrlOptions } from '../types.js';
import { type Charset, createCharset } from './charset.js';
import { clearCommandChannel, Wire } from './clear-command-channel.js';
import { Control } from './control.js';
import { command, Dialogue } from './dialogue.js';
import { rejected, saysUnknown } from './failures.js';
import { explore } from './features.js';
import { checkAuth, logIn } from './login.js';
import { checkOwn, ownNames, ownRules } from './own-options.js';
import { createTraits, type ServerTraits } from './server-traits.js';
import type { Session } from './session.js';
import { splitUrl } from './url.js';

const profile: ProtocolProfile = {
  protocol: 'ftp',
  ports: { 'implicit-tls': 990, starttls: 21, cleartext: 21 },
  schemes: { ftps: 'implicit-tls', ftp: 'starttls' },
  options: ['auth', 'encoding', 'fallbackEncoding', 'requireCloseNotify', 'utcOffset', ...ownNames],
  rules: {
    ...ownRules,
    requireCloseNotify: rules.flag,
    utcOffset: [
      (value) => value === 'auto' || Number.isFinite(value),
      'a number of minutes, or "auto"',
    ],
  },
};

export const defaultLimits: FtpLimits = {
  ...defaultLineLimits,
  listingLineOctets: 65_536,
  listingEntries: 1_000_000,
  depth: 100,
  aheadOctets: 16 * 2 ** 20,
};

/** `connect(options)` and `connect(url, options)` are one. */
export function optionsOf(
  first: FtpConnectOptions | string | URL,
  second: FtpUrlOptions = {},
): FtpConnectOptions {
  if (typeof first !== 'string' && !(first instanceof URL)) return first;
  const { server, path } = splitUrl(first);
  const options = optionsFromUrl(profile, server, second as TransportOptions & { auth?: FtpAuth });
  if (path === '') return options;
  if (second.directory !== undefined) {
    throw new UsageError('ERR_ARGUMENT', 'The URL and the options both say where to begin.', {
      protocol: 'ftp',
      argument: 'directory',
      hint: 'Say it once.',
    });
  }
  return { ...options, directory: path };
}

/** Options that have been checked. Holds the TLS context, so that a pool builds one. */
export interface Resolved {
  readonly options: FtpConnectOptions;
  readonly transport: Transport;
  readonly charset: Charset;
  readonly limits: FtpLimits;
  /** Shared by all sessions that come of these options. */
  readonly traits: ServerTraits;
}

/**
 * @throws UsageError ERR_ARGUMENT, TlsError ERR_SERVER_HOSTNAME_…, AuthenticationError ERR_CLEARTEXT_AUTH_REFUSED. Nothing
 * has been dialled.
 */
export function resolveOptions(options: FtpConnectOptions): Resolved {
  return forProtocol('ftp', () => {
    const transport = resolveTransport(profile, options as TransportOptions);
    const login = checkAuth(options, transport);
    const charset = createCharset(options);
    checkOwn(options, transport, charset);
    const limits = checkLimits('ftp', defaultLimits, options.limits);
    const traits = createTraits(transport.disable, login.utcOffset === 'auto');
    return { options: login, transport, charset, limits, traits };
  });
}

/**
 * Dials, greets, secures and logs in. Whatever fails, nothing stays open. A server that is lost by commands in one flight is dialled
 * a second time, and told one command after the other; one that then closes at FEAT is dialled once more, and not asked.
 */
export async function openSession(resolved: Resolved): Promise<Session> {
  const { traits, transport } = resolved;
  const oneByOne = (): Promise<Session> =>
    askedOrNot(transport, 'FEAT', (given) => open({ ...resolved, transport: given }));
  const mayProve = traits.pipelining === 'unproven' && resolved.options.auth !== undefined;
  if (!mayProve) return oneByOne();
  try {
    return await open(resolved);
  } catch (error) {
    const isLost = isFivewireError(error) && error.phase === 'capabilities' && lost.has(error.code);
    const tries = traits.pipelining === 'refused' && isLost;
    if (!tries || transport.options.stream !== undefined || resolved.options.signal?.aborted)
      throw error;
    try {
      return await oneByOne();
    } catch {
      throw error; // it was neither the flight nor FEAT, then
    }
  }
}

const lost = new Set(['ERR_CONNECTION_CLOSED', 'ERR_TIMEOUT']);

async function open({ options, transport, charset, limits, traits }: Resolved): Promise<Session> {
  const { auth } = options;
  const scope = sessionScopeOf(transport);
  const stream =
    transport.options.stream ?? (await dialTransport(transport, 'control', transport.port));
  const leavesTls = options.controlProtection === 'unsafe-clear' && transport.context !== undefined;
  const wire = leavesTls ? new Wire(stream).begin() : undefined;
  const given = { ...transport, options: { ...transport.options, stream: wire ?? stream } };
  const connection = await openConnection(given, scope);
  return connection.establish(options.signal, async () => {
    const dialogue = new Dialogue(connection, transport.timeouts.reply, 'greeting');
    await greeting(dialogue, transport);
    if (transport.security === 'starttls') await authTls(connection, transport);
    if (options.virtualHost !== undefined)
      await nameHost(connection, transport, options.virtualHost);
    const welcome =
      auth === undefined
        ? undefined
        : await logIn(connection, transport, charset, auth, options.gateway);
    const ability = await explore(connection, transport, charset, traits, options);
    if (options.directory !== undefined) {
      await begin(connection, transport, pathArgument(options.directory, charset, 'directory'));
    }
    if (wire !== undefined) await clearCommandChannel(connection, wire, transport.timeouts.reply);
    const control = new Control(connection, traits, welcome);
    return {
      transport,
      control,
      charset,
      dataHost: dataHostOf(transport, stream),
      scope,
      ...ability,
      isInClear: wire !== undefined,
      traits,
      limits,
      active: activeMode(options.active, stream),
      noopInterval: options.noopInterval ?? 0,
      requireCloseNotify: options.requireCloseNotify ?? true,
      utcOffset: options.utcOffset === 'auto' ? 0 : (options.utcOffset ?? 0),
    };
  });
}

/** A name may stand for several machines; data must go to the one that control went to. Through a proxy only it knows. */
function dataHostOf({ options, host }: Transport, stream: Duplex): string {
  const direct = options.dial === undefined && !isProxied(stream);
  return direct && stream instanceof Socket ? (stream.remoteAddress ?? host) : host;
}

/** Both ends of the control connection say where data will go. */
function activeMode(given: FtpConnectOptions['active'], stream: Duplex): ActiveMode | undefined {
  if (given === undefined || given === false || !(stream instanceof Socket)) return undefined;
  const { ports, address, listen } = given === true ? {} : given;
  const local = plainAddress(stream.localAddress);
  return {
    peer: plainAddress(stream.remoteAddress),
    listen: listen ?? local,
    address: address ?? local,
    ports,
  };
}

/** HOST, RFC 7151 §3: which of the sites at this address is meant. Without it the login would be at another one. */
async function nameHost(
  connection: LineConnection,
  transport: Transport,
  given: string | true,
): Promise<void> {
  const name = given === true ? (transport.serverHostname ?? transport.host) : given;
  const line = command('HOST', name.includes(':') && !name.startsWith('[') ? `[${name}]` : name);
  const reply = await new Dialogue(connection, transport.timeouts.reply, 'auth').ask(line);
  if (reply.class === 2) return;
  const refusal = rejected(reply, line.masked);
  if (!saysUnknown(reply)) throw connection.locate(refusal);
  throw connection.locate(
    new CommandError('ERR_EXTENSION_REQUIRED', 'The server has no HOST to choose a site by.', {
      cause: refusal,
      hint: 'Leave `virtualHost` out: the server then has one site, or chooses by the name in TLS.',
    }),
  );
}

/** Where relative paths begin. */
async function begin(
  connection: LineConnection,
  transport: Transport,
  path: string,
): Promise<void> {
  const dialogue = new Dialogue(connection, transport.timeouts.reply);
  await dialogue.demand(command('CWD', path));
}

const mostWaits = 1_000;

/** 120 says that it takes a while; 220 that it is ready. A 230 here is no login under TLS and skips nothing (CVE-2021-22946). */
async function greeting(dialogue: Dialogue, { timeouts }: Transport): Promise<void> {
  const line = { octets: Buffer.alloc(0), masked: 'connect' };
  let reply = await dialogue.next(line, timeouts.greeting);
  for (let waits = 0; reply.class === 1 && waits < mostWaits; waits++) {
    reply = await dialogue.next(line, timeouts.greeting);
  }
  if (reply.class === 1) {
    throw dialogue.connection.malformed('a greeting', `${mostWaits} times "wait"`, {
      phase: 'greeting',
    });
  }
  if (reply.class !== 2) {
    const lasting = lastingRefusal(serverReply(reply), 'ftp');
    throw dialogue.connection.serverClosing(reply.text, { phase: 'greeting' }, lasting);
  }
}

async function authTls(connection: LineConnection, transport: Transport): Promise<void> {
  const line = command('AUTH', 'TLS');
  const dialogue = new Dialogue(connection, transport.timeouts.reply, 'starttls');
  connection.refuseEarlyReply('AUTH');
  dialogue.send(line);
  const reply = await dialogue.next(line); // nothing is skipped ahead of TLS
  if (reply.code !== 234) throw noTls(reply);
  await connection.startTls('starttls', transport.options.signal);
}

function noTls(reply: Reply): StartTlsError {
  const { text } = serverReply(reply);
  return new StartTlsError(
    [500, 502, 504].includes(reply.code) ? 'ERR_STARTTLS_NOT_OFFERED' : 'ERR_STARTTLS_REFUSED',
    `The server does not begin TLS: ${reply.code} ${text}`,
    {
      reply: `${reply.code} ${text}`,
      phase: 'starttls',
      command: 'AUTH TLS',
      hint: "The server may offer implicit TLS on port 990 (`security: 'implicit-tls'`); nothing was sent in clear.",
    },
  );
}
