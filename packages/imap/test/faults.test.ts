/**
 * A server that falls silent, leaves, floods or talks nonsense, at any point: a typed error within the deadline, the
 * connection closed, and nothing left behind.
 */
import fc from 'fast-check';
import { isFivewireError } from 'tls-context-core';
import { describe, expect, it } from 'vitest';
import { ImapClient } from '../src/index.js';
import { inClear, streamPair } from './support/script.js';

const code = (name: string, more: object = {}) => expect.objectContaining({ code: name, ...more });

/** What a server says to {@link dialogue}, the client's tags filled in by whoever plays it. */
const answers = [
  '* OK [CAPABILITY IMAP4rev1 AUTH=PLAIN SASL-IR UIDPLUS] hello\r\n',
  'TAG OK [CAPABILITY IMAP4rev1 UIDPLUS ID MOVE IDLE LITERAL+] in\r\n',
  '* ID ("name" "x")\r\nTAG OK done\r\n',
  '* LIST () "/" {3}\r\na/b\r\nTAG OK done\r\n',
  '* 2 EXISTS\r\n* OK [UIDVALIDITY 1] x\r\nTAG OK [READ-WRITE] done\r\n',
  '* 1 FETCH (UID 1 ENVELOPE (NIL "s" NIL NIL NIL NIL NIL NIL NIL NIL) BODY[]<0> {5}\r\nhello)\r\n* 2 FETCH (UID 2 BODY[]<0> "x" ENVELOPE (NIL NIL NIL NIL NIL NIL NIL NIL NIL NIL))\r\nTAG OK done\r\n',
  '* SEARCH 1 2\r\nTAG OK done\r\n',
  `* 1 FETCH (UID 1 BODY[TEXT] {200000}\r\n${'z'.repeat(200_000)})\r\nTAG OK done\r\n`,
  '* 3 EXISTS\r\nTAG OK [APPENDUID 1 3] done\r\n',
  'TAG OK done\r\n',
  '* OK [COPYUID 7 1 11] moved\r\n* 1 EXPUNGE\r\nTAG OK done\r\n',
  '* STATUS "x" (MESSAGES 1)\r\nTAG OK done\r\n',
  '* SEARCH 2 3\r\nTAG OK done\r\n',
  '+ idling\r\n* 3 EXISTS\r\n',
  'TAG OK done\r\n',
  '* SEARCH 4\r\nTAG OK done\r\n',
  '* BYE bye\r\nTAG OK done\r\n',
];

async function dialogue(client: ImapClient): Promise<string> {
  const boxes = await client.list().toArray();
  const box = await client.open('INBOX');
  const rows = await box.fetch('1:2', { envelope: true, bodies: [''] }).toArray();
  const found = await box.search();
  let octets = 0;
  for await (const chunk of rows[0]?.body('TEXT') ?? []) octets += chunk.length;
  const { uid } = await client.append('INBOX', 'hi');
  await box.addFlags(2, ['\\Seen']);
  const moved = await box.move(1, 'x');
  const { messages } = await client.status('x', ['messages']);
  let news = '';
  for await (const event of client.watch('INBOX', { refresh: 30 })) {
    news = `${event.type} ${event.type === 'new' ? event.uids : ''}`;
    break;
  }
  await client.quit();
  return `${uid} ${moved.uids} ${messages} ${news} ${boxes.length} ${rows.length} ${found} ${octets}`;
}

interface Fault {
  /** After how many octets of the server. */
  at: number;
  strike: 'silence' | 'end' | string;
}

/** Plays the answers, one a command line, until the fault strikes. */
async function play(
  fault: Fault | undefined,
  patience = 60,
): Promise<{ result: unknown; closed: boolean; lost: string }> {
  const [stream, server] = streamPair();
  let sent = 0;
  let next = 0;
  let struck = false;
  /** The command whose answer is not whole. */
  let lost = '';
  const say = (text: string): void => {
    if (struck) return;
    const whole = fault === undefined || sent + text.length <= fault.at;
    const part = whole ? text : text.slice(0, fault.at - sent);
    sent += part.length;
    server.write(Buffer.from(part, 'latin1'));
    if (whole) return;
    struck = true;
    lost = command;
    if (fault.strike === 'end') server.end();
    else if (fault.strike !== 'silence') server.write(Buffer.from(fault.strike, 'latin1'));
  };
  let input = '';
  let tag = '';
  let command = '';
  server.on('error', () => {});
  server.on('data', (chunk: Buffer) => {
    input += chunk.toString('latin1');
    for (let end = input.indexOf('\r\n'); end >= 0; end = input.indexOf('\r\n')) {
      const line = input.slice(0, end);
      input = input.slice(end + 2);
      if (/^\S+ [A-Z]/.test(line)) [tag = '', command = ''] = line.split(/ (.*)/);
      if (line.endsWith('+}')) continue; // the answer comes behind the octets
      say((answers[next++] ?? '').replaceAll('TAG', tag));
    }
  });
  server.on('end', () => server.end());
  say(answers[next++] as string);
  let client: ImapClient | undefined;
  let result: unknown;
  try {
    client = await ImapClient.connect({
      ...inClear,
      stream,
      ...(fault === undefined || fault.strike === 'end'
        ? {}
        : { timeouts: { greeting: patience, reply: patience, stall: patience, close: patience } }),
      limits: { literalOctets: 100_000 }, // so that the long body is one that streams
      auth: { user: 'alice', password: 'secret' },
    });
    result = await dialogue(client);
  } catch (error) {
    result = error;
  }
  const before = stream.destroyed;
  client?.close();
  // This machine was too slow: the deadline came before the fault.
  const early = fault !== undefined && !struck && chain(result).includes('ERR_TIMEOUT');
  return early ? play(fault, patience * 2) : { result, closed: before, lost };
}

const whole = '3 1→11 1 new 4 1 2 1:2 200000';
const all = answers.join('');
const total = all.length;
/** Everywhere in the small answers, here and there in the long body, and around its ends. */
const points = Array.from({ length: total }, (_, i) => i).filter(
  (i) => i < all.indexOf('zzz') + 60 || i > all.lastIndexOf('zzz') - 60 || i % 40_000 === 0,
);

/** A command that must not be done twice. */
const isOnce = (command: string): boolean => /^(?:APPEND|UID MOVE)/.test(command);

/** The codes of an error and of its causes. */
const chain = (error: unknown): string[] =>
  isFivewireError(error) ? [error.code, ...chain(error.cause)] : [];

describe('a server that', () => {
  it('behaves', async () => {
    expect((await play(undefined)).result).toBe(whole);
  });

  it('leaves at any octet', async () => {
    for (const at of points) {
      const { result, closed, lost } = await play({ at, strike: 'end' });
      // After its last BYE a server may leave as it likes.
      if (result === whole) expect(at).toBeGreaterThan(total - 50);
      else {
        expect([
          at,
          isFivewireError(result) ? (result as { code: string }).code : result,
          closed,
        ]).toEqual([
          at,
          isOnce(lost)
            ? 'ERR_OUTCOME_UNKNOWN'
            : expect.stringMatching(/^ERR_(CONNECTION_CLOSED|SERVER_CLOSING|TRANSFER_INCOMPLETE)$/),
          true,
        ]);
      }
    }
  });

  it('falls silent at any octet', async () => {
    // A hundred at once: each waits for its deadline.
    for (let i = 0; i < points.length; i += 100) {
      const some = points.slice(i, i + 100);
      const results = await Promise.all(some.map((at) => play({ at, strike: 'silence' })));
      results.forEach(({ result, closed, lost }, n) => {
        if (result === whole) expect(some[n]).toBeGreaterThan(total - 50);
        else {
          const codes = chain(result);
          // Silence after BYE is the end that BYE announced.
          const ended = codes.includes('ERR_TIMEOUT') || codes.includes('ERR_SERVER_CLOSING');
          const inDoubt = codes[0] === 'ERR_OUTCOME_UNKNOWN';
          expect([some[n], ended, closed, inDoubt, codes]).toEqual([
            some[n],
            true,
            true,
            isOnce(lost),
            codes,
          ]);
        }
      });
    }
  });

  it('talks nonsense at any octet', async () => {
    const nonsense = fc.oneof(
      fc
        .uint8Array({ minLength: 1, maxLength: 200 })
        .map((octets) => Buffer.from(octets).toString('latin1')),
      fc.constantFrom(
        '\r\n',
        ')\r\n',
        '* \r\n',
        '* BYE\r\n',
        '+ \r\n',
        'A OK\r\n',
        '* 1 FETCH (\r\n',
        '* {5}\r\n',
        '* X {999999999999}\r\n',
      ),
    );
    const trial = fc.tuple(fc.constantFrom(...points), nonsense);
    // Fifty at once: some wait for their deadline.
    await fc.assert(
      fc.asyncProperty(fc.array(trial, { minLength: 50, maxLength: 50 }), async (trials) => {
        const played = await Promise.all(
          trials.map(([at, octets]) => play({ at, strike: `${octets}\r\n` })),
        );
        for (const { result } of played)
          if (typeof result !== 'string') expect(isFivewireError(result)).toBe(true);
      }),
      { numRuns: 4 },
    );
  });
});

describe('floods', () => {
  it('responses that answer nothing', async () => {
    const [stream, server] = streamPair();
    server.write('* OK [CAPABILITY IMAP4rev1] x\r\n');
    const client = await ImapClient.connect({ ...inClear, stream, limits: { unsolicited: 1_000 } });
    server.once('data', () => server.write('* OK still busy\r\n'.repeat(2_000)));
    await expect(client.noop()).rejects.toEqual(
      code('ERR_LIMIT_EXCEEDED', { limit: 'unsolicited', connection: 'closed' }),
    );
    expect(stream.destroyed).toBe(true);
  });

  it.each([
    ['a line without end', { lineOctets: 10_000 }, 'x'.repeat(20_000), 'lineOctets'],
    [
      'a literal that is no body',
      { literalOctets: 1_000 },
      '* LIST () "/" {1001}\r\n',
      'literalOctets',
    ],
    ['a literal of no size', {}, '* 1 FETCH (BODY[] {99999999999999999999}\r\n', 'literalOctets'],
    [
      'many literals',
      { responseOctets: 10_000 },
      `* 1 FETCH (ENVELOPE (${'{10}\r\n0123456789 '.repeat(2_000)}`,
      'responseOctets',
    ],
    ['deep lists', {}, `* 1 FETCH (BODYSTRUCTURE ${'('.repeat(100)}\r\n`, 'depth'],
    ['many values', { tokens: 100 }, `* FLAGS (${'a '.repeat(200)})\r\n`, 'tokens'],
  ])('%s', async (_name, limits, text, limit) => {
    const [stream, server] = streamPair();
    server.write('* OK [CAPABILITY IMAP4rev1] x\r\n');
    const client = await ImapClient.connect({ ...inClear, stream, limits });
    server.once('data', () => server.write(Buffer.from(text, 'latin1')));
    await expect(client.noop()).rejects.toEqual(
      code('ERR_LIMIT_EXCEEDED', { limit, connection: 'closed' }),
    );
  });

  it.each([
    [
      'go-aheads while idling',
      '+ go on\r\n',
      (client: ImapClient) => client.watch('INBOX', { refresh: 30 })[Symbol.asyncIterator]().next(),
    ],
    [
      'results of a search',
      '* SEARCH 1\r\n',
      async (client: ImapClient) => (await client.open('INBOX')).search(),
    ],
    ['mailboxes', '* LIST () "/" x\r\n', (client: ImapClient) => client.list().toArray()],
    [
      'statuses',
      '* STATUS x (MESSAGES 1)\r\n',
      (client: ImapClient) => client.status('x', ['messages']),
    ],
    [
      'rows',
      '* 1 FETCH (UID 1 FLAGS ())\r\n',
      async (client: ImapClient) =>
        (await client.open('INBOX')).fetch(1, { flags: true }).toArray(),
    ],
  ])('%s without end', async (_name, line, work) => {
    const [stream, server] = streamPair();
    server.write('* OK [CAPABILITY IMAP4rev1 IDLE] x\r\n');
    const client = await ImapClient.connect({
      ...inClear,
      stream,
      limits: { unsolicited: 1_000, mailboxes: 1_000 },
    });
    server.on('data', (chunk: Buffer) => {
      const [tag, verb, ...rest] = chunk.toString().trim().split(' ');
      const command = `${verb} ${rest[0] ?? ''}`;
      if (/SELECT|EXAMINE/.test(command)) server.write(`* 1 EXISTS\r\n${tag} OK done\r\n`);
      else if (/UID SEARCH/.test(command) && !line.startsWith('* SEARCH'))
        server.write(`* SEARCH 1\r\n${tag} OK done\r\n`);
      else server.write(line.repeat(5_000));
    });
    await expect(work(client)).rejects.toEqual(
      code('ERR_LIMIT_EXCEEDED', { connection: 'closed' }),
    );
    expect(stream.destroyed).toBe(true);
  });

  it('a body that no call asked for is read and thrown away', async () => {
    const [stream, server] = streamPair();
    server.write('* OK [CAPABILITY IMAP4rev1] x\r\n');
    const other = await ImapClient.connect({
      ...inClear,
      stream,
      limits: { literalOctets: 1_000 },
    });
    server.once('data', (line: Buffer) => {
      server.write(`* 1 FETCH (UID 3 BODY[] {5000000}\r\n`);
      for (let i = 0; i < 5; i++) server.write(Buffer.alloc(1_000_000));
      server.write(`)\r\n${line.toString().split(' ')[0]} OK done\r\n`);
    });
    await other.noop();
    other.close();
  });
});
