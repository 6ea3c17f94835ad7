import { createHash } from 'node:crypto';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { startTestServers, type TestServers } from '../src/index.js';
import { Client } from './client.js';

let servers: TestServers;
let client: Client;
beforeEach(async () => {
  servers = await startTestServers({
    users: { alice: 'sécret with space' },
    protocols: ['pop3'],
    pop3: { apop: true },
  });
  servers.mail.deliver('alice', 'Subject: one\r\n\r\n.a\r\n..b\r\nc');
  servers.mail.deliver('alice', '\r\nno header\r\n');
  client = await Client.dial(servers.ports.pop3.cleartext);
});
afterEach(async () => {
  client.close();
  expect(servers.problems).toEqual([]);
  await servers.close();
});

async function login() {
  await client.line();
  await client.ask('USER alice');
  expect(await client.ask('PASS sécret with space')).toBe('+OK 2 messages');
}

it('answers a pipeline in order, dots stuffed, a last line ended', async () => {
  await login();
  client.send(
    'STAT\r\nRETR 1\r\nTOP 1 1\r\nTOP 2 0\r\nDELE 1\r\nRETR 1\r\nUIDL 1\r\nLIST\r\nQUIT\r\n',
  );
  expect(await client.until(/^\+OK Bye/)).toEqual([
    '+OK 2 41',
    ...['+OK 28 octets', 'Subject: one', '', '..a', '...b', 'c', '.'],
    ...['+OK', 'Subject: one', '', '..a', '.'],
    ...['+OK', '', '.'],
    '+OK Marked',
    '-ERR [SYS/PERM] No such message.',
    '-ERR [SYS/PERM] No such message.',
    ...['+OK 1 messages', '2 13', '.'],
    '+OK Bye',
  ]);
  expect(servers.mail.inbox('alice').messages.map(({ uid }) => uid)).toEqual([2]);
});

it('deletes nothing without QUIT, and serves the maildrop as it was at login', async () => {
  await login();
  await client.ask('DELE 1');
  servers.mail.deliver('alice', 'late');
  expect(await client.ask('STAT')).toMatch(/^\+OK 1 /);
  client.close();
  await client.ended;
  expect(servers.mail.inbox('alice').messages).toHaveLength(3);
});

it('takes APOP, by the timestamp of the greeting', async () => {
  const timestamp = /<[^>]+>/.exec(await client.line())?.[0] ?? '';
  const digest = (password: string) =>
    createHash('md5')
      .update(timestamp + password)
      .digest('hex');
  expect(await client.ask(`APOP alice ${digest('wrong')}`)).toMatch(/^-ERR \[AUTH\]/);
  expect(await client.ask(`APOP alice ${digest('sécret with space')}`)).toBe('+OK 2 messages');
  expect(servers.pop3.connections[0]?.user).toBe('alice');
});

it.each([
  ['STAT', '-ERR Not in the authorization state.'],
  ['PASS x', '-ERR USER comes first.'],
  ['FROB', '-ERR Unknown command.'],
  ['STLS', '-ERR TLS is not to be had here.'],
  ['UTF8', '+OK'],
])('answers %s with %s', async (command, expected) => {
  await client.line();
  expect(await client.ask(command)).toBe(expected);
});
