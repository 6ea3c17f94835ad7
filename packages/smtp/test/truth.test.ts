/**
 * Whatever a server answers, and however often it is odd: who is told accepted was taken, who is told refused was not, and an error that is not
 * ERR_OUTCOME_UNKNOWN says truly that nobody got the message. What the server took is what it answered by 2yz.
 */
import { Readable } from 'node:stream';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type SendOutcome, SmtpClient } from '../src/index.js';
import { cleartext } from './dialogue.js';
import { type Model, model, type Oddity } from './matrix/model-server.js';

const oddities: readonly Oddity[] = [
  { say: '450 4.7.1 Not now' },
  { say: '550 5.7.1 No' },
  { say: '552 No' },
  { say: '250 2.0.0 Yes' },
  { say: '354 Go on' },
  { say: '150 Perhaps' },
  { say: '421 4.3.2 Leaving' },
  { say: '250-One\r\n550 Two' },
  { say: '200 Fine' },
  { say: '220 Ready' },
  { say: '221 Bye' },
  { say: '235 Welcome' },
  { say: '251 Elsewhere' },
  { say: '252 Perhaps' },
  { instead: 'close' },
  { instead: 'reset' },
  { share: 0.5, by: 'close' },
  { form: (due) => `${due.slice(0, 3)}-more\r\n${due}` },
  { form: (due) => `\r\n${due}` },
  { form: (due) => `${due.slice(0, 3)}\r\n` },
];

const situation = fc.record({
  lmtp: fc.boolean(),
  pipelining: fc.boolean(),
  chunking: fc.boolean(),
  /** 0: each is sent by itself, in turn; 5: all at once. */
  window: fc.integer({ min: 0, max: 5 }),
  messages: fc.array(
    fc.record({
      to: fc.array(fc.constantFrom('bob', 'carol', 'nobody', 'nobody2'), { minLength: 1, maxLength: 3 }),
      streamed: fc.boolean(),
      lines: fc.constantFrom(1, 1, 1, 1, 1, 3_000),
      abort: fc.constantFrom(false, false, true),
    }),
    { minLength: 1, maxLength: 4 },
  ),
  odd: fc.array(
    fc.oneof(
      { weight: 8, arbitrary: fc.constant(undefined) },
      { weight: 1, arbitrary: fc.constantFrom(...oddities) },
    ),
    { maxLength: 40 },
  ),
}); // biome-ignore format: one line a field

type Situation = typeof situation extends fc.Arbitrary<infer T> ? T : never;

const bodyOf = (at: number, lines: number): string =>
  `Subject: ${at}\r\n\r\n${'.a line of the message\r\n'.repeat(lines)}`;

async function outcomes(client: SmtpClient, { messages, window }: Situation): Promise<SendOutcome[]> {
  const all = messages.map(({ to, streamed, lines, abort }, at) => {
    const text = bodyOf(at, lines);
    return {
      envelope: { from: null, to: to.map((name) => `${name}@example.net`) },
      body: streamed ? Readable.from([Buffer.from(text.slice(0, 9)), Buffer.from(text.slice(9))]) : text,
      ...(abort && { onRefused: 'abort' as const }),
    };
  });
  const each = async (index: number): Promise<SendOutcome> => {
    const { envelope, body, ...options } = all[index] as (typeof all)[number];
    return client.send(envelope, body, options).then(
      (result) => ({ index, ok: true, result }),
      (error: unknown) => ({ index, ok: false, error }),
    );
  };
  if (window === 5) return Promise.all(all.map((_, index) => each(index)));
  const told: SendOutcome[] = [];
  if (window === 0) for (const index of all.keys()) told.push(await each(index));
  else
    try {
      for await (const outcome of client.sendMany(all, { window })) told.push(outcome);
    } catch {} // the connection's error: what was not taken has no outcome
  return told;
} // biome-ignore format: one line a fact

const nameOf = ({ address }: { address: string }): string => address.slice(0, address.indexOf('@'));

function judge({ messages }: Situation, told: readonly SendOutcome[], { kept }: Model): void {
  for (const [at, { to, lines }] of messages.entries()) {
    const mine = kept.filter(({ body }) => body.startsWith(`Subject: ${at}\r\n`));
    expect(mine.length).toBeLessThan(2);
    for (const { body } of mine) expect(body).toBe(bodyOf(at, lines));
    const taken = mine.flatMap(({ recipients }) => recipients).sort();
    const outcome = told.find(({ index }) => index === at);
    if (outcome?.ok === true) {
      const { accepted, refused } = outcome.result;
      expect(accepted.map(nameOf).sort()).toEqual(taken);
      expect(accepted.length + refused.length).toBe(to.length);
    } else if (taken.length > 0)
      expect((outcome?.error as { code?: string } | undefined)?.code).toBe('ERR_OUTCOME_UNKNOWN');
  }
}

test('what is told of each message is what the server took', async () => {
  await fc.assert(
    fc.asyncProperty(situation, async (one) => {
      const { lmtp, pipelining, chunking, odd } = one;
      const extensions = ['8BITMIME', 'CHUNKING', ...(pipelining ? ['PIPELINING'] : [])];
      const server = model({
        ...{ extensions, lmtp, refuses: 'nobody', at: '', oddity: { say: '' }, slowly: false },
        oddities: odd,
      });
      const client = await SmtpClient.connect({
        ...{ ...cleartext, stream: server.stream, chunking },
        ...(lmtp && { protocol: 'lmtp' }),
      });
      const told = await outcomes(client, one);
      await client.quit();
      judge(one, told, server);
    }),
    { numRuns: 150 },
  );
});
