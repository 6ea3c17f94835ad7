// The extensions that Dovecot and Cyrus offer, each by the call that uses it; where one lacks it, what its lack means.
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
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

/** The README's table of extensions, and whether the server with this letter was tried. */
function tried(letter: string): { names: string[]; isTried: boolean }[] {
  const readme = readFileSync(new URL('../../../packages/imap/README.md', import.meta.url), 'utf8');
  const table = readme.slice(readme.indexOf('\n## Extensions'));
  return [...table.matchAll(/^\| (?!extension)([A-Z].*?) \|.*?\|.*?\|.*?\| (.*?) \|/gm)].map(
    ([, names = '', letters = '']) => ({
      names: names.toUpperCase().split(', '),
      isTried: letters.includes(letter),
    }),
  );
}

/** Parts of those, ways to log in, and what is obsolete, experimental or the server's own. */
const besides =
  /^(?:AUTH=.*|LOGINDISABLED|STARTTLS|CHILDREN|PREVIEW=FUZZY|RIGHTS=.*|I18NLEVEL=1|URLAUTH.*|X.*|.*-REFERRALS|URL-PARTIAL|SNIPPET=FUZZY|ANNOTATE-EXPERIMENT-1|DIGEST=SHA1|LIST-METADATA|NO_ATOMIC_RENAME|SCAN|SORT=(?:MODSEQ|UID))$/;

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

  /** What goes out, as the log shows it, while `work` runs. */
  const said = async (
    work: (imap: ImapClient, name: string) => Promise<unknown>,
    more: object = {},
  ): Promise<string[]> => {
    const lines: string[] = [];
    const log = ({ type, text }: { type: string; text?: string }): void => {
      if (type === 'send') lines.push(String(text));
    };
    await inMailbox(async (_box, imap, name) => work(imap, name).then(() => {}), { log, ...more });
    return lines;
  };

  test('what it offers is used here, or no client uses it; and the README says which were tried', async () => {
    const { auth: _, ...nameless } = options(door);
    const offered = new Set<string>();
    for (const imap of [await connect(), await ImapClient.connect(nameless)]) {
      for (const name of imap.capabilities)
        offered.add(name.replace(/^(THREAD|APPENDLIMIT)=.*/, '$1'));
      await imap.quit();
    }
    const rows = tried(door.server === 'cyrus' ? 'C' : 'D');
    const known = new Set(rows.flatMap(({ names }) => names));
    expect([...offered].filter((name) => !known.has(name) && !besides.test(name))).toEqual([]);
    const has = ({ names }: { names: string[] }): boolean =>
      names.some((name) => offered.has(name));
    const untold = rows.filter((row) => has(row) !== row.isTried).map(({ names }) => names.join());
    expect(untold).toEqual([]);
  });

  test('LIST-EXTENDED, LIST-STATUS, LIST-MYRIGHTS, STATUS=SIZE: one round trip', async () => {
    let rights = false;
    const lines = await said(async (imap, name) => {
      rights = imap.capabilities.has('LIST-MYRIGHTS');
      const [entry] = await imap
        .list({ pattern: name, children: true, status: ['messages', 'size'], myRights: rights })
        .toArray();
      expect(entry).toMatchObject({ name, selectable: true, status: { messages: 3 } });
      expect(entry?.status?.size).toBeGreaterThan(100);
      expect(entry?.attributes.join()).toMatch(/\\HasNoChildren/i);
      if (rights) expect(entry?.myRights).toContain('r');
      const subscribed = await imap.list({ subscribed: true, recursiveMatch: true }).toArray();
      expect(subscribed.every(({ subscribed }) => subscribed !== false)).toBe(true);
    });
    expect(lines.filter((line) => / (?:STATUS|MYRIGHTS|LSUB) /.test(line))).toHaveLength(1);
  });

  test('SPECIAL-USE, CREATE-SPECIAL-USE', () =>
    inMailbox(async (_box, imap, name) => {
      const found = await imap.list({ specialUse: true }).toArray();
      expect(found.every(({ specialUse }) => specialUse !== undefined)).toBe(true);
      const own = `${name}-use`;
      const made = imap.create(own, { specialUse: '\\Archive' });
      if (!imap.capabilities.has('CREATE-SPECIAL-USE')) {
        await expect(made).rejects.toMatchObject({ code: 'ERR_EXTENSION_REQUIRED' });
        return;
      }
      await made;
      expect((await imap.find({ specialUse: '\\Archive' }))?.name).toBe(own);
      // Cyrus keeps a mailbox as long as it has a use.
      await imap.setMetadata(own, { '/private/specialuse': null });
      await imap.delete(own);
    }));

  test('SORT=DISPLAY, and SEARCH=FUZZY where it is offered', () =>
    inMailbox(async (box, imap) => {
      expect(await box.sort(['displayFrom', '-subject'])).toEqual([2, 3, 1]);
      const fuzzy = box.search({ fuzzy: { subject: 'two' } });
      // Cyrus finds by FUZZY what its indexer has seen, and none runs here.
      if (imap.capabilities.has('SEARCH=FUZZY')) expect(['', '2']).toContain(String(await fuzzy));
      else await expect(fuzzy).rejects.toMatchObject({ code: 'ERR_EXTENSION_REQUIRED' });
    }));

  test('NAMESPACE, ID, UNSELECT, MOVE, UIDPLUS: on the wire', async () => {
    const lines = await said(
      async (imap, name) => {
        expect((await imap.namespaces()).personal).toHaveLength(1);
        expect(imap.serverId?.name).toMatch(/dovecot|cyrus/i);
        const box = await imap.open(name);
        const { uids } = await box.copy('1:2', name);
        expect(String(uids)).toBe('1:2→4:5');
        expect(String((await box.move('4:5', name)).uids)).toBe('4:5→6:7');
        await box.close();
      },
      { id: { name: 'fivewire' } },
    );
    const verbs = ['NAMESPACE', 'ID', 'UNSELECT', 'UID MOVE', 'UID COPY', 'APPEND'];
    const missing = verbs.filter((verb) => !lines.some((line) => line.includes(` ${verb}`)));
    expect(missing).toEqual([]);
  });

  test('NOTIFY, or STATUS now and then: watch() of two mailboxes', async () => {
    let offered = false;
    const lines = await said(async (imap, name) => {
      offered = imap.capabilities.has('NOTIFY');
      const other = await connect();
      const second = await other.personal(`Tests-${randomUUID()}`);
      await other.create(second);
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
    });
    expect(lines.some((line) => line.includes(' NOTIFY SET '))).toBe(offered);
  });
});
