import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readCertificate } from '../src/certificate.js';
import { DerError, readDer, readOid, readTime } from '../src/der.js';
import { oid, sequence, tlv } from './certificates.js';

const hex = (text: string): Buffer => Buffer.from(text.replaceAll(' ', ''), 'hex');

describe('elements', () => {
  test('short and long lengths', () => {
    for (const length of [0, 1, 127, 128, 255, 256, 5000]) {
      const element = readDer(tlv(0x04, Buffer.alloc(length, 7)));
      expect(element.tag).toBe(4);
      expect(element.value.length).toBe(length);
    }
  });
  test.each([
    ['nothing', ''],
    ['a tag alone', '04'],
    ['a length without octets', '04 82 01'],
    ['content cut short', '04 05 01 02'],
    ['octets after the end', '04 01 00 00'],
    ['an indefinite length', '30 80 00 00'],
    ['a length of five octets', '04 85 00 00 00 00 01 00'],
    ['a length beyond all memory', '04 84 ff ff ff ff 00'],
    ['a high tag number', '1f 81 01 00'],
  ])('%s', (_what, octets) => {
    expect(() => readDer(hex(octets))).toThrow(DerError);
  });
});

describe('object identifiers', () => {
  test.each([
    '2.5.29.17',
    '1.2.840.113549.1.1.11',
    '0.9.2342.19200300.100.1.25',
    '2.999.1',
    '1.3.101.112',
  ])('%s', (dotted) => {
    expect(readOid(readDer(oid(dotted)))).toBe(dotted);
  });
  test.each([
    '06 00',
    '06 01 80',
    '06 02 2a 86',
    '06 0b 2a ff ff ff ff ff ff ff ff ff 7f',
    '04 01 2a',
  ])('%s is none', (octets) => {
    expect(() => readOid(readDer(hex(octets)))).toThrow(DerError);
  });
});

describe('times', () => {
  const time = (tag: number, text: string): number =>
    readTime(readDer(tlv(tag, Buffer.from(text))));
  test.each([
    [0x17, '491231235959Z', '2049-12-31T23:59:59.000Z'],
    [0x17, '500101000000Z', '1950-01-01T00:00:00.000Z'],
    [0x18, '20500101000000Z', '2050-01-01T00:00:00.000Z'],
    [0x18, '99991231235959Z', '9999-12-31T23:59:59.000Z'],
  ] as const)('%s %s', (tag, text, iso) => {
    expect(new Date(time(tag, text)).toISOString()).toBe(iso);
  });
  test.each([
    [0x17, '2501010000Z'],
    [0x17, '250101000000+0100'],
    [0x18, '20250101000000.5Z'],
    [0x18, '250101000000Z'],
    [0x0c, '250101000000Z'],
  ] as const)('%s %s is none of RFC 5280', (tag, text) => {
    expect(() => time(tag, text)).toThrow(DerError);
  });
});

test('any octets: elements or a DerError, in time that grows with the length', () => {
  const noise = fc.oneof(
    fc.uint8Array({ maxLength: 200 }),
    fc.uint8Array({ maxLength: 60 }).map((content) => sequence(sequence(content), content)),
  );
  fc.assert(
    fc.property(noise, (octets) => {
      for (const read of [readDer, readCertificate, (o: Uint8Array) => readDer(o).children]) {
        try {
          read(octets);
        } catch (error) {
          expect(error).toBeInstanceOf(DerError);
        }
      }
    }),
    { numRuns: 3000 },
  );
});
