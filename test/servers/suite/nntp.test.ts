// NNTP against INN: innd keeps, nnrpd serves; reading is free, posting needs a login.
import { randomUUID } from 'node:crypto';
import { text } from 'node:stream/consumers';
import { type Feedable, NntpClient } from '@fivewire/nntp';
import { describe, expect, test } from 'vitest';
import { type Door, options, refuses, verified } from './doors.js';
import { port, runner, server } from './servers.js';

const doors: Door[] = [
  { server: 'inn2', port: 'nntps', security: 'implicit-tls' },
  { server: 'inn2', port: 'nntp', security: 'starttls' },
];

const article = (id: string, subject: string) =>
  [
    'From: Alice <alice@example.test>',
    'Newsgroups: fivewire.test',
    `Subject: ${subject}`,
    `Message-ID: ${id}`,
    '',
    'Hello.',
    '.',
    '..dots',
    '',
  ].join('\r\n');

describe.each(doors)('NNTP by $security', (door) => {
  test('posts, and finds it in group, overview and article', async () => {
    const id = `<${randomUUID()}@example.test>`;
    const subject = `subject ${randomUUID()}`;
    const nntp = await NntpClient.connect(options(door));
    try {
      expect(nntp.security).toMatchObject(verified(door));
      await nntp.post(article(id, subject));

      const group = await nntp.group('fivewire.test');
      expect(group.count).toBeGreaterThan(0);
      const rows = [];
      for await (const row of nntp.overview({ from: group.low, to: group.high })) rows.push(row);
      const row = rows.find((each) => each.messageId === id);
      expect(row).toMatchObject({ subject, messageId: id });

      expect(await text((await nntp.article(id)).body)).toBe('Hello.\r\n.\r\n..dots\r\n');
    } finally {
      await nntp.quit();
    }
  });

  test('compresses, and archives what it has posted, octet by octet', async () => {
    const id = `<${randomUUID()}@example.test>`;
    const nntp = await NntpClient.connect({ ...options(door), compress: true });
    try {
      expect(nntp.compressed).toBe(true);
      await nntp.post(article(id, 'compressed'));
      let found: string | undefined;
      let last = 0;
      for await (const item of nntp.archive('fivewire.test')) {
        last = item.state.last;
        if (item.kind !== 'article') continue;
        const raw = await text(item.article.raw);
        if (item.article.messageId === id) found = raw;
      }
      expect(found).toContain('Subject: compressed\r\n');
      expect(found?.endsWith('\r\n\r\nHello.\r\n.\r\n..dots\r\n')).toBe(true);
      expect(last).toBe((await nntp.group('fivewire.test')).high);
    } finally {
      await nntp.quit();
    }
  });

  test('logs in by AUTHINFO USER where that is named', async () => {
    const id = `<${randomUUID()}@example.test>`;
    const nntp = await NntpClient.connect({ ...options(door, 'bob'), mechanisms: ['USER'] });
    try {
      await nntp.post(article(id, 'by AUTHINFO USER'));
      expect(await nntp.stat(id)).toMatchObject({ messageId: id });
    } finally {
      await nntp.quit();
    }
  });

  test('reads without a login, and is told that posting needs one', async () => {
    const { auth: _, ...anonymous } = options(door);
    const nntp = await NntpClient.connect(anonymous);
    try {
      expect((await nntp.group('fivewire.empty')).count).toBe(0);
      await expect(
        nntp.post(article(`<${randomUUID()}@example.test>`, 'no')),
      ).rejects.toMatchObject({
        connection: 'usable',
      });
      expect((await nntp.group('fivewire.test')).name).toBe('fivewire.test');
    } finally {
      await nntp.quit();
    }
  });

  test('reads by every other command that it has', async () => {
    const nntp = await NntpClient.connect(options(door));
    const subject = `every ${randomUUID()}`;
    const [one, two] = [`<${randomUUID()}@example.test>`, `<${randomUUID()}@example.test>`];
    for (const id of [one, two]) await nntp.post(article(id, subject));
    const { low, high } = await nntp.group('fivewire.test');
    const span = { from: high - 1, to: high };
    expect(await nntp.listGroup('fivewire.test', span).toArray()).toEqual([high - 1, high]);
    expect((await nntp.header('Message-ID', span).toArray()).map(({ value }) => value)).toEqual([
      one,
      two,
    ]);
    const found = await nntp
      .xpat('Subject', { from: low, to: high }, `*${subject.slice(-8)}`)
      .toArray();
    expect(found.map(({ number }) => number)).toEqual([high - 1, high]);
    expect((await nntp.head(high)).headers.get('Subject')).toBe(subject);
    expect(await text((await nntp.body(high)).body)).toBe('Hello.\r\n.\r\n..dots\r\n');
    expect(await nntp.stat(high)).toEqual({ number: high, messageId: two });
    expect((await nntp.last())?.messageId).toBe(one);
    expect((await nntp.next())?.messageId).toBe(two);
    expect(await nntp.next()).toBe(undefined);
    const items: unknown[] = [];
    for await (const item of nntp.articles([high, 99_999, one]))
      items.push(item.ok || item.error.code);
    expect(items).toEqual([true, 'ERR_NOT_FOUND', true]);
    const wildmat = 'fivewire.*';
    expect((await nntp.listActive({ wildmat }).toArray()).map(({ name }) => name)).toContain(
      'fivewire.test',
    );
    const counted = (await nntp.listCounts({ wildmat }).toArray()).find(
      ({ name }) => name === 'fivewire.test',
    );
    expect(counted?.high).toBe(high);
    for (const rows of [
      nntp.listActiveTimes(),
      nntp.listNewsgroups(),
      nntp.listSubscriptions(),
      nntp.listDistribPats(),
      nntp.listDistributions(),
      nntp.listModerators(),
      nntp.listHeaders(),
      nntp.newGroups(new Date(Date.now() - 86_400_000)),
    ])
      expect(Array.isArray(await rows.toArray())).toBe(true);
    expect((await nntp.listOverviewFormat()).fields).toContain('message-id');
    expect(Math.abs((await nntp.date()).getTime() - Date.now())).toBeLessThan(3_600_000);
    expect(await nntp.help()).toContain('ARTICLE');
    await nntp.quit();
  });

  test('a group that does not exist is ERR_NOT_FOUND', async () => {
    const nntp = await NntpClient.connect(options(door));
    try {
      await expect(nntp.group('fivewire.absent')).rejects.toMatchObject({ code: 'ERR_NOT_FOUND' });
    } finally {
      await nntp.quit();
    }
  });

  test('a wrong password is an AuthenticationError', async () => {
    const wrong = { ...options(door), auth: { user: 'alice', password: 'wrong' } };
    await expect(NntpClient.connect(wrong)).rejects.toMatchObject({
      code: 'ERR_AUTHENTICATION_FAILED',
    });
  });
});

/** innd itself takes the feed of a peer; in its container nnrpd alone is reachable. */
const feeds = [
  { how: 'CHECK and TAKETHIS', disable: [] },
  { how: 'IHAVE', disable: ['STREAMING'] },
];

describe.each(runner() === 'native' ? feeds : [])('a feed by $how', ({ disable }) => {
  test('is taken, and what the peer has is told', async () => {
    const peer = await NntpClient.connect({
      host: server('inn2').host,
      port: port('inn2', 'innd'),
      security: 'cleartext',
      reader: false,
      disable,
    });
    try {
      const [first, second, third] = [1, 2, 3].map(() => {
        const messageId = `<${randomUUID()}@example.test>`;
        const header = `Path: peer.example.test!not-for-mail\r\nDate: ${new Date().toUTCString().replace('GMT', '+0000')}\r\n`;
        return { messageId, article: `${header}${article(messageId, 'fed')}` };
      }) as [Feedable, Feedable, Feedable];
      const outcomes: string[] = [];
      for (const run of [
        [first, second],
        [first, third],
      ]) {
        for await (const { outcome } of peer.feed(run)) outcomes.push(outcome);
      }
      expect(outcomes).toEqual(['accepted', 'accepted', 'duplicate', 'accepted']);
    } finally {
      await peer.quit();
    }
  });
});

refuses(doors, (options) => NntpClient.connect(options));
