/**
 * MLST and MLSD, RFC 3659 §7.
 *
 *     entry    = [ facts ] SP pathname
 *     facts    = 1*( factname "=" value ";" )
 *     time-val = 14DIGIT [ "." 1*DIGIT ]
 */

import { wallClock } from './calendar.js';
import type { Dialect, DialectContext } from './dialect.js';
import { wholeNumber } from './dialect.js';
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
  return readFacts(line);
}

/**
 * Lines that are alike have the same facts in the same order, all but three of them with the same values. As an expression that is
 * cheaper than looking for each fact, and makes little that is thrown away.
 */
interface Pattern {
  /** Catches the values that vary, and at last the name. */
  readonly line: RegExp;
  readonly facts: readonly Varying[];
  /** The values of the others. The one draft that all lines of this pattern return. */
  readonly draft: Draft;
}

type Varying = keyof typeof varying;

/** A time that is no time is left to the general way. */
const varying = {
  modify: '(\\d{8})([01]\\d|2[0-3])([0-5]\\d)([0-5]\\d)',
  size: '(\\d{1,15})',
  unique: '([^; \t]*)',
} as const;

const isVarying = (fact: string): fact is Varying => Object.hasOwn(varying, fact);

/** Files and directories, in a few modes. */
const mostPatterns = 12;
const mostDays = 10_000;
const longestFacts = 1_000;

/** Reads line after line. What it returns holds until the next line is read. */
class MlsxReader {
  readonly #patterns: Pattern[] = [];
  readonly #days = new Map<string, number | undefined>();
  /** Of the line before. */
  #last: Pattern | undefined;

  read(line: string): Draft | undefined {
    const last = this.#last;
    if (last !== undefined && this.#matches(last, line)) return last.draft;
    for (const pattern of this.#patterns) {
      if (pattern === last || !this.#matches(pattern, line)) continue;
      this.#last = pattern;
      return pattern.draft;
    }
    const draft = readFacts(line);
    if (draft !== undefined && this.#patterns.length < mostPatterns) {
      this.#last = patternOf(line, draft);
      if (this.#last !== undefined) this.#patterns.push(this.#last);
    }
    return draft;
  }

  /** Whether the line is of this pattern; then its draft has what the line says. */
  #matches({ line: expected, facts, draft }: Pattern, line: string): boolean {
    const parts = expected.exec(line);
    if (parts === null) return false;
    let at = 0;
    for (const fact of facts) {
      at += 1;
      if (fact === 'unique') draft.unique = parts[at] as string;
      else if (fact === 'size') {
        if (draft.size !== undefined) draft.size = Number(parts[at]);
      } else {
        const start = this.#startOf(parts[at] as string);
        if (start === undefined) return false;
        const minutes = Number(parts[at + 1]) * 60 + Number(parts[at + 2]);
        draft.modified = new Date(start + (minutes * 60 + Number(parts[at + 3])) * 1_000);
        at += 3;
      }
    }
    draft.name = parts[at + 1] as string;
    return true;
  }

  /** `20260102` */
  #startOf(day: string): number | undefined {
    const known = this.#days.get(day);
    if (known !== undefined) return known;
    const [year, month, date] = [day.slice(0, 4), day.slice(4, 6), day.slice(6)].map(Number);
    const start = wallClock(year as number, month as number, date as number);
    if (this.#days.size < mostDays) this.#days.set(day, start);
    return start;
  }
}

/** `undefined` where a line is written in an unusual way, or lets nothing vary. */
function patternOf(line: string, draft: Draft): Pattern | undefined {
  const blank = separatorIn(line, 0);
  const facts: Varying[] = [];
  let expected = '^';
  let at = 0;
  while (at < blank) {
    const equals = line.indexOf('=', at);
    const semicolon = line.indexOf(';', at);
    if (equals < 0 || semicolon < equals || semicolon > blank) return undefined;
    const fact = line.slice(at, equals).toLowerCase();
    if (facts.some((one) => one === fact)) return undefined;
    if (isVarying(fact)) {
      facts.push(fact);
      expected += `${literally(line.slice(at, equals + 1))}${varying[fact]};`;
    } else expected += literally(line.slice(at, semicolon + 1));
    at = semicolon + 1;
  }
  if (facts.length === 0 || blank > longestFacts) return undefined;
  if (facts.includes('modify') && draft.precision !== 'second') return undefined;
  const pattern = { line: new RegExp(`${expected}[ \t](.+)$`, 's'), facts, draft: { ...draft } };
  return pattern.line.test(line) ? pattern : undefined;
}

const literally = (text: string): string => text.replace(/[\\^$.|?*+()[\]{}/-]/g, '\\$&');

function readFacts(line: string): Draft | undefined {
  let blank = separatorIn(line, 0);
  if (blank < 0) return undefined;
  const draft = emptyDraft();
  let at = 0;
  while (at < blank) {
    if (line.charCodeAt(at) === semicolonCode) {
      at += 1; // one too many
      continue;
    }
    const equals = line.indexOf('=', at);
    const semicolon = line.indexOf(';', at);
    if (equals <= at || equals > blank || (semicolon >= 0 && semicolon < equals)) return undefined;
    const fact = line.slice(at, equals).toLowerCase();
    if (semicolon > blank && fact === 'type' && isLink.test(line.slice(equals + 1, semicolon)))
      blank = separatorIn(line, semicolon); // the blank belongs to what the link points at (ProFTPD)
    while (blank >= 0 && semicolon > blank && isBlankBetween(line, blank, semicolon))
      blank = separatorIn(line, blank + 1); // `type=file ;size=3; name`
    if (blank < 0) return undefined;
    const isClosed = semicolon >= 0 && semicolon < blank;
    if (!isClosed && !known.has(fact)) return undefined;
    const end = isClosed ? semicolon : blank;
    takerOf.get(fact)?.(draft, line.slice(equals + 1, end).trimEnd());
    at = isClosed ? end + 1 : end;
  }
  draft.name = line.slice(at + 1);
  if (draft.name === '' || (at === 0 && draft.name.trim() === '')) return undefined;
  if (draft.type === 'directory' || draft.type === 'symlink') draft.size = undefined;
  return draft;
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

const isBlankBetween = (line: string, from: number, to: number): boolean =>
  line.slice(from, to).trim() === '';

const semicolonCode = 59;
const isLink = /^OS\.[^=]*=s(?:ym)?link:/i;

/** The first blank or tab from there on; -1 where there is none. */
function separatorIn(line: string, from: number): number {
  const blank = line.indexOf(' ', from);
  const tab = line.indexOf('\t', from);
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

type Taker = (draft: Draft, value: string) => void;

const takeOwner: Taker = (draft, value) => {
  if (!draft.ownerIsName) draft.owner = value;
};
const takeGroup: Taker = (draft, value) => {
  if (!draft.groupIsName) draft.group = value;
};

const takerOf = new Map<string, Taker>([
  ['type', takeType],
  ['size', takeSize],
  ['modify', takeModified],
  ['perm', takePermissions],
  ['unique', takeUnique],
  ['unix.mode', takeMode],
  // ProFTPD has both, in either order; the name says more than the number.
  ['unix.ownername', takeOwnerName],
  ['unix.owner', takeOwner],
  ['unix.uid', takeOwner],
  ['unix.groupname', takeGroupName],
  ['unix.group', takeGroup],
  ['unix.gid', takeGroup],
]);

function takeSize(draft: Draft, value: string): void {
  draft.size = wholeNumber(value);
}

function takePermissions(draft: Draft, value: string): void {
  draft.permissions = value;
}

function takeUnique(draft: Draft, value: string): void {
  draft.unique = value;
}

function takeOwnerName(draft: Draft, value: string): void {
  draft.owner = value;
  draft.ownerIsName = true;
}

function takeGroupName(draft: Draft, value: string): void {
  draft.group = value;
  draft.groupIsName = true;
}

function takeMode(draft: Draft, value: string): void {
  if (/^[0-7]{1,6}$/.test(value)) draft.mode = Number.parseInt(value, 8) & 0o7777;
}

function takeModified(draft: Draft, value: string): void {
  const time = readTimeVal(value);
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
  } else if (/^(?:os\.[^=]*=)?(?:s(?:ym)?link|link|junction)(?::|$)/.test(lower)) {
    draft.type = 'symlink';
    const colon = value.indexOf(':');
    if (colon > 0) draft.target = value.slice(colon + 1);
  } else draft.type = 'other';
}

/** RFC 3659 §2.3: UTC, always. `19100` for the year 2000 is a famous fault of old servers, and is refused like any other. */
export function readTimeVal(
  text: string,
): Required<Pick<Draft, 'modified' | 'precision' | 'zone'>> | undefined {
  const parts = timeVal.exec(text);
  if (parts === null) return undefined;
  const number = (at: number): number => Number(parts[at]);
  const time = wallClock(number(1), number(2), number(3), number(4), number(5), number(6));
  const fraction = parts[7];
  if (time === undefined) return undefined;
  if (fraction === undefined) return { modified: new Date(time), precision: 'second', zone: 'utc' };
  const milliseconds = Number(fraction.slice(0, 3).padEnd(3, '0'));
  return { modified: new Date(time + milliseconds), precision: 'millisecond', zone: 'utc' };
}

// Some servers say by a Z what is so anyway.
const timeVal = /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)(?:\.(\d{1,49})|\.)?Z?$/;
