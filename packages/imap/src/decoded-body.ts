/** A part of a message as it was before it was encoded for its journey. */
import { Readable } from 'node:stream';
import type { GatheringReadable } from '@fivewire/line-protocol';
import type { BodyPart } from './grammar/body-structure.js';
import { chained, charsetDecoder, transferDecoder } from './transfer-encoding.js';

/** The octets of a part as they are in the message; or what they stand for. */
export type Body = GatheringReadable & {
  /**
   * The same with base64 and quoted-printable undone, and a text in UTF-8 whatever its charset: what the sender had. Read one of
   * the two. The whole message, and parts that hold parts, stay as they are.
   */
  decoded(): Readable;
};

/** @param described what is known of the part; asked when the body is read */
export const withDecoded = (
  body: GatheringReadable,
  described: () => Promise<BodyPart | undefined>,
): Body =>
  Object.assign(body, {
    decoded: () => Readable.from(decode(body, described), { objectMode: false }),
  });

async function* decode(
  body: Readable,
  described: () => Promise<BodyPart | undefined>,
): AsyncGenerator<Buffer, void, undefined> {
  let decoder: ReturnType<typeof transferDecoder>;
  try {
    const part = await described();
    const isText = part?.type.startsWith('text/') === true;
    decoder = chained(
      transferDecoder(part?.encoding ?? ''),
      charsetDecoder(isText ? part.parameters.charset : undefined),
    );
  } catch (error) {
    body.destroy();
    throw error;
  }
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
