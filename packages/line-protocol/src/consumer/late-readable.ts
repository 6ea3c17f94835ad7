/**
 * A Readable whose state Node makes when something first asks for it: a pipe, a listener of data, `destroy()`. Making it is most of the
 * work for a short body, and a loop that takes the octets directly needs none of it.
 */
import { Readable, type ReadableOptions } from 'node:stream';

/** Stands where Node's constructor would be: it makes nothing. */
function Unmade(): void {}
Unmade.prototype = Object.create(Readable.prototype) as Readable;
const Late: typeof Readable = Unmade as unknown as typeof Readable;

/** What Node says of a Readable that nothing has happened to. */
const untouched: Readonly<Record<string, unknown>> = {
  destroyed: false,
  errored: null,
  readableDidRead: false,
  readableEnded: false,
  readableFlowing: null,
  readableLength: 0,
};

export abstract class LateReadable extends Late {
  #state: unknown = undefined;

  /** For Node's constructor. */
  protected abstract get streamOptions(): ReadableOptions;

  /** Where Node's functions look for what a stream has come to. */
  protected get _readableState(): unknown {
    if (this.#state === undefined) Reflect.apply(Readable, this, [this.streamOptions]);
    return this.#state;
  }

  protected set _readableState(state: unknown) {
    this.#state = state;
  }

  // (Node's declarations have these as fields.)
  static {
    for (const [name, before] of Object.entries(untouched)) {
      const nodes = Object.getOwnPropertyDescriptor(Readable.prototype, name) as PropertyDescriptor;
      Object.defineProperty(LateReadable.prototype, name, {
        ...nodes,
        configurable: true,
        get(this: LateReadable) {
          return #state in this && this.#state === undefined ? before : nodes.get?.call(this);
        },
      });
    }
  }
}
