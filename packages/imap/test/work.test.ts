/** The work itself, against a server in memory: bodies both ways, many calls at once, watching, pools. */
import { randomBytes } from 'node:crypto';
import { Readable, Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  createImapPool,
  type ImapClient,
  type MailboxEvent,
  type MessageBase,
  UidSet,
} from '../src/index.js';
import { type MailServer, mailServer, message } from './support/servers.js';

const code = (name: string, more: object = {}) => expect.objectContaining({ code: name, ...more });
let at: MailServer;
let client: ImapClient;
beforeAll(async () => {
  at = await mailServer();
});
beforeEach(async () => {
  client = await at.connect();
});
afterEach(async () => {
  await client[Symbol.asyncDispose]();
  expect(at.server.problems).toEqual([]);
});
afterAll(() => at.close());

const octetsOf = async (stream: Readable): Promise<Buffer> => {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk);
  return Buffer.concat(chunks);
};

/** Of a row that must be there. */
function body(row: MessageBase | undefined, ...given: Parameters<MessageBase['body']>): Readable {
  if (row === undefined) throw new Error('no row');
  return row.body(...given);
}

let boxes = 0;
/** A fresh mailbox with these messages in it. */
async function filled(...messages: string[]): Promise<string> {
  const name = `box${++boxes}`;
  await client.create(name);
  await Promise.all(messages.map((text) => client.append(name, text)));
  return name;
}

describe('bodies', () => {
  it('go out and come back octet for octet, small and large', async () => {
    const large = Buffer.concat([
      Buffer.from('Subject: large\r\n\r\n'),
      Buffer.from(randomBytes(3_000_000).toString('hex')),
    ]);
    const name = await filled(message('small'));
    const { uid } = await client.append(
      name,
      Readable.from([large.subarray(0, 5), large.subarray(5)]),
      { size: large.length },
    );
    const box = await client.open(name);
    const [small, big] = await box.fetch('1:*', { size: true, bodies: [''] }).toArray();
    expect([small?.size, big?.size, big?.uid]).toEqual([
      message('small').length,
      large.length,
      uid,
    ]);
    expect((await octetsOf(body(small))).toString()).toBe(message('small'));
    expect((await octetsOf(body(big))).equals(large)).toBe(true);
    // Not fetched before, and more than is kept: streamed from the first octet on.
    const [again] = await box.fetch(uid as number, {}).toArray();
    expect((await octetsOf(body(again))).equals(large)).toBe(true);
    expect((await octetsOf(body(again, 'HEADER'))).toString()).toBe('Subject: large\r\n\r\n');
  });

  it('a body that is exactly as long as what comes with the row', async () => {
    for (const extra of [-1, 0, 1]) {
      const text = 'x'.repeat(262_144 + extra);
      const box = await client.open(await filled(text), { wait: true });
      const [row] = await box.fetch('1:*', { bodies: [''] }).toArray();
      expect((await octetsOf(body(row))).length).toBe(262_144 + extra);
      await box.close();
    }
  });

  it('of a message or a part that is gone is ERR_NOT_FOUND; a part that cannot be is an argument', async () => {
    const box = await client.open(await filled(message('a')));
    const [row] = await box.fetch(1, {}).toArray();
    await box.addFlags(1, ['\\Deleted']);
    await box.expunge(1);
    await expect(octetsOf(body(row))).rejects.toEqual(
      code('ERR_NOT_FOUND', { connection: 'usable' }),
    );
    for (const part of ['0', '1.', 'a', '1] BODY[', '1.MIME.2'])
      expect(() => row?.body(part)).toThrow(code('ERR_ARGUMENT'));
    await client.noop();
  });

  it('flow with backpressure: a slow consumer holds the server back, and memory stays flat', async () => {
    const size = 8_000_000;
    const { uid } = await client.append(await filled(), Buffer.alloc(size, 'y'));
    const box = await client.open(`box${boxes}`);
    const [row] = await box.fetch(uid as number, {}).toArray();
    const stream = body(row);
    const pieces = stream[Symbol.asyncIterator]();
    let octets = (await pieces.next()).value.length;
    // All of it would be here in far fewer turns.
    for (let turn = 0; turn < 2_000; turn++) await new Promise((resolve) => setImmediate(resolve));
    expect(stream.readableLength).toBeLessThan(1_000_000);
    for (;;) {
      const { done, value } = await pieces.next();
      if (done) break;
      octets += value.length;
      expect(stream.readableLength).toBeLessThan(1_000_000);
    }
    expect(octets).toBe(size);
  });

  it('given up: a short rest is drained, and the session goes on', async () => {
    const box = await client.open(await filled(message('a', 3_000_000)));
    const [row] = await box.fetch('1:*', {}).toArray();
    for await (const _chunk of body(row)) break;
    await client.noop();
    const [whole] = await box.fetch('1:*', {}).toArray();
    expect((await octetsOf(body(whole))).length).toBe(message('a', 3_000_000).length);
  });

  it('given up by a signal', async () => {
    const box = await client.open(await filled(message('a', 3_000_000)));
    const [row] = await box.fetch('1:*', {}).toArray();
    const controller = new AbortController();
    const stream = body(row, '', { signal: controller.signal });
    await expect(
      (async () => {
        for await (const _chunk of stream) controller.abort();
      })(),
    ).rejects.toEqual(code('ERR_ABORTED'));
    await client.noop();
  });

  it('a stream without size is held, within the limit', async () => {
    const name = await filled();
    expect((await client.append(name, Readable.from(['ab', 'cd']))).size).toBe(4);
    const small = await at.connect({ limits: { bufferedOctets: 10, spooledOctets: 10 } });
    await expect(small.append(name, Readable.from(['x'.repeat(11)]))).rejects.toEqual(
      code('ERR_ARGUMENT', { argument: 'size' }),
    );
    await small.noop();
    await small.quit();
  });

  it('a source that fails at once costs nothing; in the middle, the connection', async () => {
    const name = await filled();
    const failing = async function* (after: number) {
      for (let i = 0; i < after; i++) yield Buffer.alloc(10);
      throw new Error('disk on fire');
    };
    await expect(client.append(name, failing(0), { size: 100 })).rejects.toEqual(
      code('ERR_LOCAL_IO', { connection: 'usable' }),
    );
    await client.noop();
    await expect(client.append(name, failing(3), { size: 100 })).rejects.toEqual(
      code('ERR_LOCAL_IO'),
    );
    expect((await client.closed).reason).toBe('error');
    const other = await at.connect();
    expect((await other.status(name, ['messages'])).messages).toBe(0);
    await other.quit();
  });

  it('an append that is aborted leaves no message', async () => {
    const name = await filled();
    const controller = new AbortController();
    const endless = async function* () {
      for (;;) {
        yield Buffer.alloc(1_000);
        await sleep(5);
      }
    };
    setTimeout(() => controller.abort(), 50);
    await expect(
      client.append(name, endless(), { size: 5e7, signal: controller.signal }),
    ).rejects.toEqual(code('ERR_ABORTED', { connection: 'closed' }));
    const other = await at.connect();
    expect((await other.status(name, ['messages'])).messages).toBe(0);
    await other.quit();
  });
});

describe('calls inside loops', () => {
  it('over rows, of every kind', async () => {
    const name = await filled(...Array.from({ length: 60 }, (_, i) => message(`m${i}`, 2_000)));
    const box = await client.open(name);
    let rows = 0;
    for await (const row of box.fetch('1:*', { envelope: true, bodies: [''] })) {
      rows++;
      await box.addFlags(row.uid, ['\\Seen']);
      expect((await octetsOf(row.body('TEXT'))).length).toBeGreaterThan(1_900);
      if (rows === 3) expect((await box.fetch('1:*', { flags: true }).toArray()).length).toBe(60);
      if (rows === 4)
        await Promise.all([
          client.noop(),
          client.status('INBOX', ['messages']),
          box.search({ seen: true }),
        ]);
    }
    expect(rows).toBe(60);
    expect((await box.search({ seen: true })).size).toBe(60);
  });

  it('over more rows than may be held', async () => {
    const tight = await at.connect({ limits: { bufferedOctets: 30_000 } });
    const name = await filled(...Array.from({ length: 60 }, (_, i) => message(`m${i}`, 2_000)));
    const box = await tight.open(name);
    let rows = 0;
    for await (const row of box.fetch('1:*', { bodies: [''] })) {
      if (rows++ % 10 === 0) await sleep(20);
      await box.addFlags(row.uid, ['\\Seen']);
    }
    expect(rows).toBe(60);
    rows = 0;
    for await (const _row of box.fetch('1:*', { bodies: [''] }))
      if (rows++ % 10 === 0) await sleep(20);
    expect(rows).toBe(60);
    await tight.quit();
  });

  it('over a body that is short enough to be held', async () => {
    const box = await client.open(await filled(message('a', 4_000_000)));
    const [row] = await box.fetch('1:*', {}).toArray();
    let octets = 0;
    for await (const chunk of body(row)) {
      if (octets === 0) await box.addFlags(1, ['\\Seen']);
      octets += chunk.length;
    }
    expect(octets).toBe(message('a', 4_000_000).length);
  });

  it('over a body that is too long is ERR_WOULD_DEADLOCK, and both go on', async () => {
    const tight = await at.connect({ limits: { bufferedOctets: 100_000 } });
    const box = await tight.open(await filled(message('a', 9_000_000)));
    const [row] = await box.fetch('1:*', {}).toArray();
    let octets = 0;
    for await (const chunk of body(row)) {
      if (octets === 0) {
        await expect(box.addFlags(1, ['\\Seen'])).rejects.toEqual(
          code('ERR_WOULD_DEADLOCK', {
            connection: 'usable',
            hint: expect.stringContaining('pool'),
          }),
        );
      }
      octets += chunk.length;
    }
    expect(octets).toBe(message('a', 9_000_000).length);
    await tight.quit();
  });

  it('beside a body that a pipe takes just wait', async () => {
    const tight = await at.connect({ limits: { bufferedOctets: 100_000 } });
    const box = await tight.open(await filled(message('a', 3_000_000)));
    const [row] = await box.fetch('1:*', {}).toArray();
    const slow = new Writable({ write: (_chunk, _encoding, done) => void setTimeout(done, 30) });
    await Promise.all([pipeline(body(row), slow), sleep(20).then(() => tight.noop())]);
    await tight.quit();
  });

  it('appending what comes over the same connection', async () => {
    const name = await filled(message('a', 20_000_000));
    const box = await client.open(name);
    const [row] = await box.fetch('1:*', { size: true }).toArray();
    await expect(client.append(name, body(row), { size: row?.size as number })).rejects.toEqual(
      code('ERR_WOULD_DEADLOCK'),
    );
    // Behind a transformation it can't be foreseen; it is refused before an octet of the command goes out.
    const hidden = body(row).map((chunk: Buffer) => chunk);
    await expect(client.append(name, hidden, { size: row?.size as number })).rejects.toEqual(
      code('ERR_WOULD_DEADLOCK'),
    );
    hidden.destroy();
  });

  it('a loop that is left early leaves the session in order', async () => {
    const box = await client.open(
      await filled(...Array.from({ length: 40 }, (_, i) => message(`m${i}`))),
    );
    for await (const _row of box.fetch('1:*', { envelope: true })) break;
    expect((await box.search()).size).toBe(40);
    const rows = box.fetch('1:*', { flags: true });
    expect((await rows.toArray()).length).toBe(40);
    expect((await rows.toArray()).length).toBe(40);
    const controller = new AbortController();
    await expect(
      (async () => {
        for await (const _row of box.fetch(
          '1:*',
          { envelope: true },
          { signal: controller.signal },
        ))
          controller.abort();
      })(),
    ).rejects.toEqual(code('ERR_ABORTED', { connection: 'usable' }));
    await client.noop();
  });
});

describe('many calls at once', () => {
  it('are pipelined: none waits for another', async () => {
    const texts = Array.from({ length: 100 }, (_, i) => message(`m${i}`));
    const name = await filled(...texts);
    const box = await client.open(name);
    const bodies = await Promise.all(
      Array.from({ length: 100 }, async (_, i) => {
        const [row] = await box.fetch(i + 1, { bodies: [''] }).toArray();
        return (await octetsOf(body(row))).toString();
      }),
    );
    expect(new Set(bodies)).toEqual(new Set(texts));
  });

  it('two fetches side by side', async () => {
    const box = await client.open(
      await filled(...Array.from({ length: 30 }, (_, i) => message(`m${i}`))),
    );
    const [a, b] = [
      box.fetch('1:*', { envelope: true })[Symbol.asyncIterator](),
      box.fetch('1:*', { flags: true })[Symbol.asyncIterator](),
    ];
    for (let i = 0; i < 30; i++) {
      expect((await a.next()).value?.uid).toBe(i + 1);
      expect((await b.next()).value?.uid).toBe(i + 1);
    }
  });

  it('large sets go out in several commands', async () => {
    const name = await filled(message('a'));
    const box = await client.open(name);
    const sparse = UidSet.from(Array.from({ length: 3_000 }, (_, i) => i * 2 + 1));
    await box.addFlags(sparse, ['$odd']);
    expect((await box.search({ keyword: '$odd' })).toString()).toBe('1');
    const lines =
      at.server.connections.at(-1)?.lines.filter((line) => line.includes('STORE')) ?? [];
    expect(lines.length).toBeGreaterThan(2);
    for (const line of lines) expect(line.length).toBeLessThan(4_200);
  });

  it('quit() waits for them; afterwards nothing works', async () => {
    const calls = [client.noop(), client.status('INBOX', ['messages']), client.list().toArray()];
    await client.quit();
    await Promise.all(calls);
    await expect(client.noop()).rejects.toEqual(code('ERR_CONNECTION_CLOSED'));
  });

  it('close() rejects them', async () => {
    const calls = [client.noop(), client.status('INBOX', ['messages'])];
    client.close();
    for (const call of calls) await expect(call).rejects.toEqual(code('ERR_CONNECTION_CLOSED'));
    expect((await client.closed).reason).toBe('close');
  });

  it('what is aborted before its turn never goes out', async () => {
    const name = await filled();
    const controller = new AbortController();
    const slow = async function* () {
      yield Buffer.from('ab');
      await sleep(60);
      yield Buffer.from('cd');
    };
    const first = client.append(name, slow(), { size: 4 });
    await sleep(10);
    const second = client.append(name, 'never', { signal: controller.signal });
    const third = client.status(name, ['messages']);
    await sleep(10);
    controller.abort();
    await expect(second).rejects.toEqual(code('ERR_ABORTED', { connection: 'usable' }));
    expect((await first).size).toBe(4);
    expect(await third).toEqual({ messages: 1 });
  });

  it('one can be aborted or given less time', async () => {
    const controller = new AbortController();
    const call = client.noop({ signal: controller.signal });
    controller.abort();
    await expect(call).rejects.toEqual(code('ERR_ABORTED', { connection: 'usable' }));
    await client.noop();
  });
});

describe('watch', () => {
  const next = async (events: AsyncIterator<MailboxEvent>): Promise<MailboxEvent> => {
    const { value, done } = await events.next();
    if (done) throw new Error('the watch has ended');
    return value;
  };

  it('tells what comes, changes and goes, by UID, while other calls run', async () => {
    const name = await filled(message('old'), message('older'));
    const events = client.watch(name)[Symbol.asyncIterator]();
    const other = await at.connect();
    const first = next(events);
    await sleep(100);
    await other.append(name, message('fresh'));
    expect(await first).toMatchObject({ type: 'new', mailbox: name, messages: 3 });
    const second = next(events);
    await sleep(50);
    const box = await other.open(name);
    await box.addFlags(2, ['\\Flagged']);
    expect(await second).toMatchObject({
      type: 'flags',
      uid: 2,
      flags: expect.arrayContaining(['\\Flagged']),
    });
    await box.addFlags(1, ['\\Deleted']);
    await box.expunge(1);
    let event = await next(events);
    while (event.type === 'flags') event = await next(events);
    expect(event).toMatchObject({ type: 'expunged', messages: 2 });
    expect(String((event as { uids: UidSet }).uids)).toBe('1');
    // A call in between interrupts IDLE by itself.
    const waiting = next(events);
    await client.noop();
    const mine = await client.open(name);
    await mine.addFlags(3, ['\\Answered']);
    await other.append(name, message('last'));
    event = await waiting;
    while (event.type !== 'new') event = await next(events);
    expect(String(event.uids)).toBe('4');
    await mine.close();
    await other.quit();
    await events.return?.(undefined);
  });

  it('reports what is there already, with `from`; ends quietly by a signal', async () => {
    const name = await filled(message('a'), message('b'), message('c'));
    const controller = new AbortController();
    const seen: string[] = [];
    for await (const event of client.watch([name], { from: 2, signal: controller.signal })) {
      if (event.type === 'new') seen.push(String(event.uids));
      setTimeout(() => controller.abort(), 50);
    }
    expect(seen).toEqual(['2:3']);
    await client.noop();
    await (await client.open('INBOX')).close();
  });

  it('ends quietly when we leave', async () => {
    const name = await filled();
    const watching = (async () => {
      for await (const _event of client.watch(name)) throw new Error('nothing happens');
    })();
    await sleep(100);
    await client.quit();
    await watching;
  });

  it('ends quietly when the signal that ends it has closed the connection first', async () => {
    const name = await filled();
    const watcher = await at.connect();
    const controller = new AbortController();
    controller.signal.addEventListener('abort', () => watcher.close());
    const watching = (async () => {
      for await (const _event of watcher.watch(name, { signal: controller.signal }))
        throw new Error('nothing happens');
    })();
    await expect
      .poll(() => at.server.connections.at(-1)?.lines.some((line) => /IDLE$/.test(line)))
      .toBe(true);
    await sleep(20); // the server has answered by then, so that DONE would be due
    controller.abort();
    await watching;
  });

  it('refreshes IDLE, and does without where there is none', async () => {
    for (const options of [{ refresh: 60 }, { interval: 60 }]) {
      const watcher = await at.connect('refresh' in options ? {} : { disable: ['IDLE'] });
      const name = await filled();
      const events = watcher.watch(name, options)[Symbol.asyncIterator]();
      const first = next(events);
      const lines = (): readonly string[] =>
        at.server.connections.find(({ lines }) =>
          lines.some((line) => line.includes(`EXAMINE "${name}"`)),
        )?.lines ?? [];
      await expect
        .poll(() => lines().filter((line) => /IDLE|NOOP/.test(line)).length)
        .toBeGreaterThan(2);
      await client.append(name, message('x'));
      expect(await first).toMatchObject({ type: 'new' });
      await watcher.quit();
    }
  });

  it('watches further mailboxes by STATUS', async () => {
    const [one, two] = [await filled(), await filled()];
    const watcher = await at.connect();
    const events = watcher.watch([one, two], { interval: 50 })[Symbol.asyncIterator]();
    const first = next(events);
    // It has asked for the state of the second, and waits.
    const isReady = (): boolean =>
      at.server.connections.some(
        ({ lines }) =>
          lines.some((line) => line.includes(`STATUS "${two}"`)) &&
          lines.some((line) => /IDLE$|NOTIFY SET/.test(line)),
      );
    await expect.poll(isReady).toBe(true);
    await client.append(two, message('x'));
    expect(await first).toMatchObject({ type: 'status', mailbox: two, status: { messages: 1 } });
    await watcher.quit();
  });
});

describe('a pool', () => {
  it('opens mailboxes on connections of their own, and shares what it can', async () => {
    const [one, two] = [await filled(message('a')), await filled(message('b'), message('c'))];
    const pool = createImapPool({ ...at.optionsFor('implicit-tls'), maxConnections: 2 });
    try {
      const [a, b] = await Promise.all([pool.open(one), pool.open(two)]);
      expect([a.exists, b.exists, pool.size]).toEqual([1, 2, 2]);
      const third = pool.open(one);
      await a.close();
      expect((await third).exists).toBe(1);
      await (await third).close();
      await b.close();
      expect(await pool.use((lent) => lent.status(two, ['messages']))).toEqual({ messages: 2 });
      await expect(pool.open('no such box')).rejects.toEqual(code('ERR_NOT_FOUND'));
    } finally {
      await pool.close();
    }
    expect(() =>
      createImapPool({ ...at.optionsFor('implicit-tls'), stream: new Readable() } as never),
    ).toThrow(code('ERR_ARGUMENT'));
  });
});
