/** Arguments of commands, RFC 3977 §9.8, checked before an octet leaves. */
import { checkArgument, UsageError, unknownOption } from '@fivewire/line-protocol';

/** An article: its number in the selected group, its message-id with angle brackets, or the current one. */
export type ArticleId = number | string | undefined;

/** Articles: a span of numbers (to the end where `to` is left out), or one by {@link ArticleId}. */
export type ArticleRange = { from: number; to?: number } | ArticleId;

// article-number = 1*16DIGIT

export function articleNumber(number: number, argument = 'number'): string {
  if (Number.isSafeInteger(number) && number >= 0) return String(number);
  throw wrong(argument, `An article number is a whole number, not ${String(number)}`);
}

// message-id = "<" 1*248A-NOTGT ">"

export function messageId(id: string, argument = 'id'): string {
  if (typeof id === 'string' && /^<[\x21-\x3d\x3f-\x7e]{1,248}>$/.test(id)) return id;
  throw wrong(
    argument,
    'A message-id is <…> with at most 250 octets of visible ASCII',
    'Give it with its angle brackets.',
  );
}

export function articleArgument(id: ArticleId): string[] {
  if (id === undefined) return [];
  return [typeof id === 'number' ? articleNumber(id) : messageId(id)];
}

export function rangeArgument(range: ArticleRange): string[] {
  if (typeof range !== 'object' || range === null) return articleArgument(range);
  const { from, to, ...others } = range;
  const [unknown] = Object.keys(others);
  if (unknown !== undefined) throw unknownOption(`range.${unknown}`, ['from', 'to']);
  return [`${articleNumber(from, 'from')}-${to === undefined ? '' : articleNumber(to, 'to')}`];
}

// newsgroup-name = 1*wildmat-exact

export function groupName(name: string, argument = 'name'): string {
  checkArgument(name, argument);
  if (name !== '' && !/[\x00-\x20\x7f*?,!\\[\]]/.test(name)) return name;
  throw wrong(
    argument,
    'A newsgroup name has no spaces, control characters, or any of * ? , ! \\ [ ]',
  );
}

/** `yyyymmdd hhmmss GMT`, as NEWGROUPS and NEWNEWS want it. */
export function dateArguments(since: Date): string[] {
  if (!(since instanceof Date) || Number.isNaN(since.getTime())) {
    throw wrong('since', 'since must be a valid Date');
  }
  const year = since.getUTCFullYear();
  if (year < 1900 || year > 9999) throw wrong('since', `since is in the year ${year}`);
  const digits = since.toISOString().replace(/[-:]/g, '');
  return [digits.slice(0, 8), digits.slice(9, 15), 'GMT'];
}

/** yyyymmddhhmmss, in UTC. */
export function parseTimestamp(digits: string): Date | undefined {
  const match = /^\s*(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)\b/.exec(digits);
  if (match === null) return undefined;
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = match
    .slice(1)
    .map(Number);
  // A leap second has the number 60, which would be in the next minute here.
  const date = new Date(Date.UTC(year, month - 1, day, hour, minute, Math.min(second, 59)));
  return date.getUTCMonth() === month - 1 && date.getUTCDate() === day ? date : undefined;
}

/** Decimal digits as a number; `undefined` for anything else, and beyond 2^53. Zero-padded ones are taken. */
export function parseCount(digits: string | undefined): number | undefined {
  const value = digits !== undefined && /^\d{1,24}$/.test(digits) ? Number(digits) : Number.NaN;
  return Number.isSafeInteger(value) ? value : undefined;
}

/** Whether the high number of a group is below nothing: it is empty then, and its low number says where it would begin (INN, DNews). */
export const isBelowNothing = (digits: string | undefined): boolean =>
  digits !== undefined && /^-\d{1,24}$/.test(digits);

/** The high number of a group; that of an empty one is one below its low number. */
export const parseHigh = (
  digits: string | undefined,
  low: number | undefined,
): number | undefined =>
  isBelowNothing(digits) && low !== undefined ? Math.max(low - 1, 0) : parseCount(digits);

export const wrong = (argument: string, message: string, hint = ''): UsageError =>
  new UsageError('ERR_ARGUMENT', message, { protocol: 'nntp', argument, hint });
