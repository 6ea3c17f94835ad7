/** An NNTP client for readers: RFC 3977, 4642, 4643, 5536, 6048, 8143. */
export {
  type AuthenticationError,
  type Closed,
  type CommandError,
  type ConnectionError,
  type FivewireError,
  isFivewireError,
  type Notice,
  type Pool,
  type PoolOptions,
  type Rows,
  type SecurityInfo,
} from '@fivewire/line-protocol';
export type { Auth } from '@fivewire/sasl';
export { createTlsContext, reloadableTlsContext, systemRoots } from 'tls-context-core';
export type { ArticleId, ArticleRange } from './arguments.js';
export { Article, type ArticleFields } from './article.js';
export type { NntpCapabilities } from './capabilities.js';
export type { CommandOptions } from './command.js';
export type { ListGroupOptions } from './group.js';
export { decodeHeader, encodeHeader } from './header-text.js';
export type { Headers } from './headers.js';
export type { ListOptions } from './list.js';
export { NntpClient } from './nntp-client.js';
export type { OverviewOptions } from './overview.js';
export type { OverviewFormat, OverviewRow } from './overview-row.js';
export { createNntpPool, type NntpPoolOptions } from './pool.js';
export type { Postable } from './post.js';
export type { ArticlesOptions } from './read-article.js';
export * from './types.js';
export { type Wildmat, wildmat } from './wildmat.js';
