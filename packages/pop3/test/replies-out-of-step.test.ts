/** A server that loses replies to RETR, repeats them, or gives another message: each item has one outcome, and no octets of another without a word. */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import {
  answeringStream,
  cuts,
  faults,
  inOrder,
  latin1,
} from '../../line-protocol/test/out-of-step.js';
import { fetchNew, Pop3Client } from '../src/index.js';

interface Play {
  faults: (string | undefined)[];
  cut: number;
  how: 'retrieveAll' | 'fetchNew';
  pipelining: boolean;
  /** What the server refuses. */
  refused: string[];
  /** LIST says too much of each. */
  wrong: number;
}

const plays: fc.Arbitrary<Play> = fc.record({
  faults,
  cut: cuts,
  how: fc.constantFrom('retrieveAll', 'fetchNew'),
  pipelining: fc.boolean(),
  refused: fc.constantFrom([], ['STAT'], ['NOOP', 'STAT']),
  wrong: fc.constantFrom(0, 0, 2),
});

/** No message has octets of another without a problem or an error, and none is marked that was not read. */
async function check({ faults, cut, how, pipelining, refused, wrong }: Play): Promise<void> {
  // Each of another length: what LIST says tells them apart.
  const messages = faults.map((_, at) => `m${at + 1}${'x'.repeat(at * 7)}\r\n`);
  const right = faults.every((fault) => fault === undefined);
  const numbers = faults.map((_, at) => at + 1);
  const marked: number[] = [];
  const rows = (of: (at: number) => unknown): string =>
    `+OK\r\n${messages.map((_, at) => `${at + 1} ${of(at)}\r\n`).join('')}.\r\n`;
  const retr = (at: number): string => `+OK\r\n${messages[at]}.\r\n`;
  const stream = answeringStream('+OK ready\r\n', cut, (line) => {
    const [verb, number] = line.split(' ');
    const at = Number(number) - 1;
    if (verb === 'CAPA') return `+OK\r\n${pipelining ? 'PIPELINING\r\n' : ''}UIDL\r\n.\r\n`;
    if (refused.includes(verb as string)) return '-ERR no\r\n';
    const size = (i: number): number => (messages[i]?.length ?? 0) + wrong;
    if (verb === 'STAT') return `+OK ${messages.length} 99\r\n`;
    if (verb === 'LIST' && number !== undefined) return `+OK ${number} ${size(at)}\r\n`;
    if (verb === 'LIST') return rows(size);
    if (verb === 'UIDL') return rows((i) => `u${i + 1}`);
    if (verb === 'DELE') marked.push(at + 1);
    if (verb !== 'RETR') return '+OK\r\n';
    const fault = faults[at];
    if (fault === 'lost') return '';
    if (fault === 'twice') return retr(at) + retr(at);
    if (fault === 'another') return retr((at + 1) % messages.length);
    if (fault === 'refused') return '-ERR no\r\n';
    if (fault === 'longer') return `+OK\r\n${messages[at]}more\r\n.\r\n`;
    if (fault === 'shorter') return '+OK\r\nm\r\n.\r\n';
    if (fault === 'cut') return undefined;
    if (fault === 'early') return `${retr(at)}+OK\r\n`;
    return retr(at);
  });
  const pop = await Pop3Client.connect({
    stream,
    security: 'cleartext',
    serverHostname: 'localhost',
  });
  const seen: number[] = [];
  const own: number[] = [];
  const take = async (
    number: number | undefined,
    body: AsyncIterable<Uint8Array>,
    problem: () => unknown,
  ) => {
    const content = await latin1(body);
    if (problem() !== undefined && !right) return;
    expect(content).toBe(messages[(number ?? 0) - 1]);
    own.push(number as number);
  };
  const loop = async (): Promise<void> => {
    if (how === 'retrieveAll') {
      await pop.list().toArray();
      for await (const item of pop.retrieveAll(numbers)) {
        seen.push(item.number);
        if (item.ok) await take(item.number, item.message, () => item.problem);
      }
      return;
    }
    for await (const item of fetchNew(pop, new Set(), { remove: true })) {
      seen.push(item.number as number);
      if (!item.ok) continue;
      await take(item.number, item.message, () => item.problem);
      if (item.problem === undefined || right) await item.done();
    }
  };
  const error = await loop().then(
    () => undefined,
    (reason: { code?: string }) => reason,
  );
  pop.close();
  expect(inOrder(seen, numbers)).toBe(true);
  if (error === undefined) expect(seen).toEqual(numbers);
  else expect(error.code).toMatch(/^ERR_(CONNECTION|MALFORMED|SERVER_CLOSING|TRANSFER)/);
  for (const number of marked) expect(own).toContain(number);
  if (right) expect(own).toEqual(numbers);
  if (right && how === 'fetchNew') expect(marked).toEqual(numbers);
}

it('no message has octets of another without a problem or an error, and none is marked that was not read', async () => {
  await fc.assert(fc.asyncProperty(plays, check), { numRuns: 500 });
}, 60_000);

it.each([
  [[undefined, undefined, 'twice', 'refused', 'lost']],
  [[undefined, 'shorter', 'early']],
  [[undefined, 'longer', 'early']],
  [['early', undefined, undefined, 'early', undefined]],
  [[undefined, 'another', undefined, 'early', undefined]],
])('so where the replies are %j', async (faults) => {
  for (const refused of [[], ['NOOP'], ['STAT'], ['NOOP', 'STAT']])
    await check({ faults, cut: 1, how: 'fetchNew', pipelining: true, refused, wrong: 0 });
});

it.each([true, false])(
  'a mailbox whose sizes are all wrong is fetched, PIPELINING %j',
  async (pipelining) => {
    const faults = [undefined, undefined, undefined, undefined];
    for (const how of ['retrieveAll', 'fetchNew'] as const)
      for (const refused of [[], ['NOOP'], ['STAT'], ['NOOP', 'STAT']])
        await check({ faults, cut: 7, how, pipelining, refused, wrong: 2 });
  },
);
