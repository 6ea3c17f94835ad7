import { describe, expect, it } from 'vitest';
import { linksOf } from '../src/caught/parsed-message.js';
import {
  FileTree,
  MailStore,
  NewsStore,
  startTestServers,
  WaitTimeoutError,
} from '../src/index.js';
import { Client } from './client.js';

const reset = [
  'From: App <app@example.org>',
  'To: Zoë <zoe@example.org>',
  'Subject: =?utf-8?Q?R=C3=A9initialiser?= your password',
  'Message-ID: <1@example.org>',
  'MIME-Version: 1.0',
  'Content-Type: multipart/mixed; boundary=x',
  '',
  '--x',
  'Content-Type: multipart/alternative; boundary=y',
  '',
  '--y',
  'Content-Type: text/plain; charset=utf-8',
  '',
  'Go to https://app.example/reset?token=1&x=2.',
  '--y',
  'Content-Type: text/html; charset=utf-8',
  '',
  '<p><a class="b" href="https://app.example/reset?token=1&amp;x=2">Reset</a> <a href=javascript:alert(1)>no</a></p>',
  '--y--',
  '--x',
  'Content-Type: text/CSV; name="a.csv"',
  'Content-Disposition: attachment; filename="a.csv"',
  'Content-Transfer-Encoding: base64',
  '',
  'YTtiCg==',
  '--x--',
  '',
].join('\r\n');

describe('mail', () => {
  it('is parsed: subject, texts, links, attachments', async () => {
    const mail = new MailStore();
    mail.deliver('zoe', reset);
    const [message] = await mail.messages({ to: 'ZOE@example.org' });
    expect(message).toMatchObject({
      user: 'zoe',
      mailbox: 'INBOX',
      uid: 1,
      subject: 'Réinitialiser your password',
      from: { name: 'App', address: 'app@example.org' },
      to: [{ name: 'Zoë', address: 'zoe@example.org' }],
      messageId: '<1@example.org>',
      links: ['https://app.example/reset?token=1&x=2'],
      attachments: [{ filename: 'a.csv', contentType: 'text/csv', octets: Buffer.from('a;b\n') }],
    });
    expect(message?.text).toContain('Go to https');
    expect(message?.html).toContain('<p>');
    expect(message?.source.toString()).toBe(reset);
  });

  it('is found by each criterion, and by nothing that is misspelt', async () => {
    const mail = new MailStore();
    mail.deliver('zoe', reset, { mailbox: 'Archive' });
    const hits = { to: /^zoe@/, from: 'app@example.org', subject: 'your', text: 'token=1' };
    const misses = { to: 'oe@example.org', from: /^zoe/, subject: /^your/, text: 'nothing' };
    for (const [name, value] of Object.entries({ ...hits, user: 'zoe', mailbox: 'Archive' }))
      expect(await mail.messages({ [name]: value }), name).toHaveLength(1);
    for (const [name, value] of Object.entries({ ...misses, user: 'bob', mailbox: 'INBOX' }))
      expect(await mail.messages({ [name]: value }), name).toHaveLength(0);
    await expect(mail.messages({ subjct: 'x' } as object)).rejects.toThrow(/no subjct; it has to/);
    const everywhere = /o/g; // remembers where it was
    for (let n = 0; n < 3; n++) expect(await mail.messages({ to: everywhere })).toHaveLength(1);
  });

  it('belongs to whom the envelope names: a blind copy is found, another copy of the same message is not', async () => {
    await using servers = await startTestServers({
      users: { alice: 'secret', bob: 'secret' },
      protocols: ['smtp'],
    });
    const client = await Client.dial(servers.ports.smtp.cleartext);
    await client.line();
    client.send('EHLO x\r\nAUTH PLAIN AGFsaWNlAHNlY3JldA==\r\n');
    await client.until(/^235/);
    for (const line of ['MAIL FROM:<a@x>', 'RCPT TO:<alice@y>', 'RCPT TO:<bob@y>', 'RCPT TO:<c@z>'])
      await client.ask(line);
    await client.ask('DATA');
    await client.ask('To: alice@y\r\n\r\nHi.\r\n.');
    client.close();
    const { mail } = servers;
    expect((await mail.messages({ to: 'alice@y' })).map(({ user }) => user)).toEqual(['alice']);
    expect((await mail.messages({ to: 'bob@y' })).map(({ user }) => user)).toEqual(['bob']);
    expect(await mail.messages({ to: 'c@z' })).toMatchObject([
      { user: undefined, envelope: { from: 'a@x', to: ['c@z'] } },
    ]);
    expect(await mail.messages({ from: 'a@x' })).toHaveLength(3);
  });

  it('is waited for', async () => {
    const mail = new MailStore();
    const waiting = mail.waitFor({ subject: 'password' });
    mail.deliver('zoe', 'Subject: Welcome\r\n\r\n');
    mail.deliver('zoe', reset);
    expect((await waiting).uid).toBe(2);
    expect((await mail.waitFor({ subject: 'password', timeout: 0 })).uid).toBe(2);
  });

  it('that does not come is an error that tells what came', async () => {
    const mail = new MailStore();
    const error = await mail.waitFor({ to: 'bob@x', timeout: 1 }).catch((reason) => reason);
    expect(error).toBeInstanceOf(WaitTimeoutError);
    expect(error).toMatchObject({ code: 'ERR_TIMEOUT', timeout: 1 });
    expect(error.message).toBe('No mail with to "bob@x" within 1 ms. No mail came at all.');
    mail.deliver('zoe', reset);
    await expect(mail.waitFor({ to: 'bob@x', timeout: 0 })).rejects.toThrow(
      'There is other mail (1): to zoe@example.org, zoe: "Réinitialiser your password"',
    );
    await expect(mail.waitFor({ to: 'bob@x', timeout: Number.NaN })).rejects.toThrow(TypeError);
    const gone = new Error('gone');
    await expect(mail.waitFor({ to: 'x', signal: AbortSignal.abort(gone) })).rejects.toBe(gone);
    const controller = new AbortController();
    const aborted = mail.waitFor({ to: 'x', signal: controller.signal });
    controller.abort(gone);
    await expect(aborted).rejects.toBe(gone);
  });

  it('is cleared away: clients see EXPUNGE, UIDs go on', async () => {
    const mail = new MailStore();
    mail.deliver('zoe', reset);
    mail.deliver('zoe', reset, { mailbox: 'Archive' });
    mail.delete('zoe', 'Sent');
    mail.relay({ from: 'a', to: ['b'], octets: Buffer.from('') });
    mail.clear();
    expect(await mail.messages()).toEqual([]);
    expect([...mail.mailboxes('zoe').keys()].sort()).toEqual([
      'Drafts',
      'INBOX',
      'Junk',
      'Sent',
      'Trash',
    ]);
    expect(mail.deliver('zoe', reset).uid).toBe(2);
  });

  it('comes back from a snapshot, UIDs and flags as they were, under a new UIDVALIDITY', async () => {
    const mail = new MailStore();
    mail.deliver('zoe', reset, { flags: ['\\Seen'] });
    mail.create('zoe', 'Lists').subscribed = false;
    const { uidValidity } = mail.inbox('zoe');
    const snapshot = mail.snapshot();
    mail.inbox('zoe').setFlags(1, []);
    mail.deliver('zoe', reset);
    mail.deliver('bob', reset);
    mail.delete('zoe', 'Lists');
    mail.restore(snapshot);
    const inbox = mail.inbox('zoe');
    expect(inbox.messages.map(({ uid, flags }) => [uid, [...flags]])).toEqual([[1, ['\\Seen']]]);
    expect(inbox.uidNext).toBe(2);
    expect(inbox.uidValidity).not.toBe(uidValidity);
    expect(mail.mailbox('zoe', 'Lists')).toMatchObject({ subscribed: false });
    expect(mail.users).toEqual(['zoe']);
    // A snapshot can be brought back again, whatever happened to what it brought.
    inbox.remove([1]);
    mail.restore(snapshot);
    expect(mail.inbox('zoe').messages).toHaveLength(1);
    expect(mail.inbox('zoe').find(1)).toBeDefined();
  });
});

it('finds links, and no script', () => {
  expect(
    linksOf(
      `<A HREF='http://a/?x=&#38;y&#x26;z' >1</a><a href=mailto:b@c>2</a><a name=x>3</a><area href="HTTPS://D">
       <a href="ftp://e">4</a><img src="http://tracker/">`,
      'See (http://a/?x=&y&z), or http://f/g_(h).',
    ),
  ).toEqual(['http://a/?x=&y&z', 'mailto:b@c', 'HTTPS://D', 'http://f/g_(h)']);
  expect(linksOf('<a href="https://x/&#0;&#x110000;&nope;">', '')).toEqual([
    'https://x/&#0;&#x110000;&nope;',
  ]);
});

describe('news', () => {
  const article = 'From: a@b\r\nSubject: Hi\r\nNewsgroups: x.y\r\n\r\nText\r\n';

  it('is waited for, cleared away and brought back', async () => {
    const news = new NewsStore();
    news.addGroup('x.y');
    const waiting = news.waitFor({ group: 'x.y', subject: 'Hi', from: 'a@b', text: /^Text/ });
    const { messageId } = news.add(article);
    expect(await waiting).toMatchObject({ groups: ['x.y'], subject: 'Hi', article: { messageId } });
    const snapshot = news.snapshot();
    news.add(article);
    news.clear();
    expect(news.group('x.y')).toMatchObject({ low: 3, high: 2 });
    await expect(news.waitFor({ group: 'x.y', timeout: 0 })).rejects.toThrow('No article came');
    news.restore(snapshot);
    expect(news.group('x.y')).toMatchObject({ low: 1, high: 1 });
    expect(await news.posts({ messageId })).toHaveLength(1);
    await expect(news.waitFor({ group: 'z', timeout: 0 })).rejects.toThrow(
      'No article with group "z" within 0 ms. There are other articles (1): x.y: "Hi"',
    );
  });
});

describe('files', () => {
  it('are waited for, cleared away and brought back', async () => {
    const files = new FileTree({ '/in/old.txt': 'old' });
    const waiting = files.waitFor('/in/../in/new.txt');
    files.write('/in/new.part', 'new');
    files.rename('/in/new.part', '/in/new.txt');
    expect(await waiting).toMatchObject({ path: '/in/new.txt', octets: Buffer.from('new') });
    expect((await files.waitFor(/new/)).path).toBe('/in/new.txt');
    await expect(files.waitFor('/out', { timeout: 0 })).rejects.toThrow(
      'No file /out within 0 ms. There are /in/old.txt, /in/new.txt.',
    );
    const snapshot = files.snapshot();
    files.write('/in/old.txt', 'changed');
    files.clear();
    expect(files.paths).toEqual([]);
    files.restore(snapshot);
    files.write('/in/old.txt', 'changed again');
    files.restore(snapshot);
    expect(files.paths).toEqual(['/in/old.txt', '/in/new.txt']);
    expect(files.read('/in/old.txt')?.toString()).toBe('old');
  });
});

describe('users', () => {
  it('are made and taken away while the servers run', async () => {
    await using servers = await startTestServers({ protocols: ['imap'] });
    const one = servers.createUser();
    const two = servers.createUser({ name: 'carol@example.org', password: 'p' });
    expect(one.address).toBe(`${one.name}@example.test`);
    expect(two).toEqual({
      name: 'carol@example.org',
      password: 'p',
      address: 'carol@example.org',
      auth: { user: 'carol@example.org', password: 'p' },
    });
    expect(servers.connectOptions('imap', 'cleartext')).toEqual({
      host: '127.0.0.1',
      port: servers.ports.imap.cleartext,
      security: 'cleartext',
      serverHostname: 'localhost',
      tls: { ca: servers.ca.certificate },
    });
    const login = async (user: string, password: string) => {
      const client = await Client.dial(servers.ports.imap.cleartext);
      await client.line();
      client.send(`a LOGIN ${user} ${password}\r\n`);
      const answer = await client.line();
      client.close();
      return answer.slice(0, 4);
    };
    expect(await login(one.name, one.password)).toBe('a OK');
    servers.accounts.remove(one.name);
    expect(await login(one.name, one.password)).toBe('a NO');
    const snapshot = servers.snapshot();
    servers.accounts.remove(two.name);
    servers.restore(snapshot);
    expect(await login(two.name, 'p')).toBe('a OK');
    expect(await login('nobody', 'secret')).toBe('a NO');
  });

  it('are made on the fly, by mail and by login, where newcomers have a password', async () => {
    await using servers = await startTestServers({
      newcomerPassword: 'welcome',
      protocols: ['imap', 'smtp'],
    });
    const smtp = await Client.dial(servers.ports.smtp.cleartext);
    await smtp.line();
    for (const line of ['EHLO x', 'MAIL FROM:<a@x>', 'RCPT TO:<dora@example.org>', 'DATA'])
      smtp.send(`${line}\r\n`);
    await smtp.until(/^354/);
    await smtp.ask('Subject: Hi\r\n\r\n.');
    smtp.close();
    expect(await servers.mail.messages({ user: 'dora@example.org' })).toHaveLength(1);
    const imap = await Client.dial(servers.ports.imap.cleartext);
    await imap.line();
    expect(await imap.ask('a LOGIN emil wrong')).toMatch(/^a NO/);
    expect(await imap.ask('a LOGIN emil welcome')).toMatch(/^a OK/);
    imap.close();
    expect(servers.accounts.names).toEqual(['dora@example.org', 'emil']);
    servers.clear();
    expect(await servers.mail.messages()).toEqual([]);
  });
});
