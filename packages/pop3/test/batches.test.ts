/** Batches of RETR against whatever a server and a consumer do in the middle of one: each message is its own, or has an error. */
import { createServer, type Server, type Socket } from 'node:net';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { Pop3Client } from '../src/index.js';

/** What the server does with a message. */
interface Served {
  body: string;
  refused: boolean;
}

/** What the consumer does with an item. */
const acts = [
  'read',
  'skip',
  'destroy',
  'begin',
  'call',
  'call-then-read',
  'pause',
  'events',
] as const;
const ends = ['all', 'break', 'throw', 'abort'] as const;

interface Play {
  messages: Served[];
  acts: (typeof acts)[number][];
  end: (typeof ends)[number];
  endAt: number;
  /** Octets that the server writes at once. */
  cut: number;
  /** The server closes after so many octets; 0: never. */
  closesAfter: number;
  /** LIST was asked before. */
  sizes: boolean;
}

let current: Play;
let server: Server;
let port = 0;
const sockets = new Set<Socket>();

const stuffed = (body: string): string => `\r\n${body}`.replaceAll('\r\n.', '\r\n..').slice(2);

beforeAll(async () => {
  server = createServer({ noDelay: true }, (socket) => {
    sockets.add(socket);
    const { cut, closesAfter, messages } = current;
    let [out, input, written] = ['', '', 0];
    const step = (): void => {
      let piece = out.slice(0, cut);
      out = out.slice(cut);
      const closes = closesAfter > 0 && written + piece.length >= closesAfter;
      if (closes) piece = piece.slice(0, closesAfter - written);
      written += piece.length;
      if (closes) {
        socket.end(piece, 'latin1');
        return;
      }
      socket.write(piece, 'latin1');
      if (out !== '') setImmediate(step);
    };
    const say = (text: string): void => {
      const isIdle = out === '';
      out += text;
      if (isIdle) step();
    };
    say('+OK ready\r\n');
    socket.on('error', () => {});
    socket.on('data', (chunk) => {
      input += chunk.toString('latin1');
      const lines = input.split('\r\n');
      input = lines.pop() as string;
      for (const line of lines) {
        const [verb, number] = line.split(' ');
        if (verb === 'CAPA') say('+OK\r\nPIPELINING\r\n.\r\n');
        else if (verb === 'LIST')
          say(
            `+OK\r\n${messages.map(({ body }, i) => `${i + 1} ${body.length + 2}\r\n`).join('')}.\r\n`,
          );
        else if (verb === 'RETR') {
          const { body, refused } = messages[Number(number) - 1] as Served;
          say(refused ? '-ERR gone\r\n' : `+OK\r\n${stuffed(body)}\r\n.\r\n`);
        } else if (verb === 'STAT') say('+OK 7 77\r\n');
        else say('+OK\r\n');
        if (verb === 'QUIT') socket.end();
      }
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  port = (server.address() as { port: number }).port;
});

afterAll(() => {
  for (const socket of sockets) socket.destroy();
  server.close();
});

const unit = fc.constantFrom(
  '.',
  '\r',
  '\n',
  '\r\n',
  'a',
  '\n.\n',
  '\r\n.\r\n',
  '\n.\r\n',
  '\r\n.\n',
  '+OK\r\n',
  '-ERR\n',
  '\xff',
  'x'.repeat(2000),
);

const plays: fc.Arbitrary<Play> = fc.record({
  messages: fc.array(
    fc.record({
      body: fc.string({ unit, maxLength: 12 }),
      refused: fc.integer({ min: 0, max: 9 }).map((n) => n === 0),
    }),
    { minLength: 1, maxLength: 40 },
  ),
  acts: fc.array(fc.constantFrom(...acts), { minLength: 1, maxLength: 8 }),
  end: fc.constantFrom(...ends),
  endAt: fc.nat(40),
  cut: fc.constantFrom(1, 7, 100, 1000, 65536),
  closesAfter: fc.oneof(
    { weight: 3, arbitrary: fc.constant(0) },
    { weight: 1, arbitrary: fc.integer({ min: 40, max: 4000 }) },
  ),
  sizes: fc.boolean(),
});

const read = async (body: AsyncIterable<unknown>): Promise<string> => {
  const chunks: Buffer[] = [];
  for await (const chunk of body) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('latin1');
};

const left = new Error('left');

async function run(play: Play): Promise<void> {
  current = play;
  const { messages, end, endAt } = play;
  const controller = new AbortController();
  const { signal } = controller;
  const pop = await Pop3Client.connect({
    host: '127.0.0.1',
    port,
    security: 'cleartext',
    timeouts: { reply: 5_000, stall: 5_000 },
  });
  const isWell = async (): Promise<void> =>
    expect(await pop.stat()).toEqual({ count: 7, octets: 77 });
  try {
    if (play.sizes) await pop.list().toArray();
    const numbers = messages.map((_, i) => i + 1);
    let at = 0;
    for await (const item of pop.retrieveAll(numbers, { signal })) {
      const { body, refused } = messages[at] as Served;
      expect(item.number).toBe(++at);
      expect(item.ok).toBe(!refused);
      const act = play.acts[at % play.acts.length];
      if (item.ok) {
        const whole = `${body}\r\n`;
        const { message } = item;
        if (act?.startsWith('call')) await isWell();
        if (act === 'read' || act === 'call-then-read') {
          expect(await read(message)).toBe(whole);
          expect(item.problem).toBe(undefined);
        } else if (act === 'destroy') message.destroy();
        else if (act === 'begin') {
          for await (const chunk of message) {
            expect(whole.startsWith((chunk as Buffer).toString('latin1'))).toBe(true);
            break;
          }
        } else if (act === 'pause') {
          await new Promise((resolve) => setImmediate(resolve));
          expect(await read(message)).toBe(whole);
        } else if (act === 'events') {
          let text = '';
          message.on('data', (chunk: Buffer) => {
            text += chunk.toString('latin1');
          });
          await new Promise((resolve, reject) => message.on('end', resolve).on('error', reject));
          expect(text).toBe(whole);
        }
      }
      if (at <= endAt) continue;
      if (end === 'break') break;
      if (end === 'throw') throw left;
      if (end === 'abort') controller.abort();
    }
    if (end === 'all') expect(at).toBe(messages.length);
    await isWell();
    expect(await pop.quit()).toEqual({ committed: true });
  } catch (error) {
    const { code } = error as { code?: string };
    if (error === left || (code === 'ERR_ABORTED' && end === 'abort')) {
      if (play.closesAfter === 0) await isWell();
    } else if (play.closesAfter === 0) throw error;
    else expect(['ERR_CONNECTION_CLOSED', 'ERR_SERVER_CLOSING']).toContain(code);
  } finally {
    pop.close();
  }
}

const empty = { body: '', refused: false };

it.each([
  { messages: [empty, empty, { body: '', refused: true }], acts: ['read'] },
  { messages: [empty, empty, empty, { body: 'x'.repeat(9_000), refused: false }], acts: ['read'] },
] as const)(
  'behind an abort nothing is given in place of what was dropped, %#',
  async ({ messages, acts }) => {
    const rest = { end: 'abort', endAt: 0, cut: 65_536, closesAfter: 0, sizes: false } as const;
    await run({ messages: [...messages], acts: [...acts], ...rest });
  },
);

it('no item has octets of another, and the session goes on or says why it does not', async () => {
  await fc.assert(fc.asyncProperty(plays, run), { numRuns: 60 });
});
