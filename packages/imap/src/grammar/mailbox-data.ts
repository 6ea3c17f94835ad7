/** LIST, LSUB, STATUS, NAMESPACE (RFC 9051 §7.3; RFC 3501 §7.2.3; RFC 2342). */
import { decodeText } from '@fivewire/line-protocol';
import { bareFlags, parseFlags } from './flags.js';
import { close, isDigit, isMalformed, type Lexer, open, quote, wholeNumber } from './lexer.js';
import { decodeMailboxName } from './mailbox-name.js';
import { restOf } from './same-line.js';

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
  const delimiter = hasDelimiter(lexer) ? parseDelimiter(lexer) : null;
  lexer.spaces();
  const raw = mailboxOctets(lexer);
  if (raw === '' && lexer.atEnd) lexer.note('LIST: a mailbox without a name');
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

/** Whether something stands behind the value at hand, which then is the delimiter; else it is the mailbox itself. */
function hasDelimiter(lexer: Lexer): boolean {
  const { pos, depth } = lexer;
  if (quotedDelimiter.test(lexer.text.slice(pos, pos + 5))) return true;
  if (lexer.peek() !== quote && /^[^ ]{1,3} /.test(lexer.text.slice(pos, pos + 4))) return true;
  try {
    lexer.skipValue('hierarchy delimiter');
  } catch (error) {
    if (!isMalformed(error)) throw error;
    return true;
  } finally {
    lexer.rewind(pos, depth);
  }
  if (!isLast(lexer)) return true;
  lexer.note('LIST: no hierarchy delimiter');
  return false;
}

/** `"/"` with a name right behind it. */
const quotedDelimiter = /^"(?:[^\\"]|\\.)"["{]/;

/** One value is left, and nothing or a list of extended items behind it. */
function isLast(lexer: Lexer): boolean {
  const { pos, depth } = lexer;
  // A word without quotes may be a name with spaces in it.
  const isName = /^(?:"(?!\\?[^a-z\d]?"(?: |$))|[^"( ]{3,}|[a-z\d])/i.test(
    lexer.text.slice(pos, pos + 5),
  );
  if (!isName) return false;
  lexer.skipValue();
  const behind = lexer.text.slice(lexer.pos);
  lexer.rewind(pos, depth);
  return /^ *(?:$|\(|\* )/.test(behind);
}

/** Exchange has sent an unquoted tab and others an unquoted slash (MailKit#945). */
function parseDelimiter(lexer: Lexer): string | null {
  if (lexer.nil()) return null;
  const { pos, text } = lexer;
  const octet = text[pos];
  if (octet === undefined || octet === ')') throw lexer.fail('hierarchy delimiter');
  // In parentheses, or in other quotes than those of the grammar.
  const [wrapped = '', inside] =
    /^(?:\("(.)"\)|'(.)') /.exec(text.slice(pos, pos + 6))?.filter(Boolean) ?? [];
  if (inside !== undefined) {
    lexer.note(`hierarchy delimiter: ${wrapped.trimEnd()}`);
    lexer.pos += wrapped.length - 1;
    return inside;
  }
  if (quotedDelimiter.test(text.slice(pos, pos + 5))) {
    const end = text.indexOf('"', pos + 2);
    lexer.pos = end + 1;
    return text.slice(end - 1, end);
  }
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
    const name = literal.octets.toString('latin1');
    if (!/[\r\n]/.test(name)) return name;
    lexer.note('mailbox: a literal is announced longer than it is');
    return name.replace(/[\r\n][\s\S]*$/, '');
  }
  if (lexer.peek() === open) throw lexer.fail('mailbox');
  const { text, pos } = lexer;
  const list = text.slice(pos).search(nameless);
  const end = list < 0 ? text.length : pos + list;
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

const nameEnd = / *(?:$| \(| \* (?:LIST|LSUB|STATUS) )/iy;
/** What ends a name without quotes: a list, or the items of STATUS without one. */
const nameless =
  / \(| [[{<]?(?:MESSAGES|RECENT|UIDNEXT|UIDVALIDITY|UNSEEN|HIGHESTMODSEQ|SIZE) \d+(?:[ )\]}>]|$)|\((?=(?:MESSAGES|RECENT|UIDNEXT|UIDVALIDITY|UNSEEN|HIGHESTMODSEQ|SIZE) \d)/;

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
  if (lexer.atEnd) lexer.note('STATUS: no list of items');
  if (!lexer.atEnd && restOf(lexer.frame, lexer.pos) === undefined) {
    const bracket = otherBracket.has(lexer.peek()) ? 1 : 0;
    const at = lexer.pos + bracket;
    const isBare = lexer.peek() !== open && knownItem.test(lexer.text.slice(at, at + 20));
    if (isBare) {
      lexer.pos = at;
      lexer.note('STATUS: no parentheses around its list');
    } else
      do lexer.open('status-att-list');
      while (lexer.peek() === open);
    while (nextStatusItem(lexer, isBare)) {
      const name = statusName(lexer);
      lexer.spaces();
      const value = statusValue(lexer, name);
      if (value === undefined) unread.push(name);
      else items.set(name, value);
    }
    if (lexer.atEnd && items.size === 0 && lexer.notes.length > 0) throw lexer.fail(')');
    if (!isBare) lexer.closed();
  }
  return { name: decodeMailboxName(raw), raw, items, unread };
}

/** `[`, `{` and `<`. */
const otherBracket = new Set([91, 123, 60]);

/** `MESSAGES=3` and `MESSAGES: 3` are seen, too. */
function statusName(lexer: Lexer): string {
  const { pos } = lexer;
  const name = lexer.keyword('status-att');
  const end = name.search(/[:=]/);
  if (end < 0) return name;
  lexer.note(`STATUS: ${name}`);
  lexer.pos = pos + end + 1;
  return name.slice(0, end);
}

/** Whether the name of an item follows; what is none is stepped over. */
function nextStatusItem(lexer: Lexer, isBare: boolean): boolean {
  for (;;) {
    lexer.spaces();
    if (lexer.accept(close)) return false;
    if (isBare && (lexer.atEnd || restOf(lexer.frame, lexer.pos) !== undefined)) return false;
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
const statusItem = /^(?!nil[ )])[a-z][a-z-]*(?:[ :=]|\)|$)/i;

const knownItem =
  /^(?:MESSAGES|RECENT|UIDNEXT|UIDVALIDITY|UNSEEN|DELETED(?:-STORAGE)?|SIZE|HIGHESTMODSEQ|MAILBOXID|APPENDLIMIT)(?: |\)|$)/i;

function statusValue(lexer: Lexer, name: string): number | string | undefined {
  const digits = isDigit(lexer.peek()) ? lexer.atom('status value') : quotedDigits(lexer);
  if (digits !== undefined) {
    const value = wholeNumber(digits.replace(/[,\]}>]$/, ''));
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
  const other = (rule: string): Namespace[] => {
    lexer.spaces();
    if (!lexer.atEnd) return lexer.attempt(rule, () => namespace(lexer)) ?? [];
    if (personal.length === 0) throw lexer.fail('three namespaces');
    lexer.note(`NAMESPACE: ${rule}: nothing is said`);
    return [];
  };
  return { personal, otherUsers: other('other users'), shared: other('shared') };
}

/** namespace = nil / "(" 1*namespace-descr ")"; namespace-descr = "(" string SP (quoted / nil) [extensions] ")" */
function namespace(lexer: Lexer): Namespace[] {
  lexer.spaces();
  if (lexer.nil()) return [];
  const found: Namespace[] = [];
  const one = (): void => {
    lexer.open('namespace-descr');
    lexer.spaces();
    // Parentheses too many.
    if (lexer.peek() === open) one();
    else {
      const prefix = decodeMailboxName(lexer.nstring('string') ?? '');
      lexer.spaces();
      found.push({ prefix, delimiter: parseDelimiter(lexer) });
    }
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
