/**
 * OpenVMS. A long name stands on a line of its own, the rest below it.
 *
 *     Directory DISK$PCSA:[ANONYM]
 *     CORE.DIR;1          1  8-SEP-1996 16:09 [SYSTEM] (RWE,RWE,RE,RE)
 *     CII-MANUAL.TEX;1  213/216  29-JAN-1996 03:33:12  [ANONYMOU,ANONYMOUS]   (RWED,RWED,,)
 *     ANON_FTP_LOG.LOG;23
 *                        <%SYSTEM-F-NOPRIV, insufficient privilege or object protection violation>
 */
import { clockOf, serverTime } from './calendar.js';
import type { LineResult } from './dialect.js';
import {
  type Dialect,
  type DialectContext,
  Fields,
  leadingNumber,
  wholeNumber,
} from './dialect.js';
import type { Draft, Entry } from './entry.js';
import { monthOf } from './months.js';

export function vms(context: DialectContext): Dialect {
  const fields = new Fields(5);
  let pending: Pick<Entry, 'name' | 'type'> | undefined;

  function attributes(file: Pick<Entry, 'name' | 'type'>, from: number): LineResult {
    if (fields.text(from).startsWith('<%')) {
      return { refusal: `the server can't show ${file.name}: ${fields.span(from, fields.count)}` };
    }
    const blocks = wholeNumber(fields.text(from).split('/', 1)[0] ?? '');
    const stamp = timeOf(context, fields.text(from + 1), fields.text(from + 2));
    const unknown = /^\*+$/.test(fields.text(from)); // too many blocks for the column
    if ((blocks === undefined && !unknown) || stamp === undefined) return undefined;
    const draft: Draft = { ...file, ...stamp };
    if (file.type === 'file') draft.blocks = blocks;
    const owner = fields.text(from + 3);
    if (owner.startsWith('[') && owner.endsWith(']')) draft.owner = owner.slice(1, -1);
    return draft;
  }

  return {
    name: 'vms',
    read(line) {
      if (isHeading(line)) return 'header';
      fields.read(line);
      const waiting = pending;
      pending = undefined;
      if (waiting !== undefined && fields.start[0] !== 0) return attributes(waiting, 0);
      const file = fields.start[0] === 0 ? fileOf(fields.text(0)) : undefined;
      if (file === undefined) return undefined;
      if (fields.count > 1) return attributes(file, 1);
      pending = file;
      return 'header';
    },
  };
}

/** `NAME.EXT;VERSION`. The version goes, for without one a server gives the newest; so does a directory's `.DIR`. */
function fileOf(text: string): Pick<Entry, 'name' | 'type'> | undefined {
  const semicolon = text.lastIndexOf(';');
  if (semicolon < 1 || wholeNumber(text.slice(semicolon + 1)) === undefined) return undefined;
  const name = text.slice(0, semicolon);
  if (name.length > 4 && name.toUpperCase().endsWith('.DIR')) {
    return { name: name.slice(0, -4), type: 'directory' };
  }
  return { name, type: 'file' };
}

/** `8-SEP-1996`, `16:09` or `23:32:40.47`. */
function timeOf(context: DialectContext, date: string, time: string) {
  const parts = date.split('-', 4);
  const clock = clockOf(time);
  const day = leadingNumber(parts[0] ?? '');
  const month = monthOf(parts[1] ?? '');
  const year = leadingNumber(parts[2] ?? '');
  if (parts.length !== 3 || clock === undefined) return undefined;
  if (day === undefined || month === undefined || year === undefined) return undefined;
  const { hour, minute, second } = clock;
  const precision = time.length > 5 ? 'second' : 'minute';
  return serverTime(context, precision, year, month, day, hour, minute, second);
}

/** The directory's name above, the sum below. */
function isHeading(line: string): boolean {
  if (line.startsWith('Directory ') || line.startsWith('Total of ')) return true;
  return line.includes(':[') && line.trimEnd().endsWith(']') && !line.includes(';');
}
