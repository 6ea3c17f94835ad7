/** Whatever calls are made at once, and in whatever order RFC 9051 §5.5 lets the server answer: each has its own answer. */
import type { AnswerOrder } from '@fivewire/test-servers';
import fc from 'fast-check';
import { afterAll, expect, it } from 'vitest';
import type { ImapClient, Mailbox } from '../src/index.js';
import { type MailServer, mailServer, message } from './support/servers.js';

const orders: AnswerOrder[] = ['one-by-one', 'data-first', 'interleaved', 'last-first'];
const subjects = ['blue', 'red', 'green'];
const most = 24;
const all = Array.from({ length: most }, (_, i) => i + 1);
const about = (subject: number): number[] => all.filter((uid) => (uid - 1) % 3 === subject);

/** A call, what it says, and what is right, which no other call changes. */
interface Call {
  name: string;
  run(box: Mailbox, client: ImapClient): Promise<unknown>;
  right: unknown;
}

const subject = fc.nat({ max: 2 });
const uid = fc.integer({ min: 1, max: most });
const range = fc.tuple(uid, uid).map((two) => [Math.min(...two), Math.max(...two)] as const);
const within = ([from, to]: readonly [number, number]): number[] => all.slice(from - 1, to);

const calls: fc.Arbitrary<Call> = fc.oneof(
  subject.map((n) => ({ name: `search ${n}`, run: async (box: Mailbox) => [...(await box.search({ subject: subjects[n] as string }))], right: about(n) })),
  subject.map((n) => ({ name: `count ${n}`, run: (box: Mailbox) => box.count({ subject: subjects[n] as string }), right: most / 3 })),
  subject.map((n) => ({ name: `sort ${n}`, run: (box: Mailbox) => box.sort('-size', { subject: subjects[n] as string }), right: about(n).reverse() })),
  range.map((r) => ({ name: `thread ${r}`, run: async (box: Mailbox) => (await box.thread('ORDEREDSUBJECT', { uid: r.join(':') })).map(({ uid }) => uid).sort((a, b) => Number(a) - Number(b)), right: within(r) })),
  range.map((r) => ({ name: `fetch ${r}`, run: async (box: Mailbox) => (await box.fetch(r.join(':'), { envelope: true }).toArray()).map(({ uid, envelope }) => `${uid} ${envelope.subject}`).sort(), right: within(r).map((one) => `${one} ${subjects[(one - 1) % 3]} ${one}`).sort() })),
  uid.map((one) => ({ name: `body ${one}`, run: async (box: Mailbox) => { const [row] = await box.fetch(one, {}).toArray(); let text = ''; for await (const piece of row?.body('HEADER') ?? []) text += piece; return /Subject: (.*)\r/.exec(text)?.[1]; }, right: `${subjects[(one - 1) % 3]} ${one}` })),
  fc.constantFrom('box', 'empty').map((name) => ({ name: `status ${name}`, run: (_box: Mailbox, client: ImapClient) => client.status(name, ['messages']), right: { messages: name === 'box' ? most : 0 } })),
  fc.constant({ name: 'list', run: async (_box: Mailbox, client: ImapClient) => (await client.list({ status: ['messages'] }).toArray()).filter(({ name }) => /box|empty/.test(name)).map(({ name, status }) => `${name} ${status?.messages}`).sort(), right: [`box ${most}`, 'empty 0'] }),
  fc.tuple(range, fc.boolean()).map(([r, on]) => ({ name: `flags ${r} ${on}`, run: async (box: Mailbox) => (await box[on ? 'addFlags' : 'removeFlags'](r.join(':'), ['\\Flagged'])).modified.size, right: 0 })),
  uid.map((one) => ({ name: `copy ${one}`, run: async (box: Mailbox) => [...((await box.copy(one, 'copies')).uids ?? [])].map(([from]) => from), right: [one] })),
  fc.constant({ name: 'append', run: async (_box: Mailbox, client: ImapClient) => (await client.append('copies', message('new'))).size, right: message('new').length }),
  uid.map((one) => ({ name: `expunge ${one}`, run: (box: Mailbox) => box.expunge(one), right: undefined })),
  fc.constant({ name: 'noop', run: (_box: Mailbox, client: ImapClient) => client.noop(), right: undefined }),
); // biome-ignore format: a table

const open: MailServer[] = [];
afterAll(() => Promise.all(open.map((server) => server.close())));

it.each(orders.flatMap((order) => [[order, []], [order, ['ESEARCH', 'ESORT']]] as const))('answered %s, without %j', async (answerOrder, disable) => {
  const at = await mailServer({ answerOrder });
  open.push(at);
  const client = await at.connect({ disable: [...disable] });
  for (const name of ['box', 'empty', 'copies']) await client.create(name);
  for (const one of all) await client.append('box', message(`${subjects[(one - 1) % 3]} ${one}`, 100 * one));
  const box = await client.open('box');
  await fc.assert(
    fc.asyncProperty(fc.array(calls, { minLength: 2, maxLength: 14 }), async (batch) => {
      const answers = await Promise.all(batch.map(async ({ name, run }) => [name, await run(box, client)]));
      expect(answers).toEqual(batch.map(({ name, right }) => [name, right]));
    }),
    { numRuns: 6 },
  );
  await client.quit();
}); // biome-ignore format: short
