import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type Entry, parseListing } from '../src/index.js';
import { corpus } from './corpora.js';

const clock = new Date('1994-11-15T12:45:00Z');
const chromium = corpus('ftp/chromium');
const samples = corpus('ftp/ftpparse-samples.json');

// What these three hold is no UTF-8; their names were recorded as read in these charsets.
const fallbacks: Record<string, string> = {
  'dir-listing-ls-26': 'koi8-r',
  'dir-listing-ls-27': 'windows-1251',
};

describe.runIf(chromium)('the listings of Chromium', () => {
  const names = chromium ? readdirSync(chromium).filter((name) => !name.endsWith('.expected')) : [];
  it('has them all', () => expect(names).toHaveLength(48));

  it.each(names)('%s', (name) => {
    const fallbackEncoding = fallbacks[name] ?? 'windows-1252';
    const octets = readFileSync(join(chromium ?? '', name));
    const { entries } = parseListing(octets, { now: clock, fallbackEncoding });
    const vms = name.includes('vms');
    expect(entries.map((entry) => row(entry, vms))).toEqual(
      expectedRows(readFileSync(join(chromium ?? '', `${name}.expected`), 'utf8')),
    );
  });

  it.each(names)('%s, octet by octet and cut at random, is the same', async (name) => {
    const { ListingParser } = await import('../src/index.js');
    const octets = readFileSync(join(chromium ?? '', name));
    const whole = parseListing(octets, { now: clock });
    for (const size of [1, 7, 64]) {
      const parser = new ListingParser({ now: clock });
      const entries: Entry[] = [];
      for (let at = 0; at < octets.length; at += size) {
        entries.push(...parser.push(octets.subarray(at, at + size)));
      }
      entries.push(...parser.end());
      expect(entries).toEqual(whole.entries);
      expect(parser.problems).toEqual(whole.problems);
    }
  });
});

interface Sample {
  line: string;
  name: string | null;
  type: string;
  size?: number;
  utc?: number;
  date?: string;
  link?: string;
  md?: number[];
}

describe.runIf(samples)('the sample lines of ftpparse', () => {
  const { cases } = samples
    ? (JSON.parse(readFileSync(samples, 'utf8')) as { cases: Sample[] })
    : { cases: [] };
  it('has them all', () => expect(cases).toHaveLength(23));

  it.each(cases)('$line', (sample) => {
    const { entries, problems } = parseListing(Buffer.from(sample.line), { now: clock });
    expect(problems).toEqual([]);
    if (sample.name === null) return expect(entries).toEqual([]);
    const [entry] = entries;
    expect(entries).toHaveLength(1);
    expect(entry).toMatchObject({ name: sample.name, type: sample.type });
    if (sample.size !== undefined) expect(entry?.size).toBe(sample.size);
    if (sample.link !== undefined) expect(entry?.target).toBe(sample.link);
    const time = entry?.modified?.toISOString() ?? '';
    if (sample.utc !== undefined) expect(entry?.modified?.getTime()).toBe(sample.utc * 1000);
    if (sample.date !== undefined) expect(time.startsWith(sample.date)).toBe(true);
    if (sample.md !== undefined) {
      expect([
        entry?.modified?.getUTCMonth(),
        entry?.modified?.getUTCDate(),
        entry?.modified?.getUTCHours(),
        entry?.modified?.getUTCMinutes(),
      ]).toEqual([(sample.md[0] ?? 0) - 1, ...sample.md.slice(1)]);
    }
  });
});

type Row = [type: string, name: string, size: number, ...time: (number | undefined)[]];

/** Chromium rounds VMS sizes up to blocks and writes its names in small letters; we keep both as they are. */
function row(entry: Entry, vms: boolean): Row {
  const { modified } = entry;
  const size = entry.size ?? (entry.blocks === undefined ? -1 : entry.blocks * 512);
  return [
    { file: '-', directory: 'd', symlink: 'l', other: '?' }[entry.type],
    vms ? entry.name.toLowerCase() : entry.name,
    size,
    modified?.getUTCFullYear(),
    (modified?.getUTCMonth() ?? -1) + 1,
    modified?.getUTCDate(),
    modified?.getUTCHours(),
    modified?.getUTCMinutes(),
  ];
}

/** A name may hold line feeds, so an entry is: a type, a name up to what is a number, and six numbers in all. */
function expectedRows(text: string): Row[] {
  const lines = text.split(text.includes('\r\n') ? '\r\n' : '\n');
  const rows: Row[] = [];
  let at = 0;
  while (at < lines.length && lines[at] !== '') {
    const type = lines[at] ?? '';
    const nameLines = [lines[at + 1] ?? ''];
    at += 2;
    while (!/^-?\d+ *$/.test(lines[at] ?? '0')) nameLines.push(lines[at++] ?? '');
    const numbers = lines.slice(at, at + 6).map(Number);
    rows.push([type, nameLines.join('\n'), ...numbers] as Row);
    at += 7;
  }
  return rows;
}
