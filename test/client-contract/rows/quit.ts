import { describe, expect, it } from 'vitest';
import { answerNow, failure, openSession, quiet } from '../session.js';
import type { Client, Subject } from '../subject.js';

export function describeQuit<C extends Client>(subject: Subject<C>): void {
  const { quitVerb, verb } = subject;
  describe('quit', () => {
    it('twice at once, and once more, says one goodbye', async () => {
      const { client, count } = await openSession(subject);
      const [one, two] = await Promise.all([client.quit(), client.quit()]);
      expect(await client.quit()).toEqual(one);
      expect(two).toEqual(one);
      expect(count(quitVerb)).toBe(1);
    });

    it('comes after what is under way', async () => {
      const { client, talk, peer } = await openSession(subject);
      await Promise.all([talk(), client.quit()]);
      expect(peer.verbs().slice(-2)).toEqual([verb, quitVerb]);
    });

    it('by a signal that has fired leaves everything as it was, and works later', async () => {
      const { client, talk, count } = await openSession(subject);
      const error = await failure(() => client.quit({ signal: AbortSignal.abort() }));
      expect(error).toMatchObject({ code: 'ERR_ABORTED', connection: 'usable', command: quitVerb });
      await talk();
      expect(count(quitVerb)).toBe(0);
      await client.quit();
      expect(count(quitVerb)).toBe(1);
      expect(await client.closed).toEqual({ reason: 'quit' });
    });

    it('aborted before its turn is not said, and works later', async () => {
      const { client, talk, peer, count } = await openSession(subject);
      peer.on(verb, 'silence');
      const talking = talk();
      await quiet();
      const stop = new AbortController();
      const quitting = failure(() => client.quit({ signal: stop.signal }));
      await quiet();
      stop.abort();
      expect(await quitting).toMatchObject({ code: 'ERR_ABORTED', connection: 'usable' });
      answerNow(subject, peer);
      await talking;
      await quiet();
      expect(count(quitVerb)).toBe(0);
      await client.quit();
      expect(await client.closed).toEqual({ reason: 'quit' });
    });

    it('aborted before its turn can be said again at once', async () => {
      const { client, talk, peer, count } = await openSession(subject);
      peer.on(verb, 'silence');
      const talking = talk();
      await quiet();
      const stop = new AbortController();
      const quitting = failure(() => client.quit({ signal: stop.signal }));
      await quiet();
      stop.abort();
      const again = client.quit();
      expect((await quitting).code).toBe('ERR_ABORTED');
      answerNow(subject, peer);
      await talking;
      await again;
      expect(count(quitVerb)).toBe(1);
    });

    it('aborted after it was said goes on: the next one joins it', async () => {
      const { client, peer, count } = await openSession(subject);
      peer.on(quitVerb, 'silence');
      const stop = new AbortController();
      const quitting = failure(() => client.quit({ signal: stop.signal }));
      await peer.hears(quitVerb);
      stop.abort();
      expect(await quitting).toMatchObject({ code: 'ERR_ABORTED', command: quitVerb });
      const again = client.quit();
      await quiet();
      answerNow(subject, peer);
      await again;
      expect(count(quitVerb)).toBe(1);
      expect(await client.closed).toEqual({ reason: 'quit' });
    });

    it('aborted by one of two callers is still said for the other', async () => {
      const { client, talk, peer } = await openSession(subject);
      peer.on(verb, 'silence');
      const talking = talk();
      await quiet();
      const stop = new AbortController();
      const mine = failure(() => client.quit({ signal: stop.signal }));
      const theirs = client.quit();
      stop.abort();
      expect((await mine).code).toBe('ERR_ABORTED');
      answerNow(subject, peer);
      await talking;
      await theirs;
      expect(await client.closed).toEqual({ reason: 'quit' });
    });

    it('is content with a server that leaves without its last word', async () => {
      const { client, peer } = await openSession(subject);
      peer.on(quitVerb, 'cut');
      await client.quit();
      await client.closed;
    });

    it('is content with a server that says nothing for as long as the caller waits', async () => {
      const { client, peer } = await openSession(subject);
      peer.on(quitVerb, 'silence');
      await client.quit({ timeout: 5 });
      await client.closed;
      await quiet();
      expect(peer.open).toBe(0);
    });

    it.each(['close', 'loss'])('after %s has nothing to do', async (end) => {
      const { client, peer, count } = await openSession(subject);
      if (end === 'close') client.close();
      else peer.latest.cut();
      await client.closed;
      await client.quit();
      await client.quit();
      expect(count(quitVerb)).toBe(0);
    });

    it('refuses an unknown option', async () => {
      const { client } = await openSession(subject);
      expect(await failure(() => client.quit({ singal: 1 } as never))).toMatchObject({
        code: 'ERR_ARGUMENT',
        argument: 'singal',
      });
      client.close();
    });
  });
}
