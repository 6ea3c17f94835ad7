import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  NewsStore,
  type NntpServerOptions,
  startTestServers,
  type TestServers,
} from '../src/index.js';
import { matchesWildmat } from '../src/nntp/wildmat.js';
import { Client } from './client.js';

let servers: TestServers;
const clients: Client[] = [];
beforeEach(() => start());
afterEach(async () => {
  for (const client of clients.splice(0)) client.close();
  expect(servers.problems).toEqual([]);
  await servers.close();
});

const article = (id: number, more = '') =>
  `From: a@x\r\nNewsgroups: test.a\r\nSubject: s${id}\r\nMessage-ID: <${id}@x>\r\n${more}\r\nbody\r\n`;

async function start(nntp: NntpServerOptions = {}) {
  const news = new NewsStore();
  news.addGroup('test.a', { first: 10, description: 'Tests' });
  news.addGroup('test.b', { status: 'n' });
  for (let id = 0; id < 4; id++) news.add(article(id));
  news.expire('<1@x>');
  servers = await startTestServers({
    users: { alice: 'secret' },
    protocols: ['nntp'],
    groups: [],
    news,
    nntp,
  });
}

async function dial(): Promise<Client> {
  const client = await Client.dial(servers.ports.nntp.cleartext);
  clients.push(client);
  await client.line();
  return client;
}

it('numbers articles, with gaps where they expired', async () => {
  const client = await dial();
  expect(await client.ask('GROUP test.a')).toBe('211 3 10 13 test.a');
  client.send('LISTGROUP test.a 11-\r\n');
  expect(await client.until(/^\.$/)).toEqual(['211 3 10 13 test.a list follows', '12', '13', '.']);
  expect(await client.ask('NEXT')).toBe('223 12 <2@x>');
  expect(await client.ask('LAST')).toBe('223 10 <0@x>');
  expect(await client.ask('LAST')).toBe('422 No previous article');
  expect(await client.ask('STAT 11')).toBe('423 No article with that number');
  expect(await client.ask('STAT')).toBe('223 10 <0@x>');
  client.send('OVER 12\r\n');
  const [, row] = await client.until(/^\.$/);
  expect(row?.split('\t')).toEqual([
    ...['12', 's2', 'a@x', expect.any(String), '<2@x>', '', expect.any(String), '1'],
    'Xref: test-servers.invalid test.a:12',
  ]);
  client.send('HDR :lines <3@x>\r\n');
  expect(await client.until(/^\.$/)).toEqual(['225 Headers follow', '0 1', '.']);
  expect(await client.ask('GROUP test.b')).toBe('211 0 1 0 test.b');
  expect(await client.ask('STAT')).toBe('420 No current article');
});

it('puts fields with tabs and line ends into one row', async () => {
  servers.news.add(
    article(9, 'References: <a@x>\r\n\t<b@x>\r\nDate: Tue, 24 Nov 2026\t05:59:00 +0000\r\n'),
  );
  const client = await dial();
  client.send('OVER <9@x>\r\n');
  const [, row] = await client.until(/^\.$/);
  expect(row?.split('\t')).toHaveLength(9);
  expect(row).toContain('Tue, 24 Nov 2026 05:59:00 +0000');
});

it('posts what is whole, and says why not', async () => {
  const client = await dial();
  const post = async (text: string) => {
    expect(await client.ask('POST')).toMatch(/^340/);
    return client.ask(`${text}\r\n.`);
  };
  expect(await post(`${article(20, 'X-Dot: y\r\n')}..stuffed`)).toMatch(/^240/);
  expect(servers.news.article('<20@x>')?.octets.toString()).toMatch(/\r\n\.stuffed\r\n$/);
  expect(await post(article(20))).toBe('441 Seen before.');
  expect(await post('From: a@x\r\nSubject: s\r\n\r\nbody')).toBe('441 No Newsgroups.');
  expect(await post(article(21).replace('test.a', 'no.such'))).toBe('441 No such group.');
  expect(await client.ask('IHAVE <20@x>')).toMatch(/^435/);
});

describe('lists', () => {
  it.each([
    ['LIST', ['215 List follows', 'test.a 13 10 y', 'test.b 0 1 n', '.']],
    ['LIST ACTIVE test.b', ['215 List follows', 'test.b 0 1 n', '.']],
    ['LIST NEWSGROUPS *.a', ['215 List follows', 'test.a\tTests', '.']],
    ['LIST COUNTS *,!*b', ['215 List follows', 'test.a 13 10 3 y', '.']],
    ['LIST HEADERS', ['215 Any header may be asked for', ':', ':bytes', ':lines', '.']],
    [
      'NEWGROUPS 20200101 000000 GMT',
      ['231 New newsgroups follow', 'test.a 13 10 y', 'test.b 0 1 n', '.'],
    ],
    ['NEWNEWS test.* 200101 000000', ['230 New articles follow', '<0@x>', '<2@x>', '<3@x>', '.']],
    ['NEWNEWS test.b 20200101 000000', ['230 New articles follow', '.']],
  ])('%s', async (command, expected) => {
    const client = await dial();
    client.send(`${command}\r\n`);
    expect(await client.until(/^\.$/)).toEqual(expected);
  });
});

it.each([
  ['GROUP no.such', '411'],
  ['ARTICLE 1', '412'],
  ['ARTICLE <no@such>', '430'],
  ['OVER 1-', '412'],
  ['LIST FROB', '501'],
  ['NEWNEWS * frob', '501'],
  ['MODE FROB', '501'],
  ['AUTHINFO PASS x', '482'],
  ['AUTHINFO FROB', '501'],
  ['AUTHINFO SASL FROB', '503'],
  ['IHAVE x', '501'],
  ['FROB', '500'],
])('answers %s with %s', async (command, code) => {
  expect((await (await dial()).ask(command)).slice(0, 3)).toBe(code);
});

it('wants a login, or MODE READER, where told so; and may refuse posts', async () => {
  await servers.close();
  await start({ requireAuth: true, modeSwitching: true, readOnly: true });
  const client = await dial();
  expect(await client.ask('GROUP test.a')).toMatch(/^480/);
  await client.ask('AUTHINFO USER alice');
  expect(await client.ask('AUTHINFO PASS wrong')).toMatch(/^481/);
  await client.ask('AUTHINFO USER alice');
  expect(await client.ask('AUTHINFO PASS secret')).toMatch(/^281/);
  expect(await client.ask('GROUP test.a')).toMatch(/^401/);
  client.send('CAPABILITIES\r\n');
  const before = await client.until(/^\.$/);
  expect(before).toContain('MODE-READER');
  expect(before).not.toContain('POST');
  expect(await client.ask('MODE READER')).toMatch(/^201/);
  expect(await client.ask('GROUP test.a')).toMatch(/^211/);
  expect(await client.ask('POST')).toMatch(/^440/);
});

it.each([
  ['*', 'any.thing', true],
  ['a.*,!a.b', 'a.b', false],
  ['a.*,!a.*,a.b', 'a.b', true],
  ['!*', 'a', false],
  ['a?c', 'abc', true],
  ['a.c', 'abc', false],
  ['', 'a', false],
])('wildmat %s matches %s: %s', (wildmat, name, expected) => {
  expect(matchesWildmat(wildmat, name)).toBe(expected);
});
