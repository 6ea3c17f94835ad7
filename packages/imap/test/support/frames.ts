import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Frame, FrameBuilder } from '../../src/grammar/frame.js';
import { parseResponse, type Response } from '../../src/grammar/response.js';

/** All frames in a piece of a server's output, literals kept. Stops where the octets end in the middle of one. */
export function framesOf(octets: Uint8Array | string): Frame[] {
  const bytes = typeof octets === 'string' ? Buffer.from(octets, 'latin1') : Buffer.from(octets);
  const frames: Frame[] = [];
  const builder = new FrameBuilder();
  let pos = 0;
  for (;;) {
    const end = bytes.indexOf(10, pos);
    if (end < 0) return frames;
    const line = bytes.toString('latin1', pos, bytes[end - 1] === 13 ? end - 1 : end);
    pos = end + 1;
    const mark = builder.line(line);
    if (mark === undefined) {
      frames.push(builder.finish());
      continue;
    }
    if (pos + mark.size > bytes.length) return frames;
    builder.literal(mark, bytes.subarray(pos, pos + mark.size));
    pos += mark.size;
  }
}

export const parseOne = (octets: Uint8Array | string): Response => {
  const frame = framesOf(octets)[0];
  if (frame === undefined) throw new Error('no whole frame');
  return parseResponse(frame);
};

/** Lines of a corpus, or `undefined` after a loud word where it is absent. */
export function corpus(path: string): Record<string, unknown>[] | undefined {
  const root =
    process.env.FIVEWIRE_CORPORA ?? join(import.meta.dirname, '../../../../../shared/corpora');
  const file = join(root, path);
  if (!existsSync(file)) {
    console.warn(
      `\n!!! NOT TESTED: the corpus ${path} is absent (set FIVEWIRE_CORPORA to its folder)\n`,
    );
    return undefined;
  }
  return readFileSync(file, 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
}
