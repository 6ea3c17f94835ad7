/** Plays one reaction of an impostor. */
import type { LineSession } from '../line-session.js';
import { SessionEnded } from '../session-ended.js';
import type { Reaction, Words } from './impostor.js';

/** @param tag what `<tag>` stands for */
export async function react(session: LineSession, reaction: Reaction, tag: string): Promise<void> {
  const { say = [], cutAt, answer, next = 'listen' } = reaction;
  if (next === 'tls' && answer === undefined) {
    if (session.hasInput) session.fail('The client pipelined octets behind STARTTLS.');
    session.holdInput();
  }
  const words = Array.isArray(say) ? say : [say as Words];
  await speak(
    session,
    words.flatMap((one) => cut(withTag(one, tag), cutAt)),
  );
  if (answer !== undefined && (await session.chunk()) !== undefined)
    await speak(session, [withTag(answer, tag)]);
  switch (next) {
    case 'listen':
      return;
    case 'tls':
      return session.secureNow();
    case 'silence':
      while ((await session.chunk()) !== undefined);
      throw new SessionEnded('Silent, as told.');
    case 'close':
      await session.end();
      throw new SessionEnded('Closed, as told.');
    case 'reset':
      session.reset();
      throw new SessionEnded('Reset, as told.');
  }
}

/** Each in a segment: the client gets its turns to read the one before the next goes out. */
async function speak(session: LineSession, segments: readonly Buffer[]): Promise<void> {
  for (const [number, segment] of segments.entries()) {
    if (number > 0) await turns();
    await session.write(segment);
  }
}

function withTag(words: Words, tag: string): Buffer {
  if (typeof words !== 'string') return Buffer.from(words);
  const next = tag.replace(/\d+$/, (digits) => String(Number(digits) + 1));
  return Buffer.from(words.replaceAll('<tag>', () => tag).replaceAll('<tag+1>', () => next));
}

const cut = (words: Buffer, at: number | undefined): Buffer[] =>
  at === undefined ? [words] : [words.subarray(0, at), words.subarray(at)];

/** A few turns of the event loop: enough for octets to come through a relay in the same process. */
async function turns(): Promise<void> {
  for (let n = 0; n < 4; n++) await new Promise((resolve) => setImmediate(resolve));
}
