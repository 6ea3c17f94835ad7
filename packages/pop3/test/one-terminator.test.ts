/** A body ends in one way in a session: no octets inside a message ever reach another one, or pass for a reply. */
import { createServer } from 'node:net';
import { text } from 'node:stream/consumers';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fetchNew, Pop3Client } from '../src/index.js';
import { loggedIn, play } from './dialogue.js';

const forged = 'hello\\n.\\n+OK\\r\\nSubject: forged\\r\\n\\r\\nbody\\n.\\n+OK 2\\r\\n';

describe('a session whose lines end in CRLF', () => {
  it.each([
    ['LF . LF', 'a\\n.\\n+OK\\r\\nforged\\r\\n'],
    ['LF . CRLF', 'a\\n.\\r\\n+OK\\r\\nforged\\r\\n'],
    ['CRLF . LF', 'a\\r\\n..\\n+OK\\r\\nforged\\r\\n'],
    ['several of them', forged],
  ])('takes %s for content, also in a pipeline', async (_, wire) => {
    const dialogue = loggedIn(
      `C: UIDL\nS: +OK\nS: 1 a\nS: 2 b\nS: 3 c\nS: .\nC: LIST\nS: -ERR no\nC: RETR 1\nC: RETR 2\nC: RETR 3\nS: +OK\nS-raw: ${wire}\nS: .\nS: +OK\nS: second\nS: .\nS: +OK\nS: third\nS: .`,
    );
    const result = await play(dialogue, async (pop) => {
      const seen: Record<string, string> = {};
      for await (const item of fetchNew(pop, new Set())) {
        if (item.ok) seen[item.uid] = await text(item.message);
      }
      return seen;
    });
    const content = wire
      .replaceAll('\\r', '\r')
      .replaceAll('\\n', '\n')
      .replaceAll('\r\n..', '\r\n.');
    expect(result).toEqual({ a: content, b: 'second\r\n', c: 'third\r\n' });
  });

  it.each([
    ['LIST', 'list'],
    ['UIDL', 'uidl'],
  ] as const)('ends %s at CRLF.CRLF', async (verb, method) => {
    const dialogue = loggedIn(
      `C: ${verb}\nS: +OK\nS-raw: 1 x\\n.\\n+OK\\r\\n\nS: 2 20\nS: .\nC: NOOP\nS: +OK`,
    );
    const result = await play(dialogue, async (pop) => {
      const rows = await pop[method]().toArray();
      await pop.noop();
      return rows.map(({ number }) => number).at(-1);
    });
    expect(result).toBe(2);
  });

  it('ends a TOP and a CAPA there too', async () => {
    const dialogue = loggedIn(
      'C: TOP 1 1\nS: +OK\nS-raw: A: b\\n.\\n-ERR no\\r\\n\nS: .\nC: CAPA\nS: +OK\nS-raw: X\\n.\\nY\\r\\n\nS: .\nC: NOOP\nS: +OK',
    );
    const result = await play(dialogue, async (pop) => {
      const all = [await text(pop.top(1, 1)), (await pop.command('CAPA')).lines];
      await pop.noop();
      return all;
    });
    expect(result).toEqual(['A: b\n.\n-ERR no\r\n', ['X\n.\nY']]);
  });
});

describe('a session whose status lines end in a bare LF', () => {
  it('takes bodies and listings that end so', async () => {
    const dialogue = loggedIn(
      'C: LIST\nS-raw: +OK\\n1 12\\n.\\n\nC: RETR 1\nS-raw: +OK\\nx\\n..y\\n.\\n\nC: NOOP\nS: +OK',
    );
    const result = await play(dialogue, async (pop) => {
      const all = [await pop.list().toArray(), await text(pop.retrieve(1))];
      await pop.noop();
      return all;
    });
    expect(result).toEqual([[{ ok: true, number: 1, octets: 12 }], 'x\n.y\n']);
  });
});

it('no octets of one message reach another, whatever they are', async () => {
  const unit = fc.constantFrom(
    '.',
    '\r',
    '\n',
    '\r\n',
    'a',
    '\n.\n',
    '\r\n.\r\n',
    '\n.\r\n',
    '+OK\r\n',
    '-ERR\n',
    '\xff',
  );
  let messages: string[] = [];
  const stuffed = (message: string) => `${`\r\n${message}`.replaceAll('\r\n.', '\r\n..').slice(2)}`;
  const server = createServer({ noDelay: true }, (socket) => {
    socket.write('+OK ready\r\n');
    let input = '';
    socket.on('error', () => {});
    socket.on('data', (chunk) => {
      input += chunk.toString();
      const lines = input.split('\r\n');
      input = lines.pop() as string;
      for (const line of lines) {
        const [verb, number] = line.split(' ');
        if (verb === 'CAPA') socket.write('+OK\r\nPIPELINING\r\n.\r\n');
        else if (verb === 'RETR') {
          const message = stuffed(messages[Number(number) - 1] as string);
          socket.write(`+OK\r\n${message}\r\n.\r\n`, 'latin1');
        } else socket.write('+OK\r\n');
      }
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  const pop = await Pop3Client.connect({ host: '127.0.0.1', port, security: 'cleartext' });
  try {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.string({ unit, maxLength: 30 }), { minLength: 1, maxLength: 6 }),
        async (bodies) => {
          messages = bodies;
          const seen: string[] = [];
          for await (const item of pop.retrieveAll(bodies.map((_, i) => i + 1))) {
            if (!item.ok) throw item.error;
            const chunks: Buffer[] = [];
            for await (const chunk of item.message) chunks.push(chunk as Buffer);
            seen.push(Buffer.concat(chunks).toString('latin1'));
          }
          await pop.noop();
          expect(seen).toEqual(bodies.map((body) => `${body}\r\n`));
        },
      ),
      { numRuns: 300 },
    );
  } finally {
    pop.close();
    server.close();
  }
});
