/** An answer that names another mailbox, root or user than the one asked for is a notice, and no answer. */
import { expect, it } from 'vitest';
import { mayBeSame } from '../src/grammar/mailbox-name.js';
import type { ImapClient } from '../src/index.js';
import { answering, noticesOf } from './support/odd.js';

type Work = (client: ImapClient, name: string) => Promise<unknown>;

const status: Work = (client, name) => client.status(name, ['messages', 'unseen']);
const acl: Work = (client, name) => client.acl(name);
const rights: Work = (client, name) => client.myRights(name);
const possible: Work = (client, name) => client.listRights(name, 'bob');
const quota: Work = (client, name) => client.quota(name);
const metadata: Work = async (client, name) => {
  const found = await client.metadata(name, ['/private/a']);
  return found['/private/a']?.toString() ?? null;
};
const list: Work = async (client) =>
  (await client.list({ status: ['messages', 'unseen'], myRights: true }).toArray()).map((entry) => [
    entry.name,
    entry.status,
    entry.myRights,
  ]);

const both = { messages: 3, unseen: 1 };
const unreadable = 'ERR_MALFORMED_RESPONSE';
const usage = (used: number) => ({ STORAGE: { usage: used, limit: 9 } });
const capabilities = 'ACL QUOTA METADATA METADATA-SERVER LIST-EXTENDED LIST-STATUS LIST-MYRIGHTS';

/** Work, mailbox, responses, result or code, and what the notices say, in their order. */
it.each<[string, Work, string, string[], unknown, RegExp[]]>([
  ['STATUS', status, 'x', ['STATUS y (MESSAGES 3 UNSEEN 1)'], {}, [/nobody asked for: STATUS y/, /MESSAGES is missing/, /UNSEEN is missing/]],
  ['STATUS', status, 'x', ['STATUS y (MESSAGES 7 UNSEEN 7)', 'STATUS x (MESSAGES 3 UNSEEN 1)'], both, [/STATUS y/]],
  ['STATUS', status, 'x', ['STATUS x (MESSAGES 3)'], { messages: 3 }, [/UNSEEN is missing: STATUS x/]],
  ['STATUS', status, 'x', ['STATUS x [MESSAGES 3 UNSEEN 1]'], both, [/no parentheses/]],
  ['STATUS', status, 'x', ['STATUS "x" [MESSAGES 3 UNSEEN 1]'], both, [/no parentheses/]],
  ['STATUS', status, 'x', ['STATUS x <MESSAGES 3 UNSEEN 1>'], both, [/no parentheses/]],
  ['STATUS', status, 'a/x', ['STATUS b/x (MESSAGES 3 UNSEEN 1)'], {}, [/STATUS b\/x/, /MESSAGES/, /UNSEEN/]],
  ['STATUS', status, 'x', ['STATUS INBOX (MESSAGES 3 UNSEEN 1)'], {}, [/STATUS INBOX/, /MESSAGES/, /UNSEEN/]],
  ['STATUS', status, 'inbox', ['STATUS "Inbox" (MESSAGES 3 UNSEEN 1)'], both, []],
  ['STATUS', status, 'Entwürfe', ['STATUS "Entw&APw-rfe" (MESSAGES 3 UNSEEN 1)'], both, []],
  ['STATUS', status, 'Entwürfe', ['STATUS {9}\r\nEntwürfe (MESSAGES 3 UNSEEN 1)'], both, []],
  ['STATUS', status, 'Sent', ['STATUS INBOX.Sent (MESSAGES 3 UNSEEN 1)'], both, []],
  ['STATUS', status, 'R&D', ['STATUS "R&D" (MESSAGES 3 UNSEEN 1)'], both, []],
  ['ACL', acl, 'x', ['ACL y alice lr'], unreadable, [/ACL of another mailbox/]],
  ['ACL', acl, 'x', ['ACL y alice lr', 'ACL x bob l'], { bob: 'l' }, [/ACL of another mailbox/]],
  ['ACL', acl, 'x', ['ACL x alice lr', 'ACL x bob l'], { alice: 'lr' }, [/one more answer/]],
  ['ACL', acl, 'My Box', ['ACL My Box alice lr'], { alice: 'lr' }, [/no quotes/]],
  ['ACL', acl, 'My', ['ACL "My Box" alice lr'], unreadable, [/another mailbox/]],
  ['MYRIGHTS', rights, 'x', ['MYRIGHTS y lr'], unreadable, [/MYRIGHTS of another mailbox/]],
  ['MYRIGHTS', rights, 'x', ['MYRIGHTS y lr', 'MYRIGHTS "x" l'], 'l', [/MYRIGHTS of another mailbox/]],
  ['MYRIGHTS', rights, 'x', ['MYRIGHTS a/x lr', 'MYRIGHTS {1}\r\nx l'], 'l', [/one more answer/]],
  ['MYRIGHTS', rights, 'Sent', ['MYRIGHTS "user/al/Sent" lr'], 'lr', []],
  ['MYRIGHTS', rights, 'INBOX', ['MYRIGHTS inbox lr'], 'lr', []],
  ['LISTRIGHTS', possible, 'x', ['LISTRIGHTS y bob l r'], unreadable, [/LISTRIGHTS of another mailbox/]],
  ['LISTRIGHTS', possible, 'x', ['LISTRIGHTS x al l r'], unreadable, [/about al/]],
  ['LISTRIGHTS', possible, 'x', ['LISTRIGHTS x BOB l r'], { required: 'l', optional: ['r'] }, []],
  ['QUOTA', quota, 'x', ['QUOTAROOT y a', 'QUOTA a (STORAGE 1 9)'], unreadable, [/QUOTAROOT of another mailbox/]],
  ['QUOTA', quota, 'x', ['QUOTAROOT y b', 'QUOTA b (STORAGE 2 9)', 'QUOTAROOT x a', 'QUOTA a (STORAGE 1 9)'], [{ root: 'a', resources: usage(1) }], [/QUOTAROOT of another/, /QUOTA "b"/]],
  ['QUOTA', quota, 'x', ['QUOTAROOT x a', 'QUOTA a (STORAGE 1 9)', 'QUOTA b (STORAGE 2 9)'], [{ root: 'a', resources: usage(1) }], [/QUOTA "b"/]],
  ['QUOTA', quota, 'x', ['QUOTAROOT x a b', 'QUOTA a (STORAGE 1 9)'], [{ root: 'a', resources: usage(1) }], [/missing: QUOTA "b"/]],
  ['QUOTA', quota, 'x', ['QUOTAROOT x a', 'QUOTA b (STORAGE 2 9)'], [{ root: 'b', resources: usage(2) }], [/QUOTA "b"/, /missing: QUOTA "a"/]],
  ['QUOTA', quota, 'x', ['QUOTAROOT x', 'QUOTA "" (STORAGE 1 9)'], [{ root: '', resources: usage(1) }], [/QUOTA ""/]],
  ['METADATA', metadata, 'x', ['METADATA y (/private/a "1")'], unreadable, [/METADATA of another mailbox/]],
  ['METADATA', metadata, 'x', ['METADATA "" (/private/a "1")', 'METADATA x (/private/a "2")'], '2', [/METADATA of another mailbox/]],
  ['METADATA', metadata, '', ['METADATA INBOX (/private/a "1")'], unreadable, [/METADATA of another mailbox/]],
  ['METADATA', metadata, '', ['METADATA "" (/private/a "1")'], '1', []],
  ['LIST', list, '', ['LIST () "/" INBOX', 'STATUS INBOX (MESSAGES 3)', 'MYRIGHTS INBOX lr', 'STATUS y (MESSAGES 7 UNSEEN 7)', 'MYRIGHTS y l'], [['INBOX', { messages: 3 }, 'lr']], [/STATUS y/, /MYRIGHTS y/, /UNSEEN is missing/]],
])('%s: %o %s %o', async (_name, work, name, responses, expected, told) => {
  await answering(capabilities, () => responses.map((one) => `* ${one}`), async (_box, client) => {
    const found = await work(client, name).catch(({ code, connection }) => {
      expect(connection).toBe('usable');
      return code;
    });
    expect(JSON.parse(JSON.stringify(found))).toEqual(expected);
    client.close();
    const notices = await noticesOf(client, told.length + 9);
    expect(notices.map(({ text }) => text)).toEqual(told.map((one) => expect.stringMatching(one)));
  });
}); // biome-ignore format: a table

it.each([
  ['INBOX', 'inbox', true],
  ['INBOX.Sent', 'Sent', true],
  ['Sent/', 'Sent', true],
  ['sent', 'Sent', true],
  ['Entw&APw-rfe', 'Entw\xc3\xbcrfe', true],
  ['u\xcc\x88', '\xc3\xbc', true],
  ['Sent2', 'Sent', false],
  ['', 'x', false],
  ['x', '', false],
  ['xSent', 'Sent', false],
  ['a/Sent', 'b/Sent', false],
  ['a.b', 'a', false],
  ['INBOX', 'INBOX.Sent', false],
])('%s may be %s: %s', (told, asked, expected) => {
  expect(mayBeSame(told, asked)).toBe(expected);
});
