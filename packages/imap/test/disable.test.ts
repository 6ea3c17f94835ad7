/** `disable`: what it names is not used, by whatever name a server offers it, and within IMAP4rev2 neither (RFC 9051, Appendix E). */
import { describe, expect, it } from 'vitest';
import { ImapClient } from '../src/index.js';
import { inClear, streamPair } from './support/script.js';

/** A server that says OK to everything, and what it was told. */
async function agreeing(
  capabilities: string,
  disable: readonly string[],
): Promise<{ client: ImapClient; told: string[] }> {
  const [stream, server] = streamPair();
  const told: string[] = [];
  let tag = '';
  server.write(`* PREAUTH [CAPABILITY IMAP4rev1 ${capabilities}] hello\r\n`);
  server.on('data', (octets: Buffer) => {
    for (const line of octets.toString('latin1').split('\r\n').slice(0, -1)) {
      const [, given = '', command = ''] = /^([A-Z]+\d+) (.*)/.exec(line) ?? [];
      if (given !== '') tag = given;
      if (command !== '') told.push(command);
      if (line.endsWith('+}')) continue;
      if (line.endsWith('}') || command === 'IDLE') server.write('+ go on\r\n');
      else if (/^SELECT|^EXAMINE/.test(command)) server.write(`* 1 EXISTS\r\n${tag} OK done\r\n`);
      else if (/UID SEARCH RETURN/.test(command))
        server.write(`* ESEARCH (TAG "${tag}") UID ALL 1\r\n${tag} OK done\r\n`);
      else if (/UID SEARCH/.test(command)) server.write(`* SEARCH 1\r\n${tag} OK done\r\n`);
      else if (/^LIST/.test(command))
        server.write(`* LIST () "/" INBOX\r\n* STATUS INBOX (MESSAGES 1)\r\n${tag} OK done\r\n`);
      else server.write(`${tag} OK done\r\n`);
    }
  });
  const client = await ImapClient.connect({ ...inClear, stream, id: false, disable });
  return { client, told };
}

/** What the server was told but for SELECT, or the error's code. */
async function toldBy(
  capabilities: string,
  disable: readonly string[],
  work: (client: ImapClient) => Promise<unknown>,
): Promise<string> {
  const { client, told } = await agreeing(capabilities, disable);
  try {
    await work(client);
    return told.filter((command) => !command.startsWith('SELECT')).join(', ');
  } catch (error) {
    return (error as { code: string }).code;
  } finally {
    client.close();
  }
}

const needed = 'ERR_EXTENSION_REQUIRED';

describe('IMAP4rev2 has within it, unless it is disabled,', () => {
  it.each<[string, (client: ImapClient) => Promise<unknown>, used: string, unused: string]>([
    ['MOVE', async (client) => (await client.open('x')).move(1, 'y'), 'UID MOVE 1 "y"', 'UID COPY 1 "y", UID STORE 1 +FLAGS.SILENT (\\Deleted), UID EXPUNGE 1'],
    ['UIDPLUS', async (client) => (await client.open('x')).expunge(1), 'UID EXPUNGE 1', needed],
    ['ESEARCH', async (client) => (await client.open('x')).search(), 'UID SEARCH RETURN (ALL) ALL', 'UID SEARCH ALL'],
    ['SEARCHRES', async (client) => (await client.open('x')).search({}, { save: true }), 'UID SEARCH RETURN (ALL SAVE) ALL', needed],
    ['NAMESPACE', (client) => client.namespaces(), 'NAMESPACE', needed],
    ['LIST-EXTENDED', (client) => client.list({ subscribed: true, recursiveMatch: true }).toArray(), 'LIST (SUBSCRIBED RECURSIVEMATCH) "" "*"', needed],
    ['LIST-STATUS', (client) => client.list({ status: ['messages'] }).toArray(), 'LIST "" "*" RETURN (STATUS (MESSAGES))', 'LIST "" "*", STATUS "INBOX" (MESSAGES)'],
    ['STATUS=SIZE', (client) => client.status('x', ['size']), 'STATUS "x" (SIZE)', needed],
    ['LITERAL-', (client) => client.append('x', 'hi'), 'APPEND "x" {2+}', 'APPEND "x" {2}'],
    ['UNSELECT', async (client) => (await client.open('x')).close().then(() => client.delete('x')), 'UNSELECT, DELETE "x"', 'DELETE "x"'],
  ])('%s', async (name, work, used, unused) => {
    const all = await toldBy('IMAP4rev2', [], work);
    const without = await toldBy('IMAP4rev2', [name], work);
    expect([all, without]).toEqual([used, unused]);
  }); // biome-ignore format: a table

  it('IDLE', async () => {
    const waits = async (disable: string[]): Promise<string[]> => {
      const { client, told } = await agreeing('IMAP4rev2', disable);
      const watching = client
        .watch('x', { interval: 5, refresh: 5 })
        [Symbol.asyncIterator]()
        .next();
      watching.catch(() => {});
      await expect.poll(() => told.length).toBeGreaterThan(5);
      client.close();
      return told;
    };
    expect(await waits([])).toContain('IDLE');
    const without = await waits(['IDLE']);
    expect([without.includes('IDLE'), without.includes('NOOP')]).toEqual([false, true]);
  });
});

it.each([
  ['THREAD', 'THREAD=REFERENCES THREAD=ORDEREDSUBJECT'],
  ['SORT', 'SORT SORT=DISPLAY'],
  ['APPENDLIMIT', 'APPENDLIMIT=9'],
  ['MESSAGELIMIT', 'MESSAGELIMIT=1'],
  ['quota', 'QUOTA QUOTA=RES-STORAGE'],
  ['IMAP4rev2', 'IMAP4rev2'],
])('%s stands for all its forms', async (name, offered) => {
  const { client } = await agreeing(offered, [name]);
  expect([...client.capabilities]).toEqual(['IMAP4REV1']);
  client.close();
});
