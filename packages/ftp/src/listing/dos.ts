/**
 * Windows (IIS) in its MS-DOS style.
 *
 *     04-27-00  09:09PM       <DIR>          licensed
 *     04-14-2000  15:47                  589 readme.htm
 *     2002-09-02  03:09 PM                9,730 notes.txt
 *     09-02-16  02:34PM       <SYMLINKD>     link [C:\target]
 */
import { clockOf, dateNumbers, fullYear, serverTime } from './calendar.js';
import { type Dialect, type DialectContext, Fields } from './dialect.js';
import type { Draft, EntryType } from './entry.js';
import { sizeIn } from './sizes.js';

const kinds = new Map<string, EntryType>([
  ['<DIR>', 'directory'],
  ['<JUNCTION>', 'symlink'],
  ['<SYMLINK>', 'symlink'],
  ['<SYMLINKD>', 'symlink'],
]);

export function dos(context: DialectContext): Dialect {
  const fields = new Fields(4);
  return {
    name: 'dos',
    read(line) {
      const first = line.charCodeAt(0);
      if (first < 48 || first > 57 || fields.read(line).count < 3) return undefined;
      const numbers = dateNumbers(fields.text(0));
      if (numbers === undefined) return undefined;
      // `03:09 PM` is two fields.
      const isApart = /^[ap]\.?m\.?$/i.test(fields.text(2));
      const at = isApart ? 3 : 2;
      const half = isApart ? fields.text(2).replaceAll('.', '') : '';
      const clock = clockOf(fields.text(1) + half);
      if (clock === undefined) return undefined;
      const kind = kinds.get(fields.text(at).toUpperCase());
      const size = kind === undefined ? sizeIn(fields.text(at)) : undefined;
      const name = nameOf(fields, at, kind);
      if ((kind === undefined && size === undefined) || name.trim() === '') return undefined;
      const draft: Draft = {
        name,
        type: kind ?? 'file',
        ...serverTime(context, 'minute', ...inOrder(numbers), clock.hour, clock.minute),
      };
      if (kind === undefined) draft.size = size;
      if (kind === 'symlink') splitTarget(draft);
      return draft;
    },
  };
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

/** Year, month and day. IIS writes month first; a number beyond 12 or 31 shows who does otherwise. */
function inOrder([a, b, c]: [number, number, number]): [number, number, number] {
  if (a > 31) return [fullYear(a), b, c];
  return a > 12 ? [fullYear(c), b, a] : [fullYear(c), a, b];
}
