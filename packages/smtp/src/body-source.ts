/** A caller's body on its way out: looked at where it is in memory, begun early and pulled where it is a stream. */
import { isAscii } from 'node:buffer';
import {
  abandonOnAbort,
  type BodyInput,
  bodyOctets,
  isBodyInput,
  isFivewireError,
  LocalError,
  UsageError,
} from '@fivewire/line-protocol';

/** A body is handed out in pieces of at most so many octets: encoding one, and waiting for the socket, stays short. */
export const pieceOctets: number = 256 * 1024;

export class BodySource {
  /** The whole body, where it is in memory. */
  readonly whole: Buffer | undefined;
  /** Octets handed out so far. */
  taken = 0;
  #pieces: AsyncGenerator<Uint8Array, void, undefined> | undefined;
  #first: Promise<IteratorResult<Uint8Array, void>> | undefined;
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
      this.whole = Buffer.from(body.buffer, body.byteOffset, body.byteLength);
    } else this.#pieces = bodyOctets(body);
  }

  /** True when it can be seen to hold ASCII alone; `undefined` for a stream. */
  get ascii(): boolean | undefined {
    return this.whole && isAscii(this.whole);
  }

  /** True when it is known that nothing is left. */
  get atEnd(): boolean {
    return this.whole !== undefined && this.taken === this.whole.length;
  }

  /**
   * Pulls the first piece of a stream, at once: a stream that breaks while it waits for its turn has somebody who
   * listens then, and a file that is not there costs no connection.
   */
  begin(): void {
    if (this.#pieces === undefined || this.#first !== undefined || this.taken > 0) return;
    this.#first = this.#pieces.next();
    this.#first.catch(ignore); // told by begun() or next()
  }

  /** Resolves when the first piece is there, so that {@link next} does not wait. */
  async begun(signal: AbortSignal | undefined): Promise<void> {
    if (this.#first !== undefined) await abandonOnAbort(this.#first, signal, { command: 'MAIL' });
  }

  /** The next piece of a body in memory; `undefined` at the end, and for streams. */
  take(): Uint8Array | undefined {
    const { whole, taken } = this;
    if (whole === undefined || this.atEnd) return undefined;
    return this.#count(whole.subarray(taken, taken + pieceOctets));
  }

  /** The next piece of a stream; `undefined` at the end. Throws `ERR_LOCAL_IO`. */
  async next(): Promise<Uint8Array | undefined> {
    const octets = this.#rest ?? (await this.#pull()).value ?? undefined;
    if (octets === undefined) return undefined;
    this.#rest = octets.length > pieceOctets ? octets.subarray(pieceOctets) : undefined;
    return this.#count(octets.subarray(0, pieceOctets));
  }

  /** The caller's stream is not read any further: destroys it. Waits for nothing. */
  abandon(): void {
    this.#pieces?.return().catch(ignore);
  }

  #count(octets: Uint8Array): Uint8Array {
    this.taken += octets.length;
    return octets;
  }

  #pull(): Promise<IteratorResult<Uint8Array, void>> {
    const first = this.#first;
    this.#first = undefined;
    return first ?? (this.#pieces as AsyncGenerator<Uint8Array, void, undefined>).next();
  }
}

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
