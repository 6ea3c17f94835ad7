/**
 * Systems that few have seen, each with a table of its own: HP NonStop (Tandem) and z/VM.
 *
 *     File         Code             EOF  Last Modification    Owner  RWEP
 *     IDENT         101             528  6-Apr-07 14:21:18   255, 0 "oooo"
 *
 *     PROFILE  EXEC     V         65        107          2 2005-10-04 15:28:42 060191
 *     TOOLS    DIR      -          -          -          - 2005-10-04 15:28:42 -
 */
import { clockOf, dateNumbers, fullYear, type Stamp, serverTime } from './calendar.js';
import {
  type Dialect,
  type DialectContext,
  Fields,
  type LineResult,
  leadingNumber,
  wholeNumber,
} from './dialect.js';
import { monthOf } from './months.js';
import { sizeIn } from './sizes.js';

export function nonStop(context: DialectContext): Dialect {
  const fields = new Fields(10);
  return {
    name: 'nonstop',
    read(line) {
      fields.read(line);
      if (fields.text(0) === 'File' && fields.text(1) === 'Code' && fields.text(2) === 'EOF')
        return 'header';
      if (fields.count < 7 || !/"[-a-zA-Z*]{4}"\s*$/.test(line)) return undefined;
      for (let at = 2; at + 1 < fields.count; at += 1) {
        const stamp = stampOf(context, fields.text(at), fields.text(at + 1));
        if (stamp === undefined) continue;
        const size = sizeIn(fields.text(at - 1));
        if (size === undefined || !/^[A-Z$#][A-Z0-9$#.]*$/i.test(fields.text(0))) return undefined;
        const owner = /(\d{1,3}), *(\d{1,3}) *"/.exec(line);
        return {
          name: fields.text(0),
          type: 'file',
          size,
          ...(owner === null ? {} : { owner: `${owner[1]},${owner[2]}` }),
          ...stamp,
        };
      }
      return undefined;
    },
  };
}

/** `6-Apr-07 14:21:18` */
function stampOf(context: DialectContext, date: string, time: string): Stamp | undefined {
  const parts = date.split('-', 4);
  const clock = clockOf(time);
  if (parts.length !== 3 || clock === undefined) return undefined;
  const day = leadingNumber(parts[0] ?? '');
  const month = monthOf(parts[1] ?? '');
  const year = leadingNumber(parts[2] ?? '');
  if (day === undefined || month === undefined || year === undefined) return undefined;
  const { hour, minute, second } = clock;
  return serverTime(context, 'second', fullYear(year), month, day, hour, minute, second);
}

/** A file is `NAME.TYPE` to the commands of FTP. */
export function zvm(context: DialectContext): Dialect {
  const fields = new Fields(9);
  return {
    name: 'zvm',
    read(line): LineResult {
      if (fields.read(line).count < 8) return undefined;
      const isDirectory = fields.text(1) === 'DIR' && fields.text(2) === '-';
      const numbers = [3, 4, 5].map((at) => wholeNumber(fields.text(at)));
      if (!isDirectory && (!/^[FV]$/.test(fields.text(2)) || numbers.includes(undefined)))
        return undefined;
      const date = dateNumbers(fields.text(6));
      const clock = clockOf(fields.text(7));
      if (date === undefined || clock === undefined) return undefined;
      const [a, b, c] = date;
      const day: [number, number, number] = a > 31 ? [fullYear(a), b, c] : [fullYear(c), a, b];
      const { hour, minute, second } = clock;
      return {
        name: isDirectory ? fields.text(0) : `${fields.text(0)}.${fields.text(1)}`,
        type: isDirectory ? 'directory' : 'file',
        ...serverTime(context, 'second', ...day, hour, minute, second),
      };
    },
  };
}
