/**
 * Transfers that no preliminary reply opens, though RFC 959 §5.4 wants one.
 *
 * A positive reply at once mostly says that it is done (an empty directory, a file that went over before a word was said). It may be
 * another's notice, too (`226 Quota` ahead of `150`, or of the refusal): whatever comes behind it decides. Others say nothing before the
 * end, and wait for octets to be taken or sent.
 */
import type { Duplex } from 'node:stream';
import {
  type CommandLine,
  deadline,
  type LineConnection,
  type Reply,
} from '@fivewire/line-protocol';
import { command, type Dialogue, noteReply } from '../session/dialogue.js';
import { saysUnknown } from '../session/failures.js';
import { answers } from '../session/reply-codes.js';

const pwd = command('PWD');

export class Unopened {
  /** The last reply: a refusal as soon as it comes, all else when it is {@link over}. */
  readonly last: Promise<Reply>;
  readonly #dialogue: Dialogue;
  readonly #line: CommandLine;
  readonly #onOpening: (opening: Reply) => void;
  #isOpened = false;
  /** Sent, and not answered. */
  #isMarked = false;
  #isOver = false;
  #wake: () => void = () => {};

  /**
   * @param first the positive reply that came instead
   * @param onOpening told of the preliminary reply, should it come all the same
   */
  constructor(
    dialogue: Dialogue,
    line: CommandLine,
    first: Reply,
    onOpening: (opening: Reply) => void,
  ) {
    this.#dialogue = dialogue;
    this.#line = line;
    this.#onOpening = onOpening;
    this.last = this.#read(first);
  }

  /**
   * No more octets are to come.
   *
   * @param asks whether nothing but an answer to another command shows that no more replies are
   */
  over(asks: boolean): void {
    if (this.#isOver || this.#isOpened) return;
    this.#isOver = true;
    if (asks && this.#dialogue.connection.isOpen) {
      this.#isMarked = true;
      this.#dialogue.send(pwd);
    }
    this.#wake();
  }

  async #read(first: Reply): Promise<Reply> {
    const dialogue = this.#dialogue;
    const { connection } = dialogue;
    let last = first;
    for (;;) {
      if (!(await this.#hasMore())) return last;
      const reply = await dialogue.nextOfAny(this.#line);
      if (this.#isMarked && (reply.code === 257 || saysUnknown(reply))) {
        this.#isMarked = false;
        if (!this.#isOpened || last.class !== 1) return last;
      } else if (reply.class === 1) {
        if (!this.#isOpened) {
          noteReply(connection, last);
          this.#isOpened = true;
          this.#onOpening(reply);
        }
        last = reply;
      } else if (reply.class >= 4 || answers(this.#line, reply)) {
        noteReply(connection, last);
        last = reply;
        if (!this.#isMarked && (reply.class >= 4 || this.#isOpened)) return last;
      } else {
        noteReply(connection, reply);
      }
    }
  }

  /** Resolves when there is more to read; false where there will be none. */
  async #hasMore(): Promise<boolean> {
    const { connection } = this.#dialogue;
    while (connection.buffered === 0) {
      if (this.#isOver && !this.#isMarked) return false;
      if (connection.hasEnded || !connection.isOpen) return this.#isOpened;
      await this.#arrival(connection);
    }
    return true;
  }

  async #arrival(connection: LineConnection): Promise<void> {
    const before = connection.onUnawaited;
    await new Promise<void>((resolve) => {
      this.#wake = resolve;
      connection.onUnawaited = resolve;
      void connection.closed.then(() => resolve());
    });
    connection.onUnawaited = before;
  }
}

/** How long nothing is said before a transfer is looked at, in milliseconds; a server that is sent octets has to be silent for longer. */
const patience = { receives: 500, sends: 15_000 };

/**
 * Resolves when octets have come, or are waited for, though nothing was said: they are more than fit on the way, or the server says
 * nothing before it has them.
 *
 * @param reply the longest wait for a reply
 */
export function unannounced(
  ready: () => Promise<Duplex>,
  sends: boolean,
  reply: number,
): { begins: Promise<undefined>; forget(): void } {
  let isForgotten = false;
  let watched: Duplex | undefined;
  let begin = (): void => {};
  const begins = new Promise<undefined>((resolve) => {
    begin = () => resolve(undefined);
  });
  const look = (stream: Duplex): void => {
    if (isForgotten) return;
    if (sends || stream.readableLength > 0) begin();
    else watched = stream.once('readable', begin);
  };
  const most = reply > 0 ? reply / 4 : Number.POSITIVE_INFINITY;
  // Our own clock: what this side is too busy to read is not silence of the server.
  const stop = deadline(Math.min(sends ? patience.sends : patience.receives, most), () => {
    ready().then(look, () => {});
  });
  return {
    begins,
    forget() {
      isForgotten = true;
      stop();
      watched?.off('readable', begin);
    },
  };
}
