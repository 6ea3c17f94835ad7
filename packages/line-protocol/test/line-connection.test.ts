import { once } from 'node:events';
import { Duplex } from 'node:stream';
import { createDeflateRaw, createInflateRaw } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { commandLine, LineConnection, secret, type WireEvent } from '../src/index.js';
import { connectionPair, settled, tick } from './pair.js';

const wait = { phase: 'command' as const, timeout: 2_000 };

describe('LineConnection', () => {
  it('gives lines as they come and keeps the rest', async () => {
    const { connection, server, close } = await connectionPair();
    server.write('one\r\ntwo\nthr');
    expect(await connection.readLine(wait)).toBe('one');
    expect(await connection.readLine(wait)).toBe('two');
    expect(connection.takeLine()).toBeUndefined();
    const third = connection.readLine(wait);
    server.write('ee\r\n');
    expect(await third).toBe('three');
    close();
  });

  it('sends commands of one turn in one piece', async () => {
    const { connection, server, close } = await connectionPair();
    const first = once(server, 'data');
    connection.send(commandLine('A'), commandLine('B'));
    connection.send(commandLine('C'));
    expect(String(await first)).toBe('A\r\nB\r\nC\r\n');
    close();
  });

  it('times out with the phase, the milliseconds and a hint, and closes', async () => {
    const { connection, close } = await connectionPair();
    const error = await settled(connection.readLine({ phase: 'greeting', timeout: 30 }));
    expect(error).toMatchObject({
      code: 'ERR_TIMEOUT',
      phase: 'greeting',
      milliseconds: 30,
      connection: 'closed',
    });
    expect((error as { hint: string }).hint).toContain('TLS');
    expect(await connection.closed).toMatchObject({ reason: 'error', error });
    expect(() => connection.write(Buffer.from('x'))).toThrow(
      expect.objectContaining({ code: 'ERR_TIMEOUT' }),
    );
    close();
  });

  it.each([
    'dial',
    'proxy',
    'greeting',
    'starttls',
    'tls',
    'capabilities',
    'auth',
    'command',
    'transfer',
    'close',
  ] as const)('has a hint for silence in the phase %s', async (phase) => {
    const { connection, close } = await connectionPair();
    const error = await settled(connection.readLine({ phase, timeout: 1 }));
    expect(error).toMatchObject({ code: 'ERR_TIMEOUT', hint: expect.stringMatching(/\w+ \w+/) });
    close();
  });

  it('hands out what came before the end, then says that the server closed', async () => {
    const { connection, server, close } = await connectionPair();
    server.end('last words\r\n');
    await tick();
    expect(await connection.readLine(wait)).toBe('last words');
    expect(await settled(connection.readLine(wait))).toMatchObject({
      code: 'ERR_CONNECTION_CLOSED',
    });
    close();
  });

  it('settles closed when an idle peer leaves or breaks', async () => {
    const left = await connectionPair();
    left.server.end();
    expect(await left.connection.closed).toMatchObject({
      reason: 'server',
      error: { code: 'ERR_CONNECTION_CLOSED' },
    });
    const broke = await connectionPair();
    broke.server.resetAndDestroy();
    expect(await broke.connection.closed).toMatchObject({
      error: { code: 'ERR_CONNECTION_CLOSED', hint: expect.stringMatching(/\w+ \w+/) },
    });
    const reset = await connectionPair();
    reset.client.destroy(new Error('read ECONNRESET'));
    expect(await reset.connection.closed).toMatchObject({
      reason: 'error',
      error: { code: 'ERR_CONNECTION_CLOSED', hint: expect.stringMatching(/\w+ \w+/) },
    });
    reset.close();
    left.close();
    broke.close();
  });

  it('gathers what comes in a turn, and loses none of it to an end or an error', async () => {
    for (const how of ['more', 'end', 'error'] as const) {
      const stream = new Duplex({ read() {}, write: (_chunk, _encoding, done) => done() });
      const connection = new LineConnection(stream, { protocol: 'smtp' });
      const filled = connection.fill(wait, true);
      await new Promise((resolve) => setImmediate(resolve));
      stream.push('one ');
      await Promise.resolve();
      stream.push('two');
      await new Promise((resolve) => process.nextTick(resolve));
      if (how === 'end') stream.push(null);
      if (how === 'error') stream.destroy(new Error('reset'));
      await filled;
      connection.joinOctets();
      expect(connection.takeOctets(100)?.toString()).toBe('one two');
      const next = settled(connection.fill(wait, true));
      if (how === 'more') stream.push('three');
      expect(await next).toEqual(
        how === 'more' ? 'fulfilled' : expect.objectContaining({ code: 'ERR_CONNECTION_CLOSED' }),
      );
      connection.close();
    }
  });

  it('stops reading when no caller takes, and goes on when one does', async () => {
    const { connection, server, close } = await connectionPair();
    const block = Buffer.alloc(1 << 20, 'x'.repeat(63).concat('\n'));
    for (let i = 0; i < 16; i++) server.write(block);
    await tick(200);
    expect(connection.buffered).toBeLessThan(1 << 20);
    let lines = 0;
    while (lines < (16 << 20) / 64) {
      while (connection.takeLine() !== undefined) lines++;
      if (lines < (16 << 20) / 64) await connection.fill(wait);
    }
    expect(connection.buffered).toBe(0);
    close();
  });

  it('waits for a peer that does not read, and gives up in time', async () => {
    const { connection, server, close } = await connectionPair();
    server.pause();
    let error: unknown;
    try {
      for (let i = 0; i < 1_000; i++) {
        if (!connection.write(Buffer.alloc(1 << 18)))
          await connection.flushed({ phase: 'transfer', timeout: 60 });
      }
    } catch (thrown) {
      error = thrown;
    }
    expect(error).toMatchObject({ code: 'ERR_TIMEOUT', phase: 'transfer' });
    close();
  });

  it('refuses a line over the limit', async () => {
    const { connection, server, close } = await connectionPair({ limits: { lineOctets: 100 } });
    server.write('x'.repeat(1_000));
    expect(await settled(connection.readLine(wait))).toMatchObject({
      code: 'ERR_LIMIT_EXCEEDED',
      limit: 'lineOctets',
      limitValue: 100,
    });
    close();
  });

  it('ends politely: waits for the peer, then closes', async () => {
    const { connection, server, close } = await connectionPair();
    server.on('end', () => server.end());
    server.resume();
    await connection.end();
    expect(await connection.closed).toEqual({ reason: 'quit' });
    expect(connection.stream.destroyed).toBe(true);
    close();
  });

  it('does not wait for ever for a peer that never ends', async () => {
    const { connection, close, server } = await connectionPair({ timeouts: { close: 50 } });
    server.pause();
    await connection.end();
    expect(connection.isOpen).toBe(false);
    close();
  });

  it('has nothing to wait for when the stream is gone already', async () => {
    const { connection, close } = await connectionPair({ timeouts: { close: 60_000 } });
    const { stream } = connection;
    let closes = 0;
    stream.on('close', () => closes++);
    stream.destroy();
    await connection.end();
    expect(await connection.closed).toEqual({ reason: 'quit' });
    await tick();
    expect(closes).toBe(1);
    close();
  });

  it('leaves no listener on a stream that it lets go', async () => {
    const { connection, client, close } = await connectionPair();
    const before = client.listenerCount('data');
    expect(before).toBe(1);
    connection.close();
    for (const event of ['data', 'end', 'drain', 'close'])
      expect(client.listenerCount(event), event).toBeLessThan(2);
    expect(client.listenerCount('data')).toBe(0);
    close();
  });

  it('refuses octets that came before TLS', async () => {
    const { connection, server, close } = await connectionPair({
      tls: { context: {} as never, serverHostname: 'h.example' },
    });
    server.write('220 go\r\n* injected\r\n');
    await connection.readLine(wait);
    expect(await settled(connection.startTls('starttls'))).toMatchObject({
      code: 'ERR_STARTTLS_INJECTION',
      octets: 12,
      connection: 'closed',
      serverHostname: 'h.example',
    });
    close();
  });

  it('refuses octets that came before the command that they would answer', async () => {
    const { connection, server, close } = await connectionPair();
    connection.refuseEarlyReply('STARTTLS'); // nothing is here
    server.write('250 ready\r\n220 go');
    await connection.readLine(wait);
    expect(() => connection.refuseEarlyReply('STARTTLS')).toThrow(
      expect.objectContaining({
        code: 'ERR_STARTTLS_INJECTION',
        message: '6 octets came in clear before STARTTLS was sent',
        octets: 6,
        phase: 'starttls',
        connection: 'closed',
      }),
    );
    expect(connection.isOpen).toBe(false);
    close();
  });

  it('swaps the stream whole and keeps octets not yet taken for the new one', async () => {
    const { connection, server, close } = await connectionPair();
    const deflate = createDeflateRaw();
    deflate.write('compressed\r\n');
    const compressed = await new Promise<Buffer>((resolve) =>
      deflate.flush(() => resolve(deflate.read() as Buffer)),
    );
    server.write(Buffer.concat([Buffer.from('OK\r\n'), compressed]));
    expect(await connection.readLine(wait)).toBe('OK');
    connection.swap((stream) =>
      Duplex.from({ readable: stream.pipe(createInflateRaw()), writable: stream }),
    );
    expect(await connection.readLine(wait)).toBe('compressed');
    close();
  });

  it('closes what connecting could not finish, for an error and for the signal', async () => {
    const failed = await connectionPair();
    const boom = failed.connection.locate(
      new (await import('../src/index.js')).AuthenticationError('ERR_AUTHENTICATION_FAILED', 'no'),
    );
    expect(
      await settled(failed.connection.establish(undefined, () => Promise.reject(boom))),
    ).toMatchObject({
      code: 'ERR_AUTHENTICATION_FAILED',
      connection: 'closed',
    });
    expect(failed.connection.isOpen).toBe(false);
    failed.close();
    const stopped = await connectionPair();
    const stop = new AbortController();
    const establishing = stopped.connection.establish(stop.signal, () =>
      stopped.connection.readLine(wait),
    );
    stop.abort(new Error('changed my mind'));
    expect(await settled(establishing)).toMatchObject({
      code: 'ERR_ABORTED',
      connection: 'closed',
    });
    expect(stopped.client.destroyed).toBe(true);
    stopped.close();
  });

  it('tells the log what happened, without secrets', async () => {
    const events: WireEvent[] = [];
    const { connection, server, close } = await connectionPair({
      log: (event) => events.push(event),
    });
    connection.send(commandLine('PASS', [secret('hunter2')]));
    server.write('230 welcome \x1b[2J\r\n');
    await connection.readLine(wait);
    connection.close();
    expect(events.map((event) => [event.type, event.text])).toEqual([
      ['open', 'h:1'],
      ['send', 'PASS ***'],
      ['receive', '230 welcome \\u{1b}[2J'],
      ['close', 'close: The connection was closed by close()'],
    ]);
    expect(JSON.stringify(events)).not.toContain('hunter2');
    close();
  });
});
