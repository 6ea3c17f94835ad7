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
  /** Decodes an article's body, without dot stuffing: the first file in it. `undefined` where no line looks like uuencode. */
  decode(octets: Uint8Array): UuPart | undefined {
    return parts(octets)[0];
  },
  /** As `decode`, of a body with several files. */
  decodeAll(octets: Uint8Array): UuPart[] {
    return parts(octets);
  },
} as const;

/** Whether the file ends in this article. */
export const uuEnds = (octets: Uint8Array): boolean =>
  Buffer.from(octets.buffer, octets.byteOffset, octets.length)
    .toString('latin1')
    .split(/\r?\n/)
    .some(isEnd);

const isEnd = (line: string): boolean => /^end[ \t]*$/.test(line);

function parts(octets: Uint8Array): UuPart[] {
  const found: UuPart[] = [];
  let part: Part | undefined;
  const close = (): void => {
    const read = part?.read();
    if (read !== undefined) found.push(read);
    part = undefined;
  };
  const lines = Buffer.from(octets.buffer, octets.byteOffset, octets.length)
    .toString('latin1')
    .split(/\r?\n/);
  lines.forEach((line, at) => {
    const begin = /^begin ([0-7]{3,4}) (.+)$/.exec(line);
    if (begin !== null) {
      close();
      part = new Part(trimBlanks(begin[2] as string), Number.parseInt(begin[1] as string, 8));
    } else if (part !== undefined && isEnd(line)) {
      part.ended = true;
      close();
    } else if (part === undefined && looksFull(line)) {
      part = new Part(undefined, undefined);
      part.take(line, at + 1);
    } else part?.take(line, at + 1);
  });
  close();
  return found;
}

/** A file as far as its lines have come. */
class Part {
  readonly name: string | undefined;
  readonly mode: number | undefined;
  ended = false;
  #content: Buffer[] = [];
  #problems: string[] = [];
  /** The lines that are shorter than they say. */
  #short: number[] = [];
  /** The writer has a character for zero that no gateway takes for a blank at the end of a line. */
  #hasGrave = false;

  constructor(name: string | undefined, mode: number | undefined) {
    this.name = name;
    this.mode = mode;
  }

  take(line: string, at: number): void {
    if (this.name === undefined && !looksFull(line) && !looksLast(line)) return;
    if (/^`?[ \t]*$/.test(line)) {
      this.#hasGrave ||= line.startsWith('`');
      return;
    }
    const decoded = decodeLine(line);
    if (decoded === undefined) this.#problems.push(`line ${at} is no line of uuencode`);
    else this.#content.push(decoded.content);
    this.#hasGrave ||= line.includes('`');
    if (decoded?.isShort) this.#short.push(at);
  }

  /** `undefined` for a text that only began like a file. */
  read(): UuPart | undefined {
    if (this.#content.length === 0 && !this.ended) return undefined;
    const { name, mode } = this;
    const cut = this.#hasGrave ? this.#short.map((at) => `line ${at} is cut`) : [];
    const end = name !== undefined && !this.ended ? ['end is missing'] : [];
    const problems = [...this.#problems, ...cut, ...end];
    return { name, mode, content: Buffer.concat(this.#content), problems };
  }
}

/** 45 octets a line, as all but the last are. */
const looksFull = (line: string): boolean => /^M[\x20-\x60]{60,62}[ \t]*$/.test(line);

/** The short line before the end, where the file began in another article: a text would hardly have the length that it says. */
const looksLast = (line: string): boolean =>
  /^[\x21-\x60][\x20-\x60]*$/.test(line) &&
  line.length === 1 + Math.ceil((line.charCodeAt(0) - 32) / 3) * 4;

/** Some writers, and gateways, leave out spaces at the end, or add some; others add a checksum character. */
function decodeLine(line: string): { content: Buffer; isShort: boolean } | undefined {
  const length = (line.charCodeAt(0) - 32) & 63;
  const needed = Math.ceil(length / 3) * 4;
  const given = line.slice(1, needed + 1);
  const behind = trimBlanks(line.slice(needed + 1));
  if (!/^[\x20-\x60]+$/.test(line[0] + given + behind)) return undefined;
  if (length === 0) return { content: Buffer.alloc(0), isShort: false };
  if (behind.length > 2) return undefined;
  const text = given.padEnd(needed, ' ');
  const out = Buffer.alloc(Math.ceil(length / 3) * 3);
  for (let i = 0, j = 0; i < needed; i += 4, j += 3) {
    let word = 0;
    for (let k = 0; k < 4; k++) word = (word << 6) | ((text.charCodeAt(i + k) - 32) & 63);
    out.writeUIntBE(word & 0xffffff, j, 3);
  }
  return { content: out.subarray(0, length), isShort: given.length < needed };
}
