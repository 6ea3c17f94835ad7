/** Whether a second connection resumes the TLS session of a first one. */
import { dial } from '@fivewire/line-protocol';
import { createSessionScope, createTlsContext, isFivewireError, secure } from 'tls-context-core';
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
 * `ftps:` is dialled and secured bare, and `ftp:` is not tried.
 *
 * @returns undefined where it was not tried, or the server took no second connection
 */
export async function resumes(target: Target, { signal }: Context): Promise<boolean | undefined> {
  try {
    if (target.protocol === 'ftp') {
      return target.connect.security === 'implicit-tls'
        ? await resumesBare(target, signal)
        : undefined;
    }
    const pool = await poolFor(target);
    try {
      const first = await pool.acquire({ signal });
      const second = await pool.acquire({ signal });
      const { resumed } = second.client.security;
      first.release();
      second.release();
      return resumed;
    } finally {
      await pool.close();
    }
  } catch (error) {
    if (!isFivewireError(error) || signal.aborted) throw error;
    return undefined;
  }
}

async function poolFor({ protocol, connect }: Target): Promise<TwoAtOnce> {
  const { signal: _, ...options } = connect;
  const settings = { ...options, maxConnections: 2 };
  if (protocol === 'imap') return (await import('@fivewire/imap')).createImapPool(settings);
  if (protocol === 'pop3') return (await import('@fivewire/pop3')).createPop3Pool(settings);
  if (protocol === 'smtp') return (await import('@fivewire/smtp')).createSmtpPool(settings);
  return (await import('@fivewire/nntp')).createNntpPool(settings);
}

async function resumesBare({ connect }: Target, signal: AbortSignal): Promise<boolean> {
  const { host, port = 990, proxy, timeouts, serverHostname = host } = connect;
  const context = createTlsContext(connect.tls);
  const sessions = createSessionScope({ context, serverHostname, protocol: 'ftp', port });
  const once = async (): Promise<boolean> => {
    const stream = await dial(
      { host, port, purpose: 'control' },
      { timeout: timeouts?.connect ?? 10_000, signal, ...(proxy === undefined ? {} : { proxy }) },
    );
    const secured = await secure(stream, {
      context,
      serverHostname,
      protocol: 'ftp',
      port,
      sessions,
      signal,
    });
    try {
      // The ticket comes with or before the greeting (RFC 8446 §4.6.1).
      for await (const _greeting of secured) break;
      return secured.security.resumed;
    } finally {
      secured.destroy();
    }
  };
  await once();
  return once();
}
