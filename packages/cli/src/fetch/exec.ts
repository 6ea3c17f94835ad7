/**
 * A shell command for each message, which comes on its stdin with LF line ends. Exit status 0: it is safe. A kill between
 * that and our note of it makes the next run call it again: `FIVEWIRE_ID`, always the same for a message, tells.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { pipeline } from 'node:stream/promises';
import { exitCodes, Failure } from '../exit-code.js';
import { type Destination, ItemRefused } from './destination.js';
import { UnixLines } from './line-ends.js';

export function openCommand(command: string, signal: AbortSignal): Destination {
  return {
    async deliver({ key, id, box, body }) {
      const env = { ...process.env, FIVEWIRE_ID: key, FIVEWIRE_UID: String(id), FIVEWIRE_BOX: box };
      const child = spawn('/bin/sh', ['-c', command], {
        env,
        stdio: ['pipe', 'inherit', 'inherit'],
      });
      const ended = once(child, 'close') as Promise<[number | null, NodeJS.Signals | null]>;
      try {
        await pipeline(body, new UnixLines(), child.stdin);
      } catch (error) {
        // It may have seen enough: its exit status decides. But a message that did not come whole is not taken.
        if ((error as NodeJS.ErrnoException).code !== 'EPIPE') {
          child.kill();
          await ended;
          throw error;
        }
        body.destroy();
      }
      const [status, killedBy] = await ended;
      // Also when we are being ended: what it has taken must not be handed to it again.
      if (status === 0) return { record: { type: 'message', box, id, key }, text: '' };
      if (signal.aborted) throw new Failure(exitCodes.interrupted, 'Interrupted');
      throw new ItemRefused(
        `message ${id}: the command ended with ${killedBy ?? `status ${status}`}`,
      );
    },
    async close() {},
  };
}
