/** Messages in chunks: RFC 3030. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { LineEndEncoder } from '../src/bdat.js';
import { closing, connectTo, dialogue, failure, lmtpOpening, opening, play } from './dialogue.js';

const from = 'alice@example.org';
const to = 'bob@example.net';
const chunking = { chunking: true };
const pipelined = opening('PIPELINING', 'CHUNKING', '8BITMIME', 'BINARYMIME');

describe('in one group with the envelope', () => {
  dialogue(
    'a small body',
    `${pipelined}
    C: MAIL FROM:<alice@example.org>
    C: RCPT TO:<bob@example.net>
    C: BDAT 8 LAST
    C: .a
    C: .b
    S: 250 ok
    S: 250 ok
    S: 250 2.0.0 8 octets
    ${closing}`,
    async (client) => {
      const result = await client.send({ from, to }, '.a\n.b');
      expect(result).toMatchObject({ bytes: 5, reply: { text: '8 octets' } });
    },
    chunking,
  );

  dialogue(
    'many at once cost one round trip; whoever is behind an open fate resets first',
    `${pipelined}
    C: MAIL FROM:<alice@example.org>
    C: RCPT TO:<bob@example.net>
    C: BDAT 3 LAST
    C: 1
    C: RSET
    C: MAIL FROM:<alice@example.org>
    C: RCPT TO:<bob@example.net>
    C: BDAT 3 LAST
    C: 2
    C: RSET
    C: MAIL FROM:<alice@example.org>
    C: RCPT TO:<bob@example.net>
    C: BDAT 3 LAST
    C: 3
    S: 250 ok
    S: 250 ok
    S: 550 5.7.1 Spam
    S: 250 reset
    S: 250 ok
    S: 450 4.2.1 Later
    S: 503 5.5.1 No recipients
    S: 250 reset
    S: 250 ok
    S: 250 ok
    S: 250 third
    C: MAIL FROM:<alice@example.org>
    C: RCPT TO:<bob@example.net>
    C: BDAT 3 LAST
    C: 4
    S: 250 ok
    S: 250 ok
    S: 250 fourth
    ${closing}`,
    async (client) => {
      const messages = ['1', '2', '3'].map((body) => ({ envelope: { from, to }, body }));
      const outcomes = [];
      for await (const outcome of client.sendMany(messages, { window: 8 })) outcomes.push(outcome);
      expect(outcomes).toMatchObject([
        { index: 0, ok: false, error: { code: 'ERR_COMMAND_REJECTED', reply: { code: 550 } } },
        { index: 1, ok: false, error: { code: 'ERR_RECIPIENTS_REJECTED', retry: 'later' } },
        { index: 2, ok: true, result: { reply: { text: 'third' } } },
      ]);
      await client.send({ from, to }, '4');
    },
    chunking,
  );

  test('lost in the middle: nobody knows', async () => {
    const peer = play(`${pipelined}
      C: MAIL FROM:<alice@example.org>
      C: RCPT TO:<bob@example.net>
      C: BDAT 3 LAST
      C: 1
      S: 250 ok
      CLOSE`);
    const client = await connectTo(peer, chunking);
    expect(await failure(client.send({ from, to }, '1'))).toMatchObject({
      code: 'ERR_OUTCOME_UNKNOWN',
    });
  });

  test.each([
    ['the fate of a message can not be told from a reply too many', '250 ok', '550 5.7.1 no'],
    ['a goodbye behind the fate is none', '421 4.3.2 bye', undefined],
  ])('%s', async (_, surplus, fate) => {
    const peer = play(`${pipelined}
      C: MAIL FROM:<alice@example.org>
      C: RCPT TO:<bob@example.net>
      C: BDAT 3 LAST
      C: 1
      S: 250 ok
      S: 250 ok
      S: 250 2.0.0 taken
      S: ${surplus}
      ${fate === undefined ? '' : `S: ${fate}`}`);
    const client = await connectTo(peer, chunking);
    const sending = client.send({ from, to }, '1');
    if (fate === undefined) expect((await sending).accepted).toHaveLength(1);
    else expect(await failure(sending)).toMatchObject({ code: 'ERR_OUTCOME_UNKNOWN' });
    expect(await failure(client.noop())).toMatchObject({ connection: 'closed' });
  });

  test.each([
    ['250 ok', '550 no', 'ERR_MALFORMED_RESPONSE'],
    ['552 no', '503 no', 'ERR_MALFORMED_RESPONSE'],
    ['552 no', '250 ok', 'ERR_OUTCOME_UNKNOWN'],
  ])(
    'a server that takes a message for nobody is out of step: %s, %s',
    async (mail, rcpt, code) => {
      const peer = play(`${pipelined}
      C: MAIL FROM:<alice@example.org>
      C: RCPT TO:<bob@example.net>
      C: BDAT 3 LAST
      C: 1
      S: ${mail}
      S: ${rcpt}
      S: 250 ok`);
      const client = await connectTo(peer, chunking);
      const error = await failure(client.send({ from, to }, '1'));
      expect(error).toMatchObject({ code, connection: 'closed' });
    },
  );

  dialogue(
    'LMTP: a reply for each recipient',
    `${lmtpOpening('PIPELINING', 'CHUNKING')}
    C: MAIL FROM:<alice@example.org>
    C: RCPT TO:<bob@example.net>
    C: RCPT TO:<nobody@example.net>
    C: RCPT TO:<carol@example.net>
    C: BDAT 3 LAST
    C: 1
    S: 250 ok
    S: 250 ok
    S: 550 no
    S: 250 ok
    S: 250 bob
    S: 452 full
    ${closing}`,
    async (client) => {
      const all = [to, 'nobody@example.net', 'carol@example.net'];
      const { accepted, refused } = await client.send({ from, to: all }, '1');
      expect(accepted.map(({ address }) => address)).toEqual([to]);
      expect(refused.map(({ address }) => address)).toEqual([
        'nobody@example.net',
        'carol@example.net',
      ]);
    },
    { ...chunking, protocol: 'lmtp' },
  );
});

describe('chunk by chunk', () => {
  const big = 'x'.repeat(262_142);
  async function* pieces(): AsyncGenerator<string> {
    yield `${big}\r`;
    yield '\nend';
  }
  const envelope = `
    C: MAIL FROM:<alice@example.org> BODY=8BITMIME
    C: RCPT TO:<bob@example.net>
    S: 250 ok
    S: 250 ok`;

  dialogue(
    'a stream',
    `${pipelined}${envelope}
    C: BDAT 262147
    C: ${big}
    C: endBDAT 2 LAST
    C: 
    S: 250 262147 octets
    S: 250 2.0.0 ok
    ${closing}`,
    async (client) => {
      expect((await client.send({ from, to }, pieces())).bytes).toBe(262_147);
    },
    chunking,
  );

  test('taken without a chunk that was refused: what the server has is not the message', async () => {
    const peer = play(`${pipelined}${envelope}
      C: BDAT 262147
      C: ${big}
      C: endBDAT 2 LAST
      C: 
      S: 452 4.3.1 no room
      S: 250 2.0.0 taken`);
    const client = await connectTo(peer, chunking);
    expect(await failure(client.send({ from, to }, pieces()))).toMatchObject({
      code: 'ERR_OUTCOME_UNKNOWN',
      connection: 'closed',
    });
  });

  dialogue(
    'a chunk is refused: RSET, and the connection goes on',
    `${pipelined}${envelope}
    C: BDAT 262145
    C: ${big}y
    S: 552 5.3.4 Too big
    C: RSET
    S: 250 ok
    C: NOOP
    S: 250 ok
    ${closing}`,
    async (client) => {
      const body = (async function* () {
        yield `${big}y\n`;
        await new Promise(() => {}); // the server's word comes first
      })();
      expect(await failure(client.send({ from, to }, body))).toMatchObject({
        code: 'ERR_COMMAND_REJECTED',
        command: 'BDAT',
        connection: 'usable',
        reply: { code: 552 },
      });
      await client.noop();
    },
    chunking,
  );

  dialogue(
    'a body that breaks costs no connection: nothing was half-written',
    `${pipelined}${envelope}
    C: RSET
    S: 250 ok
    C: NOOP
    S: 250 ok
    ${closing}`,
    async (client) => {
      const body = (async function* () {
        yield 'x\n';
        await Promise.resolve();
        throw new Error('disk gone');
      })();
      expect(await failure(client.send({ from, to }, body))).toMatchObject({
        code: 'ERR_LOCAL_IO',
        connection: 'usable',
      });
      await client.noop();
    },
    chunking,
  );

  dialogue(
    'without PIPELINING, onRefused abort',
    `${opening('CHUNKING')}
    C: MAIL FROM:<alice@example.org>
    S: 250 ok
    C: RCPT TO:<bob@example.net>
    S: 250 ok
    C: BDAT 3 LAST
    C: x
    S: 250 ok
    ${closing}`,
    async (client) => {
      await client.send({ from, to }, 'x', { onRefused: 'abort' });
    },
    chunking,
  );

  dialogue(
    'binary goes out octet for octet, chunking asked for or not',
    `${pipelined}
    C: MAIL FROM:<alice@example.org> BODY=BINARYMIME
    C: RCPT TO:<bob@example.net>
    S: 250 ok
    S: 250 ok
    C: BDAT 7 LAST
    C: .
    C: .b
    S: 250 ok
    ${closing}`,
    async (client) => {
      await client.send({ from, to, body: 'binary' }, '.\r\n.b\r\n');
    },
  );

  dialogue(
    'CHUNKING not offered: DATA',
    `${opening('PIPELINING')}
    C: MAIL FROM:<alice@example.org>
    C: RCPT TO:<bob@example.net>
    C: DATA
    S: 250 ok
    S: 250 ok
    S: 354 go
    C: x
    C: .
    S: 250 ok
    ${closing}`,
    async (client) => {
      await client.send({ from, to }, 'x');
    },
    chunking,
  );
});

describe('line ends', () => {
  const encode = (pieces: readonly string[]): string => {
    const encoder = new LineEndEncoder();
    const out = pieces.map((piece) => encoder.encode(Buffer.from(piece, 'latin1')));
    return Buffer.concat([...out, encoder.end()]).toString('latin1');
  };
  /** Character by character, as plainly as can be. */
  const model = (text: string): string => {
    const lines = text.replace(/\r\n/g, '\n').replace(/\r/g, '\n').split('\n');
    const last = lines.pop();
    return lines.map((line) => `${line}\r\n`).join('') + (last === '' ? '' : `${last}\r\n`);
  };

  test('as in DATA, cut anywhere', () => {
    const piece = fc
      .array(fc.constantFrom('\r', '\n', '\r\n', '.', 'a', '\xff', ''))
      .map((p) => p.join(''));
    fc.assert(
      fc.property(fc.array(piece), (pieces) => {
        expect(encode(pieces)).toBe(model(pieces.join('')));
      }),
      { numRuns: 2_000 },
    );
  });
});
