/**
 * Windows (IIS) in its MS-DOS style.
 *
 *     04-27-00  09:09PM       <DIR>          licensed
 *     04-14-2000  15:47                  589 readme.htm
 *     2002-09-02  03:09 PM                9,730 notes.txt
 *     09-02-16  02:34PM       <SYMLINKD>     link [C:\target]
 */
import { clockOf, dateNumbers, dosOrder, fullYear, serverTime } from './calendar.js';
import { type Dialect, type DialectContext, Fields, isDigit } from './dialect.js';
import type { Draft, EntryType } from './entry.js';
import { halfOfDay, monthOf } from './months.js';
import { sizeIn } from './sizes.js';

const kinds = new Map<string, EntryType>([
  ['<DIR>', 'directory'],
  ['<REP>', 'directory'], // French
  ['<KAT>', 'directory'], // Norwegian, Swedish
  ['<JUNCTION>', 'symlink'],
  ['<SYMLINK>', 'symlink'],
  ['<SYMLINKD>', 'symlink'],
]);

export function dos(context: DialectContext): Dialect {
  const fields = new Fields(9);
  let directory: string | undefined;
  return {
    name: 'dos',
    read(line) {
      if (!fields.read(line).isNumeric(0) || fields.count < 3) {
        if (!heading.test(line)) return undefined;
        if (!line.startsWith(' Directory of ')) return 'header';
        directory ??= line;
        return line === directory ? 'header' : 'elsewhere'; // `dir /s`
      }
      if (sum.test(line)) return 'header';
      const day = dayOf(fields.text(0), context);
      if (day === undefined) return undefined;
      const [time, at] = timeIn(fields);
      const clock = clockOf(time);
      if (clock === undefined) return undefined;
      const kind = kindOf(fields, at);
      const end = kind === undefined ? sizeEnd(fields, at) : at;
      const size =
        kind === undefined ? sizeIn(fields.span(at, end + 1).replaceAll(' ', "'")) : undefined;
      const name = nameOf(fields, end, kind);
      if ((kind === undefined && size === undefined) || name.trim() === '') return undefined;
      const draft: Draft = {
        name,
        type: kind ?? 'file',
        ...serverTime(context, 'minute', ...day, clock.hour, clock.minute),
      };
      if (kind === undefined) draft.size = size;
      if (kind === 'symlink') splitTarget(draft);
      return draft;
    },
  };
}

// What `dir` shows above and below.
const heading = /^ (?:Volume in drive |Volume Serial Number is |Directory of )/;
const sum = /^ +[\d,.]+ (?:File\(s\)|Dir\(s\)) +[\d,.]+ bytes(?: free)?$/;

/** Whatever a system calls it in its language: what has a target is a link. */
function kindOf(fields: Fields, at: number): EntryType | undefined {
  const word = fields.text(at);
  if (!word.startsWith('<') || !word.endsWith('>')) return undefined;
  const isLink = / \[.+\]$/.test(fields.line);
  return kinds.get(word.toUpperCase()) ?? (isLink ? 'symlink' : undefined);
}

/**
 * `03:09 PM` is two fields, `03:09 p. m.` of Spanish systems three, and in East Asia the half of the day stands ahead.
 * @returns the time, and the field behind it
 */
function timeIn(fields: Fields): [time: string, next: number] {
  const first = fields.text(1);
  const second = fields.text(2);
  const ahead = isDigit(first.charCodeAt(0)) ? undefined : halfOfDay(first);
  if (ahead !== undefined) return [second + ahead, 3];
  const half = `${first}${second.charAt(0)}m`;
  if (/^[ap]\.?(?:[\xa0\xff])?m\.?$/i.test(second)) return [half, 3];
  if (/^[ap]\.$/i.test(second) && /^m\.$/i.test(fields.text(3))) return [half, 4];
  return [first, 2];
}

/** Year, month and day, in numbers or with the month's name: `20-Jan-2016`. */
function dayOf(text: string, context: DialectContext): [number, number, number] | undefined {
  const numbers = dateNumbers(text);
  if (numbers !== undefined) {
    const [day, month, year] = numbers;
    // Where dots stand between the numbers the day comes first.
    return text.includes('.') && day <= 31
      ? [fullYear(year), month, day]
      : dosOrder(numbers, context);
  }
  const parts = /^(\d{1,2})-([^-\d][^-]{1,11})-(\d{2,4})$/.exec(text);
  const month = monthOf(parts?.[2] ?? '');
  if (parts === null || month === undefined) return undefined;
  return [fullYear(Number(parts[3])), month, Number(parts[1])];
}

/** IIS sets a name after exactly one blank behind a size, and in the same column behind `<DIR>`. */
function nameOf(fields: Fields, at: number, kind: EntryType | undefined): string {
  if (kind === undefined) return fields.line.slice((fields.end[at] ?? 0) + 1);
  const column = (fields.start[at] ?? 0) + 15;
  const blanksOnly = fields.line.slice(fields.end[at], column).trim() === '';
  return blanksOnly && fields.line.length > column ? fields.line.slice(column) : fields.after(at);
}

function splitTarget(draft: Draft): void {
  const bracket = draft.name.lastIndexOf(' [');
  if (bracket <= 0 || !draft.name.endsWith(']')) return;
  draft.target = draft.name.slice(bracket + 2, -1);
  draft.name = draft.name.slice(0, bracket);
}

/**
 * `1 234 567`: a size in three fields is one where it ends in the column that sizes end in, IIS's or that of `dir`, and the first
 * field does not. @returns the last field of the size
 */
function sizeEnd(fields: Fields, at: number): number {
  const endsAt = (index: number): boolean => sizeColumns.has(fields.end[index] ?? 0);
  if (endsAt(at) || !/^\d{1,3}$/.test(fields.text(at))) return at;
  let last = at;
  while (/^\d{3}$/.test(fields.text(last + 1)) && isNext(fields, last)) {
    last += 1;
    if (endsAt(last)) return last;
  }
  return at;
}

const sizeColumns: ReadonlySet<number> = new Set([35, 38]);

const isNext = ({ start, end }: Fields, at: number): boolean =>
  (start[at + 1] ?? 0) - (end[at] ?? 0) === 1;
