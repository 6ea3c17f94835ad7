/** How long the reader waits for the server. */
import { type LineConnection, SilenceTimer, timedOut, type Wait } from '@fivewire/line-protocol';
import type { Phase } from 'tls-context-core';
import type { Entry } from './command.js';

/**
 * The deadline runs while the reader waits for the server on behalf of the oldest pending command, and starts anew with
 * every octet that comes. It does not run while we wait for a consumer or for the source of a body.
 */
export class ReplyDeadline {
  readonly #connection: LineConnection;
  /** Commands on the wire, the oldest first. */
  readonly #inFlight: ReadonlyMap<string, Entry>;
  /** What the reader waits for. */
  #filling: 'command' | 'transfer' | undefined;
  readonly #silence = new SilenceTimer();
  /** On whose behalf the timer runs. */
  #timed: Entry | undefined;

  constructor(connection: LineConnection, inFlight: ReadonlyMap<string, Entry>) {
    this.#connection = connection;
    this.#inFlight = inFlight;
  }

  /** Waits for octets from the server. */
  async fill(phase: 'command' | 'transfer'): Promise<void> {
    this.#filling = phase;
    this.review();
    try {
      await this.#connection.fill(this.#waitFor(phase), phase === 'transfer');
    } finally {
      this.#filling = undefined;
      this.stop();
    }
  }

  /** What errors say. Read when one happens: the command may have gone out after the wait began. */
  #waitFor(phase: Phase): Wait {
    const oldest = (): Entry | undefined => this.#inFlight.values().next().value;
    return {
      timeout: 0,
      get phase() {
        return oldest()?.command.phase ?? phase;
      },
      get command() {
        return oldest()?.masked;
      },
    };
  }

  /** Called when a command went out, was answered, or has become pending or is so no longer. */
  review(): void {
    const phase = this.#filling;
    const entry = this.#oldestPending();
    if (phase === undefined || entry === this.#timed) return;
    this.#timed = entry;
    if (entry === undefined) {
      this.stop();
      return;
    }
    const { stall } = this.#connection.timeouts;
    const timeout = phase === 'transfer' ? Math.min(entry.timeout, stall) : entry.timeout;
    this.#silence.start(timeout, () => {
      const wait = { phase: entry.command.phase ?? phase, timeout, command: entry.masked };
      this.#connection.fail(timedOut(wait, this.#connection.secureStream !== undefined));
    });
  }

  stop(): void {
    this.#silence.stop();
    this.#timed = undefined;
  }

  /** No wait will follow. */
  close(): void {
    this.stop();
    this.#silence.close();
  }

  #oldestPending(): Entry | undefined {
    for (const entry of this.#inFlight.values()) {
      if (!entry.waitsForSource && !entry.command.mayBeSilent?.()) return entry;
    }
    return undefined;
  }
}
