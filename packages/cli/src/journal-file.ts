/**
 * A journal of JSON lines, its first line saying whose it is. Entries are appended and synced, so that being killed costs nothing;
 * opening it writes it anew, short, under a temporary name. A last line without its line end was cut off by a kill and counts
 * as not written.
 */
import {
  type FileHandle,
  lstat,
  open,
  readFile,
  rename,
  unlink,
  writeFile,
} from 'node:fs/promises';
import { dirname } from 'node:path';
import { placeOf } from '@fivewire/line-protocol';
import { exitCodes, Failure, isSystemError } from './exit-code.js';
import { syncDirectory, unreadable, unwritable } from './local-files.js';
import { lockFile } from './lock-file.js';

/** What the entries come to. */
export interface Ledger<E> {
  apply(entry: E): void;
  /** The fewest that say the same. */
  entries(): Iterable<E>;
}

export interface JournalFile<E> {
  /** Resolves when they are on the disk. The ledger has them before. */
  append(...entries: readonly E[]): Promise<void>;
  /** `remove`: it has served. It goes before anybody else can use it. */
  close(options?: { remove?: boolean }): Promise<void>;
}

export interface JournalOptions {
  /** What is appended is forgotten at the end. */
  readOnly?: boolean;
  /** What it says is passed over. A file that is no journal of the command is an error all the same. */
  forget?: boolean;
  /** Why one that is there is not to be used. */
  existing?: () => Failure;
}

/**
 * @param named its path; a link to it stays one
 * @param command whose journal it is: `fetch`
 * @throws Failure 75 while another run uses it, 65 where it is none of the command's
 */
export async function openJournal<E>(
  named: string,
  command: string,
  ledger: Ledger<E>,
  { readOnly = false, forget = false, existing }: JournalOptions = {},
): Promise<JournalFile<E>> {
  const header = { fivewire: command, version: 1 };
  const { path, file: there } = await placeOf(named).catch((error) => {
    throw unreadable(named, 'the state', error);
  });
  if (there !== undefined && !there.isFile())
    throw new Failure(exitCodes.cannotCreate, `${named} is no file: no state can be kept there`, {
      hint: 'Name a file, or one that is not there yet.',
    });
  if (readOnly) {
    for (const entry of await readEntries(path, header)) ledger.apply(entry as E);
    return {
      append: async (...entries) => entries.forEach((entry) => void ledger.apply(entry)),
      close: async () => {},
    };
  }
  const unlock = await lockFile(`${path}.lock`, path, 0);
  let file: FileHandle | undefined;
  try {
    const entries = await readEntries(path, header);
    if (existing !== undefined && (await isThere(path))) throw existing();
    if (!forget) for (const entry of entries) ledger.apply(entry as E);
    await writeAnew(path, [header, ...ledger.entries()]);
    file = await open(path, 'a');
    const handle = file;
    const lines = new Lines(handle, (await handle.stat()).size);
    return {
      async append(...entries) {
        for (const entry of entries) ledger.apply(entry);
        try {
          await lines.append(linesOf(entries));
        } catch (error) {
          throw unwritable(path, error);
        }
      },
      async close({ remove = false } = {}) {
        await handle.close();
        if (remove) await unlink(path).catch(() => {});
        await unlock();
      },
    };
  } catch (error) {
    await file?.close();
    await unlock();
    throw error;
  }
}

/** Read under the lock: an earlier look may be of a run that has ended since. */
const isThere = async (path: string): Promise<boolean> =>
  (await lstat(path).catch(() => undefined)) !== undefined;

interface Batch {
  text: string;
  written: Promise<void>;
}

/**
 * Appended lines, whole or not at all: of a write that the disk has cut short nothing stays, for the next line would be glued to it.
 * What comes while one is written is written and synced together.
 */
class Lines {
  readonly #file: FileHandle;
  #size: number;
  #next: Batch | undefined;
  #last: Promise<void> = Promise.resolve();

  constructor(file: FileHandle, size: number) {
    this.#file = file;
    this.#size = size;
  }

  /** Resolves when they are on the disk. */
  append(text: string): Promise<void> {
    if (this.#next !== undefined) this.#next.text += text;
    else {
      const next: Batch = { text, written: this.#last.then(() => this.#write(next)) };
      this.#next = next;
      this.#last = next.written.catch(() => {});
    }
    return this.#next.written;
  }

  async #write(batch: Batch): Promise<void> {
    this.#next = undefined;
    try {
      await this.#file.appendFile(batch.text);
      await this.#file.datasync();
      this.#size += Buffer.byteLength(batch.text);
    } catch (error) {
      await this.#file.truncate(this.#size).catch(() => {});
      throw error;
    }
  }
}

async function readEntries(
  path: string,
  header: { fivewire: string; version: number },
): Promise<unknown[]> {
  const text = await readFile(path, 'utf8').catch((error) => {
    if (isSystemError(error) && error.code === 'ENOENT') return '';
    throw unreadable(path, 'the state', error);
  });
  const lines = text.split('\n');
  lines.pop(); // '' behind the last line end; or a line that a kill cut off: what it said is looked at anew
  const [first, ...entries] = lines.map((line, at) => {
    try {
      return JSON.parse(line);
    } catch {
      throw spoilt(path, header.fivewire, at + 1);
    }
  });
  if (first === undefined) {
    // A journal has its first line from the beginning: what has none is another program's file.
    if (text !== '') throw spoilt(path, header.fivewire, 1);
    return [];
  }
  if (first?.fivewire !== header.fivewire || first.version !== header.version)
    throw spoilt(path, header.fivewire, 1);
  return entries;
}

const spoilt = (path: string, command: string, at: number): Failure =>
  new Failure(exitCodes.badData, `${path} is no state of fivewire ${command} (line ${at})`, {
    hint:
      command === 'fetch' || command === 'sync'
        ? 'Name another one with --state. Without it everything counts as new.'
        : `It is left as it is: ${command === 'send' ? 'name another one with --journal' : 'move it away'}.`,
  });

const linesOf = (entries: readonly unknown[]): string =>
  entries.map((entry) => `${JSON.stringify(entry)}\n`).join('');

async function writeAnew(path: string, entries: readonly unknown[]): Promise<void> {
  const temporary = `${path}.new`;
  try {
    await writeFile(temporary, linesOf(entries), { mode: 0o600, flush: true });
    await rename(temporary, path);
    await syncDirectory(dirname(path));
  } catch (error) {
    await unlink(temporary).catch(() => {});
    throw unwritable(path, error);
  }
}
