/** The octets of a literal that goes out (RFC 9051 §4.3). */
import type { LineConnection } from '@fivewire/line-protocol';
import { UsageError } from 'tls-context-core';
import type { Entry } from './command.js';

/**
 * Writes exactly as many octets as were promised. The last piece waits until the source has ended: a source that yields
 * too much or too little must not leave a mutilated message behind, so the connection ends first.
 *
 * @param onWait called when the entry begins or ceases to wait for its source
 */
export async function writeBody(
  connection: LineConnection,
  entry: Entry,
  source: AsyncIterator<Uint8Array>,
  size: number,
  onWait: () => void,
): Promise<void> {
  const { timeout, masked } = entry;
  try {
    let octets = 0;
    let held: Uint8Array | undefined;
    for (;;) {
      entry.waitsForSource = true;
      onWait();
      const { value, done } = await source.next();
      entry.waitsForSource = false;
      if (!connection.isOpen) throw connection.lost({ command: masked });
      octets += done ? 0 : value.length;
      if (octets > size || (done && octets < size)) throw wrongSize(octets, size);
      if (held !== undefined && !connection.write(held)) {
        await connection.flushed({ phase: 'transfer', timeout, command: masked });
      }
      if (done) return;
      held = value;
    }
  } finally {
    onWait();
  }
}

const wrongSize = (octets: number, size: number): UsageError =>
  new UsageError(
    'ERR_ARGUMENT',
    `The body has ${octets > size ? 'more than' : 'only'} ${Math.min(octets, size)} octets; size says ${size}`,
    {
      argument: 'size',
      connection: 'closed',
      hint: 'Give the exact number of octets: the server was promised them, so the connection had to be closed.',
    },
  );
