/** Test workers that want the same packed project at once: each has it whole, whoever dies, is slow, or sweeps meanwhile. */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { madeOnce } from './made-once.mjs';

let home: string;
let place: string;

beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'fivewire-made-'));
  place = join(home, 'place');
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

/** A tree of files; `between` is done in its middle. */
const tree =
  (text: string, between = () => {}) =>
  (aside: string) => {
    expect(readdirSync(aside)).toEqual([]);
    for (let i = 0; i < 10; i++) {
      if (i === 5) between();
      mkdirSync(join(aside, `${i}`));
      writeFileSync(join(aside, `${i}`, 'file'), text);
    }
  };
const content = () =>
  readdirSync(place).map((name) => readFileSync(join(place, name, 'file'), 'utf8'));
const whole = (text: string) => Array(10).fill(text);

it('is made once, and whole', () => {
  madeOnce(place, tree('a'));
  madeOnce(place, () => expect.unreachable());
  expect(content()).toEqual(whole('a'));
  expect(readdirSync(home)).toEqual(['place']);
});

it.each(['slow', 'dead'])(
  'a second that waits for no %s first comes in between: the first to be whole stays',
  (kind) => {
    madeOnce(
      place,
      tree('first', () => {
        if (kind === 'dead') writeFileSync(`${place}.lock`, '999999999');
        madeOnce(place, tree('second'), { patience: 0 });
        expect(content()).toEqual(whole('second'));
      }),
    );
    expect(content()).toEqual(whole('second'));
    expect(readdirSync(home)).toEqual(['place']);
  },
);

it('one that fails leaves the turn to the next, and never half a place', () => {
  const fails = () => {
    throw new Error('no disk');
  };
  expect(() => madeOnce(place, tree('x', fails))).toThrow('no disk');
  expect(existsSync(place)).toBe(false);
  madeOnce(place, tree('a'));
  expect(content()).toEqual(whole('a'));
});

it('sweeps what nobody wants any more, in the middle of it too, and nothing that is in use', () => {
  const other = join(home, 'other');
  madeOnce(other, tree('o'));
  const old = new Date(Date.now() - 2 * 86_400_000);
  for (const name of ['old', 'old.aside-1']) {
    mkdirSync(join(home, name, 'deep'), { recursive: true });
    utimesSync(join(home, name), old, old);
  }
  madeOnce(
    place,
    tree('a', () => madeOnce(other, () => expect.unreachable())),
  );
  expect(readdirSync(home).sort()).toEqual(['other', 'place']);
  utimesSync(place, old, old);
  madeOnce(place, () => expect.unreachable()); // wanted again: kept
  expect(content()).toEqual(whole('a'));
});

it('six processes at once, one lock left behind: each finds it whole', async () => {
  writeFileSync(`${place}.lock`, '999999999');
  const module = fileURLToPath(new URL('made-once-racer.mjs', import.meta.url));
  const racers = Array.from({ length: 6 }, () =>
    fork(module, [place], { execArgv: [], stdio: 'pipe' }),
  );
  for (const racer of racers) await once(racer, 'message');
  for (const racer of racers) racer.send('go');
  const ends = await Promise.all(racers.map((racer) => once(racer, 'exit')));
  expect(ends).toEqual(Array(6).fill([0, null]));
  expect(readdirSync(home).sort()).toEqual(['place']);
});
