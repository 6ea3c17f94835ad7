/** Waiting while it is our turn to speak: for the caller's body, or for room in the socket. */
import type { LineConnection, Wait } from '@fivewire/line-protocol';
import { interrupted } from './interruption.js';
import type { Session } from './session.js';

/**
 * Settles as `wanted` does, unless the connection goes, or the server speaks before we have finished: then `early`
 * decides, by throwing or by returning to wait on.
 */
export async function undisturbed<T>(
  { connection, interruption }: Session,
  wanted: Promise<T>,
  early: () => Promise<void>,
): Promise<T> {
  wanted.catch(ignore); // where the server's word comes first, it is not awaited any more
  for (;;) {
    if (hasSpoken(connection)) await early();
    const result = await interruption.race(wanted);
    if (!connection.isOpen) throw connection.lost();
    if (result !== interrupted) return result;
  }
}

/** True when the server has said something that is not taken yet. Stray line ends are nothing said, and are passed over. */
export function hasSpoken(connection: LineConnection): boolean {
  for (
    let octets = connection.peekOctets();
    octets !== undefined;
    octets = connection.peekOctets()
  ) {
    const ends = octets.findIndex((octet) => octet !== CR && octet !== LF);
    if (ends >= 0) return true;
    connection.consumeOctets(octets.length);
  }
  return false;
}

/** What it {@link hasSpoken} is 421 or 221, or begins like them. */
export function saysGoodbye(connection: LineConnection): boolean {
  const code = connection.peekOctets()?.toString('latin1', 0, 3) ?? '';
  return '421'.startsWith(code) || (code !== '2' && '221'.startsWith(code));
}

const CR = 13;
const LF = 10;

/** Octets that may wait in the stream before we wait for them to leave. */
const heldOctets = 256 * 1024;

/** Writes pieces, and waits where the stream holds too much already. */
export async function writeAll(
  session: Session,
  pieces: readonly Uint8Array[],
  wait: Wait,
  early: () => Promise<void>,
): Promise<void> {
  const { connection } = session;
  const { stream } = connection;
  const many = pieces.length > 1;
  if (many) stream.cork(); // one write
  for (const piece of pieces) connection.write(piece);
  if (many) stream.uncork();
  if (stream.writableLength > heldOctets)
    await undisturbed(session, connection.flushed(wait), early);
}

const ignore = (): void => {};
