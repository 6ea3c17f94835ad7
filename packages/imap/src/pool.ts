/** Several connections to one account: each `open()` and each loan takes a free one. */
import {
  type ClientPool,
  createPool,
  onePerLiveLoop,
  onePerLoop,
  oneSession,
  type PoolOptions,
  type Rules,
  sessionScopeOf,
  splitPoolOptions,
  type Ways,
  withClientMethods,
} from '@fivewire/line-protocol';
import { checkOptions } from 'tls-context-core';
import { resolveOptions } from './connect.js';
import { mailbox } from './grammar/encoder.js';
import type { MailboxName } from './grammar/mailbox-name.js';
import { ImapClient } from './imap-client.js';
import {
  appendRules,
  callRules,
  catenateRules,
  createRules,
  findRules,
  listRules,
  metadataRules,
  openRules,
  watchRules,
} from './options.js';
import type { ImapOptions } from './types.js';

export interface ImapPoolOptions extends Omit<ImapOptions, 'stream' | 'signal'>, PoolOptions {}

/**
 * A call whose first arguments are names of mailboxes, so many, and whose options are the argument at `at`: wrong ones are refused
 * before a connection is made.
 */
const named = (names: number, at: number, rules: Rules<object> = callRules) => ({
  way: 'call' as const,
  check: (...args: unknown[]): void => {
    const { [at]: options } = args;
    if (options !== undefined) checkOptions(options as object, rules);
    for (const name of args.slice(0, names)) mailbox(name as MailboxName);
  },
});

const whose = "The connections of a pool are one user's: make a pool for each.";

const ways: Ways<ImapClient, 'open'> = {
  authenticate: oneSession(whose),
  unauthenticate: oneSession(whose),
  list: onePerLoop(listRules),
  namespaces: named(0, 0),
  personal: named(0, 1),
  find: named(0, 0, findRules),
  appendMany: named(1, 2),
  catenate: named(1, 2, catenateRules),
  quota: named(0, 1),
  setQuota: named(0, 2),
  acl: named(1, 1),
  myRights: named(1, 1),
  listRights: named(1, 2),
  setRights: named(1, 3),
  deleteRights: named(1, 2),
  metadata: named(1, 2, metadataRules),
  setMetadata: named(1, 2),
  jmapAccess: named(0, 0),
  status: named(1, 2),
  create: named(1, 1, createRules),
  delete: named(1, 1),
  rename: named(2, 2),
  subscribe: named(1, 1),
  unsubscribe: named(1, 1),
  append: named(1, 2, appendRules),
  sync: onePerLiveLoop(callRules),
  watch: onePerLoop(watchRules),
  noop: named(0, 0),
  command: named(0, 2),
};

/** Every pool's methods, and those of `ImapClient`; `open` has a connection of its own until the mailbox is closed. */
export type ImapPool = ClientPool<ImapClient, 'authenticate' | 'unauthenticate'>;

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
    const { signal, timeout } = given;
    const lease = await pool.acquire({
      ...(signal === undefined ? {} : { signal }),
      ...(timeout === undefined ? {} : { timeout }),
    });
    try {
      const mailbox = await lease.client.open(name, { ...given, wait: true });
      mailbox.onClose(() => lease.release());
      return mailbox;
    } catch (error) {
      lease.release();
      throw error;
    }
  };
  return withClientMethods(Object.assign(pool, { open }), ways);
}
