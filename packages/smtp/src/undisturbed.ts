/** Waiting while it is our turn to speak: for the caller's body, or for room in the socket. */
import type { Wait } from '@fivewire/line-protocol';
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
  wanted.catch(ignore); // where the server's word comes first, nobody waits for it any more
  for (;;) {
    if (connection.buffered > 0) await early();
    const result = await interruption.race(wanted);
    if (connection.error !== undefined) throw connection.error;
    if (result !== interrupted) return result;
  }
}

/** Writes pieces and waits until the stream takes more. */
export async function writeAll(
  session: Session,
  pieces: readonly Uint8Array[],
  wait: Wait,
  early: () => Promise<void>,
): Promise<void> {
  const { connection } = session;
  const { stream } = connection;
  let room = true;
  stream.cork(); // many small pieces are one write
  for (const piece of pieces) room = connection.write(piece);
  stream.uncork();
  if (!room) await undisturbed(session, connection.flushed(wait), early);
}

const ignore = (): void => {};
