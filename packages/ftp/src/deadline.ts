/** Deadlines that line-protocol's waits do not cover: silence on a data connection, and waits that gain one later. */
import { endless } from '@fivewire/line-protocol';

/**
 * Calls back when nothing moved for so long: `onStall` while the server is to move, `onIdle`, again and again, while
 * we are. One timer, and nothing but a time stamp a movement.
 */
export class StallWatch {
  readonly #limit: number;
  readonly #onStall: () => void;
  readonly #onIdle: () => void;
  #timer: NodeJS.Timeout | undefined;
  #since = 0;
  #serverMoves = false;

  constructor(limit: number, onStall: () => void, onIdle: () => void = () => {}) {
    this.#limit = limit;
    this.#onStall = onStall;
    this.#onIdle = onIdle;
  }

  /** The server is to move from now on. */
  server(): void {
    this.#turn(true);
  }

  /** We are to move from now on. */
  local(): void {
    this.#turn(false);
  }

  moved(): void {
    this.#since = performance.now();
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #turn(serverMoves: boolean): void {
    this.#serverMoves = serverMoves;
    this.#since = performance.now();
    if (!endless(this.#limit)) this.#timer ??= setTimeout(this.#check, this.#limit);
  }

  readonly #check = (): void => {
    const left = this.#since + this.#limit - performance.now();
    this.#timer = setTimeout(this.#check, left > 0 ? Math.ceil(left) : this.#limit);
    if (left > 0) return;
    if (this.#serverMoves) {
      this.stop();
      this.#onStall();
    } else this.#onIdle();
  };
}

/** Settles as `work` does; `onLate` is called once if that takes longer. */
export async function within<T>(
  work: Promise<T>,
  milliseconds: number,
  onLate: () => void,
): Promise<T> {
  if (endless(milliseconds)) return work;
  const timer = setTimeout(onLate, milliseconds);
  try {
    return await work;
  } finally {
    clearTimeout(timer);
  }
}
