/** Messages by DATA: RFC 5321 §3.3, pipelined by RFC 2920, with the extensions that an envelope can ask for. */
import { Readable } from 'node:stream';
import { describe, expect, test } from 'vitest';
import { BodySource } from '../src/body-source.js';
import type { BodyInput, SmtpClient } from '../src/index.js';
import { prepareMessage } from '../src/message.js';
import type { Session } from '../src/session.js';
import { closing, connectTo, dialogue, failure, opening, play } from './dialogue.js';

const from = 'alice@example.org';
const to = 'bob@example.net';

describe('without PIPELINING, step by step', () => {
  dialogue(
    'a message with one recipient',
    `${opening()}
    C: MAIL FROM:<alice@example.org>
    S: 250 2.1.0 Sender ok
    C: RCPT TO:<bob@example.net>
    S: 250 2.1.5 Recipient ok
    C: DATA
    S: 354 Go on
    C: Subject: Hi
    C:
    C: Hello
    C: .
    S: 250 2.0.0 Queued as 1234
    ${closing}`,
    async (client) => {
      const result = await client.send({ from, to }, 'Subject: Hi\r\n\r\nHello\r\n');
      expect(result).toEqual({
        accepted: [
          {
            address: to,
            reply: { code: 250, enhanced: '2.1.5', text: 'Recipient ok' },
            transient: false,
          },
        ],
        refused: [],
        reply: { code: 250, enhanced: '2.0.0', text: 'Queued as 1234' },
        bytes: 22,
        dropped: [],
      });
    },
  );

  dialogue(
    'MAIL refused: nobody is named, the next message goes on',
    `${opening()}
    C: MAIL FROM:<alice@example.org>
    S: 450 4.7.1 Not now
    C: MAIL FROM:<>
    S: 250 ok
    C: RCPT TO:<bob@example.net>
    S: 251 Will forward
    C: DATA
    S: 354 Go on
    C: x
    C: .
    S: 250 ok
    ${closing}`,
    async (client) => {
      expect(await failure(client.send({ from, to }, 'x'))).toMatchObject({
        code: 'ERR_COMMAND_REJECTED',
        transient: true,
        retry: 'later',
        connection: 'usable',
        command: 'MAIL FROM:<alice@example.org>',
        protocol: 'smtp',
        host: 'mx.example.test',
        reply: { code: 450, enhanced: '4.7.1', text: 'Not now' },
      });
      const { accepted } = await client.send({ from: null, to }, 'x');
      expect(accepted[0]?.reply.code).toBe(251);
    },
  );

  dialogue(
    'a refused DATA is cleared up',
    `${opening()}
    C: MAIL FROM:<alice@example.org>
    S: 250 ok
    C: RCPT TO:<bob@example.net>
    S: 250 ok
    C: DATA
    S: 451 4.3.0 Disk trouble
    C: RSET
    S: 250 ok
    C: NOOP
    S: 250 ok
    ${closing}`,
    async (client) => {
      expect(await failure(client.send({ from, to }, 'x'))).toMatchObject({
        code: 'ERR_COMMAND_REJECTED',
        command: 'DATA',
        transient: true,
        connection: 'usable',
      });
      await client.noop();
    },
  );

  dialogue(
    'a refused message',
    `${opening()}
    C: MAIL FROM:<alice@example.org>
    S: 250 ok
    C: RCPT TO:<bob@example.net>
    S: 250 ok
    C: DATA
    S: 354 Go on
    C: x
    C: .
    S: 554-5.7.1 This looks
    S: 554 5.7.1 like spam
    C: NOOP
    S: 250 ok
    ${closing}`,
    async (client) => {
      expect(await failure(client.send({ from, to }, 'x'))).toMatchObject({
        code: 'ERR_COMMAND_REJECTED',
        transient: false,
        retry: 'never',
        phase: 'transfer',
        reply: { code: 554, enhanced: '5.7.1', text: 'This looks\nlike spam' },
      });
      await client.noop();
    },
  );
});

describe('with PIPELINING', () => {
  const pipelining = opening('PIPELINING', 'ENHANCEDSTATUSCODES');

  test('the envelope and DATA leave in one write', async () => {
    const peer = play(`${pipelining}
      C: MAIL FROM:<alice@example.org>
      C: RCPT TO:<bob@example.net>
      C: RCPT TO:<carol@example.net>
      C: DATA
      S: 250 ok
      S: 250 ok
      S: 250 ok
      S: 354 go
      C: x
      C: .
      S: 250 ok
      ${closing}`);
    const writes: string[] = [];
    const write = peer.stream._write.bind(peer.stream);
    peer.stream._write = (chunk: Buffer, encoding, done) => {
      writes.push(chunk.toString());
      write(chunk, encoding, done);
    };
    peer.stream._writev = (chunks, done) => {
      write(
        Buffer.concat(chunks.map(({ chunk }) => chunk as Buffer)),
        'buffer' as BufferEncoding,
        done,
      );
      writes.push(Buffer.concat(chunks.map(({ chunk }) => chunk as Buffer)).toString());
    };
    const client = await connectTo(peer);
    await client.send({ from, to: [to, 'carol@example.net'] }, 'x');
    await client.quit();
    await peer.played;
    expect(writes).toEqual([
      'EHLO client.example.test\r\n',
      'MAIL FROM:<alice@example.org>\r\nRCPT TO:<bob@example.net>\r\nRCPT TO:<carol@example.net>\r\nDATA\r\n',
      'x\r\n.\r\n',
      'QUIT\r\n',
    ]);
  });

  dialogue(
    'some recipients refused: the others get the message',
    `${pipelining}
    C: MAIL FROM:<alice@example.org>
    C: RCPT TO:<bob@example.net>
    C: RCPT TO:<nobody@example.net>
    C: RCPT TO:<full@example.net>
    C: DATA
    S: 250 2.1.0 ok
    S: 250 2.1.5 ok
    S: 550 5.1.1 No such user
    S: 452 4.2.2 Mailbox full
    S: 354 go
    C: x
    C: .
    S: 250 2.0.0 ok
    ${closing}`,
    async (client) => {
      const all = [to, 'nobody@example.net', 'full@example.net'];
      const { accepted, refused } = await client.send({ from, to: all }, 'x');
      expect(accepted.map(({ address }) => address)).toEqual([to]);
      expect(refused).toEqual([
        {
          address: 'nobody@example.net',
          reply: { code: 550, enhanced: '5.1.1', text: 'No such user' },
          transient: false,
        },
        {
          address: 'full@example.net',
          reply: { code: 452, enhanced: '4.2.2', text: 'Mailbox full' },
          transient: true,
        },
      ]);
    },
  );

  dialogue(
    "onRefused 'abort' does not ask for DATA before it knows",
    `${pipelining}
    C: MAIL FROM:<alice@example.org>
    C: RCPT TO:<bob@example.net>
    C: RCPT TO:<nobody@example.net>
    S: 250 ok
    S: 250 ok
    S: 550 5.1.1 No such user
    C: RSET
    S: 250 ok
    C: MAIL FROM:<alice@example.org>
    C: RCPT TO:<bob@example.net>
    S: 250 ok
    S: 250 ok
    C: DATA
    S: 354 go
    C: x
    C: .
    S: 250 ok
    ${closing}`,
    async (client) => {
      const options = { onRefused: 'abort' } as const;
      const error = await failure(
        client.send({ from, to: [to, 'nobody@example.net'] }, 'x', options),
      );
      expect(error).toMatchObject({
        code: 'ERR_RECIPIENTS_REJECTED',
        connection: 'usable',
        recipients: [{ address: 'nobody@example.net', reply: { code: 550 } }],
      });
      await client.send({ from, to }, 'x', options);
    },
  );

  dialogue(
    'all recipients refused, and DATA with them',
    `${pipelining}
    C: MAIL FROM:<alice@example.org>
    C: RCPT TO:<bob@example.net>
    C: DATA
    S: 250 ok
    S: 550 5.1.1 No such user
    S: 554 5.5.1 No valid recipients
    C: RSET
    S: 250 ok
    C: NOOP
    S: 250 ok
    ${closing}`,
    async (client) => {
      expect(await failure(client.send({ from, to }, 'x'))).toMatchObject({
        code: 'ERR_RECIPIENTS_REJECTED',
        retry: 'never',
        connection: 'usable',
        recipients: [{ address: to, reply: { code: 550, enhanced: '5.1.1' } }],
      });
      await client.noop();
    },
  );

  dialogue(
    'all recipients refused, but DATA taken: RFC 2920 has an empty message end it',
    `${pipelining}
    C: MAIL FROM:<alice@example.org>
    C: RCPT TO:<bob@example.net>
    C: DATA
    S: 250 ok
    S: 450 4.2.1 Later
    S: 354 go
    C: .
    S: 554 5.5.1 No valid recipients
    C: NOOP
    S: 250 ok
    ${closing}`,
    async (client) => {
      expect(await failure(client.send({ from, to }, 'x'))).toMatchObject({
        code: 'ERR_RECIPIENTS_REJECTED',
        retry: 'later',
        connection: 'usable',
      });
      await client.noop();
    },
  );

  test('a server that takes DATA after it refused MAIL gets no message', async () => {
    const peer = play(`${pipelining}
      C: MAIL FROM:<alice@example.org>
      C: RCPT TO:<bob@example.net>
      C: DATA
      S: 550 5.7.1 No
      S: 250 ok
      S: 354 go
      STALL`);
    const client = await connectTo(peer);
    expect(await failure(client.send({ from, to }, 'x'))).toMatchObject({
      code: 'ERR_COMMAND_REJECTED',
      connection: 'closed',
    });
    expect(peer.received).not.toContain('\r\n.\r\n');
    expect(await failure(client.noop())).toMatchObject({ code: 'ERR_CONNECTION_CLOSED' });
  });

  dialogue(
    'sendMany with a window: the next envelope travels behind the message',
    `${pipelining}
    C: MAIL FROM:<alice@example.org>
    C: RCPT TO:<bob@example.net>
    C: DATA
    S: 250 ok
    S: 250 ok
    S: 354 go
    C: one
    C: .
    C: RSET
    C: MAIL FROM:<alice@example.org>
    C: RCPT TO:<carol@example.net>
    C: DATA
    S: 250 first
    S: 250 reset
    S: 250 ok
    S: 250 ok
    S: 354 go
    C: two
    C: .
    S: 250 second
    ${closing}`,
    async (client) => {
      const messages = [
        { envelope: { from, to }, body: 'one' },
        { envelope: { from, to: 'carol@example.net' }, body: 'two' },
      ];
      const texts = [];
      for await (const outcome of client.sendMany(messages, { window: 2 }))
        if (outcome.ok) texts.push(outcome.result.reply.text);
      expect(texts).toEqual(['first', 'second']);
    },
  );
});

describe('the body', () => {
  const transparent = async (client: SmtpClient, body: BodyInput): Promise<void> => {
    await client.send({ from, to }, body);
  };
  const script = (...lines: string[]): string => `${opening('PIPELINING', '8BITMIME')}
    C: MAIL FROM:<alice@example.org>${lines.includes('8bit') ? ' BODY=8BITMIME' : ''}
    C: RCPT TO:<bob@example.net>
    C: DATA
    S: 250 ok
    S: 250 ok
    S: 354 go
    ${lines
      .filter((line) => line !== '8bit')
      .map((line) => `C: ${line}`)
      .join('\n')}
    C: .
    S: 250 ok
    ${closing}`;

  dialogue('dots are stuffed', script('..', '..a', 'b.', '...'), (client) =>
    transparent(client, '.\r\n.a\r\nb.\r\n..\r\n'),
  );
  dialogue('bare CR and LF become CRLF', script('a', 'b', 'c', '', 'd'), (client) =>
    transparent(client, 'a\nb\rc\n\rd'),
  );
  dialogue(
    'an end of data in another dress is none',
    script('a', '..', 'MAIL FROM:<x@y>'),
    (client) => transparent(client, 'a\n.\nMAIL FROM:<x@y>'),
  );
  dialogue('a dot behind a bare CR', script('a', '..', 'b'), (client) =>
    transparent(client, 'a\r.\rb'),
  );
  dialogue('an empty body', script(), (client) => transparent(client, ''));
  dialogue('octets', script('8bit', 'grün'), (client) =>
    transparent(client, new TextEncoder().encode('grün')),
  );
  dialogue('a stream cut anywhere counts as 8-bit', script('8bit', '..x', 'y'), (client) =>
    transparent(client, Readable.from(['', '.', 'x\r', '\n', 'y'])),
  );
  dialogue(
    'one long piece of a stream',
    script('8bit', `${'x'.repeat(300_000)}`, '..y'),
    (client) => transparent(client, Readable.from([`${'x'.repeat(300_000)}\n.y`])),
  );
  dialogue('a web stream', script('8bit', 'web'), (client) =>
    transparent(client, new Blob(['web']).stream()),
  );

  test('what is no body is refused before an octet leaves', async () => {
    const peer = play(`${opening()}${closing}`);
    const client = await connectTo(peer);
    for (const body of [undefined, null, 7, {}, ['x'], new Date()]) {
      // An array is iterable, but of what?
      if (Array.isArray(body)) continue;
      expect(await failure(client.send({ from, to }, body as never))).toMatchObject({
        code: 'ERR_ARGUMENT',
        argument: 'body',
      });
    }
    expect(await failure(client.send({ from, to }, 'a\ud800b'))).toMatchObject({
      code: 'ERR_ARGUMENT',
    });
    await client.quit();
    await peer.played;
  });
});

describe('extensions', () => {
  const message = (mail: string, rcpt: string, ...extensions: string[]): string => `
    ${opening('PIPELINING', ...extensions)}
    C: MAIL FROM:${mail}
    C: RCPT TO:${rcpt}
    C: DATA
    S: 250 ok
    S: 250 ok
    S: 354 go
    C: x
    C: .
    S: 250 ok
    ${closing}`;

  dialogue(
    'SIZE of a body in memory',
    message('<alice@example.org> SIZE=1', '<bob@example.net>', 'SIZE 1000'),
    async (client) => {
      await client.send({ from, to }, 'x');
    },
  );
  dialogue(
    'SIZE of a stream as the caller knows it',
    message('<alice@example.org> SIZE=5', '<bob@example.net>', 'SIZE'),
    async (client) => {
      await client.send({ from, to, size: 5, body: '7bit' }, Readable.from(['x']));
    },
  );
  dialogue(
    'SMTPUTF8 only for a local part that needs it; domains go as A-labels',
    message(
      '<jürgen@xn--bcher-kva.example> SMTPUTF8',
      '<bob@xn--bcher-kva.example>',
      'SMTPUTF8',
      '8BITMIME',
    ),
    async (client) => {
      await client.send({ from: 'jürgen@bücher.example', to: 'bob@bücher.example' }, 'x');
    },
  );
  dialogue(
    'a U-label alone needs no SMTPUTF8',
    message('<alice@example.org>', '<bob@xn--bcher-kva.example>'),
    async (client) => {
      await client.send({ from, to: 'bob@bücher.example' }, 'x');
    },
  );
  dialogue(
    'DSN for each recipient',
    message(
      '<alice@example.org> RET=HDRS ENVID=a+2Bb+3Dc+20d',
      '<bob@example.net> NOTIFY=SUCCESS,DELAY ORCPT=rfc822;b+2Bx@example.net',
      'DSN',
    ),
    async (client) => {
      await client.send(
        {
          from,
          to: [{ address: to, notify: ['success', 'delay'], originalRecipient: 'b+x@example.net' }],
          dsn: { return: 'headers', envelopeId: 'a+b=c d' },
        },
        'x',
      );
    },
  );
  dialogue(
    'DSN of an internationalised address',
    message(
      '<alice@example.org> SMTPUTF8',
      '<bob@example.net> NOTIFY=NEVER ORCPT=utf-8;j\\x{FC}rgen@example.net',
      'DSN',
      'SMTPUTF8',
    ),
    async (client) => {
      await client.send(
        {
          from,
          smtpUtf8: true,
          to: { address: to, notify: 'never', originalRecipient: 'jürgen@example.net' },
        },
        'x',
      );
    },
  );
  dialogue(
    'DSN where it is not offered: an error, or left out by request',
    message('<alice@example.org>', '<bob@example.net>'),
    async (client) => {
      const wish = { from, to: { address: to, notify: 'never' } } as const;
      expect(await failure(client.send(wish, 'x'))).toMatchObject({
        code: 'ERR_EXTENSION_REQUIRED',
        connection: 'usable',
      });
      const { dropped } = await client.send({ ...wish, dsn: { optional: true } }, 'x');
      expect(dropped).toEqual(['DSN']);
    },
  );
  dialogue(
    'disabled extensions are not used',
    message('<alice@example.org>', '<bob@example.net>', 'SIZE 10'),
    async (client) => {
      expect([...client.capabilities.keys()]).toEqual(['PIPELINING']);
      await client.send({ from, to }, 'x');
    },
    { disable: ['size'] },
  );

  test('what the server does not offer is refused before an octet leaves', async () => {
    const peer = play(`${opening('PIPELINING')}${closing}`);
    const client = await connectTo(peer);
    const cases: [string, object, unknown][] = [
      ['SMTPUTF8', { from: 'jürgen@example.org', to }, 'x'],
      ['SMTPUTF8', { from, to: 'jürgen@example.org' }, 'x'],
      ['SMTPUTF8', { from, to, smtpUtf8: true }, 'x'],
      ['8BITMIME', { from, to }, 'grün'],
      ['8BITMIME', { from, to, body: '8bit' }, Readable.from(['x'])],
      ['BINARYMIME', { from, to, body: 'binary' }, 'x'],
      ['DSN', { from, to, dsn: { return: 'full' } }, 'x'],
    ];
    for (const [name, envelope, body] of cases) {
      const error = await failure(client.send(envelope as never, body as never));
      expect(error).toMatchObject({ code: 'ERR_EXTENSION_REQUIRED', connection: 'usable' });
      expect(error.message).toContain(name);
      expect(error.hint).not.toBe('');
    }
    expect(await failure(client.send({ from, to, requireTls: true }, 'x'))).toMatchObject({
      code: 'ERR_STATE',
    });
    await client.quit();
    await peer.played;
  });

  test('REQUIRETLS is said where TLS is verified and the server knows it: RFC 8689', () => {
    const prepare = (verified: boolean, ...extensions: string[]): string => {
      const session = {
        extensions: new Map(extensions.map((name) => [name, []])),
        connection: { secureStream: { security: { verified } } },
      } as unknown as Session;
      const source = new BodySource('x');
      const envelope = { from, to, requireTls: true };
      return prepareMessage(session, envelope, source, {}, false).mail;
    };
    expect(prepare(true, 'REQUIRETLS')).toBe('MAIL FROM:<alice@example.org> REQUIRETLS');
    expect(() => prepare(true)).toThrow(
      expect.objectContaining({ code: 'ERR_EXTENSION_REQUIRED' }),
    );
    expect(() => prepare(false, 'REQUIRETLS')).toThrow(
      expect.objectContaining({ code: 'ERR_STATE' }),
    );
  });

  test('an octet above 127 in a stream ends the message where nobody agreed to it', async () => {
    const peer = play(`${opening('PIPELINING')}
      C: MAIL FROM:<alice@example.org>
      C: RCPT TO:<bob@example.net>
      C: DATA
      S: 250 ok
      S: 250 ok
      S: 354 go
      C: plain
      STALL`);
    const client = await connectTo(peer);
    expect(
      await failure(client.send({ from, to }, Readable.from(['plain\r\n', 'grün\r\n']))),
    ).toMatchObject({ code: 'ERR_EXTENSION_REQUIRED', connection: 'closed' });
    expect(peer.received).not.toContain('\r\n.\r\n');
  });

  test('malformed envelopes are refused before an octet leaves', async () => {
    const peer = play(`${opening('PIPELINING', 'DSN', 'SIZE')}${closing}`);
    const client = await connectTo(peer);
    const bad: unknown[] = [
      undefined,
      null,
      'alice',
      {},
      { from },
      { from, to: [] },
      { from: '', to },
      { from: undefined, to },
      { from, to: 'bob@example.net\r\nRSET' },
      { from, to: [null] },
      { from, to: { address: to, notfy: 'never' } },
      { from, to, From: 'x' },
      { from, to, size: -1 },
      { from, to, size: '1 BODY=8BITMIME' },
      { from, to, body: '7-bit' },
      { from, to: { address: to, notify: [] } },
      { from, to: { address: to, notify: ['sometimes'] } },
      { from, to: { address: to, notify: 'success' } },
      { from, to, dsn: { return: 'all' } },
      { from, to, dsn: { envelopeId: '' } },
      { from, to, dsn: { envelopeId: 'x'.repeat(101) } },
      { from, to, dsn: { envelopeId: 'a\r\nb' } },
      { from, to, dsn: { id: 'x' } },
    ];
    for (const envelope of bad) {
      const error = await failure(client.send(envelope as never, 'x'));
      expect(error, JSON.stringify(envelope)).toMatchObject({ code: 'ERR_ARGUMENT' });
    }
    expect(await failure(client.send({ from, to, body: '7bit' }, 'grün'))).toMatchObject({
      code: 'ERR_ARGUMENT',
    });
    const wrong = [
      { onRefused: 'never' },
      { onrefused: 'abort' },
      { signal: {} },
      { timeout: -1 },
      null,
    ];
    for (const options of wrong)
      expect(await failure(client.send({ from, to }, 'x', options as never))).toMatchObject({
        code: 'ERR_ARGUMENT',
      });
    await client.quit();
    await peer.played;
  });
});
