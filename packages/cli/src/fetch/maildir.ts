/**
 * Maildir, as qmail has it: written in tmp/, synced, renamed into new/. The name is made of what the message is called on
 * the server: a run that was killed after the rename finds it there and does not deliver it twice.
 */
import { createWriteStream } from 'node:fs';
import { readdir, rename, unlink, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { makeDirectory, syncDirectory, unwritable } from '../local-files.js';
import type { Destination } from './destination.js';
import { UnixLines } from './line-ends.js';

export async function openMaildir(path: string): Promise<Destination> {
  const here = new Set<string>();
  try {
    for (const part of ['', 'tmp', 'new', 'cur']) await makeDirectory(join(path, part));
    // A mail reader moves it to cur/ and adds flags behind a colon.
    for (const part of ['new', 'cur']) {
      for (const name of await readdir(join(path, part))) here.add(name.replace(/:.*$/s, ''));
    }
  } catch (error) {
    throw unwritable(path, error);
  }
  return {
    async deliver({ key, id, body, box, arrived }) {
      const name = `${key.slice(0, 32)}.fivewire`;
      const target = join(path, 'new', name);
      const record = { type: 'message', box, id, path: target };
      if (here.has(name)) {
        for await (const _ of body); // what was not read is not done with
        return { record: { ...record, known: true }, text: '' };
      }
      const temporary = join(path, 'tmp', name);
      try {
        await pipeline(
          body,
          new UnixLines(),
          createWriteStream(temporary, { flush: true, mode: 0o600 }),
        );
        if (arrived !== undefined) await utimes(temporary, arrived, arrived);
        await rename(temporary, target);
        await syncDirectory(join(path, 'new'));
      } catch (error) {
        await unlink(temporary).catch(() => {});
        throw unwritable(path, error);
      }
      here.add(name);
      return { record, text: target };
    },
    async close() {},
  };
}
