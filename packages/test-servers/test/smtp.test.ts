import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type SmtpServerOptions, startTestServers, type TestServers } from '../src/index.js';
import { parsePath } from '../src/smtp/path.js';
import { Client } from './client.js';

let servers: TestServers;
const clients: Client[] = [];
beforeEach(() => start());
afterEach(async () => {
  for (const client of clients.splice(0)) client.close();
  expect(servers.problems).toEqual([]);
  await servers.close();
});

async function start(smtp: SmtpServerOptions = {}) {
  servers = await startTestServers({
    users: { alice: 'secret', bob: 'hunter2' },
    protocols: ['smtp'],
    smtp,
  });
}

async function dial(hello = 'EHLO client.test'): Promise<Client> {
  const client = await Client.dial(servers.ports.smtp.cleartext);
  clients.push(client);
  await client.line();
  client.send(`${hello}\r\n`);
  await client.until(/^250 /);
  return client;
}

const bobs = () => servers.mail.inbox('bob').messages.map(({ octets }) => octets.toString());

it('takes a pipelined transaction, and serves the octets that came', async () => {
  const client = await dial();
  client.send('MAIL FROM:<a@x>\r\nRCPT TO:<bob@y>\r\nRCPT TO:<nobody@y>\r\nDATA\r\n');
  expect(await client.until(/^354/)).toEqual([
    '250 2.1.0 Sender ok',
    '250 2.1.5 Recipient ok',
    '550 5.1.1 No such user here',
    '354 End with a dot',
  ]);
  // Neither a bare LF nor a bare CR ends the message: no smuggling.
  client.send('..dot\r\nmid\n.\nmid\r.\r\n..\r\n.\r\nNOOP\r\n');
  expect(await client.line()).toMatch(/^250 2\.0\.0 Accepted/);
  expect(await client.line()).toBe('250 2.0.0 Ok');
  expect(bobs()).toEqual(['.dot\r\nmid\n.\nmid\r.\r\n.\r\n']);
});

it('takes an empty message, and one by BDAT', async () => {
  const client = await dial();
  for (const line of ['MAIL FROM:<>', 'RCPT TO:<bob@y>', 'DATA']) await client.ask(line);
  expect(await client.ask('.')).toMatch(/^250/);
  for (const line of ['MAIL FROM:<a@x> BODY=BINARYMIME', 'RCPT TO:<bob@y>']) await client.ask(line);
  client.send('BDAT 4\r\na\n.\n');
  expect(await client.line()).toBe('250 2.0.0 4 octets');
  expect(await client.ask('DATA')).toMatch(/^503/);
  client.send('BDAT 2 LAST\r\n\0\r');
  expect(await client.line()).toMatch(/^250/);
  expect(bobs()).toEqual(['', 'a\n.\n\0\r']);
  expect(servers.mail.deliveries).toEqual([
    { from: '', to: ['bob@y'] },
    { from: 'a@x', to: ['bob@y'] },
  ]);
});

it('refuses a message that is too big, announced or not, and goes on', async () => {
  await servers.close();
  await start({ maxMessageOctets: 10 });
  const client = await dial();
  expect(await client.ask('MAIL FROM:<a@x> SIZE=11')).toMatch(/^552/);
  const begin = async () => {
    await client.ask('MAIL FROM:<a@x>');
    await client.ask('RCPT TO:<bob@y>');
  };
  await begin();
  await client.ask('DATA');
  expect(await client.ask(`${'x'.repeat(100_000)}\r\n.`)).toMatch(/^552/);
  await begin();
  expect(await client.ask(`BDAT 11 LAST\r\n${'x'.repeat(11)}NOOP`)).toMatch(/^552/);
  expect(await client.line()).toMatch(/^250/);
  await begin();
  await client.ask('DATA');
  expect(await client.ask('12345678\r\n.')).toMatch(/^250/);
  expect(bobs()).toEqual(['12345678\r\n']);
});

it('relays for who has logged in, and keeps it apart', async () => {
  const client = await dial();
  await client.ask('AUTH PLAIN AGFsaWNlAHNlY3JldA==');
  for (const line of ['MAIL FROM:<alice@x>', 'RCPT TO:<far@away>', 'RCPT TO:<bob@y>', 'DATA'])
    await client.ask(line);
  await client.ask('hi\r\n.');
  expect(servers.mail.relayed).toMatchObject([
    { from: 'alice@x', to: ['far@away'], octets: Buffer.from('hi\r\n') },
  ]);
  expect(bobs()).toEqual(['hi\r\n']);
});

describe('refuses', () => {
  it('senders, recipients and messages as told', async () => {
    await servers.close();
    await start({
      refuseSenders: { 'spam@x': '550 5.7.1 No' },
      refuseRecipients: ({ address, from }) =>
        address === 'bob@y' && from === 'b@x' ? '452 4.2.2 Full' : undefined,
      refuseMessages: { '*': '554 5.6.0 Not that' },
    });
    const client = await dial();
    expect(await client.ask('MAIL FROM:<spam@x>')).toBe('550 5.7.1 No');
    await client.ask('MAIL FROM:<b@x>');
    expect(await client.ask('RCPT TO:<bob@y>')).toBe('452 4.2.2 Full');
    expect(await client.ask('RCPT TO:<alice@y>')).toMatch(/^250/);
    await client.ask('DATA');
    expect(await client.ask('hi\r\n.')).toBe('554 5.6.0 Not that');
    expect(servers.mail.deliveries).toEqual([]);
  });

  it('mail without a login where that is required', async () => {
    await servers.close();
    await start({ requireAuth: true });
    const client = await dial();
    expect(await client.ask('MAIL FROM:<a@x>')).toMatch(/^530 5\.7\.0/);
  });

  it.each([
    ['MAIL FROM:a@x', '501'],
    ['MAIL FROM:<a@x> FROB', '555'],
    ['RCPT TO:<bob@y>', '503'],
    ['DATA', '503'],
    ['BDAT 0 LAST', '503'],
    ['BDAT x', '501'],
    ['AUTH FROB', '504'],
    ['STARTTLS', '502'],
    ['STARTTLS now', '501'],
    ['FROB', '500'],
    ['VRFY nobody', '550'],
    ['HELP', '214'],
  ])('%s with %s', async (command, code) => {
    const client = await dial();
    expect((await client.ask(command)).slice(0, 3)).toBe(code);
  });

  it('a transaction before EHLO', async () => {
    const client = await Client.dial(servers.ports.smtp.cleartext);
    clients.push(client);
    await client.line();
    expect(await client.ask('MAIL FROM:<a@x>')).toMatch(/^503/);
    expect(await client.ask('HELO me')).toBe('250 localhost');
    expect(await client.ask('MAIL FROM:<a@x>')).toMatch(/^250/);
    expect(await client.ask('DATA')).toMatch(/^554/);
    expect(await client.ask('RSET')).toMatch(/^250/);
  });
});

it('speaks LMTP: a reply for each recipient, after the dot', async () => {
  await servers.close();
  await start({ lmtp: true, refuseMessages: { 'bob@y': '452 4.2.2 Full' } });
  const client = await dial('LHLO client.test');
  expect(await client.ask('EHLO client.test')).toMatch(/^500/);
  for (const line of ['MAIL FROM:<a@x>', 'RCPT TO:<alice@y>', 'RCPT TO:<bob@y>', 'DATA'])
    await client.ask(line);
  expect(await client.ask('hi\r\n.')).toMatch(/^250/);
  expect(await client.line()).toBe('452 4.2.2 Full');
  expect(servers.mail.inbox('alice').messages).toHaveLength(1);
  expect(bobs()).toEqual([]);
});

it.each([
  ['FROM:<>', { address: '', parameters: {} }],
  [
    'from:<a@b> SIZE=5 body=8BITMIME SMTPUTF8',
    {
      address: 'a@b',
      parameters: { SIZE: '5', BODY: '8BITMIME', SMTPUTF8: '' },
    },
  ],
  ['FROM:<"a > b"@c>', { address: '"a > b"@c', parameters: {} }],
  ['FROM:<@relay.example:a@b>', { address: 'a@b', parameters: {} }],
  ['FROM:<\xc3\xa9@b>', { address: 'é@b', parameters: {} }],
  ['FROM:a@b', undefined],
  ['TO:<a@b>', undefined],
  ['FROM:<a@b', undefined],
  ['FROM:<a@b> <c@d>', undefined],
])('path %s', (text, expected) => {
  const path = parsePath('FROM', text);
  expect(path && { ...path, parameters: Object.fromEntries(path.parameters) }).toEqual(expected);
});
