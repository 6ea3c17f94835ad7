/**
 * Systems without permissions in their listings: VShell, VxWorks (and Nortel's switches), OS-9, Nortel's routers.
 *
 *     206876  Apr 04, 2000 21:06 report.txt
 *          0  Dec 12, 2002 02:13 sources/
 *
 *       size          date       time       name
 *     --------       ------     ------    --------
 *         1024    NOV-12-1997  09:25:10   boot.cfg
 *          512    Jan-01-1980  00:00:00   LOGS              <DIR>
 *
 *      Owner    Last modified  Attributes Sector Bytecount Name
 *        0.0    01/02/13 1442   d-ewrewr   8A4      1024   CMDS
 *
 *     router.cfg       2014196   06/03/04  Thur.   10:20:03
 *
 * and servers of 16-bit Windows, SuperTCP and Chameleon:
 *
 *     INSTALL         <DIR>           11-16-94        17:17
 *     README.TXT       1045           May 10 1995 11:01   A
 */
import { clockOf, dateNumbers, dosOrder, fullYear, serverTime } from './calendar.js';
import {
  type Dialect,
  type DialectContext,
  Fields,
  leadingNumber,
  wholeNumber,
} from './dialect.js';
import type { Draft } from './entry.js';
import { monthOf } from './months.js';
import { sizeIn } from './sizes.js';

export function vshell(context: DialectContext): Dialect {
  const fields = new Fields(5);
  return {
    name: 'vshell',
    read(line) {
      if (fields.read(line).count < 5) return undefined;
      const size = sizeIn(fields.text(0));
      const month = monthOf(fields.text(1));
      const dayText = fields.text(2);
      const year = wholeNumber(fields.text(3));
      const clock = clockOf(fields.text(4));
      if (size === undefined || month === undefined || !/^\d{1,2},$/.test(dayText))
        return undefined;
      if (year === undefined || year < 1900 || clock === undefined) return undefined;
      const shown = line.slice((fields.end[4] ?? 0) + 1);
      const isDirectory = shown.endsWith('/');
      const name = isDirectory ? shown.slice(0, -1) : shown;
      if (name.trim() === '') return undefined;
      const draft: Draft = { name, type: isDirectory ? 'directory' : 'file' };
      if (!isDirectory) draft.size = size;
      const day = leadingNumber(dayText) ?? 0;
      return Object.assign(
        draft,
        serverTime(context, 'minute', year, month, day, clock.hour, clock.minute),
      );
    },
  };
}

export function vxworks(context: DialectContext): Dialect {
  const fields = new Fields(4);
  return {
    name: 'vxworks',
    read(line) {
      fields.read(line);
      if (/^\s*size\s+date\s+time\s+name\s*$/i.test(line)) return 'header';
      if (/^\s*-{4,}(?:\s+-{4,}){3}\s*$/.test(line)) return 'header';
      const size = wholeNumber(fields.text(0));
      const parts = fields.text(1).split('-', 4);
      const clock = clockOf(fields.text(2));
      if (size === undefined || parts.length !== 3 || clock === undefined) return undefined;
      const month = monthOf(parts[0] ?? '');
      const day = wholeNumber(parts[1] ?? '');
      const year = wholeNumber(parts[2] ?? '');
      if (month === undefined || day === undefined || year === undefined) return undefined;
      const rest = fields.after(2).trimEnd();
      const isDirectory = /\s<DIR>$/i.test(rest);
      const name = isDirectory ? rest.slice(0, -5).trimEnd() : rest;
      if (name === '') return undefined;
      const draft: Draft = { name, type: isDirectory ? 'directory' : 'file' };
      if (!isDirectory) draft.size = size;
      const { hour, minute, second } = clock;
      return Object.assign(
        draft,
        serverTime(context, 'second', fullYear(year), month, day, hour, minute, second),
      );
    },
  };
}

export function os9(context: DialectContext): Dialect {
  const fields = new Fields(7);
  return {
    name: 'os9',
    read(line) {
      fields.read(line);
      if (fields.text(0) === 'Owner' && line.includes('Bytecount')) return 'header';
      if (/^\s*-{3,}(?:\s+-{3,}){3,}\s*$/.test(line)) return 'header';
      if (/^\s*Directory of \S+ +\d\d:\d\d/.test(line)) return 'header';
      if (fields.count < 7 || !/^\d+\.\d+$/.test(fields.text(0))) return undefined;
      const date = dateNumbers(fields.text(1));
      const time = /^(\d\d):?(\d\d)$/.exec(fields.text(2));
      const rights = fields.text(3);
      const size = wholeNumber(fields.text(5));
      const name = fields.after(5);
      if (date === undefined || time === null || !/^[-d][-s](?:[-e][-w][-r]){2}$/.test(rights))
        return undefined;
      if (size === undefined || !/^[0-9a-f]+$/i.test(fields.text(4)) || name === '')
        return undefined;
      const isDirectory = rights.startsWith('d');
      const draft: Draft = {
        name,
        type: isDirectory ? 'directory' : 'file',
        owner: fields.text(0),
      };
      if (!isDirectory) draft.size = size;
      const [a, b, c] = date;
      return Object.assign(
        draft,
        serverTime(context, 'minute', fullYear(a), b, c, Number(time[1]), Number(time[2])),
      );
    },
  };
}

export function wfFtp(context: DialectContext): Dialect {
  const fields = new Fields(9);
  return {
    name: 'wfftp',
    read(line) {
      const { count } = fields.read(line);
      const isDirectory = fields.text(1) === '<DIR>';
      const size = wholeNumber(fields.text(1));
      if (count < 4 || (size === undefined && !isDirectory)) return undefined;
      const numbers = dateNumbers(fields.text(2));
      const spelt = numbers === undefined ? speltDay(fields) : undefined;
      let at = numbers === undefined ? 5 : 3;
      if (numbers !== undefined && /^[A-Z][a-z]{1,4}\.?$/.test(fields.text(at))) at += 1; // Thur.
      const clock = clockOf(fields.text(at));
      const day = numbers === undefined ? spelt : dosOrder(numbers, context);
      if (day === undefined || clock === undefined) return undefined;
      if (count > at + 2 || (count === at + 2 && !/^[RHSA]{1,4}$/.test(fields.text(at + 1))))
        return undefined;
      const { hour, minute, second } = clock;
      const precision = /:.*:/.test(fields.text(at)) ? 'second' : 'minute';
      const type = isDirectory ? 'directory' : 'file';
      const draft: Draft = { name: fields.text(0), type };
      if (!isDirectory) draft.size = size;
      return Object.assign(draft, serverTime(context, precision, ...day, hour, minute, second));
    },
  };
}

/** `Nov 16 1994` */
function speltDay(fields: Fields): [number, number, number] | undefined {
  const month = monthOf(fields.text(2));
  const day = leadingNumber(fields.text(3));
  const year = wholeNumber(fields.text(4));
  if (month === undefined || day === undefined || year === undefined || year < 1900)
    return undefined;
  return [year, month, day];
}
