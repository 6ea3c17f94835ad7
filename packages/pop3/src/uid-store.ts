/** What was retrieved and may still be on the server: unique-ids (RFC 1939 §7), remembered between runs. */
import { type FileHandle, open, readFile, rename, stat } from 'node:fs/promises';
import { LocalError } from '@fivewire/line-protocol';

/**
 * Remembers the unique-ids of messages that were retrieved. A `Set` is one. What has more methods gets more:
 */
export interface UidStore {
  has(uid: string): boolean | Promise<boolean>;
  /**
   * The message is safe. What returns must have been written down, or a crash makes the message come again. The second of several messages with
   * one unique-id is remembered as `uid 2`, and so on.
   * @param octets its size, where LIST told the size that it was found to have
   */
  add(uid: string, octets?: number): unknown;
  /** The message was removed from the server, which has said so. */
  delete?(uid: string): unknown;
  /** When it was added; for `keep: 'days:…'`. */
  since?(uid: string): Date | undefined | Promise<Date | undefined>;
  /** What {@link add} was told of its size. A message of another size is a new one, to which the server has given an old unique-id. */
  octets?(uid: string): number | undefined | Promise<number | undefined>;
  /**
   * All that the server lists now. Others may be forgotten; but some servers show less than they have for a while (Gmail, 250 at a time).
   */
  listed?(uids: ReadonlySet<string>): unknown;
}

export interface FileUidStoreOptions {
  /** Days for which a unique-id is remembered that the server lists no more. Default 90. */
  forgetAfter?: number;
}

export interface FileUidStore extends Required<UidStore> {
  readonly size: number;
  close(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

interface Entry {
  /** Milliseconds since 1970. */
  since: number;
  /** The last time that the server listed it. */
  seen: number;
  octets: number | undefined;
}

/**
 * A store in a file of JSON lines, each written to the disk before its call resolves. A last line that a crash has cut is left out; what a line
 * says later in the file counts. A write that fails is thrown, and nothing of it stays. One process at a time: once another one has opened
 * the store, this one's writes throw.
 *
 * @throws LocalError ERR_LOCAL_IO where the file can't be read or written, or a line in it is none of this store's
 */
export async function fileUidStore(
  path: string,
  { forgetAfter = 90 }: FileUidStoreOptions = {},
): Promise<FileUidStore> {
  const entries = parse(path, await readIfThere(path));
  let file = await compact(path, entries);
  let queue: Promise<unknown> = Promise.resolve();
  let closed = false;
  /** A write has failed, and may have left a part of its lines behind. */
  let torn = false;

  const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
    const result = queue.then(work);
    queue = result.catch(() => {});
    return result;
  };
  const write = (lines: readonly string[]): Promise<void> =>
    inTurn(async () => {
      if (torn || !(await isInPlace(file, path))) return renew();
      try {
        torn = true;
        await file.appendFile(lines.map((line) => `${line}\n`).join(''));
        await file.datasync();
        torn = false;
      } catch (error) {
        throw trouble(path, 'written', error);
      }
    });
  const renew = async (): Promise<void> => {
    await isInPlace(file, path);
    const before = file;
    file = await compact(path, entries);
    torn = false;
    await before.close();
  };
  const close = async (): Promise<void> => {
    if (closed) return;
    closed = true;
    await inTurn(() => file.close());
  };
  return {
    get size() {
      return entries.size;
    },
    has: (uid) => entries.has(uid),
    since(uid) {
      const entry = entries.get(uid);
      return entry && new Date(entry.since);
    },
    octets: (uid) => entries.get(uid)?.octets,
    async add(uid, octets) {
      const now = Date.now();
      const before = entries.get(uid);
      const entry = { since: before?.since ?? now, seen: now, octets: octets ?? before?.octets };
      entries.set(uid, entry);
      try {
        await write([line(uid, entry)]);
      } catch (error) {
        // What is not on the disk is not remembered: its message comes again.
        if (before === undefined) entries.delete(uid);
        throw error;
      }
    },
    async delete(uid) {
      if (entries.delete(uid)) await write([JSON.stringify({ uid, gone: true })]);
    },
    async listed(uids) {
      const now = Date.now();
      const oldest = now - forgetAfter * day;
      for (const [uid, entry] of entries) {
        if (uids.has(uid)) entry.seen = now;
        else if (entry.seen < oldest) entries.delete(uid);
      }
      await inTurn(renew);
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}

const day = 86_400_000;

const line = (uid: string, { since, seen, octets }: Entry): string =>
  JSON.stringify({
    uid,
    octets,
    since: new Date(since).toISOString(),
    ...(seen === since ? {} : { seen: new Date(seen).toISOString() }),
  });

async function readIfThere(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return '';
    throw trouble(path, 'read', error);
  }
}

/**
 * Whether what is written goes where it is looked for: the file was not removed.
 * @throws LocalError ERR_LOCAL_IO where another file is in its place, of someone who knows nothing of what is written here
 */
async function isInPlace(file: FileHandle, path: string): Promise<boolean> {
  try {
    const [ours, there] = await Promise.all([
      file.stat({ bigint: true }),
      stat(path, { bigint: true }),
    ]);
    if (ours.ino === there.ino && ours.dev === there.dev) return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
    throw trouble(path, 'written', error);
  }
  throw trouble(path, 'written', new Error('another process has it, or has replaced it'));
}

/** Writes what is known into a new file, puts it in the place of the old one, and leaves it open. */
async function compact(path: string, entries: ReadonlyMap<string, Entry>): Promise<FileHandle> {
  const fresh = `${path}.new`;
  let file: FileHandle | undefined;
  try {
    file = await open(fresh, 'w', 0o600);
    await file.appendFile([...entries].map(([uid, entry]) => `${line(uid, entry)}\n`).join(''));
    await file.datasync();
    await rename(fresh, path);
    return file;
  } catch (error) {
    await file?.close();
    throw trouble(path, 'written', error);
  }
}

function parse(path: string, text: string): Map<string, Entry> {
  const entries = new Map<string, Entry>();
  const lines = text.split('\n');
  lines.pop(); // empty, or cut by a crash
  lines.forEach((text, at) => {
    const row = parseLine(text);
    if (row === undefined) throw trouble(path, 'read', `line ${at + 1} is no unique-id's`);
    if (row.gone) entries.delete(row.uid);
    else entries.set(row.uid, row);
  });
  return entries;
}

function parseLine(text: string): (Entry & { uid: string; gone: boolean }) | undefined {
  try {
    const { uid, octets, since, seen = since, gone } = JSON.parse(text);
    const times = { since: Date.parse(since), seen: Date.parse(seen) };
    const entry = { uid, octets, ...times, gone: gone === true };
    const good =
      typeof uid === 'string' &&
      (octets === undefined || Number.isSafeInteger(octets)) &&
      (entry.gone || entry.since + entry.seen >= 0);
    return good ? entry : undefined;
  } catch {
    return undefined;
  }
}

const trouble = (path: string, done: string, cause: unknown): LocalError =>
  new LocalError(
    'ERR_LOCAL_IO',
    `The store of unique-ids could not be ${done}: ${cause instanceof Error ? cause.message : cause}`,
    {
      path,
      protocol: 'pop3',
      ...(cause instanceof Error ? { cause } : {}),
      hint: 'Check the path, its permissions, and the room on the disk.',
    },
  );
