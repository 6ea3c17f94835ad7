/** What URLs name. */
import { describe, expect, it } from 'vitest';
import { ftpName, ftpPath, imapPath, newsPath, pop3Path } from '../src/url-paths.js';

it.each([
  ['', '.'],
  ['pub/a', 'pub/a'],
  ['/pub/a', '/pub/a'],
  ['%2Fpub', '/pub'],
  ['a%20b%C3%BC', 'a bü'],
])('FTP %j is %j', (path, expected) => {
  expect(ftpPath(path)).toBe(expected);
});

it.each([
  ['a%20b%C3%BC', 'a bü', 'a bü'],
  ['pub/caf%E9', Buffer.from('pub/caf\xe9', 'latin1'), 'pub/caf%E9'],
  ['%e9ü%25', Buffer.concat([Buffer.from([0xe9]), Buffer.from('ü%')]), '%e9ü%25'],
])('FTP %j is the octets of %j', (url, path, name) => {
  const expected = typeof path === 'string' ? path : new Uint8Array(path);
  expect(ftpName(url)).toEqual({ path: expected, name });
});

it.each(['%', 'a%2', '%zz', '%e9%'])('FTP %j is 64', (url) => {
  expect(() => ftpName(url)).toThrow(expect.objectContaining({ exit: 64 }));
});

describe('IMAP', () => {
  it.each([
    ['', {}],
    ['INBOX', { mailbox: 'INBOX' }],
    ['A/B%3B%20C', { mailbox: 'A/B; C' }],
    ['INBOX/;UID=5', { mailbox: 'INBOX', uids: '5' }],
    ['INBOX;UIDVALIDITY=7/;UID=5', { mailbox: 'INBOX', uidValidity: 7, uids: '5' }],
    ['INBOX/;UID=1:*', { mailbox: 'INBOX', uids: '1:*' }],
    ['A/B/;UID=5/;SECTION=1.2', { mailbox: 'A/B', uids: '5', section: '1.2' }],
  ])('%j', (path, expected) => {
    const found = Object.entries(imapPath(path)).filter(([, value]) => value !== undefined);
    expect(Object.fromEntries(found)).toEqual(expected);
  });
  it.each(['INBOX/;UID=x', 'INBOX;TYPE=LIST'])('%j is 64', (path) => {
    expect(() => imapPath(path)).toThrow(expect.objectContaining({ exit: 64 }));
  });
});

it.each([
  ['', [undefined, undefined]],
  ['misc.test', ['misc.test', undefined]],
  ['misc.test/12', ['misc.test', 12]],
  ['a@b.example', [undefined, '<a@b.example>']],
  ['%3Ca@b.example%3E', [undefined, '<a@b.example>']],
])('news %j', (path, expected) => {
  const { group, article } = newsPath(path);
  expect([group, article]).toEqual(expected);
});

it('POP3: a number or the whole maildrop', () => {
  expect([pop3Path(''), pop3Path('3')]).toEqual([undefined, 3]);
  for (const wrong of ['0', 'x', '1/2', '%ff'])
    expect(() => pop3Path(wrong)).toThrow(expect.objectContaining({ exit: 64 }));
});
