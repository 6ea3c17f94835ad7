/**
 * Dialogues with an IMAP server in memory: the language is test-servers' own; `A1`, `A2`, … stand for the client's tags in
 * their order.
 */
import { Duplex } from 'node:stream';
import { type Delivery, playInMemory } from '@fivewire/test-servers';
import { ImapClient } from '../../src/index.js';
import type { ImapOptions } from '../../src/types.js';

export function streamPair(): [Duplex, Duplex] {
  const make = (peer: () => Duplex): Duplex =>
    new Duplex({
      read() {},
      write(chunk, _encoding, done) {
        peer().push(chunk);
        done();
      },
      final(done) {
        peer().push(null);
        done();
      },
      destroy(error, done) {
        if (!peer().readableEnded) peer().push(null);
        done(error);
      },
    });
  const a: Duplex = make(() => b);
  const b: Duplex = make(() => a);
  return [a, b];
}

/** How the server's octets are cut into writes. */
export type Cut = 'whole' | 'octets' | number;

export interface Scripted {
  stream: Duplex;
  /** Settles when the script is through, or with what went wrong. */
  done: Promise<unknown>;
}

export function follow(script: string, cut: Cut = 'whole'): Scripted {
  const delivery: Delivery = typeof cut === 'number' ? { seed: cut } : cut;
  const { stream, over } = playInMemory(inWords(script), {
    delivery,
    encoding: 'latin1',
    tags: true,
  });
  return { stream, done: over };
}

/** Older words for the same. */
const inWords = (script: string): string =>
  script.replace(/^ *S> /gm, 'S-raw: ').replace(/^ *END$/gm, 'CLOSE');

export const inClear = { security: 'cleartext', allowCleartextAuth: true } as const;

export const greeted = `
S: * OK [CAPABILITY IMAP4rev1 LITERAL+ UIDPLUS MOVE UNSELECT IDLE SASL-IR] ready
`;

/** A client on a script that begins with {@link greeted} and is not logged in. */
export async function scriptedClient(
  script: string,
  options: Partial<ImapOptions> = {},
  cut: Cut = 'whole',
): Promise<{ client: ImapClient; done: Promise<unknown> }> {
  const { stream, done } = follow(script, cut);
  const client = await ImapClient.connect({ ...inClear, stream, id: false, ...options });
  return { client, done };
}

/** Runs `work` against the script whole, octet by octet, and cut at random; the results must be the same. */
export async function replayed<T>(
  script: string,
  work: (client: ImapClient) => Promise<T>,
  options: Partial<ImapOptions> = {},
): Promise<T> {
  const results: T[] = [];
  for (const cut of ['whole', 'octets', 1, 2, 3, 4, 5] as Cut[]) {
    const { client, done } = await scriptedClient(script, options, cut);
    try {
      results.push(await work(client));
    } catch (error) {
      client.close();
      await done; // where the script was left says more
      throw error;
    }
    client.close();
    await done;
  }
  const [first, ...others] = results;
  for (const other of others) {
    const [a, b] = [JSON.stringify(first), JSON.stringify(other)];
    if (a !== b) throw new Error(`cuts differ:\n${a}\n${b}`);
  }
  return first as T;
}
