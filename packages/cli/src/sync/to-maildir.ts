/**
 * Mail into a Maildir. A message's name is made of what it is called at the source, so that a run after a kill finds what is
 * there. A batch is written at once and synced together: a disk that is asked message by message takes several times as long.
 */
import { createHash } from 'node:crypto';
import {
  closeSync,
  createWriteStream,
  fdatasync,
  futimesSync,
  openSync,
  renameSync,
  unlinkSync,
  writeSync,
} from 'node:fs';
import { readFile, rename, stat, unlink, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { promisify } from 'node:util';
import { UnixLines, unixLines } from '../fetch/line-ends.js';
import { syncDirectory, unwritable } from '../local-files.js';
import { gather } from './gather.js';
import type { Maildir } from './maildir.js';
import { infoOf } from './maildir-flags.js';
import { isHeld, type LargeContent, type NewMessage, type Stored, type Target } from './message.js';

const synced = promisify(fdatasync);

/**
 * @param nameOf the unique name of a message, always the same for the same one
 * @param strays messages that may be copies of what comes; asked for when something has come
 */
export class ToMaildir implements Target {
  readonly #maildir: Maildir;
  readonly #nameOf: (id: string) => string;
  /** Names that may be copies of what comes, by their octets on disk. */
  #strays: Map<number, string[]> | undefined;
  readonly #strayNames: () => Iterable<string>;

  constructor(maildir: Maildir, nameOf: (id: string) => string, strays: () => Iterable<string>) {
    this.#maildir = maildir;
    this.#nameOf = nameOf;
    this.#strayNames = strays;
  }

  async put(messages: readonly NewMessage[]): Promise<readonly Stored[]> {
    const stored: Stored[] = [];
    const written: { handle: number; name: string; message: NewMessage }[] = [];
    const changed = new Set<string>();
    try {
      for (const message of messages) {
        const name = this.#nameOf(message.id);
        const known = this.#maildir.files.has(name) ? name : await this.#strayLike(message);
        stored.push({ id: known ?? name });
        if (known !== undefined) {
          if (!isHeld(message.content)) message.content.read().destroy();
        } else if (isHeld(message.content)) {
          written.push({ handle: this.#write(name, message.content, message.date), name, message });
        } else {
          await this.#stream(name, message.content, message.date);
          changed.add(this.#rename(name, message.flags));
        }
      }
      await Promise.all(written.map(({ handle }) => synced(handle)));
      for (let one = written[0]; one !== undefined; one = written[0]) {
        changed.add(this.#rename(one.name, one.message.flags));
        closeSync(one.handle);
        written.shift();
      }
      for (const part of changed) await syncDirectory(join(this.#maildir.path, part));
    } catch (error) {
      for (const { handle, name } of written) {
        closeSync(handle);
        await this.#discard(name);
      }
      throw unwritable(this.#maildir.path, error);
    }
    return stored;
  }

  async setFlags(changes: readonly { id: string; flags: readonly string[] }[]): Promise<void> {
    const { path, files } = this.#maildir;
    for (const { id, flags } of changes) {
      const file = await this.#maildir.locate(id);
      if (file === undefined) continue; // a mail reader has removed it
      const info = infoOf(flags, file.info);
      const to = info === '' ? file.path.replace(/:2,.*$/s, '') : join('cur', `${id}:2,${info}`);
      if (to === file.path) continue;
      try {
        await rename(file.full, join(path, to));
      } catch (error) {
        throw unwritable(path, error);
      }
      files.set(id, { path: to, info });
    }
  }

  async remove(ids: readonly string[]): Promise<void> {
    for (const id of ids) {
      const file = await this.#maildir.locate(id);
      if (file === undefined) continue;
      await unlink(file.full).catch((error) => {
        if (error.code !== 'ENOENT') throw unwritable(file.full, error);
      });
      this.#maildir.files.delete(id);
    }
  }

  /** Without waiting: a message is far shorter than what a disk takes at once. @returns the open file, not synced yet */
  #write(name: string, content: Buffer, date: Date | undefined): number {
    const handle = openSync(this.#temporary(name), 'w', 0o600);
    try {
      const octets = unixLines(content);
      for (let at = 0; at < octets.length; ) at += writeSync(handle, octets, at);
      if (date !== undefined) futimesSync(handle, date, date);
      return handle;
    } catch (error) {
      closeSync(handle);
      unlinkSync(this.#temporary(name)); // a disk that is full needs its room
      throw error;
    }
  }

  async #stream(name: string, content: LargeContent, date: Date | undefined): Promise<void> {
    const temporary = this.#temporary(name);
    const file = createWriteStream(temporary, { flush: true, mode: 0o600 });
    try {
      await pipeline(content.read(), new UnixLines(), file);
      if (date !== undefined) await utimes(temporary, date, date);
    } catch (error) {
      await this.#discard(name);
      throw error;
    }
  }

  async #discard(name: string): Promise<void> {
    await unlink(this.#temporary(name)).catch(() => {});
  }

  /** @returns the part of the Maildir that it is in now */
  #rename(name: string, flags: readonly string[]): string {
    const info = infoOf(flags);
    const part = info === '' ? 'new' : 'cur';
    const to = join(part, info === '' ? name : `${name}:2,${info}`);
    renameSync(this.#temporary(name), join(this.#maildir.path, to));
    this.#maildir.files.set(name, { path: to, info });
    return part;
  }

  #temporary(name: string): string {
    return join(this.#maildir.path, 'tmp', name);
  }

  /** One whose pair a kill or a void UID has taken, and whose octets are the same. */
  async #strayLike({ content }: NewMessage): Promise<string | undefined> {
    if (!isHeld(content)) return undefined;
    this.#strays ??= await this.#measured();
    if (this.#strays.size === 0) return undefined;
    const octets = unixLines(content);
    const alike = this.#strays.get(octets.length) ?? [];
    for (const name of alike) {
      const file = await this.#maildir.locate(name);
      if (file === undefined || digest(await readFile(file.full)) !== digest(octets)) continue;
      alike.splice(alike.indexOf(name), 1);
      return name;
    }
    return undefined;
  }

  async #measured(): Promise<Map<number, string[]>> {
    const bySize = new Map<number, string[]>();
    for (const name of this.#strayNames()) {
      const file = await this.#maildir.locate(name);
      if (file === undefined) continue;
      const { size } = await stat(file.full);
      gather(bySize, size, name);
    }
    return bySize;
  }
}

const digest = (octets: Uint8Array): string => createHash('sha256').update(octets).digest('hex');
