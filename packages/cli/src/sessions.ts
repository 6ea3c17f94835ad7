/** A session of each protocol for a piece of work: politely ended when it went well, closed when it did not. */
import type { FtpClient } from '@fivewire/ftp';
import type { ImapClient } from '@fivewire/imap';
import type { NntpClient } from '@fivewire/nntp';
import type { Pop3Client } from '@fivewire/pop3';
import type { SmtpClient } from '@fivewire/smtp';
import { isFivewireError } from 'tls-context-core';
import type { Context } from './context.js';
import { exitCodes, Failure } from './exit-code.js';
import type { Protocol, Target } from './target.js';

export interface Clients {
  ftp: FtpClient;
  imap: ImapClient;
  pop3: Pop3Client;
  smtp: SmtpClient;
  nntp: NntpClient;
}

export type Client = Clients[Protocol];

type Connectors = { [P in Protocol]: (target: Target) => Promise<Clients[P]> };

/** Each client is loaded when it is needed. */
const connectors: Connectors = {
  ftp: async ({ connect }) => (await import('@fivewire/ftp')).FtpClient.connect(connect),
  imap: async ({ connect }) => (await import('@fivewire/imap')).ImapClient.connect(connect),
  pop3: async ({ connect }) => (await import('@fivewire/pop3')).Pop3Client.connect(connect),
  smtp: async ({ connect }) => (await import('@fivewire/smtp')).SmtpClient.connect(connect),
  nntp: async ({ connect }) => (await import('@fivewire/nntp')).NntpClient.connect(connect),
};

export function connectTo<P extends Protocol>(protocol: P, target: Target): Promise<Clients[P]> {
  return connectors[protocol](target) as Promise<Clients[P]>;
}

/** Mail servers serve nothing before the login; that is what a refusal without one means. */
export function withoutLogin(error: unknown, { protocol, connect }: Target): unknown {
  const needsLogin = protocol === 'imap' || protocol === 'pop3';
  if (!needsLogin || connect.auth !== undefined) return error;
  if (!isFivewireError(error) || error.code !== 'ERR_COMMAND_REJECTED') return error;
  return new Failure(exitCodes.permission, error.message, {
    cause: error,
    code: error.code,
    hint: `Nobody has logged in: name a user in the URL, ${protocol}s://alice@${connect.host}, and where the password is: --netrc, --password-command.`,
  });
}

/** @throws what `work` throws, and what `connect` throws */
export async function withSession<P extends Protocol, T>(
  protocol: P,
  target: Target,
  { out, signal }: Context,
  work: (client: Clients[P]) => Promise<T>,
): Promise<T> {
  signal.throwIfAborted();
  const client = await connectTo(protocol, target);
  const close = (): void => client.close();
  signal.addEventListener('abort', close, { once: true });
  try {
    const { security } = client;
    out.detail(
      `connected to ${target.account}: ${security.protocol === undefined ? 'cleartext' : `${security.protocol} ${security.cipher}, ${security.matchedName}`}`,
      2,
    );
    const result = await work(client).catch(async (error) => {
      // A transfer that failed has yet to take away what it has left under a temporary name.
      if (protocol === 'ftp' && !signal.aborted) await client[Symbol.asyncDispose]();
      throw withoutLogin(error, target);
    });
    await client.quit();
    return result;
  } finally {
    signal.removeEventListener('abort', close);
    client.close();
  }
}
