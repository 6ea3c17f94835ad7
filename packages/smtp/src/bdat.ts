/** The body in chunks of announced length: BDAT, RFC 3030 §2 and §4. */
import { isAscii } from 'node:buffer';
import { type Reply, scanLines, type Wait } from '@fivewire/line-protocol';
import { bufferOf, pieceOctets } from './body-source.js';
import { eightBitFound, type OutgoingMessage } from './message.js';
import { nextReply, outOfStep } from './replies.js';
import { saysYes } from './reply-codes.js';
import type { Session } from './session.js';
import { hasSpoken, undisturbed, writeAll } from './undisturbed.js';

/** Chunks that may wait for their replies at once, where the server offers PIPELINING. */
const chunksAhead = 4;

export const bdatCommand = (octets: number, last: boolean): string =>
  last ? `BDAT ${octets} LAST` : `BDAT ${octets}`;

interface ChunkWaits {
  /** For the stream to take more. */
  stall: Wait;
  /** For the reply to a chunk. */
  reply: Wait;
}

/** The server has said no to a chunk: nothing more is to be written. */
class ChunkRefused extends Error {
  readonly reply: Reply;
  constructor(reply: Reply) {
    super('chunk refused');
    this.reply = reply;
  }
}

/**
 * Writes the body in chunks, the last one marked; `beforeLast` is called just before that one. Resolves to the number
 * of replies still to come before the one to the last chunk, or to the reply by which the server refused a chunk:
 * then nothing more was written and all replies have been read.
 *
 * Nothing is ever left half-written, so what the source throws leaves the connection usable.
 */
export async function writeChunks(
  session: Session,
  { source, framing, sevenBit }: OutgoingMessage,
  waits: ChunkWaits,
  beforeLast: () => void,
): Promise<{ refused: Reply } | { outstanding: number }> {
  const { connection } = session;
  // The replies to the last chunk are counted by recipients in LMTP (RFC 2033 §4.2), so all before it must be in.
  const ahead = session.pipelining && !session.lmtp ? chunksAhead : 0;
  const encoder = framing === 'bdat-binary' ? undefined : new LineEndEncoder();
  let outstanding = 0;
  let held: Buffer[] = [];
  let octetsHeld = 0;

  const readReply = async (): Promise<void> => {
    const reply = await nextReply(connection, waits.reply);
    if (outstanding === 0)
      throw outOfStep(connection, reply, 'no reply inside a chunk', waits.reply);
    outstanding--;
    if (!saysYes('BDAT', reply)) throw new ChunkRefused(reply);
  };
  const early = async (): Promise<void> => {
    do await readReply();
    while (outstanding > 0 && hasSpoken(connection));
  };
  /** A reply that is there before its chunk would be taken for the reply to it. */
  const refuseEarly = async (): Promise<void> => {
    if (outstanding === 0 && hasSpoken(connection)) await readReply();
  };
  const hold = (octets: Buffer): void => {
    held.push(octets);
    octetsHeld += octets.length;
  };
  const takeChunk = (last: boolean): Buffer[] => {
    const chunk = held;
    connection.sendText([bdatCommand(octetsHeld, last)]);
    held = [];
    octetsHeld = 0;
    return chunk;
  };

  source.hold(session);
  try {
    for (;;) {
      const octets =
        source.take() ??
        (source.whole ? undefined : await undisturbed(session, source.next(), early));
      if (octets === undefined) break;
      if (sevenBit && !isAscii(octets)) throw eightBitFound('usable');
      hold(encoder?.encode(octets) ?? bufferOf(octets));
      if (octetsHeld < pieceOctets || source.atEnd) continue;
      await refuseEarly();
      outstanding++;
      await writeAll(session, takeChunk(false), waits.stall, early);
      while (outstanding > ahead) await readReply();
    }
    if (encoder) hold(encoder.end());
    await refuseEarly();
    beforeLast();
    // Nothing is written behind it, so its reply may come before all of it has left us.
    for (const octets of takeChunk(true)) connection.write(octets);
    return { outstanding };
  } catch (error) {
    // What was written is answered, each chunk once; the first refusal or failure is the one to tell.
    for (; connection.isOpen && outstanding > 0; outstanding--)
      await nextReply(connection, waits.reply).catch(ignore);
    if (error instanceof ChunkRefused) return { refused: error.reply };
    throw error;
  } finally {
    source.release();
  }
}

const ignore = (): void => {};

/** CR and LF become CRLF, as in DATA: two ways to send a text must not deliver two texts. */
export class LineEndEncoder {
  #afterCr = false;
  #lineStart = true;

  encode(octets: Uint8Array): Buffer {
    let input = bufferOf(octets);
    if (input.length === 0) return input;
    if (this.#afterCr) input = Buffer.concat([input[0] === LF ? cr : crlf, input]);
    this.#afterCr = input[input.length - 1] === CR;
    if (this.#afterCr) input = input.subarray(0, -1);
    if (input.length > 0) this.#lineStart = !this.#afterCr && input[input.length - 1] === LF;
    // A CR that ends it now was followed by the one that is held.
    const bare = input[input.length - 1] === CR || scanLines(input).bare < input.length;
    return bare ? withCrlf(input) : input;
  }

  /** What the last line lacks. */
  end(): Buffer {
    return this.#lineStart && !this.#afterCr ? nothing : crlf;
  }
}

const CR = 13;
const LF = 10;
const cr = Buffer.from('\r');
const crlf = Buffer.from('\r\n');
const nothing = Buffer.alloc(0);

function withCrlf(octets: Buffer): Buffer {
  const text = octets.toString('latin1').replaceAll('\r\n', '\n').replaceAll('\r', '\n');
  return Buffer.from(text.replaceAll('\n', '\r\n'), 'latin1');
}
