/** What our IMAP client does by extensions, against the test server's own. */
import { ImapClient, type Thread } from '@fivewire/imap';
import { startTestServers, type TestServers } from '@fivewire/test-servers';
import { afterEach, beforeEach, expect, it } from 'vitest';

let servers: TestServers;
let client: ImapClient;

beforeEach(async () => {
  servers = await startTestServers({ users: { alice: 'secret' }, protocols: ['imap'] });
  client = await ImapClient.connect({
    ...servers.connectOptions('imap'),
    auth: { user: 'alice', password: 'secret' },
  });
});
afterEach(async () => {
  await client.quit();
  await servers.close();
  expect(servers.problems).toEqual([]);
});

const deliver = (...lines: string[]) =>
  servers.mail.deliver('alice', `${lines.join('\r\n')}\r\n\r\nHi.\r\n`);

it('sorts and threads', async () => {
  deliver('Subject: Beta', 'Message-ID: <a@x>', 'Date: Thu, 1 Jan 2026 00:00:00 +0000');
  deliver('Subject: Alpha', 'Message-ID: <b@x>', 'Date: Fri, 2 Jan 2026 00:00:00 +0000');
  deliver('Subject: Re: Beta', 'References: <a@x>', 'Date: Sat, 3 Jan 2026 00:00:00 +0000');
  await using inbox = await client.open('INBOX');
  expect(await inbox.sort(['subject', '-date'], {})).toEqual([2, 3, 1]);
  const shape = ({ uid, children }: Thread): unknown => [uid, ...children.map(shape)];
  for (const algorithm of ['REFERENCES', 'ORDEREDSUBJECT'])
    expect((await inbox.thread(algorithm, {})).map(shape), algorithm).toEqual([[1, [3]], [2]]);
});

it('reads quotas and sets them, and is told when there is no room', async () => {
  await client.setQuota('', { STORAGE: 1, MESSAGE: 10 });
  expect(await client.quota('INBOX')).toEqual([
    {
      root: '',
      resources: { STORAGE: { usage: 0, limit: 1 }, MESSAGE: { usage: 0, limit: 10 } },
    },
  ]);
  await expect(client.append('INBOX', Buffer.alloc(2_000, 'x'))).rejects.toMatchObject({
    code: 'ERR_COMMAND_REJECTED',
    message: expect.stringContaining('more than the quota allows'),
  });
});

it('reads and changes rights', async () => {
  await client.setRights('INBOX', 'bob', 'lr');
  expect(await client.acl('INBOX')).toEqual({ alice: 'lrswipkxtea', bob: 'lr' });
  await client.setRights('INBOX', 'bob', '-r');
  expect(await client.acl('INBOX')).toMatchObject({ bob: 'l' });
  await client.deleteRights('INBOX', 'bob');
  expect(await client.myRights('INBOX')).toBe('lrswipkxtea');
  expect(await client.listRights('INBOX', 'alice')).toMatchObject({ required: 'la' });
});

it('watches several mailboxes by NOTIFY', async () => {
  const events: string[] = [];
  const steps = [
    () => deliver('Subject: One'),
    () => servers.mail.deliver('alice', 'Subject: Two\r\n\r\n', { mailbox: 'Sent' }),
    () => servers.mail.inbox('alice').remove([1]),
  ];
  const watching = client.watch(['INBOX', 'Sent']);
  const ready = async () => {
    const isSet = () =>
      servers.imap.connections.some(({ lines }) =>
        lines.some((line) => line.includes(' NOTIFY SET')),
      );
    while (!isSet()) await new Promise(setImmediate);
  };
  void ready().then(() => steps.shift()?.());
  for await (const event of watching) {
    events.push(`${event.mailbox} ${event.type}`);
    const next = steps.shift();
    if (!next) break;
    next();
  }
  expect(events).toEqual(['INBOX new', 'Sent status', 'INBOX expunged']);
});
