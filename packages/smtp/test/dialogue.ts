/** Dialogues with an SMTP server in memory: the language is test-servers' own. */
import { Duplex } from 'node:stream';
import { type Accident as Any, type Delivery, playInMemory } from '@fivewire/test-servers';
import { expect, test } from 'vitest';
import { SmtpClient } from '../src/index.js';
import type { SmtpOptions } from '../src/types.js';

/** How the peer's octets are cut into pieces. */
export type Cut = Delivery;

export const cuts: readonly Cut[] = ['whole', 'octets', { seed: 7 }, { seed: 4711 }];

export interface Peer {
  /** The client's end. */
  stream: Duplex;
  /** Rejects with the line that differed. Resolves when the script is over. */
  played: Promise<void>;
  /** All that the client sent. */
  readonly received: string;
  /** Goes on behind `PAUSE`. */
  resume(): void;
}

/** What the peer does once it has sent so many octets. */
export interface Accident {
  after: number;
  then: 'close' | 'reset' | 'silence' | 'babble';
}

const babble = '\r\n!@#$ 999\r\n\0\x7f\r\n'.repeat(20);

export function play(script: string, cut: Cut = 'whole', accident?: Accident): Peer {
  const then: Any['then'] | undefined =
    accident?.then === 'babble' ? { say: babble } : accident?.then;
  const played = playInMemory(inWords(script), {
    delivery: cut,
    ...(accident && then ? { accident: { after: accident.after, then } } : {}),
  });
  const over = played.over.then(() => {
    if (accident === undefined && played.hasUnread)
      throw new Error('the client said more than the script');
  });
  over.catch(() => {}); // whoever awaits it sees it
  return {
    stream: played.stream,
    played: over,
    resume: played.resume,
    get received() {
      return played.received.toString('latin1');
    },
  };
}

/** Older words for the same. */
const inWords = (script: string): string =>
  script
    .replace(/^ *-- (close|reset|pause)$/gm, (_, word: string) => word.toUpperCase())
    .replace(/^ *-- silence$/gm, 'STALL');

/** Two ends of one connection in memory. */
export function pair(): [Duplex, Duplex] {
  const ends: Duplex[] = [];
  const make = (other: number): Duplex =>
    new Duplex({
      read() {},
      write(chunk: Buffer, _encoding, done) {
        ends[other]?.push(chunk);
        done();
      },
      final(done) {
        ends[other]?.push(null);
        done();
      },
      destroy(error, done) {
        setTimeout(() => ends[other]?.destroy());
        done(error);
      },
    });
  ends.push(make(1), make(0));
  return ends as [Duplex, Duplex];
}

/** What most scripts begin with: a server with these extensions. */
export const opening = (...extensions: string[]): string =>
  [
    'S: 220 mx.example.test ESMTP',
    'C: EHLO client.example.test',
    ...['mx.example.test', ...extensions].map(
      (line, i, all) => `S: 250${i < all.length - 1 ? '-' : ' '}${line}`,
    ),
    '',
  ].join('\n');

export const lmtpOpening = (...extensions: string[]): string =>
  opening(...extensions).replace('EHLO', 'LHLO');

export const closing = `
  C: QUIT
  S: 221 2.0.0 Bye
  CLOSE
`;

export const cleartext: SmtpOptions = {
  host: 'mx.example.test',
  security: 'cleartext',
  clientName: 'client.example.test',
};

/** A client at the other end of the script. */
export async function connectTo(peer: Peer, options: SmtpOptions = {}): Promise<SmtpClient> {
  return SmtpClient.connect({ ...cleartext, stream: peer.stream, ...options });
}

/** Defines the test once a cut: the server's octets whole, one by one, and cut at random. */
export function dialogue(
  name: string,
  script: string,
  body: (client: SmtpClient, peer: Peer) => Promise<void>,
  options: SmtpOptions = {},
): void {
  test.each(cuts.map((cut) => ({ cut, label: JSON.stringify(cut) })))(
    `${name} (cut: $label)`,
    async ({ cut }) => {
      const peer = play(script, cut);
      const client = await connectTo(peer, options);
      try {
        await body(client, peer);
      } catch (error) {
        client.close();
        // Where the client said something else than the script, that is the reason.
        await peer.played;
        throw error;
      }
      await client.quit();
      await peer.played;
    },
  );
}

/** The error that a promise rejects with; fails when it resolves. */
export async function failure(work: Promise<unknown>): Promise<Record<string, unknown>> {
  const settled = await work.then(
    (value) => ({ value }),
    (error: unknown) => ({ error }),
  );
  if ('value' in settled) expect.fail(`resolved with ${JSON.stringify(settled.value)}`);
  return settled.error as Record<string, unknown>;
}
