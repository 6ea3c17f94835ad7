/** ENVELOPE (RFC 9051 §7.5.2): read into its raw strings at once, decoded field by field when asked for. */
import { decodeText } from '@fivewire/line-protocol';
import { inspectAs } from '../inspectable.js';
import { parseMessageDate } from './date-time.js';
import { decodeHeaderText } from './encoded-word.js';
import type { FrameSlice } from './lexer.js';
import { close, isMalformed, Lexer, open, quote } from './lexer.js';
import { givenBack } from './literal-length.js';
import { plainSlice, type Tokens } from './plain-tokens.js';
import { upTo } from './same-line.js';
import { Seen } from './seen.js';

/** Someone who wrote or gets a message. */
export interface Address {
  /** The display name, decoded; `''` where there is none. */
  readonly name: string;
  /** `local-part@domain`; the local part alone where the server gives no domain; `''` for the name of an empty group. */
  readonly address: string;
  /** The group (RFC 5322 §3.4) in which the address stands. */
  readonly group?: string;
}

/** One address as it is on the wire; each character an octet. */
export interface RawAddress {
  readonly name: string | null;
  readonly route: string | null;
  readonly mailbox: string | null;
  readonly host: string | null;
}

/** The ten fields as they are on the wire; each character an octet. */
export interface RawEnvelope {
  readonly date: string | null;
  readonly subject: string | null;
  readonly from: readonly RawAddress[];
  readonly sender: readonly RawAddress[];
  readonly replyTo: readonly RawAddress[];
  readonly to: readonly RawAddress[];
  readonly cc: readonly RawAddress[];
  readonly bcc: readonly RawAddress[];
  readonly inReplyTo: string | null;
  readonly messageId: string | null;
}

/** What a message's header says, as the server has parsed it. Fields are decoded on access. */
export class Envelope {
  /** The octets as they came, one a character. */
  readonly raw: RawEnvelope;

  constructor(raw: RawEnvelope) {
    this.raw = raw;
  }

  /** The Date field; `undefined` where it is missing or no date. */
  get date(): Date | undefined {
    return this.raw.date === null ? undefined : parseMessageDate(this.raw.date);
  }
  /** The Date field as it stands in the message. */
  get dateText(): string | undefined {
    return this.raw.date ?? undefined;
  }
  /** Encoded words decoded; `''` where there is no subject. */
  get subject(): string {
    return decodeHeaderText(this.raw.subject ?? '');
  }
  get from(): Address[] {
    return decodeAddresses(this.raw.from);
  }
  get sender(): Address[] {
    return decodeAddresses(this.raw.sender);
  }
  get replyTo(): Address[] {
    return decodeAddresses(this.raw.replyTo);
  }
  get to(): Address[] {
    return decodeAddresses(this.raw.to);
  }
  get cc(): Address[] {
    return decodeAddresses(this.raw.cc);
  }
  get bcc(): Address[] {
    return decodeAddresses(this.raw.bcc);
  }
  /** With its angle brackets. */
  get inReplyTo(): string | undefined {
    return this.raw.inReplyTo ?? undefined;
  }
  /** With its angle brackets. */
  get messageId(): string | undefined {
    return this.raw.messageId ?? undefined;
  }

  toJSON(): Record<string, unknown> {
    const { date, subject, from, sender, replyTo, to, cc, bcc, inReplyTo, messageId } = this;
    return { date, subject, from, sender, replyTo, to, cc, bcc, inReplyTo, messageId };
  }
}

inspectAs(Envelope.prototype, (envelope) => envelope.toJSON());

/** What a message has whose ENVELOPE could not be read. */
export const emptyEnvelope = (): Envelope => new Envelope(noEnvelope);

const noEnvelope: RawEnvelope = {
  date: null,
  subject: null,
  from: [],
  sender: [],
  replyTo: [],
  to: [],
  cc: [],
  bcc: [],
  inReplyTo: null,
  messageId: null,
};

/**
 * @param notes where to say what broke the grammar and was stepped over
 */
export function parseEnvelopeSlice(slice: Envelope | FrameSlice, notes: string[] = []): Envelope {
  if (slice instanceof Envelope) return slice;
  const plain = plainSlice(slice, plainEnvelope);
  if (plain !== undefined) {
    noteOpenGroups(plain, notes);
    return new Envelope(plain);
  }
  const { result, lexer } = mostOf(slice, (lexer) => envelopeFields(lexer));
  notes.push(...lexer.notes);
  noteOpenGroups(result, notes);
  return new Envelope(result);
}

/** A group that nothing ends (RFC 9051 §7.5.2) and an address without a domain look alike. */
function noteOpenGroups(raw: RawEnvelope, notes: string[]): void {
  const { from, sender, replyTo, to, cc, bcc } = raw;
  if (
    isEnded(from) &&
    isEnded(sender) &&
    isEnded(replyTo) &&
    isEnded(to) &&
    isEnded(cc) &&
    isEnded(bcc)
  )
    return;
  for (const [field, list] of Object.entries({ from, sender, replyTo, to, cc, bcc }))
    if (!isEnded(list))
      notes.push(`${field}: a group without its end, or an address without a domain`);
}

/** Whether the last entry without a domain, if there is one, ends a group or has a name. */
function isEnded(list: readonly RawAddress[]): boolean {
  for (let i = list.length - 1; i >= 0; i--) {
    const { host, name, mailbox } = list[i] as RawAddress;
    if (host === null) return name !== null || mailbox === null || mailbox.includes('@');
  }
  return true;
}

/** envelope, with nothing to forgive. */
export function plainEnvelope(tokens: Tokens): RawEnvelope {
  tokens.open();
  const date = tokens.nstring();
  const subject = tokens.nstring();
  const lists: RawAddress[][] = [];
  while (lists.length < 6) lists.push(tokens.nil() ? [] : plainAddresses(tokens));
  const [from, sender, replyTo, to, cc, bcc] = lists as SixLists;
  const inReplyTo = tokens.nstring();
  const messageId = tokens.nstring();
  tokens.close();
  return { date, subject, from, sender, replyTo, to, cc, bcc, inReplyTo, messageId };
}

type List = RawAddress[];
type SixLists = [List, List, List, List, List, List];

/** "(" 1*address ")" */
function plainAddresses(tokens: Tokens): RawAddress[] {
  const addresses: RawAddress[] = [];
  tokens.open();
  do {
    tokens.open();
    const name = tokens.nstring();
    const route = tokens.nstring();
    const mailbox = tokens.nstring();
    addresses.push({ name, route, mailbox, host: tokens.nstring() });
    tokens.close();
  } while (tokens.isOpen);
  tokens.close();
  return addresses;
}

/** Reads a slice; where that leaves something to note, once more with loose quotes, and takes the better one. */
export function mostOf<T>(
  { frame, limits, start }: FrameSlice,
  read: (lexer: Lexer) => T,
): { result: T; lexer: Lexer } {
  const attempt = (looseQuotes: boolean, from = frame): { result: T; lexer: Lexer } => {
    const lexer = new Lexer(from, limits, start);
    lexer.looseQuotes = looseQuotes;
    return { result: read(lexer), lexer };
  };
  const first = attempt(false);
  if (first.lexer.notes.length === 0) return first;
  const behind = upTo(frame, start).literals.length;
  const literals = frame.literals.map((literal, i) =>
    i < behind ? { ...literal, octets: undefined } : literal,
  );
  const shorter = givenBack({ ...frame, literals });
  if (shorter !== undefined) {
    const other = attempt(false, shorter);
    other.lexer.note('a literal is announced longer than it is', 0);
    if (cost(other.lexer) < cost(first.lexer)) return other;
  }
  const second = attempt(true);
  return cost(second.lexer) < cost(first.lexer) ? second : first;
}

/** What was given up halfway lost more than any note tells. */
const cost = ({ flaws, gaveUp }: Lexer): number => flaws + (gaveUp ? 1_000 : 0);

/** An envelope inside something else: stepped over when it could not be read to its end. */
export function parseEnvelope(lexer: Lexer): RawEnvelope {
  const { pos, depth } = lexer;
  const before = lexer.notes.length;
  const raw = envelopeFields(lexer);
  if (lexer.notes.length > before) lexer.stepOver('envelope', pos, depth);
  return raw;
}

type Writable = { -readonly [K in keyof RawEnvelope]: RawEnvelope[K] };

/** What stands behind a string, by the place of the string. */
const behind = {
  /** Another nstring. */
  text: / +(?:"|nil[ )]|~?\{\d)/iy,
  /** A list of addresses. */
  list: / +(?:nil[ )]|\( *\()/iy,
  /** The end of an address, and another one or the end of the list. */
  address: / *\) *[()]/y,
  /** The end of the envelope. */
  envelope: / *\) *(?:$|[)a-z])/iy,
};

/**
 * envelope = "(" env-date SP env-subject SP env-from SP env-sender SP env-reply-to SP env-to SP env-cc SP env-bcc SP
 * env-in-reply-to SP env-message-id ")"
 *
 * A flaw costs the field in which it stands, and those behind it only where no end can be found.
 */
const envelopeFields = (lexer: Lexer): RawEnvelope => readEnvelope(lexer).raw;

/** The fields as far as they could be read, and whether that was to the end. */
export function readEnvelope(lexer: Lexer): { raw: RawEnvelope; isWhole: boolean } {
  const raw: Writable = { ...noEnvelope };
  try {
    lexer.open('envelope');
    lexer.spaces();
    // Domino wraps the envelope once more (MailKit#943).
    if (lexer.peek() === open && lexer.valuesLeft() === 1) {
      const inner = readEnvelope(lexer);
      endEnvelope(lexer);
      return inner;
    }
    raw.date = textField(lexer, 'env-date', behind.text, 10);
    raw.subject = subjectField(lexer, raw);
    raw.from = parseAddresses(lexer, 'env-from', 8);
    raw.sender = parseAddresses(lexer, 'env-sender', 7);
    raw.replyTo = parseAddresses(lexer, 'env-reply-to', 6);
    raw.to = parseAddresses(lexer, 'env-to', 5);
    raw.cc = parseAddresses(lexer, 'env-cc', 4);
    raw.bcc = parseAddresses(lexer, 'env-bcc', 3);
    raw.inReplyTo = onlyOneLeft(lexer) ? null : idField(lexer, 'env-in-reply-to', behind.text, 2);
    raw.messageId = idField(lexer, 'env-message-id', behind.envelope, 1);
    const excess = endEnvelope(lexer);
    raw.messageId ??= excess;
  } catch (error) {
    if (!isMalformed(error)) throw error;
    lexer.note((error as Error).message);
    lexer.gaveUp = true;
    return { raw, isWhole: false };
  }
  return { raw, isWhole: true };
}

/** QQ and foxmail leave fields out: what is missing at the end stays empty. @param left how many fields should be left, this one included */
function textField(lexer: Lexer, rule: string, follows: RegExp, left: number): string | null {
  stepOverRest(lexer, left);
  if (lexer.peek() === close) {
    lexer.note(`${rule} is missing`);
    return null;
  }
  return lexer.nstringOrNote(rule, follows);
}

/** No field is a word but NIL: one in excess is the rest of a literal that was announced short, or of a text without quotes. */
function stepOverRest(lexer: Lexer, left: number): void {
  for (lexer.spaces(); isWord.test(lexer.text.slice(lexer.pos, lexer.pos + 4)); lexer.spaces()) {
    if (lexer.looseQuotes || lexer.valuesLeft() <= left) return;
    lexer.note('a word between the fields');
    lexer.skipValue('envelope');
  }
}

const isWord = /^(?!nil[ )])[^ ()"{~\d]/i;

/** Some write several in parentheses. */
function idField(lexer: Lexer, rule: string, follows: RegExp, left: number): string | null {
  stepOverRest(lexer, left);
  if (lexer.looseQuotes || lexer.peek() !== open) return textField(lexer, rule, follows, left);
  lexer.note(`a list in place of ${rule}`);
  const ids: string[] = [];
  lexer.list(rule, () => ids.push(lexer.nstringOrNote(rule) ?? ''));
  return ids.join(' ').trim() || null;
}

/** Where one of the two is missing it is the one that many messages do not have. */
function onlyOneLeft(lexer: Lexer): boolean {
  lexer.spaces();
  if (lexer.looseQuotes || lexer.peek() !== quote || lexer.valuesLeft() !== 1) return false;
  lexer.note('env-in-reply-to is missing');
  return true;
}

/** Addresses stand here, and just so many fields as should follow it: it is missing, or the date is and this was taken for it. */
function subjectField(lexer: Lexer, raw: Writable): string | null {
  stepOverRest(lexer, 9);
  if (!/^\( *\(/.test(lexer.text.slice(lexer.pos, lexer.pos + 9)) || lexer.valuesLeft() !== 8)
    return textField(lexer, 'env-subject', behind.list, 9);
  const isDate = raw.date === null || parseMessageDate(raw.date) !== undefined;
  lexer.note(`${isDate ? 'env-subject' : 'env-date'} is missing`);
  if (isDate) return null;
  const subject = raw.date;
  raw.date = null;
  return subject;
}

/**
 * env-from = "(" 1*address ")" / nil. Spaces between addresses (Outlook.com) and NIL in their place are let through. A
 * text in place of the list is the field behind it: this one is missing. But where just so many fields follow as should, it is this one.
 *
 * @param left how many fields should be left, this one included
 */
function parseAddresses(lexer: Lexer, rule: string, left: number): RawAddress[] {
  stepOverRest(lexer, left);
  if (lexer.nil()) return [];
  const addresses: RawAddress[] = [];
  if (lexer.looseQuotes && lexer.peek() === quote) {
    lexer.note(`a text in place of ${rule}`);
    lexer.quotedBefore(left > 3 ? behind.list : behind.text);
    return addresses;
  }
  if (lexer.peek() !== open) {
    if (lexer.valuesLeft() === left) {
      lexer.note(`a text in place of ${rule}`);
      return addressesIn(lexer.nstring(rule) ?? '');
    } else lexer.note(`${rule} is missing`);
    return addresses;
  }
  const texts: (string | null)[] = [];
  lexer.list(rule, () => {
    if (wrapped.test(lexer.text.slice(lexer.pos, lexer.pos + 9))) {
      lexer.note(`parentheses around ${rule}`);
      addresses.push(...parseAddresses(lexer, rule, left));
    } else if (lexer.peek() === open) addresses.push(...parseAddress(lexer));
    else texts.push(lexer.nstringOrNote('address', behind.text));
  });
  if (texts.some((text) => text !== null)) lexer.note(`a text in place of an address in ${rule}`);
  if (addresses.length > 0) return addresses;
  // Addresses without parentheses of their own.
  return inFours(texts) ?? texts.flatMap((text) => addressesIn(text ?? ''));
}

const wrapped = /^\( *\(/;

/** Four parts after four parts, each an address. */
function inFours(texts: readonly (string | null)[]): RawAddress[] | undefined {
  if (texts.length === 0 || texts.length % 4 !== 0) return undefined;
  const found: RawAddress[] = [];
  for (let i = 0; i < texts.length; i += 4) found.push(toAddress(texts.slice(i, i + 4)));
  return found.every(isWhole) ? found : undefined;
}

const isWhole = ({ mailbox, host }: RawAddress): boolean =>
  /^[^\s"()]+$/.test(mailbox ?? '') && /^[^\s"()]+$/.test(host ?? '');

/** `Al <al@example.org>, bo@example.org`: what stands in a header field. */
const addressesIn = (text: string): RawAddress[] =>
  text.split(',').flatMap((one) => {
    const [, name = '', mailbox = one.trim()] =
      /^\s*"?([^"<]*?)"?\s*<([^<>]*)>\s*$/.exec(one) ?? [];
    return /^[^\s@]+@[^\s@]+$/.test(mailbox) ? [toAddress([name || null, null, mailbox])] : [];
  });

/** address = "(" addr-name SP addr-adl SP addr-mailbox SP addr-host ")" */
function parseAddress(lexer: Lexer): RawAddress[] {
  const fields: (string | null)[] = [];
  lexer.list('address', () => {
    const follows = fields.length < 3 ? behind.text : behind.address;
    fields.push(lexer.nstringOrNote('a part of an address', follows));
  });
  if (fields.length === 4) return [toAddress(fields)];
  const several = inFours(fields);
  const address = toAddress(fields);
  // Parts in excess behind a whole address are not what a name with quotes in it looks like.
  const isClear = several !== undefined || (fields.length > 4 && isWhole(address));
  lexer.note(`an address of ${fields.length} parts`, isClear ? 1 : 2);
  if (several !== undefined) return several;
  if (address.mailbox !== null) return [address];
  const whole = fields.find((text) => text?.includes('@'));
  return [
    whole == null
      ? address
      : { ...address, name: address.name === whole ? null : address.name, mailbox: whole },
  ];
}

function toAddress([name = null, route = null, mailbox = null, host = null]: readonly (
  | string
  | null
)[]): RawAddress {
  return { name, route, mailbox, host };
}

/** @returns a message-id among what is in excess */
function endEnvelope(lexer: Lexer): string | null {
  let id: string | null = null;
  for (lexer.spaces(); lexer.peek() !== close; lexer.spaces()) {
    if (lexer.atEnd || lexer.looseQuotes) throw lexer.fail(') of the envelope');
    lexer.note('more than ten fields');
    const start = lexer.pos;
    lexer.skipValue('envelope');
    id ??= /^"(<[^<>"\\]+>)"$/.exec(lexer.text.slice(start, lexer.pos))?.[1] ?? null;
  }
  lexer.pos++;
  lexer.closed();
  return id;
}

function decodeAddresses(raw: readonly RawAddress[]): Address[] {
  for (const { host } of raw) if (host === null) return decodeGroups(raw);
  return raw.map(decodeAddress);
}

/** Dovecot's and Exchange's stand-ins for a domain that the message does not have. */
const noDomain = new Set<string | null>(['MISSING_DOMAIN', '.MISSING-HOST-NAME.', null, '']);

function decodeAddress({ name, mailbox, host }: RawAddress): Address {
  const local = decodeText(mailbox ?? '');
  const address = noDomain.has(host) ? local : `${local}@${decodeText(host ?? '')}`;
  return { name: decodeName(name ?? ''), address };
}

/** The same people write and get most of a mailbox: their encoded names are decoded once. */
function decodeName(raw: string): string {
  if (!raw.includes('=?')) return decodeText(raw);
  return seenNames.get(raw) ?? seenNames.keep(raw, decodeHeaderText(raw));
}

const seenNames = new Seen<string>();

/** Words that no address begins with. */
const phrase = /\S\s+\S|^=\?/;
const isPhrase = (text: string | null): boolean => text !== null && phrase.test(text);

/** An address without host opens a group, named by its mailbox; one without either closes it (RFC 9051 §7.5.2). */
function decodeGroups(raw: readonly RawAddress[]): Address[] {
  const addresses: Address[] = [];
  let group: { name: string; empty: boolean } | undefined;
  const endGroup = (): void => {
    if (group?.empty) addresses.push({ name: '', address: '', group: group.name });
    group = undefined;
  };
  const lastEnd = raw.findLastIndex((entry) => entry.host === null && entry.mailbox === null);
  for (const [i, entry] of raw.entries()) {
    // Without an end to come it opens no group, unless it is no name of a mailbox: it is someone whose domain the server does not give.
    if (entry.host === null && entry.name === null && (i <= lastEnd || isPhrase(entry.mailbox))) {
      endGroup();
      if (entry.mailbox !== null) group = { name: decodeHeaderText(entry.mailbox), empty: true };
      continue;
    }
    const found = decodeAddress(entry);
    addresses.push(group === undefined ? found : { ...found, group: group.name });
    if (group !== undefined) group.empty = false;
  }
  endGroup();
  return addresses;
}
