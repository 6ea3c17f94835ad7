/**
 * resp-text = ["[" resp-text-code "]" SP] text (RFC 9051 §7.1 and §9; RFC 4315, 7162, 8474 and others for the codes).
 *
 * A code whose arguments make no sense keeps its name and loses its arguments: a server that mangles COPYUID has copied
 * the messages all the same.
 */
import { decodeText } from '@fivewire/line-protocol';
import { isFivewireError } from 'tls-context-core';
import { withoutTabs } from './blanks.js';
import { parseFlags } from './flags.js';
import { closeBracket, Lexer, open, openBracket, sp } from './lexer.js';
import { countOf, parseRanges } from './sequence-set.js';

/** What stands in brackets before a status response's text. Which arguments are there depends on the name. */
export interface ResponseCode {
  /** In upper case: `'UIDVALIDITY'`, `'TRYCREATE'`, … */
  readonly name: string;
  /** The arguments as they came, decoded. */
  readonly text: string;
  /** It has arguments that cannot be read. */
  readonly isUnread?: true;
  /** UIDNEXT, UIDVALIDITY, UNSEEN; the UIDVALIDITY of APPENDUID and COPYUID. */
  readonly number?: number;
  /** HIGHESTMODSEQ: a decimal string. */
  readonly modSeq?: string;
  readonly flags?: readonly string[];
  readonly capabilities?: readonly string[];
  /** BADCHARSET's list; MAILBOXID's one id. */
  readonly words?: readonly string[];
  /** MODIFIED; the source of COPYUID; the UIDs of APPENDUID. Ranges in the server's order: [from, to, from, to, …]. */
  readonly uids?: readonly number[];
  /** The destination of COPYUID, as many as the source. */
  readonly copies?: readonly number[];
}

export interface ResponseText {
  readonly code: ResponseCode | undefined;
  /** For people, decoded; `''` where there is none. */
  readonly text: string;
}

/** Reads from where the lexer stands to the end. */
export function parseResponseText(lexer: Lexer): ResponseText {
  const { text } = lexer;
  if (lexer.peek() !== openBracket)
    return { code: undefined, text: decodeText(text.slice(lexer.pos)) };
  const start = lexer.pos + 1;
  const end = closingBracket(text, start);
  const found =
    end < 0 ? null : /^([^\s"[\](){}\x00-\x1f\x7f]+)(?:[ \t]+(.*))?$/s.exec(text.slice(start, end));
  // Exchange's `[Error="…" …]` is no code (net-imap#597): then all of it is text.
  if (found === null) return { code: undefined, text: decodeText(text.slice(lexer.pos)) };
  const name = (found[1] as string).toUpperCase();
  const argumentsText = withoutTabs(found[2] ?? '', false).trimEnd();
  const after = /[ \t]/.test(text.charAt(end + 1)) ? end + 2 : end + 1;
  return {
    code: { name, text: decodeText(argumentsText), ...parseArguments(name, argumentsText) },
    text: decodeText(text.slice(after)),
  };
}

/** The `]` that ends the code; those inside quoted strings do not. */
function closingBracket(text: string, start: number): number {
  let quoted = false;
  for (let i = start; i < text.length; i++) {
    const octet = text.charCodeAt(i);
    if (octet === 34) quoted = !quoted;
    else if (octet === 92 && quoted) i++;
    else if (octet === closeBracket && !quoted) return i;
  }
  return text.indexOf(']', start);
}

type Arguments = Omit<ResponseCode, 'name' | 'text'>;

function parseArguments(name: string, text: string): Arguments {
  const parse = codes.get(name);
  if (parse === undefined) return {};
  try {
    const lexer = new Lexer({ text, literals: [] });
    const parsed = parse(lexer);
    return lexer.atEnd ? parsed : unread;
  } catch (error) {
    if (isFivewireError(error)) return unread;
    throw error;
  }
}

const unread: Arguments = { isUnread: true };
const number = (lexer: Lexer): Arguments => ({ number: lexer.number() });
const flags = (lexer: Lexer): Arguments => ({ flags: parseFlags(lexer) });

/** Codes that have arguments. */
const codes = new Map<string, (lexer: Lexer) => Arguments>([
  ['UIDNEXT', number],
  ['UIDVALIDITY', number],
  ['UNSEEN', number],
  ['HIGHESTMODSEQ', (lexer) => ({ modSeq: lexer.digits() })],
  ['PERMANENTFLAGS', flags],
  ['CAPABILITY', (lexer) => ({ capabilities: parseCapabilities(lexer) })],
  ['BADCHARSET', (lexer) => ({ words: lexer.atEnd ? [] : wordList(lexer) })],
  ['MAILBOXID', (lexer) => ({ words: wordList(lexer) })],
  ['MODIFIED', (lexer) => ({ uids: ranges(lexer) })],
  ['APPENDUID', (lexer) => ({ number: numberAndSpace(lexer), uids: ranges(lexer) })],
  ['COPYUID', copyUid],
]);

/** resp-code-copy = "COPYUID" SP nz-number SP uid-set SP uid-set (RFC 4315 §4) */
function copyUid(lexer: Lexer): Arguments {
  const validity = numberAndSpace(lexer);
  const uids = ranges(lexer);
  lexer.expect(sp, 'SP');
  lexer.spaces();
  const copies = ranges(lexer);
  if (countOf(uids) !== countOf(copies)) throw lexer.fail('as many UIDs as in the first set');
  return { number: validity, uids, copies };
}

function numberAndSpace(lexer: Lexer): number {
  const value = lexer.number();
  lexer.expect(sp, 'SP');
  lexer.spaces();
  return value;
}

/** uid-set. A `*` has no place in what a server reports. */
function ranges(lexer: Lexer): readonly number[] {
  const bounds: number[] = [];
  const end = parseRanges(lexer.text, lexer.pos, bounds);
  if (end === lexer.pos || bounds.includes(Number.POSITIVE_INFINITY)) throw lexer.fail('uid-set');
  lexer.pos = end;
  return bounds;
}

function wordList(lexer: Lexer): string[] {
  const words: string[] = [];
  if (lexer.peek() === open) lexer.list('list', () => words.push(decodeText(lexer.astring())));
  else words.push(decodeText(lexer.astring()));
  return words;
}

/**
 * capability-data = "CAPABILITY" *(SP capability). In upper case. A split `LITERAL +` is joined (MailKit's list of
 * quirks); hMailServer's `IMAPrev1` means IMAP4rev1.
 */
export function parseCapabilities(lexer: Lexer): string[] {
  const capabilities: string[] = [];
  for (lexer.spaces(); !lexer.atEnd; lexer.spaces()) {
    const name = lexer.keyword('capability');
    if ((name === '+' || name === '-') && capabilities.at(-1) === 'LITERAL')
      capabilities[capabilities.length - 1] += name;
    else capabilities.push(name === 'IMAPREV1' ? 'IMAP4REV1' : name);
  }
  return capabilities;
}
