/**
 * What servers write above and below the names: how the columns are called, whose listing it is, and how many there were. None of it is
 * an entry that could not be read.
 *
 *     Listing of /pub · Permissions  Owner  Size  Date  Name
 *     total 14 · 2 file(s), 4096 bytes · Total: 5 files · 3 files listed.
 */

/** What stands above the first entry. */
export const isHeading = (line: string): boolean => isOneOf(headings, line);

/** What stands below entries. Where none could be read, it says that there are some. */
export const isSum = (line: string): boolean => isOneOf(sums, line);

const isOneOf = (kinds: readonly RegExp[], line: string): boolean =>
  line.length < longest && kinds.some((kind) => kind.test(line));

const longest = 200;

const headings: readonly RegExp[] = [
  /^\s*(?:listing|contents|index|directory) (?:of|for) [^\s:]\S*$/i,
  // No digits: no size, no date.
  /^(?=.*\b(?:file ?)?name\b)(?=.*\b(?:size|bytes)\b)(?=.*\b(?:date|time|modified|permissions|mode|owner)\b)[^\d]*$/i,
];

const sums: readonly RegExp[] = [
  /^\s*total:?\s+\d[\d.,]*\s*[kmgt]?b?$/i,
  /^\s*(?:total:?\s+)?\d[\d.,]*\s+(?:file|dir|directory|folder|item|entry|object|byte)(?:s|\(s\))?(?:[ ,.].*)?$/i,
  /^\s*(?:total:?\s+)?\d[\d.,]*\s+(?:directories|entries)(?:[ ,.].*)?$/i,
];
