/** A journal on a disk that fills up. Where a limit of the process stands for the disk, it needs no file system of its own. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { openJournal } from '../src/journal-file.js';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'fivewire-journal-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

interface Entry {
  done: string;
}

const ledger = () => {
  const known: string[] = [];
  return {
    known,
    apply: ({ done }: Entry) => void known.push(done),
    *entries(): Generator<Entry> {
      for (const done of known) yield { done };
    },
  };
};

/** The largest file that this process may write from now on. @returns false where this machine knows no such limit, which it says */
const mayWrite = (octets: string): boolean => {
  try {
    execFileSync('prlimit', [`--pid=${process.pid}`, `--fsize=${octets}:`], { stdio: 'pipe' });
    return true;
  } catch (error) {
    console.warn(`NOT TESTED: a file that may not grow: ${String(error).split('\n')[0]}`);
    return false;
  }
};

it('a line that the disk has cut short is taken off, and the next one stands by itself', async () => {
  const path = join(folder, 'journal');
  const first = ledger();
  const journal = await openJournal<Entry>(path, 'test', first);
  const before = readFileSync(path, 'utf8');
  await journal.append({ done: 'a' });
  const good = readFileSync(path, 'utf8');
  if (!mayWrite(String(good.length + 5))) return journal.close();
  try {
    const late = [
      journal.append({ done: 'b' }),
      journal.append({ done: 'c' }),
      journal.append({ done: 'd' }),
    ];
    for (const one of late) await expect(one).rejects.toMatchObject({ exit: 74, code: 'EFBIG' });
    expect(readFileSync(path, 'utf8')).toBe(good);
  } finally {
    mayWrite('unlimited');
  }
  await Promise.all([journal.append({ done: 'e' }), journal.append({ done: 'f' })]);
  await journal.close();
  expect(readFileSync(path, 'utf8')).toBe(`${before}{"done":"a"}\n{"done":"e"}\n{"done":"f"}\n`);
  const second = ledger();
  await (await openJournal<Entry>(path, 'test', second)).close();
  expect(second.known).toEqual(['a', 'e', 'f']);
});

it.each([
  ['no file at all', '0'],
  ['a few octets', '10'],
])(
  'one that cannot be begun, with room for %s, leaves what was there and nothing else',
  async (_, octets) => {
    const path = join(folder, 'journal');
    const old = '{"fivewire":"test","version":1}\n{"done":"a"}\n';
    writeFileSync(path, old);
    if (!mayWrite(octets)) return;
    try {
      await expect(openJournal<Entry>(path, 'test', ledger())).rejects.toMatchObject({ exit: 74 });
    } finally {
      mayWrite('unlimited');
    }
    expect(readdirSync(folder)).toEqual(['journal']);
    expect(readFileSync(path, 'utf8')).toBe(old);
  },
);

it.each(['data', 'data\n', 'null\n', '{}\n', '\n'])(
  'a file that is no journal stays as it is: %j',
  async (text) => {
    const path = join(folder, 'mine');
    writeFileSync(path, text);
    await expect(openJournal(path, 'fetch', ledger())).rejects.toMatchObject({ exit: 65 });
    expect(readFileSync(path, 'utf8')).toBe(text);
    expect(readdirSync(folder)).toEqual(['mine']);
  },
);
