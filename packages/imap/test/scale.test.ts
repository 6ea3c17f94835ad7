/**
 * The same work for twice as much costs twice as much, counted in what is done, never in time. What is too much ends in a typed error.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ImapClient, Mailbox } from '../src/index.js';
import { CountedWork } from './support/counted-work.js';
import { inClear, streamPair } from './support/script.js';

let Client: typeof ImapClient;
let counted: CountedWork;
beforeAll(async () => {
  counted = await CountedWork.begin();
  ({ ImapClient: Client } = await import('../src/index.js'));
});
afterAll(() => counted.end());

/** A mailbox on a server that answers the command after SELECT with this, and OK. */
async function answered<T>(
  answer: string,
  work: (box: Mailbox, client: ImapClient) => Promise<T>,
  { exists = 1_000_000, limits = {}, capabilities = '' } = {},
): Promise<T> {
  const [stream, server] = streamPair();
  let commands = 0;
  server.write(`* PREAUTH [CAPABILITY IMAP4rev1 ${capabilities}] hello\r\n`);
  server.on('data', (octets: Buffer) => {
    for (const line of octets.toString().split('\r\n').slice(0, -1)) {
      const tag = line.split(' ')[0];
      const text =
        commands++ === 0 ? `* ${exists} EXISTS\r\n` : answer.replaceAll('TAG', tag ?? '');
      server.write(Buffer.from(`${text}${tag} OK done\r\n`, 'latin1'));
    }
  });
  const client = await Client.connect({ ...inClear, stream, id: false, limits });
  try {
    return await work(await client.open('INBOX'), client);
  } finally {
    client.close();
  }
}

const row = (i: number): string =>
  `* ${i} FETCH (UID ${i} FLAGS (\\Seen) ENVELOPE ("Wed, 17 Jul 1996 02:23:25 -0700" "s ${i}" (("Al \\"x\\"" NIL "al" "example.org")) NIL NIL NIL NIL NIL NIL "<${i}@x>") BODYSTRUCTURE ("TEXT" "PLAIN" ("CHARSET" "utf-8") NIL NIL "7BIT" ${i} 9))\r\n`;
const rows = (count: number): string =>
  Array.from({ length: count }, (_, i) => row(i + 1)).join('');
const ids = (count: number): string => Array.from({ length: count }, (_, i) => i * 2 + 1).join(' ');

describe('twice as much is twice the work', () => {
  const works: [string, number, (n: number) => Promise<unknown>][] = [
    [
      'rows, up to 100,000',
      50_000,
      async (n) => {
        let seen = 0;
        await answered(
          rows(n),
          async (box) => {
            for await (const { envelope, structure } of box.fetch('1:*', {
              envelope: true,
              structure: true,
              flags: true,
            }))
              seen += envelope.subject.length > 0 && structure.size > 0 ? 1 : 0;
          },
          { exists: 10 },
        );
        expect(seen).toBe(n);
      },
    ],
    [
      'UIDs, up to 500,000',
      250_000,
      async (n) => {
        const found = await answered(`* SEARCH ${ids(n)}\r\n`, (box) => box.search());
        expect(found.size).toBe(n);
      },
    ],
    [
      'ranges of ESEARCH',
      100_000,
      async (n) => {
        const found = await answered(
          `* ESEARCH (TAG "TAG") UID ALL ${ids(n).replaceAll(' ', ',')}\r\n`,
          (box) => box.search(),
          { capabilities: 'ESEARCH' },
        );
        expect(found.size).toBe(n);
      },
    ],
    [
      'literals of one octet, up to 5,000',
      2_500,
      async (n) => {
        const wire = `* 1 FETCH (UID 1 X-LIST (${'{1}\r\nx '.repeat(n)}NIL) FLAGS (\\Seen))\r\n`;
        const [found] = await answered(wire, (box) => box.fetch(1, { flags: true }).toArray());
        expect(found?.flags).toEqual(['\\Seen']);
      },
    ],
    [
      'one-octet literals in an ENVELOPE',
      2_500,
      async (n) => {
        const many = '({1}\r\na NIL {1}\r\nb {1}\r\nc)'.repeat(n / 10);
        const wire = `* 1 FETCH (UID 1 ENVELOPE (NIL NIL (${many}) NIL NIL NIL NIL NIL NIL NIL))\r\n`;
        const [found] = await answered(wire, (box) => box.fetch(1, { envelope: true }).toArray());
        expect(found?.envelope.from).toHaveLength(n / 10);
      },
    ],
    [
      'mailboxes of LIST',
      20_000,
      async (n) => {
        const wire = Array.from({ length: n }, (_, i) => `* LIST () "/" "a/${i}"\r\n`).join('');
        expect(await answered(wire, (_box, client) => client.list().toArray())).toHaveLength(n);
      },
    ],
    [
      'flags of one message',
      30_000,
      async (n) => {
        const flags = Array.from({ length: n }, (_, i) => `$f${i}`).join(' ');
        const wire = `* 1 FETCH (UID 1 FLAGS (${flags}))\r\n`;
        const [found] = await answered(wire, (box) => box.fetch(1, { flags: true }).toArray());
        expect(found?.flags).toHaveLength(n);
      },
    ],
  ];
  it.each(works)('%s', (_name, n, work) => counted.isLinear(n, work));

  it('VANISHED of four thousand million messages is one range', async () => {
    const wire = '* VANISHED (EARLIER) 1:4294967295\r\n* VANISHED 1:4294967295\r\n';
    const cost = await counted.of(() =>
      answered(wire, async (box, client) => {
        await client.noop();
        expect(box.exists).toBe(0);
      }),
    );
    expect(cost).toBeLessThan(10_000);
  });
});

describe('too much is a typed error', () => {
  it.each([
    ['nesting of 10,000', `* 1 FETCH (UID 1 BODYSTRUCTURE ${'('.repeat(10_000)})\r\n`, {}, 'depth'],
    [
      'nesting of 10,000 that closes',
      `* 1 FETCH (UID 1 BODYSTRUCTURE ${'('.repeat(10_000)}${')'.repeat(10_000)})\r\n`,
      {},
      'depth',
    ],
    ['a line without end', 'x'.repeat(2 << 20), { lineOctets: 1 << 20 }, 'lineOctets'],
    [
      'a row without end',
      `* 1 FETCH (UID 1 FLAGS (${'a '.repeat(1 << 20)}`,
      { lineOctets: 1 << 20 },
      'lineOctets',
    ],
    [
      'literals without end',
      `* 1 FETCH (${'X {1}\r\nx '.repeat(100_000)}`,
      { responseOctets: 100_000 },
      'responseOctets',
    ],
    ['a literal of 1 GB that is no body', '* LIST () "/" {1073741824}\r\n', {}, 'literalOctets'],
  ])('%s', async (_name, wire, limits, limit) => {
    await expect(answered(wire, (_box, client) => client.noop(), { limits })).rejects.toMatchObject(
      { code: 'ERR_LIMIT_EXCEEDED', limit, connection: 'closed' },
    );
  });
});
