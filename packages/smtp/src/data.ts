/** The body behind DATA: RFC 5321 §4.1.1.4 and §4.5.2. */
import { isAscii } from 'node:buffer';
import { DotEncoder, type LineConnection, type Wait } from '@fivewire/line-protocol';
import { type BodySource, pieceOctets, sourceFailed } from './body-source.js';
import { eightBitFound, type OutgoingMessage } from './message.js';
import { endConnection, nextReply, outOfStep, rejected } from './replies.js';
import type { Session } from './session.js';
import { hasSpoken, undisturbed, writeAll } from './undisturbed.js';

/**
 * A body that is in memory, of one piece, with its end: without waiting for anything.
 *
 * @returns false where {@link writeData} has to do it: for what is no such body, and where the server has already spoken
 */
export function writeWhole(
  { connection }: Session,
  { source, sevenBit }: OutgoingMessage,
  beforeEnd: () => void,
): boolean {
  const { whole } = source;
  if (whole === undefined || sevenBit || whole.length > pieceOctets || hasSpoken(connection))
    return false;
  const encoder = new DotEncoder();
  writeEnd(connection, source, encoder.encode(source.take() ?? whole), encoder, beforeEnd);
  return true;
}

function writeEnd(
  connection: LineConnection,
  { taken }: BodySource,
  last: readonly Buffer[],
  encoder: DotEncoder,
  beforeEnd: () => void,
): void {
  if (!connection.isOpen) throw connection.lost();
  beforeEnd();
  // By send(): what is written behind it in this turn of the event loop, the next envelope, leaves in the same piece.
  // A second small packet would make servers that wait for our delayed ACK (Nagle) answer 40 ms late.
  for (const octets of last) connection.send({ octets, masked: '' });
  connection.send({ octets: encoder.end(), masked: `<${taken} octets of message>` });
}

/**
 * Writes the body and its end; calls `beforeEnd` when only the end is missing. Whatever goes wrong ends the connection
 * before the lone dot: a server that has seen no end delivers nothing.
 */
export async function writeData(
  session: Session,
  { source, sevenBit }: OutgoingMessage,
  wait: Wait,
  beforeEnd: () => void,
): Promise<void> {
  const { connection } = session;
  const early = () => earlyReply(session, wait);
  const encoder = new DotEncoder();
  source.hold(session);
  try {
    let last: readonly Buffer[] = [];
    for (;;) {
      // What is at hand needs no waiting for: most messages are one piece.
      const octets =
        source.take() ??
        (source.whole ? undefined : await undisturbed(session, source.next(), early));
      if (octets === undefined) break;
      if (sevenBit && !isAscii(octets)) throw eightBitFound('closed');
      last = encoder.encode(octets);
      if (source.atEnd) break;
      await writeAll(session, last, wait, early);
      last = [];
    }
    if (hasSpoken(connection)) await early();
    writeEnd(connection, source, last, encoder, beforeEnd);
  } catch (error) {
    endConnection(connection, 'a message could not be sent whole');
    throw sourceFailed(error);
  } finally {
    source.release();
  }
}

/**
 * A server that answers before the end may answer again after it, or not: the client could not tell which reply belongs to
 * which command from then on. Its word stands, and the connection ends.
 */
async function earlyReply({ connection }: Session, wait: Wait): Promise<never> {
  const reply = await nextReply(connection, wait);
  if (reply.class !== 4 && reply.class !== 5)
    throw outOfStep(connection, reply, 'no reply before the end of the message', wait);
  endConnection(connection, 'the server refused a message before its end');
  throw rejected(connection, reply, wait);
}
