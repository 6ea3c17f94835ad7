/**
 * Messages that wait on this side: `ID.eml`, as it will go out, and `ID.json`, who it is from and to. It is there when its JSON is.
 * Before a message goes out that is noted, and after it was taken it is removed: what a kill leaves in between is parked, since
 * nobody knows whether it was taken, and is never sent by itself. What a kill leaves without a JSON was never taken over, or has
 * gone out: the next run that has the lock removes it, once the process that its ID names is dead.
 */
import { createWriteStream } from 'node:fs';
import { lstat, readdir, readFile, rename, unlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { isAbandoned, temporaryName } from '@fivewire/line-protocol';
import { exitCodes, Failure } from '../exit-code.js';
import { makeDirectory, syncDirectory, unreadable, unwritable } from '../local-files.js';
import { lockFile } from '../lock-file.js';
import type { Dsn } from './dsn.js';

export interface Spooled {
  id: string;
  /** null: the null sender. */
  from: string | null;
  to: readonly string[];
  created: string;
  /** By which server it goes: a URL, or a profile of a configuration file. */
  url?: string | undefined;
  profile?: string | undefined;
  /** Path of that file. */
  config?: string | undefined;
  /** What its sender wants to be told of its delivery. */
  dsn?: Dsn | undefined;
  state: 'waiting' | 'sending' | 'refused';
  /** What became of the last try. */
  problem?: string;
}

export class Spool {
  readonly path: string;

  constructor(path: string) {
    this.path = path;
  }

  /** Resolves when it is on the disk. */
  async add(message: Readable, about: Omit<Spooled, 'id' | 'created' | 'state'>): Promise<Spooled> {
    await makeDirectory(this.path);
    const id = `${Date.now().toString(36)}-${temporaryName('').slice(-markEnd.length, -'.part'.length)}`;
    const entry: Spooled = { id, created: new Date().toISOString(), state: 'waiting', ...about };
    try {
      await pipeline(
        message,
        createWriteStream(this.message(id), { flags: 'wx', mode: 0o600, flush: true }),
      );
      await this.note(entry);
    } catch (error) {
      await unlink(this.message(id)).catch(() => {});
      throw unwritable(this.path, error);
    }
    return entry;
  }

  message(id: string): string {
    return join(this.path, `${id}.eml`);
  }

  /** In the order in which they came. @throws Failure 66 where there is no queue: an absent one is not taken for an empty one */
  async list(): Promise<Spooled[]> {
    const names = await readdir(this.path).catch((error) => {
      throw unreadable(this.path, 'the queue', error);
    });
    const found: Spooled[] = [];
    for (const name of names.filter((one) => one.endsWith('.json')).sort()) {
      try {
        found.push(JSON.parse(await readFile(join(this.path, name), 'utf8')));
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === 'ENOENT') continue; // sent by another run
        throw new Failure(exitCodes.badData, `${join(this.path, name)} is no entry of the queue`);
      }
    }
    return found;
  }

  async note(entry: Spooled): Promise<void> {
    const path = join(this.path, `${entry.id}.json`);
    try {
      await writeFile(`${path}.new`, JSON.stringify(entry), { mode: 0o600, flush: true });
      await rename(`${path}.new`, path);
      await syncDirectory(this.path);
    } catch (error) {
      throw unwritable(path, error);
    }
  }

  async remove(id: string): Promise<void> {
    try {
      await unlink(join(this.path, `${id}.json`));
      await syncDirectory(this.path);
      await unlink(this.message(id));
    } catch (error) {
      throw unwritable(join(this.path, id), error);
    }
  }

  /** One run at a time sends. @throws Failure 75 while another one does, 66 where there is no queue */
  async lock(): Promise<() => Promise<void>> {
    await readdir(this.path).catch((error) => {
      throw unreadable(this.path, 'the queue', error);
    });
    const unlock = await lockFile(join(this.path, '.lock'), this.path, 0);
    await this.#sweep();
    return unlock;
  }

  /** What cannot be looked at or removed stays: it does no harm. */
  async #sweep(): Promise<void> {
    const names = new Set(await readdir(this.path).catch((): string[] => []));
    for (const name of names) {
      const [, id = '', kind] = /^(.+)\.(eml|json\.new)$/.exec(name) ?? [];
      const isNoted = names.has(`${id}.json`);
      // A note is made anew under the lock alone, and the first one by the process of the ID.
      if (kind === undefined || (isNoted && kind === 'eml')) continue;
      const path = join(this.path, name);
      const about = await lstat(path).catch(() => undefined);
      if (!about?.isFile() || !(isNoted || isAbandoned(partOf(id), about.mtimeMs))) continue;
      // A process that has died since its names were read may have noted it before.
      const json = await lstat(join(this.path, `${id}.json`)).catch(() => undefined);
      if (kind !== 'eml' || json === undefined) await unlink(path).catch(() => {});
    }
  }
}

const markEnd = '0123456789ab.part';

/** As a part of the same writer is called. IDs of before have no writer: then it is their age that says so. */
const partOf = (id: string): string =>
  `.${id}.${/-([0-9a-f]{12})$/.exec(id)?.[1] ?? '-'.repeat(12)}.part`;
