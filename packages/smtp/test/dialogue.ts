/**
 * A scripted peer. `S:` lines are sent, `C:` lines must come; `--` lines are stage directions:
 * `-- close` ends the connection, `-- reset` breaks it, `-- silence` says nothing more, `-- pause` waits for `resume()`.
 */
import { Duplex } from 'node:stream';
import { setImmediate } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { SmtpClient } from '../src/index.js';
import type { SmtpOptions } from '../src/types.js';

/** How the peer's octets are cut into pieces. */
export type Cut = 'whole' | 'octets' | { seed: number };

export const cuts: readonly Cut[] = ['whole', 'octets', { seed: 7 }, { seed: 4711 }];

export interface Peer {
  /** The client's end. */
  stream: Duplex;
  /** Rejects with the line that differed. Resolves when the script is over. */
  played: Promise<void>;
  /** All that the client sent. */
  readonly received: string;
  /** Goes on behind `-- pause`. */
  resume(): void;
}

/** What the peer does once it has sent so many octets. */
export interface Accident {
  after: number;
  then: 'close' | 'reset' | 'silence' | 'babble';
}

export function play(script: string, cut: Cut = 'whole', accident?: Accident): Peer {
  const [stream, server] = pair();
  let buffer = '';
  let received = '';
  let wake = (): void => {};
  let ended = false;
  server.on('data', (chunk: Buffer) => {
    buffer += chunk.toString('latin1');
    received += chunk.toString('latin1');
    wake();
  });
  server.on('error', () => {});
  server.on('close', () => {
    ended = true;
    wake();
  });
  server.on('end', () => {
    ended = true;
    wake();
  });

  const expectLine = async (line: string): Promise<void> => {
    const wanted = `${Buffer.from(line).toString('latin1')}\r\n`;
    while (buffer.length < wanted.length && !ended && wanted.startsWith(buffer)) {
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
    const got = buffer.slice(0, wanted.length);
    if (got !== wanted) {
      server.destroy();
      throw new Error(`expected C: ${JSON.stringify(wanted)}, got ${JSON.stringify(got)}`);
    }
    buffer = buffer.slice(wanted.length);
  };

  let resume = (): void => {};
  const paused = new Promise<void>((resolve) => {
    resume = resolve;
  });
  let left = accident?.after ?? Infinity;
  const say = (octets: Buffer): boolean => {
    const part = octets.subarray(0, left);
    if (part.length > 0) server.write(part);
    left -= part.length;
    if (left > 0) return true;
    if (accident?.then === 'close') server.end();
    if (accident?.then === 'reset') server.destroy();
    if (accident?.then === 'babble') server.write('\r\n!@#$ 999\r\n\0\x7f\r\n'.repeat(20));
    return false;
  };

  const run = async (): Promise<void> => {
    const steps = parse(script);
    for (const [i, { kind, text }] of steps.entries()) {
      if (kind === 'C') await expectLine(text);
      else if (kind === 'S') {
        for (const piece of pieces(Buffer.from(text), cut)) {
          if (server.destroyed) break;
          if (!say(piece)) return;
          if (cut !== 'whole') await setImmediate();
        }
      } else if (text === 'close') server.end();
      else if (text === 'reset') server.destroy();
      else if (text === 'pause') await paused;
      else if (text !== 'silence') throw new Error(`unknown direction in step ${i}: ${text}`);
    }
    if (buffer !== '') throw new Error(`the script is over, and got ${JSON.stringify(buffer)}`);
  };
  const played = run();
  played.catch(() => {}); // whoever awaits it sees it
  return {
    stream,
    played,
    resume,
    get received() {
      return received;
    },
  };
}

interface Step {
  kind: 'S' | 'C' | '-';
  text: string;
}

/** Lines of the server that follow each other are one piece. */
function parse(script: string): Step[] {
  const steps: Step[] = [];
  for (const line of script.split('\n').map((text) => text.trimStart())) {
    if (line === '') continue;
    const [, kind, text = ''] = /^(S:|C:|--) ?(.*)$/s.exec(line) ?? [];
    if (kind === undefined) throw new Error(`no step: ${line}`);
    const before = steps.at(-1);
    if (kind === 'S:' && before?.kind === 'S') before.text += `${text}\r\n`;
    else if (kind === 'S:') steps.push({ kind: 'S', text: `${text}\r\n` });
    else steps.push({ kind: kind === 'C:' ? 'C' : '-', text });
  }
  return steps;
}

function* pieces(octets: Buffer, cut: Cut): Generator<Buffer> {
  if (cut === 'whole') return yield octets;
  let seed = typeof cut === 'object' ? cut.seed : 0;
  for (let at = 0; at < octets.length; ) {
    seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648;
    const length = cut === 'octets' ? 1 : 1 + (seed % 23);
    yield octets.subarray(at, at + length);
    at += length;
  }
}

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
  -- close
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
