/** What a search finds is held against the rows: some servers pass over keys that they do not know. */
import { text } from 'node:stream/consumers';
import { ImapClient } from '@fivewire/imap';
import { startTestServers } from '@fivewire/test-servers';
import { expect, it } from 'vitest';
import { imapArrivals } from '../src/fetch/imap-source.js';
import type { SourceOptions } from '../src/fetch/source.js';

/** The same object; one of its methods is another. */
const withMethod = <T extends object>(object: T, name: keyof T, method: unknown): T =>
  new Proxy(object, {
    get(target, key) {
      if (key === name) return method;
      const value = Reflect.get(target, key, target);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });

it.each([
  ['unseen', { unseen: true }, ['unread', `large ${'x'.repeat(5_000)}`]],
  ['small', { maxSize: 1_000 }, ['read', 'unread']],
  ['both', { unseen: true, maxSize: 1_000 }, ['unread']],
  ['one of both', { unseen: true, maxSize: 1_000, limit: 1 }, ['unread']],
])('takes what is %s, though a search finds everything', async (_name, wanted, expected) => {
  const servers = await startTestServers({ users: { alice: 'secret' }, protocols: ['imap'] });
  const inbox = servers.mail.inbox('alice');
  inbox.append('Subject: 1\r\n\r\nread', { flags: ['\\Seen'] });
  inbox.append('Subject: 2\r\n\r\nunread');
  inbox.append(`Subject: 3\r\n\r\nlarge ${'x'.repeat(5_000)}`);
  const imap = await ImapClient.connect({
    ...servers.connectOptions('imap'),
    auth: { user: 'alice', password: 'secret' },
  });
  const blind = withMethod(imap, 'open', async (name: string, options: object) => {
    const mailbox = await imap.open(name, options);
    return withMethod(mailbox, 'search', () => mailbox.search({}));
  });
  const options: SourceOptions = {
    seen: {
      has: () => false,
      since: () => undefined,
      octets: () => undefined,
      add: async () => {},
      forget: async () => {},
    },
    ...{ remove: false, keepDays: 0, unseen: false, limit: Number.POSITIVE_INFINITY },
    maxSize: Number.POSITIVE_INFINITY,
    signal: new AbortController().signal,
    warn: () => {},
    ...wanted,
  };
  const bodies: string[] = [];
  for await (const arrival of imapArrivals(blind, { account: 'box', name: 'INBOX' }, options))
    if ('body' in arrival) {
      bodies.push((await text(arrival.body)).replace(/^.*\r\n\r\n/s, ''));
      await arrival.done();
    }
  expect(bodies).toEqual(expected);
  await imap.quit();
  await servers.close();
});
