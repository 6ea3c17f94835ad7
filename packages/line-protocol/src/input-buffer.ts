/**
 * What has arrived and is not yet taken: a list of chunks, cut at lines or at octets, never copied as a whole.
 *
 * A line is a string in which each character is one octet (latin1). The head chunk is turned into such a string, and its
 * lines are slices of it: a call into C++ a chunk instead of one a line. Where octets are taken between lines, as with a
 * status line and a body behind it, only a window of the chunk is: the rest would be made and thrown away.
 */

const LF = 10;
/** Octets of the first window behind octets; each further one has twice as many. */
const firstWindow = 128;
const CR = 13;

export class InputBuffer {
  /** Octets not yet taken. */
  size = 0;
  /** True once {@link takeLine} has met a line that ended in a bare LF. */
  bareLf = false;
  #chunks: Buffer[] = [];
  /** Where the untaken part of the first chunk begins. */
  #offset = 0;
  /** A window of the first chunk as text, made at the first line taken from it. */
  #text: string | undefined;
  /** Where that window begins in the chunk. */
  #textAt = 0;
  #window = firstWindow;
  /** The first so many chunks are known to hold no line end. Keeps the search for a long line's end linear. */
  #searched = 0;
  /** Whether a bare LF counted in that search. */
  #searchedBareLf = true;
  /** How the line taken last ended. */
  #endedInCrlf = true;

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
    const line = this.#take(limit, true);
    if (line !== undefined && !this.#endedInCrlf) this.bareLf = true;
    return line;
  }

  /**
   * The next line of a body, up to its CRLF. A bare LF ends it only where it has ended a line of {@link takeLine}'s: elsewhere it is
   * content, which the writer of a message may have put there to make up an end and replies after it.
   */
  takeBodyLine(limit: number): string | undefined {
    return this.#take(limit, this.bareLf);
  }

  #take(limit: number, bareLf: boolean): string | undefined {
    const text = this.#text;
    if (text === undefined) return this.#openHead(limit, bareLf);
    const start = this.#offset - this.#textAt;
    let end = text.indexOf('\n', start);
    if (!bareLf) {
      while (end >= 0 && (end === start || text.charCodeAt(end - 1) !== CR)) {
        end = text.indexOf('\n', end + 1);
      }
    }
    if (end < 0) {
      this.#text = undefined;
      if (this.#textAt + text.length < (this.#chunks[0] as Buffer).length) {
        return this.#openHead(limit, bareLf);
      }
      this.#searched = 1;
      this.#searchedBareLf = bareLf;
      return this.#takeLineAcrossChunks(limit, bareLf);
    }
    const length = end - start;
    if (length > limit) throw new LineTooLong(limit);
    this.size -= length + 1;
    this.#offset += length + 1;
    if (this.#offset === (this.#chunks[0] as Buffer).length) this.#dropHead();
    this.#endedInCrlf = length > 0 && text.charCodeAt(end - 1) === CR;
    return text.slice(start, this.#endedInCrlf ? end - 1 : end);
  }

  /** The octets at hand without taking them: the rest of the first chunk, or `undefined` when there are none. */
  peek(): Buffer | undefined {
    const head = this.#chunks[0];
    return head !== undefined && this.#offset > 0 ? head.subarray(this.#offset) : head;
  }

  /** The first chunk, for one who finds several things in it, and where its untaken part begins: {@link consume} takes what was found. */
  get head(): Buffer | undefined {
    return this.#chunks[0];
  }

  get offset(): number {
    return this.#offset;
  }

  /** Takes `count` octets, which must not be more than `size`. */
  consume(count: number): void {
    this.#window = firstWindow;
    let left = count;
    while (left > 0) {
      const head = this.#chunks[0];
      if (head === undefined) throw new RangeError('consume() beyond the octets at hand');
      const step = Math.min(left, head.length - this.#offset);
      this.#dropFromHead(step);
      left -= step;
    }
  }

  /** Makes one chunk of all. */
  join(): void {
    if (this.#chunks.length < 2) return;
    const [head, ...others] = this.#chunks as [Buffer, ...Buffer[]];
    this.#chunks = [Buffer.concat([head.subarray(this.#offset), ...others], this.size)];
    this.#offset = 0;
    this.#text = undefined;
    this.#searched = 0;
  }

  /** At most `max` octets, as they came; `undefined` when there are none. */
  takeOctets(max: number): Buffer | undefined {
    const rest = this.peek();
    if (rest === undefined) return undefined;
    const taken = rest.length > max ? rest.subarray(0, max) : rest;
    // What is no longer than a window stands between lines, and is no body.
    if (taken.length > firstWindow) this.#window = firstWindow;
    this.#dropFromHead(taken.length);
    return taken;
  }

  /** Forgets everything. */
  clear(): void {
    this.#chunks = [];
    this.size = 0;
    this.bareLf = false;
    this.#offset = 0;
    this.#text = undefined;
    this.#searched = 0;
  }

  #openHead(limit: number, bareLf: boolean): string | undefined {
    const head = this.#chunks[0];
    if (head === undefined) return undefined;
    if (this.#searchedBareLf !== bareLf) this.#searched = 0;
    if (this.#searched > 0) return this.#takeLineAcrossChunks(limit, bareLf);
    const end = this.#offset + this.#window;
    this.#text = head.toString('latin1', this.#offset, end);
    this.#textAt = this.#offset;
    if (this.#window < head.length) this.#window *= 2;
    return this.#take(limit, bareLf);
  }

  #takeLineAcrossChunks(limit: number, bareLf: boolean): string | undefined {
    const chunks = this.#chunks;
    let i = this.#searched;
    let end = -1;
    for (; i < chunks.length; i++) {
      end = lineEnd(chunks[i] as Buffer, bareLf || (chunks[i - 1] as Buffer).at(-1) === CR, bareLf);
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
    this.#endedInCrlf = line.length > 1 && line[line.length - 2] === CR;
    return line.toString('latin1', 0, line.length - (this.#endedInCrlf ? 2 : 1));
  }

  #dropFromHead(count: number): void {
    this.size -= count;
    this.#offset += count;
    if (this.#text !== undefined && this.#offset > this.#textAt + this.#text.length) {
      this.#text = undefined;
    }
    if (this.#offset === (this.#chunks[0] as Buffer).length) this.#dropHead();
  }

  #dropHead(): void {
    this.#chunks.shift();
    this.#offset = 0;
    this.#text = undefined;
    if (this.#searched > 0) this.#searched--;
  }
}

/** Where the first line end of a chunk has its LF; -1 where there is none. */
function lineEnd(chunk: Buffer, afterCr: boolean, bareLf: boolean): number {
  let lf = chunk.indexOf(LF);
  if (bareLf) return lf;
  while (lf >= 0 && (lf === 0 ? !afterCr : chunk[lf - 1] !== CR)) lf = chunk.indexOf(LF, lf + 1);
  return lf;
}

/** Thrown by {@link InputBuffer.takeLine}; the connection turns it into `ERR_LIMIT_EXCEEDED`. */
export class LineTooLong extends Error {
  readonly limit: number;
  constructor(limit: number) {
    super(`line longer than ${limit} octets`);
    this.limit = limit;
  }
}
