/** A message as a tree of parts, RFC 2045, RFC 2046: just enough for BODYSTRUCTURE and BODY[section]. */
import { type Field, fieldsOf, fieldValue, splitMessage } from '../message.js';

export interface Part {
  /** With the empty line that ends it. */
  header: Buffer;
  fields: readonly Field[];
  body: Buffer;
  /** Lower case. */
  type: string;
  subtype: string;
  parameters: ReadonlyMap<string, string>;
  /** Of a multipart. */
  parts: readonly Part[];
  /** Of a message/rfc822: the message within. */
  message: Part | undefined;
}

const maxDepth = 32;

export function parsePart(octets: Buffer, depth = 0, fallback = 'text/plain'): Part {
  const { header, body } = splitMessage(octets);
  const fields = fieldsOf(header);
  const content = parseParameters(fieldValue(fields, 'Content-Type') ?? fallback);
  const [type = 'text', subtype = 'plain'] = content.value.toLowerCase().split('/');
  const boundary = content.parameters.get('boundary');
  const deeper = depth < maxDepth;
  const nested = subtype === 'digest' ? 'message/rfc822' : 'text/plain';
  return {
    header,
    fields,
    body,
    type,
    subtype,
    parameters: content.parameters,
    parts:
      type === 'multipart' && boundary && deeper
        ? splitParts(body, boundary).map((part) => parsePart(part, depth + 1, nested))
        : [],
    message:
      type === 'message' && subtype === 'rfc822' && deeper ? parsePart(body, depth + 1) : undefined,
  };
}

/** `value; name=value; name="value"`. Names in lower case. */
export function parseParameters(text: string): {
  value: string;
  parameters: ReadonlyMap<string, string>;
} {
  const parameters = new Map<string, string>();
  const pattern = /;\s*([^\s=;]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s;]*))/g;
  for (const [, name = '', quoted, token = ''] of text.matchAll(pattern))
    parameters.set(name.toLowerCase(), quoted?.replace(/\\(.)/g, '$1') ?? token);
  return { value: (text.split(';')[0] ?? '').trim(), parameters };
}

/** What stands between the boundary lines; preamble and epilogue are dropped. */
function splitParts(body: Buffer, boundary: string): Buffer[] {
  const delimiter = Buffer.from(`--${boundary}`, 'latin1');
  const parts: Buffer[] = [];
  let start = -1;
  for (let at = nextDelimiter(body, delimiter, 0); at >= 0; ) {
    // The line end in front belongs to the boundary, RFC 2046 §5.1.1.
    if (start >= 0) parts.push(body.subarray(start, Math.max(start, withoutLineEnd(body, at))));
    const after = at + delimiter.length;
    if (body.toString('latin1', after, after + 2) === '--') return parts;
    const lineEnd = body.indexOf(0x0a, after);
    if (lineEnd < 0) return parts;
    start = lineEnd + 1;
    at = nextDelimiter(body, delimiter, start);
  }
  if (start >= 0) parts.push(body.subarray(start));
  return parts;
}

function nextDelimiter(body: Buffer, delimiter: Buffer, from: number): number {
  for (let at = body.indexOf(delimiter, from); at >= 0; at = body.indexOf(delimiter, at + 1))
    if ((at === 0 || body[at - 1] === 0x0a) && endsBoundary(body, at + delimiter.length)) return at;
  return -1;
}

/** So that a boundary that begins like another one is not taken for it. */
function endsBoundary(body: Buffer, at: number): boolean {
  return /^(--)?[ \t]*(\r?\n|$)/.test(body.toString('latin1', at, at + 80));
}

function withoutLineEnd(body: Buffer, at: number): number {
  return body[at - 2] === 0x0d ? at - 2 : at - 1;
}
