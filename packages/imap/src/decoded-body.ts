/** A part of a message as it was before it was encoded for its journey. */
import { Readable } from 'node:stream';
import type { GatheringReadable } from '@fivewire/line-protocol';
import { isFivewireError } from 'tls-context-core';
import { isRefusedForGood } from './command-error.js';
import type { BodyPart } from './grammar/body-structure.js';
import { chained, charsetDecoder, type Decoder, transferDecoder } from './transfer-encoding.js';

/** The octets of a part as they are in the message; or what they stand for. */
export type Body = GatheringReadable & {
  /**
   * The same with base64 and quoted-printable undone, and a text in UTF-8 whatever its charset: what the sender had. Read one of
   * the two. The whole message, and parts that hold parts, stay as they are.
   */
  decoded(): Readable;
};

/**
 * @param described what is known of the part; asked when the body is read
 * @param binary opens the part as the server decodes it (BINARY, RFC 3516), where it can and the body has still to come
 */
export const decodedBody = (
  body: GatheringReadable,
  described: () => Promise<BodyPart | undefined>,
  binary: () => Readable | undefined,
): Readable => Readable.from(decode(body, described, binary), { objectMode: false });

async function* decode(
  body: Readable,
  described: () => Promise<BodyPart | undefined>,
  binary: () => Readable | undefined,
): AsyncGenerator<Buffer, void, undefined> {
  try {
    const part = await described();
    const charset = part?.type.startsWith('text/') ? part.parameters.charset : undefined;
    const encoding = part?.encoding ?? '';
    // Base64 travels a third longer than what it stands for; the other encodings hardly at all.
    const decoded = encoding === 'base64' ? binary() : undefined;
    if (decoded !== undefined && (yield* asDecoded(decoded, charsetDecoder(charset)))) return;
    yield* through(body, chained(transferDecoder(encoding), charsetDecoder(charset)));
  } finally {
    body.destroy();
  }
}

/** @returns false where the server will not decode the part, which then is to be had as it is: a broken encoding, for one */
async function* asDecoded(
  decoded: Readable,
  charset: Decoder,
): AsyncGenerator<Buffer, boolean, undefined> {
  let begun = false;
  try {
    for await (const octets of through(decoded, charset)) {
      begun = true;
      yield octets;
    }
    return true;
  } catch (error) {
    const isGone = isFivewireError(error) && error.code === 'ERR_NOT_FOUND';
    if (begun || !(isGone || isRefusedForGood(error))) throw error;
    return false;
  }
}

async function* through(body: Readable, decoder: Decoder): AsyncGenerator<Buffer, void, undefined> {
  for await (const octets of body) {
    const found = decoder.push(octets as Buffer);
    if (found.length > 0) yield found;
  }
  const rest = decoder.end();
  if (rest.length > 0) yield rest;
}

/** The part with this number. */
export function partNumbered(structure: BodyPart, number: string): BodyPart | undefined {
  if (structure.part === number && structure.parts.length === 0) return structure;
  for (const child of structure.parts) {
    const found = partNumbered(child, number);
    if (found !== undefined) return found;
  }
  return undefined;
}

/**
 * What a mail program lists as attachments: parts marked so, parts with a name that are not shown inline, and forwarded messages,
 * each with `filename` decoded. Their text is a stranger's: never use it as a path.
 */
export function attachments(structure: BodyPart): BodyPart[] {
  const { type, disposition, filename, parts } = structure;
  const isMessage = type === 'message/rfc822' || type === 'message/global';
  const isLeaf = parts.length === 0 && !type.startsWith('multipart/');
  const isAttached =
    disposition?.type === 'attachment' ||
    (filename !== undefined && disposition?.type !== 'inline') ||
    isMessage;
  if (structure.part !== '' && isAttached && (isLeaf || isMessage)) return [structure];
  return parts.flatMap(attachments);
}
