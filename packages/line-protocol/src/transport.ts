/**
 * The options that all five clients share, checked before anything is dialled, and the way from them to a connection:
 * dialled, and under `implicit-tls` secured.
 */
import type { Duplex } from 'node:stream';
import {
  addErrorContext,
  badOption,
  type ChannelBindingType,
  checkOptions,
  createSessionScope,
  createTlsContext,
  defaultTlsContext,
  escapeText,
  ipVersion,
  isFivewireError,
  isTlsaSet,
  isTlsContext,
  oneOf,
  type ProtocolName,
  parseServerHostname,
  parseSrvId,
  type Rule,
  type Rules,
  type SecureStream,
  type SessionScope,
  type TlsaRecord,
  type TlsContext,
  type TlsContextOptions,
  TlsError,
  type TlsSecurity,
  tlsContextRules,
} from 'tls-context-core';
import { abortSignal, callback, flag, list, milliseconds, object } from './call-options.js';
import { checkArgument } from './command-line.js';
import type { LineLimits } from './connection-options.js';
import { defaultTimeouts, type Timeouts } from './deadline.js';
import { type Dial, type DialOptions, dial } from './dial.js';
import { LineConnection } from './line-connection.js';
import type { Notices } from './notices.js';
import { checkProxy } from './proxy.js';
import type { WireEvent } from './wire-log.js';

/** `'starttls'` means TLS or an error. No value tries something weaker than what it names. */
export type Security = 'implicit-tls' | 'starttls' | 'cleartext';

export interface TransportOptions extends Omit<DialOptions, 'timeout' | 'signal'> {
  /** Whom to dial: a name or an IP address. Not with `stream` or `socketPath`. */
  host?: string;
  /** Default by protocol and security. */
  port?: number;
  /** Default `'implicit-tls'`. */
  security?: Security;
  /** Who the peer must be. Default: `host`. Required with `stream` and `socketPath`. */
  serverHostname?: string;
  /** The service's own identity, as `_imaps.example.org`: a certificate with it will do as well. From `discover()`. */
  srvId?: string;
  /** DANE: TLSA records of this host and port, authenticated by DNSSEC, in place of the trusted roots. */
  tlsa?: readonly TlsaRecord[];
  /** Whom to trust: options, or a context to share. Default: the system's roots. */
  tls?: TlsContextOptions | TlsContext;
  /** `false`: no SNI goes out. */
  sni?: boolean;
  /** A connected stream, used once. Excludes pools, reconnects and FTP's data connections. */
  stream?: Duplex;
  /** Lets credentials travel under `security: 'cleartext'`. */
  allowCleartextAuth?: boolean;
  timeouts?: Partial<Timeouts>;
  limits?: Partial<LineLimits> & Record<string, number>;
  /** Capabilities to ignore on broken servers. */
  disable?: readonly string[];
  /** Masked wire events. */
  log?: (event: WireEvent) => void;
  /** Aborts connecting. */
  signal?: AbortSignal;
}

/** What differs between the protocols. */
export interface ProtocolProfile {
  protocol: ProtocolName;
  ports: Readonly<Record<Security, number>>;
  /** URL scheme without colon → security: `{ imaps: 'implicit-tls', imap: 'starttls' }`. */
  schemes: Readonly<Record<string, Security>>;
  /** Option names of this client beyond {@link TransportOptions}. */
  options: readonly string[];
  /** Of those, the ones that are a plain value. */
  rules?: Readonly<Record<string, Rule>>;
  /** Timeouts that differ from the common defaults. */
  timeouts?: Partial<Timeouts>;
  /** What people write who come from other libraries of this protocol, and what it is called here. */
  renamed?: Readonly<Record<string, string>>;
}

/** Checked options: everything has its value. */
export interface Transport {
  readonly protocol: ProtocolName;
  readonly host: string;
  readonly port: number;
  readonly security: Security;
  /** The name as the user gave it or as the host gives it; undefined for cleartext without one. */
  readonly serverHostname: string | undefined;
  /** Undefined for cleartext. */
  readonly context: TlsContext | undefined;
  readonly timeouts: Timeouts;
  /** Upper case. */
  readonly disable: ReadonlySet<string>;
  readonly options: TransportOptions;
}

const timeoutRules: Rules<Partial<Timeouts>> = Object.fromEntries(
  Object.keys(defaultTimeouts).map((name) => [name, milliseconds]),
) as never;

/** What people write who come from other libraries, and what it is called here. */
const renamed: Record<string, string> = {
  secure: "security: 'implicit-tls' | 'starttls'",
  ssl: "security: 'implicit-tls'",
  requireTLS: "security: 'starttls'",
  ignoreTLS: "security: 'cleartext'",
  tlsOptions: 'tls',
  secureOptions: 'tls',
  secureContext: 'tls',
  servername: 'serverHostname',
  rejectUnauthorized: 'tls.ca or tls.pins',
  ca: 'tls.ca',
  pins: 'tls.pins',
  user: 'auth.user',
  username: 'auth.user',
  password: 'auth.password',
  pass: 'auth.password',
  timeout: 'timeouts',
  logger: 'log',
};

const isPort = (value: unknown): boolean =>
  Number.isInteger(value) && (value as number) >= 1 && (value as number) <= 65_535;

/** As long as Linux takes it; a CR or a lone surrogate may stand in a path, but do no user any good. */
const isPath = (value: unknown): boolean =>
  typeof value === 'string' &&
  value !== '' &&
  value.length <= 4_096 &&
  value.isWellFormed() &&
  !/[\0\r\n]/.test(value);

/** Judged where it is read: a string with a grammar of its own, or an option of one client. */
const elsewhere: Rule = [() => true, ''];

const rules: Rules<TransportOptions> = {
  host: elsewhere,
  serverHostname: elsewhere,
  srvId: elsewhere,
  proxy: elsewhere,
  port: [isPort, 'a number from 1 to 65535'],
  security: oneOf('implicit-tls', 'starttls', 'cleartext'),
  tls: object,
  proxyTls: object,
  tlsa: [isTlsaSet, 'a list of usable TLSA records'],
  sni: flag,
  stream: [isDuplex, 'a Duplex stream'],
  allowCleartextAuth: flag,
  timeouts: object,
  limits: object,
  disable: [
    (value) => list[0](value) && (value as unknown[]).every((name) => typeof name === 'string'),
    'a list of names',
  ],
  log: callback,
  signal: abortSignal,
  dial: callback,
  socketPath: [isPath, 'the path of a socket'],
  localAddress: [(value) => typeof value === 'string' && ipVersion(value) !== 0, 'an IP address'],
  family: [(value) => value === 4 || value === 6, '4 or 6'],
  lookup: callback,
  keepAlive: milliseconds,
};

/**
 * Nothing has been dialled, and not an octet sent, when it throws.
 *
 * @throws UsageError `ERR_ARGUMENT`, which leaves a given `stream` as it is; TlsError `ERR_SERVER_HOSTNAME_REQUIRED` and
 * `_INVALID`, which end it, as every TlsError ends its connection.
 */
export function resolveTransport(profile: ProtocolProfile, options: TransportOptions): Transport {
  return forProtocol(profile.protocol, () => {
    try {
      return resolve(profile, options);
    } catch (error) {
      if (isFivewireError(error) && error.connection === 'closed') options.stream?.destroy();
      throw error;
    }
  });
}

/** What `work` throws says which protocol it is about. */
export function forProtocol<T>(protocol: ProtocolName, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw isFivewireError(error) ? addErrorContext(error, { protocol }) : error;
  }
}

function resolve(profile: ProtocolProfile, options: TransportOptions): Transport {
  const own = Object.fromEntries(profile.options.map((name) => [name, elsewhere]));
  checkOptions(
    options,
    { ...rules, ...own, ...profile.rules },
    { instead: { ...renamed, ...profile.renamed } },
  );
  const { security = 'implicit-tls' } = options;
  const ownWay = options.stream !== undefined || options.socketPath !== undefined;
  if (options.host === undefined && !ownWay)
    throw badOption('host', 'is missing', 'Name the server to connect to.');
  const host = options.host === undefined ? undefined : parseHost(options.host);
  const { port = profile.ports[security] } = options;
  if (options.stream !== undefined && (options.proxy !== undefined || options.dial !== undefined)) {
    throw badOption('stream', 'excludes proxy and dial: the stream is connected already');
  }
  if (options.proxy !== undefined) {
    checkProxy(options.proxy);
    if (options.socketPath !== undefined)
      throw badOption(
        'socketPath',
        'excludes proxy: a proxy leads to hosts, not to sockets of this one',
      );
  }
  checkOptions(options.timeouts ?? {}, timeoutRules, { at: 'timeouts' });
  if (options.srvId !== undefined) parseSrvId(options.srvId);
  if (profile.protocol === 'ftp') refuseForFtp(options);
  const { serverHostname = ownWay ? undefined : host } = options;
  if (security !== 'cleartext') {
    if (serverHostname === undefined) {
      throw new TlsError('ERR_SERVER_HOSTNAME_REQUIRED', 'serverHostname is missing', {
        hint: 'On a stream or socket of your own nothing tells who the peer must be: name it in serverHostname.',
      });
    }
    parseServerHostname(serverHostname);
  }
  return {
    protocol: profile.protocol,
    host: host ?? options.socketPath ?? 'stream',
    port,
    security,
    serverHostname,
    context: security === 'cleartext' ? undefined : contextFor(options),
    timeouts: { ...defaultTimeouts, ...profile.timeouts, ...options.timeouts },
    disable: new Set((options.disable ?? []).map((name) => name.toUpperCase())),
    options: withProxyContext(options),
  };
}

/**
 * Dials, and secures under `implicit-tls`. Under `starttls` the dialogue up to the go-ahead is the protocol's own;
 * it ends in `connection.startTls('starttls', signal)`.
 *
 * @param sessions resumes TLS sessions: one scope for a pool, or for an FTP control connection and its data.
 */
export async function openConnection(
  transport: Transport,
  sessions?: SessionScope,
): Promise<LineConnection> {
  const { options, host, port, protocol, context, serverHostname, timeouts } = transport;
  const { signal, srvId, tlsa } = options;
  const stream = options.stream ?? (await dialTransport(transport, 'control', port));
  const tls =
    context === undefined || serverHostname === undefined
      ? undefined
      : {
          context,
          serverHostname,
          ...(srvId === undefined ? {} : { srvId }),
          ...(tlsa === undefined ? {} : { tlsa }),
          ...(sessions === undefined ? {} : { sessions }),
        };
  const connection = new LineConnection(stream, {
    protocol,
    host,
    port,
    timeouts,
    ...(tls === undefined ? {} : { tls }),
    ...(options.limits === undefined ? {} : { limits: options.limits }),
    ...(options.log === undefined ? {} : { log: options.log }),
  });
  if (transport.security === 'implicit-tls') {
    await connection.establish(signal, () => connection.startTls('implicit-tls', signal));
  }
  return connection;
}

/** TLS sessions to resume among the connections made with these options; undefined in clear. */
export function sessionScopeOf(transport: Transport): SessionScope | undefined {
  const { context, serverHostname, protocol, port } = transport;
  if (context === undefined || serverHostname === undefined) return undefined;
  return createSessionScope({ context, serverHostname, protocol, port });
}

/** A raw stream by the same way as the control connection: the same proxy or `dial`, the same host. */
export async function dialTransport(
  transport: Transport,
  purpose: 'control' | 'data',
  port: number,
  signal: AbortSignal | undefined = transport.options.signal,
): Promise<Duplex> {
  const { options, host, timeouts, protocol } = transport;
  try {
    return await dial(
      { host, port, purpose },
      {
        ...dialOptions(options),
        timeout: timeouts.connect,
        ...(signal === undefined ? {} : { signal }),
      },
    );
  } catch (error) {
    if (isFivewireError(error)) addErrorContext(error, { protocol });
    throw error;
  }
}

/** `client.security`: what protects this connection. */
export interface SecurityInfo
  extends Omit<TlsSecurity, 'protocol' | 'cipher' | 'trust' | 'fingerprint256' | 'serverHostname'> {
  mode: Security;
  serverHostname: string | undefined;
  /** The TLS version; undefined in clear. */
  protocol: string | undefined;
  cipher: string | undefined;
  trust: TlsSecurity['trust'] | undefined;
  fingerprint256: string | undefined;
  /** What the login bound itself to this TLS connection by (RFC 5056); `'none'` where it did not, or there was none. */
  channelBinding: 'none' | ChannelBindingType;
  /**
   * The peer's certificates as DER, leaf first, for `describeCertificate`, as sent: but for the leaf nothing of it is
   * verified. Not enumerable: logs and JSON stay short.
   */
  readonly peerCertificates: readonly Uint8Array[];
  /**
   * The path that was verified, from the leaf to the trust anchor; `undefined` where none was asked for. Not enumerable
   * either.
   */
  readonly verifiedPath: readonly Uint8Array[] | undefined;
}

export function securityInfo(transport: Transport, connection: LineConnection): SecurityInfo {
  const { secureStream } = connection;
  const peerCertificates = secureStream?.peerCertificates ?? [];
  const shown = secureStream?.security ?? inClear(transport);
  const info = Object.defineProperties(
    { mode: transport.security, ...shown, channelBinding: connection.channelBinding },
    {
      peerCertificates: { value: peerCertificates },
      verifiedPath: { value: secureStream?.verifiedPath },
    },
  );
  return Object.freeze(info) as SecurityInfo;
}

function inClear(
  transport: Transport,
): Omit<SecurityInfo, 'mode' | 'channelBinding' | 'peerCertificates' | 'verifiedPath'> {
  return {
    verified: false,
    serverHostname: transport.serverHostname,
    matchedName: undefined,
    protocol: undefined,
    cipher: undefined,
    group: undefined,
    peerSignature: undefined,
    alpn: undefined,
    resumed: false,
    trust: undefined,
    fingerprint256: undefined,
  };
}

/** The part of SASL's `AuthenticateOptions` that the connection knows. */
export interface LoginChannel {
  protocol: ProtocolName;
  host: string;
  port: number;
  channel: 'verified-tls' | 'unverified-tls' | 'cleartext';
  allowCleartextAuth?: boolean;
  binding?: SecureStream;
  onOutcome: (outcome: { channelBinding: 'none' | ChannelBindingType; notice?: string }) => void;
}

/** @param notices where the user is told that a login went on without channel binding */
export function loginChannel(
  { protocol, host, port, options: { allowCleartextAuth } }: Transport,
  connection: LineConnection,
  notices: Pick<Notices, 'push'>,
): LoginChannel {
  const { secureStream } = connection;
  return {
    protocol,
    host,
    port,
    channel: channelState(connection),
    ...(allowCleartextAuth === undefined ? {} : { allowCleartextAuth }),
    ...(secureStream === undefined ? {} : { binding: secureStream }),
    onOutcome({ channelBinding, notice }) {
      connection.bound(channelBinding, notice);
      if (notice !== undefined) notices.push({ kind: 'AUTH', text: notice });
    },
  };
}

/** What SASL needs to know of the channel (its `AuthenticateOptions.channel`). */
export function channelState(connection: LineConnection): LoginChannel['channel'] {
  const secured = connection.secureStream?.security;
  return secured === undefined ? 'cleartext' : secured.verified ? 'verified-tls' : 'unverified-tls';
}

function contextFor({ tls, sni }: TransportOptions): TlsContext {
  if (tls === undefined && sni !== false) return defaultTlsContext();
  if (!isTlsContext(tls)) {
    checkOptions(tls ?? {}, tlsContextRules, { at: 'tls' });
    return createTlsContext({ ...tls, ...(sni === false ? { sni } : {}) });
  }
  if (sni === false) throw badOption('sni', 'goes to createTlsContext when the context is shared');
  return tls;
}

function dialOptions(options: TransportOptions): Omit<DialOptions, 'timeout' | 'signal'> {
  const {
    proxy,
    proxyTls,
    dial: own,
    socketPath,
    localAddress,
    family,
    lookup,
    keepAlive,
  } = options;
  const all = { proxy, proxyTls, dial: own, socketPath, localAddress, family, lookup, keepAlive };
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined)) as Omit<
    DialOptions,
    'timeout' | 'signal'
  >;
}

/** Checked with the rest, and one context for all connections. */
function withProxyContext(options: TransportOptions): TransportOptions {
  const { proxyTls } = options;
  if (proxyTls === undefined || isTlsContext(proxyTls)) return options;
  checkOptions(proxyTls, tlsContextRules, { at: 'proxyTls' });
  return { ...options, proxyTls: createTlsContext(proxyTls) };
}

/** A name has 253 octets at most, more in letters that become A-labels. */
const longestHost = 1_024;

/** The name that is dialled is the name that is checked: one form of it, parsed here (RFC 9525 §2). */
function parseHost(host: unknown): string {
  checkArgument(host, 'host');
  if (host === '' || (host as string).length > longestHost || /[\s/\\@]/.test(host as string)) {
    throw badOption(
      'host',
      `is "${escapeText(host as string, 80)}"`,
      'Give a host name or an IP address alone; a URL goes in first place.',
    );
  }
  return parseServerHostname(host as string).name;
}

/** They are of one port; FTP's data connections have others, and would be proven by less. */
function refuseForFtp(options: TransportOptions): void {
  for (const key of ['srvId', 'tlsa'] as const) {
    if (options[key] !== undefined)
      throw badOption(key, 'is for services with one port; FTP has many');
  }
}

/** By its shape, for streams from other copies of the stream library count too. */
function isDuplex(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  const methods = ['read', 'write', 'on', 'destroy'];
  return methods.every((method) => typeof Reflect.get(value, method) === 'function');
}

export type { Dial };
