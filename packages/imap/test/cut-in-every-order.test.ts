/**
 * Calls made at once, cut off after any octet of a server that answers them in any order of RFC 9051 §5.5, each octet in a segment of its
 * own or not: each call is done with its own answer or fails with a typed error, and a copy that is synchronised then is whole.
 */
import { connect } from 'node:net';
import { Duplex, Transform } from 'node:stream';
import type { AnswerOrder } from '@fivewire/test-servers';
import { isFivewireError } from 'tls-context-core';
import { afterAll, describe, expect, it } from 'vitest';
import type { ImapClient, SyncState } from '../src/index.js';
import { type MailServer, mailServer, message } from './support/servers.js';

const orders: AnswerOrder[] = ['one-by-one', 'data-first', 'interleaved', 'last-first'];
const uids = '1,2,3,4';

/** What the server says, up to so many octets; then the connection ends. */
class Cut extends Transform {
  passed = 0;
  readonly most: number;
  readonly inOctets: boolean;
  readonly onMost: () => void;

  constructor(most: number, inOctets: boolean, onMost: () => void) {
    super();
    this.most = most;
    this.inOctets = inOctets;
    this.onMost = onMost;
  }
  override _transform(chunk: Buffer, _encoding: BufferEncoding, done: () => void): void {
    const some = chunk.subarray(0, Math.max(0, this.most - this.passed));
    this.passed += some.length;
    if (this.inOctets) for (const octet of some) this.push(Buffer.of(octet));
    else if (some.length > 0) this.push(some);
    if (some.length < chunk.length) this.onMost();
    done();
  }
}

const open: MailServer[] = [];
afterAll(() => Promise.all(open.map((server) => server.close())));

async function connected(
  at: MailServer,
  most: number,
  inOctets: boolean,
): Promise<{ client: ImapClient; cut: Cut }> {
  let cut: Cut | undefined;
  const client = await at.connect({
    security: 'cleartext',
    allowCleartextAuth: true,
    dial: async ({ port }) => {
      const socket = connect(port, '127.0.0.1');
      const made = new Cut(most, inOctets, () => socket.destroy());
      cut = made;
      socket.on('error', () => {});
      socket.on('close', () => made.end());
      return Duplex.from({ readable: socket.pipe(made), writable: socket });
    },
  });
  return { client, cut: cut as Cut };
}

/** Calls, each with what is right. */
const calls = (client: ImapClient) => {
  const box = client.open('box');
  const inBox = async <T>(work: (opened: Awaited<typeof box>) => Promise<T>): Promise<T> => work(await box);
  return {
    search: [inBox(async (at) => String(await at.search({ subject: 'red' }))), '2,4'],
    other: [inBox(async (at) => String(await at.search({ subject: 'blue' }))), '1,3'],
    rows: [inBox(async (at) => (await at.fetch(uids, { envelope: true }).toArray()).map(({ uid, envelope }) => `${uid} ${envelope.subject}`).sort().join()), '1 blue,2 red,3 blue,4 red'],
    flags: [inBox(async (at) => (await at.fetch('2:3', { flags: true }).toArray()).map(({ uid }) => uid).sort().join()), '2,3'],
    status: [client.status('box', ['messages']), { messages: 4 }],
    list: [client.list({ pattern: 'box' }).toArray().then((all) => all.map(({ name }) => name)), ['box']],
    noop: [client.noop(), undefined],
  } as Record<string, [Promise<unknown>, unknown]>;
}; // biome-ignore format: a table

/** One run over the copy. */
async function synchronised(
  client: ImapClient,
  state: SyncState | undefined,
  copy: Map<number, string>,
): Promise<SyncState | undefined> {
  let now = state;
  for await (const event of client.sync('box', now, { envelope: true })) {
    if (event.type === 'new') copy.set(event.uid, event.message.envelope.subject);
    else if (event.type === 'reset') copy.clear();
    else if (event.type === 'vanished') for (const uid of event.uids) copy.delete(uid);
    now = event.state;
  }
  return now;
}

describe.each(orders.flatMap((order) => [[order, false], [order, true]] as const))('answered %s, in single octets: %s', (answerOrder, inOctets) => {
  it('each call has its own answer, or a typed error; the copy is whole', async () => {
    const at = await mailServer({ answerOrder });
    open.push(at);
    const first = await at.connect();
    await first.create('box');
    for (const [i, subject] of ['blue', 'red', 'blue', 'red'].entries()) await first.append('box', message(subject, 10 * i));
    await first.quit();
    const whole = await connected(at, Number.POSITIVE_INFINITY, inOctets);
    const begun = whole.cut.passed;
    for (const [answer, right] of Object.values(calls(whole.client))) expect(await answer).toEqual(right);
    const total = whole.cut.passed;
    whole.client.close();
    const step = inOctets ? 97 : 31;
    for (let most = begun; most < total; most += step) {
      const { client } = await connected(at, most, inOctets);
      const all = Object.entries(calls(client));
      const settled = await Promise.allSettled(all.map(([, [answer]]) => answer));
      settled.forEach((one, i) => {
        const [name, [, right]] = all[i] as [string, [unknown, unknown]];
        if (one.status === 'fulfilled') expect([most, name, one.value]).toEqual([most, name, right]);
        else expect([most, name, isFivewireError(one.reason) && one.reason.connection]).toEqual([most, name, 'closed']);
      });
      client.close();
      // The same for a copy: what was told before the cut is kept, and the next run goes on from there.
      const copy = new Map<number, string>();
      const broken = await connected(at, most, inOctets);
      let state: SyncState | undefined;
      try {
        for await (const event of broken.client.sync('box', undefined, { envelope: true })) {
          if (event.type === 'new') copy.set(event.uid, event.message.envelope.subject);
          state = event.state;
        }
      } catch (error) {
        expect(isFivewireError(error)).toBe(true);
      }
      broken.client.close();
      const later = await connected(at, Number.POSITIVE_INFINITY, false);
      await synchronised(later.client, state && JSON.parse(JSON.stringify(state)), copy);
      later.client.close();
      expect([most, [...copy].sort()]).toEqual([most, [[1, 'blue'], [2, 'red'], [3, 'blue'], [4, 'red']]]);
    }
  });
}); // biome-ignore format: short
