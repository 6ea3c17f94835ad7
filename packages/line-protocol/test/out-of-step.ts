/** A server in memory whose replies do not fit the commands, for the property tests of pipelines. */
import { Duplex } from 'node:stream';
import fc from 'fast-check';

/** What happens to the reply for each item; `undefined`: it is right. */
export const faults = fc.array(
  fc.oneof(
    { weight: 6, arbitrary: fc.constant(undefined) },
    {
      weight: 2,
      arbitrary: fc.constantFrom(
        ...(['lost', 'twice', 'another', 'refused', 'longer', 'shorter', 'cut', 'early'] as const),
      ),
    },
  ),
  { minLength: 1, maxLength: 12 },
);

export const cuts = fc.constantFrom(1, 2, 7, 100, 100_000);

/**
 * Answers whole bursts of commands at once, in pieces of `cut` octets. It ends the connection where `answer` gives `undefined`, and where nothing is
 * said on either side any more: a lost reply never comes.
 */
export function answeringStream(
  greeting: string,
  cut: number,
  answer: (line: string) => string | undefined,
): Duplex {
  let input = '';
  let ended = false;
  let idle = 0;
  const stream = new Duplex({
    read() {},
    write(octets: Buffer, _, done) {
      idle = 0;
      input += octets.toString('latin1');
      setImmediate(speak);
      done();
    },
    final: (done) => done(),
  });
  const say = (text: string): void => {
    for (let at = 0; at < text.length && !ended; at += cut)
      stream.push(Buffer.from(text.slice(at, at + cut), 'latin1'));
  };
  const end = (): void => {
    if (!ended && !stream.destroyed) stream.push(null);
    ended = true;
  };
  const speak = (): void => {
    const lines = input.split('\r\n');
    input = lines.pop() as string;
    let out = '';
    for (const line of lines) {
      const reply = answer(line);
      out += reply ?? '';
      if (reply !== undefined) continue;
      say(out);
      end();
      return;
    }
    say(out);
  };
  const wait = (): void => {
    if (ended || stream.destroyed) return;
    if (idle++ > 200) end();
    else setImmediate(wait);
  };
  say(greeting);
  setImmediate(wait);
  return stream;
}

/** Each at most once, as they were asked for. */
export const inOrder = (seen: readonly unknown[], asked: readonly unknown[]): boolean =>
  seen.every((each, at) => each === asked[at]);

export async function latin1(body: AsyncIterable<Uint8Array>): Promise<string> {
  let all = '';
  for await (const piece of body) all += Buffer.from(piece).toString('latin1');
  return all;
}
