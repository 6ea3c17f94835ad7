import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { InputBuffer, LineTooLong } from '../src/input-buffer.js';

const cut = (octets: Buffer, cuts: number[]): Buffer[] => {
  const points = [...new Set(cuts.map((c) => c % (octets.length + 1)))].sort((a, b) => a - b);
  return [0, ...points].map((from, i) => octets.subarray(from, points[i] ?? octets.length));
};

describe('InputBuffer', () => {
  it.each([
    ['short lines', fc.constantFrom('a', '\r', '\n', '\xff', '.', 'b')],
    ['lines of any length', fc.constantFrom('\r\n', '\n', 'a'.repeat(300), 'b'.repeat(700), 'c')],
  ])('gives the same lines and octets for every cut: %s', (_name, unit) => {
    const content = fc.string({ unit, maxLength: 60 });
    const take = fc.array(fc.constantFrom('line', 'body-line', 'octets', 'peek', 'join'), {
      maxLength: 20,
    });
    fc.assert(
      fc.property(content, fc.array(fc.nat(), { maxLength: 12 }), take, (text, cuts, steps) => {
        const octets = Buffer.from(text, 'latin1');
        const run = (chunks: Buffer[]) => {
          const buffer = new InputBuffer();
          for (const chunk of chunks) buffer.push(chunk);
          const seen: unknown[] = [];
          for (const step of steps) {
            if (step === 'line') seen.push(buffer.takeLine(100_000), buffer.bareLf);
            else if (step === 'body-line') seen.push(buffer.takeBodyLine(100_000));
            else if (step === 'join') buffer.join();
            else {
              // Three octets, in however many pieces they come.
              const wanted = Math.min(3, buffer.size);
              let got = '';
              while (got.length < wanted) {
                const rest = wanted - got.length;
                if (step === 'octets') got += buffer.takeOctets(rest)?.toString('latin1');
                else {
                  const piece = buffer.peek()?.subarray(0, rest) ?? Buffer.alloc(0);
                  got += piece.toString('latin1');
                  buffer.consume(piece.length);
                }
              }
              seen.push(got);
            }
            seen.push(buffer.size);
          }
          return seen;
        };
        expect(run(cut(octets, cuts))).toEqual(run([octets]));
      }),
      { numRuns: 500 },
    );
  });

  it('ends lines of a body at CRLF only, until a line outside has ended in a bare LF', () => {
    const content = fc.string({
      unit: fc.constantFrom('a', '\r', '\n', '\r\n', '.'),
      maxLength: 60,
    });
    fc.assert(
      fc.property(
        content,
        fc.array(fc.nat(), { maxLength: 12 }),
        fc.boolean(),
        (text, cuts, lf) => {
          const buffer = new InputBuffer();
          const octets = Buffer.from(`+OK${lf ? '\n' : '\r\n'}${text}`, 'latin1');
          for (const chunk of cut(octets, cuts)) buffer.push(chunk);
          expect(buffer.takeLine(100)).toBe('+OK');
          expect(buffer.bareLf).toBe(lf);
          const lines: string[] = [];
          for (
            let line = buffer.takeBodyLine(100);
            line !== undefined;
            line = buffer.takeBodyLine(100)
          )
            lines.push(line);
          const expected = lf ? text.replaceAll('\r\n', '\n').split('\n') : text.split('\r\n');
          expect(lines).toEqual(expected.slice(0, -1));
        },
      ),
      { numRuns: 1_000 },
    );
  });

  it('agrees with splitting the whole text', () => {
    fc.assert(
      fc.property(
        fc.array(fc.string({ unit: fc.constantFrom('x', '\xe9', ' '), maxLength: 9 })),
        (lines) => {
          const buffer = new InputBuffer();
          for (const octet of Buffer.from(lines.map((line) => `${line}\r\n`).join(''), 'latin1')) {
            buffer.push(Buffer.of(octet));
          }
          const got: string[] = [];
          for (let line = buffer.takeLine(100); line !== undefined; line = buffer.takeLine(100))
            got.push(line);
          expect(got).toEqual(lines);
          expect(buffer.size).toBe(0);
        },
      ),
    );
  });

  it('refuses a line over the limit, complete or not, in one chunk or in many', () => {
    const whole = new InputBuffer();
    whole.push(Buffer.from(`${'x'.repeat(11)}\n`));
    expect(() => whole.takeLine(10)).toThrow(LineTooLong);
    const endless = new InputBuffer();
    expect(() => {
      for (let i = 0; i < 12; i++) {
        endless.push(Buffer.from('x'));
        endless.takeLine(10);
      }
    }).toThrow(LineTooLong);
  });

  it('looks at each octet of a long line once, until its end has come', () => {
    const octets = 20_000;
    const buffer = new InputBuffer();
    const searches = vi.spyOn(Buffer.prototype, 'indexOf');
    const texts = vi.spyOn(Buffer.prototype, 'toString');
    const looked = () =>
      [searches, texts]
        .flatMap(({ mock }) => mock.contexts)
        .reduce((sum, { length }) => sum + length, 0);
    try {
      for (let i = 0; i < octets; i++) {
        buffer.push(Buffer.from('x'));
        expect(buffer.takeLine(octets + 1)).toBeUndefined();
      }
      expect(looked()).toBeLessThanOrEqual(octets + 1);
    } finally {
      searches.mockRestore();
      texts.mockRestore();
    }
    buffer.push(Buffer.from('\n'));
    expect(buffer.takeLine(octets + 1)?.length).toBe(octets);
  });
});
