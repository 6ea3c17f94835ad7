/**
 * IBM i (OS/400).
 *
 *     QSYS            77824 02/23/00 15:09:55 *DIR       home/
 *     PEP             36864 04.03.24 14:06:34 *STMF      report.txt
 *     QPGMR                                   *MEM       SOURCE.FILE/MAIN.MBR
 *               45056 04/12/06 14:19:31 *FILE      NOOWNER
 */
import { clockOf, dateNumbers, fullYear, serverTime, wallClock } from './calendar.js';
import { type Dialect, type DialectContext, Fields } from './dialect.js';
import type { Draft, EntryType } from './entry.js';
import { sizeIn } from './sizes.js';

const kinds = new Map<string, EntryType>([
  ['*DIR', 'directory'],
  ['*DDIR', 'directory'],
  ['*LIB', 'directory'],
  ['*FLR', 'directory'],
  ['*FILE', 'directory'], // a file holds members, and a server lets one list them
  ['*STMF', 'file'],
  ['*DSTMF', 'file'],
  ['*MEM', 'file'],
  ['*SAVF', 'file'],
  ['*DOC', 'file'],
  ['*SYMLNK', 'symlink'],
]);

export function os400(context: DialectContext): Dialect {
  const fields = new Fields(6);
  return {
    name: 'os400',
    read(line) {
      fields.read(line);
      // [owner] [size] [date time] *KIND name: what there is of them tells by how many they are.
      const at = [1, 2, 3, 4].find((index) => /^\*[A-Z0-9]+$/.test(fields.text(index))) ?? 0;
      const name = trimSlash(fields.after(at));
      if (at === 0 || name === '') return undefined;
      const isSaveFile = fields.text(at) === '*FILE' && /\.SAVF$/i.test(name); // has no members
      const type = isSaveFile ? 'file' : (kinds.get(fields.text(at)) ?? 'other');
      const draft: Draft = { name, type };
      if (at !== 3) draft.owner = fields.text(0);
      if (at === 1) return draft;
      const size = sizeIn(fields.text(at === 3 ? 0 : 1));
      if (at === 2) {
        if (size === undefined) return undefined;
        if (type === 'file') draft.size = size;
        return draft;
      }
      const date = fields.text(at - 2);
      const numbers = dateNumbers(date);
      const clock = clockOf(fields.text(at - 1));
      if (size === undefined || numbers === undefined || clock === undefined) return undefined;
      if (type === 'file') draft.size = size;
      const order = inOrder(numbers, date, context);
      if (order === undefined) return draft;
      const { hour, minute, second } = clock;
      return Object.assign(draft, serverTime(context, 'second', ...order, hour, minute, second));
    },
  };
}

function trimSlash(name: string): string {
  return name.length > 1 && name.endsWith('/') ? name.slice(0, -1) : name;
}

/**
 * The order of a date is a setting of the server's job, and the line doesn't say which. Only dates that can be read in
 * one way are read: a wrong time is worse than none, and `stat` asks MDTM for it.
 */
function inOrder(
  [a, b, c]: [number, number, number],
  text: string,
  { now, utcOffset }: DialectContext,
): [number, number, number] | undefined {
  if (text.includes('.')) return [fullYear(c), b, a]; // *DMY with dots
  const ways: [number, number, number][] = [
    [fullYear(a), b, c], // *YMD
    [fullYear(c), a, b], // *MDY
    [fullYear(c), b, a], // *DMY
  ];
  const days = ways.map((way) => wallClock(...way)).filter((day) => day !== undefined);
  // Of several, what lies in the future is none.
  const past = days.filter((day) => day <= now + utcOffset + 86_400_000);
  const [day, ...others] = new Set(past.length > 0 ? past : days);
  return others.length > 0 ? undefined : ways.find((way) => wallClock(...way) === day);
}
