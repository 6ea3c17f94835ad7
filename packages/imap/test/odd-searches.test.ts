/** Answers to searches that no grammar allows, or that can't be true: read as what they mean, or an error; never "nothing found". */
import { describe, expect, it } from 'vitest';
import { noticesOf, openedOn } from './support/odd.js';
import { scriptedClient } from './support/script.js';

const capabilities = 'ESEARCH';
const seen = { seen: true };

describe('SEARCH in forms of its own', () => {
  it.each([
    ['in several lines', ['* SEARCH 1 2', '* SEARCH 3'], '1:3'],
    ['with a space at the end', ['* SEARCH 1 2 '], '1:2'],
    ['with ranges', ['* SEARCH 1:3 7 12:10'], '1:3,7,10:12'],
    ['with commas', ['* SEARCH 1,3,7'], '1,3,7'],
    ['unsorted, and twice', ['* SEARCH 7 3 3 1'], '1,3,7'],
    ['with 0', ['* SEARCH 0'], ''],
    ['in lower case', ['* search 5'], '5'],
    ['with MODSEQ', ['* SEARCH 5 (MODSEQ 9)'], '5'],
    ['none at all', [], ''],
    ['ESEARCH in its place', ['* ESEARCH UID ALL 1:3'], '1:3'],
  ])('%s', async (_name, lines, found) => {
    const script = `
C: A2 UID SEARCH SEEN
${lines.map((line) => `S: ${line}`).join('\n')}
S: A2 OK done
`;
    const uids = await openedOn(script, (box) => box.search(seen), { capabilities: '' });
    expect(String(uids)).toBe(found);
  });

  it.each([
    ['UID SEARCH SEEN', '* SEARCH 1 x 3', ''],
    ['UID SEARCH SEEN', '* SEARCH 1:2:3', ''],
    ['UID SEARCH SEEN', '* SEARCH 99999999999999999999', ''],
    ['UID SORT (DATE) UTF-8 SEEN', '* SORT 2 x', 'SORT'],
    ['UID THREAD REFERENCES UTF-8 SEEN', '* THREAD (1 2)(3', 'THREAD=REFERENCES'],
  ])('%s with %s is an error, and the session goes on', async (command, line, has) => {
    const script = `
C: A2 ${command}
S: ${line}
S: A2 OK done
C: A3 NOOP
S: A3 OK done
`;
    await openedOn(
      script,
      async (box, client) => {
        const work = command.includes('SORT')
          ? box.sort('date', seen)
          : command.includes('THREAD')
            ? box.thread('REFERENCES', seen)
            : box.search(seen);
        await expect(work).rejects.toMatchObject({
          code: 'ERR_MALFORMED_RESPONSE',
          connection: 'usable',
          command: command.split(' ').slice(0, 2).join(' '),
        });
        await client.noop();
      },
      { capabilities: has },
    );
  });
});

describe('ESEARCH in forms of its own', () => {
  it.each([
    ['without its tag', ['* ESEARCH UID ALL 1:3'], '1:3'],
    ['with its tag unquoted', ['* ESEARCH (TAG A2) UID ALL 1:3'], '1:3'],
    ['with the tag of another client', ['* ESEARCH (TAG "x") UID ALL 1:3'], '1:3'],
    ['without UID', ['* ESEARCH (TAG "A2") ALL 1:3'], '1:3'],
    ['in lower case', ['* esearch (tag "A2") uid all 1:3'], '1:3'],
    ['in two pieces', ['* ESEARCH (TAG "A2") UID ALL 1', '* ESEARCH (TAG "A2") UID ALL 3'], '1,3'],
    ['SEARCH in its place', ['* SEARCH 1 3'], '1,3'],
  ])('%s', async (_name, lines, found) => {
    const script = `
C: A2 UID SEARCH RETURN (ALL) SEEN
${lines.map((line) => `S: ${line}`).join('\n')}
S: A2 OK done
`;
    const uids = await openedOn(script, (box) => box.search(seen), { capabilities });
    expect(String(uids)).toBe(found);
  });

  const doubted = [
    ['nothing for all (Strato)', '* ESEARCH (TAG "A2") UID', '* ESEARCH (TAG "A3") UID'],
    ['ALL without a value', '* ESEARCH (TAG "A2") UID ALL', '* ESEARCH (TAG "A3") UID ALL NIL'],
  ] as const;
  it.each(doubted)('%s: asked once for all, and then without', async (_name, first, second) => {
    const script = `
C: A2 UID SEARCH RETURN (ALL) SEEN
S: ${first}
S: A2 OK done
C: A3 UID SEARCH RETURN (ALL) ALL
S: ${second}
S: A3 OK done
C: A4 UID SEARCH SEEN
S: * SEARCH 2 3
S: A4 OK done
C: A5 UID SEARCH SEEN
S: * SEARCH 3
S: A5 OK done
`;
    const found = await openedOn(
      script,
      async (box, client) => {
        const all = [String(await box.search(seen)), await box.count(seen)];
        const [notice] = await noticesOf(client, 1);
        return [...all, notice?.text];
      },
      { capabilities },
    );
    expect(found).toEqual(['2:3', 1, expect.stringMatching(/^ESEARCH: /)]);
  });

  it('nothing where there is something is believed of a server that finds all', async () => {
    const script = `
C: A2 UID SEARCH RETURN (MIN MAX COUNT) SEEN
S: * ESEARCH (TAG "A2") UID COUNT 0
S: A2 OK done
C: A3 UID SEARCH RETURN (ALL) ALL
S: * ESEARCH (TAG "A3") UID ALL 1:3
S: A3 OK done
C: A4 UID SEARCH RETURN (ALL) SEEN
S: * ESEARCH (TAG "A4") UID
S: A4 OK done
`;
    const found = await openedOn(
      script,
      async (box) => [await box.count(seen), String(await box.search(seen))],
      { capabilities },
    );
    expect(found).toEqual([0, '']);
  });

  it.each([
    ['search', 'RETURN (ALL) ', (box: { search(q: object): Promise<unknown> }) => box.search(seen)],
  ])('BAD to RETURN: %s goes without', async (_name, returned, work) => {
    const script = `
C: A2 UID SEARCH ${returned}SEEN
S: A2 BAD no RETURN here
C: A3 UID SEARCH SEEN
S: * SEARCH 2
S: A3 OK done
`;
    expect(String(await openedOn(script, work, { capabilities }))).toBe('2');
  });

  it('what cannot be read is searched for without', async () => {
    const script = `
C: A2 UID SEARCH RETURN (ALL) SEEN
S: * ESEARCH (TAG "A2") UID ALL x:y
S: A2 OK done
C: A3 UID SEARCH SEEN
S: * SEARCH 2
S: A3 OK done
`;
    expect(String(await openedOn(script, (box) => box.search(seen), { capabilities }))).toBe('2');
  });
});

describe('a search for all that finds fewer than there are is not taken at its word', () => {
  const short = (command: string, rows: string[], exists = 3) => `
S: * PREAUTH [CAPABILITY IMAP4rev1] hello
C: A1 SELECT "INBOX"
S: * ${exists} EXISTS
S: A1 OK done
C: A2 UID SEARCH ALL
S: * SEARCH 5 7
S: A2 OK done
C: A3 UID FETCH 1:* (UID FLAGS)
${rows.map((row) => `S: * ${row} FETCH (UID ${row} FLAGS ())`).join('\n')}
S: A3 OK done
${command}`;

  it('search({})', async () => {
    const { client, done } = await scriptedClient(short('', ['5', '6', '7']));
    expect(String(await (await client.open('INBOX')).search())).toBe('5:7');
    client.close();
    await done;
  });

  it('fetch of a large mailbox', async () => {
    const uids = Array.from({ length: 300 }, (_, i) => String(i + 1));
    const { client, done } = await scriptedClient(
      short(
        `C: A4 UID FETCH 1:250 (UID RFC822.SIZE)
C: A5 UID FETCH 251:300 (UID RFC822.SIZE)
${uids.map((uid) => `S: * ${uid} FETCH (UID ${uid} RFC822.SIZE 1)`).join('\n')}
S: A4 OK done
S: A5 OK done`,
        uids,
        300,
      ),
    );
    const rows = await (await client.open('INBOX')).fetch('1:*', { size: true }).toArray();
    expect(rows.map(({ uid }) => String(uid))).toEqual(uids);
    client.close();
    await done;
  });
});

it('sync: where EXISTS tells of three and neither a search nor a fetch finds one, the mailbox was not emptied', async () => {
  const script = `
C: A2 UID SEARCH ALL
S: A2 OK done
C: A3 UID FETCH 1:* (UID FLAGS)
S: A3 OK done
`;
  await openedOn(
    script,
    async (_box, client) => {
      const state = { uidValidity: 0, uids: '1:3', flags: {} };
      await expect(
        client.sync('INBOX', state, {})[Symbol.asyncIterator]().next(),
      ).rejects.toMatchObject({
        code: 'ERR_MALFORMED_RESPONSE',
        message: expect.stringMatching(/finds 0/),
      });
    },
    { capabilities: '' },
  );
});
