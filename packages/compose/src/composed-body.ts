/** The composed message as a stream: pieces made as they are read, the caller's streams read in their place. */
import { ReadStream } from 'node:fs';
import { Readable } from 'node:stream';
import { wrong } from './check-values.js';
import type { Sign } from './compose.js';
import type { DkimSigner } from './dkim.js';
import { octetsOf } from './message-parts.js';
import type { Segment } from './mime-part.js';
import type { Encoder } from './transfer-encoding.js';

/** Content is encoded in pieces of so many octets: a multiple of a line of base64. */
const pieceOctets = 57 * 575;
/** Pieces gather to so many octets: few writes, little memory. */
const gatherOctets = 32 * 1024;

/** Messages up to this size, without streams, are made in one piece. */
const wholeOctets = 256 * 1024;

/**
 * A body in memory gives its octets by this method, so that a client needs no stream to send it (SIZE is known then, too);
 * `undefined` where it has to be streamed.
 */
const inMemory = Symbol.for('fivewire.octets');

export class ComposedBody extends Readable {
  #parts: readonly Segment[];
  #sign: Sign | undefined;
  #dkim: DkimSigner | undefined;
  #sources: Readable[];
  #pieces: AsyncIterator<Uint8Array> | undefined;
  #reading = false;

  constructor(parts: readonly Segment[], sign: Sign | undefined, dkim: DkimSigner | undefined) {
    super({ highWaterMark: gatherOctets });
    this.#parts = parts;
    this.#sign = sign;
    this.#dkim = dkim;
    this.#sources = parts.flatMap((part) =>
      !Buffer.isBuffer(part) && part.content instanceof Readable ? [part.content] : [],
    );
    // A stream may fail before the body is read; reading it tells, and until then nothing else listens.
    for (const source of this.#sources) source.on('error', ignore);
    Object.defineProperty(this, inMemory, { value: () => this.#octets() });
  }

  /** Once, before anything is read. */
  #octets(): Buffer | undefined {
    const isSmall = contentOctets(this.#parts) <= wholeOctets;
    if (this.#sign !== undefined || !isSmall || this.#pieces !== undefined) return undefined;
    const whole = octetsInMemory(this.#parts);
    return this.#dkim === undefined ? whole : this.#dkim.whole(whole);
  }

  override _read(): void {
    if (this.#reading) return;
    this.#reading = true;
    this.#pieces ??= this.#begin();
    void this.#fill(this.#pieces);
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    for (const source of this.#sources) source.destroy();
    done(error);
    this.#pieces?.return?.()?.then(ignore, ignore);
  }

  #begin(): AsyncIterator<Uint8Array> {
    let pieces: AsyncIterable<Uint8Array> = gathered(octets(this.#parts));
    if (this.#sign !== undefined) pieces = signedBy(this.#sign, pieces);
    if (this.#dkim !== undefined) pieces = this.#dkim.stream(pieces);
    return pieces[Symbol.asyncIterator]();
  }

  async #fill(pieces: AsyncIterator<Uint8Array>): Promise<void> {
    try {
      for (;;) {
        const { value, done } = await pieces.next();
        if (this.destroyed) return;
        if (!this.push(done ? null : value) || done) break;
      }
      this.#reading = false;
    } catch (error) {
      this.destroy(error as Error);
    }
  }
}

/**
 * Octets of a message that is streamed, so that a server's limit is known to be passed before it is sent. `undefined` where that can't
 * be told: with a stream in it, or content that is sent as it is given; where it goes out in one piece, its client counts.
 */
export function streamedOctets(parts: readonly Segment[]): number | undefined {
  const content = contentOctets(parts);
  if (content <= wholeOctets || content === Infinity) return undefined;
  let sum = 0;
  for (const part of parts) {
    const octets = Buffer.isBuffer(part)
      ? part.length
      : part.encoder.measure?.(part.content as Buffer);
    if (octets === undefined) return undefined;
    sum += octets;
  }
  const last = parts.at(-1);
  const hasEnd = Buffer.isBuffer(last) && last.at(-1) === LF; // else one is added, or not
  return hasEnd ? sum : undefined;
}

/** Infinity where a stream is among them. */
const contentOctets = (parts: readonly Segment[]): number =>
  parts.reduce((sum, part) => {
    const content = Buffer.isBuffer(part) ? part : part.content;
    return sum + (content instanceof Readable ? Infinity : content.length);
  }, 0);

function octetsInMemory(parts: readonly Segment[]): Buffer {
  const pieces = parts.flatMap((part) =>
    Buffer.isBuffer(part)
      ? [part]
      : [part.encoder.push(part.content as Buffer), part.encoder.end()],
  );
  const last = pieces.findLast(({ length }) => length > 0);
  if (last !== undefined && last[last.length - 1] !== LF) pieces.push(Buffer.from('\r\n'));
  return Buffer.concat(pieces);
}

async function* octets(parts: readonly Segment[]): AsyncGenerator<Buffer, void, undefined> {
  let lineEnded = true;
  for (const part of parts) {
    for await (const piece of Buffer.isBuffer(part)
      ? [part]
      : encoded(part.content, part.encoder)) {
      if (piece.length === 0) continue;
      lineEnded = piece[piece.length - 1] === LF;
      yield piece;
    }
  }
  if (!lineEnded) yield Buffer.from('\r\n');
}

async function* encoded(content: Buffer | Readable, encoder: Encoder): AsyncGenerator<Buffer> {
  if (content instanceof ReadStream) askForMuch(content);
  for await (const chunk of Buffer.isBuffer(content) ? [content] : content) {
    const octets = typeof chunk === 'string' ? Buffer.from(chunk) : octetsOf(chunk);
    // What is made of larger pieces waits longer to be collected: some megabytes more.
    for (let at = 0; at < octets.length; at += pieceOctets)
      yield encoder.push(octets.subarray(at, at + pieceOctets));
  }
  yield encoder.end();
}

/** A file gives 64 KiB at a time unless more is asked for, and each piece costs a turn of the event loop. */
function askForMuch(file: ReadStream): void {
  if (file.readableFlowing !== null || file.readableEncoding !== null || file.destroyed) return;
  const early: Buffer | null = file.read(filePieceOctets);
  if (early !== null) file.unshift(early);
}

export const filePieceOctets: number = 128 * 1024;

async function* gathered(pieces: AsyncIterable<Buffer>): AsyncGenerator<Buffer, void, undefined> {
  let held: Buffer[] = [];
  let size = 0;
  for await (const piece of pieces) {
    held.push(piece);
    size += piece.length;
    if (size < gatherOctets) continue;
    yield held.length === 1 ? (held[0] as Buffer) : Buffer.concat(held, size);
    held = [];
    size = 0;
  }
  if (size > 0) yield Buffer.concat(held, size);
}

async function* signedBy(
  sign: Sign,
  pieces: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array, void, undefined> {
  const raw = Readable.from(pieces, { objectMode: false });
  raw.on('error', ignore); // the signer reads it, and tells
  try {
    const signed: unknown = await sign(raw);
    if (!isAsyncIterable(signed))
      throw wrong('sign', 'gave no stream', 'Octets go into one by Readable.from([octets]).');
    for await (const piece of signed) yield piece;
    if (raw.errored) throw raw.errored;
  } finally {
    raw.destroy();
  }
}

const isAsyncIterable = (value: unknown): value is AsyncIterable<Uint8Array> =>
  typeof value === 'object' && value !== null && Symbol.asyncIterator in value;

const LF = 10;
const ignore = (): void => {};
