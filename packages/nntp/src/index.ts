/** An NNTP client for readers: RFC 3977, 4642, 4643, 5536, 6048, 8143. */
export * from '@fivewire/line-protocol/surface';
export type { Auth } from '@fivewire/sasl';
export type { Archived, ArchiveOptions, ArchiveState } from './archive.js';
export type { ArticleId, ArticleRange } from './arguments.js';
export { Article, type ArticleFields, type CancelSecret } from './article.js';
export { type DownloadedFile, type DownloadOptions, download } from './binaries/download.js';
export {
  formatNzb,
  type Nzb,
  type NzbFile,
  type NzbSegment,
  parseNzb,
} from './binaries/nzb.js';
export { safeName } from './binaries/safe-name.js';
export { type UuPart, uu } from './binaries/uu.js';
export {
  YencDecoder,
  YencEncoder,
  type YencEncoderOptions,
  type YencEncoding,
  type YencPart,
  yenc,
} from './binaries/yenc.js';
export { cancelKey, cancelLock, opensLock } from './cancel-lock.js';
export type { NntpCapabilities } from './capabilities.js';
export type { CommandOptions } from './command.js';
export type { Fed, Feedable, FeedOptions } from './feed.js';
export type { ListGroupOptions } from './group.js';
export { decodeHeader, encodeHeader } from './header-text.js';
export type { Headers } from './headers.js';
export type { ListOptions } from './list.js';
export { NntpClient } from './nntp-client.js';
export type { OverviewOptions } from './overview.js';
export type { OverviewFormat, OverviewRow } from './overview-row.js';
export { createNntpPool, type NntpPool, type NntpPoolOptions } from './pool.js';
export type { Postable, PostOptions } from './post.js';
export type { ArticlesOptions } from './read-article.js';
export type {
  Attempt,
  FetchOptions,
  NntpServerOptions,
  NntpServers,
  NntpServersOptions,
  ServerStatus,
} from './servers.js';
export type { CallOptions } from './types.js';
export * from './types.js';
export { type Wildmat, wildmat } from './wildmat.js';
