/**
 * NOOP in long transfers, so that nothing between both sides forgets the control connection (RFC 959 §4.1.3).
 *
 * Some servers answer at once, some when the transfer is over, ahead of its final reply or behind it: the replies are counted.
 */
import type { Reply } from '@fivewire/line-protocol';
import { command, type Dialogue } from '../session/dialogue.js';

const noop = command('NOOP');

export class Noops {
  /** Sent, and not answered. */
  pending = 0;
  readonly #dialogue: Dialogue;
  #timer: NodeJS.Timeout | undefined;

  constructor(dialogue: Dialogue) {
    this.#dialogue = dialogue;
  }

  /** @param interval milliseconds between two; 0: none are sent */
  start(interval: number): void {
    if (interval === 0 || interval === Number.POSITIVE_INFINITY) return;
    this.#timer = setInterval(() => {
      // A server that does not read meanwhile is sent no more of them.
      if (this.pending >= most || !this.#dialogue.connection.isOpen) return;
      this.pending += 1;
      this.#dialogue.send(noop);
    }, interval);
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  /** Whether `reply` is one of theirs. A server that refuses NOOP meanwhile is sent no more. */
  takes({ code }: Reply): boolean {
    const refused = code >= 500 && code <= 503;
    if (this.pending === 0 || (code !== 200 && !refused)) return false;
    this.pending -= 1;
    if (refused) this.stop();
    return true;
  }

  /** Reads what is still to come of their replies. */
  async settle(): Promise<void> {
    this.stop();
    while (this.pending > 0) {
      await this.#dialogue.next(noop);
      this.pending -= 1;
    }
  }
}

const most = 100;
