/** What a message may be made of: each part in its place, each wrong value named. */
import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough, Readable } from 'node:stream';
import { buffer, text } from 'node:stream/consumers';
import { afterAll, describe, expect, it } from 'vitest';
import { type ComposeMessage, type ComposeOptions, compose } from '../src/index.js';

const plain = {
  from: 'Alice <alice@example.org>',
  to: 'bob@example.net',
  subject: 'Hi',
  text: 'Hello.\n',
};
const composed = async (message: object, options: object = {}) => {
  const { body, ...rest } = await compose(
    { ...plain, ...message } as ComposeMessage,
    options as ComposeOptions,
  );
  return { ...rest, text: await text(body) };
};
const refusal = (message: object, options: object = {}) =>
  compose({ ...plain, ...message } as ComposeMessage, options as ComposeOptions).then(
    () => 'taken',
    (error) => [error.code, error.argument],
  );
const fieldsOf = (message: string) =>
  (message.split('\r\n\r\n')[0] as string).replace(/\r\n(?=[ \t])/g, '').split('\r\n');

describe('fields', () => {
  it('are taken as nodemailer’s users give them', async () => {
    const { text } = await composed({
      references: '<a@b> c@d',
      date: '2020-01-01',
      inReplyTo: 'a@b',
      messageId: 'x@y',
    });
    expect(fieldsOf(text)).toEqual(
      expect.arrayContaining([
        'References: <a@b> <c@d>',
        'In-Reply-To: <a@b>',
        'Message-ID: <x@y>',
        'Date: Wed, 01 Jan 2020 00:00:00 +0000',
      ]),
    );
  });

  it('of one name may be several', async () => {
    const { text } = await composed({ headers: { 'X-A': ['1', '2'], 'X-B': '3' } });
    expect(fieldsOf(text)).toEqual(expect.arrayContaining(['X-A: 1', 'X-A: 2', 'X-B: 3']));
  });

  it('of a mailing list are URLs in angle brackets', async () => {
    const { text } = await composed({
      list: {
        id: 'news.example.org',
        unsubscribe: ['https://example.org/leave', 'leave@example.org'],
        oneClick: true,
        post: 'NO',
        help: 'https://example.org/help',
      },
    });
    expect(fieldsOf(text)).toEqual(
      expect.arrayContaining([
        'List-Id: <news.example.org>',
        'List-Unsubscribe: <https://example.org/leave>, <mailto:leave@example.org>',
        'List-Unsubscribe-Post: List-Unsubscribe=One-Click',
        'List-Post: NO',
        'List-Help: <https://example.org/help>',
      ]),
    );
  });

  it('of one message are one Message-ID, which the caller hears', async () => {
    const { text, messageId } = await composed({});
    expect(messageId).toMatch(/^<[\w-]{20,}@example\.org>$/);
    expect(fieldsOf(text)).toContain(`Message-ID: ${messageId}`);
  });
});

describe('bodies', () => {
  it('without a name have no name, and are attachments', async () => {
    const { text } = await composed({ attachments: [{ content: 'x' }] });
    expect(text).toContain(
      'Content-Type: application/octet-stream\r\nContent-Disposition: attachment\r\n',
    );
    expect(text).not.toMatch(/filename|name=/);
  });

  it('with a Content-ID are inline, beside the HTML that shows them', async () => {
    const { text } = await composed({
      html: '<img src="cid:a">',
      attachments: [{ content: 'x', cid: 'a' }],
    });
    expect(text).toContain('Content-Disposition: inline\r\nContent-ID: <a>\r\n');
    expect(text).toMatch(/multipart\/alternative.*multipart\/related/s);
    expect(text).not.toContain('multipart/mixed');
    const apart = await composed({
      html: '<p>',
      attachments: [{ content: 'x', cid: 'a', disposition: 'attachment' }],
    });
    expect(apart.text).toContain('multipart/mixed');
  });

  it('that are a message with 8-bit octets say so before MAIL', async () => {
    const inner = 'Subject: x\n\nGr\u00fc\u00dfe\n';
    const eight = await composed({
      attachments: [{ content: inner, contentType: 'message/rfc822' }],
    });
    expect(eight.envelope).toMatchObject({ body: '8bit' });
    expect(eight.text).toContain(
      'Content-Transfer-Encoding: 8bit\r\n\r\nSubject: x\r\n\r\nGrüße\r\n',
    );
    const seven = await composed({
      attachments: [{ content: 'Subject: x\n\nx', contentType: 'message/rfc822' }],
    });
    expect(seven.envelope).not.toHaveProperty('body');
  });

  it('with a line of more than 998 octets that may not be encoded are an error', async () => {
    const attachments = [{ content: 'x'.repeat(999), contentType: 'message/rfc822' }];
    const { body } = await compose({ ...plain, attachments });
    await expect(buffer(body)).rejects.toMatchObject({
      code: 'ERR_ARGUMENT',
      argument: 'attachments[0]',
    });
    const fits = await compose({
      ...plain,
      attachments: [{ content: 'x'.repeat(998), contentType: 'message/rfc822' }],
    });
    expect(await text(fits.body)).toContain('x'.repeat(998));
  });

  it('that fail before they are read harm nobody until then', async () => {
    const source = new PassThrough();
    const { body } = await compose({ ...plain, attachments: [{ content: source }] });
    source.destroy(new Error('gone'));
    await new Promise(setImmediate);
    await expect(text(body)).rejects.toThrow('gone');
  });

  it('that are given up give up their sources', async () => {
    const source = new PassThrough();
    const { body } = await compose({ ...plain, attachments: [{ content: source }] });
    body.destroy();
    await new Promise(setImmediate);
    expect(source.destroyed).toBe(true);
  });
});

describe('a finished message', () => {
  it('goes as it is, with CRLF', async () => {
    const raw = 'From: x@example.org\nX: 1\n\nBody\r\n.\rend';
    for (const given of [raw, Buffer.from(raw), Readable.from([raw.slice(0, 38), raw.slice(38)])]) {
      const { envelope, body } = await compose({
        raw: given,
        from: 'a@example.org',
        to: 'b@example.net',
      });
      expect(envelope).toEqual({ from: 'a@example.org', to: ['b@example.net'] });
      expect(await text(body)).toBe('From: x@example.org\r\nX: 1\r\n\r\nBody\r\n.\r\nend\r\n');
    }
  });

  it('needs someone to go to', async () => {
    await expect(compose({ raw: 'x' })).rejects.toMatchObject({ argument: 'from' });
    const { envelope } = await compose({ raw: 'x', envelope: { from: null, to: 'b@example.net' } });
    expect(envelope).toEqual({ from: null, to: ['b@example.net'] });
    await expect(
      compose({ raw: { path: '/etc/passwd' } as never, from: 'a@b.test', to: 'b@b.test' }),
    ).rejects.toMatchObject({ argument: 'raw' });
  });
});

describe('files', () => {
  const home = realpathSync(mkdtempSync(join(tmpdir(), 'fivewire-files-')));
  mkdirSync(join(home, 'open'));
  mkdirSync(join(home, 'open-not'));
  writeFileSync(join(home, 'open', 'a.csv'), 'a;b\n');
  writeFileSync(join(home, 'secret'), 'secret');
  writeFileSync(join(home, 'open-not', 'b'), 'secret');
  symlinkSync(join(home, 'secret'), join(home, 'open', 'link'));
  symlinkSync(join(home, 'open', 'a.csv'), join(home, 'open', 'inner-link.csv'));
  afterAll(() => rmSync(home, { recursive: true }));
  const allowFiles = join(home, 'open');

  it('within the directory are attached under their names', async () => {
    for (const path of ['a.csv', './a.csv', join(home, 'open', 'a.csv'), 'inner-link.csv']) {
      const { text } = await composed({ attachments: [{ path }] }, { allowFiles });
      expect(text).toContain('YTtiCg==');
      expect(text).toContain('Content-Type: text/csv');
      expect(text).toMatch(/filename="(a|inner-link)\.csv"/);
    }
  });

  it.each(['../secret', 'link', '../open-not/b', '.', '/etc/passwd'])(
    '%s is refused',
    async (path) => {
      expect(await refusal({ attachments: [{ path }] }, { allowFiles })).toEqual([
        'ERR_ARGUMENT',
        'attachments[0].path',
      ]);
    },
  );

  it('are not followed unless the caller says where', async () => {
    expect(await refusal({ attachments: [{ path: 'a.csv' }] })).toEqual([
      'ERR_ARGUMENT',
      'attachments[0].path',
    ]);
    expect(await refusal({ attachments: [{ path: 'none' }] }, { allowFiles })).toEqual([
      'ERR_LOCAL_PATH',
      undefined,
    ]);
    expect(
      await refusal({ attachments: [{ path: 'a.csv', content: 'x' }] }, { allowFiles }),
    ).toEqual(['ERR_ARGUMENT', 'attachments[0].path']);
  });
});

describe('what is wrong is named', () => {
  it.each<[object, string]>([
    [{ references: ['<a@b> <c@d>'] }, 'references[0]'],
    [{ references: 'a b\u00fc' }, 'references'],
    [{ messageId: '<a b@c>' }, 'messageId'],
    [{ messageId: 'a' }, 'messageId'],
    [{ references: 'no ids at all' }, 'references'],
    [{ references: ['<a@b>', 'c'] }, 'references[1]'],
    [{ inReplyTo: 'Re: Hello' }, 'inReplyTo'],
    [
      { attachments: [{ content: 'x', cid: 'a' }, { content: 'y' }, { content: 'z', cid: '<a>' }] },
      'attachments[2].cid',
    ],
    [{ date: 'never' }, 'date'],
    [{ date: {} }, 'date'],
    [{ date: '2020-01-01\0 and more' }, 'date'],
    [{ date: 8.64e15 }, 'date'],
    [{ attachments: [{ content: 'x', encoding: Object.create(null) }] }, 'attachments[0].encoding'],
    [{ attachments: { content: 'x' } }, 'attachments'],
    [{ attachments: [null] }, 'attachments[0]'],
    [{ attachments: [{}] }, 'attachments[0].content'],
    [{ attachments: [{ content: 'x', contentType: 'no type' }] }, 'attachments[0].contentType'],
    [
      { attachments: [{ content: 'x', contentType: 'multipart/mixed' }] },
      'attachments[0].contentType',
    ],
    [
      { attachments: [{ content: 'x', contentType: 'text/plain\r\nX: y' }] },
      'attachments[0].contentType',
    ],
    [{ attachments: [{ content: 'x', cid: 'a b' }] }, 'attachments[0].cid'],
    [{ attachments: [{ content: 'x', encoding: 'binary' }] }, 'attachments[0].encoding'],
    [
      { attachments: [{ content: 'x', contentDisposition: 'inline' }] },
      'attachments[0].contentDisposition',
    ],
    [{ attachments: [{ href: 'http://localhost/' }] }, 'attachments[0].href'],
    [
      { attachments: [{ content: 'x', headers: { 'Content-Type': 'x' } }] },
      'attachments[0].headers.Content-Type',
    ],
    [{ alternatives: [{ content: 'x' }] }, 'alternatives[0].contentType'],
    [{ calendar: { content: 'x', method: 'a; b' } }, 'calendar.method'],
    [{ calendar: 'BEGIN:VCALENDAR' }, 'calendar'],
    [{ icalEvent: {} }, 'message.icalEvent'],
    [{ list: { unsubscribe: 'leave@example.org', oneClick: true } }, 'list.oneClick'],
    [{ list: { unsubscribe: 'https://example.org/\r\nX: y' } }, 'list.unsubscribe'],
    [{ list: { unsubscribe: 'no url' } }, 'list.unsubscribe'],
    [{ list: { unsubscribe: 'mailto:a b@example.org' } }, 'list.unsubscribe'],
    [{ list: { unsubscribe: '<https://example.org>' } }, 'list.unsubscribe'],
    [{ list: { id: 'a b' } }, 'list.id'],
    [{ priority: 'urgent' }, 'priority'],
    [{ headers: ['X: y'] }, 'headers'],
    [{ headers: { 'X-A': ['a', 'b\nc'] } }, 'headers.X-A'],
    [{ headers: { 'X-A': 7 } }, 'headers.X-A'],
    [{ subject: 'a\u0001' }, 'subject'],
    [{ textFromHtml: true, text: undefined }, 'textFromHtml'],
    [{ textFromHtml: 1 }, 'textFromHtml'],
  ])('%j', async (message, argument) => {
    const given =
      'cid' in ((message as { attachments?: object[] }).attachments?.[0] ?? {})
        ? { ...message, html: '<p>' }
        : message;
    expect(await refusal(given)).toEqual(['ERR_ARGUMENT', argument]);
  });

  it('and never a TypeError, whatever is given', async () => {
    const odd = [
      null,
      7,
      true,
      '',
      'x',
      [],
      [null],
      [[]],
      {},
      { a: 1 },
      () => {},
      Symbol('s'),
      7n,
      new Date(Number.NaN),
      Number.NaN,
      new Map([[1, 2]]),
    ];
    const keys = [
      'from',
      'sender',
      'to',
      'cc',
      'bcc',
      'replyTo',
      'subject',
      'text',
      'html',
      'textFromHtml',
      'amp',
      'calendar',
      'alternatives',
      'attachments',
      'list',
      'priority',
      'messageId',
      'date',
      'inReplyTo',
      'references',
      'headers',
      'envelope',
      'raw',
    ];
    const inner: Record<string, string[]> = {
      attachments: [
        'content',
        'path',
        'filename',
        'contentType',
        'cid',
        'disposition',
        'encoding',
        'headers',
      ],
      alternatives: ['content', 'contentType', 'encoding', 'headers'],
      calendar: ['content', 'method', 'filename'],
      list: ['id', 'help', 'unsubscribe', 'oneClick'],
      envelope: ['from', 'to'],
    };
    const judge = async (message: unknown, options?: unknown) => {
      const error = await compose(message as ComposeMessage, options as ComposeOptions).then(
        ({ body }) => void body.on('error', () => {}).destroy(),
        (reason) => reason,
      );
      if (error !== undefined)
        expect([error.code, error.message]).toEqual(['ERR_ARGUMENT', expect.any(String)]);
    };
    for (const value of odd) {
      await judge(value);
      await judge(plain, value === undefined ? null : value);
      for (const key of keys) await judge({ ...plain, [key]: value });
      for (const key of ['dkim', 'sign', 'allowFiles'])
        if (value !== 'x')
          await judge({ ...plain, attachments: [{ path: 'x' }] }, { [key]: value });
      for (const [key, names] of Object.entries(inner))
        for (const name of names) {
          const one = { content: 'x', contentType: 'text/plain', [name]: value };
          await judge({
            ...plain,
            [key]:
              key.endsWith('s') && key !== 'list'
                ? [one]
                : key === 'list'
                  ? { [name]: value }
                  : key === 'envelope'
                    ? { from: null, to: 'a@b.test', [name]: value }
                    : { content: 'x', [name]: value },
          });
        }
    }
  });
});

it('text is made from HTML where that is wished', async () => {
  const { text: _, ...rest } = plain;
  const { body } = await compose({ ...rest, html: '<p>Hello <b>you</b></p>', textFromHtml: true });
  expect(await text(body)).toMatch(/text\/plain.*\r\n\r\nHello you\r\n.*text\/html/s);
});

describe('the size of a message that is streamed', () => {
  const calendar = { method: 'request', content: 'BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n' };
  const large = (length: number) => [
    { content: Buffer.alloc(length, 7) },
    { content: Buffer.from('x') },
  ];

  it.each([262_145, 262_200, 300_000, 1_000_003])('with %i octets attached', async (length) => {
    for (const words of ['Hello.\n', 'Grüße \n', '', 'x'.repeat(1_000), 'a=b\r\rü\t'])
      for (const extra of [{}, { html: '<p>ü</p>', calendar, subject: 'Grüße' }]) {
        const message = { ...plain, text: words, attachments: large(length), ...extra };
        const { envelope, body } = await compose(message as ComposeMessage);
        expect(envelope.size).toBe((await buffer(body)).length);
      }
  });

  it('is not told where it is not known, or where the client counts', async () => {
    const sizeOf = async (message: object, options: object = {}) =>
      (await composed({ attachments: large(300_000), ...message }, options)).envelope.size;
    expect(await sizeOf({ attachments: [{ content: Readable.from(['x']) }] })).toBeUndefined();
    expect(await sizeOf({ attachments: large(10) })).toBeUndefined();
    expect(await sizeOf({}, { sign: (message: Readable) => message })).toBeUndefined();
    const asGiven = [...large(300_000), { content: 'ü\n', encoding: '8bit' }];
    expect(await sizeOf({ attachments: asGiven })).toBeUndefined();
    expect(await sizeOf({})).toBeGreaterThan(400_000);
  });
});
