import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  announcedSize,
  hashOf,
  passivePort,
  quotedPath,
  readFeatures,
  sizeOf,
  timeOf,
  workingDirectoryIn,
} from '../src/session/reply-text.js';

describe('PWD and MKD, RFC 959 appendix II', () => {
  it.each([
    ['"/a" is current', '/a'],
    ['"/a ""b"" c" is current', '/a "b" c'],
    ['"""" x', '"'],
    ['""', ''],
    ['Current is "/x"', '/x'],
    ['no quotes', undefined],
    ['"unclosed', undefined],
  ])('%s', (text, path) => expect(quotedPath(text)).toBe(path));

  it('undoes what a server doubles', () => {
    fc.assert(
      fc.property(fc.string(), (path) => {
        expect(quotedPath(`"${path.replaceAll('"', '""')}" is it`)).toBe(path);
      }),
    );
  });
});

describe('PWD without quotes', () => {
  it.each([
    ['/home/u', '/home/u'],
    ['/home/u is the current directory', '/home/u'],
    ['/home/a b is current directory.', '/home/a b'],
    ['/home/a b', undefined],
    ['/home/u ready', undefined],
    ['Current directory: unknown', undefined],
  ])('%s', (text, path) => expect(workingDirectoryIn(text)).toBe(path));
});

describe('EPSV and PASV', () => {
  it.each([
    ['Entering Extended Passive Mode (|||6446|)', 6446],
    ['Entering Extended Passive Mode (|||6446|).', 6446],
    ['Entering Extended Passive Mode (!!!6446!)', 6446],
    ['ok (|1|132.235.1.2|6275|)', 6275],
    ['Entering Passive Mode (10,0,0,1,25,46)', 25 * 256 + 46],
    ['Entering Passive Mode. 10,0,0,1,25,46', 25 * 256 + 46],
    ['=10,0,0,1,25,46', 25 * 256 + 46],
    ['Passive 227 (10,0,0,1,25,46).', 25 * 256 + 46],
    ['Modo pasivo extendido (EPSV) (|||6446|)', 6446],
    ['Extended Passive Mode |||6446|', 6446],
    ['<|||6446|>', 6446],
    ['(||| 6446 |)', 6446],
    ['port (#1) is (|2|::1|6446|)', 6446],
    ['(1,2,3) is (10,0,0,1,25,46)', 25 * 256 + 46],
    ['Long Passive Mode (4,4,10,0,0,1,2,25,46)', undefined],
    ['(10,0,0,1,25,46,7)', undefined],
    ['(|||0|)', undefined],
    ['(|||65536|)', undefined],
    ['(|||123)', undefined],
    ['(|||', undefined],
    ['(10,0,0,256,1,1)', undefined],
    ['(10,0,0,1,0,0)', undefined],
    ['(10,0,0,1,25)', undefined],
    ['', undefined],
  ])('%s', (text, port) => expect(passivePort(text)).toBe(port));

  it('never throws and never gives what is no port', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: fc.constantFrom('|', '(', '1', '9', ',', ' ', '!', 'x') }),
        (text) => {
          const port = passivePort(text);
          expect(port === undefined || (port >= 1 && port <= 65_535)).toBe(true);
        },
      ),
    );
  });
});

it('reads FEAT', () => {
  const features = readFeatures([
    'Features:',
    ' AUTH TLS',
    ' AUTH SSL',
    ' MLST type*;size*;modify*;',
    '211-UTF8',
    ' rest stream',
    '',
    'End',
  ]); // prettier-ignore
  expect([...features]).toEqual([
    ['AUTH', ['TLS', 'SSL']],
    ['MLST', ['type*;size*;modify*;']],
    ['UTF8', ['']],
    ['REST', ['stream']],
  ]);
  expect(readFeatures(['no features']).size).toBe(0);
});

it('reads SIZE, MDTM, 150 and hashes', () => {
  expect(sizeOf('12345')).toBe(12_345);
  expect(sizeOf('12 345')).toBeUndefined();
  expect(sizeOf('/a: 12')).toBeUndefined();
  expect(timeOf('20240102030405')?.modified).toEqual(new Date('2024-01-02T03:04:05Z'));
  expect(timeOf(' 202401020304 UTC ')).toMatchObject({
    modified: new Date('2024-01-02T03:04:00Z'),
    precision: 'minute',
  });
  expect(timeOf('191240102030405')?.modified).toEqual(new Date('2024-01-02T03:04:05Z'));
  for (const none of ['2024', '2024010203', '20241302030405', '/f: 20240102030405', 'no time'])
    expect(timeOf(none)).toBeUndefined();
  expect(announcedSize('Opening BINARY mode data connection for (9 bytes) (384 bytes).')).toBe(384);
  expect(announcedSize('Opening BINARY mode data connection for x (384 bytes).')).toBe(384);
  expect(announcedSize('Ok to send data.')).toBeUndefined();
});

describe('a hash among the words of a reply', () => {
  const hex = 'AB'.repeat(32);
  const other = 'cd'.repeat(32);
  it.each([
    [`SHA-256 0-49 ${hex} file`, '/file', hex],
    [`SHA256 ${hex}`, '/file', hex],
    [hex, '/file', hex],
    [hex, `/${hex.toLowerCase()}`, hex],
    [`${other} ${hex}`, `/d/${other}`, hex],
    [`"a ${other}" ${hex}`, `/d/a ${other}`, hex],
    [`SHA-256 0-49 ${hex} ${hex}`, `/${hex}`, hex],
  ])('%s', (text, path, value) => {
    expect(hashOf(text, 64, path, 'SHA-256')).toBe(value.toLowerCase());
  });

  it.each([
    ['deadbeef', '/f'],
    [`SHA3-256 0-49 ${hex} f`, '/f'],
    [`SHA-512/256 0-49 ${hex} f`, '/f'],
    [`SHA-256 10-49 ${hex} f`, '/f'],
    [`${other} ${hex}`, '/f'],
  ])('none is told for sure by %s', (text, path) => {
    expect(hashOf(text, 64, path, 'SHA-256')).toBeUndefined();
  });

  it('of eight digits: neither a date nor the name', () => {
    expect(hashOf('20240105 CAFEBABE', 8, '/f', 'CRC32')).toBeUndefined();
    expect(hashOf('XCRC deadbeef CAFEBABE', 8, '/deadbeef', 'CRC32')).toBe('cafebabe');
    expect(hashOf('0xCAFEBABE', 8, '/f', 'CRC32')).toBe('cafebabe');
  });
});
