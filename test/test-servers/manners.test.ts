/** Each client does its main job on every manner that the test servers know. */
import { text } from 'node:stream/consumers';
import { FtpClient } from '@fivewire/ftp';
import { ImapClient } from '@fivewire/imap';
import { NntpClient } from '@fivewire/nntp';
import { Pop3Client } from '@fivewire/pop3';
import { SmtpClient } from '@fivewire/smtp';
import { mannerNames, startTestServers, type TestServers } from '@fivewire/test-servers';
import { afterEach, describe, expect, it } from 'vitest';

let servers: TestServers;
afterEach(async () => {
  await servers.close();
  expect(servers.problems).toEqual([]);
});

const auth = { user: 'alice', password: 'secret' };
const message =
  'From: Bob <bob@example.org>\r\nTo: a@example.org, c@example.org\r\nSubject: Hello\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Disposition: inline\r\n\r\nHi.\r\n--b--\r\n';

async function start(like: string) {
  servers = await startTestServers({
    like,
    users: { alice: 'secret' },
    files: { '/in/a.txt': 'abc' },
    groups: ['x.y', 'x.empty'],
  });
}

describe('IMAP', () => {
  it.each(mannerNames('imap'))('%s', async (like) => {
    await start(like);
    servers.mail.deliver('alice', message);
    const client = await ImapClient.connect({ ...servers.connectOptions('imap'), auth });
    const names: string[] = [];
    for await (const { name } of client.list()) names.push(name);
    expect(names).toContain('Sent');
    const inbox = await client.open('INBOX');
    for await (const row of inbox.fetch('1:*', { envelope: true, flags: true, structure: true })) {
      expect(row.envelope).toMatchObject({
        subject: 'Hello',
        from: [{ address: 'bob@example.org' }],
      });
      expect(row.structure.type).toBe('multipart/mixed');
      expect(await text(row.body())).toContain('Hi.');
    }
    // Only a search that must find something shows that strato's ESEARCH finds nothing.
    expect([...(await inbox.search({}))]).toEqual([1]);
    expect([...(await inbox.search({ subject: 'hello' }))]).toEqual([1]);
    await inbox.addFlags('1', ['\\Flagged']);
    await inbox.move('1', 'Sent');
    await inbox.close();
    await client.quit();
    expect(servers.mail.mailbox('alice', 'Sent')?.messages).toHaveLength(1);
  });
});

describe('POP3', () => {
  it.each(mannerNames('pop3').filter((like) => like !== 'exchange-2000'))('%s', async (like) => {
    await start(like);
    for (let n = 0; n < 3; n++) servers.mail.deliver('alice', message);
    const client = await Pop3Client.connect({ ...servers.connectOptions('pop3'), auth });
    const texts: string[] = [];
    for await (const item of client.retrieveAll([1, 2, 3]))
      if (item.ok) texts.push(await text(item.message));
    expect(texts.map((one) => one.trimEnd())).toEqual(Array(3).fill(message.trimEnd()));
    await client.quit();
  });
});

it('POP3: exchange-2000, whose message nothing ends, is told as silent and not as whole', async () => {
  await start('exchange-2000');
  servers.mail.deliver('alice', message);
  const client = await Pop3Client.connect({
    ...servers.connectOptions('pop3'),
    auth,
    timeouts: { stall: 300 },
  });
  await expect(text(client.retrieve(1))).rejects.toMatchObject({
    code: 'ERR_TIMEOUT',
    connection: 'closed',
    hint: expect.stringMatching(/\w/),
  });
});

describe('SMTP', () => {
  it.each(mannerNames('smtp'))('%s', async (like) => {
    await start(like);
    const client = await SmtpClient.connect({ ...servers.connectOptions('smtp'), auth });
    await client.send({ from: 'bob@example.org', to: ['alice@example.org'] }, message);
    await client.quit();
    expect(await servers.mail.messages({ to: 'alice@example.org' })).toHaveLength(1);
  });
});

describe('FTP', () => {
  it.each(mannerNames('ftp'))('%s', async (like) => {
    await start(like);
    const client = await FtpClient.connect({ ...servers.connectOptions('ftp'), auth });
    const entries: string[] = [];
    for await (const { name, size } of client.list('/in')) entries.push(`${name} ${size}`);
    expect(entries).toEqual(['a.txt 3']);
    await client.mkdir('/empty');
    for await (const { name } of client.list('/empty')) expect(name).toBeUndefined();
    await client.remove('/in/a.txt');
    await client.upload(Buffer.from('new'), '/in/b.txt');
    expect(await text(client.createReadStream('/in/b.txt'))).toBe('new');
    await client.quit();
  });
});

describe('NNTP', () => {
  it.each(mannerNames('nntp'))('%s', async (like) => {
    await start(like);
    servers.news.add(
      'From: a@x\r\nSubject: Hi\r\nNewsgroups: x.y\r\nMessage-ID: <1@x>\r\n\r\nText\r\n',
    );
    const client = await NntpClient.connect({ ...servers.connectOptions('nntp'), auth });
    expect(await client.group('x.empty')).toMatchObject({ count: 0 });
    await client.group('x.y');
    const subjects: string[] = [];
    for await (const row of client.overview({ from: 1, to: 9 })) subjects.push(row.subject);
    expect(subjects).toEqual(['Hi']);
    await client.quit();
  });
});
