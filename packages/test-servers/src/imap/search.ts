/** SEARCH, RFC 9051 §6.4.4, with ESEARCH (RFC 4731), SEARCHRES (RFC 5182) and WITHIN (RFC 5032). */
import { fieldValue, splitMessage } from '../message.js';
import { type Argument, Refusal, textOf, wordsOf } from './arguments.js';
import { parseDate } from './encode.js';
import type { ImapSession } from './imap-session.js';
import { parsePart } from './mime.js';
import { canonicalFlag, current, messagesOf, type Numbered } from './selection.js';
import { formatSequenceSet } from './sequence-set.js';

type Predicate = (candidate: Numbered) => boolean;

/** `[RETURN (options)] [CHARSET name] keys`. */
export async function search(at: ImapSession, args: Argument[], byUid: boolean): Promise<void> {
  const rest = [...args];
  const extended = isWord(rest[0], 'RETURN');
  const options = extended ? wordsOf(rest.splice(0, 2)[1]) : [];
  if (isWord(rest[0], 'CHARSET')) checkCharset(rest.splice(0, 2)[1]);
  const { found, usesModSeq } = matching(at, rest);
  const numbers = numbersOf(found, byUid);
  if (options.includes('SAVE')) at.savedUids = found.map(({ seen }) => seen.message.uid);
  const modSeqs = usesModSeq ? found.map(({ seen }) => seen.message.modSeq) : [];
  const highest = modSeqs.length > 0 ? Math.max(...modSeqs) : undefined;
  if (extended || at.enabled.has('IMAP4REV2'))
    return tellExtended(at, numbers, options, byUid, highest);
  const more = highest === undefined ? '' : ` (MODSEQ ${highest})`;
  await at.untagged(`SEARCH${numbers.map((number) => ` ${number}`).join('')}${more}`);
}

/** @throws Refusal with the charsets that there are, RFC 9051 §6.4.4 */
export function checkCharset(argument: Argument | undefined): void {
  const charset = textOf(argument).toUpperCase();
  if (charset !== 'UTF-8' && charset !== 'US-ASCII')
    throw new Refusal('NO [BADCHARSET (UTF-8 US-ASCII)] Unknown charset');
}

/** The messages that fit all of the search keys, in the mailbox's order. */
export function matching(
  at: ImapSession,
  args: readonly Argument[],
): { found: Numbered[]; usesModSeq: boolean } {
  const keys = new Keys(at, [...args]);
  const matches = keys.all();
  const found = current(at)
    .view.map((seen, index) => ({ number: index + 1, seen }))
    .filter(matches);
  return { found, usesModSeq: keys.usesModSeq };
}

export const numbersOf = (found: readonly Numbered[], byUid: boolean): number[] =>
  found.map(({ number, seen }) => (byUid ? seen.message.uid : number));

/** RFC 4731 §3.1. Without options it is ALL; with SAVE alone nothing is told. */
export async function tellExtended(
  at: ImapSession,
  numbers: readonly number[],
  options: readonly string[],
  byUid: boolean,
  highest: number | undefined,
): Promise<void> {
  if (options.length === 1 && options[0] === 'SAVE') return;
  const wants = (name: string) =>
    options.includes(name) || (name === 'ALL' && options.length === 0);
  const some = numbers.length > 0;
  const parts = [
    `(TAG "${at.tag}")`,
    ...(byUid ? ['UID'] : []),
    ...(some && wants('MIN') ? [`MIN ${numbers[0]}`] : []),
    ...(some && wants('MAX') ? [`MAX ${numbers.at(-1)}`] : []),
    ...(wants('COUNT') ? [`COUNT ${numbers.length}`] : []),
    ...(some && wants('ALL') ? [`ALL ${formatSequenceSet(numbers)}`] : []),
    ...(highest === undefined ? [] : [`MODSEQ ${highest}`]),
  ];
  await at.untagged(`ESEARCH ${parts.join(' ')}`);
}

export function isWord(argument: Argument | undefined, word: string): boolean {
  return argument?.kind === 'atom' && argument.text.toUpperCase() === word;
}

/** Reads search keys off the arguments and turns them into one predicate. */
class Keys {
  usesModSeq = false;
  readonly #at: ImapSession;
  readonly #args: Argument[];

  constructor(at: ImapSession, args: Argument[]) {
    this.#at = at;
    this.#args = args;
  }

  /** The conjunction of all that is left. */
  all(): Predicate {
    if (this.#args.length === 0) throw new Refusal('BAD A search key is missing');
    const predicates: Predicate[] = [];
    while (this.#args.length > 0) predicates.push(this.key());
    return (candidate) => predicates.every((predicate) => predicate(candidate));
  }

  key(): Predicate {
    const argument = this.#args.shift();
    if (argument?.kind === 'list') {
      const nested = new Keys(this.#at, [...argument.items]);
      const predicate = nested.all();
      this.usesModSeq ||= nested.usesModSeq;
      return predicate;
    }
    const text = textOf(argument);
    if (/^(\$|[\d*][\d:,*]*)$/.test(text)) return this.#members(text, false);
    const key = keys[text.toUpperCase()];
    if (!key) throw new Refusal('BAD Unknown search key');
    return key(this);
  }

  /** The next argument's text, UTF-8, lower case. */
  text(): string {
    return Buffer.from(textOf(this.#args.shift()), 'latin1').toString('utf8').toLowerCase();
  }

  number(): number {
    const value = Number(textOf(this.#args.shift()));
    if (!Number.isSafeInteger(value) || value < 0) throw new Refusal('BAD A number is missing');
    return value;
  }

  date(): number {
    const day = parseDate(textOf(this.#args.shift()));
    if (day === undefined) throw new Refusal('BAD That is no date');
    return day;
  }

  flag(): string {
    return canonicalFlag(textOf(this.#args.shift()));
  }

  uids(): Predicate {
    return this.#members(textOf(this.#args.shift()), true);
  }

  modSeq(): Predicate {
    this.usesModSeq = true;
    this.#at.enabled.add('CONDSTORE');
    // MODSEQ ["/flags/…" all] value
    if (this.#args[0]?.kind === 'string') this.#args.splice(0, 2);
    const least = this.number();
    return ({ seen }) => seen.message.modSeq >= least;
  }

  #members(set: string, byUid: boolean): Predicate {
    const members = new Set(messagesOf(this.#at, set, byUid).map(({ number }) => number));
    return ({ number }) => members.has(number);
  }
}

const flagged =
  (flag: string, present = true) =>
  (): Predicate =>
  ({ seen }) =>
    seen.message.flags.has(flag) === present;

const received =
  (compare: (day: number, wanted: number) => boolean) =>
  (keys: Keys): Predicate => {
    const wanted = keys.date();
    return ({ seen }) => compare(dayOf(seen.message.internalDate), wanted);
  };

const sent =
  (compare: (day: number, wanted: number) => boolean) =>
  (keys: Keys): Predicate => {
    const wanted = keys.date();
    return ({ seen }) => {
      const date = new Date(headerOf(seen.message.octets, 'date') ?? '');
      return !Number.isNaN(date.getTime()) && compare(dayOf(date), wanted);
    };
  };

const inHeader =
  (name: string) =>
  (keys: Keys): Predicate =>
    headerContains(name, keys.text());

const keys: Readonly<Record<string, (keys: Keys) => Predicate>> = {
  ALL: () => () => true,
  ANSWERED: flagged('\\Answered'),
  DELETED: flagged('\\Deleted'),
  DRAFT: flagged('\\Draft'),
  FLAGGED: flagged('\\Flagged'),
  SEEN: flagged('\\Seen'),
  RECENT: () => () => false,
  NEW: () => () => false,
  OLD: () => () => true,
  UNANSWERED: flagged('\\Answered', false),
  UNDELETED: flagged('\\Deleted', false),
  UNDRAFT: flagged('\\Draft', false),
  UNFLAGGED: flagged('\\Flagged', false),
  UNSEEN: flagged('\\Seen', false),
  KEYWORD: (keys) => flagged(keys.flag())(),
  UNKEYWORD: (keys) => flagged(keys.flag(), false)(),
  BEFORE: received((day, wanted) => day < wanted),
  ON: received((day, wanted) => day === wanted),
  SINCE: received((day, wanted) => day >= wanted),
  SENTBEFORE: sent((day, wanted) => day < wanted),
  SENTON: sent((day, wanted) => day === wanted),
  SENTSINCE: sent((day, wanted) => day >= wanted),
  YOUNGER: (keys) => age(keys.number(), true),
  OLDER: (keys) => age(keys.number(), false),
  LARGER: (keys) => {
    const limit = keys.number();
    return ({ seen }) => seen.message.octets.length > limit;
  },
  SMALLER: (keys) => {
    const limit = keys.number();
    return ({ seen }) => seen.message.octets.length < limit;
  },
  FROM: inHeader('from'),
  TO: inHeader('to'),
  CC: inHeader('cc'),
  BCC: inHeader('bcc'),
  SUBJECT: inHeader('subject'),
  HEADER: (keys) => {
    const name = keys.text();
    return headerContains(name, keys.text());
  },
  BODY: (keys) => {
    const wanted = keys.text();
    return ({ seen }) => textIn(splitMessage(seen.message.octets).body).includes(wanted);
  },
  TEXT: (keys) => {
    const wanted = keys.text();
    return ({ seen }) => textIn(seen.message.octets).includes(wanted);
  },
  UID: (keys) => keys.uids(),
  MODSEQ: (keys) => keys.modSeq(),
  NOT: (keys) => {
    const inner = keys.key();
    return (candidate) => !inner(candidate);
  },
  OR: (keys) => {
    const [left, right] = [keys.key(), keys.key()];
    return (candidate) => left(candidate) || right(candidate);
  },
};

function age(seconds: number, younger: boolean): Predicate {
  return ({ seen }) =>
    Date.now() - seen.message.internalDate.getTime() <= seconds * 1000 === younger;
}

/** Any field of that name: some come several times. */
function headerContains(name: string, wanted: string): Predicate {
  const lower = name.toLowerCase();
  return ({ seen }) =>
    parsePart(seen.message.octets).fields.some(
      (field) =>
        field.name.toLowerCase() === lower &&
        textIn(Buffer.from(field.value, 'latin1')).includes(wanted),
    );
}

function headerOf(octets: Buffer, name: string): string | undefined {
  return fieldValue(parsePart(octets).fields, name);
}

const textIn = (octets: Buffer): string => octets.toString('utf8').toLowerCase();

const dayOf = (date: Date): number => Math.floor(date.getTime() / 86_400_000);
