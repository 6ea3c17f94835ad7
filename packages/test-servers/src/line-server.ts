/** What the five servers share: a port a mode, connections that are numbered and watched, and an end to all of it. */
import { createServer, type Server, type Socket } from 'node:net';
import { Accounts, type Users } from './accounts.js';
import { Changes } from './caught/changes.js';
import type { ConnectionRecord, SecurityMode } from './connection-record.js';
import { type FaultPlan, faultsFor } from './faults.js';
import type { Impostor } from './impostor/impostor.js';
import { defaultLimits, LineSession, type SessionLimits } from './line-session.js';
import { MannerOfConnection } from './manners/manner.js';
import { mannerOf } from './manners/table.js';
import type { Throttle } from './manners/throttle.js';
import { ownCertificate } from './own-certificate.js';
import type { SaslOptions } from './sasl-server.js';
import { createTlsAcceptor, type ServerTlsOptions, type TlsAcceptor } from './server-tls.js';
import { SessionEnded } from './session-ended.js';
import type { IssuedCertificate } from './throwaway-ca.js';
import { Transcript } from './transcript.js';

export type TestProtocol = 'ftp' | 'imap' | 'pop3' | 'smtp' | 'nntp';

/** What every server takes. */
export interface TestServerOptions {
  /** The address to listen at. Default `'127.0.0.1'`. */
  host?: string;
  /** Fixed ports; whatever is not named gets a free one. */
  ports?: Partial<Record<SecurityMode, number>>;
  /** Cleartext mode listens at this Unix socket instead of a port (LMTP likes that). */
  socketPath?: string;
  /** Which doors to open. Default: all three. */
  modes?: readonly SecurityMode[];
  /** User names and passwords. Default: no user can log in. */
  users?: Users;
  /** OAuth 2.0 access tokens by user name. */
  accessTokens?: Users;
  /**
   * The password of users that are made on the fly: each who gets mail, or logs in with it. Default: only `users` are known.
   */
  newcomerPassword?: string;
  /** The same as a shared object, instead of `users`, `accessTokens` and `newcomerPassword`. */
  accounts?: Accounts;
  /** What the server presents. Default: one for `localhost`, `127.0.0.1` and `::1`, from a CA of the process's own. */
  certificate?: IssuedCertificate;
  /** All else about TLS: client certificates, versions, ALPN, SNI. */
  tls?: Omit<ServerTlsOptions, 'certificate'>;
  sasl?: SaslOptions;
  faults?: FaultPlan;
  /** What is said in place of the server's own answers, for attacks on clients. */
  impostor?: Impostor;
  /** Capabilities that the server keeps to itself, upper case (`'STARTTLS'`, `'MLST'`, `'AUTH=PLAIN'`). */
  hide?: readonly string[];
  limits?: Partial<SessionLimits>;
  /** Keep what is said on each connection, both ways and with secrets masked: `connections[n].transcript`. Default false. */
  transcripts?: boolean;
  /**
   * Behave as another vendor's server does: `'gmail'`, `'exchange'`, `'qq'`, `'proftpd'`, … A name that means nothing for a
   * protocol changes nothing there. Options that are given go over those of the manner. @see mannerNames
   */
  like?: string;
  /** Refuse what is too much. Default: nothing is. */
  throttle?: Throttle;
}

/** A running server. */
export interface TestServer {
  readonly protocol: TestProtocol;
  readonly host: string;
  /** Where each open mode listens. */
  readonly ports: Readonly<Record<SecurityMode, number>>;
  /** Every connection so far, the oldest first. The newest 1,000. */
  readonly connections: readonly ConnectionRecord[];
  /** What later connections suffer. Assign at any time; `undefined` is a healthy server. */
  faults: FaultPlan | undefined;
  /** Exceptions inside the server: it should stay empty, and a test may say so. */
  readonly problems: readonly Error[];
  /** Calls `listener` when a connection comes or goes, or something is said (with `transcripts`), until the result is called. */
  watch(listener: () => void): () => void;
  /** Presents another certificate from the next handshake on. */
  useCertificate(certificate: IssuedCertificate): void;
  /** Ends all connections, sockets and timers. Calling it again is harmless. */
  close(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

/** What a protocol's code gets for each connection. */
export interface ServerContext {
  readonly protocol: TestProtocol;
  readonly accounts: Accounts;
  readonly options: TestServerOptions;
  readonly host: string;
  /** Whether a capability may be shown, on a connection where that depends on it. */
  shows(capability: string, session?: LineSession): boolean;
  /** Connections that are open now. */
  readonly open: number;
  /** Remembers a socket (FTP's data connections) that has to end with the server. */
  own(socket: Socket): void;
  ownListener(listener: Server): void;
}

export type Converse = (session: LineSession, context: ServerContext) => Promise<void>;

const allModes: readonly SecurityMode[] = ['implicit-tls', 'starttls', 'cleartext'];
const keptConnections = 1_000;

/** Opens the doors and holds a conversation on each connection. */
export async function startLineServer(
  protocol: TestProtocol,
  options: TestServerOptions,
  converse: Converse,
): Promise<TestServer> {
  const host = options.host ?? '127.0.0.1';
  const sockets = new Set<Socket>();
  const listeners = new Set<Server>();
  const connections: ConnectionRecord[] = [];
  const problems: Error[] = [];
  const changes = new Changes();
  const hidden = new Set(options.hide ?? []);
  const manner = mannerOf(protocol, options.like);
  let count = 0;
  let closing: Promise<void> | undefined;
  const { certificate = (await ownCertificate()).certificate } = options;
  let tls = acceptor(protocol, options, certificate);

  const own = (socket: Socket) => {
    if (closing !== undefined) return void socket.destroy();
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
    socket.on('error', () => {});
  };
  const ownListener = (listener: Server) => {
    listeners.add(listener);
    listener.once('close', () => listeners.delete(listener));
  };
  const context: ServerContext = {
    protocol,
    accounts: options.accounts ?? accountsOf(options),
    options,
    host,
    shows: (capability, session) =>
      !hidden.has(capability) &&
      !session?.manner?.hides(capability, session.record.user !== undefined),
    get open() {
      return connections.filter(({ closed }) => !closed).length;
    },
    own,
    ownListener,
  };

  const welcome = async (socket: Socket, mode: SecurityMode) => {
    own(socket);
    const number = count++;
    const record: ConnectionRecord = {
      number,
      mode,
      remotePort: socket.remotePort ?? 0,
      lines: [],
      linesInClear: [],
      sent: 0,
      faults: faultsFor(server.faults, number),
      closed: false,
      transcript: options.transcripts ? new Transcript(() => changes.announce()) : undefined,
      destroy: () => session.destroy(),
    };
    socket.once('close', () => {
      record.transcript?.note('The connection is closed.');
      changes.announce();
    });
    const session = new LineSession(socket, tls, record, { ...defaultLimits, ...options.limits });
    if (manner) session.manner = new MannerOfConnection(manner, protocol === 'imap');
    connections.push(record);
    if (connections.length > keptConnections) connections.shift();
    changes.announce();
    try {
      if (mode === 'implicit-tls') await session.secureNow();
      await converse(session, context);
      await session.end();
    } catch (error) {
      if (!(error instanceof SessionEnded)) problems.push(error as Error);
      session.breakOff();
    }
  };

  const server: TestServer = {
    protocol,
    host,
    ports: {} as Record<SecurityMode, number>,
    connections,
    faults: options.faults,
    problems,
    watch: (listener) => changes.watch(listener),
    useCertificate(certificate) {
      tls = acceptor(protocol, options, certificate);
    },
    close() {
      closing ??= closeAll(listeners, sockets);
      return closing;
    },
    [Symbol.asyncDispose]: () => server.close(),
  };

  const ports: Partial<Record<SecurityMode, number>> = {};
  try {
    for (const mode of options.modes ?? allModes) {
      // A client that half-closes after its last command still gets its answers.
      const listener = createServer(
        { allowHalfOpen: true, pauseOnConnect: true },
        (socket) => void welcome(socket, mode),
      );
      ownListener(listener);
      const path = mode === 'cleartext' ? options.socketPath : undefined;
      ports[mode] = await listen(
        listener,
        path === undefined ? { host, port: options.ports?.[mode] ?? 0 } : { path },
      );
    }
  } catch (error) {
    await server.close();
    throw error;
  }
  return Object.assign(server, { ports });
}

/** ALPN protocol ids that IANA registered; SMTP has none. */
const alpnIds: Partial<Record<TestProtocol, string>> = {
  ftp: 'ftp',
  imap: 'imap',
  pop3: 'pop3',
  nntp: 'nntp',
};

function acceptor(
  protocol: TestProtocol,
  options: TestServerOptions,
  certificate: IssuedCertificate,
): TlsAcceptor {
  const id = alpnIds[protocol];
  return createTlsAcceptor({ alpn: id ? [id] : false, ...options.tls, certificate });
}

export function accountsOf({ users, accessTokens, newcomerPassword }: TestServerOptions): Accounts {
  return new Accounts(users, accessTokens, newcomerPassword);
}

/** Listens and says at which port; 0 for a Unix socket. */
export function listen(
  listener: Server,
  where: { host: string; port: number } | { path: string },
): Promise<number> {
  return new Promise((resolve, reject) => {
    listener.once('error', reject);
    listener.listen(where, () => {
      listener.off('error', reject);
      const address = listener.address();
      resolve(typeof address === 'object' ? (address?.port ?? 0) : 0);
    });
  });
}

async function closeAll(listeners: Set<Server>, sockets: Set<Socket>): Promise<void> {
  const closed = [...listeners].map(
    (listener) => new Promise<void>((resolve) => void listener.close(() => resolve())),
  );
  for (const socket of sockets) socket.destroy();
  await Promise.all(closed);
}
