/**
 * @fivewire/ftp: an FTP and FTPS client.
 *
 * - ftp-client.ts, pool.ts: what users call
 * - session/: how a session begins; the control connection, its queue, commands and replies; what is known of the server
 * - transfer/: one transfer, told from top to bottom in transfer.ts; where octets come from and go to
 * - files/: what is done to files and directories; paths of both sides
 * - listing/: how a directory is asked for; listings as pure functions from octets to entries
 * - trees/: mirror, uploadTree and downloadTree
 * - between/: from one server to another
 */
export * from '@fivewire/line-protocol/surface';
export { type CopyOptions, type CopyResult, copyBetween } from './between/copy-between.js';
export { localPath } from './files/local-path.js';
export type { RemotePath } from './files/remote-path.js';
export { FtpClient } from './ftp-client.js';
export type { DialectName } from './listing/dialect.js';
export type { Entry, EntryType, ListingProblem, TimePrecision } from './listing/entry.js';
export {
  type Listing,
  ListingParser,
  type ParseListingOptions,
  parseListing,
} from './listing/parse-listing.js';
export { fetchFile, storeFile } from './one-file.js';
export { createFtpPool, type FtpPool, type FtpPoolOptions } from './pool.js';
export type { CharsetOptions } from './session/charset.js';
export type * from './trees/types.js';
export type * from './types.js';
export type { CallOptions } from './types.js';
