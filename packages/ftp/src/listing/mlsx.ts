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
  return readFacts(line, []);
}

/** Lines of one order of facts, as an expression: cheaper than looking for each fact. */
interface Order {
  readonly line: RegExp;
  /** For what the expression catches, but for the name. */
  readonly takers: readonly Taker[];
}

const mostOrders = 4;
/** Servers invent facts, but few. */
const mostFacts = 30;

/** Reads line after line: servers write the same facts in the same order, so lines that look like those before are known by that. */
class MlsxReader {
  readonly #orders: Order[] = [];
  #before = '';

  read(line: string): Draft | undefined {
    for (const { line: expected, takers } of this.#orders) {
      const parts = expected.exec(line);
      if (parts === null) continue;
      const draft = emptyDraft();
      for (let at = 0; at < takers.length; at += 1) takers[at]?.(draft, parts[at + 1] as string);
      draft.name = parts[takers.length + 1] as string;
      if (draft.type === 'directory' || draft.type === 'symlink') draft.size = undefined;
      return draft;
    }
    const names: string[] = [];
    const draft = readFacts(line, names);
    if (draft !== undefined && this.#orders.length < mostOrders) this.#learn(names);
    return draft;
  }

  /** Twice is an order. */
  #learn(names: readonly string[]): void {
    const facts = names.join(';');
    if (facts === this.#before && isPlain.test(facts) && names.length <= mostFacts) {
      this.#orders.push(orderOf(names));
    }
    this.#before = facts;
  }
}

const isPlain = /^[\w.;-]+$/;

function orderOf(names: readonly string[]): Order {
  const takers: Taker[] = [];
  const parts = names.map((name) => {
    const taker = takerOf.get(name.toLowerCase());
    if (taker !== undefined) takers.push(taker);
    return `${name.replaceAll('.', '\\.')}=${taker === undefined ? '' : '('}[^; \t]*${taker === undefined ? '' : ')'};`;
  });
  return { line: new RegExp(`^${parts.join('')}[ \t](.+)$`), takers };
}

/** @param names gets the facts' names, as they are written; and no name where the last one has no semicolon */
function readFacts(line: string, names: string[]): Draft | undefined {
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
    const name = line.slice(at, equals);
    const fact = name.toLowerCase();
    if (semicolon > blank && fact === 'type' && isLink.test(line.slice(equals + 1, semicolon)))
      blank = separatorIn(line, semicolon); // the blank belongs to what the link points at (ProFTPD)
    if (blank < 0) return undefined;
    const isClosed = semicolon >= 0 && semicolon < blank;
    if (!isClosed && !known.has(fact)) return undefined;
    const end = isClosed ? semicolon : blank;
    takerOf.get(fact)?.(draft, line.slice(equals + 1, end));
    names.push(isClosed ? name : '=');
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
