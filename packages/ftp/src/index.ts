/**
 * @fivewire/ftp: an FTP and FTPS client.
 *
 * - ftp-client.ts, pool.ts: what users call; connect.ts: how a session begins
 * - control.ts, dialogue.ts: the control connection, its queue, commands and replies
 * - transfer.ts on data-connection.ts and movement.ts: one transfer; retrieve.ts, store.ts, list.ts: which
 * - trees/: mirror, uploadTree and downloadTree
 * - listing/: listings as pure functions from octets to entries; reply-text.ts: what replies say
 */
export * from '@fivewire/line-protocol/surface';
export type { CharsetOptions } from './charset.js';
export { FtpClient } from './ftp-client.js';
export type { DialectName } from './listing/dialect.js';
export type { Entry, EntryType, ListingProblem, TimePrecision } from './listing/entry.js';
export {
  type Listing,
  ListingParser,
  type ParseListingOptions,
  parseListing,
} from './listing/parse-listing.js';
export { localPath } from './local-path.js';
export { createFtpPool, type FtpPool, type FtpPoolOptions } from './pool.js';
export type { RemotePath } from './remote-path.js';
export type * from './trees/types.js';
export type * from './types.js';
export type { CallOptions } from './types.js';
