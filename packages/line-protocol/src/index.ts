/**
 * One stream and what flows on it: the shared floor of the Fivewire clients.
 *
 * - dial.ts, proxy.ts, transport.ts, connect-url.ts: from options to a connected, under implicit TLS secured, connection
 * - line-connection.ts (on incoming.ts, input-buffer.ts, outgoing.ts, peer-wait.ts, stream-end.ts, connection-errors.ts): lines and octets, pulled;
 *   STARTTLS and whole-stream swaps; the end
 * - command-line.ts, secret.ts: what goes out, checked and masked
 * - reply.ts, reply-queue.ts: three-digit replies, read in the order in which commands were written
 * - body.ts, dot-stuffing.ts: bodies both ways
 * - consumer/: bodies and listings that hold the connection at their consumer's pace, and the calls that wait meanwhile
 * - local-file/: a body into a file of this side
 * - discover.ts, dns-lookup.ts: from a mail domain to its servers, by SRV records
 * - dot-lines.ts, capability-list.ts: what a server says in short lists
 * - pool.ts, pool-options.ts, pool-surface.ts: connections to share
 * - goodbye.ts, dispose.ts: the end of a session
 * - deadline.ts, limits.ts, wire-log.ts, notices.ts, decode-text.ts
 */
export * from 'tls-context-core';
export { askedOrNot } from './asked-or-not.js';
export { trimBlanks, wordsOf } from './blanks.js';
export * from './body.js';
export type { CallOptions } from './call-options.js';
export * as rules from './call-options.js';
export * from './capability-list.js';
export * from './command-line.js';
export * from './connect-url.js';
export * from './connection-options.js';
export * from './consumer/ask-ahead.js';
export type { Asked, FindPlain } from './consumer/asked-batch.js';
export { BatchIterator } from './consumer/batch-iterator.js';
export { GatheringReadable } from './consumer/gathering-readable.js';
export { heldBody } from './consumer/held-body.js';
export { knownDeadlock, runsCallersCode, whileAwaited } from './consumer/inside-transfer.js';
export { afterItems, type ItemError } from './consumer/item-error.js';
export * from './consumer/paced-body.js';
export { type Holder, PendingCalls } from './consumer/pending-calls.js';
export * from './consumer/reply-body.js';
export * from './consumer/rows.js';
export { SourcePace } from './consumer/source-pace.js';
export * from './deadline.js';
export { decodeText } from './decode-text.js';
export { type Dial, type DialOptions, type DialTarget, dial, isProxied } from './dial.js';
export * from './discover.js';
export * from './dispose.js';
export * from './dns-lookup.js';
export * from './dot-lines.js';
export * from './dot-stuffing.js';
export * from './fifo.js';
export { atFirstUse } from './first-use.js';
export { createGoodbye } from './goodbye.js';
export { growingPause, type Pauses } from './growing-pause.js';
export { type CharsetCodec, createHeaderDecoder, type HeaderDecoder } from './header-text.js';
export * from './limits.js';
export * from './line-connection.js';
export { type LineScan, scanLines } from './line-ends.js';
export { openBeside, takePlace } from './local-file/beside.js';
export type { Descriptor } from './local-file/descriptor.js';
export { FileSink, type FileSinkOptions, openPart } from './local-file/file-sink.js';
export { localFailure, pathOf } from './local-file/local-failure.js';
export { makeDirectories } from './local-file/make-directories.js';
export { type Place, placeOf, refuseDirectory } from './local-file/place.js';
export type { SaveOptions } from './local-file/save-to.js';
export {
  fitting,
  giveUpTemporary,
  isAbandoned,
  isTemporary,
  temporaryName,
} from './local-file/temporary-name.js';
export * from './notices.js';
export { onAbort } from './on-abort.js';
export { optional } from './optional-package.js';
export * from './pool.js';
export * from './pool-options.js';
export { rowsAhead } from './pool-rows.js';
export {
  type ClientPool,
  onePerLiveLoop,
  onePerLoop,
  oneSession,
  type Ways,
  withClientMethods,
} from './pool-surface.js';
export type { ProxyChoice } from './proxy.js';
export * from './reply.js';
export * from './reply-queue.js';
export { mask, Secret, secret } from './secret.js';
export * from './transport.js';
export type { WireEvent, WireEventType } from './wire-log.js';
