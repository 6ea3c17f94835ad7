import { describe, expect, it } from 'vitest';
import { failure, openSession, quiet } from '../session.js';
import type { Client, Subject } from '../subject.js';

export function describeFace<C extends Client>(subject: Subject<C>): void {
  describe('the face', () => {
    it('says what protects the connection', async () => {
      const { client } = await openSession(subject);
      expect(client.security).toMatchObject({
        mode: 'cleartext',
        verified: false,
        serverHostname: 'server.test',
        matchedName: undefined,
        protocol: undefined,
        cipher: undefined,
        alpn: undefined,
        resumed: false,
        trust: undefined,
        fingerprint256: undefined,
      });
      expect(Object.isFrozen(client.security)).toBe(true);
      client.close();
    });

    it('has capabilities, which can be asked for a name', async () => {
      const { client } = await openSession(subject);
      expect((client.capabilities as { has(name: string): boolean }).has('X-NONE')).toBe(false);
      client.close();
    });

    it('closed: after close(), with an error', async () => {
      const { client, peer } = await openSession(subject);
      client.close();
      client.close();
      expect(await client.closed).toMatchObject({
        reason: 'close',
        error: { code: 'ERR_CONNECTION_CLOSED', connection: 'closed' },
      });
      await quiet();
      expect(peer.open).toBe(0);
    });

    it('closed: after quit(), without an error', async () => {
      const { client } = await openSession(subject);
      await client.quit();
      expect(await client.closed).toEqual({ reason: 'quit' });
    });

    it('closed: when the server leaves without a word', async () => {
      const { client, peer } = await openSession(subject);
      peer.latest.cut();
      expect(await client.closed).toMatchObject({
        reason: 'server',
        error: { code: 'ERR_CONNECTION_CLOSED', retry: 'reconnect', protocol: subject.protocol },
      });
    });

    it('notices end with the connection', async () => {
      const { client } = await openSession(subject);
      const reading = (async () => {
        for await (const { kind, text } of client.notices)
          expect(typeof (kind + text)).toBe('string');
        return 'over';
      })();
      client.close();
      expect(await reading).toBe('over');
    });

    it('notices tell why the server is about to leave', async () => {
      const { client, peer } = await openSession(subject);
      peer.latest.say(subject.leaving);
      peer.latest.cut();
      const texts: string[] = [];
      for await (const { text } of client.notices) texts.push(text);
      expect(texts.join('\n')).toContain('shutting down');
    });

    it('disposal says goodbye', async () => {
      const { client, count } = await openSession(subject);
      await client[Symbol.asyncDispose]();
      expect(count(subject.quitVerb)).toBe(1);
      expect(await client.closed).toEqual({ reason: 'quit' });
      await client[Symbol.asyncDispose]();
      expect(count(subject.quitVerb)).toBe(1);
    });

    it('disposal takes no longer than timeouts.close, and never throws', async () => {
      const { client, peer } = await openSession(subject, { timeouts: { close: 10 } });
      peer.on(subject.verb, 'silence');
      const pending = failure(() => client.command(subject.verb));
      await client[Symbol.asyncDispose]();
      expect((await pending).connection).toBe('closed');
      await quiet();
      expect(peer.open).toBe(0);
    });

    it('disposal of what is lost already says nothing', async () => {
      const { client, peer, count } = await openSession(subject);
      peer.latest.cut();
      await client.closed;
      await client[Symbol.asyncDispose]();
      expect(count(subject.quitVerb)).toBe(0);
    });

    it('is no thenable and no emitter: there is no error event', async () => {
      const { client } = await openSession(subject);
      for (const name of ['then', 'on', 'emit']) expect(name in client).toBe(false);
      client.close();
    });
  });
}
