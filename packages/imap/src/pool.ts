/** Several connections to one account: each `open()` and each loan takes a free one. */
import {
  type BodyInput,
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
import {
  type AppendOptions,
  catenation,
  checkBody,
  checkMessages,
  type MessagePiece,
  type NewMessage,
  target,
} from './commands/append.js';
import { checkList } from './commands/list.js';
import type { CreateOptions } from './commands/mailboxes.js';
import { givenEntries, wantedEntries } from './commands/metadata.js';
import { quotaLimits } from './commands/quota.js';
import { wordsOf } from './commands/raw.js';
import { type StatusItem, statusItems } from './commands/status.js';
import { resolveOptions } from './connect.js';
import { flag, mailbox, string } from './grammar/encoder.js';
import type { MailboxName } from './grammar/mailbox-name.js';
import { ImapClient } from './imap-client.js';
import { checkOpen } from './mailbox-lease.js';
import {
  appendRules,
  callRules,
  catenateRules,
  createRules,
  findRules,
  metadataRules,
} from './options.js';
import { checkSync } from './sync.js';
import type { ImapOptions } from './types.js';
import { checkWatch } from './watch.js';

export interface ImapPoolOptions extends Omit<ImapOptions, 'stream' | 'signal'>, PoolOptions {}

/**
 * A call whose first arguments are names of mailboxes, so many, and whose options are the argument at `at`: wrong ones are refused
 * before a connection is made.
 * @param others looks at the other arguments
 */
const named = <Args extends unknown[]>(
  names: number,
  at: number,
  rules: Rules<object> = callRules,
  others?: (...args: Args) => unknown,
) => ({
  way: 'call' as const,
  check: (...args: unknown[]): void => {
    const { [at]: options } = args;
    if (options !== undefined) checkOptions(options as object, rules);
    for (let i = 0; i < names; i++) mailbox(args[i] as MailboxName);
    others?.(...(args as Args));
  },
});

const ofWhom = (_name: unknown, identifier: string): unknown => string(identifier, 'identifier');

const whose = "The connections of a pool are one user's: make a pool for each.";

const ways: Ways<ImapClient, 'open'> = {
  authenticate: oneSession(whose),
  unauthenticate: oneSession(whose),
  list: onePerLoop(checkList),
  namespaces: named(0, 0),
  personal: named(1, 1),
  find: {
    way: 'call',
    check: (given: { specialUse: string }) => {
      checkOptions(given, findRules);
      flag(given.specialUse);
    },
  },
  append: named(1, 2, appendRules, (name: MailboxName, body: BodyInput, given?: AppendOptions) => {
    target(name, given ?? {});
    checkBody(body, given?.size);
  }),
  appendMany: named(1, 2, callRules, (_name, messages: readonly NewMessage[]) =>
    checkMessages(messages),
  ),
  catenate: named(
    1,
    2,
    catenateRules,
    (name: MailboxName, pieces: readonly MessagePiece[], given?: AppendOptions) => {
      target(name, given ?? {});
      catenation(pieces);
    },
  ),
  quota: named(0, 1, callRules, (name: MailboxName = 'INBOX') => mailbox(name)),
  setQuota: named(0, 2, callRules, quotaLimits),
  acl: named(1, 1),
  myRights: named(1, 1),
  listRights: named(1, 2, callRules, ofWhom),
  setRights: named(1, 3, callRules, (name, identifier: string, rights: string) => {
    ofWhom(name, identifier);
    string(rights, 'rights');
  }),
  deleteRights: named(1, 2, callRules, ofWhom),
  metadata: named(0, 2, metadataRules, wantedEntries),
  setMetadata: named(0, 2, callRules, givenEntries),
  jmapAccess: named(0, 0),
  status: named(1, 2, callRules, (_name, items: readonly StatusItem[]) => statusItems(items)),
  create: named(1, 1, createRules, (_name, given?: CreateOptions) => {
    if (given?.specialUse !== undefined) flag(given.specialUse);
  }),
  delete: named(1, 1),
  rename: named(2, 2),
  subscribe: named(1, 1),
  unsubscribe: named(1, 1),
  sync: onePerLiveLoop(checkSync),
  watch: onePerLoop(checkWatch),
  noop: named(0, 0),
  command: named(0, 2, callRules, wordsOf),
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
    checkOpen(name, given);
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
