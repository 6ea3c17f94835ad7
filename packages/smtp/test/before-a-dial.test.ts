/** What no server could make right costs no connection: neither a pool's, nor a question to the domain name system. */
import { createReadStream } from 'node:fs';
import { Readable } from 'node:stream';
import { startSmtpServer } from '@fivewire/test-servers';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import {
  createSmtpPool,
  deliverTo,
  type Envelope,
  SmtpClient,
  type SmtpPool,
} from '../src/index.js';
import { failure } from './dialogue.js';

let dials = 0;
const pool: SmtpPool = createSmtpPool({
  host: 'mail.example.org',
  outageTimeout: 0,
  dial: async () => {
    dials++;
    throw new Error('no network here');
  },
});
beforeEach(() => {
  dials = 0;
});
afterAll(() => pool.close());

const closed = (stream: Readable): Promise<void> =>
  new Promise((resolve) => {
    if (stream.closed) resolve();
    else stream.once('close', () => resolve());
  });

const good: Envelope = { from: 'a@example.org', to: 'b@example.net' };
const envelopes: Record<string, unknown> = {
  'no envelope': undefined,
  'a sender that is none': { ...good, from: 'nobody' },
  'two senders in one text': { ...good, from: 'a@example.org b@example.org' },
  'no recipient': { ...good, to: [] },
  'a recipient with a line feed': { ...good, to: 'b@example.net\nRCPT TO:<c@example.net>' },
  'one bad recipient among good ones': { ...good, to: ['b@example.net', 'c@'] },
  'an unknown key': { ...good, bcc: 'c@example.net' },
  'an unknown key of a recipient': { ...good, to: { address: 'b@example.net', orcpt: 'x' } },
  'a wrong notify': { ...good, to: { address: 'b@example.net', notify: ['always'] } },
  'a wrong dsn': { ...good, dsn: { return: 'body' } },
  'a time in the past': { ...good, deliverBy: { seconds: -1, otherwise: 'return' } },
  'a hold without a time': { ...good, hold: {} },
  'a priority beyond the scale': { ...good, priority: 10 },
  'a size that is none': { ...good, size: -1 },
  'a body of no kind': { ...good, body: '8BITMIME' },
  'an extension that is not optional': { ...good, optional: ['SIZE'] },
  'an auth that is no address': { ...good, auth: 'alice' },
  'a validSince that is no Date': { ...good, to: { address: 'b@example.net', validSince: '2026' } },
};

describe('a pool refuses', () => {
  it.each(Object.entries(envelopes))('%s', async (_, envelope) => {
    const wrong = envelope as Envelope;
    const many = async () => {
      for await (const one of pool.sendMany([{ envelope: wrong, body: 'x' }]))
        if (!one.ok) throw one.error;
    };
    for (const call of [
      pool.send(wrong, 'x'),
      pool.probe(wrong),
      pool.sendUrl(wrong, 'imap://mail.example.org/INBOX;URLAUTH=x'),
      many(),
    ])
      expect(await failure(call)).toMatchObject({ code: 'ERR_ARGUMENT' });
    expect(dials).toBe(0);
  });

  it.each<[string, () => Promise<unknown>]>([
    ['octets above 127 as 7bit', () => pool.send({ ...good, body: '7bit' }, 'ü')],
    ['a URL of another kind', () => pool.sendUrl(good, 'https://example.org/')],
    ['a name with a line end', () => pool.verify('bob\r\nRSET')],
    ['no name', () => pool.expand('')],
    ['a topic with a line end', () => pool.help('MAIL\n')],
    ['a domain that is none', () => pool.etrn('not a domain')],
    ['a verb that is refused', () => pool.command('AUTH', ['PLAIN'])],
    ['an argument with a line end', () => pool.command('NOOP', ['x\r\ny'])],
    ['an argument that is too long', () => pool.verify('x'.repeat(600))],
    ['an unknown option', () => pool.noop({ timeuot: 1 } as never)],
    ['an option of the wrong type', () => pool.help(undefined, { timeout: '1' } as never)],
    ['options of a send', () => pool.send(good, 'x', { onRefused: 'ignore' } as never)],
    ['a body that is none', () => pool.send(good, 7 as never)],
  ])('%s', async (_, call) => {
    expect(await failure(call())).toMatchObject({ code: 'ERR_ARGUMENT' });
    expect(dials).toBe(0);
  });

  it('what asks for TLS where there is none', async () => {
    const clear = createSmtpPool({
      host: 'mail.example.org',
      security: 'cleartext',
      dial: async () => expect.unreachable(),
    });
    expect(await failure(clear.send({ ...good, requireTls: true }, 'x'))).toMatchObject({
      code: 'ERR_STATE',
    });
    await clear.close();
  });

  it('and lets go of the stream: a file is closed, one that is not there ends no process', async () => {
    const nobody = { ...good, from: 'nobody' };
    const many = async (body: Readable, message: object) => {
      for await (const one of pool.sendMany([{ envelope: good, body, ...message }]))
        if (!one.ok) throw one.error;
    };
    const server = await startSmtpServer({ users: {} });
    const client = await SmtpClient.connect({
      host: '127.0.0.1',
      port: server.ports.cleartext,
      security: 'cleartext',
    });
    const calls: ((body: Readable) => Promise<unknown>)[] = [
      (body) => pool.send(nobody, body),
      (body) => pool.send(good, body, { timeuot: 1 } as never),
      (body) => pool.send(good, body, null as never),
      (body) => client.send(nobody, body),
      (body) => client.send(good, body, { timeuot: 1 } as never),
      (body) => many(body, { envelope: nobody }),
      (body) => many(body, { onrefused: 'abort' }),
      (body) => deliverTo('example.net', nobody, body),
      (body) => deliverTo('not a domain', good, body),
      (body) => deliverTo('example.net', good, body, { mtasts: true } as never),
    ];
    for (const call of calls) {
      const body = Readable.from(['x']);
      await failure(call(body));
      await closed(body);
      const missing = createReadStream('/nonexistent/file');
      await failure(call(missing));
      await closed(missing);
    }
    await client.quit();
    await server.close();
    expect(dials).toBe(0);
  });

  it.each<[string, Envelope]>([
    [
      'every wish',
      {
        ...good,
        from: 'ü@example.org',
        dsn: { return: 'full' },
        priority: 3,
        body: 'binary',
        requireTls: true,
      },
    ],
    [
      'a long way',
      { ...good, deliverBy: { seconds: 1, otherwise: 'return' }, hold: { seconds: 9 } },
    ],
    ['no sender', { from: null, to: Array.from({ length: 2_000 }, (_, i) => `${i}@example.net`) }],
  ])('but not what some server may take: %s', async (_, envelope) => {
    expect(await failure(pool.send(envelope, 'x'))).toMatchObject({ code: 'ERR_DIAL_FAILED' });
    expect(dials).toBeGreaterThan(0);
  });
});

describe('deliverTo asks nobody about', () => {
  const nobody = { resolveMx: () => expect.unreachable('it was asked') };
  const there = { ...good, to: 'b@example.net' };
  it.each<[string, () => Promise<unknown>]>([
    ['a sender that is none', () => deliverTo('example.net', { ...there, from: 'x' }, 'x', nobody)],
    [
      'a wish that is none',
      () => deliverTo('example.net', { ...there, priority: 99 }, 'x', nobody),
    ],
    [
      'a way to connect that is none',
      () =>
        deliverTo('example.net', there, 'x', { ...nobody, connect: { clientName: 'not a name' } }),
    ],
    [
      'onRefused',
      () => deliverTo('example.net', there, 'x', { ...nobody, onRefused: 'no' as never }),
    ],
  ])('%s', async (_, call) => {
    expect(await failure(call())).toMatchObject({ code: 'ERR_ARGUMENT' });
  });
});
