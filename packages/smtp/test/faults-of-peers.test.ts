/** What other clients were found to do, run against a server that shows it, and their published holes: each is a test that we do not. */
import { describe, expect, test } from 'vitest';
import { parseAddress, SmtpClient } from '../src/index.js';
import type { Envelope, SmtpOptions } from '../src/types.js';
import { connectTo, failure, lmtpOpening, opening, pair, play } from './dialogue.js';
import { model } from './matrix/model-server.js';

const from = 'alice@example.org';
const to = 'bob@example.net';
const starttls: SmtpOptions = { security: 'starttls', serverHostname: 'mx.example.test' };
const login = { auth: { user: 'alice', password: 'secret' } };

/** What a server hears that offers `extensions`, when a client does `act` at it. */
async function heard(
  extensions: readonly string[],
  act: (client: SmtpClient) => Promise<unknown>,
  options: SmtpOptions = {},
): Promise<{ received: string; kept: readonly { recipients: string[]; body: string }[] }> {
  const server = model({
    extensions,
    lmtp: options.protocol === 'lmtp',
    at: '',
    oddity: { say: '' },
    slowly: false,
  });
  const client = await SmtpClient.connect({
    host: 'mx.example.test',
    security: 'cleartext',
    clientName: 'client.example.test',
    stream: server.stream,
    ...options,
  });
  await act(client);
  await client.quit();
  return server;
}

/** Refused before an octet leaves. */
const refused = async (envelope: unknown, code = 'ERR_ARGUMENT', extensions: string[] = []) => {
  const { received } = await heard(extensions, async (client) => {
    expect(await failure(client.send(envelope as Envelope, 'x'))).toMatchObject({ code });
  });
  expect(received).not.toContain('MAIL');
};

describe('nodemailer', () => {
  test('LMTP: all refused after the dot was a success', async () => {
    const peer = play(`${lmtpOpening()}
      C: MAIL FROM:<alice@example.org>
      S: 250 ok
      C: RCPT TO:<bob@example.net>
      S: 250 ok
      C: DATA
      S: 354 go
      C: x
      C: .
      S: 552 5.2.2 full`);
    const client = await connectTo(peer, { protocol: 'lmtp' });
    expect(await failure(client.send({ from, to }, 'x'))).toMatchObject({
      code: 'ERR_RECIPIENTS_REJECTED',
    });
  });

  test('8-bit went out though nothing was announced', async () => {
    const { received } = await heard([], async (client) => {
      expect(await failure(client.send({ from, to }, 'Subject: x\n\ngrün'))).toMatchObject({
        code: 'ERR_EXTENSION_REQUIRED',
      });
    });
    expect(received).not.toContain('DATA');
  });

  test('UTF-8 addresses and headers went out without SMTPUTF8', async () => {
    await refused({ from, to: 'ünal@example.net' }, 'ERR_EXTENSION_REQUIRED', ['8BITMIME']);
    const { received } = await heard(['8BITMIME'], async (client) => {
      expect(await failure(client.send({ from, to }, 'Subject: grün\n\nx'))).toMatchObject({
        code: 'ERR_EXTENSION_REQUIRED',
      });
    });
    expect(received).not.toContain('MAIL');
  });

  test('DSN was dropped in silence, and one ORCPT stood for all recipients', async () => {
    const dsn = { return: 'headers' as const };
    await refused({ from, to, dsn }, 'ERR_EXTENSION_REQUIRED');
    const { received } = await heard(['DSN'], (client) =>
      client.send(
        {
          from,
          dsn,
          to: [
            { address: to, originalRecipient: 'one@example.net', notify: ['failure'] },
            { address: 'carol@example.net', originalRecipient: 'two@example.net' },
          ],
        },
        'x',
      ),
    );
    expect(received).toMatch(/bob@example\.net> NOTIFY=FAILURE ORCPT=rfc822;one@/);
    expect(received).toMatch(/carol@example\.net> ORCPT=rfc822;two@/);
  });

  test('a password went out in clear, without STARTTLS and after a fall back to HELO', async () => {
    for (const script of [
      opening('AUTH PLAIN'),
      `S: 220 hi\nC: EHLO client.example.test\nS: 502 no\nC: HELO client.example.test\nS: 250 hi`,
    ]) {
      const peer = play(script);
      const error = await failure(connectTo(peer, login));
      expect(['ERR_CLEARTEXT_AUTH_REFUSED', 'ERR_NO_COMMON_MECHANISM']).toContain(error.code);
      expect(peer.received).not.toContain('AUTH');
    }
  });

  test('an address with control characters went to another mailbox', () =>
    refused({ from, to: 'b\0\x01 x@e.com' }));

  test('a greeting with the word STARTTLS was taken for the offer', async () => {
    const peer = play(`S: 220 mx STARTTLS AUTH PLAIN ready
      C: EHLO client.example.test
      S: 250-STARTTLS greets you
      S: 250 SIZE`);
    expect(await failure(connectTo(peer, starttls))).toMatchObject({
      code: 'ERR_STARTTLS_NOT_OFFERED',
    });
  });

  test('552 before the dot and 250 after it shifted all replies by one', async () => {
    const peer = play(`${opening('PIPELINING', '8BITMIME')}
      C: MAIL FROM:<alice@example.org> BODY=8BITMIME
      C: RCPT TO:<bob@example.net>
      C: DATA
      S: 250 ok
      S: 250 ok
      S: 354 go
      C: x
      S: 552 5.3.4 too big
      S: 250 2.0.0 taken`);
    const client = await connectTo(peer);
    const body = (async function* () {
      yield 'x\r\n';
      await new Promise(() => {});
    })();
    expect(await failure(client.send({ from, to }, body))).toMatchObject({
      reply: { code: 552 },
      connection: 'closed',
    });
    expect(await failure(client.send({ from, to }, 'y'))).toMatchObject({ connection: 'closed' });
  });

  test('debug showed bodies, and other clients’ traces the login', async () => {
    const shown: unknown[] = [];
    await heard(
      ['AUTH PLAIN LOGIN', 'PIPELINING'],
      (client) => client.send({ from, to }, 'Subject: x\n\nconfidential'),
      { ...login, allowCleartextAuth: true, log: (event) => shown.push(event) },
    );
    expect(JSON.stringify(shown)).toContain('RCPT TO');
    expect(JSON.stringify(shown)).not.toMatch(/confidential|secret|AGFsaWNlAHNlY3JldA|c2VjcmV0/);
  });

  test('the first mechanism that fits was the only one that was tried', async () => {
    const peer = play(`${opening('AUTH LOGIN PLAIN')}
      C: AUTH PLAIN AGFsaWNlAHNlY3JldA==
      S: 504 5.5.4 not here
      C: AUTH LOGIN
      S: 334 VXNlcm5hbWU6
      C: YWxpY2U=
      S: 334 UGFzc3dvcmQ6
      C: c2VjcmV0
      S: 235 ok`);
    await connectTo(peer, { ...login, allowCleartextAuth: true });
  });
});

describe('others', () => {
  test('emailjs stuffed no dots; lettre, mail-send and curl passed bare LF; upyo missed a dot at the beginning', async () => {
    const { kept, received } = await heard([], (client) =>
      client.send({ from, to }, '.\nSubject: x\n\n.\n..\nlone cr\rend'),
    );
    expect(kept[0]?.body).toBe('.\r\nSubject: x\r\n\r\n.\r\n..\r\nlone cr\r\nend\r\n');
    expect(received).not.toMatch(/(?<!\r)\n|\r(?!\n)/);
  });

  test('MailKit: an aborted message was delivered empty', async () => {
    const [stream, server] = pair();
    let received = '';
    server.on('data', (octets: Buffer) => {
      received += octets.toString('latin1');
      const asked = octets.toString('latin1').split('\r\n').slice(0, -1);
      for (const line of asked) server.write(line === 'DATA' ? '354 go\r\n' : '250 ok\r\n');
    });
    server.write('220 hi\r\n');
    const client = await SmtpClient.connect({
      host: 'mx.example.test',
      security: 'cleartext',
      clientName: 'c.test',
      stream,
    });
    const stop = new AbortController();
    const body = (async function* () {
      yield 'Subject: x\n\n';
      stop.abort();
      await new Promise(() => {});
    })();
    const sending = client.send({ from, to, body: '7bit' }, body, { signal: stop.signal });
    expect(await failure(sending)).toMatchObject({ code: 'ERR_ABORTED' });
    expect(received).not.toContain('\r\n.\r\n');
  });
});

describe('injections', () => {
  const tricks = ['\r\nRCPT TO:<evil@example.com>', '\n', '\r', '\0', '> NOTIFY=NEVER'];

  test.each(tricks)('into every part of an envelope: %j', async (trick) => {
    const all = ['DSN', 'AUTH', 'SIZE', 'DELIVERBY', 'FUTURERELEASE', 'MT-PRIORITY'];
    for (const envelope of [
      { from: `a${trick}@example.org`, to }, // aiosmtplib GHSA-vxj7-4xrp-5vr4 and kin
      { from, to: `b${trick}@example.net` },
      { from, to: `b@example.net${trick}` },
      { from, to: `"b${trick}"@example.net` }, // MimeKit GHSA-g7hc-96xr-gvvx
      { from, to, size: `1${trick}` }, // nodemailer GHSA-c7w3-x93f-qmm8
      { from, to, body: `8bit${trick}` },
      { from, to, priority: `1${trick}` },
      { from, to, hold: { until: `2030-01-01${trick}` } },
    ])
      await refused(envelope, 'ERR_ARGUMENT', all);
  });

  test('what is free text travels as xtext', async () => {
    const { received } = await heard(['DSN', 'AUTH PLAIN'], (client) =>
      client.send({ from, to, dsn: { envelopeId: 'a b+c=d' } }, 'x'),
    );
    expect(received).toContain('ENVID=a+20b+2Bc+3Dd\r\n');
  });

  test.each(tricks.slice(0, 4))(
    'into EHLO (nodemailer GHSA-vvjj-xcjg-gr5g), VRFY and the rest: %j',
    async (trick) => {
      const [stream] = pair();
      expect(
        await failure(
          SmtpClient.connect({
            host: 'mx.example.test',
            security: 'cleartext',
            stream,
            clientName: `client.example.test${trick}`,
          }),
        ),
      ).toMatchObject({ code: 'ERR_ARGUMENT', argument: 'clientName' });
      const { received } = await heard(['ETRN', 'XCLIENT NAME'], async (client) => {
        for (const call of [
          client.verify(`bob${trick}`),
          client.expand(`list${trick}`),
          client.help(`MAIL${trick}`),
          client.etrn(`example.net${trick}`),
          client.command('XYZ', [`x${trick}`]),
          client.command(`XYZ${trick}`),
        ])
          expect(await failure(call)).toMatchObject({ code: 'ERR_ARGUMENT' });
      });
      expect(received).not.toContain('evil');
    },
  );

  test('quoted local parts are no way to another domain (nodemailer GHSA-mm7p-fcc7-pg87)', () => {
    expect(parseAddress('"x@evil.example y"@example.net').text).toBe(
      '"x@evil.example y"@example.net',
    );
    for (const address of ['"x"@evil.example"@example.net', 'x@evil.example>@example.net'])
      expect(() => parseAddress(address)).toThrow(
        expect.objectContaining({ code: 'ERR_ARGUMENT' }),
      );
  });

  test('octets behind the go-ahead to TLS end the connection (MailKit GHSA-9j88-vvj5-vhgr)', async () => {
    const peer = play(`${opening('STARTTLS')}
      C: STARTTLS
      S: 220 go
      S: 250-AUTH PLAIN
      S: 250 injected`);
    expect(await failure(connectTo(peer, starttls))).toMatchObject({
      code: 'ERR_STARTTLS_INJECTION',
    });
  });

  test('capabilities by no regular expression (nodemailer GHSA-4ffr-jq9g-5ffx)', async () => {
    const client = await connectTo(play(opening(`AUTH=${'LOGIN '.repeat(900)}`, 'X-AUTH PLAIN')));
    expect([...client.capabilities.keys()]).not.toContain('STARTTLS');
    expect(client.capabilities.get('X-AUTH')).toEqual(['PLAIN']);
    client.close();
  });
});
