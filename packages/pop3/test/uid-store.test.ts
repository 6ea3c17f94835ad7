/** A store of unique-ids on a disk that fills up: what could not be written is not remembered, and what was is not spoilt. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, vi } from 'vitest';
import { fileUidStore } from '../src/index.js';

const disk = vi.hoisted(() => ({ isFull: false }));

vi.mock('node:fs/promises', async (original) => {
  const real = await original<typeof import('node:fs/promises')>();
  return {
    ...real,
    async open(...args: Parameters<typeof real.open>) {
      const file = await real.open(...args);
      const append = file.appendFile.bind(file);
      file.appendFile = async (text, ...more) => {
        if (!disk.isFull) return append(text, ...more);
        await append(String(text).slice(0, 12));
        throw Object.assign(new Error('no space left on device'), { code: 'ENOSPC' });
      };
      return file;
    },
  };
});

it('a write that fails is told; the next one finds the file as it was', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'fivewire-uids-'));
  const path = join(directory, 'seen.jsonl');
  try {
    const store = await fileUidStore(path);
    await store.add('a');
    disk.isFull = true;
    await expect(store.add('b')).rejects.toMatchObject({ code: 'ERR_LOCAL_IO', path });
    await expect(store.add('c')).rejects.toMatchObject({ code: 'ERR_LOCAL_IO' });
    expect([store.has('a'), store.has('b'), store.has('c')]).toEqual([true, false, false]);
    disk.isFull = false;
    await store.add('d');
    await store.delete('a');
    await store.close();
    const again = await fileUidStore(path);
    expect(['a', 'b', 'c', 'd'].filter((uid) => again.has(uid))).toEqual(['d']);
    await again.close();
  } finally {
    disk.isFull = false;
    await rm(directory, { recursive: true });
  }
});
