/**
 * A server that follows a script, in memory. `S:` lines are sent, `C:` lines are awaited and compared; `A1`, `A2`, …
 * stand for the client's tags in their order. `S> text` is sent without CRLF, with \r \n \0 escapes; `END` closes.
 */
import { Duplex } from 'node:stream';
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
  done: Promise<void>;
}

export function follow(script: string, cut: Cut = 'whole'): Scripted {
  const [stream, server] = streamPair();
  const done = play(server, lines(script), cut);
  done.catch(() => {});
  return { stream, done };
}

export const inClear = { security: 'cleartext', allowCleartextAuth: true } as const;

export const greeted = `
S: * OK [CAPABILITY IMAP4rev1 LITERAL+ UIDPLUS MOVE UNSELECT IDLE SASL-IR] ready
`;

/** A client on a script that begins with {@link greeted} and is not logged in. */
export async function scriptedClient(
  script: string,
  options: Partial<ImapOptions> = {},
  cut: Cut = 'whole',
): Promise<{ client: ImapClient; done: Promise<void> }> {
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

interface Line {
  from: 'S' | 'C' | 'END';
  text: string;
}

function lines(script: string): Line[] {
  return script
    .split('\n')
    .map((line) => line.trimStart())
    .filter((line) => line !== '')
    .map((line) => {
      if (line === 'END') return { from: 'END', text: '' };
      if (line.startsWith('S> ')) return { from: 'S', text: unescaped(line.slice(3)) };
      if (line.startsWith('S: ')) return { from: 'S', text: `${line.slice(3)}\r\n` };
      if (line.startsWith('C: ')) return { from: 'C', text: line.slice(3) };
      throw new Error(`no line of a script: ${line}`);
    });
}

const unescaped = (text: string): string =>
  text.replace(/\\r/g, '\r').replace(/\\n/g, '\n').replace(/\\0/g, '\0');

async function play(server: Duplex, script: Line[], cut: Cut): Promise<void> {
  const tags: string[] = [];
  const read = lineReader(server);
  let pending = '';
  const flush = async (): Promise<void> => {
    const octets = Buffer.from(pending, 'latin1');
    pending = '';
    for (const piece of pieces(octets, cut)) {
      if (server.destroyed) return;
      server.write(piece);
      if (cut !== 'whole') await new Promise(setImmediate);
    }
  };
  for (const { from, text } of script) {
    if (from === 'S') {
      pending += text.replace(
        /^A(\d+)(?= )|(?<=\(TAG ")A(\d+)(?="\))/g,
        (_whole, n: string, m: string) => tags[Number(n ?? m) - 1] ?? '?',
      );
      continue;
    }
    await flush();
    if (from === 'END') {
      server.end();
      return;
    }
    const line = await read();
    if (line === undefined) throw new Error(`the client left instead of: ${text}`);
    const wanted = /^A(\d+) /.exec(text);
    let got = line;
    if (wanted !== null) {
      const tag = line.split(' ')[0] ?? '';
      tags[Number(wanted[1]) - 1] ??= tag;
      got = line.replace(/\b[A-Z]{4}\d+\b/g, (word) =>
        tags.includes(word) ? `A${tags.indexOf(word) + 1}` : word,
      );
    }
    if (got !== text) {
      server.destroy();
      throw new Error(`expected: ${text}\n     got: ${got}`);
    }
  }
  await flush();
}

function* pieces(octets: Buffer, cut: Cut): IterableIterator<Buffer> {
  let at = 0;
  // A small generator of pseudo-random numbers, so that a failing cut can be repeated.
  let seed = typeof cut === 'number' ? cut * 2_654_435_761 : 0;
  while (at < octets.length) {
    seed = (seed * 1_103_515_245 + 12_345) >>> 0;
    const size = cut === 'whole' ? octets.length : cut === 'octets' ? 1 : 1 + ((seed >>> 16) % 40);
    yield octets.subarray(at, at + size);
    at += size;
  }
}

/** Lines of the client; `undefined` at its end. A literal's octets come as lines too. */
function lineReader(stream: Duplex): () => Promise<string | undefined> {
  let buffered = '';
  let ended = false;
  let wake: (() => void) | undefined;
  stream.on('data', (chunk: Buffer) => {
    buffered += chunk.toString('latin1');
    wake?.();
  });
  const end = (): void => {
    ended = true;
    stream.end();
    wake?.();
  };
  stream.on('end', end);
  stream.on('close', end);
  stream.on('error', end);
  return async () => {
    for (;;) {
      const at = buffered.indexOf('\r\n');
      if (at >= 0) {
        const line = buffered.slice(0, at);
        buffered = buffered.slice(at + 2);
        return line;
      }
      if (ended) return undefined;
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
      wake = undefined;
    }
  };
}
