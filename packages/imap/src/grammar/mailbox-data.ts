/** LIST, LSUB, STATUS, NAMESPACE (RFC 9051 §7.3; RFC 3501 §7.2.3; RFC 2342). */
import { decodeText } from '@fivewire/line-protocol';
import { parseFlags } from './flags.js';
import {
  backslash,
  close,
  isDigit,
  isMalformed,
  type Lexer,
  open,
  quote,
  wholeNumber,
} from './lexer.js';
import { decodeMailboxName } from './mailbox-name.js';

/** One line of LIST or LSUB. */
export interface ListData {
  /** The name as text. */
  name: string;
  /** The name's octets, each a character. */
  raw: string;
  /** What separates levels of hierarchy; `null` where there are none. */
  delimiter: string | null;
  /** `\HasChildren`, `\Noselect`, `\Sent`, … as sent. */
  attributes: string[];
  /** CHILDINFO (RFC 5258 §4): why a name that does not match is listed. */
  childInfo: string[] | undefined;
  /** OLDNAME (RFC 5465 §5.8): the name before a rename, as text. */
  oldName: string | undefined;
}

/** mailbox-list = "(" [mbx-list-flags] ")" SP (DQUOTE QUOTED-CHAR DQUOTE / nil) SP mailbox [SP mbox-list-extended] */
export function parseList(lexer: Lexer): ListData {
  const attributes =
    lexer.peek() === open || /^nil /i.test(lexer.text.slice(lexer.pos, lexer.pos + 4))
      ? parseFlags(lexer)
      : bareFlags(lexer);
  lexer.spaces();
  const delimiter = parseDelimiter(lexer);
  lexer.spaces();
  const raw = mailboxOctets(lexer);
  const data: ListData = {
    name: decodeMailboxName(raw),
    raw,
    delimiter,
    attributes,
    childInfo: undefined,
    oldName: undefined,
  };
  lexer.spaces();
  if (lexer.peek() === open) parseListExtended(lexer, data);
  return data;
}

/** Attributes without parentheses, or none at all. */
function bareFlags(lexer: Lexer): string[] {
  lexer.note('LIST: no parentheses around the attributes');
  const flags: string[] = [];
  for (; lexer.peek() === backslash; lexer.spaces()) flags.push(lexer.atom('flag'));
  return flags;
}

/** Exchange has sent an unquoted tab and others an unquoted slash (MailKit#945). */
function parseDelimiter(lexer: Lexer): string | null {
  if (lexer.nil()) return null;
  const { pos, text } = lexer;
  const octet = text[pos];
  if (octet === undefined || octet === ')') throw lexer.fail('hierarchy delimiter');
  // A backslash that nothing escapes.
  if (text.startsWith('"\\" ', pos)) {
    lexer.pos += 3;
    return '\\';
  }
  const literal = lexer.literal()?.octets?.toString('latin1');
  if (literal !== undefined || lexer.peek() === quote) {
    const delimiter = literal ?? lexer.quoted();
    if (delimiter.length < 2) return delimiter || null;
  } else if (text[pos + 1] === ' ' || (octet !== '(' && !/[\w{]/.test(octet))) {
    lexer.pos++;
    return octet;
  } else lexer.skipValue('hierarchy delimiter');
  lexer.note(`hierarchy delimiter: ${text.slice(pos, lexer.pos)}`);
  return null;
}

/** mbox-list-extended = "(" [mbox-list-extended-item *(SP …)] ")": pairs of a name and a value. */
function parseListExtended(lexer: Lexer, data: ListData): void {
  lexer.list('mbox-list-extended', () => {
    const item = lexer.attempt('mbox-list-extended-item', () => lexer.astring().toUpperCase());
    if (item === undefined) return;
    lexer.attempt(item, () => {
      if (item === 'CHILDINFO') {
        const kinds: string[] = [];
        lexer.list('childinfo', () => kinds.push(lexer.astring().toUpperCase()));
        data.childInfo = kinds;
      } else if (item === 'OLDNAME') {
        lexer.list('oldname', () => {
          data.oldName = decodeMailboxName(lexer.astring('mailbox'));
        });
      } else lexer.skipValue('extended value');
    });
  });
}

/**
 * mailbox = "INBOX" / astring. Bare names may hold spaces where a server forgets the quotes: then the name runs to a
 * ` (` or to the end.
 */
function mailboxOctets(lexer: Lexer): string {
  if (lexer.peek() === quote) return quotedMailbox(lexer);
  const literal = lexer.literal();
  if (literal !== undefined) {
    if (literal.octets === undefined)
      throw lexer.fail('a mailbox name short enough to be kept', literal.at);
    return literal.octets.toString('latin1');
  }
  if (lexer.peek() === open) throw lexer.fail('mailbox');
  const { text, pos } = lexer;
  const list = text.indexOf(' (', pos);
  const end = list < 0 ? text.length : list;
  const name = text.slice(pos, end).trimEnd();
  if (name === '') throw lexer.fail('mailbox');
  lexer.pos = end;
  return name;
}

/** A name ends before a list or at the end of the line: quotes inside it need not be escaped to be seen as such. */
function quotedMailbox(lexer: Lexer): string {
  const { pos, depth } = lexer;
  const name = lexer.quoted();
  if (endsName(lexer)) return name;
  const { pos: end } = lexer;
  lexer.rewind(pos, depth);
  lexer.looseQuotes = true;
  try {
    return lexer.quotedBefore(nameEnd);
  } catch (error) {
    if (!isMalformed(error)) throw error;
    lexer.rewind(end, depth);
    return name;
  } finally {
    lexer.looseQuotes = false;
  }
}

const nameEnd = / *(?:$| \()/y;

function endsName({ text, pos }: Lexer): boolean {
  nameEnd.lastIndex = pos;
  return nameEnd.test(text);
}

/** What STATUS says about a mailbox. */
export interface StatusData {
  name: string;
  raw: string;
  /** By the item's name in upper case; numbers as numbers, everything else (HIGHESTMODSEQ beyond 2^53−1, MAILBOXID) as text. */
  items: Map<string, number | string>;
  /** Items whose value cannot be read. */
  unread: string[];
}

/** "STATUS" SP mailbox SP "(" [status-att-list] ")". 163.com leaves the list out. */
export function parseStatus(lexer: Lexer): StatusData {
  const raw = mailboxOctets(lexer);
  const items = new Map<string, number | string>();
  const unread: string[] = [];
  lexer.spaces();
  if (!lexer.atEnd) {
    do lexer.open('status-att-list');
    while (lexer.peek() === open);
    while (nextStatusItem(lexer)) {
      const name = lexer.keyword('status-att');
      lexer.spaces();
      const value = statusValue(lexer, name);
      if (value === undefined) unread.push(name);
      else items.set(name, value);
    }
    if (lexer.atEnd && items.size === 0 && lexer.notes.length > 0) throw lexer.fail(')');
    lexer.closed();
  }
  return { name: decodeMailboxName(raw), raw, items, unread };
}

/** Whether the name of an item follows; what is none is stepped over. */
function nextStatusItem(lexer: Lexer): boolean {
  for (;;) {
    lexer.spaces();
    if (lexer.accept(close)) return false;
    if (lexer.atEnd) {
      lexer.note('STATUS: its list has no end');
      return false;
    }
    if (statusItem.test(lexer.text.slice(lexer.pos, lexer.pos + 20))) return true;
    const { pos } = lexer;
    lexer.skipValue('status-att');
    lexer.note(`STATUS: ${lexer.text.slice(pos, lexer.pos)} in place of an item`);
  }
}

/** A name, and not NIL. */
const statusItem = /^(?!nil[ )])[a-z][a-z-]*(?: |\)|$)/i;

const knownItem =
  /^(?:MESSAGES|RECENT|UIDNEXT|UIDVALIDITY|UNSEEN|DELETED(?:-STORAGE)?|SIZE|HIGHESTMODSEQ|MAILBOXID|APPENDLIMIT)(?: |\)|$)/i;

function statusValue(lexer: Lexer, name: string): number | string | undefined {
  const digits = isDigit(lexer.peek()) ? lexer.atom('status value') : quotedDigits(lexer);
  if (digits !== undefined) {
    const value = wholeNumber(digits.replace(/,$/, ''));
    if (value === undefined || Number.isSafeInteger(value)) return value;
    return name === 'HIGHESTMODSEQ' && /^\d+$/.test(digits) ? digits : undefined;
  }
  // The value is missing: the next item, or the end.
  if (lexer.atEnd || lexer.peek() === close) return undefined;
  if (knownItem.test(lexer.text.slice(lexer.pos, lexer.pos + 20))) return undefined;
  const start = lexer.pos;
  try {
    lexer.skipValue('status value');
  } catch (error) {
    if (!isMalformed(error)) throw error;
    lexer.pos = lexer.text.length;
  }
  return /^\(([^()" ]+)\)$/.exec(lexer.text.slice(start, lexer.pos))?.[1];
}

function quotedDigits(lexer: Lexer): string | undefined {
  const digits = /^"(\d{1,20})"(?:[ )]|$)/.exec(lexer.text.slice(lexer.pos, lexer.pos + 24))?.[1];
  if (digits !== undefined) lexer.pos += digits.length + 2;
  return digits;
}

/** One namespace: what its mailboxes' names begin with. */
export interface Namespace {
  /** As text. */
  prefix: string;
  delimiter: string | null;
}

/** RFC 2342: the caller's own mailboxes, other users', and shared ones. */
export interface Namespaces {
  personal: Namespace[];
  otherUsers: Namespace[];
  shared: Namespace[];
}

/** "NAMESPACE" SP namespace SP namespace SP namespace */
export function parseNamespaces(lexer: Lexer): Namespaces {
  const personal = namespace(lexer);
  // Names of one's own need nothing of these.
  const otherUsers = lexer.attempt('other users', () => namespace(lexer)) ?? [];
  lexer.spaces();
  if (lexer.atEnd) throw lexer.fail('three namespaces');
  const shared = lexer.attempt('shared', () => namespace(lexer)) ?? [];
  return { personal, otherUsers, shared };
}

/** namespace = nil / "(" 1*namespace-descr ")"; namespace-descr = "(" string SP (quoted / nil) [extensions] ")" */
function namespace(lexer: Lexer): Namespace[] {
  lexer.spaces();
  if (lexer.nil()) return [];
  const found: Namespace[] = [];
  const one = (): void => {
    lexer.open('namespace-descr');
    lexer.spaces();
    const prefix = decodeMailboxName(lexer.astring('string'));
    lexer.spaces();
    found.push({ prefix, delimiter: parseDelimiter(lexer) });
    for (lexer.spaces(); !lexer.accept(close); lexer.spaces())
      lexer.skipValue('namespace extension');
    lexer.closed();
  };
  let tried = 0;
  lexer.list('namespace', () => {
    tried++;
    lexer.attempt('namespace-descr', one);
  });
  // None that can be read is not none.
  if (tried > 0 && found.length === 0) throw lexer.fail('a namespace-descr that can be read');
  return found;
}

/** id-params-list = "(" [string SP nstring *(SP string SP nstring)] ")" / nil (RFC 2971) */
export function parseId(lexer: Lexer): Record<string, string | null> {
  const id: Record<string, string | null> = Object.create(null);
  if (lexer.nil()) return id;
  const words: (string | null)[] = [];
  lexer.list('id-params-list', () => words.push(lexer.nstringOrNote('id-params-list')));
  for (let i = 0; i + 1 < words.length; i += 2) {
    const value = words[i + 1] ?? null;
    id[(words[i] ?? '').toLowerCase()] = value === null ? null : decodeText(value);
  }
  return id;
}
