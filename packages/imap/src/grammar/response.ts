/**
 * response = *(continue-req / response-data) response-done (RFC 9051 §7, §9): one whole frame to one value.
 *
 * Framing has already kept us in step, so most flaws cost one response at most: an untagged response that makes no
 * sense is of type `malformed`. Only a line that is no response at all throws: whether it is let pass is for the session to say.
 */
import { decodeText } from '@fivewire/line-protocol';
import { isFivewireError } from 'tls-context-core';
import { type FetchData, parseFetchData } from './fetch-data.js';
import { parseFlags } from './flags.js';
import type { Frame } from './frame.js';
import {
  defaultGrammarLimits,
  type GrammarLimits,
  isDigit,
  Lexer,
  openBracket,
  sp,
} from './lexer.js';
import {
  type ListData,
  type Namespaces,
  parseId,
  parseList,
  parseNamespaces,
  parseStatus,
  type StatusData,
} from './mailbox-data.js';
import { plainRow } from './plain-row.js';
import { parseCapabilities, parseResponseText, type ResponseCode } from './response-code.js';
import { restOf } from './same-line.js';
import {
  type ExtendedSearchData,
  parseExtendedSearch,
  parseSearch,
  parseVanished,
  type SearchData,
  type VanishedData,
} from './search-data.js';
import { splitTaken } from './taken-rows.js';

export type Status = 'OK' | 'NO' | 'BAD';

/** response-tagged = tag SP resp-cond-state */
export interface TaggedResponse {
  readonly type: 'tagged';
  readonly tag: string;
  readonly status: Status;
  readonly code: ResponseCode | undefined;
  readonly text: string;
}

/** resp-cond-state, resp-cond-bye and greeting, untagged */
export interface StatusResponse {
  readonly type: 'status';
  readonly status: Status | 'BYE' | 'PREAUTH';
  readonly code: ResponseCode | undefined;
  readonly text: string;
}

/** continue-req = "+" [SP (resp-text / base64)] */
export interface ContinuationRequest {
  readonly type: 'continuation';
  readonly text: string;
}

export type Response = AnyResponse & {
  /** What in it could not be read and was stepped over, in words for people. */
  readonly notes?: readonly string[];
  /** What stands behind its end in the same line, where that is another response. */
  readonly rest?: Frame | undefined;
};

type AnyResponse =
  | TaggedResponse
  | StatusResponse
  | ContinuationRequest
  | { readonly type: 'capability'; readonly capabilities: readonly string[] }
  | { readonly type: 'enabled'; readonly capabilities: readonly string[] }
  | { readonly type: 'fetch'; readonly row: FetchData }
  | { readonly type: 'exists'; readonly number: number }
  | { readonly type: 'recent'; readonly number: number }
  | { readonly type: 'expunge'; readonly number: number }
  | { readonly type: 'vanished'; readonly data: VanishedData }
  | { readonly type: 'flags'; readonly flags: readonly string[] }
  | { readonly type: 'list' | 'lsub'; readonly data: ListData }
  | { readonly type: 'status-data'; readonly data: StatusData }
  | { readonly type: 'search'; readonly data: SearchData }
  | { readonly type: 'esearch'; readonly data: ExtendedSearchData }
  | { readonly type: 'namespace'; readonly namespaces: Namespaces }
  | { readonly type: 'id'; readonly id: Readonly<Record<string, string | null>> }
  /** A response of an extension: the command that asked for it reads it (`extension-data.ts`). */
  | OtherResponse
  /** An untagged response that breaks its grammar. */
  | { readonly type: 'malformed'; readonly text: string; readonly problem: string };

export interface OtherResponse {
  readonly type: 'other';
  /** In upper case. */
  readonly name: string;
  readonly number: number | undefined;
  /** What follows the name, decoded. */
  readonly text: string;
}

/**
 * @throws RemoteProtocolError `ERR_MALFORMED_RESPONSE` for a line that is no response at all, or a tagged one without
 * OK, NO or BAD; `ERR_LIMIT_EXCEEDED` past the limits
 */
export function parseResponse(
  frame: Frame,
  limits: GrammarLimits = defaultGrammarLimits,
): Response {
  const response = responseOf(frame, limits);
  if (frame.isTaken && response.type === 'fetch')
    response.row.problems.push('row: a literal of the row before had taken its beginning');
  return response;
}

function responseOf(frame: Frame, limits: GrammarLimits): Response {
  const row = plainRow(frame, limits);
  if (row !== undefined) return { type: 'fetch', row };
  const ok = plainOk.exec(frame.text);
  if (ok !== null && frame.literals.length === 0) return taggedOk(ok);
  const lexer = new Lexer(padded(frame), limits);
  switch (lexer.peek()) {
    case star:
      lexer.pos++;
      lexer.spaces();
      return untagged(lexer);
    case plus:
      lexer.pos++;
      lexer.accept(sp);
      return { type: 'continuation', text: lexer.text.slice(lexer.pos) };
    case openBracket:
      // Exchange has sent `[COPYUID …]` without `* OK` before it (MailKit#115).
      return { type: 'status', status: 'OK', ...parseResponseText(lexer) };
    default:
      return lexer.atEnd
        ? { type: 'malformed', text: '', problem: 'an empty line' }
        : tagged(lexer);
  }
}

/** A tagged OK as almost all are, alone or with APPENDUID: it needs no lexer, which costs a compiler as much as it saves. */
const plainOk = /^(\w+) OK (?:\[APPENDUID (\d{1,10}) ([1-9]\d{0,9})\] )?([ -Z\\^-~]*)$/;

function taggedOk([, tag = '', validity, uid, text = '']: readonly (
  | string
  | undefined
)[]): TaggedResponse {
  if (uid === undefined) return { type: 'tagged', tag, status: 'OK', code: undefined, text };
  const number = Number(uid);
  const code = {
    name: 'APPENDUID',
    text: `${validity} ${uid}`,
    number: Number(validity),
    uids: [number, number],
  };
  return { type: 'tagged', tag, status: 'OK', code, text };
}

/** Some servers pad lines with NUL. */
function padded(frame: Frame): Frame {
  const { text } = frame;
  if (
    frame.literals.length > 0 ||
    (text.charCodeAt(0) !== 0 && text.charCodeAt(text.length - 1) !== 0)
  )
    return frame;
  return { text: text.replace(/^\0+|\0+$/g, ''), literals: [] };
}

function tagged(lexer: Lexer): TaggedResponse {
  const tag = lexer.atom('tag');
  lexer.spaces();
  const start = lexer.pos;
  const status = lexer.atEnd ? '' : lexer.keyword();
  if (status !== 'OK' && status !== 'NO' && status !== 'BAD')
    throw lexer.fail('a response', lexer.atEnd ? 0 : start);
  lexer.spaces();
  return { type: 'tagged', tag, status, ...parseResponseText(lexer) };
}

function untagged(lexer: Lexer): Response {
  const start = lexer.pos;
  try {
    return isDigit(lexer.peek()) ? numbered(lexer) : unnumbered(lexer);
  } catch (error) {
    if (!isFivewireError(error) || error.code !== 'ERR_MALFORMED_RESPONSE') throw error;
    return { type: 'malformed', text: decodeText(lexer.text.slice(start)), problem: error.message };
  }
}

/** message-data = number SP ("EXISTS" / "RECENT" / "EXPUNGE" / "FETCH" SP msg-att) */
function numbered(lexer: Lexer): Response {
  const start = lexer.pos;
  const number = lexer.number();
  lexer.spaces();
  const name = lexer.keyword('message-data');
  lexer.spaces();
  switch (name) {
    case 'FETCH':
    case 'UIDFETCH': {
      const { pos } = lexer;
      const row = parseFetchData(lexer, number, name === 'UIDFETCH');
      const split = row.problems.length > 0 ? splitTaken(lexer.frame) : undefined;
      if (split !== undefined && isWhole(split.rest, lexer.limits)) {
        const own = new Lexer(split.own, lexer.limits, pos);
        const part = parseFetchData(own, number, name === 'UIDFETCH');
        part.problems.unshift('row: a literal in it took the beginning of the next response');
        return { type: 'fetch', row: part, rest: split.rest };
      }
      return { type: 'fetch', row, rest: restOf(lexer.frame, lexer.pos) };
    }
    case 'EXISTS':
    case 'RECENT':
    case 'EXPUNGE':
      return ended(lexer, { type: lowerCase[name], number });
    default:
      requireNoMessages(lexer, '', start);
      return other(lexer, name, number);
  }
}

/** Whether it makes sense to its end: then it was a response, and no text of a message that looks like one. */
function isWhole(frame: Frame, limits: GrammarLimits): boolean {
  try {
    const response = responseOf(frame, limits);
    if (response.type !== 'fetch') return response.type !== 'malformed';
    return response.row.problems.length === 0 && !response.row.torn;
  } catch (error) {
    if (!isFivewireError(error) || error.code !== 'ERR_MALFORMED_RESPONSE') throw error;
    return false;
  }
}

const lowerCase = { EXISTS: 'exists', RECENT: 'recent', EXPUNGE: 'expunge' } as const;

function unnumbered(lexer: Lexer): Response {
  const start = lexer.pos;
  const name = lexer.keyword('response-data');
  lexer.spaces();
  const read = readers.get(name);
  if (read !== undefined) {
    return ended(lexer, read(lexer));
  }
  requireNoMessages(lexer, name, start);
  return other(lexer, name, undefined);
}

/** With a word about what stands behind its end, unless that is free text or another response. */
function ended(lexer: Lexer, response: Response): Response {
  const rest = response.type === 'status' ? undefined : restOf(lexer.frame, lexer.pos);
  if (rest === undefined && response.type !== 'status' && !isBlank(lexer))
    lexer.note('it goes on behind its end');
  if (rest === undefined && lexer.notes.length === 0) return response;
  return { ...response, ...(lexer.notes.length === 0 ? {} : { notes: lexer.notes }), rest };
}

const isBlank = ({ text, pos }: Lexer): boolean => !/[^ )\r\n]/.test(text.slice(pos, pos + 100));

/** What has a number before it is no extension that we don't know where that number cannot be read. */
function requireNoMessages(lexer: Lexer, name: string, start: number): void {
  const next = /^[a-z]*/i.exec(lexer.text.slice(lexer.pos, lexer.pos + 10))?.[0] ?? '';
  if ([name, next.toUpperCase()].some((word) => aboutMessages.has(word)))
    throw lexer.fail('the number of a message', start);
}

const aboutMessages = new Set(['EXISTS', 'RECENT', 'EXPUNGE', 'FETCH', 'UIDFETCH']);

const other = (lexer: Lexer, name: string, number: number | undefined): OtherResponse => ({
  type: 'other',
  name,
  number,
  text: decodeText(lexer.text.slice(lexer.pos)),
});

const status =
  (condition: StatusResponse['status']) =>
  (lexer: Lexer): StatusResponse => ({
    type: 'status',
    status: condition,
    ...parseResponseText(lexer),
  });

const readers = new Map<string, (lexer: Lexer) => Response>([
  ['OK', status('OK')],
  ['NO', status('NO')],
  ['BAD', status('BAD')],
  ['BYE', status('BYE')],
  ['PREAUTH', status('PREAUTH')],
  ['CAPABILITY', (lexer) => ({ type: 'capability', capabilities: parseCapabilities(lexer) })],
  ['ENABLED', (lexer) => ({ type: 'enabled', capabilities: parseCapabilities(lexer) })],
  ['FLAGS', (lexer) => ({ type: 'flags', flags: parseFlags(lexer) })],
  ['LIST', (lexer) => ({ type: 'list', data: parseList(lexer) })],
  // Gmail's old LIST with special-use attributes.
  ['XLIST', (lexer) => ({ type: 'list', data: parseList(lexer) })],
  ['LSUB', (lexer) => ({ type: 'lsub', data: parseList(lexer) })],
  ['STATUS', (lexer) => ({ type: 'status-data', data: parseStatus(lexer) })],
  ['SEARCH', (lexer) => ({ type: 'search', data: parseSearch(lexer) })],
  ['ESEARCH', (lexer) => ({ type: 'esearch', data: parseExtendedSearch(lexer) })],
  ['VANISHED', (lexer) => ({ type: 'vanished', data: parseVanished(lexer) })],
  ['NAMESPACE', (lexer) => ({ type: 'namespace', namespaces: parseNamespaces(lexer) })],
  ['ID', (lexer) => ({ type: 'id', id: parseId(lexer) })],
]);

const star = 42;
const plus = 43;
