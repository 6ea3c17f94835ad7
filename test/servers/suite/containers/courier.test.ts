// Courier: IMAP whose mailboxes lie below INBOX., without LITERAL+, MOVE and ESEARCH; and its POP3.
import { randomUUID } from 'node:crypto';
import { text } from 'node:stream/consumers';
import { ImapClient } from '@fivewire/imap';
import { Pop3Client } from '@fivewire/pop3';
import { describe, expect, test } from 'vitest';
import { type Door, options, refuses, verified } from '../doors.js';

const imapDoors: Door[] = [
  { server: 'courier', port: 'imaps', security: 'implicit-tls' },
  { server: 'courier', port: 'imap', security: 'starttls' },
];
const popDoors: Door[] = [
  { server: 'courier', port: 'pop3s', security: 'implicit-tls' },
  { server: 'courier', port: 'pop3', security: 'starttls' },
];
const message = (subject: string, body = 'Hello.\r\n.dot\r\n') =>
  `From: bob@example.test\r\nTo: alice@example.test\r\nSubject: ${subject}\r\n\r\n${body}`;

describe.each(imapDoors)('IMAP by $security', (door) => {
  test('appends, searches, fetches, flags, moves and deletes', async () => {
    const imap = await ImapClient.connect(options(door));
    const name = `INBOX.${randomUUID()}`;
    const subject = randomUUID();
    try {
      expect(imap.security).toMatchObject(verified(door));
      await imap.create(name);
      expect((await imap.list().toArray()).map((entry) => entry.name)).toContain(name);
      await imap.append('INBOX', message(subject), { flags: ['\\Flagged'] });
      const inbox = await imap.open('INBOX');
      const found = await inbox.search({ subject });
      expect(found.size).toBe(1);
      const rows = [];
      for await (const row of inbox.fetch(found, { envelope: true, flags: true })) rows.push(row);
      expect(rows).toMatchObject([{ envelope: { subject } }]);
      expect(rows[0]?.flags).toContain('\\Flagged');
      await inbox.move(found, name);
      expect((await inbox.search({ subject })).size).toBe(0);
      expect(await imap.status(name, ['messages'])).toMatchObject({ messages: 1 });
      await imap.open('INBOX');
      await imap.delete(name);
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

describe.each(popDoors)('POP3 by $security', (door) => {
  test('lists, retrieves and deletes what IMAP put there', async () => {
    const imap = await ImapClient.connect(options(imapDoors[0] as Door, 'bob'));
    const subject = randomUUID();
    await imap.append('INBOX', message(subject));
    await imap.quit();
    const pop = await Pop3Client.connect(options(door, 'bob'));
    expect(pop.security).toMatchObject(verified(door));
    const { count } = await pop.stat();
    expect(await pop.uidl().toArray()).toHaveLength(count);
    const whole = await text(pop.retrieve(count));
    expect(whole).toContain(`Subject: ${subject}`);
    expect(whole).toContain('Hello.\r\n.dot\r\n');
    await pop.delete([count]);
    expect(await pop.quit()).toMatchObject({ committed: true });
    const again = await Pop3Client.connect(options(door, 'bob'));
    expect(await again.stat()).toMatchObject({ count: count - 1 });
    await again.quit();
  });
});

refuses(imapDoors, (way) => ImapClient.connect(way));
refuses(popDoors, (way) => Pop3Client.connect(way));
