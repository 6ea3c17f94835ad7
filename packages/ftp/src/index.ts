export type { CharsetOptions } from './charset.js';
export type { DialectName } from './listing/dialect.js';
export type { Entry, EntryType, ListingProblem, TimePrecision } from './listing/entry.js';
export {
  type Listing,
  ListingParser,
  type ParseListingOptions,
  parseListing,
} from './listing/parse-listing.js';
export { localPath } from './local-path.js';
export type { RemotePath } from './remote-path.js';
