/**
 * A team changes one line, `createTransport(fivewireTransport(pool))`: what its code matches on has to be what nodemailer's own transport
 * tells of the same server.
 */
import { connect, createServer, type Server } from 'node:net';
import { Readable } from 'node:stream';
import { createSmtpPool } from '@fivewire/smtp';
import { createTransport, type SendMailOptions } from 'nodemailer';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { sendMail } from '../src/index.js';
import { fivewireTransport, type NodemailerError } from '../src/nodemailer.js';

/** Replies by command line, by verb, or `greeting` and `.`; `''` closes. */
type Answers = Record<string, string>;

const usual: Answers = {
  greeting: '220 test ESMTP',
  EHLO: '250-test\r\n250-PIPELINING\r\n250-8BITMIME\r\n250-DSN\r\n250-SIZE 100000\r\n250 AUTH PLAIN',
  AUTH: '235 2.7.0 ok',
  DATA: '354 go on',
  QUIT: '221 bye',
  '.': '250 2.0.0 queued as 1',
};

let server: Server;
let lines: string[] = [];
afterEach(() => server.close());

async function serve(answers: Answers): Promise<number> {
  lines = [];
  const all = { ...usual, ...answers };
  server = createServer((socket) => {
    let text = '';
    let inBody = false;
    const say = (reply: string) => (reply === '' ? socket.destroy() : socket.write(`${reply}\r\n`));
    socket.on('error', () => {});
    socket.on('data', (octets: Buffer) => {
      text += octets.toString('latin1');
      for (let end = text.indexOf('\r\n'); end >= 0; end = text.indexOf('\r\n')) {
        const line = text.slice(0, end);
        text = text.slice(end + 2);
        if (inBody && line !== '.') continue;
        lines.push(line);
        const verb = inBody ? '.' : line.slice(0, 4);
        inBody = false;
        const reply = all[line] ?? all[verb] ?? '250 2.1.0 ok';
        inBody = verb === 'DATA' && reply.startsWith('354');
        say(reply);
      }
    });
    say(all.greeting as string);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as { port: number }).port;
}

type Kind = 'nodemailer' | 'ours';
const login = { user: 'alice', pass: 'secret' };

/** Sends by one of the two, and gives the info or the error. */
async function outcome(
  kind: Kind,
  port: number,
  message: SendMailOptions,
  auth = false,
): Promise<Record<string, unknown>> {
  const pool = createSmtpPool({
    host: '127.0.0.1',
    port,
    security: 'cleartext',
    outageTimeout: 0,
    ...(auth ? { auth: { user: 'alice', password: 'secret' }, allowCleartextAuth: true } : {}),
  });
  const transporter =
    kind === 'ours'
      ? createTransport(fivewireTransport(pool))
      : createTransport({
          host: '127.0.0.1',
          port,
          ignoreTLS: true,
          ...(auth ? { auth: login } : {}),
        });
  try {
    return (await transporter.sendMail(message)) as unknown as Record<string, unknown>;
  } catch (error) {
    return error as Record<string, unknown>;
  } finally {
    transporter.close();
    await pool.close();
  }
}

const message = (): SendMailOptions => ({
  from: 'Alice <a@example.org>',
  to: 'Bob <b@example.net>, c@example.net',
  subject: 'Hi',
  text: 'Hello.\n',
});

const inCommon = ({ code, response, responseCode, command, permanent, rejected }: object & Record<string, unknown>) => ({
  code,
  response,
  responseCode,
  permanent,
  rejected,
  command: typeof command === 'string' ? command.replace(/^AUTH .*/, 'AUTH') : command,
}); // biome-ignore format: one list

describe('errors are told as nodemailer tells them', () => {
  const cases: [string, Answers, Partial<SendMailOptions>?, boolean?][] = [
    ['all recipients refused', { RCPT: '550 5.1.1 no such user' }],
    ['all for now', { RCPT: '450 4.2.1 later' }],
    [
      'one for good, one for now',
      { RCPT: '550 5.1.1 no', 'RCPT TO:<b@example.net>': '451 4.3.0 later' },
    ],
    ['the sender refused', { MAIL: '553 5.1.8 bad sender' }],
    ['DATA refused', { DATA: '451 4.3.0 not now' }],
    ['the message refused', { '.': '554 5.7.1 spam' }],
    ['the message refused for now', { '.': '451 4.7.1 greylisted' }],
    ['a greeting of no', { greeting: '554 5.7.1 go away' }],
    ['gone at the greeting', { greeting: '' }],
    ['a wrong password', { AUTH: '535 5.7.8 bad' }, {}, true],
    [
      'a file that is not there',
      {},
      { attachments: [{ filename: 'x', path: '/nonexistent/file' }] },
    ],
    ['nobody to send to', {}, { to: [] }],
  ];
  it.each(cases)('%s', async (_, answers, extra = {}, auth = false) => {
    const port = await serve(answers);
    const theirs = await outcome('nodemailer', port, { ...message(), ...extra }, auth);
    const ours = await outcome('ours', port, { ...message(), ...extra }, auth);
    expect(theirs).toBeInstanceOf(Error);
    expect(inCommon(ours)).toEqual(inCommon(theirs));
  });

  it('each recipient with its reply', async () => {
    for (const answers of [
      { 'RCPT TO:<c@example.net>': '550 5.1.1 no' },
      { RCPT: '452 4.2.2 full' },
    ] as Answers[]) {
      const port = await serve(answers);
      const told = async (kind: Kind) => {
        const { rejectedErrors = [] } = (await outcome(kind, port, message())) as {
          rejectedErrors?: Record<string, unknown>[];
        };
        return rejectedErrors.map((one) => ({ ...inCommon(one), recipient: one.recipient }));
      };
      const theirs = await told('nodemailer');
      expect(theirs.length).toBeGreaterThan(0);
      expect(await told('ours')).toEqual(theirs);
      server.close();
    }
    await serve({});
  });

  it('a server that is not there', async () => {
    const port = await serve({});
    server.close();
    const theirs = await outcome('nodemailer', port, message());
    expect(inCommon(await outcome('ours', port, message()))).toEqual(inCommon(theirs));
  });

  it('a message whose fate is open is not called a lost connection: who tries again may send it twice', async () => {
    const error = (await outcome('ours', await serve({ '.': '' }), message())) as unknown as NodemailerError;
    expect(error).toMatchObject({
      code: 'ERR_OUTCOME_UNKNOWN',
      cause: { code: 'ERR_OUTCOME_UNKNOWN', hint: expect.stringContaining('twice') },
    });
  }); // biome-ignore format: one line a fact

  it('an error of ours is the cause, with its hint', async () => {
    const port = await serve({ AUTH: '535 5.7.8 bad' });
    expect(await outcome('ours', port, message(), true)).toMatchObject({
      code: 'EAUTH',
      cause: { code: 'ERR_AUTHENTICATION_FAILED', hint: expect.stringMatching(/./) },
    });
    const refused = await outcome('ours', port, { ...message(), requireTLSExtensionEnabled: true } as never);
    expect(refused).toMatchObject({ code: 'EREQUIRETLS', cause: { code: 'ERR_STATE' } });
  }); // biome-ignore format: one line a fact

  it('verify() likewise, by promise and by callback', async () => {
    const port = await serve({ AUTH: '535 5.7.8 bad' });
    const pool = createSmtpPool({
      host: '127.0.0.1',
      port,
      security: 'cleartext',
      auth: { user: 'alice', password: 'secret' },
      allowCleartextAuth: true,
    });
    const transporter = createTransport(fivewireTransport(pool));
    await expect(transporter.verify()).rejects.toMatchObject({ code: 'EAUTH', responseCode: 535 });
    const byCallback = await new Promise((resolve) => transporter.verify(resolve));
    expect(byCallback).toMatchObject({ code: 'EAUTH', responseCode: 535 });
    await pool.close();
  });
});

describe('what became of a message is told as nodemailer tells it', () => {
  const told = (info: Record<string, unknown>) =>
    Object.fromEntries(
      Object.entries(info).map(([key, value]) => [
        key,
        key === 'messageId' || key === 'messageSize' || key.endsWith('Time') ? typeof value : value,
      ]),
    );

  it.each<[string, Answers]>([
    ['pipelined', {}],
    ['a command at a time', { EHLO: '250-test\r\n250-SIZE 100000\r\n250 8BITMIME' }],
    ['by a server of HELO alone', { EHLO: '502 5.5.1 what?', HELO: '250 test' }],
    ['partly', { 'RCPT TO:<c@example.net>': '550 5.1.1 nobody' }],
    [
      'to Microsoft 365',
      { '.': '250 2.0.0 OK <DU0PR01.1@du0pr01.eurprd01.prod.outlook.com> [Hostname=DU0PR01]' },
    ],
    ['with the id of another domain', { '.': '250 2.0.0 OK <a@outlook.example.com> [Hostname=x]' }],
    ['as SES says it, elsewhere', { '.': '250 Ok 0100018b5c3c0a4f-6d-000000' }],
  ])('%s', async (_, answers) => {
    const infos = [];
    for (const kind of ['nodemailer', 'ours'] as const) {
      const port = await serve(answers);
      const { result, rejectedErrors, ...info } = await outcome(kind, port, message());
      infos.push(told(info));
      server.close();
    }
    expect(infos[1]).toEqual(infos[0]);
  });

  it.each([
    ['email-smtp.eu-west-1.amazonaws.com', '<0100018b5c3c-6d-000000@eu-west-1.amazonses.com>'],
    ['EMAIL-SMTP.us-east-1.amazonaws.com', '<0100018b5c3c-6d-000000@email.amazonses.com>'],
    ['email-smtp.eu-west-1.example.com', undefined],
    ['email-smtp.amazonaws.com', undefined],
  ])('Amazon SES at %s: %s', async (host, serverMessageId) => {
    const port = await serve({ '.': '250 Ok 0100018B5C3C-6d-000000' });
    const dial = async () => connect(port, '127.0.0.1');
    const pool = createSmtpPool({ host, security: 'cleartext', dial });
    const info = await createTransport(fivewireTransport(pool)).sendMail(message());
    const other = await sendMail(pool, { from: 'a@example.org', to: 'b@example.net', text: 'x' });
    await pool.close();
    expect(info.serverMessageId).toBe(serverMessageId);
    expect(other).toMatchObject({
      ehlo: ['PIPELINING', '8BITMIME', 'DSN', 'SIZE 100000', 'AUTH PLAIN'],
    });
    expect(other.serverMessageId).toBe(serverMessageId);
  });

  it.each([
    [
      'by DATA',
      [
        ['offer', 100],
        ['turn', 101],
        ['go-ahead', 130],
        ['end', 140],
        ['fate', 170],
      ],
      30,
      50,
    ],
    [
      'by chunks',
      [
        ['offer', 100],
        ['turn', 101],
        ['accepted', 120],
        ['begin', 121],
        ['fate', 170],
      ],
      20,
      60,
    ],
    [
      'in one group',
      [
        ['send-whole', 100],
        ['fate', 170],
      ],
      0,
      80,
    ],
    [
      'anew by a pool',
      [
        ['offer', 1],
        ['lost', 2],
        ['offer', 100],
        ['go-ahead', 110],
        ['fate', 170],
      ],
      10,
      70,
    ],
  ] as [string, [string, number][], number, number][])(
    'times %s',
    async (_, events, envelopeTime, messageTime) => {
      const now = vi.spyOn(performance, 'now');
      const send = async (_envelope: unknown, _body: unknown, options: unknown) => {
        const follow = Object(options)[Symbol.for('fivewire.progress')];
        for (const [event, at] of events) {
          now.mockReturnValue(at);
          follow(event, { extensions: new Map(), host: 'mail.example.org' });
        }
        now.mockReturnValue(180);
        return {
          accepted: [],
          refused: [],
          reply: { code: 250, text: 'ok' },
          bytes: 1,
          dropped: [],
        };
      };
      try {
        const mail = { from: 'a@example.org', to: 'b@example.net', text: 'x' };
        expect(await sendMail({ send }, mail)).toMatchObject({ envelopeTime, messageTime });
      } finally {
        now.mockRestore();
      }
    },
  );

  it('a sender of another make tells less, and nothing wrong', async () => {
    const { result, ...info } = await sendMail(
      {
        send: async () => ({
          accepted: [
            { address: 'b@example.net', reply: { code: 250, text: 'ok' }, transient: false },
          ],
          refused: [],
          reply: { code: 250, text: 'ok' },
          bytes: 1,
          dropped: [],
        }),
      },
      { from: 'a@example.org', to: 'b@example.net', text: 'x' },
    );
    expect(Object.keys(info).sort()).toEqual(
      ['messageId', 'envelope', 'accepted', 'rejected', 'response', 'messageSize'].sort(),
    );
  });
});

describe('the envelope is the one that nodemailer writes', () => {
  const cases: [string, Partial<SendMailOptions> & Record<string, unknown>][] = [
    ['a sender beside the author', { sender: 'Sec <s@example.org>' }],
    ['several authors', { from: 'a@example.org, A2 <a2@example.org>' }],
    ['its own', { envelope: { from: 'bounce@example.org', to: ['z@example.net', 'Y <y@example.net>'] } }],
    ['no sender', { envelope: { from: false, to: 'z@example.net' } }],
    ['with cc and bcc', { envelope: { from: 'x@example.org', cc: 'y@example.net', bcc: 'z@example.net' } }],
    ['with its size', { envelope: { from: 'a@example.org', to: 'z@example.net', size: 700, use8BitMime: true } as never }],
    ['DSN', { dsn: { id: 'id1', return: 'headers', notify: 'success', recipient: 'r@example.net' } }],
    ['DSN by other names', { dsn: { envid: 'id2', ret: 'FULL', notify: ['failure', 'delay'], orcpt: 'rfc822;r@example.net' } }],
    ['never', { dsn: { notify: 'NEVER' } }],
    ['recipients twice', { to: 'b@example.net, B <b@example.net>', cc: 'b@example.net' }],
    ['a group', { to: 'Team: b@example.net, c@example.net;' }],
    ['a raw message', { raw: 'Subject: x\n\n.x', envelope: { from: 'a@example.org', to: 'z@example.net' } }],
  ]; // biome-ignore format: one row each
  it.each(cases)('%s', async (_, extra) => {
    const port = await serve({});
    const envelopes: string[][] = [];
    for (const kind of ['nodemailer', 'ours'] as const) {
      lines = [];
      await outcome(kind, port, { ...message(), ...extra } as SendMailOptions);
      const sent = lines.filter((line) => /^(?:MAIL|RCPT)/.test(line));
      // In which order the parameters stand means nothing; BODY is ours to say.
      envelopes.push(sent.map((line) => line.split(' ').filter((word) => !word.startsWith('BODY=')).sort().join(' ')));
    } // biome-ignore format: one line
    expect(envelopes[0]?.length).toBeGreaterThan(1);
    expect(envelopes[1]).toEqual(envelopes[0]);
  });

  it('an unknown wish of dsn is refused', async () => {
    const port = await serve({});
    for (const dsn of [{ return: 'some' }, { notify: 'sometimes' }, { copy: true }])
      expect(await outcome('ours', port, { ...message(), dsn } as never)).toBeInstanceOf(Error);
    expect(lines.join()).not.toContain('MAIL');
  });
});

describe('who waits for idle', () => {
  it('is told at first, and again when there is room', async () => {
    const port = await serve({});
    const pool = createSmtpPool({
      host: '127.0.0.1',
      port,
      security: 'cleartext',
      maxConnections: 2,
    });
    const transporter = createTransport(fivewireTransport(pool)) as unknown as ReturnType<typeof createTransport> &
      NodeJS.EventEmitter & { isIdle(): boolean }; // biome-ignore format: one line
    const queue = Array.from({ length: 30 }, (_, i) => i);
    let most = 0;
    let underWay = 0;
    await new Promise<void>((resolve, reject) => {
      let sent = 0;
      transporter.on('idle', () => {
        while (transporter.isIdle() && queue.length > 0) {
          queue.shift();
          most = Math.max(most, ++underWay);
          transporter.sendMail(message(), (error) => {
            underWay--;
            if (error !== null) reject(error);
            if (++sent === 30) resolve();
          });
        }
      });
    });
    expect(most).toBeLessThan(30);
    expect(lines.filter((line) => line === '.')).toHaveLength(30);
    transporter.close();
    await pool.close();
  });

  it('a failed source breaks one message alone', async () => {
    const port = await serve({});
    const failing = new Readable({ read() { this.destroy(new Error('boom')); } }); // biome-ignore format: one line
    const error = await outcome('ours', port, {
      ...message(),
      attachments: [{ content: failing }],
    });
    expect(error).toMatchObject({ code: 'ESTREAM', command: 'API' });
    expect(lines).not.toContain('.');
  });
});
