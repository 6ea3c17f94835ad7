/**
 * Novell NetWare: rights in brackets, no links and no group.
 *
 *     d [R----F--] supervisor            512       Jan 16 18:53    login
 */
import { clockOf, serverTime, yearOf } from './calendar.js';
import { type Dialect, type DialectContext, Fields, leadingNumber } from './dialect.js';
import type { Draft } from './entry.js';
import { monthOf } from './months.js';
import { sizeIn } from './sizes.js';

export function netware(context: DialectContext): Dialect {
  const fields = new Fields(12);
  return {
    name: 'netware',
    read(line) {
      if (!/^[-dn] {0,3}\[[-A-Z]+\] /.test(line)) return undefined;
      // `d[RIGHTS]` without the blank is a field less.
      fields.read(line.charCodeAt(1) === 32 ? line : `${line[0]} ${line.slice(1)}`);
      const at = dateAt(fields);
      const size = sizeIn(fields.text(at - 1));
      const dayFirst = fields.isNumeric(at);
      const month = monthOf(fields.text(dayFirst ? at + 1 : at));
      const day = leadingNumber(fields.text(dayFirst ? at : at + 1));
      const name = fields.after(at + 2);
      if (size === undefined || month === undefined || day === undefined || name === '')
        return undefined;
      const type = line.startsWith('d') ? 'directory' : 'file';
      const draft: Draft = { name, type };
      const owner = at > 4 && fields.isNumeric(2) ? 3 : 2; // behind a number of links, with some
      if (at > 3) draft.owner = fields.span(owner, at - 1);
      if (type === 'file') draft.size = size;
      return Object.assign(draft, timeOf(context, month, day, fields.text(at + 2)));
    },
  };
}

/** Where the date begins: behind a size, and with a time or a year as its third field. An owner may be of some words, or not there. */
function dateAt(fields: Fields): number {
  for (let at = 3; at + 2 < fields.count; at += 1) {
    const third = fields.text(at + 2);
    const isDate = fields.isNumeric(at) !== fields.isNumeric(at + 1);
    if (isDate && fields.isNumeric(at - 1) && /^(?:\d{1,2}:\d\d(?::\d\d)?|\d{4})$/.test(third))
      return at;
  }
  return fields.count;
}

function timeOf(context: DialectContext, month: number, day: number, text: string) {
  const clock = clockOf(text);
  if (clock === undefined) return serverTime(context, 'day', leadingNumber(text) ?? 0, month, day);
  const year = yearOf(context, month, day, clock.hour, clock.minute);
  return serverTime(context, 'minute', year, month, day, clock.hour, clock.minute);
}
