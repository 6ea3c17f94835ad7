import { createSecureContext } from 'node:tls';
import { createThrowawayCa, type ThrowawayCa } from '@fivewire/test-servers';
import { describe, expect, it } from 'vitest';
import { createPeer, type Peer, type PeerTls } from '../peer.js';
import { failure } from '../session.js';
import type { Client, Options, Subject } from '../subject.js';

const host = 'server.test';

let authority: Promise<ThrowawayCa> | undefined;

/** A server behind TLS, and what a client needs to trust it. */
export async function securedPeer<C extends Client>(
  { speaker }: Subject<C>,
  mode: PeerTls['mode'],
): Promise<{ peer: Peer; options: Options }> {
  authority ??= createThrowawayCa({ commonName: 'Contract authority' });
  const { certificate: ca } = await authority;
  const { chain: cert, key } = await (await authority).issue({ names: [host] });
  const peer = createPeer(speaker, { mode, secureContext: createSecureContext({ cert, key }) });
  return { peer, options: { host, security: mode, tls: { ca }, dial: peer.dial } };
}

/** Both ways into TLS lead to one client: what the rows in clear promise holds behind it. */
export function describeSecured<C extends Client>(subject: Subject<C>): void {
  const open = async (mode: PeerTls['mode']): Promise<{ client: C; peer: Peer }> => {
    const { peer, options } = await securedPeer(subject, mode);
    return { client: (await subject.Client.connect(options as never)) as C, peer };
  };

  describe.each(['implicit-tls', 'starttls'] as const)('behind %s', (mode) => {
    it('says what protects the connection', async () => {
      const { client } = await open(mode);
      expect(client.security).toMatchObject({
        mode,
        verified: true,
        serverHostname: host,
        matchedName: host,
        resumed: false,
      });
      client.close();
    });

    it('talks, and says goodbye once', async () => {
      const { client, peer } = await open(mode);
      await client.command(subject.verb);
      await client.quit();
      expect(peer.verbs().filter((verb) => verb === subject.quitVerb)).toHaveLength(1);
      expect(await client.closed).toEqual({ reason: 'quit' });
    });

    it('gives each call that a loss breaks an error of its own', async () => {
      const { client, peer } = await open(mode);
      peer.on('*', 'silence');
      const calls = [1, 2].map(() => failure(() => client.command(subject.verb)));
      await peer.hears(subject.verb);
      peer.latest.cut();
      const [one, two] = await Promise.all(calls);
      expect(one).toMatchObject({
        code: 'ERR_CONNECTION_CLOSED',
        protocol: subject.protocol,
        host,
      });
      expect(two).toMatchObject({ code: 'ERR_CONNECTION_CLOSED', command: subject.verb });
      expect(two).not.toBe(one);
    });
  });
}
