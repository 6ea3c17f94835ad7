/** Whether a second connection resumes the TLS session of a first one. */
import {
  type CommandLine,
  commandLine,
  dialTransport,
  type LineConnection,
  openConnection,
  type ProtocolProfile,
  type Reply,
  readReply,
  resolveTransport,
  type SessionScope,
  secret,
  secure,
  sessionScopeOf,
  type Transport,
  type Wait,
} from '@fivewire/line-protocol';
import { isFivewireError } from 'tls-context-core';
import type { Context } from './context.js';
import type { Target } from './target.js';

interface TwoAtOnce {
  acquire(options?: {
    signal?: AbortSignal;
  }): Promise<{ client: { security: { resumed: boolean } }; release(): void }>;
  close(): Promise<void>;
}

/**
 * By a pool of two, whose connections share their sessions. FTP's do not (there the data connections resume), so that
 * its control connections are opened here, as far as TLS.
 *
 * @returns undefined where the server took no second connection
 */
export async function resumes(target: Target, { signal }: Context): Promise<boolean | undefined> {
  try {
    if (target.protocol === 'ftp') return await ftpResumes(target, signal);
    const pool = await poolFor(target);
    try {
      const first = await pool.acquire({ signal });
      try {
        // A server that takes one connection only would let us wait for the first.
        const second = await pool.acquire({
          signal: AbortSignal.any([signal, AbortSignal.timeout(secondWithin)]),
        });
        second.release();
        return second.client.security.resumed;
      } finally {
        first.release(); // for which the pool's end waits
      }
    } finally {
      await pool.close();
    }
  } catch (error) {
    if (!isFivewireError(error) || signal.aborted) throw error;
    return undefined;
  }
}

/** Milliseconds. */
const secondWithin = 15_000;

async function poolFor({ protocol, connect }: Target): Promise<TwoAtOnce> {
  const { signal: _, ...options } = connect;
  const settings = { ...options, maxConnections: 2, outageTimeout: 0 };
  if (protocol === 'imap') return (await import('@fivewire/imap')).createImapPool(settings);
  if (protocol === 'pop3') return (await import('@fivewire/pop3')).createPop3Pool(settings);
  if (protocol === 'smtp') return (await import('@fivewire/smtp')).createSmtpPool(settings);
  return (await import('@fivewire/nntp')).createNntpPool(settings);
}

const ftpProfile: ProtocolProfile = {
  protocol: 'ftp',
  ports: { 'implicit-tls': 990, starttls: 21, cleartext: 21 },
  schemes: {},
  options: ['auth'],
};

async function ftpResumes({ connect }: Target, signal: AbortSignal): Promise<boolean> {
  const transport = resolveTransport(ftpProfile, { ...connect, signal });
  const sessions = sessionScopeOf(transport);
  const isResumed = async ({ connection }: FtpDialogue): Promise<boolean> =>
    connection.secureStream?.security.resumed === true;
  await securedFtp(transport, sessions, signal, isResumed);
  return securedFtp(transport, sessions, signal, isResumed);
}

/**
 * Whether a data connection resumes the session of its control connection, as by RFC 4217 and as servers demand: by one listing.
 *
 * @returns undefined where there was no data connection under TLS; a login that is refused is one such reason
 */
export async function ftpDataResumes(
  { connect }: Target,
  signal: AbortSignal,
): Promise<boolean | undefined> {
  const { auth, ...options } = connect;
  if (auth === undefined || !('password' in auth)) return undefined;
  const { user, password } = auth;
  try {
    const transport = resolveTransport(ftpProfile, { ...options, signal });
    const sessions = sessionScopeOf(transport);
    return await securedFtp(transport, sessions, signal, async ({ ask, read, connection }) => {
      let login = await ask(commandLine('USER', [user]));
      if (login.class === 3) login = await ask(commandLine('PASS', [secret(password)]));
      await ask(commandLine('PBSZ', ['0']));
      const isPrivate = await ask(commandLine('PROT', ['P']));
      if (login.class !== 2 || isPrivate.class !== 2) return undefined;
      const port = portIn(await ask(commandLine('EPSV'))) ?? portIn(await ask(commandLine('PASV')));
      if (port === undefined) return undefined;
      const raw = await dialTransport(transport, 'data', port, signal);
      raw.on('error', () => {});
      try {
        connection.send(commandLine('LIST')); // a server opens its side when it has this
        const data = await secure(raw, {
          ...dataIdentity(transport),
          ...(sessions === undefined ? {} : { sessions }),
          timeout: transport.timeouts.tls,
          signal,
        });
        data.on('error', () => {}).resume();
        const { resumed } = data.security;
        data.end();
        while ((await read()).class === 1);
        return resumed;
      } finally {
        raw.destroy();
      }
    });
  } catch (error) {
    if (!isFivewireError(error) || signal.aborted) throw error;
    return undefined;
  }
}

/** Who the control connection is. */
function dataIdentity({ context, serverHostname, host, port }: Transport) {
  if (context === undefined || serverHostname === undefined) throw new Error('TLS is not in use');
  return { context, serverHostname, protocol: 'ftp', host, port } as const;
}

/** Of 229 (RFC 2428) and 227 (RFC 959); whatever host is named, the data connection goes to the control connection's. */
function portIn(reply: Reply): number | undefined {
  const text = reply.class === 2 ? reply.lines.join(' ') : '';
  const [, extended, high, low] =
    /\(\|\|\|(\d{1,5})\|\)|\d+,\d+,\d+,\d+,(\d{1,3}),(\d{1,3})/.exec(text) ?? [];
  const port = extended === undefined ? Number(high) * 256 + Number(low) : Number(extended);
  return port > 0 && port < 65_536 ? port : undefined;
}

interface FtpDialogue {
  connection: LineConnection;
  ask(line: CommandLine): Promise<Reply>;
  read(): Promise<Reply>;
}

/** RFC 4217 §4: greeting, AUTH TLS, the work, and a reply behind the handshake, before which the ticket comes. */
async function securedFtp<T>(
  transport: Transport,
  sessions: SessionScope | undefined,
  signal: AbortSignal,
  work: (dialogue: FtpDialogue) => Promise<T>,
): Promise<T> {
  const connection = await openConnection(transport, sessions);
  const wait: Wait = { phase: 'starttls', timeout: transport.timeouts.reply };
  const read = (): Promise<Reply> => readReply(connection, 'ftp', wait);
  const ask = (line: CommandLine): Promise<Reply> => {
    connection.send(line);
    return read();
  };
  return connection.establish(signal, async () => {
    await readReply(connection, 'ftp', { ...wait, phase: 'greeting' });
    if (transport.security === 'starttls') {
      await ask(commandLine('AUTH', ['TLS']));
      await connection.startTls('starttls', signal);
    }
    const found = await work({ connection, ask, read });
    await ask(commandLine('QUIT'));
    await connection.end();
    return found;
  });
}
