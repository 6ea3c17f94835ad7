/**
 * What asks for SMTPUTF8 within a message: UTF-8 beyond ASCII in its header, in the header of a part of it, or of a message
 * within it. RFC 6532 §3, RFC 2045 §3.
 */
import { isAscii, isUtf8 } from 'node:buffer';
import { wrong } from './arguments.js';

/** A header that is longer is judged by so much of it. */
export const headerLimit: number = 64 * 1024;

/**
 * True where a header in it holds UTF-8 beyond ASCII: then it needs a server with SMTPUTF8. Octets that are no UTF-8 say nothing:
 * some other charset, which SMTPUTF8 would not make right.
 *
 * @param message or as much of it as is known
 * @throws UsageError `ERR_ARGUMENT`
 */
export function hasUtf8Header(message: Uint8Array): boolean {
  if (!(message instanceof Uint8Array)) throw wrong('message', 'must be a Uint8Array');
  const octets = withLineFeeds(message);
  const boundaries = new Set<string>();
  for (let at = 0; at >= 0; ) {
    const { end, text, utf8 } = headerAt(octets, at);
    if (utf8) return true;
    const type = fieldOf(text, contentType);
    for (const one of boundariesIn(type)) boundaries.add(one);
    at = holdsMessage(type, text) ? end : nextPart(octets, end, boundaries);
  }
  return false;
}

/** What ends its lines by CR alone is read as it goes out: with line ends. */
function withLineFeeds(message: Uint8Array): Buffer {
  const octets = Buffer.from(message.buffer, message.byteOffset, message.byteLength);
  if (octets.includes('\n') || !octets.includes('\r')) return octets;
  return Buffer.from(octets.toString('latin1').replaceAll('\r', '\n'), 'latin1');
}

/** All that the field may mean, RFC 2231 §3 included: one too many finds nothing. */
function boundariesIn(type: string): string[] {
  const found: string[] = [];
  let pieces = '';
  const parameter = /;\s*boundary(\*\d+)?\s*=\s*(?:"((?:[^"\\]|\\.)+)"|([^\s;"]+))/gis;
  for (const [, piece, quoted, token = ''] of type.matchAll(parameter)) {
    const value = quoted?.replace(/\\(.)/gs, '$1') ?? token;
    if (piece === undefined) found.push(value);
    else pieces += value;
  }
  return pieces === '' ? found : [...found, pieces];
}

/** Where the empty line begins that ends a header; -1 where there is none. */
export function headerEnd(text: string): number {
  return /\n\r?\n|\r\r/.exec(text)?.index ?? -1;
}

/** Whether it begins with a field: without one there is no header, all is body. */
export const beginsWithField = (text: string): boolean => /^[!-9;-~]+[ \t]*:/.test(text);

interface Header {
  /** Where what follows its empty line begins. */
  end: number;
  text: string;
  utf8: boolean;
}

function headerAt(octets: Buffer, from: number): Header {
  let all = '';
  let length = -1;
  // Most are short: a message of many parts is not to cost the limit for each.
  for (const size of [1_024, headerLimit]) {
    all = octets.toString('latin1', from, Math.min(octets.length, from + size));
    if (!beginsWithField(all)) return { end: from, text: '', utf8: false };
    length = headerEnd(all);
    if (length >= 0 || all.length < size) break;
  }
  const emptyLine = length < 0 ? '' : (/^(?:\n\r?\n|\r\r)/.exec(all.slice(length))?.[0] ?? '');
  if (length < 0) length = all.length;
  const header = octets.subarray(from, from + length);
  const whole = length < headerLimit ? header : wholeCharacters(header);
  const utf8 = !isAscii(header) && (isUtf8(whole) || hasUtf8Line(whole));
  return { end: from + length + emptyLine.length, text: all.slice(0, length), utf8 };
}

/** Another line may be in some other charset. */
function hasUtf8Line(header: Buffer): boolean {
  for (let from = 0; from < header.length; ) {
    const end = header.indexOf('\n', from);
    const line = header.subarray(from, end < 0 ? header.length : end);
    if (!isAscii(line) && isUtf8(line)) return true;
    from += line.length + 1;
  }
  return false;
}

/** Without a character that the limit cut. */
function wholeCharacters(octets: Buffer): Buffer {
  let end = octets.length;
  for (let i = 0; i < 3 && ((octets[end - 1] ?? 0) & 0xc0) === 0x80; i++) end--;
  return octets.subarray(0, ((octets[end - 1] ?? 0) & 0xc0) === 0xc0 ? end - 1 : end);
}

const bodyOf = (name: string): RegExp =>
  new RegExp(`(?:^|\\n)${name}[ \\t]*:([^\\n]*(?:\\n[ \\t][^\\n]*)*)`, 'i');
const contentType = bodyOf('content-type');
const contentTransferEncoding = bodyOf('content-transfer-encoding');

/** A field's body, with its folds. */
const fieldOf = (header: string, field: RegExp): string => field.exec(header)?.[1]?.trim() ?? '';

/** Its body is a message, and stands there as it is. */
const holdsMessage = (type: string, header: string): boolean =>
  /^message\/(?:rfc822|global|news)\s*(?:;|$)/i.test(type) &&
  !/^(?:base64|quoted-printable)/i.test(fieldOf(header, contentTransferEncoding));

/** Where the header of the next part begins, behind its boundary; -1 where there is none. */
function nextPart(octets: Buffer, from: number, boundaries: ReadonlySet<string>): number {
  if (boundaries.size === 0) return -1;
  for (let at = octets.indexOf('\n--', Math.max(0, from - 1)); at >= 0; ) {
    const end = octets.indexOf('\n', at + 3);
    if (end < 0) return -1;
    const line = octets.toString('latin1', at + 3, Math.min(end, at + 3 + boundaryLimit)).trimEnd();
    if (boundaries.has(line)) return end + 1;
    at = octets.indexOf('\n--', at + 3);
  }
  return -1;
}

/** RFC 2046 §5.1.1 has 70 characters; blanks may stand behind them. */
const boundaryLimit = 200;
