/** Whether a second connection resumes the TLS session of a first one. */
import {
  type CommandLine,
  commandLine,
  openConnection,
  type ProtocolProfile,
  type Reply,
  readReply,
  resolveTransport,
  type SessionScope,
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
  await securedFtp(transport, sessions, signal);
  return securedFtp(transport, sessions, signal);
}

/** RFC 4217 §4: greeting, AUTH TLS, and one reply behind the handshake, before which the ticket comes. */
async function securedFtp(
  transport: Transport,
  sessions: SessionScope | undefined,
  signal: AbortSignal,
): Promise<boolean> {
  const connection = await openConnection(transport, sessions);
  const wait: Wait = { phase: 'starttls', timeout: transport.timeouts.reply };
  const ask = (line: CommandLine): Promise<Reply> => {
    connection.send(line);
    return readReply(connection, 'ftp', wait);
  };
  return connection.establish(signal, async () => {
    await readReply(connection, 'ftp', { ...wait, phase: 'greeting' });
    if (transport.security === 'starttls') {
      await ask(commandLine('AUTH', ['TLS']));
      await connection.startTls('starttls', signal);
    }
    await ask(commandLine('QUIT'));
    const resumed = connection.secureStream?.security.resumed === true;
    await connection.end();
    return resumed;
  });
}
