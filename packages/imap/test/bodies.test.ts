/** Bodies: several at once, and given up. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ImapClient, Mailbox } from '../src/index.js';
import { scriptedClient } from './support/script.js';
import { type MailServer, mailServer, message } from './support/servers.js';

let at: MailServer;
beforeAll(async () => {
  at = await mailServer({ answerOrder: 'interleaved' });
});
afterAll(() => at.close());

async function filled(...messages: string[]): Promise<[ImapClient, Mailbox]> {
  const client = await at.connect();
  const name = `box${Math.random()}`;
  await client.create(name);
  for (const text of messages) await client.append(name, text);
  return [client, await client.open(name)];
}

const scripted = `
S: * PREAUTH [CAPABILITY IMAP4rev1 UNSELECT] hello
C: A1 SELECT "INBOX"
S: * 9 EXISTS
S: A1 OK done
C: A2 UID FETCH 1:9 (UID)
S: * 1 FETCH (UID 1)
S: * 2 FETCH (UID 2)
S: * 3 FETCH (UID 3)
S: A2 OK done
`;

const read = async (body: AsyncIterable<Buffer> | undefined): Promise<string> => {
  let text = '';
  for await (const octets of body ?? []) text += octets;
  return text;
};

describe('several bodies at once', () => {
  it('are asked for without waiting for each other, and each gets its own', async () => {
    const { client, done } = await scriptedClient(`
${scripted}
C: A3 UID FETCH 1 (UID BODY.PEEK[])
C: A4 UID FETCH 2 (UID BODY.PEEK[])
C: A5 UID FETCH 3 (UID BODY.PEEK[1])
S: * 3 FETCH (UID 3 BODY[1] {5}
S-raw: three)\\r\\n
S: * 2 FETCH (BODY[] {3}
S-raw: two UID 2)\\r\\n
S: A5 OK done
S: * 1 FETCH (UID 1 BODY[] "one")
S: A3 OK done
S: A4 OK done
`);
    const box = await client.open('INBOX');
    const rows = await box.fetch('1:9', {}).toArray();
    const parts = ['', '', '1'];
    const texts = await Promise.all(rows.map((row, i) => read(row.body(parts[i]))));
    expect(texts).toEqual(['one', 'two', 'three']);
    await done;
    client.close();
  });

  it('rows without UID could be anybody’s: each is asked for once more, alone (DavMail)', async () => {
    const { client, done } = await scriptedClient(`
${scripted}
C: A3 UID FETCH 1 (UID BODY.PEEK[])
C: A4 UID FETCH 2 (UID BODY.PEEK[])
S: * 2 FETCH (BODY[] "two")
S: * 1 FETCH (BODY[] "one")
S: A3 OK done
S: A4 OK done
C: A5 UID FETCH 1 (UID BODY.PEEK[])
S: * 1 FETCH (BODY[] "one")
S: A5 OK done
C: A6 UID FETCH 2 (UID BODY.PEEK[])
S: * 2 FETCH (BODY[] "two")
S: A6 OK done
`);
    const box = await client.open('INBOX');
    const [one, two] = await box.fetch('1:9', {}).toArray();
    expect(await Promise.all([read(one?.body()), read(two?.body())])).toEqual(['one', 'two']);
    await done;
    client.close();
  });

  it('50 small ones and two long ones, read in an order of their own', async () => {
    const [client, box] = await filled(
      ...Array.from({ length: 50 }, (_, i) => message(`m${i}`, 1_000 * i)),
      message('long', 3_000_000),
      message('longer', 4_000_000),
    );
    const rows = await box.fetch('1:*', { size: true }).toArray();
    const lengths = await Promise.all(rows.toReversed().map((row) => read(row.body())));
    expect(lengths.map(({ length }) => length)).toEqual(rows.toReversed().map(({ size }) => size));
    await client.quit();
  });
});

describe('bodies with their rows', () => {
  it('most short, a few long: each comes whole, and the window grows in messages, not in memory', async () => {
    const sizes = Array.from({ length: 400 }, (_, i) => (i % 50 === 49 ? 100_000 : 100));
    const [client, box] = await filled(...sizes.map((size, i) => message(`m${i}`, size)));
    let rows = 0;
    for await (const row of box.fetch('1:*', { bodies: ['', 'TEXT'] })) {
      const size = sizes[row.uid - 1] as number;
      expect((await read(row.body('TEXT'))).length).toBe(72 * Math.ceil(size / 72));
      expect((await read(row.body())).length).toBe(message(`m${row.uid - 1}`, size).length);
      rows++;
    }
    expect(rows).toBe(400);
    const { lines } = at.server.connections.at(-1) as { lines: string[] };
    const heads = lines.flatMap((line) => /BODY\.PEEK\[\]<0\.(\d+)>/.exec(line)?.slice(1) ?? []);
    expect([heads[0], heads.at(-1)]).toEqual(['262144', '16384']);
    await client.quit();
  });
});

describe('a long body given up', () => {
  const abandoned = async (size: number) => {
    const [client, box] = await filled(message('a', size), message('b'));
    const [row, next] = await box.fetch('1:*', {}).toArray();
    const leave = new AbortController();
    const body = row?.body('', { signal: leave.signal });
    let error: { code?: string; connection?: string } = {};
    try {
      for await (const _octets of body ?? []) leave.abort();
    } catch (thrown) {
      error = thrown as typeof error;
    }
    const after = await read(next?.body()).then(
      () => 'usable',
      () => 'closed',
    );
    client.close();
    return { code: error.code, said: error.connection, after };
  };

  it('with little to come: the connection is usable, as the error says', async () => {
    expect(await abandoned(4_000_000)).toEqual({
      code: 'ERR_ABORTED',
      said: 'usable',
      after: 'usable',
    });
  });

  it('with much to come: the connection is closed, as the error says', async () => {
    expect(await abandoned(30_000_000)).toEqual({
      code: 'ERR_ABORTED',
      said: 'closed',
      after: 'closed',
    });
  });
});
