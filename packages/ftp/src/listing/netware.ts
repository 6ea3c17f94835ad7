/**
 * Novell NetWare: rights in brackets, no links and no group.
 *
 *     d [R----F--] supervisor            512       Jan 16 18:53    login
 */
import { clockOf, serverTime, yearOf } from './calendar.js';
import {
  type Dialect,
  type DialectContext,
  Fields,
  leadingNumber,
  wholeNumber,
} from './dialect.js';
import type { Draft } from './entry.js';
import { monthOf } from './months.js';

export function netware(context: DialectContext): Dialect {
  const fields = new Fields(7);
  return {
    name: 'netware',
    read(line) {
      if (!/^[-d] ?\[[-A-Z]+\] /.test(line)) return undefined;
      // `d[RIGHTS]` without the blank is a field less.
      if (fields.read(line.charCodeAt(1) === 32 ? line : `${line[0]} ${line.slice(1)}`).count < 7) {
        return undefined;
      }
      const month = monthOf(fields.text(4));
      const day = leadingNumber(fields.text(5));
      const name = fields.after(6);
      if (month === undefined || day === undefined || name === '') return undefined;
      const type = line.startsWith('d') ? 'directory' : 'file';
      const draft: Draft = { name, type, owner: fields.text(2) };
      if (type === 'file') draft.size = wholeNumber(fields.text(3));
      return Object.assign(draft, timeOf(context, month, day, fields.text(6)));
    },
  };
}

function timeOf(context: DialectContext, month: number, day: number, text: string) {
  const clock = clockOf(text);
  if (clock === undefined) return serverTime(context, 'day', leadingNumber(text) ?? 0, month, day);
  const year = yearOf(context, month, day, clock.hour, clock.minute);
  return serverTime(context, 'minute', year, month, day, clock.hour, clock.minute);
}
