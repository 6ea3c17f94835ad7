/** A store of unique-ids on a disk that fills up: what could not be written is not remembered, and what was is not spoilt. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
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

describe('a file that someone else has', () => {
  const inDirectory = async (use: (path: string) => Promise<void>): Promise<void> => {
    const directory = await mkdtemp(join(tmpdir(), 'fivewire-uids-'));
    try {
      await use(join(directory, 'seen.jsonl'));
    } finally {
      await rm(directory, { recursive: true });
    }
  };
  const known = async (path: string): Promise<string[]> => {
    await using store = await fileUidStore(path);
    return ['a', 'b', 'c', 'd'].filter((uid) => store.has(uid));
  };

  it('another store of the same file: what this one would write is lost, and throws', async () => {
    await inDirectory(async (path) => {
      const one = await fileUidStore(path);
      await one.add('a');
      const other = await fileUidStore(path);
      await expect(one.add('b')).rejects.toMatchObject({ code: 'ERR_LOCAL_IO', path });
      await expect(one.listed(new Set())).rejects.toMatchObject({ code: 'ERR_LOCAL_IO' });
      expect(one.has('b')).toBe(false);
      await other.add('c');
      await Promise.all([one.close(), other.close()]);
      expect(await known(path)).toEqual(['a', 'c']);
    });
  });

  it('one that is gone is written anew', async () => {
    await inDirectory(async (path) => {
      const store = await fileUidStore(path);
      await store.add('a');
      await rm(path);
      await store.add('b');
      await store.close();
      expect(await known(path)).toEqual(['a', 'b']);
    });
  });

  it.each([
    [
      'zeros where a crash left the end',
      `{"uid":"a","since":"2026-01-01T00:00:00.000Z"}\n\0\0\0`,
      ['a'],
    ],
    ['line ends of another system', `{"uid":"a","since":"2026-01-01T00:00:00.000Z"}\r\n`, ['a']],
    [
      'a line that is cut in the middle',
      `{"uid":"a","si\n{"uid":"b","since":"2026-01-01T00:00:00.000Z"}\n`,
      undefined,
    ],
    ['a uid that is none', `{"uid":5,"since":"2026-01-01T00:00:00.000Z"}\n`, undefined],
    ['no date', `{"uid":"a"}\n`, undefined],
    ['a list', `["a"]\n`, undefined],
  ])('%s', async (_, content, uids) => {
    await inDirectory(async (path) => {
      await writeFile(path, content);
      if (uids !== undefined) expect(await known(path)).toEqual(uids);
      else await expect(known(path)).rejects.toMatchObject({ code: 'ERR_LOCAL_IO', path });
    });
  });
});
