/**
 * What goes out on a connection: command lines of one turn of the event loop leave in one piece, together with the octets that follow
 * them.
 */
import type { Duplex } from 'node:stream';

/** Lines up to so many octets are copied into one piece with those beside them: a piece costs more than copying it. */
const shortLine = 1_024;

export class Outgoing {
  /** Where it goes: swapped with the connection's. */
  stream: Duplex;
  /** Lines of this turn, not yet given to the stream. */
  #lines: Buffer[] = [];
  #corked = false;

  constructor(stream: Duplex) {
    this.stream = stream;
  }

  line(octets: Buffer): void {
    if (this.#lines.length === 0 && !this.#corked) process.nextTick(this.flush);
    this.#lines.push(octets);
  }

  /** @returns false when the stream should drain before more */
  octets(octets: Uint8Array): boolean {
    if (this.#lines.length > 0) {
      if (!this.#corked) this.stream.cork();
      this.#corked = true;
      this.#writeLines();
    }
    return this.stream.write(octets);
  }

  /** The turn is over, or what there is has to leave before something else happens. */
  flush = (): void => {
    this.#writeLines();
    if (!this.#corked) return;
    this.#corked = false;
    this.stream.uncork();
  };

  /** The connection is over: what has not left stays. */
  drop(): void {
    this.#lines = [];
  }

  #writeLines(): void {
    if (this.#lines.length === 0) return;
    const pieces = joined(this.#lines);
    this.#lines = [];
    const many = pieces.length > 1;
    if (many) this.stream.cork();
    for (const piece of pieces) this.stream.write(piece);
    if (many) this.stream.uncork();
  }
}

function joined(lines: readonly Buffer[]): readonly Buffer[] {
  if (lines.length === 1) return lines;
  const pieces: Buffer[] = [];
  let run: Buffer[] = [];
  const endRun = (): void => {
    if (run.length > 0) pieces.push(run.length === 1 ? (run[0] as Buffer) : Buffer.concat(run));
    run = [];
  };
  for (const octets of lines) {
    if (octets.length <= shortLine) run.push(octets);
    else {
      endRun();
      pieces.push(octets);
    }
  }
  endRun();
  return pieces;
}
