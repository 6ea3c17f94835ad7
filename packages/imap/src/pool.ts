/** Several connections to one account: each `open()` and each loan takes a free one. */
import {
  type ClientPool,
  createPool,
  onePerCall,
  onePerLiveLoop,
  onePerLoop,
  oneSession,
  type PoolOptions,
  sessionScopeOf,
  splitPoolOptions,
  type Ways,
  withClientMethods,
} from '@fivewire/line-protocol';
import { checkOptions } from 'tls-context-core';
import { resolveOptions } from './connect.js';
import { mailbox } from './grammar/encoder.js';
import { ImapClient } from './imap-client.js';
import { callRules, listRules, openRules, watchRules } from './options.js';
import type { ImapOptions } from './types.js';

export interface ImapPoolOptions extends Omit<ImapOptions, 'stream' | 'signal'>, PoolOptions {}

const whose = "The connections of a pool are one user's: make a pool for each.";

const ways: Ways<ImapClient, 'open'> = {
  authenticate: oneSession(whose),
  unauthenticate: oneSession(whose),
  list: onePerLoop(listRules),
  namespaces: onePerCall,
  personal: onePerCall,
  find: onePerCall,
  appendMany: onePerCall,
  catenate: onePerCall,
  quota: onePerCall,
  setQuota: onePerCall,
  acl: onePerCall,
  myRights: onePerCall,
  listRights: onePerCall,
  setRights: onePerCall,
  deleteRights: onePerCall,
  metadata: onePerCall,
  setMetadata: onePerCall,
  jmapAccess: onePerCall,
  status: onePerCall,
  create: onePerCall,
  delete: onePerCall,
  rename: onePerCall,
  subscribe: onePerCall,
  unsubscribe: onePerCall,
  append: onePerCall,
  sync: onePerLiveLoop(callRules),
  watch: onePerLoop(watchRules),
  noop: onePerCall,
  command: onePerCall,
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
