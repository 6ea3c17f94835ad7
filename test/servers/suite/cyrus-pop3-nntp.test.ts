// Cyrus' pop3d and nntpd: all that they offer. Newsgroups are mailboxes there, which an administrator makes by IMAP.
import { randomUUID } from 'node:crypto';
import { buffer, text } from 'node:stream/consumers';
import { ImapClient } from '@fivewire/imap';
import { NntpClient, type NntpOptions } from '@fivewire/nntp';
import { fetchNew, Pop3Client } from '@fivewire/pop3';
import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type Door, options, verified } from './doors.js';

const imapDoor = { server: 'cyrus', port: 'imaps', security: 'implicit-tls' } as const;

describe.each<Door>([
  { server: 'cyrus', port: 'pop3s', security: 'implicit-tls' },
  { server: 'cyrus', port: 'pop3', security: 'starttls' },
])("Cyrus' pop3d by $security", (door) => {
  const messages = ['one', 'two', 'three'].map(
    (subject) => `Subject: ${subject}\r\n\r\n.first\r\n..\r\n\r\nlast\r\n`,
  );

  beforeEach(async () => {
    const imap = await ImapClient.connect(options(imapDoor, 'bob'));
    const inbox = await imap.open('INBOX');
    await inbox.addFlags('1:*', ['\\Deleted']);
    await inbox.expunge('1:*');
    await inbox.close();
    for (const message of messages) await imap.append('INBOX', message);
    await imap.quit();
  });

  test('says what it can', async () => {
    const pop = await Pop3Client.connect(options(door, 'bob'));
    expect(pop.security).toMatchObject(verified(door));
    const { capabilities } = pop;
    expect(
      ['TOP', 'UIDL', 'PIPELINING', 'RESP-CODES'].filter((name) => !capabilities.has(name)),
    ).toEqual([]);
    expect(capabilities.expire).toMatchObject({ days: 'never' });
    await pop.quit();
  });

  test('gives messages octet by octet, one, many in a pipeline, and heads', async () => {
    const pop = await Pop3Client.connect(options(door, 'bob'));
    expect(await pop.stat()).toEqual({
      count: 3,
      octets: messages.reduce((sum, { length }) => sum + length, 0),
    });
    expect((await pop.list().toArray()).map((row) => row.ok && row.octets)).toEqual(
      messages.map(({ length }) => length),
    );
    expect(await text(pop.retrieve(2))).toBe(messages[1]);
    expect(await text(pop.top(3, 1))).toBe('Subject: three\r\n\r\n.first\r\n');
    const seen: string[] = [];
    for await (const item of pop.retrieveAll([1, 2, 3, 9])) {
      if (item.ok) seen.push(await text(item.message), String(item.problem));
      else seen.push(item.error.code);
    }
    expect(seen).toEqual([
      ...messages.flatMap((message) => [message, 'undefined']),
      'ERR_COMMAND_REJECTED',
    ]);
    await pop.noop();
    await pop.quit();
  });

  test('deletes what QUIT commits, and nothing else', async () => {
    const first = await Pop3Client.connect(options(door, 'bob'));
    await first.delete([1, 2]);
    await first.reset();
    await first.delete(3);
    await first[Symbol.asyncDispose]();
    const store = new Set<string>();
    const pop = await Pop3Client.connect(options(door, 'bob'));
    const uids: string[] = [];
    for await (const mail of fetchNew(pop, store, { remove: true, limit: 2 })) {
      if (!mail.ok) throw new Error(JSON.stringify(mail.error));
      await buffer(mail.message);
      await mail.done();
      uids.push(mail.uid);
    }
    expect(uids).toHaveLength(2);
    expect(await pop.quit()).toEqual({ committed: true });
    const last = await Pop3Client.connect(options(door, 'bob'));
    expect((await last.stat()).count).toBe(1);
    await last.quit();
  });
});

describe.each<Door>([
  { server: 'cyrus', port: 'nntps', security: 'implicit-tls' },
  { server: 'cyrus', port: 'nntp', security: 'starttls' },
])("Cyrus' nntpd by $security", (door) => {
  const group = `fivewire.${randomUUID()}`;
  const article = (messageId: string, newsgroups = group) =>
    [
      'Path: peer.example.test!not-for-mail',
      `Date: ${new Date().toUTCString().replace('GMT', '+0000')}`,
      'From: Alice <alice@example.test>',
      `Newsgroups: ${newsgroups}`,
      `Subject: about ${messageId.slice(1, 9)}`,
      `Message-ID: ${messageId}`,
      ...['', '.dotted', '..', 'last', ''],
    ].join('\r\n');
  const newId = () => `<${randomUUID()}@example.test>`;
  const connect = (more: Partial<NntpOptions> = {}) =>
    NntpClient.connect({ ...options(door), ...more } as NntpOptions);

  beforeAll(async () => {
    const admin = options(imapDoor);
    const imap = await ImapClient.connect({
      ...admin,
      auth: { user: 'cyrus', password: 'secret' },
    });
    const mailbox = `news/${group.replaceAll('.', '/')}`;
    await imap.create(mailbox);
    await imap.setRights(mailbox, 'anyone', 'lrs');
    await imap.setRights(mailbox, 'alice', 'lrsp');
    await imap.quit();
  });

  test.each([false, true])(
    'posts and reads, by every command that it has (compressed: %s)',
    async (compress) => {
      const nntp = await connect({ compress });
      expect(nntp.security).toMatchObject(verified(door));
      expect(nntp.compressed).toBe(compress);
      const [one, two] = [newId(), newId()];
      for (const id of [one, two])
        expect(await nntp.post(article(id))).toMatchObject({ messageId: id });
      const { low, high } = await nntp.group(group);
      expect(await nntp.listGroup(group, { from: high - 1, to: high }).toArray()).toEqual([
        high - 1,
        high,
      ]);
      const span = { from: high - 1, to: high };
      const rows = await nntp.overview(span).toArray();
      expect(
        rows.map(({ number, messageId, subject, problem }) => [
          number,
          messageId,
          subject,
          problem,
        ]),
      ).toEqual(
        [one, two].map((id, at) => [high - 1 + at, id, `about ${id.slice(1, 9)}`, undefined]),
      );
      expect((await nntp.overview(two).toArray())[0]?.messageId).toBe(two);
      expect((await nntp.header('Subject', span).toArray()).map(({ value }) => value)).toEqual(
        [one, two].map((id) => `about ${id.slice(1, 9)}`),
      );
      expect((await nntp.header('Subject', two).toArray())[0]?.value).toBe(
        `about ${two.slice(1, 9)}`,
      );
      const found = await nntp
        .xpat('Subject', { from: low, to: high }, `*${two.slice(1, 9)}*`)
        .toArray();
      expect(found.map(({ number }) => number)).toEqual([high]);
      expect(await text((await nntp.article(two)).body)).toBe('.dotted\r\n..\r\nlast\r\n');
      expect((await nntp.head(high)).headers.get('Message-ID')).toBe(two);
      expect(await text((await nntp.body(high)).body)).toBe('.dotted\r\n..\r\nlast\r\n');
      expect(await nntp.stat(high)).toEqual({ number: high, messageId: two });
      expect((await nntp.last())?.messageId).toBe(one);
      expect((await nntp.next())?.messageId).toBe(two);
      expect(await nntp.next()).toBe(undefined);
      const items: unknown[] = [];
      for await (const item of nntp.articles([high, 99_999, one]))
        items.push(item.ok || item.error.code);
      expect(items).toEqual([true, 'ERR_NOT_FOUND', true]);
      const names = (await nntp.listActive({ wildmat: group }).toArray()).map(({ name }) => name);
      expect(names).toEqual([group]);
      expect((await nntp.listOverviewFormat()).fields).toContain('message-id');
      expect((await nntp.listHeaders().toArray()).length).toBeGreaterThan(0);
      expect(Math.abs((await nntp.date()).getTime() - Date.now())).toBeLessThan(3_600_000);
      expect(await nntp.help()).toContain('ARTICLE');
      let last = '';
      for await (const item of nntp.archive(group)) {
        if (item.kind === 'article') last = await text(item.article.raw);
      }
      expect(last.endsWith('\r\n\r\n.dotted\r\n..\r\nlast\r\n')).toBe(true);
      await nntp.quit();
    },
  );

  test('what it does not have is told as such, and the session goes on', async () => {
    const nntp = await connect();
    const codes = await Promise.all(
      [
        nntp.listActiveTimes().toArray(),
        nntp.listCounts().toArray(),
        nntp.listDistribPats().toArray(),
        nntp.listMotd().toArray(),
        nntp.newNews('*', new Date()).toArray(),
      ].map((call) =>
        call.then(
          () => 'rows',
          ({ code }) => code,
        ),
      ),
    );
    expect(new Set(codes)).toEqual(new Set(['ERR_EXTENSION_REQUIRED']));
    await expect(nntp.group('fivewire.absent')).rejects.toMatchObject({ code: 'ERR_NOT_FOUND' });
    await expect(nntp.stat(newId())).rejects.toMatchObject({ code: 'ERR_NOT_FOUND' });
    await nntp.date();
    await nntp.quit();
  });

  test.each([
    ['CHECK and TAKETHIS', [], { check: true }, 'duplicate'],
    ['TAKETHIS alone', [], { check: false }, 'duplicate'],
    ['IHAVE', ['STREAMING'], {}, 'duplicate'],
  ])('is fed by %s', async (_, disable, how, again) => {
    const nntp = await connect({ reader: false, disable });
    const ids = [newId(), newId()];
    const outcomes: string[] = [];
    for (const given of [ids, ids.slice(0, 1)]) {
      const articles = given.map((messageId) => ({ messageId, article: article(messageId) }));
      for await (const { outcome } of nntp.feed(articles, how)) outcomes.push(outcome);
    }
    expect(outcomes).toEqual(['accepted', 'accepted', again]);
    await nntp.quit();
  });

  // It takes none that it may not: and one for a group that it has not, by TAKETHIS, makes it loop for ever (nntpd of 3.6).
  test('refuses a feed of what the login may not post, and goes on', async () => {
    const { auth: _, ...anonymous } = options(door);
    const nntp = await NntpClient.connect({ ...anonymous, reader: false });
    const messageId = newId();
    const fed: unknown[] = [];
    for await (const { outcome } of nntp.feed([{ messageId, article: article(messageId) }], {
      check: false,
    }))
      fed.push(outcome);
    expect(fed).toEqual(['rejected']);
    await nntp.quit();
  });
});
