/**
 * The calls that wait behind a reader whose consumer sets the pace, or behind an upload whose source does; and when they
 * are refused: never because that consumer is slow, but once it has taken nothing for `timeouts.stall`.
 */
import { type FivewireError, SilenceTimer, UsageError } from 'tls-context-core';

/** A call that needs the connection. */
export interface PendingCall {
  /** Its command, masked. */
  command: string;
  refuse(error: FivewireError): void;
}

/** What keeps the connection for the sake of a consumer, or of a source. */
export interface Holder {
  /** For errors: `the body of RETR 1`. */
  readonly what: string;
  /** A call has begun to wait: read ahead, where that is possible, and say `moved`. */
  awaited?(): void;
}

export class PendingCalls {
  readonly #stall: number;
  readonly #calls = new Set<PendingCall>();
  readonly #silence = new SilenceTimer();
  #holder: Holder | undefined;
  /** The holder can do nothing until its consumer moves. */
  #paused = false;
  /** It took nothing for `stall` while calls waited, and has not moved since. */
  #stopped = false;

  /** @param stall `timeouts.stall`, in milliseconds */
  constructor(stall: number) {
    this.#stall = stall;
  }

  /** True while a call waits behind the holder. */
  get any(): boolean {
    return this.#calls.size > 0;
  }

  /** A call begins to wait. @returns ends that */
  add(call: PendingCall): () => void {
    this.#calls.add(call);
    if (this.#stopped) queueMicrotask(() => this.#stopped && this.#refuse());
    else this.#holder?.awaited?.();
    if (this.#paused) this.#watch();
    return () => {
      this.#calls.delete(call);
      if (this.#calls.size === 0) this.#silence.stop();
    };
  }

  /** The connection is held from now on, or, with `undefined`, no longer. */
  hold(holder: Holder | undefined): void {
    this.#holder = holder;
    this.moved();
    if (holder === undefined) this.#silence.close();
    else if (this.any) holder.awaited?.();
  }

  /** The holder waits for its consumer, and can't make way. */
  paused(): void {
    if (this.#paused) return;
    this.#paused = true;
    if (this.any) this.#watch();
  }

  /** The consumer has taken something, though not enough to go on. */
  taken(): void {
    if (!this.#paused) return;
    this.moved();
    this.paused();
  }

  /** The holder goes on: the consumer has taken something, or the source has given something. */
  moved(): void {
    if (!this.#paused) return;
    this.#paused = false;
    this.#stopped = false;
    this.#silence.stop();
  }

  #watch(): void {
    if (this.#silence.running) return;
    this.#silence.start(this.#stall, () => {
      this.#stopped = true;
      this.#refuse();
    });
  }

  #refuse(): void {
    const what = this.#holder?.what ?? 'another call';
    for (const call of [...this.#calls]) {
      this.#calls.delete(call);
      call.refuse(
        wouldDeadlock(
          call.command,
          `waits behind ${what}, which has not moved on this side for ${this.#stall} ms`,
        ),
      );
    }
  }
}

/** @param why what the call waits for, as the end of a sentence */
export function wouldDeadlock(command: string, why: string): UsageError {
  return new UsageError('ERR_WOULD_DEADLOCK', `${command || 'The call'} ${why}`, {
    hint: 'Read or destroy what an earlier call gave before you wait for this one, or use a second connection (a pool).',
  });
}
