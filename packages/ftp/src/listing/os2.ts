/**
 * OS/2.
 *
 *                      0           DIR   08-08-11   01:47  Archive
 *                  65201      A          08-04-11   10:24  csort.exe
 *                   1123 DIR  A          10-05-100  23:38  old
 */
import { clockOf, dateNumbers, dosOrder, serverTime } from './calendar.js';
import { type Dialect, type DialectContext, Fields } from './dialect.js';
import type { Draft } from './entry.js';
import { sizeIn } from './sizes.js';

export function os2(context: DialectContext): Dialect {
  const fields = new Fields(10);
  return {
    name: 'os2',
    read(line) {
      const size = sizeIn(fields.read(line).text(0));
      if (size === undefined) return undefined;
      let at = 1; // attributes come one a field, and a plain file may have none
      while (at < fields.count && isAttribute(fields.text(at))) at += 1;
      let directory = false;
      for (let index = 1; index < at; index += 1) directory ||= fields.text(index) === 'DIR';
      const numbers = dateNumbers(fields.text(at));
      const clock = clockOf(fields.text(at + 1));
      const name = fields.after(at + 1);
      if (numbers === undefined || clock === undefined || name === '') return undefined;
      if (/^\*[A-Z0-9]+(?:\s|$)/.test(name)) return undefined; // OS/400, without an owner

      const draft: Draft = {
        name,
        type: directory ? 'directory' : 'file',
        ...serverTime(context, 'minute', ...dosOrder(numbers, context), clock.hour, clock.minute),
      };
      if (!directory) draft.size = size;
      return draft;
    },
  };
}

function isAttribute(text: string): boolean {
  return text === 'DIR' || /^[ARHS]{1,4}$/.test(text);
}
