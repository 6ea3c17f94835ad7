/** Whatever octets come, twice as many cost twice as much. */
import { isFivewireError } from 'tls-context-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CountedWork } from './support/counted-work.js';

let counted: CountedWork;
let grammar: Awaited<ReturnType<typeof load>>;
beforeAll(async () => {
  counted = await CountedWork.begin({ patterns: true });
  grammar = await load();
});
afterAll(() => counted.end());

const load = async () => ({
  ...(await import('../src/grammar/body-structure.js')),
  ...(await import('../src/grammar/envelope.js')),
  ...(await import('../src/grammar/response.js')),
  ...(await import('../src/grammar/sequence-set.js')),
  ...(await import('../src/transfer-encoding.js')),
  ...(await import('./support/frames.js')),
});

const evil: Record<string, (n: number) => string> = {
  'open parentheses': (n) => `* 1 FETCH (BODYSTRUCTURE ${'('.repeat(n)}`,
  'unclosed quotes': (n) => `* 1 FETCH (ENVELOPE (${'"a'.repeat(n)}`,
  'escaped quotes': (n) => `* 1 FETCH (ENVELOPE ("${'\\"'.repeat(n)}`,
  backslashes: (n) => `* 1 FETCH (ENVELOPE ("${'\\a'.repeat(n)}" ${'"\\a" '.repeat(n)}`,
  'many strings': (n) => `* 1 FETCH (ENVELOPE (${'"a" '.repeat(n)}))`,
  'many addresses': (n) => `* 1 FETCH (ENVELOPE (NIL NIL (${'("a" NIL "b" "c")'.repeat(n / 4)})))`,
  'items without end': (n) => `* 1 FETCH (${'UID "u FLAGS (\\a '.repeat(n / 16)}`,
  'quotes inside': (n) => `* 1 FETCH (ENVELOPE ("d" "${'a" b" '.repeat(n / 6)}))`,
  'items without spaces': (n) => `* 1 FETCH (${'FLAGS()'.repeat(n / 7)})`,
  'unknown items without spaces': (n) => `* 1 FETCH (${'X()Y""'.repeat(n / 6)})`,
  'sections without spaces': (n) => `* 1 FETCH (${'BODY[1]""'.repeat(n / 9)})`,
  'attributes of STATUS without spaces': (n) => `* STATUS x (${'MESSAGES"1"'.repeat(n / 11)})`,
  'words without spaces': (n) => `* LIST ${'(a)"/""x"'.repeat(n / 9)}`,
  'a namespace without spaces': (n) => `* NAMESPACE ${'((""/))'.repeat(n / 7)}`,
  'a code without spaces': (n) => `* OK [CAPABILITY${'(a)'.repeat(n / 3)}] x`,
  'addresses with quotes inside': (n) =>
    `* 1 FETCH (ENVELOPE (NIL NIL (${'("a"a" NIL "b" c" "c")'.repeat(n / 20)})))`,
  'texts without lines': (n) =>
    `* 1 FETCH (BODYSTRUCTURE (${'("TEXT" "PLAIN" ("a" "b" c") NIL NIL "7BIT" 1 x)'.repeat(n / 40)} "MIXED"))`,
  'words without types': (n) => `* 1 FETCH (BODYSTRUCTURE (${'("X" ("a") '.repeat(n / 10)}`,
  'small literals': (n) =>
    `* 1 FETCH (ENVELOPE (NIL NIL (${'({1}\r\na {1}\r\nb {1}\r\nc {1}\r\nd)'.repeat(n / 10)})))`,
  numbers: (n) => `* SEARCH ${'9 '.repeat(n)}`,
  'falling numbers': (n) =>
    `* SEARCH ${Array.from({ length: n / 4 }, (_, i) => 1_000_000 - i * 2).join(' ')}`,
  'falling ranges': (n) =>
    `* VANISHED ${Array.from({ length: n / 8 }, (_, i) => `${9_000_000 - i * 3}:${9_000_001 - i * 3}`).join(',')}`,
  flags: (n) => `* FLAGS (${'\\a'.repeat(n)})`,
  'encoded words': (n) =>
    `* 1 FETCH (ENVELOPE (NIL "${'=?utf-8?q?a?='.repeat(n / 8)}" NIL NIL NIL NIL NIL NIL NIL NIL))`,
  'broken encoded words': (n) =>
    `* 1 FETCH (ENVELOPE (NIL "${'=?a'.repeat(n)}" NIL NIL NIL NIL NIL NIL NIL NIL))`,
  'brackets of a code': (n) => `* OK [${'"]'.repeat(n)}`,
  'ampersands of a name': (n) => `* LIST () "/" "${'&'.repeat(n)}"`,
  'responses on one line': (n) => `* 1 EXISTS${' * 1 EXISTS'.repeat(n / 10)}`,
  'rows on one line': (n) => '* 1 FETCH (UID 1 FLAGS (a))'.repeat(n / 25),
  'tabs and quotes': (n) => `* 1 FETCH (${'\t"a\t'.repeat(n / 4)}`,
  'literals announced long': (n) =>
    `* 1 FETCH (UID 1 ENVELOPE (NIL NIL (${'({5}\r\na NIL "b" "c")'.repeat(n / 20)})))`,
  'names of STATUS': (n) => `* STATUS x ${' MESSAGES'.repeat(n / 10)}`,
  'parentheses of quota': (n) => `* STATUS ${'('.repeat(n)}`,
  'numbers in quotes': (n) => `* SEARCH ${'"9" '.repeat(n / 4)}`,
  'a set with spaces': (n) => `* ESEARCH UID ALL ${'9 '.repeat(n / 2)}x`,
  'parameter sections': (n) =>
    `* 1 FETCH (BODYSTRUCTURE ("TEXT" "PLAIN" (${'"a*1*" "%41" '.repeat(n / 20)}) NIL NIL "7BIT" 1 1))`,
  'parameter sections in another form': (n) =>
    `* 1 FETCH (BODYSTRUCTURE ("TEXT" "PLAIN" (${'"a*1*" "%41" '.repeat(n / 20)}) NIL NIL "7BIT" -1 1))`,
};

/** All that can be looked at in what comes; what is refused is refused. */
function read(octets: string): void {
  const { framesOf, parseBodyStructureSlice, parseEnvelopeSlice, parseResponse } = grammar;
  for (const frame of framesOf(`${octets}\r\n`)) {
    try {
      let response = parseResponse(frame);
      while (response.rest !== undefined) response = parseResponse(response.rest);
      if (response.type !== 'fetch') continue;
      const { envelope, structure } = response.row;
      if (envelope) JSON.stringify(parseEnvelopeSlice(envelope));
      if (structure) parseBodyStructureSlice(structure);
    } catch (error) {
      if (!isFivewireError(error)) throw error;
    }
  }
}

describe('a server sends', () => {
  it.each(Object.entries(evil))('%s', (_name, make) =>
    counted.isLinear(100_000, (n) => read(make(n)), 100),
  );
});

it('spaces that may stand at the end of a line of quoted-printable', () =>
  counted.isLinear(20_000, (n) => {
    const decoder = grammar.transferDecoder('quoted-printable');
    const octets = Buffer.from('='.repeat(n) + ' '.repeat(n));
    for (let i = 0; i < octets.length; i += 100) decoder.push(octets.subarray(i, i + 100));
    decoder.end();
  }));

it('numbers of a set', () =>
  counted.isLinear(200_000, (n) => {
    const bounds: number[] = [];
    for (let i = 1; i < 2 * n; i += 2) grammar.appendNumber(bounds, i);
    expect(grammar.UidSet.ofRanges(bounds).size).toBe(n);
  }));
