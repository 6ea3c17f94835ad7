/** A caller's body on its way out: looked at where it is in memory, begun early and pulled where it is a stream. */
import { isAscii } from 'node:buffer';
import { ReadStream } from 'node:fs';
import {
  abandonOnAbort,
  type BodyInput,
  bodyOctets,
  isBodyInput,
  isFivewireError,
  LocalError,
  type ReplyQueue,
  refuseSpent,
  SourcePace,
  UsageError,
} from '@fivewire/line-protocol';
import { beginsWithField, hasUtf8Header, headerEnd, headerLimit } from './utf8-header.js';

/** A body is handed out in pieces of at most so many octets: encoding one, and waiting for the socket, stays short. */
export const pieceOctets: number = 256 * 1024;

export class BodySource {
  /** The whole body, where it is in memory. */
  readonly whole: Buffer | undefined;
  #ascii: boolean | undefined;
  #utf8Header: boolean | undefined;
  /** Octets handed out so far. */
  taken = 0;
  /** Of a stream. */
  #pace: SourcePace | undefined;
  #pieces: AsyncGenerator<Uint8Array, void, undefined> | undefined;
  #beginning: Promise<void> | undefined;
  /** What a stream begins with, up to the end of its header, until it is handed out. */
  #first: Uint8Array | undefined;
  /** The header is in `#first`, or will not come. */
  #headerSeen = false;
  /** What is left of a piece that was too long. */
  #rest: Uint8Array | undefined;

  /** @throws UsageError `ERR_ARGUMENT` for what is no body, and for text that has no UTF-8 form. */
  constructor(body: BodyInput) {
    if (!isBodyInput(body)) {
      throw wrong(
        `must be a string, octets, a stream or an async iterable of them, not ${typeof body}`,
        'A file goes in as fs.createReadStream(path).',
      );
    }
    if (typeof body === 'string') {
      if (/\p{Surrogate}/u.test(body)) throw wrong('contains half a surrogate pair', '');
      this.whole = Buffer.from(body);
    } else if (body instanceof Uint8Array) {
      this.whole = bufferOf(body);
    } else {
      this.whole = octetsInMemory(body);
      refuseSpent(body);
      if (body instanceof ReadStream) readInBigPieces(body);
      if (this.whole === undefined) {
        this.#pace = new SourcePace();
        this.#pieces = bodyOctets(body, this.#pace);
      }
    }
  }

  /** True when it can be seen to hold ASCII alone; `undefined` for a stream. */
  get ascii(): boolean | undefined {
    this.#ascii ??= this.whole && isAscii(this.whole);
    return this.#ascii;
  }

  /** True when it is known that nothing is left. */
  get atEnd(): boolean {
    return this.whole !== undefined && this.taken === this.whole.length;
  }

  /**
   * True when a header holds UTF-8 beyond ASCII: that of the message, and those within as far as it is known. `undefined` for a
   * stream that has not {@link begun}, of which the first octets tell.
   */
  get utf8Header(): boolean | undefined {
    if (this.whole !== undefined) {
      this.#utf8Header ??= !this.ascii && hasUtf8Header(this.whole);
      return this.#utf8Header;
    }
    return this.#first === undefined ? undefined : hasUtf8Header(bufferOf(this.#first));
  }

  /** True when what has come of a stream is ASCII. */
  get beginsInAscii(): boolean {
    return this.#first === undefined || isAscii(this.#first);
  }

  /**
   * Pulls a stream's first piece at once: a stream that breaks while it waits for its turn has a listener then, and a file that is
   * not there costs no connection.
   */
  begin(): void {
    if (this.#pieces === undefined || this.#beginning !== undefined || this.taken > 0) return;
    void this.#follow(this.#pullFirst(this.#pieces));
  }

  /**
   * Resolves when the header is there: what a message needs is known before MAIL, and {@link next} does not wait. Called in the
   * message's turn while the connection is {@link hold held}, since the caller's code may run for it.
   */
  async begun(signal: AbortSignal | undefined): Promise<void> {
    const [beginning, pieces] = [this.#beginning, this.#pieces];
    if (beginning === undefined || pieces === undefined) return;
    const header = this.#follow(beginning.then(() => this.#pullHeader(pieces)));
    await abandonOnAbort(header, signal, { command: 'MAIL' });
  }

  /** The next piece of a body in memory; `undefined` at the end, and for streams. */
  take(): Uint8Array | undefined {
    const { whole, taken } = this;
    if (whole === undefined || this.atEnd) return undefined;
    return this.#count(whole.subarray(taken, taken + pieceOctets));
  }

  /** The next piece of a stream; `undefined` at the end. Throws `ERR_LOCAL_IO`. */
  async next(): Promise<Uint8Array | undefined> {
    const octets = this.#rest ?? (await this.#pull());
    if (octets === undefined) return undefined;
    this.#rest = octets.length > pieceOctets ? octets.subarray(pieceOctets) : undefined;
    return this.#count(octets.subarray(0, pieceOctets));
  }

  /** From now on the connection is held for this body: calls wait behind it. */
  hold({ connection, queue }: { connection: object; queue: ReplyQueue }): void {
    this.#pace?.begin({ connection, calls: queue.calls, what: 'the body of a message' });
  }

  /** The connection is held for it no longer. */
  release(): void {
    this.#pace?.end();
  }

  /** The caller's stream is not read any further: destroys it. Waits for nothing. */
  abandon(): void {
    this.#pieces?.return().catch(ignore);
  }

  #count(octets: Uint8Array): Uint8Array {
    this.taken += octets.length;
    return octets;
  }

  async #pull(): Promise<Uint8Array | undefined> {
    await this.#beginning;
    const first = this.#first;
    this.#first = undefined;
    return first ?? (await this.#pieces?.next())?.value ?? undefined;
  }

  #follow(beginning: Promise<void>): Promise<void> {
    this.#beginning = beginning;
    beginning.catch(ignore); // told by begun() or next()
    return beginning;
  }

  async #pullFirst(pieces: AsyncGenerator<Uint8Array, void, undefined>): Promise<void> {
    this.#first = (await pieces.next()).value ?? undefined;
  }

  async #pullHeader(pieces: AsyncGenerator<Uint8Array, void, undefined>): Promise<void> {
    if (this.#headerSeen || this.#first === undefined) return;
    const begun = [this.#first];
    let size = this.#first.length;
    let text = bufferOf(this.#first.subarray(0, headerLimit)).toString('latin1');
    while (size < headerLimit && (size === 0 || awaitsHeader(text))) {
      const { value, done } = await pieces.next();
      if (done) break;
      begun.push(value);
      size += value.length;
      text += bufferOf(value).toString('latin1');
    }
    if (begun.length > 1) this.#first = Buffer.concat(begun, size);
    this.#headerSeen = true;
  }
}

/** It begins as a header does, whose end has not come. */
const awaitsHeader = (text: string): boolean =>
  headerEnd(text) < 0 && (beginsWithField(text) || /^[!-9;-~]*[ \t]*$/.test(text));

/** A file comes in pieces of 64 KiB unless more is asked for at once; each piece costs a turn of the event loop. */
function readInBigPieces(file: ReadStream): void {
  if (file.readableFlowing !== null || file.readableEncoding !== null || file.destroyed) return;
  const early: Buffer | null = file.read(pieceOctets);
  if (early !== null) file.unshift(early);
}

/** What @fivewire/compose made is often in memory: it says so by this method, and no stream is needed. */
const inMemory = Symbol.for('fivewire.octets');

function octetsInMemory(body: BodyInput): Buffer | undefined {
  const octets = (body as { [inMemory]?: () => unknown })[inMemory]?.();
  return octets instanceof Uint8Array ? bufferOf(octets) : undefined;
}

export const bufferOf = (octets: Uint8Array): Buffer =>
  Buffer.isBuffer(octets)
    ? octets
    : Buffer.from(octets.buffer, octets.byteOffset, octets.byteLength);

/** The source's failure, told of a connection that had to be ended for it. */
export function sourceFailed(error: unknown): unknown {
  if (!isFivewireError(error) || error.code !== 'ERR_LOCAL_IO') return error;
  return new LocalError('ERR_LOCAL_IO', error.message, {
    cause: error.cause,
    connection: 'closed',
    retry: 'reconnect',
    hint: 'The connection was closed so that no part of the message is delivered.',
  });
}

const wrong = (what: string, hint: string): UsageError =>
  new UsageError('ERR_ARGUMENT', `body ${what}`, { argument: 'body', hint });

const ignore = (): void => {};
