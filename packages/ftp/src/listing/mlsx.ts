/**
 * MLST and MLSD, RFC 3659 §7.
 *
 *     entry    = [ facts ] SP pathname
 *     facts    = 1*( factname "=" value ";" )
 *     time-val = 14DIGIT [ "." 1*DIGIT ]
 */

import { wallClock } from './calendar.js';
import type { Dialect, DialectContext } from './dialect.js';
import { isDigit, wholeNumber } from './dialect.js';
import type { Draft, EntryType } from './entry.js';

export function mlsd({ isMlsd }: DialectContext): Dialect {
  let isCertain = isMlsd;
  return {
    name: 'mlsd',
    read(line) {
      // A name without facts looks like a line of any kind: only where it is known to be MLSD.
      if (!isCertain && isSeparator(line.charCodeAt(0))) return undefined;
      const draft = readMlsx(line);
      isCertain ||= draft !== undefined;
      return draft;
    },
  };
}

/**
 * An MLSD line, or the middle line of an MLST reply with its leading space taken off. Servers leave out the last semicolon, set a tab
 * for the blank, and show names without facts.
 */
export function readMlsx(line: string): Draft | undefined {
  const draft: Draft = { name: '', type: 'other' };
  let at = 0;
  while (at < line.length && !isSeparator(line.charCodeAt(at))) {
    let end = at;
    let equals = -1;
    for (; end < line.length; end += 1) {
      const code = line.charCodeAt(end);
      if (code === 59 /* ; */ || isSeparator(code)) break;
      if (code === 61 /* = */ && equals < 0) equals = end;
    }
    if (end === line.length || equals <= at) return undefined;
    const fact = line.slice(at, equals).toLowerCase();
    const isClosed = line.charCodeAt(end) === 59;
    if (!isClosed && !known.has(fact)) return undefined;
    takeFact(draft, fact, line.slice(equals + 1, end));
    at = isClosed ? end + 1 : end;
  }
  draft.name = line.slice(at + 1);
  if (draft.name === '' || (at === 0 && draft.name.trim() === '')) return undefined;
  if (draft.type !== 'file') draft.size = undefined;
  return draft;
}

/** Facts that show an unclosed list to be one. */
const known = new Set('type size modify create perm unique lang media-type charset'.split(' '));

const isSeparator = (code: number): boolean => code === 32 || code === 9;

const types = new Map<string, EntryType>([
  ['file', 'file'],
  ['dir', 'directory'],
  ['cdir', 'directory'],
  ['pdir', 'directory'],
]);

function takeFact(draft: Draft, fact: string, value: string): void {
  switch (fact) {
    case 'type':
      takeType(draft, value);
      return;
    case 'size':
      draft.size = wholeNumber(value);
      return;
    case 'modify':
      Object.assign(draft, readTimeVal(value));
      return;
    case 'perm':
      draft.permissions = value;
      return;
    case 'unique':
      draft.unique = value;
      return;
    case 'unix.mode':
      if (/^[0-7]{1,6}$/.test(value)) draft.mode = Number.parseInt(value, 8) & 0o7777;
      return;
    // ProFTPD has both, in either order; the name says more than the number.
    case 'unix.ownername':
      draft.owner = value;
      draft.ownerIsName = true;
      return;
    case 'unix.owner':
    case 'unix.uid':
      if (!draft.ownerIsName) draft.owner = value;
      return;
    case 'unix.groupname':
      draft.group = value;
      draft.groupIsName = true;
      return;
    case 'unix.group':
    case 'unix.gid':
      if (!draft.groupIsName) draft.group = value;
      return;
  }
}

/** `OS.unix=slink:/target` (ProFTPD, Pure-FTPd) and `OS.unix=symlink` are how servers say what §7.5.1 left out. */
function takeType(draft: Draft, value: string): void {
  const lower = value.toLowerCase();
  const known = types.get(lower);
  if (known !== undefined) {
    draft.type = known;
    draft.self = lower.length === 4 && known === 'directory'; // cdir, pdir
  } else if (lower.startsWith('os.unix=slink') || lower.startsWith('os.unix=symlink')) {
    draft.type = 'symlink';
    const colon = value.indexOf(':');
    if (colon > 0) draft.target = value.slice(colon + 1);
  } else draft.type = 'other';
}

/** RFC 3659 §2.3: UTC, always. `19100` for the year 2000 is a famous fault of old servers, and is refused like any other. */
export function readTimeVal(
  text: string,
): Required<Pick<Draft, 'modified' | 'precision' | 'zone'>> | undefined {
  if (text.length < 14 || text.length > 64) return undefined;
  const end = text.charCodeAt(14) === 46 /* . */ ? 14 : text.length;
  if (end !== 14) return undefined;
  for (let at = 0; at < text.length; at += 1) {
    if (at !== 14 && !isDigit(text.charCodeAt(at))) return undefined;
  }
  const number = (from: number, to: number) => wholeNumber(text.slice(from, to)) ?? 0;
  const time = wallClock(
    number(0, 4),
    number(4, 6),
    number(6, 8),
    number(8, 10),
    number(10, 12),
    number(12, 14),
  );
  if (time === undefined) return undefined;
  if (text.length < 16) return { modified: new Date(time), precision: 'second', zone: 'utc' };
  const milliseconds =
    number(15, Math.min(18, text.length)) * 10 ** (3 - Math.min(3, text.length - 15));
  return { modified: new Date(time + milliseconds), precision: 'millisecond', zone: 'utc' };
}
