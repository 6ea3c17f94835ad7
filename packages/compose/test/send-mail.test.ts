/** Compose and send in one call, and nodemailer with our wire. */
import { generateKeyPairSync } from 'node:crypto';
import { Readable } from 'node:stream';
import { createSmtpPool, SmtpClient, type SmtpPool } from '@fivewire/smtp';
import { type SmtpServer, startSmtpServer } from '@fivewire/test-servers';
import { createTransport } from 'nodemailer';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type ComposeMessage, sendMail } from '../src/index.js';
import { fivewireTransport, type NodemailerInfo } from '../src/nodemailer.js';

const auth = { user: 'alice', password: 'secret' };
let server: SmtpServer;
let pool: SmtpPool;
beforeEach(async () => {
  server = await startSmtpServer({
    users: { alice: 'secret' },
    refuseRecipients: { 'no@example.net': '550 5.1.1 Nobody' },
  });
  pool = createSmtpPool({
    host: '127.0.0.1',
    port: server.ports.cleartext,
    security: 'cleartext',
    auth,
    allowCleartextAuth: true,
    maxConnections: 1,
  });
});
afterEach(async () => {
  await pool.close();
  await server.close();
  expect(server.problems).toEqual([]);
});

const plain: ComposeMessage = {
  from: 'Alice <a@example.org>',
  to: ['Bob <b@example.net>', 'no@example.net'],
  subject: 'Grüße',
  text: 'Hello.\n',
};
const delivered = () => server.mail.relayed.map(({ octets }) => octets.toString());

describe('sendMail', () => {
  it('over a pool, in memory and streamed, tells both tales', async () => {
    const dkim = {
      domain: 'example.org',
      selector: 's',
      privateKey: generateKeyPairSync('ed25519').privateKey,
    };
    for (const attachments of [undefined, [{ content: Readable.from(['x']) }]]) {
      const info = await sendMail(
        pool,
        { ...plain, ...(attachments && { attachments }) },
        { dkim, onRefused: 'send-rest' },
      );
      expect(info).toMatchObject({
        messageId: expect.stringMatching(/^<.+@example\.org>$/),
        envelope: { from: 'a@example.org', to: ['b@example.net', 'no@example.net'] },
        accepted: ['b@example.net'],
        rejected: ['no@example.net'],
        response: expect.stringMatching(/^250 2\./),
        messageSize: expect.any(Number),
        result: { refused: [{ reply: { code: 550 } }], dropped: [] },
      });
      expect(delivered().at(-1)).toMatch(
        /^(?:Return-Path.*\r\n|Received.*\r\n|\t.*\r\n)*DKIM-Signature: v=1; a=ed25519/,
      );
      expect(delivered().at(-1)).toContain(`Message-ID: ${info.messageId}`);
    }
    expect(delivered()).toHaveLength(2);
  });

  it('over a client, with wishes for the delivery', async () => {
    const client = await SmtpClient.connect({
      host: '127.0.0.1',
      port: server.ports.cleartext,
      security: 'cleartext',
      auth,
      allowCleartextAuth: true,
      disable: ['DSN'],
    });
    const info = await sendMail(client, plain, {
      envelope: { dsn: { return: 'headers' }, optional: ['DSN'] },
    });
    expect(info.result.dropped).toEqual(['DSN']);
    await client.quit();
  });

  it('what is larger than the server takes is not begun', async () => {
    const small = await startSmtpServer({ users: { alice: 'secret' }, maxMessageOctets: 300_000 });
    const client = await SmtpClient.connect({
      host: '127.0.0.1',
      port: small.ports.cleartext,
      security: 'cleartext',
    });
    const limit = Number(client.capabilities.get('SIZE')?.[0]);
    expect(limit).toBe(300_000);
    const attachments = [{ content: Buffer.alloc(limit) }];
    await expect(sendMail(client, { ...plain, attachments })).rejects.toMatchObject({
      code: 'ERR_EXTENSION_REQUIRED',
      connection: 'usable',
    });
    expect(small.connections[0]?.lines.join()).not.toContain('MAIL');
    await client.quit();
    await small.close();
  });

  it.each<[string, unknown, object, string]>([
    ['no sender', undefined, {}, 'sender'],
    ['what can’t send', {}, {}, 'sender'],
    ['an unknown option', undefined, { dkmi: {} }, 'options.dkmi'],
    [
      'addresses in the wrong place',
      undefined,
      { envelope: { to: 'x@example.net' } },
      'options.envelope.to',
    ],
    ['an unknown wish', undefined, { envelope: { dns: {} } }, 'options.envelope.dns'],
    ['null', undefined, null as never, 'options'],
  ])('refuses %s', async (_, sender, options, argument) => {
    const by = argument === 'sender' ? sender : pool;
    await expect(sendMail(by as never, plain, options)).rejects.toMatchObject({
      code: 'ERR_ARGUMENT',
      argument,
    });
    expect(delivered()).toEqual([]);
  });

  it('forgets nobody', async () => {
    await expect(
      sendMail(pool, { ...plain, to: 'b@example.net c@example.net' }),
    ).rejects.toMatchObject({ argument: 'to' });
    await expect(sendMail(pool, { ...plain, to: 'no@example.net' })).rejects.toMatchObject({
      code: 'ERR_RECIPIENTS_REJECTED',
    });
    expect(delivered()).toEqual([]);
  });
});

describe('nodemailer', () => {
  const transporter = () => createTransport<NodemailerInfo>(fivewireTransport(pool));

  it('composes, and our wire sends', async () => {
    const info = await transporter().sendMail({
      from: 'Alice <a@example.org>',
      to: 'Bob <b@example.net>, no@example.net',
      bcc: 'c@example.net',
      subject: 'Hi',
      text: 'Hello.\n',
      dsn: { id: 'x', return: 'headers', notify: ['success'] } as never,
    });
    expect(info).toMatchObject({
      accepted: ['b@example.net', 'c@example.net'],
      rejected: ['no@example.net'],
      envelope: { from: 'a@example.org', to: ['b@example.net', 'no@example.net', 'c@example.net'] },
      messageId: expect.stringMatching(/^<.+>$/),
      response: expect.stringMatching(/^250 /),
    });
    expect(delivered()[0]).toContain('Hello.\r\n');
    expect(delivered()[0]).not.toMatch(/^bcc/im);
    expect(server.connections[0]?.lines.join('\n')).toContain('NOTIFY=SUCCESS');
  });

  it('forgets nobody, and rewrites nothing', async () => {
    for (const to of [
      'b@example.net c@example.net',
      'Bob <b@example.net> Carol <c@example.net>',
      { name: '', address: 'a<b@example.net' },
    ])
      await expect(
        transporter().sendMail({ from: 'a@example.org', to, text: 'x' }),
      ).rejects.toMatchObject({
        code: 'EENVELOPE',
        cause: { code: 'ERR_ARGUMENT', argument: 'to' },
      });
    await expect(
      transporter().sendMail({
        from: 'a@example.org',
        envelope: { from: 'a@example.org', to: 'b@example.net c@example.net' },
        text: 'x',
      }),
    ).rejects.toMatchObject({ cause: { argument: 'envelope.to' } });
    expect(delivered()).toEqual([]);
  });

  it('takes an envelope of its own, a raw message, and verifies', async () => {
    const mailer = transporter();
    expect(await mailer.verify()).toBe(true);
    await mailer.sendMail({
      envelope: { from: 'x@example.org', to: ['b@example.net'] },
      raw: 'Subject: raw\r\n\r\nraw',
    });
    expect(delivered()[0]).toContain('Subject: raw\r\n\r\nraw\r\n');
    expect(server.mail.deliveries[0]).toMatchObject({ from: 'x@example.org' });
    mailer.close();
    await expect(
      mailer.sendMail({ from: 'a@example.org', to: 'b@example.net', text: 'x' }),
    ).rejects.toMatchObject({ code: 'ERR_STATE' });
  });

  it('is told when all are refused', async () => {
    await expect(
      transporter().sendMail({ from: 'a@example.org', to: 'no@example.net', text: 'x' }),
    ).rejects.toMatchObject({
      code: 'EENVELOPE',
      responseCode: 550,
      rejected: ['no@example.net'],
      cause: { code: 'ERR_RECIPIENTS_REJECTED' },
    });
    expect(() => fivewireTransport({} as never)).toThrow(/send/);
  });
});
