/** Batches of ARTICLE against whatever a server and a consumer do in the middle of one: each article is its own, or has an error. */
import { createServer, type Server, type Socket } from 'node:net';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { NntpClient } from '../src/index.js';

interface Served {
  head: string;
  body: string;
  /** What is answered in its place. */
  refusal: number | undefined;
}

/** What the consumer does with an item. */
const acts = [
  'read',
  'raw',
  'skip',
  'destroy',
  'begin',
  'call',
  'call-then-read',
  'select',
  'pause',
  'events',
] as const;
const ends = ['all', 'break', 'throw', 'abort'] as const;

interface Play {
  articles: Served[];
  byNumber: boolean;
  acts: (typeof acts)[number][];
  end: (typeof ends)[number];
  endAt: number;
  /** Octets that the server writes at once. */
  cut: number;
  /** The server closes after so many octets; 0: never. */
  closesAfter: number;
  /** Before this ARTICLE, counted from the start, the server wants a login, and again before that many more. */
  loginEvery: number;
}

let current: Play;
let logins = 0;
let server: Server;
let port = 0;
const sockets = new Set<Socket>();

const stuffed = (text: string): string => `\r\n${text}`.replaceAll('\r\n.', '\r\n..').slice(2);

beforeAll(async () => {
  server = createServer({ noDelay: true }, (socket) => {
    sockets.add(socket);
    const { cut, closesAfter, articles, loginEvery } = current;
    let [out, input, written, group, served] = ['', '', 0, '', 0];
    let loggedIn = true;
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
    const article = (id: string): string => {
      if (loginEvery > 0 && served >= loginEvery) loggedIn = false;
      if (!loggedIn) return '480 login first\r\n';
      served++;
      const at = Number(id.replace(/\D/g, '')) - 1;
      const { head, body, refusal } = articles[at] as Served;
      if (refusal !== undefined) return `${refusal} no\r\n`;
      if (!id.startsWith('<') && group !== 'a.b') return '412 which group\r\n';
      return `220 ${id.startsWith('<') ? 0 : id} <${at + 1}@x>\r\n${stuffed(`${head}\r\n${body}`)}\r\n.\r\n`;
    };
    say('200 ready\r\n');
    socket.on('error', () => {});
    socket.on('data', (chunk) => {
      input += chunk.toString('latin1');
      const lines = input.split('\r\n');
      input = lines.pop() as string;
      for (const line of lines) {
        const [verb, argument = ''] = line.split(' ');
        if (verb === 'CAPABILITIES') say('101\r\nVERSION 2\r\nREADER\r\nAUTHINFO USER\r\n.\r\n');
        else if (verb === 'ARTICLE') say(article(argument));
        else if (verb === 'GROUP') {
          group = argument;
          say(`211 40 1 40 ${argument}\r\n`);
        } else if (verb === 'DATE') say('111 20200101000000\r\n');
        else if (verb === 'AUTHINFO') {
          [loggedIn, served] = [true, 0];
          logins++;
          say('281 ok\r\n');
        } else say('205 bye\r\n');
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
  ...['.', '\r', '\n', '\r\n', 'a', '\n.\n', '\r\n.\r\n', '\n.\r\n', '\r\n.\n', '\xff'],
  ...['220 0 <1@x>\r\n', '480\n', '400 bye\r\n', 'x'.repeat(2_000)],
);
const heads = fc.constantFrom(
  'Subject: a\r\n',
  'Subject: a\r\n b\r\nFrom: .\r\n',
  '.: odd\r\n',
  'A: \xff\nb\r\n',
);

const plays: fc.Arbitrary<Play> = fc.record({
  articles: fc.array(
    fc.record({
      head: heads,
      body: fc.string({ unit, maxLength: 12 }),
      refusal: fc.oneof(
        { weight: 9, arbitrary: fc.constant(undefined) },
        { weight: 1, arbitrary: fc.constantFrom(423, 430, 451, 502, 599) },
      ),
    }),
    { minLength: 1, maxLength: 40 },
  ),
  byNumber: fc.boolean(),
  acts: fc.array(fc.constantFrom(...acts), { minLength: 1, maxLength: 8 }),
  end: fc.constantFrom(...ends),
  endAt: fc.nat(40),
  cut: fc.constantFrom(1, 7, 100, 1_000, 65_536),
  closesAfter: fc.oneof(
    { weight: 3, arbitrary: fc.constant(0) },
    { weight: 1, arbitrary: fc.integer({ min: 200, max: 4_000 }) },
  ),
  loginEvery: fc.constantFrom(0, 0, 1, 3, 7),
});

const read = async (body: AsyncIterable<unknown>): Promise<string> => {
  const chunks: Buffer[] = [];
  for await (const chunk of body) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('latin1');
};

const left = new Error('left');

async function run(play: Play): Promise<void> {
  current = play;
  const { articles, end, endAt, byNumber, loginEvery } = play;
  const controller = new AbortController();
  const { signal } = controller;
  const nntp = await NntpClient.connect({
    host: '127.0.0.1',
    port,
    security: 'cleartext',
    allowCleartextAuth: true,
    auth: { user: 'a', password: 'b' },
    timeouts: { reply: 5_000, stall: 5_000 },
  });
  const isWell = async (): Promise<unknown> =>
    expect((await nntp.date()).getTime()).toBe(1_577_836_800_000);
  try {
    if (byNumber) await nntp.group('a.b');
    const ids = articles.map((_, i) => (byNumber ? i + 1 : `<${i + 1}@x>`));
    logins = 0;
    let at = 0;
    for await (const item of nntp.articles(ids, { signal })) {
      const { head, body, refusal } = articles[at] as Served;
      expect(item.id).toBe(ids[at]);
      expect(item.ok).toBe(refusal === undefined);
      const act = play.acts[at % play.acts.length];
      at++;
      if (item.ok) {
        const whole = `${body}\r\n`;
        const { article } = item;
        if (act?.startsWith('call')) await isWell();
        if (act === 'select') await nntp.group('c.d');
        if (act === 'read' || act === 'call-then-read') {
          expect(Buffer.from(article.headers.octets).toString('latin1')).toBe(head);
          expect(await read(article.body)).toBe(whole);
        } else if (act === 'raw') expect(await read(article.raw)).toBe(`${head}\r\n${whole}`);
        else if (act === 'destroy') article.body.destroy();
        else if (act === 'begin') {
          for await (const chunk of article.body) {
            expect(whole.startsWith((chunk as Buffer).toString('latin1'))).toBe(true);
            break;
          }
        } else if (act === 'pause') {
          await new Promise((resolve) => setImmediate(resolve));
          expect(await read(article.body)).toBe(whole);
        } else if (act === 'events') {
          let text = '';
          article.body.on('data', (chunk: Buffer) => {
            text += chunk.toString('latin1');
          });
          await new Promise((resolve, reject) =>
            article.body.on('end', resolve).on('error', reject),
          );
          expect(text).toBe(whole);
        }
      }
      if (at <= endAt) continue;
      if (end === 'break') break;
      if (end === 'throw') throw left;
      if (end === 'abort') controller.abort();
    }
    if (end === 'all') expect(at).toBe(articles.length);
    if (loginEvery === 0) expect(logins).toBe(0);
    await isWell();
    await nntp.quit();
  } catch (error) {
    const { code } = error as { code?: string };
    if (error === left || (code === 'ERR_ABORTED' && end === 'abort')) {
      if (play.closesAfter === 0) await isWell();
    } else if (play.closesAfter === 0) throw error;
    else expect(['ERR_CONNECTION_CLOSED', 'ERR_SERVER_CLOSING']).toContain(code);
  } finally {
    nntp.close();
  }
}

it('no item has octets of another, and the session goes on or says why it does not', async () => {
  await fc.assert(fc.asyncProperty(plays, run), { numRuns: Number(process.env.RUNS ?? 100) });
}, 600_000);
