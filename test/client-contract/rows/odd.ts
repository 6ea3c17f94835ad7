import { describe, expect, it } from 'vitest';
import { createPeer, type Peer } from '../peer.js';
import { failure, inClear } from '../session.js';
import type { Client, Subject } from '../subject.js';

/** Servers that a strict reading would refuse, and that get through with the clients that people have. */
export function describeOdd<C extends Client>(subject: Subject<C>): void {
  const { speaker, verb, question } = subject;
  const peerThat = (says: (octets: string) => string): Peer =>
    createPeer({
      ...speaker,
      greeting: says(speaker.greeting),
      answer: (line) => {
        const octets = speaker.answer(line);
        return octets === undefined ? undefined : says(octets);
      },
    });
  const open = async (peer: Peer, options = {}): Promise<C> =>
    (await subject.Client.connect({ ...inClear(peer), ...options } as never)) as C;

  describe('odd servers', () => {
    it.each([
      ['before', (octets: string) => `\r\n${octets}`],
      ['behind', (octets: string) => `${octets}\r\n`],
    ] as const)('an empty line %s each answer means nothing', async (_, says) => {
      const peer = peerThat(says);
      const client = await open(peer);
      await client.command(verb);
      await Promise.all([client.command(verb), client.command(verb)]);
      await client.quit();
      expect(await client.closed).toEqual({ reason: 'quit' });
      expect(peer.connections).toHaveLength(1);
    });

    it('lines that end in a bare LF are lines', async () => {
      const client = await open(peerThat((octets) => octets.replaceAll('\r\n', '\n')));
      await client.command(verb);
      await client.quit();
      expect(await client.closed).toEqual({ reason: 'quit' });
    });

    if (question === undefined) return;

    it('one that closes where it is asked what it can is asked no more', async () => {
      const peer = createPeer(speaker);
      peer.on(question, 'cut');
      const client = await open(peer);
      expect(peer.connections).toHaveLength(2);
      expect(peer.verbs()).not.toContain(question);
      await client.command(verb);
      client.close();
    });

    it('and one that closes there after a login, or as early as that', async () => {
      const peer = createPeer(speaker);
      peer.on(question, 'cut');
      const client = await open(peer, {
        auth: { user: 'u', password: 'p' },
        allowCleartextAuth: true,
      });
      expect(peer.connections.length).toBeLessThanOrEqual(3);
      expect(peer.verbs()).not.toContain(question);
      await client.command(verb);
      client.close();
    });

    it('one that closes at everything is dialled twice, no more', async () => {
      const peer = createPeer(speaker);
      peer.on('*', 'cut');
      const options = { auth: { user: 'u', password: 'p' }, allowCleartextAuth: true };
      const error = await failure(() => open(peer, options));
      expect(error).toMatchObject({ code: 'ERR_CONNECTION_CLOSED', connection: 'closed' });
      expect(peer.connections.length).toBeLessThanOrEqual(2);
    });

    it('one that closes there where TLS is demanded is never talked to in clear', async () => {
      const peer = createPeer(speaker);
      peer.on(question, 'cut');
      peer.on(speaker.startTls, { says: subject.refusal });
      const options = { security: 'starttls', auth: { user: 'u', password: 'p' } };
      const error = await failure(() => open(peer, options));
      expect(error).toMatchObject({ code: 'ERR_STARTTLS_REFUSED' });
      expect(peer.verbs().at(-1)).toBe(speaker.startTls);
      expect(peer.verbs()).not.toContain('USER');
    });
  });
}
