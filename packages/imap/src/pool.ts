/** Several connections to one account: each `open()` and each loan takes a free one. */
import {
  createPool,
  type Pool,
  type PoolOptions,
  sessionScopeOf,
  splitPoolOptions,
} from '@fivewire/line-protocol';
import { checkOptions } from 'tls-context-core';
import { resolveOptions } from './connect.js';
import { mailbox } from './grammar/encoder.js';
import type { MailboxName } from './grammar/mailbox-name.js';
import { ImapClient } from './imap-client.js';
import type { Mailbox } from './mailbox.js';
import type { OpenOptions } from './mailbox-lease.js';
import { openRules } from './options.js';
import type { ImapOptions } from './types.js';

export interface ImapPoolOptions extends Omit<ImapOptions, 'stream' | 'signal'>, PoolOptions {}

export interface ImapPool extends Pool<ImapClient> {
  /** Opens a mailbox on a connection of its own, which goes back to the pool when the mailbox is closed. */
  open(name: MailboxName, options?: Omit<OpenOptions, 'wait'>): Promise<Mailbox>;
}

/**
 * Connections that are made when needed, at most `maxConnections` (default 4), fewer where the server takes no more. They
 * share one TlsContext and its sessions. Options are checked at once; nothing is dialled yet.
 */
export function createImapPool(given: ImapPoolOptions): ImapPool {
  const { own, rest: options } = splitPoolOptions('imap', given);
  const transport = resolveOptions(options);
  const sessions = sessionScopeOf(transport);
  const pool = createPool(() => ImapClient.connectWith(options, transport, sessions), own);
  const open: ImapPool['open'] = async (name, given = {}) => {
    checkOptions(given, openRules);
    mailbox(name);
    const lease = await pool.acquire(given.signal === undefined ? {} : { signal: given.signal });
    try {
      const box = await lease.client.open(name, { ...given, wait: true });
      box.onClose(() => lease.release());
      return box;
    } catch (error) {
      lease.release();
      throw error;
    }
  };
  return {
    get size() {
      return pool.size;
    },
    acquire: (given) => pool.acquire(given),
    use: (work, given) => pool.use(work, given),
    open,
    close: () => pool.close(),
    [Symbol.asyncDispose]: () => pool.close(),
  };
}
