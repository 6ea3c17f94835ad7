/** Octets written once and read once, in memory up to a limit, beyond it in a file that no one else can open. */
import { type FileHandle, mkdtemp, open, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface Spool {
  write(octets: Uint8Array): Promise<void>;
  read(): AsyncGenerator<Uint8Array, void, undefined>;
  close(): Promise<void>;
}

const memoryLimit = 1024 * 1024;
const pieceOctets = 256 * 1024;

export function createSpool(): Spool {
  let held: Uint8Array[] = [];
  let size = 0;
  let directory: string | undefined;
  let file: FileHandle | undefined;

  const flush = async (): Promise<void> => {
    if (file === undefined) {
      directory = await mkdtemp(join(tmpdir(), 'fivewire-'));
      file = await open(join(directory, 'message'), 'wx+', 0o600);
    }
    for (let rest = Buffer.concat(held, size); rest.length > 0; ) {
      const { bytesWritten } = await file.write(rest);
      rest = rest.subarray(bytesWritten);
    }
    held = [];
    size = 0;
  };

  return {
    async write(octets) {
      held.push(octets);
      size += octets.length;
      if (size >= (file === undefined ? memoryLimit : pieceOctets)) await flush();
    },
    async *read() {
      let at = 0;
      while (file !== undefined) {
        const { bytesRead, buffer } = await file.read(
          Buffer.allocUnsafe(pieceOctets),
          0,
          pieceOctets,
          at,
        );
        if (bytesRead === 0) break;
        at += bytesRead;
        yield buffer.subarray(0, bytesRead);
      }
      yield* held;
    },
    async close() {
      await file?.close();
      if (directory !== undefined) await rm(directory, { recursive: true, force: true });
    },
  };
}
