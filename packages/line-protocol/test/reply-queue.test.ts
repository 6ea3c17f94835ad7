import { describe, expect, it } from 'vitest';
import { commandLine, type Reply, ReplyQueue, readReply, type Turn } from '../src/index.js';
import { connectionPair, settled, tick } from './pair.js';

const wait = { phase: 'command' as const, timeout: 2_000 };

async function queuePair() {
  const pair = await connectionPair();
  const judged: number[] = [];
  const queue = new ReplyQueue(pair.connection, {
    style: 'smtp',
    unsolicited: ({ code }) => {
      judged.push(code);
      return code === 421 ? 'closing' : code === 299 ? 'noted' : undefined;
    },
  });
  const received: string[] = [];
  pair.server.on('data', (chunk) =>
    received.push(...chunk.toString().split('\r\n').filter(Boolean)),
  );
  const exchange =
    (verb: string, pipelined: boolean) =>
    async (turn: Turn): Promise<Reply> => {
      pair.connection.send(commandLine(verb));
      if (pipelined) {
        turn.wrote();
        await turn.toRead();
      }
      return readReply(pair.connection, 'smtp', wait);
    };
  return { ...pair, queue, received, exchange, judged };
}

describe('ReplyQueue', () => {
  it('gives what has come already to work that the server begins: a greeting', async () => {
    const { connection, server, close } = await connectionPair();
    server.write('220 hi\r\n');
    while (connection.buffered === 0) await tick(1);
    const queue = new ReplyQueue(connection, { style: 'smtp' });
    const greeting = queue.run(() => readReply(connection, 'smtp', wait), { unprompted: true });
    expect((await greeting).text).toBe('hi');
    close();
  });

  it('writes pipelined work at once and gives each its own reply', async () => {
    const { queue, server, received, exchange, close } = await queuePair();
    const all = ['A', 'B', 'C'].map((verb) => queue.run(exchange(verb, true)));
    await expect.poll(() => received).toEqual(['A', 'B', 'C']);
    server.write('250 a\r\n250 b\r\n');
    server.write('250 c\r\n');
    expect((await Promise.all(all)).map((reply) => reply.text)).toEqual(['a', 'b', 'c']);
    close();
  });

  it('holds other work back while one keeps its turn', async () => {
    const { queue, server, received, exchange, close } = await queuePair();
    const first = queue.run(exchange('A', false));
    const second = queue.run(exchange('B', false));
    await expect.poll(() => received).toEqual(['A']);
    server.write('250 a\r\n');
    await first;
    await expect.poll(() => received).toEqual(['A', 'B']);
    server.write('250 b\r\n');
    expect((await second).text).toBe('b');
    close();
  });

  it('drops work whose signal fires before its turn, and reads on for work whose signal fires later', async () => {
    const { queue, server, received, exchange, close, connection } = await queuePair();
    const [written, waiting] = [new AbortController(), new AbortController()];
    const first = queue.run(exchange('A', false), { signal: written.signal, command: 'A' });
    const second = queue.run(exchange('B', false), { signal: waiting.signal });
    const third = queue.run(exchange('C', false));
    await expect.poll(() => received).toEqual(['A']);
    written.abort(new Error('enough'));
    waiting.abort();
    expect(await settled(first)).toMatchObject({
      code: 'ERR_ABORTED',
      connection: 'usable',
      command: 'A',
      cause: { message: 'enough' },
    });
    expect(await settled(second)).toMatchObject({ code: 'ERR_ABORTED' });
    server.write('250 a\r\n');
    await expect.poll(() => received).toEqual(['A', 'C']);
    server.write('250 c\r\n');
    expect((await third).text).toBe('c');
    expect(connection.isOpen).toBe(true);
    close();
  });

  it('lets one signal give up many calls, without a warning of Node', async () => {
    const warnings: Error[] = [];
    const note = (warning: Error): number => warnings.push(warning);
    process.on('warning', note);
    const { queue, exchange, close } = await queuePair();
    const stop = new AbortController();
    const calls = Array.from({ length: 50 }, () =>
      settled(queue.run(exchange('A', true), { signal: stop.signal })),
    );
    stop.abort();
    for (const outcome of await Promise.all(calls)) {
      expect(outcome).toMatchObject({ code: 'ERR_ABORTED' });
    }
    await tick(50); // Node gives its warnings a turn later
    process.off('warning', note);
    expect(warnings).toEqual([]);
    close();
  });

  it('fails all work when the connection ends', async () => {
    const { queue, server, received, exchange, close } = await queuePair();
    const all = ['A', 'B'].map((verb) => settled(queue.run(exchange(verb, true))));
    await expect.poll(() => received).toEqual(['A', 'B']);
    server.end('250 a\r\n');
    expect(await all[0]).toBe('fulfilled');
    expect(await all[1]).toMatchObject({ code: 'ERR_CONNECTION_CLOSED', retry: 'reconnect' });
    expect(await settled(queue.run(exchange('D', false)))).toMatchObject({
      code: 'ERR_CONNECTION_CLOSED',
    });
    close();
  });

  it.each([
    ['421 bye\r\n', 'ERR_SERVER_CLOSING'],
    ['250 surprise\r\n', 'ERR_MALFORMED_RESPONSE'],
    ['nonsense\r\n', 'ERR_MALFORMED_RESPONSE'],
  ])('judges a reply that no command asked for: %j', async (text, code) => {
    const { connection, server, queue, exchange, close } = await queuePair();
    server.write(text);
    expect(await connection.closed).toMatchObject({ reason: 'error', error: { code } });
    const call = queue.run(exchange('A', false), { phase: 'auth', command: 'A' });
    expect(await settled(call)).toMatchObject({ code, phase: 'auth', command: 'A' });
    close();
  });

  it('goes on after a reply that the protocol allows at any time', async () => {
    const { queue, server, received, exchange, close, connection, judged } = await queuePair();
    server.write('299-by the\r\n299 way\r\n');
    await expect.poll(() => judged).toEqual([299]);
    expect(connection.isOpen).toBe(true);
    const run = queue.run(exchange('A', false));
    await expect.poll(() => received).toEqual(['A']);
    server.write('250 a\r\n');
    expect((await run).text).toBe('a');
    close();
  });
});
