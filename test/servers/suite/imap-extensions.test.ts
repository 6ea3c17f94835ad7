// The extensions that Dovecot and Cyrus offer, each by the call that uses it; where one lacks it, what its lack means.
import { randomUUID } from 'node:crypto';
import { Readable } from 'node:stream';
import { buffer, text } from 'node:stream/consumers';
import { ImapClient, type Mailbox, partUrl, UidSet } from '@fivewire/imap';
import { describe, expect, test } from 'vitest';
import { type Door, options } from './doors.js';

const doors: Door[] = [
  { server: 'dovecot', port: 'imaps', security: 'implicit-tls' },
  { server: 'cyrus', port: 'imaps', security: 'implicit-tls' },
];

const message = (subject: string, body = 'x\r\n'): string =>
  `From: bob@example.test\r\nTo: alice@example.test\r\nSubject: ${subject}\r\nMessage-ID: <${subject}@example.test>\r\n\r\n${body}`;

const picture = Buffer.from(Array.from({ length: 999 }, (_, i) => i % 256));
const parts = [
  'From: bob@example.test',
  'Subject: parts',
  'MIME-Version: 1.0',
  'Content-Type: multipart/mixed; boundary=b',
  '',
  '--b',
  'Content-Type: text/plain; charset=iso-8859-1',
  'Content-Transfer-Encoding: quoted-printable',
  '',
  'gr=FCn',
  '--b',
  'Content-Type: application/octet-stream; name="p.bin"',
  'Content-Disposition: attachment; filename="p.bin"',
  'Content-Transfer-Encoding: base64',
  '',
  picture.toString('base64').replace(/.{76}/g, '$&\r\n'),
  '--b--',
  '',
].join('\r\n');

describe.each(doors)('extensions of $server', (door) => {
  const connect = (more: object = {}) => ImapClient.connect({ ...options(door), ...more });

  /** A mailbox of its own with three messages, deleted afterwards. */
  const inMailbox = async (
    work: (box: Mailbox, imap: ImapClient, name: string) => Promise<void>,
    more: object = {},
  ): Promise<void> => {
    const imap = await connect(more);
    const name = await imap.personal(`Tests-${randomUUID()}`);
    try {
      await imap.create(name);
      for (const subject of ['one', 'two', 'three']) await imap.append(name, message(subject));
      const box = await imap.open(name);
      await work(box, imap, name);
      await box.close();
      await imap.delete(name);
    } finally {
      await imap.quit();
    }
  };

  test('QRESYNC: open() tells what vanished and what changed', () =>
    inMailbox(async (box, imap, name) => {
      const first = await imap.open(name, { resync: { uidValidity: 1, modSeq: '1' } });
      expect(first.resync).toBeUndefined(); // another UIDVALIDITY
      const known = {
        uidValidity: box.uidValidity as number,
        modSeq: first.highestModSeq as string,
        uids: '1:3',
      };
      await first.close();
      const other = await connect();
      const same = await other.open(name);
      await same.addFlags(2, ['\\Flagged']);
      await same.addFlags(1, ['\\Deleted']);
      await same.expunge(1);
      await same.close();
      await other.quit();
      const again = await imap.open(name, { resync: known });
      expect(String(again.resync?.vanished)).toBe('1');
      expect(again.resync?.changed).toMatchObject([
        { uid: 2, flags: expect.arrayContaining(['\\Flagged']) },
      ]);
      await again.close();
    }));

  test('CONTEXT, or searching again: follow() tells what comes and goes', () =>
    inMailbox(async (box, imap, name) => {
      const other = await connect();
      const leave = new AbortController();
      const told: string[] = [];
      const script = [
        () => other.append(name, message('four'), { flags: ['\\Flagged'] }),
        async () => {
          const same = await other.open(name);
          await same.removeFlags(4, ['\\Flagged']);
          await same.close();
        },
      ];
      const follow = box.follow({ flagged: true }, { signal: leave.signal });
      for await (const { uids, added, removed } of follow) {
        told.push(`${uids} +${added} -${removed}`);
        const next = script.shift();
        if (next === undefined) leave.abort();
        else await next();
      }
      expect(told).toEqual([' + -', '4 +4 -', ' + -4']);
      await imap.noop();
      await other.quit();
    }));

  test('BINARY: base64 is decoded by the server, quoted-printable and charsets here', () =>
    inMailbox(async (box, imap, name) => {
      expect(imap.capabilities.has('BINARY')).toBe(true);
      const { uid = 4 } = await imap.append(name, parts);
      const [row] = await box.fetch(uid, { structure: true }).toArray();
      const body = (part: string) => (row as NonNullable<typeof row>).body(part).decoded();
      expect(Buffer.compare(await buffer(body('2')), picture)).toBe(0);
      expect(await text(body('1'))).toBe('grün');
      expect(row?.attachments().map(({ filename }) => filename)).toEqual(['p.bin']);
    }));

  test('CATENATE, MULTIAPPEND, and a body of unknown size', () =>
    inMailbox(async (box, imap, name) => {
      const [, five] = await imap.appendMany(name, [
        { body: message('4') },
        { body: message('5') },
      ]);
      expect(five?.uid).toBe(5);
      const url = partUrl(name, box.uidValidity, 1, 'TEXT');
      await imap.catenate(name, [{ text: 'Subject: put together\r\n\r\n' }, { url }]);
      const unsized = Readable.from([message('7'), 'y'.repeat(2_000), '\r\n']);
      await imap.append(name, unsized);
      await imap.noop();
      const rows = await box.fetch('6:*', { envelope: true, bodies: ['TEXT'] }).toArray();
      expect(rows.map((row) => row.envelope.subject)).toEqual(['put together', '7']);
      expect(await text((rows[0] as (typeof rows)[0]).body('TEXT'))).toBe('x\r\n');
    }));

  test('ESEARCH, SEARCHRES, ESORT, THREAD, WITHIN, windows', () =>
    inMailbox(async (box, imap) => {
      expect(await box.summary()).toEqual({ count: 3, min: 1, max: 3 });
      expect(await box.count({ subject: 'two' })).toBe(1);
      expect(await box.sort(['subject'])).toEqual([1, 3, 2]);
      expect((await box.thread()).length).toBe(3);
      expect((await box.search({ younger: 3_600 })).size).toBe(3);
      expect(String(await box.search({}, { partial: [2, 3] }))).toBe('2:3');
      if (imap.capabilities.has('SEARCHRES')) {
        await box.search({ subject: 'three' }, { save: true });
        const rows = await box.fetch(UidSet.saved, { size: true }).toArray();
        expect(rows.map(({ uid }) => uid)).toEqual([3]);
      } else {
        await expect(box.search({}, { save: true })).rejects.toMatchObject({
          code: 'ERR_EXTENSION_REQUIRED',
        });
      }
    }));

  test('CONDSTORE: unchangedSince, changedSince, modSeq', () =>
    inMailbox(async (box, imap) => {
      await box.addFlags(1, ['\\Flagged']);
      const [before] = await box.fetch(1, { modSeq: true }).toArray();
      const since = before?.modSeq as string;
      await box.addFlags(2, ['\\Flagged']);
      const changed = await box.fetch('1:*', { flags: true }, { changedSince: since }).toArray();
      expect(changed.map(({ uid }) => uid)).toEqual([2]);
      const { modified } = await box.addFlags('1:3', ['$Late'], { unchangedSince: since });
      expect(String(modified)).toBe('2');
      expect(imap.capabilities.has('CONDSTORE')).toBe(true);
    }));

  test('PREVIEW, SAVEDATE, OBJECTID, QUOTA, ACL, METADATA: there, or ERR_EXTENSION_REQUIRED', () =>
    inMailbox(async (box, imap, name) => {
      const lacks = expect.objectContaining({ code: 'ERR_EXTENSION_REQUIRED' });
      const tried = async (capability: string, work: () => Promise<unknown>): Promise<unknown> =>
        imap.capabilities.has(capability) ? work() : expect(work()).rejects.toEqual(lacks);
      await tried('PREVIEW', async () => {
        const [row] = await box.fetch(1, { preview: true }).toArray();
        expect([undefined, 'x']).toContain(row?.preview); // Cyrus makes none where it is not told to
      });
      await tried('SAVEDATE', async () => {
        const [row] = await box.fetch(1, { saveDate: true }).toArray();
        expect(row?.saveDate).toBeInstanceOf(Date);
      });
      await tried('OBJECTID', async () => {
        const [row] = await box.fetch(1, { emailId: true, threadId: true }).toArray();
        expect([typeof row?.emailId, row?.problems]).toEqual(['string', []]);
      });
      await tried('QUOTA', () => imap.quota(name));
      await tried('ACL', async () => {
        expect(await imap.myRights(name)).toContain('r');
        expect(await imap.acl(name)).toMatchObject({ alice: expect.stringContaining('l') });
      });
      await tried('METADATA', async () => {
        const entry = '/private/comment';
        await imap.setMetadata(name, { [entry]: 'ours' });
        expect(String(Object.values(await imap.metadata(name, [entry]))[0])).toBe('ours');
      });
    }));

  test('COMPRESS=DEFLATE, or in plain octets: the same work', () =>
    inMailbox(
      async (box) => {
        const rows = await box.fetch('1:*', { envelope: true }).toArray();
        expect(rows.map((row) => row.envelope.subject)).toEqual(['one', 'two', 'three']);
      },
      { compress: true },
    ));

  test('NOTIFY, or STATUS now and then: watch() of two mailboxes', () =>
    inMailbox(async (box, imap, name) => {
      const other = await connect();
      const second = await other.personal(`Tests-${randomUUID()}`);
      await other.create(second);
      await box.close();
      const events = imap.watch([name, second], { interval: 200 })[Symbol.asyncIterator]();
      const first = events.next();
      // The numbers at the beginning have to be known before they change.
      const wait = setInterval(() => void other.append(second, message('news')), 500);
      expect((await first).value).toMatchObject({ type: 'status', mailbox: second });
      clearInterval(wait);
      await events.return?.();
      await other.noop();
      await other.delete(second);
      await other.quit();
    }));
});
