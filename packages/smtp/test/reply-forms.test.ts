/** The reply that is due, in every form that RFC 5321 §4.2 allows or forbids, and cut anywhere: at each command of each call. */
import { describe, expect, test } from 'vitest';
import { calls } from './matrix/calls.js';
import { judge, run } from './matrix/cell.js';
import type { Oddity } from './matrix/model-server.js';
import { lmtp, type Row, rowsOf, smtp } from './matrix/table.js';

/** How the lines of a reply may be said: each takes `250 text`, or several such lines, with their ends. */
const allowed: Readonly<Record<string, (due: string) => string>> = {
  'a line more': (due) => due.replace(/^(\d{3})/, '$1-a line more\r\n$1'),
  'many lines': (due) => due.replace(/^(\d{3})/, `${'$1-one of many\r\n'.repeat(200)}$1`),
  'a long line': (due) => due.replace(/^(\d{3})/, `$1-${'x'.repeat(4_000)}\r\n$1`),
  'octets above 127': (due) => due.replace(/^(\d{3})/, '$1-gr\xc3\xbc\xdfe\r\n$1'),
  'an empty line before': (due) => `\r\n${due}`,
};

/** What no reply is. The call hears of it at once. */
const forbidden: Readonly<Record<string, (due: string) => string>> = {
  'a digit too few': (due) => due.slice(1),
  'a digit too many': (due) => `2${due}`,
  'a class that is none': (due) => `6${due.slice(1)}`,
  'no space': (due) => due.replace(/^(\d{3}).?/, '$1_'),
  'two codes': (due) => due.replace(/^(\d{3})/, '299-other\r\n$1'),
  'a NUL': (due) => due.replace(/^(\d{3})/, '$1\0'),
  'text alone': () => 'Hello, hello\r\n',
  HTTP: () => 'HTTP/1.1 400 Bad Request\r\n\r\n',
  TLS: () => '\x15\x03\x01\x00\x02\x02\x46\r\n',
};

const columnOfDue = ({ at, words: { '2yz': two = '', '3yz': three = '' } }: Row): string =>
  at === 'DATA' ? three : two;

/** One call for each way to read replies. */
const readers =
  /^(?!.*refused)(?:connect|connect, no EHLO|send|send, pipelined|sendMany|BDAT, .*|probe|noop)$/;
const rows = [
  ...rowsOf(smtp).map((row) => ({ ...row, lmtp: false })),
  ...rowsOf(lmtp).map((row) => ({ ...row, lmtp: true })),
].filter(({ at, call }) => readers.test(call) && !/ [12]$/.test(at));

/** `done` for a greeting: its 2yz column is 250, which is none. */
const due = (row: Row): string => (row.at === 'greeting' ? 'done' : columnOfDue(row));

const judged = async (
  row: Row & { lmtp: boolean },
  word: string,
  oddities: Readonly<Record<string, Oddity>>,
  trouble?: string,
): Promise<string[]> => {
  const { call, at, lmtp } = row;
  const faults: string[] = [];
  await Promise.all(
    Object.entries(oddities).map(async ([name, oddity]) => {
      try {
        judge(word, await run(calls[call], { at, oddity, lmtp, slowly: false }), trouble);
      } catch (error) {
        faults.push(`${name}: ${String(error)}`);
      }
    }),
  );
  return faults;
};

const forms = (table: typeof allowed): Readonly<Record<string, Oddity>> =>
  Object.fromEntries(Object.entries(table).map(([name, form]) => [name, { form }]));

describe.each(rows)('$call, $at (LMTP: $lmtp)', (row) => {
  const otherwise = row.words.else as string;

  test('every form that is allowed', async () => {
    expect(await judged(row, due(row), forms(allowed))).toEqual([]);
  });

  test('no form that is not', async () => {
    expect(await judged(row, otherwise, forms(forbidden))).toEqual([]);
  });

  test.each(['close', 'reset'] as const)('cut anywhere, then %s', async (by) => {
    const shares = Array.from({ length: 7 }, (_, i) => i / 7);
    const cuts = Object.fromEntries(shares.map((share) => [String(share), { share, by }]));
    expect(await judged(row, otherwise, cuts, 'ERR_CONNECTION_CLOSED')).toEqual([]);
  });

  test('said twice: what is behind it is not shifted by one', async () => {
    const twice: Oddity = { form: (said) => said + said };
    const { told, server, goesOn } = await run(calls[row.call], {
      at: row.at,
      oddity: twice,
      lmtp: row.lmtp,
      slowly: false,
    });
    expect(goesOn).toBe(false);
    if (told instanceof Error) {
      const { code } = told as { code?: string };
      expect(told).toMatchObject({ connection: 'closed' });
      if (code !== 'ERR_OUTCOME_UNKNOWN') expect(server.kept).toEqual([]);
      return;
    }
    // Told as done: what was said twice ended the call, or stood in a group that has no place where nothing may be said.
    expect(`${row.call}: ${row.at}`).toMatch(
      /: (?:EHLO|LHLO|HELO|greeting|\.|RSET|NOOP)|^BDAT, (?:in one group|sendMany)|^probe/,
    );
  });
});
