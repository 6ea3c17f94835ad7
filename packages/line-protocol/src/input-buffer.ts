/**
 * What has arrived and is not yet taken: a list of chunks, cut at lines or at octets, never copied as a whole.
 *
 * A line is a string in which each character is one octet (latin1). The head chunk is turned into such a string once,
 * and its lines are slices of it: a call into C++ a chunk instead of one a line.
 */

const LF = 10;

export class InputBuffer {
  /** Octets not yet taken. */
  size = 0;
  #chunks: Buffer[] = [];
  /** Where the untaken part of the first chunk begins. */
  #offset = 0;
  /** The first chunk as text, made at the first line taken from it. */
  #text: string | undefined;
  /** The first so many chunks are known to hold no LF. Keeps the search for a long line's end linear. */
  #searched = 0;

  push(chunk: Buffer): void {
    if (chunk.length === 0) return;
    this.#chunks.push(chunk);
    this.size += chunk.length;
  }

  /**
   * The next line without its CRLF (or bare LF), or `undefined` while it is incomplete.
   * @throws LineTooLong once more than `limit` octets have come without an end.
   */
  takeLine(limit: number): string | undefined {
    const text = this.#text;
    if (text === undefined) return this.#openHead(limit);
    const start = this.#offset;
    const end = text.indexOf('\n', start);
    if (end < 0) {
      this.#text = undefined;
      this.#searched = 1;
      return this.#takeLineAcrossChunks(limit);
    }
    const length = end - start;
    if (length > limit) throw new LineTooLong(limit);
    this.size -= length + 1;
    this.#offset = end + 1;
    if (this.#offset === text.length) this.#dropHead();
    const cr = length > 0 && text.charCodeAt(end - 1) === 13;
    return text.slice(start, cr ? end - 1 : end);
  }

  /** The octets at hand without taking them: the rest of the first chunk, or `undefined` when there are none. */
  peek(): Buffer | undefined {
    const head = this.#chunks[0];
    return head !== undefined && this.#offset > 0 ? head.subarray(this.#offset) : head;
  }

  /** Takes `count` octets, which must not be more than `size`. */
  consume(count: number): void {
    let left = count;
    while (left > 0) {
      const head = this.#chunks[0];
      if (head === undefined) throw new RangeError('consume() beyond the octets at hand');
      const step = Math.min(left, head.length - this.#offset);
      this.#dropFromHead(step);
      left -= step;
    }
  }

  /** At most `max` octets, as they came; `undefined` when there are none. */
  takeOctets(max: number): Buffer | undefined {
    const rest = this.peek();
    if (rest === undefined) return undefined;
    const taken = rest.length > max ? rest.subarray(0, max) : rest;
    this.#dropFromHead(taken.length);
    return taken;
  }

  /** Forgets everything. */
  clear(): void {
    this.#chunks = [];
    this.size = 0;
    this.#offset = 0;
    this.#text = undefined;
    this.#searched = 0;
  }

  #openHead(limit: number): string | undefined {
    const head = this.#chunks[0];
    if (head === undefined) return undefined;
    if (this.#searched > 0) return this.#takeLineAcrossChunks(limit);
    this.#text = head.toString('latin1');
    return this.takeLine(limit);
  }

  #takeLineAcrossChunks(limit: number): string | undefined {
    const chunks = this.#chunks;
    let i = this.#searched;
    let end = -1;
    for (; i < chunks.length; i++) {
      end = (chunks[i] as Buffer).indexOf(LF);
      if (end >= 0) break;
    }
    this.#searched = i;
    if (end < 0) {
      if (this.size > limit) throw new LineTooLong(limit);
      return undefined;
    }
    const pieces = [(chunks[0] as Buffer).subarray(this.#offset), ...chunks.slice(1, i)];
    pieces.push((chunks[i] as Buffer).subarray(0, end + 1));
    const line = Buffer.concat(pieces);
    if (line.length - 1 > limit) throw new LineTooLong(limit);
    this.#chunks = chunks.slice(i);
    this.#offset = 0;
    this.#text = undefined;
    this.#searched = 0;
    this.size -= line.length - (end + 1);
    this.#dropFromHead(end + 1);
    const cr = line.length > 1 && line[line.length - 2] === 13;
    return line.toString('latin1', 0, line.length - (cr ? 2 : 1));
  }

  #dropFromHead(count: number): void {
    this.size -= count;
    this.#offset += count;
    if (this.#offset === (this.#chunks[0] as Buffer).length) this.#dropHead();
  }

  #dropHead(): void {
    this.#chunks.shift();
    this.#offset = 0;
    this.#text = undefined;
    if (this.#searched > 0) this.#searched--;
  }
}

/** Thrown by {@link InputBuffer.takeLine}; the connection turns it into `ERR_LIMIT_EXCEEDED`. */
export class LineTooLong extends Error {
  readonly limit: number;
  constructor(limit: number) {
    super(`line longer than ${limit} octets`);
    this.limit = limit;
  }
}
