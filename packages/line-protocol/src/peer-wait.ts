/** One caller's wait for the peer: for its octets, or for room. The peer's silence is counted while it lasts. */
import { addErrorContext, type FivewireError, SilenceTimer } from 'tls-context-core';
import { lostBy } from './connection-errors.js';
import { contextOf, type Wait } from './deadline.js';

interface Waiting {
  wait: Wait;
  resolve: () => void;
  reject: (error: FivewireError) => void;
}

export class PeerWait {
  readonly #silence = new SilenceTimer();
  readonly #late: (wait: Wait) => void;
  #waiting: Waiting | undefined;

  /** @param late the peer has been silent for `wait.timeout` */
  constructor(late: (wait: Wait) => void) {
    this.#late = late;
  }

  /** A caller waits. */
  get pending(): boolean {
    return this.#waiting !== undefined;
  }

  begin(wait: Wait): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#silence.start(wait.timeout, this.#onSilent);
      this.#waiting = { wait, resolve, reject };
    });
  }

  /** The peer has moved, and the wait goes on. */
  heard(): void {
    this.#silence.heard();
  }

  /** What was waited for is here. */
  settle(): void {
    const waiting = this.#waiting;
    if (waiting === undefined) return;
    this.#waiting = undefined;
    this.#silence.stop();
    waiting.resolve();
  }

  /** The connection is over, and no wait will follow. The call that ended it gets that very error, another one its own. */
  close(error: FivewireError): void {
    const waiting = this.#waiting;
    this.#waiting = undefined;
    this.#silence.close();
    if (waiting === undefined) return;
    const where = contextOf(waiting.wait);
    const isIts = error.command === waiting.wait.command;
    waiting.reject(isIts ? addErrorContext(error, where) : lostBy(error, where));
  }

  #onSilent = (): void => {
    if (this.#waiting !== undefined) this.#late(this.#waiting.wait);
  };
}
