/**
 * OpenVMS. A long name stands on a line of its own, the rest below it.
 *
 *     Directory DISK$PCSA:[ANONYM]
 *     CORE.DIR;1          1  8-SEP-1996 16:09 [SYSTEM] (RWE,RWE,RE,RE)
 *     CII-MANUAL.TEX;1  213/216  29-JAN-1996 03:33:12  [ANONYMOU,ANONYMOUS]   (RWED,RWED,,)
 *     NOTES.TXT;2  15-JAN-2000 17:44:10  12  [SYSTEM] (RWED,RWED,RE,RE)       (the date ahead of the size)
 *     UNTIMED.TXT;1  2/8  15-JAN-2000  [GUEST]  (,,,)                         (no time)
 *     ANON_FTP_LOG.LOG;23
 *                        <%SYSTEM-F-NOPRIV, insufficient privilege or object protection violation>
 */
import { clockOf, fullYear, type Stamp, serverTime } from './calendar.js';
import {
  type Dialect,
  type DialectContext,
  Fields,
  type LineResult,
  leadingNumber,
} from './dialect.js';
import type { Draft, Entry } from './entry.js';
import { monthOf } from './months.js';
import { sizeIn } from './sizes.js';

type VmsFile = Pick<Entry, 'name' | 'type'>;

export function vms(context: DialectContext): Dialect {
  const fields = new Fields(10);
  let pending: VmsFile | undefined;
  let directory: string | undefined;
  return {
    name: 'vms',
    read(line) {
      if (line.startsWith('Directory ')) {
        directory ??= line;
        return line === directory ? 'header' : 'elsewhere'; // `DIR [...]`
      }
      if (isHeading(line)) return 'header';
      const waiting = pending;
      pending = undefined;
      const named = line.charCodeAt(0) > 32 ? fileAt(line) : undefined;
      if (named === undefined) {
        return waiting === undefined ? undefined : attributes(fields.read(line), waiting, context);
      }
      const rest = fields.read(line.slice(named.end));
      if (rest.count > 0) return attributes(rest, named.file, context);
      pending = named.file;
      return 'header';
    },
  };
}

/** A date there must be; a size, a time and an owner there may be, in any order. */
function attributes(fields: Fields, file: VmsFile, context: DialectContext): LineResult {
  if (fields.text(0).startsWith('<%') || fields.text(0).startsWith('%')) {
    return { refusal: `the server can't show ${file.name}: ${fields.span(0, fields.count)}` };
  }
  const draft: Draft = { ...file };
  let stamp: Stamp | undefined;
  let isSized = false;
  for (let at = 0; at < fields.count; at += 1) {
    const text = fields.text(at);
    if (text.startsWith('(')) break;
    if (text.startsWith('[')) {
      const owner = fields.after(at - 1);
      const end = owner.indexOf(']');
      if (end > 0) takeOwner(draft, owner.slice(1, end));
      break;
    }
    const date = stamp === undefined ? dateIn(context, text, fields.text(at + 1)) : undefined;
    if (date !== undefined) {
      stamp = date.stamp;
      at += date.fields - 1;
    } else if (!isSized && isBlocks(text)) {
      isSized = true;
      if (file.type === 'file') takeSize(draft, text);
    } else return undefined;
  }
  return stamp === undefined ? undefined : Object.assign(draft, stamp);
}

/** `213`, `1,213`, `213/216`, `20KB`, or asterisks: too many for the column. */
function isBlocks(text: string): boolean {
  return /^(?:\d{1,15}(?:\/\d{1,15})?|\*+)$/.test(text) || sizeIn(text) !== undefined;
}

/** `GROUP,MEMBER`, or the member alone. */
function takeOwner(draft: Draft, identity: string): void {
  const comma = identity.indexOf(',');
  draft.owner = identity.slice(comma + 1).trim();
  if (comma > 0) draft.group = identity.slice(0, comma).trim();
}

/** In blocks; but with a unit behind it (MultiNet and its kin) in octets. */
function takeSize(draft: Draft, text: string): void {
  const size = sizeIn(text.split('/', 1)[0] ?? '');
  if (size === undefined) return;
  if (/[a-z]$/i.test(text)) draft.size = size;
  else draft.blocks = size;
}

/**
 * `NAME.EXT;VERSION`, and where the name ends. The version goes, for without one a server gives the newest; so does a directory's
 * `.DIR`.
 */
function fileAt(line: string): { file: VmsFile; end: number } | undefined {
  const version = /;(\d{1,5})(?=\s|$)/.exec(line);
  if (version === null || version.index < 1) return undefined;
  const name = line.slice(0, version.index);
  if (/(?<!\^)\s/.test(name)) return undefined; // a blank would be escaped
  const end = version.index + version[0].length;
  if (name.length > 4 && name.toUpperCase().endsWith('.DIR')) {
    return { file: { name: name.slice(0, -4), type: 'directory' }, end };
  }
  return { file: { name, type: 'file' }, end };
}

/** `8-SEP-1996`, and behind it perhaps `16:09` or `23:32:40.47`. */
function dateIn(
  context: DialectContext,
  date: string,
  time: string,
): { stamp: Stamp; fields: number } | undefined {
  const parts = date.split('-', 4);
  if (parts.length !== 3) return undefined;
  const day = leadingNumber(parts[0] ?? '');
  const month = monthOf(parts[1] ?? '');
  const year = leadingNumber(parts[2] ?? '');
  if (day === undefined || month === undefined || year === undefined) return undefined;
  const clock = clockOf(time);
  const { hour, minute, second } = clock ?? { hour: 0, minute: 0, second: 0 };
  const precision = clock === undefined ? 'day' : time.length > 5 ? 'second' : 'minute';
  const stamp = serverTime(context, precision, fullYear(year), month, day, hour, minute, second);
  return stamp === undefined ? undefined : { stamp, fields: clock === undefined ? 1 : 2 };
}

/** The directory's name above, the sum below. */
function isHeading(line: string): boolean {
  if (line.startsWith('Total of ')) return true;
  if (line.startsWith('Grand total of ')) return true;
  return line.includes(':[') && line.trimEnd().endsWith(']') && !line.includes(';');
}
