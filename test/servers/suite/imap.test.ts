// IMAP against Dovecot: the main job by both ways to TLS, and IDLE that sees mail arrive by LMTP.
import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { Readable } from 'node:stream';
import { buffer, text } from 'node:stream/consumers';
import { ImapClient } from '@fivewire/imap';
import { describe, expect, test } from 'vitest';
import { deliver, emptyInbox } from './deliver.js';
import { type Door, options, refuses, verified } from './doors.js';

const doors: Door[] = [
  { server: 'dovecot', port: 'imaps', security: 'implicit-tls' },
  { server: 'dovecot', port: 'imap', security: 'starttls' },
];

const message = (subject: string, body: string) =>
  `From: bob@example.test\r\nTo: alice@example.test\r\nSubject: ${subject}\r\n\r\n${body}`;

const sha256 = (octets: Uint8Array) => createHash('sha256').update(octets).digest('hex');

describe.each(doors)('IMAP by $security', (door) => {
  /** A mailbox of its own, deleted afterwards. */
  const withMailbox = async (work: (imap: ImapClient, name: string) => Promise<void>) => {
    const imap = await ImapClient.connect(options(door));
    const name = `Tests/${randomUUID()} ü`;
    try {
      await imap.create(name);
      await work(imap, name);
      await imap.delete(name);
    } finally {
      await imap.quit();
    }
  };

  test('is verified, and lists mailboxes with their special uses', () =>
    withMailbox(async (imap, name) => {
      expect(imap.security).toMatchObject(verified(door));
      const names = (await imap.list().toArray()).map((entry) => entry.name);
      expect(names).toEqual(expect.arrayContaining(['INBOX', 'Drafts', 'Sent', 'Trash', name]));
    }));

  test('appends, searches, fetches fields and streamed bodies', () =>
    withMailbox(async (imap, name) => {
      const large = message('large', `${randomBytes(1 << 20).toString('base64')}\r\n`);
      await imap.append(name, message('small', 'Hello.\r\n'), { flags: ['\\Flagged'] });
      await imap.append(name, Readable.from([large.slice(0, 1000), large.slice(1000)]), {
        size: large.length,
        date: new Date('2020-02-03T04:05:06Z'),
      });
      expect(await imap.status(name, ['messages'])).toMatchObject({ messages: 2 });

      const mailbox = await imap.open(name);
      expect(mailbox.exists).toBe(2);
      expect((await mailbox.search({ flagged: true })).size).toBe(1);
      const found = await mailbox.search({ subject: 'large' });
      expect(found.size).toBe(1);

      const rows = [];
      const all = await mailbox.search();
      const wanted = { envelope: true, flags: true, size: true, internalDate: true } as const;
      for await (const row of mailbox.fetch(all, wanted)) {
        rows.push(row);
        if (row.envelope.subject === 'small') {
          expect(await text(row.body('TEXT'))).toBe('Hello.\r\n');
        } else {
          expect(sha256(await buffer(row.body()))).toBe(sha256(Buffer.from(large)));
        }
      }
      expect(rows).toMatchObject([
        { flags: expect.arrayContaining(['\\Flagged']), envelope: { subject: 'small' } },
        { size: large.length, internalDate: new Date('2020-02-03T04:05:06Z') },
      ]);
      await mailbox.close();
    }));

  test('changes flags, moves, copies and expunges', () =>
    withMailbox(async (imap, name) => {
      const other = `${name}/other`;
      await imap.create(other);
      for (const subject of ['one', 'two', 'three']) {
        await imap.append(name, message(subject, 'x\r\n'));
      }
      const mailbox = await imap.open(name);
      const [one, two, three] = [...(await mailbox.search())];
      await mailbox.addFlags([one as number], ['\\Seen', '$Label']);
      await mailbox.removeFlags([one as number], ['\\Seen']);
      const [row] = await mailbox.fetch([one as number], { flags: true }).toArray();
      expect(row?.flags).toContain('$Label');
      expect(row?.flags).not.toContain('\\Seen');

      await mailbox.copy([one as number], other);
      await mailbox.move([two as number], other);
      await mailbox.addFlags([three as number], ['\\Deleted']);
      await mailbox.expunge([three as number]);
      expect([...(await mailbox.search())]).toEqual([one]);
      await mailbox.close();
      expect(await imap.status(other, ['messages'])).toMatchObject({ messages: 2 });
      await imap.delete(other);
    }));

  test('watches by IDLE: mail that LMTP brings is seen, and can be read meanwhile', async () => {
    await emptyInbox('bob');
    const imap = await ImapClient.connect(options(door, 'bob'));
    const stop = new AbortController();
    const subject = randomUUID();
    try {
      const mailbox = await imap.open('INBOX');
      const events = imap.watch('INBOX', { signal: stop.signal })[Symbol.asyncIterator]();
      const first = events.next();
      await deliver('bob', subject, 'You have mail.\r\n');
      const { value: event } = await first;
      expect(event).toMatchObject({ type: 'new', mailbox: 'INBOX', messages: 1 });
      const [row] = await mailbox.fetch(event.uids, { envelope: true }).toArray();
      expect(row?.envelope.subject).toBe(subject);
      expect(await text((row as NonNullable<typeof row>).body('TEXT'))).toBe('You have mail.\r\n');
      await events.return?.();
      await mailbox.close();
    } finally {
      stop.abort();
      await imap.quit();
    }
  });

  test('a mailbox that does not exist is an error, and the session goes on', async () => {
    const imap = await ImapClient.connect(options(door));
    const absent = `absent ${randomUUID()}`;
    try {
      // Dovecot 2.3 refuses SELECT by words alone, APPEND by TRYCREATE: only that is proof.
      await expect(imap.open(absent)).rejects.toMatchObject({
        code: 'ERR_COMMAND_REJECTED',
        connection: 'usable',
      });
      await expect(imap.append(absent, message('lost', 'x\r\n'))).rejects.toMatchObject({
        code: 'ERR_NOT_FOUND',
        connection: 'usable',
      });
      await imap.noop();
    } finally {
      await imap.quit();
    }
  });

  test('a wrong password is an AuthenticationError', async () => {
    const wrong = { ...options(door), auth: { user: 'alice', password: 'wrong' } };
    await expect(ImapClient.connect(wrong)).rejects.toMatchObject({
      code: 'ERR_AUTHENTICATION_FAILED',
    });
  });
});

refuses(doors, (options) => ImapClient.connect(options));
