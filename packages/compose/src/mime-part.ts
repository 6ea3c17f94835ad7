/** A MIME entity and its octets in order: RFC 2045, RFC 2046 §5.1. */
import { randomBytes } from 'node:crypto';
import type { Readable } from 'node:stream';
import type { Encoder } from './transfer-encoding.js';

export interface Leaf {
  /** Header fields, each with its CRLF. */
  fields: string;
  content: Buffer | Readable;
  /** Absent where the content is encoded already. */
  encoder?: Encoder;
}

export interface Multipart {
  /** Such as `mixed`. */
  subtype: string;
  /** Parameters beside the boundary. */
  parameters?: readonly string[];
  parts: readonly Part[];
}

export type Part = Leaf | Multipart;

/** What is written next: octets that are ready, or content that an encoder makes ready. */
export type Segment = Buffer | { content: Buffer | Readable; encoder: Encoder };

/** Header fields of the part, an empty line, its body. A body's last line may lack its CRLF: a boundary brings one. */
export function* segments(part: Part): Generator<Segment, void, undefined> {
  if ('content' in part) {
    yield Buffer.from(`${part.fields}\r\n`);
    const { content, encoder } = part;
    if (encoder !== undefined) yield { content, encoder };
    else yield content as Buffer;
    return;
  }
  // "=_" stands in no base64 and no quoted-printable text.
  const boundary = `=_${randomBytes(18).toString('base64url')}`;
  const type = [`multipart/${part.subtype}`, ...(part.parameters ?? []), `boundary="${boundary}"`];
  yield Buffer.from(`Content-Type: ${type.join(';\r\n ')}\r\n\r\n`);
  for (const [i, one] of part.parts.entries()) {
    yield Buffer.from(`${i === 0 ? '' : '\r\n'}--${boundary}\r\n`);
    yield* segments(one);
  }
  yield Buffer.from(`\r\n--${boundary}--\r\n`);
}
