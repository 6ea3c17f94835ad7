import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DotDecoder, DotEncoder } from '../src/index.js';

/** Bodies made of what matters here, and of anything else. */
const body = fc.string({
  unit: fc.constantFrom('.', '\r', '\n', '\r\n', 'a', '\r\n.', '\xff'),
  maxLength: 40,
});
const cuts = fc.array(fc.nat(200), { maxLength: 12 });

const pieces = (octets: Buffer, at: number[]): Buffer[] => {
  const points = [...new Set(at.filter((c) => c < octets.length))].sort((a, b) => a - b);
  return [0, ...points].map((from, i) => octets.subarray(from, points[i] ?? octets.length));
};

const encode = (chunks: Buffer[]): Buffer => {
  const encoder = new DotEncoder();
  return Buffer.concat([...chunks.flatMap((chunk) => encoder.encode(chunk)), encoder.end()]);
};

const decode = (
  chunks: Buffer[],
  bareLf = false,
): { content: string; rest: string; done: boolean } => {
  const decoder = new DotDecoder({ bareLf });
  let content = '';
  for (const [i, chunk] of chunks.entries()) {
    const step = decoder.decode(chunk);
    content += Buffer.concat(step.content).toString('latin1');
    if (step.done) {
      const rest = Buffer.concat([chunk.subarray(step.used), ...chunks.slice(i + 1)]);
      return { content, rest: rest.toString('latin1'), done: true };
    }
  }
  return { content, rest: '', done: false };
};

/** RFC 5321 §4.5.2 said slowly: line by line. */
const expected = (text: string): string => {
  const lines = text.replace(/\r\n|\r|\n/g, '\r\n').split('\r\n');
  if (lines.at(-1) === '') lines.pop();
  return `${lines.map((line) => `${line.startsWith('.') ? '.' : ''}${line}\r\n`).join('')}.\r\n`;
};

describe('DotEncoder', () => {
  it('does what the RFC says, for every cut', () => {
    fc.assert(
      fc.property(body, cuts, (text, at) => {
        const octets = Buffer.from(text, 'latin1');
        expect(encode(pieces(octets, at)).toString('latin1')).toBe(expected(text));
      }),
      { numRuns: 3_000 },
    );
  });

  it('lets no server find an end of data inside', () => {
    fc.assert(
      fc.property(body, (text) => {
        const inside = encode([Buffer.from(text, 'latin1')])
          .toString('latin1')
          .slice(0, -3);
        expect(/[\r\n]\.[\r\n]/.test(`\n${inside}`)).toBe(false);
        expect(/\r(?!\n)|(?<!\r)\n/.test(inside)).toBe(false);
      }),
      { numRuns: 2_000 },
    );
  });
});

describe('DotDecoder', () => {
  it('undoes the encoder and leaves what follows, for every cut', () => {
    fc.assert(
      fc.property(body, fc.constantFrom('', '+OK\r\n', '.'), cuts, (text, rest, at) => {
        const wire = Buffer.concat([encode([Buffer.from(text, 'latin1')]), Buffer.from(rest)]);
        const normal = text.replace(/\r\n|\r|\n/g, '\r\n');
        const content = normal === '' || normal.endsWith('\r\n') ? normal : `${normal}\r\n`;
        expect(decode(pieces(wire, at))).toEqual({ content, rest, done: true });
      }),
      { numRuns: 3_000 },
    );
  });

  it('gives the same for every cut of anything', () => {
    fc.assert(
      fc.property(body, cuts, fc.boolean(), (text, at, bareLf) => {
        const octets = Buffer.from(text, 'latin1');
        const whole = decode([octets], bareLf);
        const parts = decode(pieces(octets, at), bareLf);
        // Held-back octets (a dot or dot CR at the very end) are not content yet, whole or cut.
        expect(parts).toEqual(whole);
      }),
      { numRuns: 3_000 },
    );
  });

  it('knows one end, CRLF.CRLF, and whatever else looks like one is content, for every cut', () => {
    const lines = (text: string) => text.replace(/(^|\r\n)\./g, '$1..');
    fc.assert(
      fc.property(body, cuts, (text, at) => {
        const wire = Buffer.from(`${lines(text)}\r\n.\r\nrest`, 'latin1');
        const content = `${text}\r\n`;
        expect(decode(pieces(wire, at))).toEqual({ content, rest: 'rest', done: true });
      }),
      { numRuns: 3_000 },
    );
    for (const end of ['\n.\n', '\n.\r\n', '\r\n.\n', '\n.\r']) {
      expect(decode([Buffer.from(`a${end}+OK`)]).done).toBe(false);
    }
  });

  it('takes a bare LF around the final dot where the server has shown that its lines end so', () => {
    for (const end of ['\n.\n', '\n.\r\n', '\r\n.\n', '\r\n.\r\n']) {
      const content = `a${end.slice(0, end.indexOf('.'))}`;
      expect(decode([Buffer.from(`a${end}rest`)], true)).toEqual({
        content,
        rest: 'rest',
        done: true,
      });
    }
  });
});
