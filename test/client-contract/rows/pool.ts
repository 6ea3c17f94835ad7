import { describe, expect, it } from 'vitest';
import { createPeer, type Peer } from '../peer.js';
import { failure, inClear, quiet } from '../session.js';
import { type Client, methodNames, type Options, type Subject } from '../subject.js';

/** What stands in Node's errors for a port where nobody listens. */
const refused = (): Error =>
  Object.assign(new Error('connect ECONNREFUSED 127.0.0.1:1'), { code: 'ECONNREFUSED' });

export function describePool<C extends Client>(subject: Subject<C>): void {
  const { protocol, quitVerb, verb, Client } = subject;
  const poolOn = (peer: Peer, options: Options & Record<string, unknown> = {}) =>
    subject.createPool({ ...inClear(peer), ...options } as never);
  const talk = (client: C): Promise<unknown> => client.command(verb);
  const many = (n: number, call: () => Promise<unknown>) =>
    Promise.allSettled(Array.from({ length: n }, call));
  const failures = (results: PromiseSettledResult<unknown>[]): unknown[] =>
    results.flatMap((result) => (result.status === 'rejected' ? [result.reason] : []));

  describe('the pool', () => {
    it('can do what its client can', () => {
      const pool = poolOn(createPeer(subject.speaker)) as unknown as Record<string, unknown>;
      const own = methodNames(Client.prototype).filter((name) => name !== 'quit');
      expect(own.filter((name) => typeof pool[name] !== 'function')).toEqual([]);
    });

    it('gives each method a connection, or says that it takes one session', async () => {
      const peer = createPeer(subject.speaker);
      const pool = poolOn(peer, { maxConnections: 1 });
      const faults: string[] = [];
      for (const [name, call] of Object.entries(subject.methods)) {
        const error = await failure(() =>
          call(pool as unknown as C, { signal: AbortSignal.abort() }),
        );
        const aborted = error.code === 'ERR_ABORTED';
        const needsSession = error.code === 'ERR_STATE' && error.hint.includes('pool.use(');
        if (!aborted && !needsSession) faults.push(`${name}: ${error.code} ${error.message}`);
      }
      expect(faults).toEqual([]);
      expect(peer.targets).toEqual([]);
      await pool.close();
    });

    it('dials nobody before it is asked, and each connection once', async () => {
      const peer = createPeer(subject.speaker);
      const pool = poolOn(peer);
      expect([pool.size, peer.targets.length]).toEqual([0, 0]);
      await pool.use(talk);
      await pool.use(talk);
      expect([pool.size, peer.targets.length]).toEqual([1, 1]);
      await pool.close();
    });

    it('says goodbye on every connection when it closes', async () => {
      const peer = createPeer(subject.speaker);
      const pool = poolOn(peer, { maxConnections: 3 });
      await many(3, () => pool.use(talk));
      await pool.close();
      expect(peer.connections.map(({ heard }) => heard.at(-1) ?? '')).toEqual(
        peer.connections.map(() => expect.stringContaining(quitVerb)),
      );
      expect(pool.size).toBe(0);
      expect(await failure(() => pool.use(talk))).toMatchObject({ code: 'ERR_STATE' });
      await pool[Symbol.asyncDispose]();
    });

    it('takes no wrong option, no stream and no signal', async () => {
      const peer = createPeer(subject.speaker);
      const [stream] = [await peer.dial({ host: '', port: 0 })];
      const wrong = { stream, signal: AbortSignal.abort(), maxConnections: 0, maxConections: 5 };
      for (const [argument, value] of Object.entries(wrong)) {
        expect(await failure(() => poolOn(peer, { [argument]: value }))).toMatchObject({
          code: 'ERR_ARGUMENT',
          argument,
          protocol,
        });
      }
      stream.destroy();
    });

    it('replaces a connection that the server has closed', async () => {
      const peer = createPeer(subject.speaker);
      const pool = poolOn(peer);
      await pool.use(talk);
      peer.latest.cut();
      await quiet();
      await pool.use(talk);
      expect(peer.connections).toHaveLength(2);
      await pool.close();
    });

    it('replaces what is old or used up', async () => {
      const peer = createPeer(subject.speaker);
      const pool = poolOn(peer, { maxConnections: 1, maxUses: 1 });
      await many(3, () => pool.use(talk));
      await pool.close();
      expect(peer.connections).toHaveLength(3);
      const aged = poolOn(peer, { maxConnections: 1, maxAge: 0 });
      await many(3, () => aged.use(talk));
      await aged.close();
      expect(peer.connections).toHaveLength(6);
    });

    it('ends the wait of a call at its signal, and serves the others', async () => {
      const peer = createPeer(subject.speaker);
      const pool = poolOn(peer, { maxConnections: 1 });
      const lease = await pool.acquire();
      const stop = new AbortController();
      const waiting = failure(() => pool.acquire({ signal: stop.signal }));
      const next = pool.use(talk);
      stop.abort();
      expect(await waiting).toMatchObject({ code: 'ERR_ABORTED', connection: 'usable' });
      lease.release();
      await next;
      await pool.close();
    });

    it.each([
      ['says that there are too many', () => subject.crowded],
      ['refuses the connection', refused],
      ['resets the connection', () => ''],
    ])('serves 12 of 12 where the server takes 2 and then %s', async (_how, verdict) => {
      const peer = createPeer(subject.speaker);
      let most = 0;
      peer.admit = (open) => {
        most = Math.max(most, open);
        return open >= 2 ? verdict() : undefined;
      };
      const pool = poolOn(peer, { maxConnections: 5 });
      const work = async (client: C): Promise<unknown> => quiet(5).then(() => talk(client));
      const results = await many(12, () => pool.use(work));
      expect(failures(results)).toEqual([]);
      expect(most).toBe(2);
      await pool.close();
    });

    it('loses no call in a short outage, and one probe at a time looks for its end', async () => {
      const peer = createPeer(subject.speaker);
      let dials = 0;
      peer.admit = () => (++dials <= 4 ? refused() : undefined);
      const pool = poolOn(peer, { maxConnections: 2 });
      const results = await many(2_000, () => pool.use(talk));
      expect(failures(results)).toEqual([]);
      expect(dials).toBeLessThanOrEqual(6);
      await pool.close();
    });

    it('waits no longer than it says, and gives each call an error of its own', async () => {
      const peer = createPeer(subject.speaker);
      peer.admit = refused;
      const pool = poolOn(peer, { outageTimeout: 10 });
      const [one, two] = failures(await many(2, () => pool.use(talk)));
      expect(one).toMatchObject({ code: 'ERR_DIAL_FAILED', protocol, host: 'server.test' });
      expect(two).toMatchObject({ code: 'ERR_DIAL_FAILED' });
      expect(two).not.toBe(one);
      await pool.close();
    });

    it('waits for what another attempt may change, and for nothing else', async () => {
      const peer = createPeer(subject.speaker);
      peer.admit = () => Object.assign(new Error('getaddrinfo ENOTFOUND'), { code: 'ENOTFOUND' });
      const pool = poolOn(peer, { maxConnections: 1 });
      const results = await many(3, () => pool.use(talk));
      expect(failures(results)).toHaveLength(3);
      expect(peer.targets).toHaveLength(1);
      await pool.close();
    });
  });
}
