/** A remote file as a Readable: begun at the first read, paced by its consumer, ended only when it is proven whole. */
import { GatheringReadable, isFivewireError } from '@fivewire/line-protocol';
import { judged } from '../files/judged.js';
import type { Control } from '../session/control.js';
import { cannotBegin } from '../session/missing.js';
import type { Session } from '../session/session.js';
import type { ReadStreamOptions } from '../types.js';
import { localFailure } from './local.js';
import { retrieve } from './retrieve.js';
import { readStreams } from './source.js';

/** The session to read by, when its turn has come, and what to do when it is over. */
export type Borrow = (signal: AbortSignal) => Promise<{ session: Session; giveBack(): void }>;

export class RemoteReadStream extends GatheringReadable {
  readonly #borrow: Borrow;
  readonly #path: string;
  readonly #options: ReadStreamOptions;
  readonly #given = new AbortController();
  #running = false;
  /** The session that it is read by, while it is. */
  #session: Session | undefined;
  #resume: (() => void) | undefined;

  /**
   * @param path an octet string
   * @param owner whose connection it will be read by, where that is known beforehand
   */
  constructor(borrow: Borrow, path: string, options: ReadStreamOptions, owner?: Control) {
    super();
    this.#borrow = borrow;
    this.#path = path;
    this.#options = options;
    if (owner !== undefined) readStreams.set(this, owner);
  }

  override _read(): void {
    if (!this.#running) {
      this.#running = true;
      void this.#run();
    }
    this.#goOn();
  }

  protected override taken(): void {
    this.#session?.control.calls.taken();
    if (this.#mayHoldMore()) this.#goOn();
  }

  override _destroy(error: Error | null, callback: (error: Error | null) => void): void {
    this.#given.abort(error ?? undefined);
    this.#goOn();
    callback(error);
  }

  async #run(): Promise<void> {
    const { start = 0, verify = 'size', signal: outer, ...options } = this.#options;
    const own = this.#given.signal;
    const signal = outer === undefined ? own : AbortSignal.any([own, outer]);
    try {
      const { session, giveBack } = await this.#borrow(signal);
      const { control } = session;
      try {
        await control.hold('RETR', { ...options, signal }, (dialogue) => {
          this.#session = session;
          return retrieve(session, dialogue, {
            ...options,
            signal,
            path: this.#path,
            start,
            verify: verify !== false,
            restart: async (size) => {
              throw session.control.connection.locate(cannotBegin(start, size));
            },
            take: (piece) => (this.push(piece) ? undefined : this.#wanted()),
            awaited: () => {
              if (this.#mayHoldMore()) this.#goOn();
            },
          });
        });
      } catch (error) {
        await judged(session, this.#path, error, { ...options, signal });
        throw error;
      } finally {
        this.#session = undefined;
        giveBack();
      }
      this.push(null);
    } catch (error) {
      this.destroy(isFivewireError(error) ? error : localFailure(error));
    }
  }

  /** Resolves when the consumer wants more, or a call waits and there is room. */
  #wanted(): Promise<void> | undefined {
    if (this.destroyed || this.#mayHoldMore()) return undefined;
    return new Promise((resolve) => {
      this.#resume = resolve;
    });
  }

  #mayHoldMore(): boolean {
    const session = this.#session;
    return session?.control.calls.any === true && this.readableLength < session.limits.aheadOctets;
  }

  #goOn(): void {
    this.#resume?.();
    this.#resume = undefined;
  }
}
