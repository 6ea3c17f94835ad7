/**
 * A Readable whose octets a loop takes directly. Node's stream machinery (a buffer, ticks for reading, ending and closing) costs more than
 * all the rest of a short message; it starts where a consumer wants it: a pipe, a listener, `read()`.
 */
import { GatheringReadable, gatheredOctets } from './gathering-readable.js';
import { LateReadable } from './late-readable.js';

export abstract class DirectReadable extends GatheringReadable {
  /** Octets that are here and were neither taken by a loop nor given to the machinery. */
  protected kept = 0;
  /** The machinery has asked for octets: they go through its buffer. */
  protected streams = false;
  /** It has been destroyed: its consumer wants no octets. */
  protected gone = false;
  /** A loop has looked for octets. */
  protected looped = false;
  /** A loop has taken all of it. */
  #drained = false;
  #pieces: Buffer[] = noPieces;
  #wake: (() => void) | undefined = undefined;

  /** Takes in what has come, for a loop. */
  protected abstract takeIn(): void;

  /** Takes care that {@link wake} follows when there is more. */
  protected abstract waitForMore(): void;

  /** What a loop waits for is here: octets, the end, or an error. */
  protected wake(): void {
    const wake = this.#wake;
    this.#wake = undefined;
    wake?.();
  }

  protected keep(piece: Buffer): void {
    if (this.#pieces === noPieces) this.#pieces = [piece];
    else this.#pieces.push(piece);
    this.kept += piece.length;
  }

  /** From now on octets go to the machinery, beginning with what is kept. @returns whether it wants more */
  protected stream(): boolean {
    if (this.streams) return true;
    this.streams = true;
    let wantsMore = true;
    for (const piece of this.#takeAll()) wantsMore = this.push(piece);
    if (this.whole) this.push(null);
    return wantsMore;
  }

  override takePiece(): Buffer | null {
    if (this.streams) return super.takePiece();
    if (this.gone) return null;
    this.looped = true;
    if (this.kept === 0) this.takeIn();
    const octets = this.kept;
    if (octets === 0) return null;
    const pieces = this.#pieces;
    if (pieces.length > 1 && octets > gatheredOctets) {
      const piece = pieces.shift() as Buffer;
      this.kept -= piece.length;
      this.taken?.();
      return piece;
    }
    this.#takeAll();
    if (!this.whole) this.taken?.();
    return pieces.length === 1 ? (pieces[0] as Buffer) : Buffer.concat(pieces, octets);
  }

  override destroy(error?: Error): this {
    this.gone = true;
    return super.destroy(error);
  }

  override isTaken(): boolean {
    if (this.streams) return super.isTaken();
    if (!this.whole || this.kept > 0) return false;
    if (!this.#drained) {
      this.#drained = true;
      if (this.listenerCount('end') > 0 || this.listenerCount('close') > 0) this.#end();
    }
    return true;
  }

  override pieceComes(): Promise<void> | undefined {
    if (this.streams) return undefined;
    return new Promise((resolve) => {
      this.#wake = resolve;
      this.waitForMore();
    });
  }

  /** Who listens to a body that a loop has taken whole hears of its end all the same. */
  override on(event: string | symbol, listener: (...args: never[]) => void): this {
    super.on(event, listener as () => void);
    if (this.#drained && !this.streams) this.#end();
    return this;
  }

  override addListener(event: string | symbol, listener: (...args: never[]) => void): this {
    return this.on(event, listener);
  }

  #takeAll(): Buffer[] {
    const pieces = this.#pieces;
    this.#pieces = noPieces;
    this.kept = 0;
    return pieces;
  }

  #end(): void {
    this.streams = true;
    this.push(null);
    this.read(0);
  }

  // What a loop has taken whole is a Readable that was read to its end. (Node's declarations have these as fields.)
  static {
    const say = (name: string, ours: (body: DirectReadable, nodes: unknown) => unknown): void => {
      const nodes = Object.getOwnPropertyDescriptor(LateReadable.prototype, name);
      Object.defineProperty(DirectReadable.prototype, name, {
        ...nodes,
        configurable: true,
        get(this: DirectReadable) {
          const said: unknown = nodes?.get?.call(this);
          return #drained in this ? ours(this, said) : said;
        },
      });
    };
    say('readableEnded', (body, ended) => body.#drained || ended);
    say('destroyed', (body, destroyed) => body.#drained || destroyed);
    say('readableDidRead', (body, did) => body.looped || did);
    say('readableLength', (body, length) => body.kept + (length as number));
  }
}

/** Most bodies have one piece, if any. */
const noPieces: Buffer[] = [];
