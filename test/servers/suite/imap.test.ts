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

  test('gives each of many calls at once its own answer, while a watch runs', () =>
    withMailbox(async (imap, name) => {
      const words = ['blue', 'red', 'green'];
      const messages = Array.from({ length: 300 }, (_, i) => ({
        body: message(`${words[i % 3]} ${i}`, 'x\r\n'),
      }));
      await imap.appendMany(name, messages);
      const box = await imap.open(name);
      const other = await ImapClient.connect(options(door));
      const stop = new AbortController();
      let fresh = 0;
      const watching = (async () => {
        for await (const event of imap.watch(name, { signal: stop.signal, from: 301 })) {
          if (event.type === 'new') fresh += event.uids.size;
          if (fresh === 10) return;
        }
      })();
      const rows = async () => (await box.fetch('1:300', { size: true }).toArray()).length;
      for (let i = 0; i < 10; i++) {
        const [loops, ...found] = await Promise.all([
          Promise.all([rows(), rows(), rows()]),
          ...words.map((subject) => box.search({ subject, uid: '1:300' })),
          box.search({ subject: 'none' }),
          other.append(name, message('new', 'x\r\n')),
        ]);
        expect(loops).toEqual([300, 300, 300]);
        const sets = found.slice(0, 4) as Awaited<ReturnType<typeof box.search>>[];
        expect(sets.map((set) => [set.size, set.first])).toEqual([
          [100, 1],
          [100, 2],
          [100, 3],
          [0, undefined],
        ]);
      }
      await watching;
      stop.abort();
      await other.quit();
      await box.close();
    }));

  test('sorts, threads, counts, windows; sync tells each change once', () =>
    withMailbox(async (imap, name) => {
      const sizes = [30, 10, 20];
      for (const size of sizes) await imap.append(name, message(`m${size}`, 'x'.repeat(size)));
      const first = await imap.sync(name).toArray();
      expect(first.map(({ type }) => type)).toEqual(['new', 'new', 'new']);
      const box = await imap.open(name);
      expect(await box.sort('-size')).toEqual([1, 3, 2]);
      expect((await box.thread()).map(({ uid }) => uid)).toHaveLength(3);
      expect(await box.count({ larger: 1 })).toBe(3);
      expect(String(await box.search({}, { partial: [-1, -2] }))).toBe('2:3');
      await box.addFlags(2, ['\\Flagged']);
      await box.addFlags(1, ['\\Deleted']);
      await box.expunge(1);
      await box.close();
      const second = await imap.sync(name, first.at(-1)?.state).toArray();
      expect(second.map(({ type }) => type)).toEqual(['vanished', 'flags']);
      expect(await imap.sync(name, second.at(-1)?.state).toArray()).toEqual([]);
    }));

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
