/** Composed messages: what the envelope holds, what the body says, and what is refused. */
import { PassThrough, Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { anyCharacter } from '../../../test/support/any-character.js';
import { type ComposeMessage, compose } from '../src/index.js';

const plain: ComposeMessage = {
  from: 'Alice <alice@example.org>',
  to: 'bob@example.net',
  subject: 'Hi',
  text: 'Hello.\n',
};
const refusal = (message: object) =>
  compose(message as ComposeMessage).then(
    () => 'taken',
    (error) => [error.code, error.argument],
  );

describe('a message', () => {
  it('has an envelope of all recipients, each once, and no Bcc in its header', async () => {
    const { envelope, body } = await compose({
      ...plain,
      cc: [{ name: 'Carol, C.', address: 'carol@example.net' }, 'bob@example.net'],
      bcc: ['dave@example.net'],
    });
    expect(envelope).toEqual({
      from: 'alice@example.org',
      to: ['bob@example.net', 'carol@example.net', 'dave@example.net'],
    });
    const message = await text(body);
    expect(message).toContain('Cc: "Carol, C." <carol@example.net>, bob@example.net\r\n');
    expect(message).not.toMatch(/dave|^bcc/im);
  });

  it('has CRLF line ends throughout, whatever the parts have', async () => {
    const { body } = await compose({
      ...plain,
      html: '<p>\rHello\n</p>',
      attachments: [{ filename: 'ü.txt', content: Buffer.from('a\nb\n') }],
    });
    expect((await text(body)).replaceAll('\r\n', '')).not.toMatch(/[\r\n]/);
  });

  it('streams an attachment of 20 MB without holding it', async () => {
    const piece = Buffer.alloc(100_000, 'x');
    let made = 0;
    const source = Readable.from(
      (function* () {
        for (; made < 200; made++) yield piece;
      })(),
    );
    const { body } = await compose({ ...plain, attachments: [{ content: source }] });
    expect(made).toBe(0);
    let octets = 0;
    let ahead = 0;
    for await (const chunk of body) {
      octets += chunk.length;
      ahead = Math.max(ahead, made * piece.length - octets);
    }
    expect(octets).toBeGreaterThan(26_000_000);
    expect(ahead).toBeLessThan(2_000_000);
  });

  it('breaks when an attachment does', async () => {
    const source = new PassThrough();
    const { body } = await compose({ ...plain, attachments: [{ content: source }] });
    const read = text(body);
    source.destroy(new Error('the disk is gone'));
    await expect(read).rejects.toThrow('the disk is gone');
  });
});

describe('refuses', () => {
  it.each([
    [{ ...plain, subject: 'x\r\nBcc: e@example.org' }, 'subject'],
    [{ ...plain, to: 'bob@example.net\nBcc: e@example.org' }, 'to'],
    [{ ...plain, to: [{ name: 'Bob\r', address: 'bob@example.net' }] }, 'to[0].name'],
    [{ ...plain, headers: { 'X-A': 'a\nb' } }, 'headers.X-A'],
    [{ ...plain, headers: { 'X A': 'a' } }, 'headers'],
    [{ ...plain, headers: { Bcc: 'e@example.org' } }, 'headers.Bcc'],
    [{ ...plain, messageId: '<a\0@b>' }, 'messageId'],
    [{ ...plain, references: ['<a@b>', '<c\n@d>'] }, 'references[1]'],
    [{ ...plain, subject: '\ud800' }, 'subject'],
    [{ ...plain, attachments: [{ path: '/etc/passwd' }] }, 'attachments[0].path'],
    [{ ...plain, attachments: [{ content: { path: '/etc/passwd' } }] }, 'attachments[0].content'],
    [{ ...plain, text: { href: 'http://localhost/' } }, 'text'],
    [{ ...plain, raw: 'From: x' }, 'message.raw'],
    [{ ...plain, attachments: [{ content: 'x', filename: 'a\r\nb' }] }, 'attachments[0].filename'],
    [{ ...plain, from: undefined }, 'from'],
    [{ ...plain, from: 'nobody' }, 'from'],
    [{ ...plain, to: [] }, 'to'],
    [{ ...plain, to: ['bob@example.net', 'no address'] }, 'to[1]'],
    [{ ...plain, to: 'bob@example.net, Carol' }, 'to'],
    [{ ...plain, cc: [{ address: 'carol' }] }, 'cc[0]'],
    [{ ...plain, date: new Date('never') }, 'date'],
  ])('%j', async (message, argument) => {
    expect(await refusal(message)).toEqual(['ERR_ARGUMENT', argument]);
  });

  it('never lets a subject or a name make a second field', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.string({ unit: anyCharacter }),
        fc.string({ unit: anyCharacter }),
        async (subject, name) => {
          const made = await compose({
            ...plain,
            subject,
            to: { name, address: 'bob@example.net' },
          }).catch((error) => error.code);
          if (made === 'ERR_ARGUMENT') return;
          const [header = ''] = (await text(made.body)).split('\r\n\r\n');
          const fields = header
            .replace(/\r\n[ \t]/g, '')
            .split('\r\n')
            .map((field) => field.split(':')[0]);
          const known = [
            'From',
            'To',
            'Subject',
            'Message-ID',
            'Content-Transfer-Encoding',
            'Date',
            'MIME-Version',
            'Content-Type',
          ];
          for (const field of fields) expect(known).toContain(field);
        },
      ),
    );
  });
});

describe('a signer', () => {
  it('takes a signer of one’s own, and its failure is the body’s', async () => {
    const { body } = await compose(plain, {
      sign: async function* (message) {
        yield Buffer.from('X-Signed: yes\r\n');
        yield* message;
      },
    });
    expect(await text(body)).toMatch(/^X-Signed: yes\r\nFrom: /);
    const broken = await compose(plain, {
      // biome-ignore lint/correctness/useYield: it never gets that far
      sign: async function* () {
        throw new Error('no token');
      },
    });
    await expect(text(broken.body)).rejects.toThrow('no token');
    const later = await compose(plain, { sign: async (message) => message });
    expect(await text(later.body)).toMatch(/^From: /);
    for (const given of [undefined, null, 'text', Buffer.from('octets'), {}, Promise.resolve()]) {
      const odd = await compose(plain, { sign: () => given as never });
      await expect(text(odd.body)).rejects.toMatchObject({
        code: 'ERR_ARGUMENT',
        argument: 'sign',
      });
    }
    await expect(
      compose(plain, { dkim: [] as never, sign: (message) => message }),
    ).rejects.toMatchObject({
      argument: 'sign',
    });
  });
});
