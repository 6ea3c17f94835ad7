/** netrc files as people write them. */
import { chmodSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { anyCharacter } from '../../../test/support/any-character.js';
import { parseNetrc, readNetrc } from '../src/netrc.js';

describe('parseNetrc', () => {
  it.each([
    ['machine a login b password c', [{ machine: 'a', login: 'b', password: 'c' }]],
    ['machine a\n\tlogin b\n\tpassword c\n', [{ machine: 'a', login: 'b', password: 'c' }]],
    [
      'machine a login b password "c d\\"e\\\\"',
      [{ machine: 'a', login: 'b', password: 'c d"e\\' }],
    ],
    ['machine a login b password c#d', [{ machine: 'a', login: 'b', password: 'c#d' }]],
    [
      '# machine x\nmachine a login b # why\npassword c',
      [{ machine: 'a', login: 'b', password: 'c' }],
    ],
    ['machine a login b account x password c', [{ machine: 'a', login: 'b', password: 'c' }]],
    [
      'machine a login b password c\nmacdef init\ncd /pub\nmachine evil login x password y\n\nmachine d login e password f',
      [
        { machine: 'a', login: 'b', password: 'c' },
        { machine: 'd', login: 'e', password: 'f' },
      ],
    ],
    [
      'default login g password h\nmachine a login b password c',
      [
        { machine: 'a', login: 'b', password: 'c' },
        { machine: undefined, login: 'g', password: 'h' },
      ],
    ],
    [
      'machine a login login password machine',
      [{ machine: 'a', login: 'login', password: 'machine' }],
    ],
    ['', []],
    ['machine a login b password #c', [{ machine: 'a', login: 'b', password: '#c' }]],
    [
      '# he said "hi\nmachine a login b password "c d" # "why\n',
      [{ machine: 'a', login: 'b', password: 'c d' }],
    ],
    ['Machine a LOGIN b Password c', [{ machine: 'a', login: 'b', password: 'c' }]],
    [
      '\ufeffmachine a\r\nlogin b\r\npassword c\r\nmacdef x\r\nmachine d\r\n\r\nmachine e',
      [
        { machine: 'a', login: 'b', password: 'c' },
        { machine: 'e', login: undefined, password: undefined },
      ],
    ],
    ['machine a login b password c\nmacdef x', [{ machine: 'a', login: 'b', password: 'c' }]],
    [
      'machine a port 21 login alice vendor-word password secret',
      [{ machine: 'a', login: 'alice', password: 'secret' }],
    ],
  ])('%j', (text, expected) => {
    expect(parseNetrc(text)).toEqual(expected);
  });

  it.each([
    'machine',
    'machine a password',
    'machine a login b password "c d',
    'machine a login b password "c\\"\nmachine d',
  ])('%j is 78', (text) => {
    expect(() => parseNetrc(text)).toThrow(expect.objectContaining({ exit: 78 }));
  });

  it('gives back whatever was quoted', () => {
    const quote = (text: string) => `"${text.replace(/[\\"]/g, '\\$&')}"`;
    fc.assert(
      fc.property(fc.string({ minLength: 1, unit: anyCharacter }), (password) => {
        const [entry] = parseNetrc(`machine a login b password ${quote(password)}`);
        expect(entry?.password).toBe(password);
      }),
    );
  });
});

describe('readNetrc', () => {
  const file = join(mkdtempSync(join(tmpdir(), 'fivewire-netrc-')), 'netrc');
  const text =
    'machine Mail.example.org login alice password one\nmachine mail.example.org login bob password two\ndefault login guest password three\n';
  writeFileSync(file, text, { mode: 0o600 });

  it.each([
    ['mail.example.org', undefined, { user: 'alice', password: 'one' }],
    ['MAIL.example.org', 'bob', { user: 'bob', password: 'two' }],
    ['other.example.org', undefined, { user: 'guest', password: 'three' }],
    ['other.example.org', 'alice', undefined],
  ])('%s %s', async (host, user, expected) => {
    expect(await readNetrc(file, host, user)).toEqual(expected);
  });

  it('an entry without a password is passed over, and an empty one is a mistake', async () => {
    writeFileSync(
      file,
      'machine a login x\nmachine a login x password y\nmachine b login x password ""',
    );
    expect(await readNetrc(file, 'a', undefined)).toEqual({ user: 'x', password: 'y' });
    expect(await readNetrc(file, 'a', 'x')).toEqual({ user: 'x', password: 'y' });
    await expect(readNetrc(file, 'b', 'x')).rejects.toMatchObject({ exit: 78 });
  });

  it('a directory is no file to be made private', async () => {
    await expect(readNetrc(tmpdir(), 'a', undefined)).rejects.toMatchObject({
      exit: 78,
      message: expect.stringMatching(/is a directory/),
      hint: '',
    });
  });

  it('refuses what others may read, and what is not there', async () => {
    await expect(readNetrc(`${file}.absent`, 'a', undefined)).rejects.toMatchObject({ exit: 66 });
    for (const mode of [0o640, 0o604, 0o644]) {
      chmodSync(file, mode);
      await expect(readNetrc(file, 'a', undefined)).rejects.toMatchObject({ exit: 78 });
    }
  });
});
