/** Deadlines that line-protocol's waits do not cover: silence on a data connection, and waits that gain one later. */
import { deadline, type PendingCalls, SilenceTimer } from '@fivewire/line-protocol';

/** Who is to move on a data connection: the server, within a limit, or we, and then calls wait behind us. */
export class StallWatch {
  readonly #limit: number;
  readonly #calls: PendingCalls;
  readonly #onStall: () => void;
  readonly #silence = new SilenceTimer();

  /** @param onStall called when the server is to move and nothing moved for `limit` milliseconds */
  constructor(limit: number, calls: PendingCalls, onStall: () => void) {
    this.#limit = limit;
    this.#calls = calls;
    this.#onStall = onStall;
  }

  /** The server is to move from now on. */
  server(): void {
    this.#calls.moved();
    this.#silence.start(this.#limit, this.#onStall);
  }

  /** We are to move from now on. */
  local(): void {
    this.#silence.stop();
    this.#calls.paused();
  }

  moved(): void {
    this.#silence.heard();
  }

  stop(): void {
    this.#silence.close();
    this.#calls.moved();
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
