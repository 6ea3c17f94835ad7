import { getEventListeners } from 'node:events';
import { describe, expect, it } from 'vitest';
import { createPeer } from '../peer.js';
import { answerNow, failure, inClear, mute, openSession, quiet } from '../session.js';
import type { Client, Subject } from '../subject.js';

export function describeCalls<C extends Client>(subject: Subject<C>): void {
  const { protocol, verb, Client } = subject;

  describe('calls', () => {
    it('made at once are all answered', async () => {
      const { client, talk } = await openSession(subject);
      expect(await Promise.all([talk(), talk(), talk()])).toHaveLength(3);
      client.close();
    });

    it('aborted on the wire leave the connection in step', async () => {
      const { client, talk, peer } = await openSession(subject);
      peer.on(verb, 'silence');
      const stop = new AbortController();
      const talking = failure(() => talk({ signal: stop.signal }));
      await peer.hears(verb);
      stop.abort();
      expect(await talking).toMatchObject({
        code: 'ERR_ABORTED',
        connection: 'usable',
        command: verb,
      });
      peer.on(verb, undefined);
      answerNow(subject, peer);
      await talk();
      client.close();
    });

    it('that wait on one signal are one listener to it, and none when they are over', async () => {
      const { client, talk } = await openSession(subject);
      const stop = new AbortController();
      const waiting = (): number => getEventListeners(stop.signal, 'abort').length;
      const calls = Array.from({ length: 200 }, () => talk({ signal: stop.signal }));
      expect(waiting()).toBe(1);
      await Promise.all(calls);
      expect(waiting()).toBe(0);
      const aborted = Array.from({ length: 50 }, () =>
        failure(() => talk({ signal: stop.signal })),
      );
      stop.abort();
      for (const error of await Promise.all(aborted))
        expect(error).toMatchObject({ code: 'ERR_ABORTED' });
      expect(waiting()).toBe(0);
      client.close();
    });

    it('under way when the connection is lost have errors of their own', async () => {
      const { client, talk, peer } = await openSession(subject);
      peer.on(verb, 'silence');
      const calls = [failure(talk), failure(talk)];
      await peer.hears(verb);
      peer.latest.cut();
      const [one, two] = await Promise.all(calls);
      const { error: lost } = await client.closed;
      expect(one).not.toBe(two);
      for (const error of [one, two]) {
        expect(error).toMatchObject({
          code: 'ERR_CONNECTION_CLOSED',
          command: verb,
          phase: 'command',
        });
        expect(error).not.toBe(lost);
        expect(error?.cause).toBe(lost);
        expect(error?.stack).toContain(error?.message);
      }
    });

    it('after one that timed out name themselves, and the timeout as the cause', async () => {
      const { client, talk } = await mute(subject);
      const slow = await failure(() => talk({ timeout: 5 }));
      const later = await failure(() => client.command(verb, ['x']));
      expect(later).not.toBe(slow);
      expect((await client.closed).error).toBe(slow);
      expect(later.cause).toBe(slow);
      expect(later.connection).toBe('closed');
    });

    it('after close() name themselves', async () => {
      const { client, talk } = await openSession(subject);
      client.close();
      const error = await failure(talk);
      expect(error).toMatchObject({
        code: 'ERR_CONNECTION_CLOSED',
        command: verb,
        connection: 'closed',
      });
      expect(error.cause).toBe((await client.closed).error);
    });

    it('after quit() name themselves', async () => {
      const { client, talk } = await openSession(subject);
      await client.quit();
      expect(await failure(talk)).toMatchObject({ code: 'ERR_CONNECTION_CLOSED', command: verb });
    });

    it('that the server refuses leave the connection usable', async () => {
      const { client, talk, peer } = await openSession(subject);
      const tag = protocol === 'imap';
      peer.on(verb, tag ? 'silence' : { says: subject.refusal });
      const refused = failure(talk);
      await peer.hears(verb);
      if (tag)
        peer.latest.say(`${peer.latest.heard.at(-1)?.split(' ', 1)[0]} ${subject.refusal}\r\n`);
      const error = await refused;
      expect(error).toMatchObject({
        name: 'CommandError',
        connection: 'usable',
        command: verb,
        protocol,
        host: 'server.test',
        reply: { text: expect.stringContaining('no') },
      });
      peer.on(verb, undefined);
      await talk();
      client.close();
    });

    it('hear that the server leaves, and when to come again', async () => {
      const { client, talk, peer } = await openSession(subject);
      peer.on(verb, 'silence');
      const talking = failure(talk);
      await peer.hears(verb);
      peer.latest.say(subject.leaving);
      peer.latest.cut();
      // POP3 has no word for it: a refusal comes first, and the end after it.
      const connection = protocol === 'pop3' ? 'usable' : 'closed';
      expect(await talking).toMatchObject({ connection, command: verb });
      await client.closed;
    });

    it.each([null, 7, 'x', []])('refuse %s as options', async (options) => {
      const { client } = await openSession(subject);
      expect(await failure(() => client.command(verb, [], options as never))).toMatchObject({
        code: 'ERR_ARGUMENT',
        argument: 'options',
        message: 'options must be an object',
      });
      client.close();
    });

    it.each([
      ['timeout', { timeout: -1 }],
      ['timeout', { timeout: '5' }],
      ['timeout', { timeout: Number.NaN }],
      ['timeout', { timeout: Number.NEGATIVE_INFINITY }],
      ['timeout', { timeout: null }],
      ['timeout', { timeout: 5n }],
      ['signal', { signal: 'abort' }],
      ['signal', { signal: null }],
      ['signal', { signal: {} }],
    ])('refuse a wrong %s', async (argument, options) => {
      const { client } = await openSession(subject);
      expect(await failure(() => client.command(verb, [], options as never))).toMatchObject({
        code: 'ERR_ARGUMENT',
        argument,
        message: expect.stringMatching(`^${argument} must be `),
      });
      client.close();
    });
  });

  describe('calls', () => {
    it.each([0, Number.POSITIVE_INFINITY, 2 ** 40])(
      'wait for ever by a timeout of %s',
      async (timeout) => {
        const { client, talk, peer } = await openSession(subject);
        peer.on(verb, 'silence');
        const talking = talk({ timeout });
        await peer.hears(verb);
        await quiet();
        answerNow(subject, peer);
        await talking;
        client.close();
      },
    );

    it('take options of undefined as none', async () => {
      const { client } = await openSession(subject);
      await client.command(verb, [], { signal: undefined, timeout: undefined } as never);
      await client.command(verb, undefined, undefined);
      client.close();
    });
  });

  describe('command()', () => {
    const refused: Readonly<Record<string, unknown[]>> = {
      'a verb that carries credentials': [subject.credentialVerb],
      'the same in lower case': [subject.credentialVerb.toLowerCase()],
      'a verb that ends the session': [subject.quitVerb],
      'a verb with an argument': [`${verb} x`],
      'a line break in the verb': [`${verb}\r\nQUIT`],
      'no verb': [''],
      'a number for a verb': [7],
    };
    it.each(Object.entries(refused))('refuses %s', async (_name, [bad]) => {
      const { client, peer, talk } = await openSession(subject);
      const heard = peer.latest.heard.length;
      expect(await failure(() => client.command(bad as string))).toMatchObject({
        code: 'ERR_ARGUMENT',
        argument: 'verb',
        connection: 'usable',
      });
      expect(peer.latest.heard.length).toBe(heard);
      await talk();
      client.close();
    });

    it.each([
      ['a line break', ['a\r\nb']],
      ['NUL', ['a\0b']],
    ])('refuses %s in an argument', async (_name, args) => {
      const { client, peer } = await openSession(subject);
      const heard = peer.latest.heard.length;
      // IMAP may send CRLF in a literal: it is no line break of the protocol then.
      if (protocol === 'imap' && args[0]?.includes('\r')) return client.close();
      expect(await failure(() => client.command(verb, args))).toMatchObject({
        code: 'ERR_ARGUMENT',
      });
      expect(peer.latest.heard.length).toBe(heard);
      client.close();
    });
  });

  it('logs no secret and no octet more than was said', async () => {
    const peer = createPeer(subject.speaker);
    const events: unknown[] = [];
    const log = (event: unknown): void => void events.push(event);
    const client = (await Client.connect({ ...inClear(peer), log } as never)) as C;
    await client.command(verb);
    expect(JSON.stringify(events)).toContain(verb);
    client.close();
  });
}
