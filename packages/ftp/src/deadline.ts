/** Deadlines that line-protocol's waits do not cover: silence on a data connection, and waits that gain one later. */
import { deadline, SilenceTimer } from '@fivewire/line-protocol';

/**
 * Calls back when nothing moved for so long: `onStall` while the server is to move, `onIdle`, again and again, while
 * we are.
 */
export class StallWatch {
  readonly #limit: number;
  readonly #onStall: () => void;
  readonly #onIdle: () => void;
  readonly #silence = new SilenceTimer();

  constructor(limit: number, onStall: () => void, onIdle: () => void = () => {}) {
    this.#limit = limit;
    this.#onStall = onStall;
    this.#onIdle = onIdle;
  }

  /** The server is to move from now on. */
  server(): void {
    this.#silence.start(this.#limit, this.#onStall);
  }

  /** We are to move from now on. */
  local(): void {
    this.#silence.start(this.#limit, () => {
      this.local();
      this.#onIdle();
    });
  }

  moved(): void {
    this.#silence.heard();
  }

  stop(): void {
    this.#silence.close();
  }
}

/** Settles as `work` does; `onLate` is called once if that takes longer. */
export async function within<T>(
  work: Promise<T>,
  milliseconds: number,
  onLate: () => void,
): Promise<T> {
  const timely = deadline(milliseconds, onLate);
  try {
    return await work;
  } finally {
    timely();
  }
}
