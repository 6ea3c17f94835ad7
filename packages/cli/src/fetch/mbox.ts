/**
 * An mbox file (RFC 4155, quoted as mboxrd): each message is written beside it first, then appended in one go under a dot
 * lock. The journal says beforehand where and what: after a kill in the middle, the part that is there is cut off.
 */
import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { type FileHandle, open, stat, truncate, unlink } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { pipeline as piped, Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { exitCodes, Failure, isSystemError } from '../exit-code.js';
import { isStream, refuseDirectory, syncDirectory, unwritable } from '../local-files.js';
import { lockFile } from '../lock-file.js';
import type { Destination } from './destination.js';
import { QuoteFrom, UnixLines } from './line-ends.js';
import type { Pending, State } from './state.js';

const lockPatience = 10_000;
const separator = 'From fivewire ';

export async function openMbox(path: string, state: State): Promise<Destination> {
  if (await isStream(path)) return openStream(path);
  await refuseDirectory(path);
  if (state.pending !== undefined) await recover(path, state, state.pending);
  const spool = join(dirname(path), `.${basename(path)}.fivewire-message`);
  return {
    async deliver({ id, body, box, arrived }) {
      try {
        const { octets, sha256 } = await writeRecord(spool, body, arrived);
        const unlock = await lockFile(`${path}.lock`, path, lockPatience);
        try {
          const offset = await sizeOf(path);
          await state.note({ box, id, offset, octets, sha256 });
          await append(path, spool, offset);
        } finally {
          await unlock();
        }
        return { record: { type: 'message', box, id, path }, text: `${path} ${id}` };
      } catch (error) {
        throw unwritable(path, error);
      } finally {
        await unlink(spool).catch(() => {});
      }
    },
    async close() {},
  };
}

/** What is written to a device or a fifo cannot be looked at, locked or cut off. */
async function openStream(path: string): Promise<Destination> {
  const file = await open(path, 'w').catch((error) => {
    throw unwritable(path, error);
  });
  return {
    async deliver({ id, body, box, arrived }) {
      try {
        await pipeline(record(body, arrived), (source: AsyncIterable<Buffer>) =>
          writeAll(file, source),
        );
      } catch (error) {
        throw unwritable(path, error);
      }
      return { record: { type: 'message', box, id, path }, text: `${path} ${id}` };
    },
    async close() {
      await file.close().catch((error) => {
        throw unwritable(path, error);
      });
    },
  };
}

async function writeAll(file: FileHandle, source: AsyncIterable<Buffer>): Promise<void> {
  for await (const octets of source) await file.appendFile(octets);
}

/** A message as it will stand in the mbox: its `From ` line, the message, an empty line. */
function record(body: Readable, arrived = new Date()): Readable {
  async function* measured(source: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
    yield Buffer.from(`${separator}${asctime(arrived)}\n`);
    yield* source;
  }
  return Readable.from(
    measured(piped(body, new UnixLines(), new QuoteFrom(), () => {}) as AsyncIterable<Buffer>),
    { objectMode: false },
  );
}

async function writeRecord(
  spool: string,
  body: Readable,
  arrived: Date | undefined,
): Promise<Pick<Pending, 'octets' | 'sha256'>> {
  const hash = createHash('sha256');
  let octets = 0;
  async function* counted(source: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
    for await (const chunk of source) {
      octets += chunk.length;
      hash.update(chunk);
      yield chunk;
    }
  }
  const file = createWriteStream(spool, { mode: 0o600, flush: true });
  await pipeline(record(body, arrived), counted, file);
  return { octets, sha256: hash.digest('hex') };
}

/** What did not go in whole is taken out again. */
async function append(path: string, spool: string, offset: number): Promise<void> {
  try {
    const mbox = createWriteStream(path, { flags: 'a', mode: 0o600, flush: true });
    await pipeline(createReadStream(spool), mbox);
    if (offset === 0) await syncDirectory(dirname(path));
  } catch (error) {
    await truncate(path, offset).catch(() => {});
    throw error;
  }
}

/** @throws Failure 65 where another program has written behind a record of ours that is not whole */
async function recover(
  path: string,
  state: State,
  { box, id, offset, octets, sha256 }: Pending,
): Promise<void> {
  const unlock = await lockFile(`${path}.lock`, path, lockPatience);
  try {
    const size = await sizeOf(path);
    if (size >= offset + octets) {
      if ((await hashOf(path, offset, octets)) === sha256) return await state.add(box, id);
    } else if (size <= offset) return;
    else if ((await beginsWithOurs(path, offset, size)) === true)
      return await truncate(path, offset);
  } finally {
    await unlock();
  }
  throw new Failure(
    exitCodes.badData,
    `${path} was changed after a run that was killed while it wrote to it`,
    {
      hint: `Look at what begins at octet ${offset}: a record there may be cut off. Remove it, then the line "pending" from the state file.`,
    },
  );
}

async function hashOf(path: string, offset: number, octets: number): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path, { start: offset, end: offset + octets - 1 }), hash);
  return hash.digest('hex');
}

async function beginsWithOurs(path: string, offset: number, size: number): Promise<boolean> {
  const file = await open(path, 'r');
  try {
    const length = Math.min(separator.length, size - offset);
    const { buffer } = await file.read(Buffer.alloc(length), 0, length, offset);
    return buffer.toString('latin1') === separator.slice(0, length);
  } finally {
    await file.close();
  }
}

async function sizeOf(path: string): Promise<number> {
  try {
    return (await stat(path)).size;
  } catch (error) {
    if (isSystemError(error) && error.code === 'ENOENT') return 0;
    throw unwritable(path, error);
  }
}

/** `Thu Nov 26 17:04:05 2026`, in UTC, as RFC 4155 has it. */
function asctime(date: Date): string {
  const [weekday, day, month, year, time] = date.toUTCString().replace(',', '').split(' ');
  return `${weekday} ${month} ${day?.replace(/^0/, ' ')} ${time} ${year}`;
}
