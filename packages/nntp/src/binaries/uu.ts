/** uuencode (POSIX.1): files in articles of before yEnc. */

import { trimBlanks } from '@fivewire/line-protocol';

/** A file, or the lines of it that an article has. */
export interface UuPart {
  /** As the poster has it: never a path. See {@link safeName}. `undefined` where the article does not begin the file. */
  name: string | undefined;
  /** Unix permissions, such as 0o644. */
  mode: number | undefined;
  content: Buffer;
  /** What is damaged: lines of a wrong length, a missing `end`. A part from the middle of a file has neither `begin` nor `end`. */
  problems: readonly string[];
}

// begin 644 name · M… lines, the first character is the length · ` or a space · end

export const uu = {
  /** Decodes an article's body, without dot stuffing. `undefined` where no line looks like uuencode. */
  decode(octets: Uint8Array): UuPart | undefined {
    const lines = Buffer.from(octets.buffer, octets.byteOffset, octets.length)
      .toString('latin1')
      .split(/\r?\n/);
    let name: string | undefined;
    let mode: number | undefined;
    let ended = false;
    const problems: string[] = [];
    const content: Buffer[] = [];
    lines.forEach((line, at) => {
      if (ended) return;
      const begin = /^begin ([0-7]{3,4}) (.+)$/.exec(line);
      if (begin !== null && content.length === 0) {
        mode = Number.parseInt(begin[1] as string, 8);
        name = trimBlanks(begin[2] as string);
      } else if (line === 'end') ended = name !== undefined || content.length > 0;
      else if (name !== undefined || looksFull(line) || (content.length > 0 && looksLast(line))) {
        if (line === '' || line === '`' || line === ' ') return;
        const decoded = decodeLine(line);
        if (decoded === undefined) problems.push(`line ${at + 1} is no line of uuencode`);
        else content.push(decoded);
      }
    });
    if (name === undefined && content.length === 0) return undefined;
    if (name !== undefined && !ended) problems.push('end is missing');
    return { name, mode, content: Buffer.concat(content), problems };
  },
} as const;

/** 45 octets a line, as all but the last are. */
const looksFull = (line: string): boolean => /^M[\x20-\x60]{60,62}$/.test(line);

/** The short line before the end, where the file began in another article: a text would hardly have the length that it says. */
const looksLast = (line: string): boolean =>
  /^[\x21-\x60][\x20-\x60]*$/.test(line) &&
  line.length === 1 + Math.ceil((line.charCodeAt(0) - 32) / 3) * 4;

/** Some writers leave out spaces at the end, others add a checksum character. */
function decodeLine(line: string): Buffer | undefined {
  if (!/^[\x20-\x60]+$/.test(line)) return undefined;
  const length = (line.charCodeAt(0) - 32) & 63;
  const needed = Math.ceil(length / 3) * 4;
  const text = line.slice(1).padEnd(needed, ' ');
  if (length === 0 || text.length > needed + 2) return length === 0 ? Buffer.alloc(0) : undefined;
  const out = Buffer.alloc(Math.ceil(length / 3) * 3);
  for (let i = 0, j = 0; i < needed; i += 4, j += 3) {
    let word = 0;
    for (let k = 0; k < 4; k++) word = (word << 6) | ((text.charCodeAt(i + k) - 32) & 63);
    out.writeUIntBE(word & 0xffffff, j, 3);
  }
  return out.subarray(0, length);
}
