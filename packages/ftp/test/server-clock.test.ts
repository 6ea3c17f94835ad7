/** Times of LIST become UTC where MDTM proves them, and stay the server's where it does not. */
import { describe, expect, it } from 'vitest';
import { type Entry, FtpClient } from '../src/index.js';
import { ServerClock, worthAsking } from '../src/listing/server-clock.js';
import { type Manners, oddServer, type Tree } from './odd-server.js';

const at = (text: string): number => Date.parse(`${text}Z`);
const minute = 60_000;

describe('a clock', () => {
  it('is known where a file was asked for, and between two that agree', () => {
    const clock = new ServerClock();
    expect(clock.add(at('2026-01-10T12:34'), at('2026-01-10T11:34:59'), minute)).toBe(true);
    expect(clock.aheadAt(at('2026-01-10T12:34'))).toBe(60 * minute);
    expect(clock.aheadAt(at('2026-01-10T12:35'))).toBeUndefined();
    expect(clock.add(at('2026-02-01T00:00'), at('2026-01-31T23:00:01'), minute)).toBe(true);
    expect(clock.aheadAt(at('2026-01-20T00:00'))).toBe(60 * minute);
  });

  it('is not known between two far apart, or that disagree', () => {
    const clock = new ServerClock();
    clock.add(at('2026-03-28T12:00'), at('2026-03-28T11:00'), minute);
    clock.add(at('2026-03-30T12:00'), at('2026-03-30T10:00'), minute);
    clock.add(at('2026-09-30T12:00'), at('2026-09-30T10:00'), minute);
    expect(clock.aheadAt(at('2026-03-29T12:00'))).toBeUndefined();
    expect(clock.aheadAt(at('2026-06-01T12:00'))).toBeUndefined();
  });

  it.each([
    ['2026-01-10T12:34', '2026-01-10T11:35:00'], // changed meanwhile
    ['2026-01-10T12:34', '2026-01-08T12:34:00'], // no zone is so far ahead
  ])('takes no other file’s time: %s, %s', (shown, exact) => {
    expect(new ServerClock().add(at(shown), at(exact), minute)).toBe(false);
  });

  it('asks for few files of many', () => {
    const times = Array.from(
      { length: 50_000 },
      (_, index) => at('2026-01-01T00:00') + index * 5 * minute,
    );
    expect(worthAsking(times).length).toBeLessThan(12);
    expect(worthAsking([5])).toEqual([5]);
  });
});

async function listed(
  times: Record<string, [shown: string, exact: string]>,
  manners: Manners = {},
): Promise<{ rows: (string | undefined)[][]; asked: number; again: number }> {
  const tree: Tree = { d: Object.fromEntries(Object.keys(times).map((name) => [name, 'x'])) };
  const row = (name: string) => `-rw-r--r-- 1 u g 1 ${times[name]?.[0]} ${name}`;
  const server = oddServer(tree, {
    setsTimes: true,
    row,
    features: ['EPSV', 'SIZE', 'MDTM', 'MFMT'],
    ...manners,
  });
  const ftp = await FtpClient.connect({ ...server.options, utcOffset: 'auto' });
  if (manners.answers === undefined) {
    for (const [name, [, exact]] of Object.entries(times))
      await ftp.setModified(`/d/${name}`, new Date(`${exact}Z`));
  }
  const count = () => server.said.filter((line) => line.startsWith('MDTM')).length;
  const shown = ({ name, modified, zone }: Entry) => [name, modified?.toISOString(), zone];
  const rows = (await ftp.list('/d').toArray()).map(shown);
  const asked = count();
  expect((await ftp.list('/d').toArray()).map(shown)).toEqual(rows);
  const again = count() - asked;
  ftp.close();
  return { rows, asked, again };
}

describe('a listing', () => {
  it('is in UTC, summer and winter, where MDTM proves it', async () => {
    const { rows, again } = await listed({
      a: ['2026-03-20 12:34', '2026-03-20T11:34:56'],
      b: ['2026-03-24 10:00', '2026-03-24T09:00:00'],
      c: ['2026-03-30 12:00', '2026-03-30T10:00:01'],
      e: ['Jan  2  2024', '2024-01-02T03:04:05'],
    });
    expect(rows).toEqual([
      ['a', '2026-03-20T11:34:00.000Z', 'utc'],
      ['b', '2026-03-24T09:00:00.000Z', 'utc'],
      ['c', '2026-03-30T10:00:00.000Z', 'utc'],
      ['e', '2024-01-02T00:00:00.000Z', 'server'],
    ]);
    expect(again).toBe(0);
  });

  it('keeps the server’s times where the server has no MDTM, or none that fits', async () => {
    const answers = { MDTM: '500 unknown' };
    const times: Parameters<typeof listed>[0] = {
      a: ['2026-03-20 12:34', '2026-03-20T12:35:56'],
      b: ['2026-03-24 10:00', '2026-03-24T10:07:00'],
    };
    const before = [
      ['a', '2026-03-20T12:34:00.000Z', 'server'],
      ['b', '2026-03-24T10:00:00.000Z', 'server'],
    ];
    const without = await listed(times, { answers });
    expect(without.rows).toEqual(before);
    expect(without.again).toBe(0);
    expect((await listed(times)).rows).toEqual(before);
  });
});

it('is no clock of what is asked for', async () => {
  await expect(FtpClient.connect({ host: 'x', utcOffset: 'local' as never })).rejects.toMatchObject(
    { code: 'ERR_ARGUMENT' },
  );
});
