/** A connection in memory: the client's end is a stream, each write of the server's is a segment of its own there. */
import { Duplex } from 'node:stream';
import { OctetBuffer } from '../octet-buffer.js';
import { SessionEnded } from '../session-ended.js';
import type { DialogueConnection } from './connection.js';

/** What happens once the server has sent so many octets; of what it would have said then, nothing more is said. */
export interface Accident {
  after: number;
  /** A polite end, a reset, silence, or these octets and silence. */
  then: 'close' | 'reset' | 'silence' | { say: string };
}

export class MemoryConnection implements DialogueConnection {
  /** The client's end. */
  readonly stream: Duplex;
  /** All that the client has sent. */
  readonly received: Buffer[] = [];
  /** The accident has happened. */
  struck = false;
  readonly #accident: Accident | undefined;
  readonly #input = new OctetBuffer();
  #left: number;
  #ended = false;
  #wake: (() => void) | undefined;

  constructor(accident?: Accident) {
    this.#accident = accident;
    this.#left = accident?.after ?? Infinity;
    const take = (octets: Buffer): void => {
      this.received.push(octets);
      this.#input.push(octets);
      this.#wake?.();
    };
    const end = (): void => {
      this.#ended = true;
      this.#wake?.();
    };
    this.stream = new Duplex({
      read() {},
      write(octets: Buffer, _encoding, done) {
        take(octets);
        done();
      },
      final(done) {
        end();
        done();
      },
      destroy(error, done) {
        end();
        done(error);
      },
    });
  }

  get hasInput(): boolean {
    return this.#input.length > 0;
  }

  async line(): Promise<string | undefined> {
    for (;;) {
      const end = this.#input.indexOf('\r\n');
      if (end >= 0) return this.#input.shift(end + 2).toString('latin1', 0, end);
      if (!(await this.#more())) return undefined;
    }
  }

  async chunk(): Promise<Buffer | undefined> {
    if (!this.hasInput && !(await this.#more())) return undefined;
    return this.#input.shift(this.#input.length);
  }

  async octets(count: number): Promise<Buffer> {
    while (this.#input.length < count) if (!(await this.#more())) throw new SessionEnded();
    return this.#input.shift(count);
  }

  async write(octets: Buffer): Promise<void> {
    if (this.stream.destroyed) throw new SessionEnded();
    const part = octets.subarray(0, this.#left);
    this.#left -= part.length;
    if (part.length > 0) this.stream.push(part);
    if (this.#left === 0) this.#strike();
    await new Promise((resolve) => setImmediate(resolve)); // the client gets its turn to read
  }

  async end(): Promise<void> {
    if (!this.stream.destroyed && !this.stream.readableEnded) this.stream.push(null);
  }

  reset(): void {
    this.stream.destroy(Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' }));
  }

  breakOff(): void {
    this.stream.destroy();
  }

  holdInput(): void {}

  async secureNow(): Promise<void> {
    throw new SyntaxError('TLS is for sockets: startDialogueServer.');
  }

  #strike(): never {
    const { then } = this.#accident as Accident;
    this.struck = true;
    if (then === 'close') void this.end();
    else if (then === 'reset') this.reset();
    else if (typeof then === 'object') this.stream.push(then.say);
    throw new SessionEnded('The accident, as told.');
  }

  async #more(): Promise<boolean> {
    if (this.#ended) return false;
    await new Promise<void>((resolve) => {
      this.#wake = resolve;
    });
    this.#wake = undefined;
    return this.hasInput || !this.#ended;
  }
}
