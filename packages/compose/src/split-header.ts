/** Header and body of a message, RFC 5322 §2.1: the first empty line is between them. */

export interface SplitMessage {
  /** Fields with their CRLF; without the empty line. */
  header: Buffer;
  /** The empty line, where there is one. */
  separator: Buffer;
  body: AsyncIterable<Uint8Array>;
}

export async function splitHeader(message: AsyncIterable<Uint8Array>): Promise<SplitMessage> {
  const pieces = message[Symbol.asyncIterator]();
  let begun = Buffer.alloc(0);
  let at = -1;
  while (at < 0) {
    const { value, done } = await pieces.next();
    if (done) break;
    const from = Math.max(0, begun.length - 3);
    begun = begun.length === 0 ? Buffer.from(value) : Buffer.concat([begun, value]);
    at = begun.indexOf('\r\n\r\n', from);
  }
  const header = at < 0 ? begun : begun.subarray(0, at + 2);
  const separator = begun.subarray(header.length, header.length + 2);
  return { header, separator, body: following(begun.subarray(header.length + 2), pieces) };
}

async function* following(
  first: Buffer,
  pieces: AsyncIterator<Uint8Array>,
): AsyncGenerator<Uint8Array, void, undefined> {
  try {
    if (first.length > 0) yield first;
    for (;;) {
      const { value, done } = await pieces.next();
      if (done) return;
      yield value;
    }
  } finally {
    await pieces.return?.();
  }
}
