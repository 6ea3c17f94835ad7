/** What SELECT and STATUS say of a mailbox, where it cannot be read: it is not known, and never 0 or gone. (Decision 0048.) */
import { expect, it } from 'vitest';
import type { ImapClient } from '../src/index.js';
import { noticesOf, openedOn } from './support/odd.js';
import { scriptedClient } from './support/script.js';

const all = ['* 3 EXISTS', '* OK [UIDVALIDITY 7] x', '* OK [UIDNEXT 9] x'];

/** A session that selects a mailbox of which these lines tell. */
async function selected<T>(
  lines: readonly string[],
  script: string,
  work: (client: ImapClient) => Promise<T>,
  { capabilities = '', verb = 'SELECT' } = {},
): Promise<T> {
  const { client, done } = await scriptedClient(`
S: * PREAUTH [CAPABILITY IMAP4rev1 ${capabilities}] hello
C: A1 ${verb} "x"
${lines.map((line) => `S: ${line}`).join('\n')}
S: A1 OK done
${script}`);
  try {
    const result = await work(client);
    await done;
    return result;
  } finally {
    client.close();
  }
}

const oddCounts = ['* x EXISTS', '* -1 EXISTS', '* 99999999999999999999 EXISTS', '* EXISTS', '* EXISTS 3', '* NIL EXISTS', '* 3.0 EXISTS']; // biome-ignore format: one line

it.each(oddCounts)('%s is no number, and a notice', async (line) => {
  await selected([line], '', async (client) => {
    expect((await client.open('x')).exists).toBeUndefined();
    const [notice] = await noticesOf(client, 1);
    expect(notice).toMatchObject({ kind: 'malformed', text: expect.stringContaining('EXISTS') });
  });
});

it('SELECT without EXISTS tells no number', async () => {
  await selected([], '', async (client) => {
    expect((await client.open('x')).exists).toBeUndefined();
  });
});

it.each(oddCounts)('%s later on: the number is not known until it is told again', async (line) => {
  const script = `
C: A2 NOOP
S: * 1 EXPUNGE
S: A2 OK done
C: A3 NOOP
S: ${line}
S: * 1 EXPUNGE
S: A3 OK done
C: A4 NOOP
S: * 5 EXISTS
S: A4 OK done
`;
  await selected(all, script, async (client) => {
    const box = await client.open('x');
    const counts: unknown[] = [];
    for (let i = 0; i < 3; i++) {
      await client.noop();
      counts.push(box.exists);
    }
    expect(counts).toEqual([2, undefined, 5]);
  });
});

it.each([
  ['UIDVALIDITY', 'uidValidity'],
  ['UIDNEXT', 'uidNext'],
  ['HIGHESTMODSEQ', 'highestModSeq'],
  ['MAILBOXID', 'mailboxId'],
] as const)('%s that cannot be read is not known, and a notice', async (code, fact) => {
  for (const value of ['x', '-1', '', '(', '7x']) {
    if (code === 'MAILBOXID' && !['', '('].includes(value)) continue;
    await selected([`* OK [${code} ${value}] x`], '', async (client) => {
      expect((await client.open('x'))[fact]).toBeUndefined();
      const [notice] = await noticesOf(client, 1);
      expect(notice).toMatchObject({ kind: 'malformed', text: expect.stringContaining(code) });
    });
  }
});

it('a UIDVALIDITY that cannot be read may be another one', async () => {
  const script = `
C: A2 NOOP
S: * OK [UIDVALIDITY x] restored
S: A2 OK done
`;
  await selected(all, script, async (client) => {
    const box = await client.open('x');
    await client.noop();
    await expect(box.expunge(1)).rejects.toMatchObject({ code: 'ERR_STATE' });
  });
});

const state = { uidValidity: 7, uids: '1:3', flags: {} };
const typesOf = (events: readonly { type: string }[]): string[] => events.map(({ type }) => type);

it.each([
  ['cannot be read', ['* 3 EXISTS', '* OK [UIDVALIDITY x] x'], undefined],
  ['cannot be read', ['* 3 EXISTS', '* OK [UIDVALIDITY x] x'], state],
  ['is missing', ['* 3 EXISTS'], state],
])('sync: a copy is not void where UIDVALIDITY %s', async (_name, lines, before) => {
  const examine = { verb: 'EXAMINE' };
  await selected(lines, '', (client) =>
    expect(client.sync('x', before).toArray()).rejects.toMatchObject({
      code: 'ERR_MALFORMED_RESPONSE',
      connection: 'usable',
      message: expect.stringContaining('UIDVALIDITY'),
    }), examine); // biome-ignore format: short
});

it.each([
  ['nothing', '* SEARCH'],
  ['a part', '* SEARCH 2'],
])('sync: %s found where EXISTS is not known is looked at twice', async (_name, found) => {
  const script = `
C: A2 UID SEARCH ALL
S: ${found}
S: A2 OK done
C: A3 UID FETCH 1:* (UID FLAGS)
S: * 1 FETCH (UID 1 FLAGS ())
S: * 2 FETCH (UID 2 FLAGS ())
S: A3 OK done
C: A4 UID FETCH 1:2 (UID FLAGS)
S: * 1 FETCH (UID 1 FLAGS ())
S: * 2 FETCH (UID 2 FLAGS ())
S: A4 OK done
`;
  const events = await selected(['* x EXISTS', '* OK [UIDVALIDITY 7] x'], script,
    (client) => client.sync('x', { ...state, uids: '1:2' }).toArray(), { verb: 'EXAMINE' }); // biome-ignore format: short
  expect(typesOf(events)).toEqual([]);
});

it('an ESEARCH that finds nothing is doubted where EXISTS is not known', async () => {
  const script = `
C: A2 UID SEARCH RETURN (ALL) SEEN
S: * ESEARCH (TAG "A2") UID
S: A2 OK done
C: A3 UID SEARCH RETURN (ALL) ALL
S: * ESEARCH (TAG "A3") UID
S: A3 OK done
C: A4 UID SEARCH SEEN
S: * SEARCH 2
S: A4 OK done
`;
  const found = await selected(
    ['* x EXISTS'],
    script,
    async (client) => (await client.open('x')).search({ seen: true }),
    { capabilities: 'ESEARCH' },
  );
  expect(String(found)).toBe('2');
});

it.each(['* x EXISTS', '* x EXPUNGE', '* -1 EXPUNGE', '* VANISHED x'])(
  'watch: %s makes it look',
  async (line) => {
    const script = `
C: A2 UID SEARCH ALL
S: * SEARCH 1 2 3
S: A2 OK done
C: A3 IDLE
S: + idling
S: ${line}
C: DONE
S: A3 OK done
C: A4 UID SEARCH ALL
S: * SEARCH 1 3 4
S: A4 OK done
C: A5 UID FETCH 1:* (UID FLAGS)
S: * 1 FETCH (UID 1 FLAGS ())
S: * 2 FETCH (UID 3 FLAGS ())
S: * 3 FETCH (UID 4 FLAGS ())
S: A5 OK done
`;
    const events = await selected(
      all,
      script,
      async (client) => {
        const seen: string[] = [];
        for await (const event of client.watch('x')) {
          if ('uids' in event) seen.push(`${event.type} ${event.uids}`);
          if (event.type === 'new') break;
        }
        return seen;
      },
      { capabilities: 'IDLE', verb: 'EXAMINE' },
    );
    expect(events).toEqual(['expunged 2', 'new 4']);
  },
);

it('a store with a condition whose MODIFIED cannot be read does not claim that all were changed', async () => {
  const store = (answer: string) =>
    openedOn(
      `
C: A2 UID STORE 1:2 (UNCHANGEDSINCE 17) +FLAGS.SILENT (\\Seen)
S: A2 ${answer}
`,
      (box) => box.addFlags('1:2', ['\\Seen'], { unchangedSince: '17' }),
    );
  for (const answer of ['OK [MODIFIED x] done', 'NO [MODIFIED] some', 'OK [MODIFIED 1:*] done'])
    await expect(store(answer)).rejects.toMatchObject({
      code: 'ERR_MALFORMED_RESPONSE',
      connection: 'usable',
      hint: expect.stringContaining('modSeq'),
    });
});

it.each(['* x FETCH (UID 1 RFC822.SIZE 5)', '* -1 FETCH (UID 1 RFC822.SIZE 5)', '* FETCH (UID 1 RFC822.SIZE 5)'])(
  '%s is a row that could not be read',
  async (line) => {
    const script = `
C: A2 UID FETCH 1 (UID RFC822.SIZE)
S: ${line}
S: A2 OK done
`;
    await openedOn(script, (box) =>
      expect(box.fetch(1, { size: true }).toArray()).rejects.toMatchObject({
        code: 'ERR_MALFORMED_RESPONSE',
        connection: 'usable',
      }),
    );
  },
); // biome-ignore format: short

it('STATUS: an item that cannot be read is missing, with a notice; the others are there', async () => {
  const items = ['messages', 'uidNext', 'unseen', 'mailboxId', 'highestModSeq'] as const;
  const script = `
C: A2 STATUS "x" (MESSAGES UIDNEXT UNSEEN MAILBOXID HIGHESTMODSEQ)
S: * STATUS x (MESSAGES x UIDNEXT 5 UNSEEN -1 MAILBOXID 5 HIGHESTMODSEQ 7x)
S: A2 OK done
C: A3 STATUS "x" (MESSAGES UIDNEXT)
S: * STATUS x (MESSAGES 99999999999999999999 UIDNEXT NIL)
S: A3 OK done
`;
  await openedOn(script, async (_box, client) => {
    expect(await client.status('x', items)).toEqual({ uidNext: 5, mailboxId: '5' });
    expect(await client.status('x', ['messages', 'uidNext'])).toEqual({});
    const told = (await noticesOf(client, 5)).map(({ text }) => /STATUS (\w+)/.exec(text)?.[1]);
    expect(told).toEqual(['MESSAGES', 'UNSEEN', 'HIGHESTMODSEQ', 'MESSAGES', 'UIDNEXT']);
  });
});
