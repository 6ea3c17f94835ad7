/** A server that has no time now has refused nothing for good: no other way is tried, and nothing counts as absent. */
import { describe, expect, it } from 'vitest';
import type { ImapClient, Mailbox } from '../src/index.js';
import { openedOn } from './support/odd.js';
import { scriptedClient } from './support/script.js';

const refusals: [string, string, object][] = [
  ['Yahoo', 'NO [LIMIT] STATUS Rate limit hit.', { retry: 'later' }],
  ['Yahoo', 'NO [INUSE] STATUS Mailbox in use', { retry: 'later' }],
  ['Yahoo', 'NO [SERVERBUG] STATUS Server error - Please try again later', { retry: 'later' }],
  ['Gmail', 'NO [THROTTLED] Account exceeded command or bandwidth limits. (Failure)', { retry: 'later' }],
  ['Gmail', 'NO [OVERQUOTA] Account exceeded command or bandwidth limits. (Failure)', { retry: 'later' }],
  ['Gmail', 'BAD [THROTTLED] not now', { retry: 'later' }],
  ['iCloud', 'NO [UNAVAILABLE] Service is temporarily unavailable', { retry: 'later' }],
  ['Exchange', 'NO Server Unavailable. 15', { retry: 'later' }],
  ['NetEase', 'NO System busy!', { retry: 'later' }],
  ['Zoho', 'BAD Too many requests', { retry: 'later' }],
  ['Microsoft 365', 'NO Request is throttled. Suggested Backoff Time: 92415 milliseconds', { retry: 'later', retryAfter: 92_415 }],
  ['Microsoft 365', 'BAD Request is throttled. Suggested Backoff Time: 92415 milliseconds', { retry: 'later', retryAfter: 92_415 }],
  ['others', 'NO [UNAVAILABLE] Please try again in 5 minutes', { retry: 'later', retryAfter: 300_000 }],
  ['others', 'NO Slow down, retry after 90 seconds', { retry: 'later', retryAfter: 90_000 }],
]; // biome-ignore format: a table

const listing = `
S: * LIST () "/" INBOX
S: * LIST () "/" x
`;
type Ask = (client: ImapClient) => Promise<unknown>;
const asked: [string, string, string, Ask][] = [
  ['list() with status', '', `C: A1 LIST "" "*"\n${listing}S: A1 OK done\nC: A2 STATUS "INBOX" (MESSAGES)`, (client) => client.list({ status: ['messages'] }).toArray()],
  ['list() with myRights', 'ACL', `C: A1 LIST "" "*"\n${listing}S: A1 OK done\nC: A2 MYRIGHTS "INBOX"`, (client) => client.list({ myRights: true }).toArray()],
  ['list() with specialUse', 'LIST-EXTENDED SPECIAL-USE', 'C: A1 NOOP\nS: A1 OK done\nC: A2 LIST (SPECIAL-USE) "" "*"', (client) => client.noop().then(() => client.list({ specialUse: true }).toArray())],
  ['find()', 'LIST-EXTENDED SPECIAL-USE', 'C: A1 NOOP\nS: A1 OK done\nC: A2 LIST "" "*" RETURN (SPECIAL-USE)', (client) => client.noop().then(() => client.find({ specialUse: '\\Sent' }))],
  ['personal()', 'NAMESPACE', 'C: A1 NOOP\nS: A1 OK done\nC: A2 NAMESPACE', (client) => client.noop().then(() => client.personal('x'))],
  ['status()', '', 'C: A1 NOOP\nS: A1 OK done\nC: A2 STATUS "INBOX" (MESSAGES)', (client) => client.noop().then(() => client.status('INBOX', ['messages']))],
]; // biome-ignore format: a table

describe.each(refusals)('%s: %s', (_vendor, refusal, expected) => {
  it.each(asked)('%s', async (_name, capabilities, script, ask) => {
    const { client, done } = await scriptedClient(
      `S: * PREAUTH [CAPABILITY IMAP4rev1 ${capabilities}] hello\n${script}\nS: A2 ${refusal}\nC: A3 NOOP\nS: A3 OK done\n`,
    );
    await expect(ask(client)).rejects.toMatchObject({
      code: 'ERR_COMMAND_REJECTED',
      connection: 'usable',
      ...expected,
    });
    await client.noop();
    client.close();
    await done;
  });

  const inMailbox: [string, string, (box: Mailbox) => Promise<unknown>][] = [
    ['search', 'UID SEARCH RETURN (ALL) SEEN', (box) => box.search({ seen: true })],
    ['count', 'UID SEARCH RETURN (MIN MAX COUNT) SEEN', (box) => box.count({ seen: true })],
    ['sort', 'UID SORT RETURN (ALL) (DATE) UTF-8 SEEN', (box) => box.sort('date', { seen: true })],
    ['thread', 'UID THREAD REFERENCES UTF-8 SEEN', (box) => box.thread('REFERENCES', { seen: true })],
    ['move', 'UID MOVE 1 "x"', (box) => box.move(1, 'x')],
  ]; // biome-ignore format: a table
  it.each(inMailbox)('%s', async (_name, command, work) => {
    const script = `C: A2 ${command}\nS: A2 ${refusal}\nC: A3 NOOP\nS: A3 OK done\n`;
    await openedOn(
      script,
      async (box, client) => {
        await expect(work(box)).rejects.toMatchObject({
          code: 'ERR_COMMAND_REJECTED',
          ...expected,
        });
        await client.noop();
      },
      { capabilities: 'ESEARCH SORT ESORT THREAD=REFERENCES MOVE UIDPLUS' },
    );
  });
});

it('LIMIT without a word of time is no refusal of one mailbox either, and lasts (RFC 5530 §3)', async () => {
  const { client } = await scriptedClient(
    `S: * PREAUTH [CAPABILITY IMAP4rev1] hello\nC: A1 LIST "" "*"\n${listing}S: A1 OK done\nC: A2 STATUS "INBOX" (MESSAGES)\nS: A2 NO [LIMIT] enough\n`,
  );
  await expect(client.list({ status: ['messages'] }).toArray()).rejects.toMatchObject({
    code: 'ERR_COMMAND_REJECTED',
    retry: 'never',
  });
  client.close();
});

it('a text that is about the message or the mailbox is no sign of a busy server', async () => {
  for (const words of [
    'NO [OVERQUOTA] Quota exceeded (mailbox for user is full)',
    'NO [LIMIT] Too long',
    'NO [NONEXISTENT] No such mailbox "busy"',
    'NO Mailbox name is limited to 255 octets',
    'BAD Command unknown or unavailable in this state',
  ]) {
    const { client } = await scriptedClient(
      `S: * PREAUTH [CAPABILITY IMAP4rev1] hello\nC: A1 CREATE "x"\nS: A1 ${words}\n`,
    );
    await expect(client.create('x')).rejects.toMatchObject({ retry: 'never' });
    client.close();
  }
});

it('watch lives through it, and tells what happened meanwhile', async () => {
  const busy = 'NO Request is throttled. Suggested Backoff Time: 1 milliseconds';
  const examined = 'S: * 1 EXISTS\nS: * OK [UIDVALIDITY 7] x';
  const script = `
S: * PREAUTH [CAPABILITY IMAP4rev1 IDLE] hello
C: A1 EXAMINE "INBOX"
${examined}
S: A1 OK done
C: A2 UID SEARCH ALL
S: * SEARCH 5
S: A2 OK done
C: A3 IDLE
S: + idling
S: * 2 EXISTS
C: DONE
S: A3 OK done
C: A4 UID SEARCH UID 6:*
S: A4 ${busy}
C: A5 UID SEARCH UID 6:*
S: A5 ${busy}
C: A6 UID SEARCH UID 6:*
S: A6 ${busy}
C: A7 EXAMINE "INBOX"
${examined.replace('1', '2')}
S: A7 OK done
C: A8 UID SEARCH ALL
S: * SEARCH 5:6
S: A8 OK done
`;
  const { client, done } = await scriptedClient(script);
  const events = client.watch('INBOX', { reconnect: false })[Symbol.asyncIterator]();
  const { value } = await events.next();
  expect(value).toMatchObject({ type: 'new', messages: 2 });
  expect(String(value.uids)).toBe('6');
  client.close();
  await done;
});

it('watch that never began ends with the refusal', async () => {
  const { client, done } = await scriptedClient(
    'S: * PREAUTH [CAPABILITY IMAP4rev1 IDLE] hello\nC: A1 EXAMINE "INBOX"\nS: A1 NO [INUSE] busy\n',
  );
  await expect(client.watch('INBOX')[Symbol.asyncIterator]().next()).rejects.toMatchObject({
    code: 'ERR_COMMAND_REJECTED',
    retry: 'later',
  });
  client.close();
  await done;
});
