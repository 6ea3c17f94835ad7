/** POST, and the articles that go by it. */
import { Readable } from 'node:stream';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Article, type ArticleFields, decodeHeader } from '../src/index.js';
import { failure, play, reader } from './dialogue.js';

const fields: ArticleFields = {
  from: 'Alice <alice@example.org>',
  newsgroups: 'a.b',
  subject: 'Hello',
  body: 'Hi.\n.\n..\n',
  messageId: '<1@example.org>',
  date: new Date(Date.UTC(2026, 0, 2, 3, 4, 5)),
};

describe('POST', () => {
  it('stuffs dots and makes every line end CRLF, whatever the source', async () => {
    const sent = ['C: A: b', 'C: ', 'C: ..x', 'C: ...', 'C: y', 'C: .'].join('\n');
    const source = 'A: b\n\n.x\r\n..\ry';
    const forms: (() => unknown)[] = [
      () => source,
      () => Buffer.from(source),
      () => Readable.from([Buffer.from(source.slice(0, 7)), Buffer.from(source.slice(7))]),
      () => Readable.from([...source].map((character) => Buffer.from(character))),
    ];
    for (const form of forms) {
      const dialogue = reader(`C: POST\nS: 340 send\n${sent}\nS: 240 ok <told@x>`);
      expect(await play(dialogue, (nntp) => nntp.post(form() as never))).toEqual({
        messageId: '<told@x>',
        text: 'ok <told@x>',
      });
    }
  });

  it('tells refusals before and after, and goes on', async () => {
    const dialogue = reader(
      'C: POST\nS: 440 no\nC: POST\nS: 340\nC: x\nC: .\nS: 441 435 Duplicate\nC: DATE\nS: 111 20260101000000',
    );
    const result = await play(dialogue, async (nntp) => {
      const errors = [await failure(nntp.post('x')), await failure(nntp.post('x'))];
      await nntp.date();
      return errors.map(({ code, reply, transient }) => [code, reply, transient]);
    });
    expect(result).toEqual([
      ['ERR_COMMAND_REJECTED', { code: 440, text: 'no' }, false],
      ['ERR_COMMAND_REJECTED', { code: 441, text: '435 Duplicate' }, false],
    ]);
  });

  it.each(['240 ok', '340 send', '44', 'x'])(
    'sends nothing where more than the go-ahead has come (%s)',
    async (more) => {
      const dialogue = reader(`C: POST\nS-raw: 340 send\\r\\n${more}\\r\\n\nC-end`);
      const result = await play(
        dialogue,
        async (nntp) => {
          const { code, connection } = await failure(nntp.post('x'));
          return [code, connection];
        },
        { deliveries: ['whole'] },
      );
      expect(result).toEqual(['ERR_MALFORMED_RESPONSE', 'closed']);
    },
  );

  it('never ends an article whose source has failed', async () => {
    const dialogue = reader('C: POST\nS: 340\nC: half\nC-end');
    const result = await play(dialogue, async (nntp) => {
      async function* source() {
        yield 'half\r\n';
        throw new Error('disk');
      }
      const error = await failure(nntp.post(source()));
      return [error.code, (error.cause as Error).message, (await nntp.closed).reason];
    });
    expect(result).toEqual(['ERR_LOCAL_IO', 'disk', 'error']);
  });

  it('says when it can not be known', async () => {
    const dialogue = reader('C: POST\nS: 340\nC: x\nC: .\nCLOSE');
    const result = await play(dialogue, async (nntp) => {
      const { code, connection, retry } = await failure(nntp.post('x'));
      return { code, connection, retry };
    });
    expect(result).toEqual({
      code: 'ERR_OUTCOME_UNKNOWN',
      connection: 'closed',
      retry: 'reconnect',
    });
  });

  it.each(['400 going down', '205 bye', '200 what', '340 more?', 'what', '999 no'])(
    'an answer that ends the connection and says nothing about the article (%s): it may be there',
    async (answer) => {
      const dialogue = reader(`C: POST\nS: 340\nC: x\nC: .\nS: ${answer}\nCLOSE`);
      const result = await play(dialogue, async (nntp) => {
        const { code, connection } = await failure(nntp.post('x'));
        return [code, connection];
      });
      expect(result).toEqual(['ERR_OUTCOME_UNKNOWN', 'closed']);
    },
  );

  it('takes an Article', async () => {
    const dialogue = reader(
      [
        'C: POST\nS: 340',
        'C: From: Alice <alice@example.org>\nC: Newsgroups: a.b\nC: Subject: Hello',
        'C: Date: Fri, 02 Jan 2026 03:04:05 +0000\nC: Message-ID: <1@example.org>',
        'C: MIME-Version: 1.0\nC: Content-Type: text/plain; charset=UTF-8\nC: Content-Transfer-Encoding: 8bit',
        'C: \nC: Hi.\nC: ..\nC: ...\nC: .\nS: 240 ok',
      ].join('\n'),
    );
    expect(await play(dialogue, (nntp) => nntp.post(new Article(fields)))).toEqual({
      messageId: '<1@example.org>',
      text: 'ok',
    });
  });
});

describe('Article', () => {
  const header = (change: Partial<ArticleFields>) => {
    const text = new Article({ ...fields, ...change }).toBuffer().toString();
    return text.slice(0, text.indexOf('\r\n\r\n'));
  };

  it('encodes what is not ASCII, but never the address', () => {
    expect(header({ from: 'Älice <alice@example.org>' })).toContain(
      'From: =?UTF-8?B?w4RsaWNl?= <alice@example.org>\r\n',
    );
    expect(header({ from: '"Älice B." <alice@example.org>' })).toContain('?= <alice@example.org>');
    expect(header({ from: 'alice@example.org (Älice)' })).toContain(
      'From: alice@example.org (=?UTF-8?B?w4RsaWNl?=)\r\n',
    );
    expect(header({ headers: { Organization: 'Müller & Co' } })).toMatch(/Organization: =\?UTF-8/);
  });

  it.each([
    ['Ünal, X <al@x.org>', '=?UTF-8?B?w5xuYWwsIFg=?= <al@x.org>'],
    ['Al, B <al@x.org>', '"Al, B" <al@x.org>'],
    ['A "b" \\ <al@x.org>', '"A \\"b\\" \\\\" <al@x.org>'],
    ['A: B; C @ D <al@x.org>', '"A: B; C @ D" <al@x.org>'],
    ['"A, B" <al@x.org>', '"A, B" <al@x.org>'],
    ['"\\"Ü\\"" <al@x.org>', '=?UTF-8?B?IsOcIg==?= <al@x.org>'],
    ['Al (b) <al@x.org>', 'Al (b) <al@x.org>'],
    ['A. B. <al@x.org>', 'A. B. <al@x.org>'],
    ['Al <"a b"@x.org>', 'Al <"a b"@x.org>'],
    ['al@[192.0.2.1]', 'al@[192.0.2.1]'],
  ])('a name that would be read as something else is quoted: %s', (from, written) => {
    expect(header({ from }).split('\r\n')[0]).toBe(`From: ${written}`);
  });

  it.each(['Reply-To', 'Sender', 'approved', 'Mail-Copies-To'])('%s has addresses', (name) => {
    const value = 'Ünal <u@x.org>, "B, C" <b@x.org>, c@x.org (Ä)';
    expect(header({ headers: { [name]: value } })).toContain(
      `${name}: =?UTF-8?B?w5xuYWw=?= <u@x.org>, "B, C" <b@x.org>, c@x.org\r\n (=?UTF-8?B?w4Q=?=)\r\n`,
    );
    expect(() => header({ headers: { [name]: 'Ünal' } })).toThrow(
      expect.objectContaining({ code: 'ERR_ARGUMENT', argument: 'headers' }),
    );
  });

  it('names each newsgroup once, and follow-ups as one list, or by mail', () => {
    expect(header({ newsgroups: 'a.b, c.d,a.b' })).toContain('\r\nNewsgroups: a.b,c.d\r\n');
    expect(header({ followupTo: 'a.b, c.d' })).toContain('\r\nFollowup-To: a.b,c.d\r\n');
    expect(header({ followupTo: 'Poster' })).toContain('\r\nFollowup-To: poster\r\n');
    expect(header({ followupTo: ['poster'] })).toContain('\r\nFollowup-To: poster\r\n');
    expect(header({ headers: { 'Mail-Copies-To': 'nobody' } })).toContain('Copies-To: nobody');
  });

  it('a word that no line holds is cut, and comes out whole', () => {
    const subject = `${'a'.repeat(70)} ${'b'.repeat(3_000)}`;
    const lines = header({ subject }).split('\r\n');
    expect(lines.every(({ length }) => length <= 76)).toBe(true);
    const from = lines.findIndex((line) => line.startsWith('Subject: '));
    const to = lines.findIndex((line, at) => at > from && /^\S/.test(line));
    expect(decodeHeader(lines.slice(from, to).join('').slice('Subject: '.length))).toBe(subject);
  });

  it('folds so that no line is long, blank, or empty after its name', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', minLength: 1, maxLength: 300 }), (text) => {
        const subject = text.replace(/[\p{C}\p{Z}]+/gu, ' ').trim() || 'x';
        const lines = header({ subject }).split('\r\n');
        for (const line of lines) {
          expect(line.trim()).not.toBe('');
          expect(line).not.toMatch(/^[A-Za-z-]+:\s*$/);
          if (line.length > 76) expect(line.trim()).not.toContain(' =?');
          if (line.includes('=?UTF-8?B?')) expect(line.length).toBeLessThanOrEqual(76);
        }
        const at = lines.findIndex((line) => line.startsWith('Subject:'));
        let whole = lines[at] as string;
        for (let i = at + 1; /^[ \t]/.test(lines[i] ?? ''); i++) whole += lines[i];
        expect(decodeHeader(whole.slice('Subject: '.length))).toBe(subject);
      }),
    );
  });

  it.each([
    [{ from: 'nobody' }],
    [{ from: 'Älice <älice@example.org>' }],
    [{ from: 'a@b\r\nControl: cancel <x@y>' }],
    [{ subject: ' ' }],
    [{ subject: 'a\nb' }],
    [{ newsgroups: [] }],
    [{ newsgroups: 'a b' }],
    [{ newsgroups: 'a,,b' }],
    [{ messageId: 'x@y' }],
    [{ references: ['x'] }],
    [{ followupTo: 'a b' }],
    [{ headers: { 'X y': 'z' } }],
    [{ headers: { X: 'a\r\nb' } }],
    [{ headers: { X: '' } }],
    [{ headers: { path: 'x' } }],
    [{ headers: { Subject: 'x' } }],
    [{ body: 'a\0b' }],
    [{ body: 5 as never }],
    [{ date: new Date(Number.NaN) }],
    [{ date: '2026-01-01' as never }],
    [{ date: new Date(253_402_300_800_000) }],
    [{ from: 'A <a@b@c>' }],
    [{ from: 'A <a@x.org>, B <b@x.org>' }],
    [{ from: 'A <a@x.org> B' }],
    [{ from: '<@x.org>' }],
    [{ newsgroups: 'a..b' }],
    [{ newsgroups: '.a' }],
    [{ newsgroups: ['a.'] }],
    [{ newsgroups: 'a:b' }],
    [{ newsgroups: '(a)' }],
    [{ newsgroups: 'poster' }],
    [{ newsgroups: 7 as never }],
    [{ newsgroups: Array.from({ length: 90 }, (_, at) => `group.number.${at}`) }],
    [{ followupTo: ['poster', 'a.b'] }],
    [{ followupTo: '' }],
    [{ followupTo: [] }],
    [{ followupTo: 'a.b\r\nX: y' }],
    [{ messageId: '<a>' }],
    [{ messageId: '<a@b@c>' }],
    [{ messageId: '<a@>' }],
    [{ messageId: '<a@b>\r\nX: y' }],
    [{ references: ['<a@x>\r\nX: y'] }],
    [{ supersedes: '<a@x>\r\nX: y' }],
    [{ messageId: '<a@x>', supersedes: '<a@x>' }],
    [{ headers: { 'X-A': '1', 'x-a': '2' } }],
    [{ headers: { 'Also-Control': 'cancel <a@x>' } }],
    [{ headers: { Date: 'x' } }],
    [{ headers: { 'message-id': '<a@x>' } }],
    [{ headers: { 'Injection-Date': 'x' } }],
    [{ headers: { 'X\r\nY': 'x' } }],
    [{ approved: 'x' } as never],
  ])('refuses %j', (change) => {
    expect(() => new Article({ ...fields, ...change } as ArticleFields)).toThrow(
      expect.objectContaining({ code: 'ERR_ARGUMENT' }),
    );
  });

  it('makes a message-id of its own', () => {
    const { messageId: _, ...rest } = fields;
    expect(new Article(rest).messageId).toMatch(/^<[0-9a-f-]{36}@example\.org>$/);
    expect(new Article(rest).messageId).not.toBe(new Article(rest).messageId);
  });
});

describe('the body of an article', () => {
  const article = (body: string | Uint8Array): string =>
    new Article({ from: 'a@b.example', newsgroups: 'a.b', subject: 's', body })
      .toBuffer()
      .toString('latin1');

  it('that is text with a line of more than 998 octets is quoted-printable', () => {
    const long = `${'grün = '.repeat(200)}\n\tend \n.\n`;
    const [head = '', ...rest] = article(long).split('\r\n\r\n');
    const lines = rest.join('\r\n\r\n').split('\r\n');
    expect(head).toContain('Content-Transfer-Encoding: quoted-printable');
    expect(Math.max(...lines.map(({ length }) => length))).toBeLessThanOrEqual(76);
    const octets = lines
      .join('\r\n')
      .replaceAll('=\r\n', '')
      .replace(/=([0-9A-F]{2})/g, (_, hex) => String.fromCharCode(Number.parseInt(hex, 16)));
    expect(Buffer.from(octets, 'latin1').toString()).toBe(long.replaceAll('\n', '\r\n'));
    expect(article(`${'x'.repeat(998)}\n`)).toContain('Content-Transfer-Encoding: 8bit');
  });

  it.each<[string, string | Uint8Array]>([
    ['NUL', 'a\0b'],
    ['NUL in octets', Buffer.from([97, 0, 98])],
    ['half a surrogate pair', 'a\ud800b'],
  ])('with %s is refused', (_, body) => {
    expect(() => article(body)).toThrow(
      expect.objectContaining({ code: 'ERR_ARGUMENT', argument: 'body' }),
    );
  });
});

it.each<[string, boolean]>([
  ['441 Posting failed: try again later', true],
  ['441 You are posting too fast, wait 60 seconds', true],
  ['441 Too many newsgroups', false],
  ['441 Article exceeds the size limit', false],
  ['441 437 No valid newsgroups', false],
])('a post refused by %j: transient %s', async (reply, transient) => {
  const article = new Article({
    from: 'a@b.example',
    newsgroups: 'a.b',
    subject: 's',
    body: 'x\n',
    messageId: '<1@x>',
    date: new Date(0),
  });
  const sent = article.toBuffer().toString().split('\r\n').slice(0, -1);
  const dialogue = reader(
    `C: POST\nS: 340\n${sent.map((line) => `C: ${line}`).join('\n')}\nC: .\nS: ${reply}`,
  );
  const refused = await play(dialogue, async (nntp) => {
    const error = await failure(nntp.post(article));
    return { code: error.code, transient: error.transient };
  });
  expect(refused).toEqual({ code: 'ERR_COMMAND_REJECTED', transient });
});
