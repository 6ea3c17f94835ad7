/** Each command answered otherwise than is due: matrix/table.ts says what is told then. */
import { describe, expect, test } from 'vitest';
import { calls } from './matrix/calls.js';
import { judge, replies, run, troubles } from './matrix/cell.js';
import { lmtp, rowsOf, smtp } from './matrix/table.js';

describe.each([
  { protocol: 'SMTP', rows: rowsOf(smtp), lmtp: false },
  { protocol: 'LMTP', rows: rowsOf(lmtp), lmtp: true },
])('$protocol', ({ rows, lmtp }) => {
  test.each(rows)('$call, $at', async ({ call, at, words }) => {
    const faults: string[] = [];
    const cell = async (
      column: string,
      oddity: (typeof replies)[string],
      word = '',
      trouble?: string,
    ): Promise<void> => {
      for (const slowly of [false, true]) {
        try {
          judge(word, await run(calls[call], { at, oddity, lmtp, slowly }), trouble);
        } catch (error) {
          faults.push(`${column}${slowly ? ', octet by octet' : ''}: ${String(error)}`);
        }
      }
    };
    await Promise.all([
      ...Object.entries(replies).map(([column, oddity]) => cell(column, oddity, words[column])),
      ...Object.entries(troubles).map(([column, { oddity, code }]) =>
        cell(column, oddity, words.else, code),
      ),
    ]);
    expect(faults).toEqual([]);
  });
});
