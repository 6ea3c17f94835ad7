/**
 * Windows (IIS) in its MS-DOS style.
 *
 *     04-27-00  09:09PM       <DIR>          licensed
 *     04-14-2000  15:47                  589 readme.htm
 *     09-02-16  02:34PM       <SYMLINKD>     link [C:\target]
 */
import { clockOf, dateNumbers, fullYear, serverTime } from './calendar.js';
import { type Dialect, type DialectContext, Fields, wholeNumber } from './dialect.js';
import type { Draft, EntryType } from './entry.js';

const kinds = new Map<string, EntryType>([
  ['<DIR>', 'directory'],
  ['<JUNCTION>', 'symlink'],
  ['<SYMLINK>', 'symlink'],
  ['<SYMLINKD>', 'symlink'],
]);

export function dos(context: DialectContext): Dialect {
  const fields = new Fields(3);
  return {
    name: 'dos',
    read(line) {
      const first = line.charCodeAt(0);
      if (first < 48 || first > 57 || fields.read(line).count < 3) return undefined;
      const numbers = dateNumbers(fields.text(0));
      const clock = clockOf(fields.text(1));
      if (numbers === undefined || clock === undefined) return undefined;
      const kind = kinds.get(fields.text(2).toUpperCase());
      const size = wholeNumber(fields.text(2));
      const name = nameOf(fields, kind);
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
function nameOf(fields: Fields, kind: EntryType | undefined): string {
  if (kind === undefined) return fields.line.slice((fields.end[2] ?? 0) + 1);
  const column = (fields.start[2] ?? 0) + 15;
  const blanksOnly = fields.line.slice(fields.end[2], column).trim() === '';
  return blanksOnly && fields.line.length > column ? fields.line.slice(column) : fields.after(2);
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
