/** Messages that are read and written several at a time (docs/decisions/0082) fare as those that are not: with a log, all take the long way. */
import type { Duplex } from 'node:stream';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type Message, SmtpClient, type SmtpOptions } from '../src/index.js';
import { cleartext, pair } from './dialogue.js';

/** What the server says to RSET, MAIL, each RCPT (`|` where it differs), and the message. */
type Answers = readonly string[];

/** A server that answers what it reads, in pieces of so many octets, and hangs up before the reply of this number. */
function serve(stream: Duplex, answers: readonly Answers[], piece: number, hangsUpAt: number) {
  let input = Buffer.alloc(0);
  let out = '';
  let said = 0;
  let message = -1;
  let rcpt = 0;
  const seen: string[] = [];
  const say = (reply: string): void => {
    if (said++ === hangsUpAt) out += '\0';
    out += `${reply}\r\n`;
  };
  const send = (): void => {
    if (stream.writableEnded) return;
    const end = out.indexOf('\0');
    const now = out.slice(0, Math.min(piece, end < 0 ? piece : end));
    if (end === 0) {
      stream.end();
      return;
    }
    if (now === '') return;
    out = out.slice(now.length);
    stream.write(Buffer.from(now, 'latin1'));
    setImmediate(send);
  };
  const read = (): void => {
    for (let lf = input.indexOf('\n'); lf >= 0; lf = input.indexOf('\n')) {
      const line = input.toString('latin1', 0, lf - 1);
      let end = lf + 1;
      const octets = /^BDAT (\d+)/.exec(line)?.[1];
      if (octets !== undefined) {
        end += Number(octets);
        if (input.length < end) return;
      }
      seen.push(input.toString('latin1', 0, end));
      input = input.subarray(end);
      const [reset = '', mail = '', to = '', last = ''] = answers[Math.max(message, 0)] ?? [];
      if (/^EHLO/.test(line)) say('250-x\r\n250-PIPELINING\r\n250-SIZE 1000\r\n250 CHUNKING');
      else if (/^MAIL/.test(line)) {
        message++;
        rcpt = 0;
        say(answers[message]?.[1] ?? mail);
      } else if (/^RCPT/.test(line)) say((to.split('|')[rcpt] ?? to).replace('#', String(rcpt++)));
      else if (octets !== undefined) say(last);
      else if (/^RSET/.test(line)) say(answers[message + 1]?.[0] ?? reset);
      else say('221 bye');
    }
    send();
  };
  stream.on('data', (chunk: Buffer) => {
    input = Buffer.concat([input, chunk]);
    read();
  });
  stream.write('220 x\r\n');
  return seen;
}

interface Case {
  answers: readonly Answers[];
  recipients: readonly number[];
  bodies: readonly string[];
  window: number;
  piece: number;
  hangsUpAt: number;
}

async function outcomes(one: Case, options: Partial<SmtpOptions>): Promise<unknown> {
  const [ours, theirs] = pair();
  const seen = serve(theirs, one.answers, one.piece, one.hangsUpAt);
  const client = await SmtpClient.connect({
    ...cleartext,
    stream: ours,
    chunking: true,
    ...options,
  });
  const messages = one.answers.map((_, i): Message => {
    const to = Array.from({ length: one.recipients[i] ?? 1 }, (_, n) => `r${n}@example.net`);
    return { envelope: { from: `s${i}@example.org`, to }, body: one.bodies[i] ?? 'x\r\n' };
  });
  const told: unknown[] = [];
  try {
    for await (const outcome of client.sendMany(messages, { window: one.window })) {
      told.push(outcome.ok ? outcome : { ...outcome, error: shown(outcome.error) });
      // How many others were taken by then is a matter of turns.
      if (!outcome.ok && (outcome.error as { connection?: string }).connection === 'closed')
        return { told };
    }
  } finally {
    client.close();
  }
  return { told, seen };
}

function shown(error: unknown): unknown {
  const { message, cause } = error as Error;
  return { ...(error as object), message, cause: (cause as Error | undefined)?.message };
}

const yes = fc.constantFrom(
  '250 2.0.0 ok',
  '250 ok',
  '250 ',
  '251 2.1.5 #',
  '252 x',
  '200 x',
  '250-a\r\n250 b',
);
const no = fc.constantFrom(
  '550 5.1.1 no',
  '452 4.2.2 full',
  '421 4.3.2 bye',
  '354 go',
  '220 x',
  '221 x',
  '235 x',
  '25 x',
  '250\tx',
  'x',
);
const mostly = (weight: number) =>
  fc.oneof({ weight, arbitrary: yes }, { weight: 1, arbitrary: no });
const answer = fc.tuple(mostly(40), mostly(15), mostly(15), mostly(10));
const bodies = fc.constantFrom(
  'x\r\n',
  '.\r\n',
  'x',
  'a\nb\r\n',
  'a\rb\r\n',
  '',
  'ü\r\n',
  `${'y'.repeat(998)}\r\n`,
  `${'z'.repeat(1100)}\r\n`,
);

const cases: fc.Arbitrary<Case> = fc.record({
  answers: fc.array(answer, { minLength: 1, maxLength: 9 }),
  recipients: fc.array(fc.integer({ min: 1, max: 3 }), { minLength: 9, maxLength: 9 }),
  bodies: fc.array(bodies, { minLength: 9, maxLength: 9 }),
  window: fc.integer({ min: 2, max: 6 }),
  piece: fc.constantFrom(1, 7, 40, 100_000),
  hangsUpAt: fc.oneof(
    { weight: 3, arbitrary: fc.constant(-1) },
    { weight: 1, arbitrary: fc.integer({ min: 1, max: 30 }) },
  ),
});

test('a log changes no outcome and no octet', async () => {
  await fc.assert(
    fc.asyncProperty(cases, async (one) => {
      expect(await outcomes(one, {})).toEqual(await outcomes(one, { log: () => {} }));
    }),
    { numRuns: 60 },
  );
});

test('a refusal is one the second time too', async () => {
  const answers = ['250 ok', '250 ok', '250 2.1.5 ok|550 5.1.1 no', '250 ok'];
  const one: Case = {
    answers: Array<Answers>(6).fill(answers),
    recipients: Array<number>(6).fill(2),
    bodies: [],
    window: 6,
    piece: 100_000,
    hangsUpAt: -1,
  };
  const { told } = (await outcomes(one, {})) as { told: unknown[] };
  const refused = [{ address: 'r1@example.net', reply: { code: 550 } }];
  expect(told).toMatchObject(Array(6).fill({ ok: true, result: { refused } }));
});
