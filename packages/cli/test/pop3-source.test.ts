/** Messages that share a unique-id are each mail of their own, also after a kill between them. */
import { text } from 'node:stream/consumers';
import { Pop3Client } from '@fivewire/pop3';
import { startDialogueServer } from '@fivewire/test-servers';
import { expect, it } from 'vitest';
import { pop3Arrivals } from '../src/fetch/pop3-source.js';

const capa = 'C: CAPA\nS: +OK\nS: USER\nS: UIDL\nS: .';
const login = `S: +OK ready\n${capa}\nC: USER alice\nS: +OK\nC: PASS secret\nS: +OK\n${capa}`;
const uidl = 'C: UIDL\nS: +OK\nS: 1 same\nS: 2 same\nS: 3 other\nS: .';
const list = 'C: LIST\nS: +OK\nS: 1 8\nS: 2 8\nS: 3 8\nS: .';
const retr = (number: number) => `C: RETR ${number}\nS: +OK\nS: body ${number}\nS: .`;
const dele = (number: number) => `C: DELE ${number}\nS: +OK`;

async function collect(dialogue: string, known: Set<string>) {
  const server = await startDialogueServer(dialogue);
  const { host, port } = server;
  const pop3 = await Pop3Client.connect({
    ...{ host, port, security: 'cleartext', allowCleartextAuth: true },
    auth: { user: 'alice', password: 'secret' },
  });
  const warnings: string[] = [];
  const seen = {
    has: (_box: string, id: number | string) => known.has(String(id)),
    since: () => undefined,
    octets: () => undefined,
    add: async (_box: string, id: number | string) => void known.add(String(id)),
    forget: async (_box: string, id: string) => {
      for (const each of known) if (each === id || each.startsWith(`${id}#`)) known.delete(each);
    },
  };
  const options = {
    ...{
      seen,
      remove: true,
      keepDays: 0,
      unseen: false,
      maxSize: Number.POSITIVE_INFINITY,
      limit: Number.POSITIVE_INFINITY,
    },
    signal: new AbortController().signal,
    warn: (warning: string) => void warnings.push(warning),
  };
  const got: unknown[] = [];
  for await (const arrival of pop3Arrivals(pop3, { account: 'box' }, options)) {
    if ('problem' in arrival) got.push(arrival.problem);
    else {
      got.push([arrival.id, await text(arrival.body)]);
      await arrival.done();
    }
  }
  pop3.close();
  await server.close();
  return { got, warnings };
}

const session = `${login}\n${uidl}\n${uidl}\n${list}\n${[1, 2, 3].map((n) => `${retr(n)}\n${dele(n)}`).join('\n')}\nC: QUIT\nS: +OK`;

it('come each, under names of their own', async () => {
  const known = new Set<string>();
  expect(await collect(session, known)).toEqual({
    got: [
      ['same#1', 'body 1\r\n'],
      ['same#2', 'body 2\r\n'],
      ['other', 'body 3\r\n'],
    ],
    warnings: [],
  });
  // QUIT has removed them: whatever gets these uids now is new.
  expect([...known]).toEqual([]);
});

it('come once, when a kill came between them', async () => {
  expect((await collect(session, new Set(['same#1']))).got).toEqual([
    ['same#2', 'body 2\r\n'],
    ['other', 'body 3\r\n'],
  ]);
});
