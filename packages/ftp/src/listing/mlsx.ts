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
  const reader = new MlsxReader();
  return {
    name: 'mlsd',
    read(line) {
      // A name without facts looks like a line of any kind: only where it is known to be MLSD.
      if (!isCertain && isSeparator(line.charCodeAt(0))) return undefined;
      const draft = reader.read(line);
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
  return new MlsxReader().read(line);
}

/** Reads line after line: servers write the same facts in the same order, so what stood there before is looked for first. */
class MlsxReader {
  #order: { written: string; mayEndList: boolean; take: Taker | undefined }[] = [];

  read(line: string): Draft | undefined {
    const blank = separatorIn(line);
    if (blank < 0) return undefined;
    const draft = emptyDraft();
    let at = 0;
    for (let place = 0; at < blank; place += 1) {
      const equals = this.#factAt(line, at, place, blank);
      if (equals < 0) return undefined;
      const fact = this.#order[place];
      const semicolon = line.indexOf(';', equals);
      const isClosed = semicolon >= 0 && semicolon < blank;
      if (!isClosed && !fact?.mayEndList) return undefined;
      const end = isClosed ? semicolon : blank;
      fact?.take?.(draft, line, equals + 1, end);
      at = isClosed ? end + 1 : end;
    }
    draft.name = line.slice(at + 1);
    if (draft.name === '' || (at === 0 && draft.name.trim() === '')) return undefined;
    if (draft.type !== 'file') draft.size = undefined;
    return draft;
  }

  /** Where the equals sign stands behind the fact's name; -1 where there is none. What was found is in the order then. */
  #factAt(line: string, at: number, place: number, blank: number): number {
    const before = this.#order[place]?.written;
    if (before !== undefined && line.startsWith(before, at)) return at + before.length - 1;
    const equals = line.indexOf('=', at);
    const semicolon = line.indexOf(';', at);
    const isFact = equals > at && equals < blank && (semicolon < 0 || equals < semicolon);
    if (!isFact) return -1;
    const written = line.slice(at, equals + 1);
    const name = written.slice(0, -1).toLowerCase();
    this.#order[place] = { written, mayEndList: known.has(name), take: takers.get(name) };
    return equals;
  }
}

/** All fields at once: objects that gain them one by one are dear. */
const emptyDraft = (): Draft => ({
  name: '',
  type: 'other',
  size: undefined,
  modified: undefined,
  precision: undefined,
  zone: undefined,
  mode: undefined,
  owner: undefined,
  group: undefined,
  target: undefined,
  permissions: undefined,
  unique: undefined,
  ownerIsName: undefined,
  groupIsName: undefined,
  self: undefined,
});

/** The first blank or tab; -1 where there is none. */
function separatorIn(line: string): number {
  const blank = line.indexOf(' ');
  const tab = line.indexOf('\t');
  return tab < 0 || (blank >= 0 && blank < tab) ? blank : tab;
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

/** Takes the value that stands in the line from one place to another. */
type Taker = (draft: Draft, line: string, from: number, end: number) => void;

const takeOwner: Taker = (draft, line, from, end) => {
  if (!draft.ownerIsName) draft.owner = line.slice(from, end);
};
const takeGroup: Taker = (draft, line, from, end) => {
  if (!draft.groupIsName) draft.group = line.slice(from, end);
};

const takers = new Map<string, Taker>([
  ['type', (draft, line, from, end) => takeType(draft, line.slice(from, end))],
  [
    'size',
    (draft, line, from, end) => {
      draft.size = wholeNumber(line.slice(from, end));
    },
  ],
  ['modify', takeModified],
  [
    'perm',
    (draft, line, from, end) => {
      draft.permissions = line.slice(from, end);
    },
  ],
  [
    'unique',
    (draft, line, from, end) => {
      draft.unique = line.slice(from, end);
    },
  ],
  ['unix.mode', takeMode],
  // ProFTPD has both, in either order; the name says more than the number.
  [
    'unix.ownername',
    (draft, line, from, end) => {
      draft.owner = line.slice(from, end);
      draft.ownerIsName = true;
    },
  ],
  ['unix.owner', takeOwner],
  ['unix.uid', takeOwner],
  [
    'unix.groupname',
    (draft, line, from, end) => {
      draft.group = line.slice(from, end);
      draft.groupIsName = true;
    },
  ],
  ['unix.group', takeGroup],
  ['unix.gid', takeGroup],
]);

function takeMode(draft: Draft, line: string, from: number, end: number): void {
  if (end === from || end - from > 6) return;
  let mode = 0;
  for (let at = from; at < end; at += 1) {
    const digit = line.charCodeAt(at) - 48;
    if (digit < 0 || digit > 7) return;
    mode = mode * 8 + digit;
  }
  draft.mode = mode & 0o7777;
}

function takeModified(draft: Draft, line: string, from: number, end: number): void {
  const time = readTimeVal(line, from, end);
  if (time === undefined) return;
  draft.modified = time.modified;
  draft.precision = time.precision;
  draft.zone = time.zone;
}

/** `OS.unix=slink:/target` (ProFTPD, Pure-FTPd) and `OS.unix=symlink` are how servers say what §7.5.1 left out. */
function takeType(draft: Draft, value: string): void {
  if (value === 'file') {
    draft.type = value;
    draft.self = false;
    return;
  }
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
  from: number = 0,
  end: number = text.length,
): Required<Pick<Draft, 'modified' | 'precision' | 'zone'>> | undefined {
  const length = end - from;
  if (length < 14 || length > 64) return undefined;
  if (length > 14 && text.charCodeAt(from + 14) !== 46 /* . */) return undefined;
  for (let at = from; at < end; at += 1) {
    if (at !== from + 14 && !isDigit(text.charCodeAt(at))) return undefined;
  }
  const time = wallClock(
    digits(text, from, 4),
    digits(text, from + 4, 2),
    digits(text, from + 6, 2),
    digits(text, from + 8, 2),
    digits(text, from + 10, 2),
    digits(text, from + 12, 2),
  );
  if (time === undefined) return undefined;
  if (length < 16) return { modified: new Date(time), precision: 'second', zone: 'utc' };
  const places = Math.min(3, length - 15);
  const milliseconds = digits(text, from + 15, places) * 10 ** (3 - places);
  return { modified: new Date(time + milliseconds), precision: 'millisecond', zone: 'utc' };
}

function digits(text: string, from: number, count: number): number {
  let value = 0;
  for (let at = from; at < from + count; at += 1) value = value * 10 + text.charCodeAt(at) - 48;
  return value;
}
