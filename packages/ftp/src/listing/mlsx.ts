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
import { type Draft, type EntryType, emptyDraft } from './entry.js';
import { type Likeness, LinesAlike, literally, plainName } from './lines-alike.js';
import { readTimeVal } from './time-val.js';

export function mlsd(context: DialectContext): Dialect {
  let isCertain = context.isMlsd;
  const alike = new LinesAlike();
  const kinds = new FactKinds();
  return {
    name: 'mlsd',
    alike,
    read(line) {
      // A name without facts looks like a line of any kind: only where it is known to be MLSD.
      if (!isCertain && isSeparator(line.charCodeAt(0))) return undefined;
      const draft = readMlsx(line);
      if (draft === undefined) return undefined;
      isCertain = true;
      alike.learn(line, kinds.of(line, draft));
      return draft;
    },
  };
}

/**
 * An MLSD line, or the middle line of an MLST reply with its leading space taken off. Servers leave out the last semicolon, set a tab
 * for the blank, and show names without facts.
 */
export function readMlsx(line: string): Draft | undefined {
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
    if (semicolon > blank && holdsBlank(fact, line.slice(equals + 1, semicolon)))
      blank = separatorIn(line, semicolon);
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

/** What the lines of a listing have in common; their days are those that came before. */
class FactKinds {
  readonly #days = new Map<string, number | undefined>();

  /** Lines like this one; `undefined` where it is written in an unusual way, or lets nothing vary. */
  of(line: string, draft: Draft): Likeness | undefined {
    const blank = separatorIn(line, 0);
    const at = { modify: 0, size: 0, unique: 0 };
    let expected = '^';
    let values = 0;
    for (let from = 0; from < blank; ) {
      const equals = line.indexOf('=', from);
      const semicolon = line.indexOf(';', from);
      if (equals < 0 || semicolon < equals || semicolon > blank) return undefined;
      const fact = line.slice(from, equals).toLowerCase();
      if (!isVarying(fact)) expected += literally(line.slice(from, semicolon + 1));
      else {
        if (at[fact] > 0) return undefined;
        at[fact] = values + 1;
        values += 1;
        expected += `${literally(line.slice(from, equals + 1))}${varying[fact]};`;
      }
      from = semicolon + 1;
    }
    if (values === 0 || blank > longestFacts || draft.self) return undefined;
    if (at.modify > 0 && draft.precision !== 'second') return undefined;
    return {
      line: new RegExp(`${expected}[ \t](${plainName})$`, 's'),
      name: values + 1,
      size: draft.size === undefined ? 0 : at.size,
      unique: at.unique,
      time: at.modify,
      readTime: this.#time,
      draft: { ...draft },
    };
  }

  /** `20260102030405` */
  readonly #time = (shown: string): number | undefined => {
    const day = shown.slice(0, 8);
    let start = this.#days.get(day);
    if (start === undefined) {
      start = wallClock(Number(day.slice(0, 4)), Number(day.slice(4, 6)), Number(day.slice(6)));
      if (this.#days.size < mostDays) this.#days.set(day, start);
    }
    const time = Number(shown.slice(8));
    const hour = Math.floor(time / 10_000);
    const minute = Math.floor(time / 100) % 100;
    return start && start + ((hour * 60 + minute) * 60 + (time % 100)) * 1_000;
  };
}

/** A time that is no time is left to the general way. */
const varying = {
  modify: '(\\d{8}(?:[01]\\d|2[0-3])[0-5]\\d[0-5]\\d)',
  size: '(\\d{1,15})',
  unique: '([^; \t]*)',
} as const;

const isVarying = (fact: string): fact is keyof typeof varying => Object.hasOwn(varying, fact);

const longestFacts = 1_000;
const mostDays = 10_000;

const isBlankBetween = (line: string, from: number, to: number): boolean =>
  line.slice(from, to).trim() === '';

const semicolonCode = 59;
const isLink = /^OS\.[^=]*=s(?:ym)?link:/i;

/**
 * Whether a blank is part of a value: of what a link points at (ProFTPD), of a time with its zone or its clock apart, of a fact that is
 * known by its last semicolon alone (`UNIX.groupname=Domain Users;`).
 */
function holdsBlank(fact: string, value: string): boolean {
  if (fact === 'type') return isLink.test(value);
  if (fact === 'modify' || fact === 'create') return isTimeApart.test(value);
  return !known.has(fact) && !value.includes('=');
}

const isTimeApart = /^\d[-\d.:T]{3,30}[ \t]+(?:[A-Z]{1,5}|[+-]?\d[\d.:]{0,15})[ \t]*$/;

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
