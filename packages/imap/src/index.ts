/**
 * IMAP4rev1 and IMAP4rev2 (RFC 3501, RFC 9051): verified TLS on both paths, bodies streamed both ways, pipelining.
 *
 * - imap-client.ts, connect.ts, pool.ts: the session, and several of them
 * - mailbox.ts, mailbox-lease.ts, message.ts, body-stream.ts, watch.ts: what is done with it
 * - command-runner.ts, response-reader.ts, session.ts: commands out, responses in, state
 * - commands/: a command a file    - grammar/: octets to values and back, without I/O
 */

export * from '@fivewire/line-protocol/surface';
export type { Auth } from '@fivewire/sasl';
export type { CallOptions } from './command.js';
export type { Acl, PossibleRights } from './commands/acl.js';
export {
  type AppendOptions,
  type AppendResult,
  type MessagePiece,
  type NewMessage,
  partUrl,
} from './commands/append.js';
export type { CopyResult } from './commands/copy.js';
export type { FetchOptions } from './commands/fetch.js';
export type { ClientId, ServerId } from './commands/id.js';
export type { ListEntry, ListOptions } from './commands/list.js';
export type { CreateOptions } from './commands/mailboxes.js';
export type { Metadata, MetadataOptions } from './commands/metadata.js';
export type { CommandArgument, RawResult } from './commands/raw.js';
export type { SearchOptions, SearchSummary } from './commands/search.js';
export type { KnownMailbox, Resync } from './commands/select.js';
export type { SortKey } from './commands/sort.js';
export type { StatusItem, StatusResult } from './commands/status.js';
export type { StoreOptions, StoreResult } from './commands/store.js';
export { attachments, type Body } from './decoded-body.js';
export type { FollowOptions, SearchChange } from './follow.js';
export type { Quota, QuotaUsage } from './grammar/account-data.js';
export {
  type BodyDisposition,
  type BodyExtension,
  type BodyPart,
  leafParts,
} from './grammar/body-structure.js';
export type { Address, Envelope, RawAddress, RawEnvelope } from './grammar/envelope.js';
export type { Namespace, Namespaces } from './grammar/mailbox-data.js';
export { decodeMailboxName, encodeMailboxName, type MailboxName } from './grammar/mailbox-name.js';
export type { SearchQuery } from './grammar/search-key.js';
export { UidMap, type UidRange, UidSet, type Uids } from './grammar/sequence-set.js';
export type { Thread } from './grammar/sort-data.js';
export type { HeaderFields } from './header-fields.js';
export { ImapClient } from './imap-client.js';
export type { ImapLimits } from './limits.js';
export type { Mailbox } from './mailbox.js';
export type { OpenOptions } from './mailbox-lease.js';
export type { FetchItems, Message, MessageBase } from './message.js';
export { createImapPool, type ImapPool, type ImapPoolOptions } from './pool.js';
export type { SyncEvent } from './sync.js';
export type { SyncState } from './sync-state.js';
export type { ImapOptions, ImapUrlOptions } from './types.js';
export type { MailboxEvent, WatchOptions } from './watch.js';
