/** Plays a dialogue without a socket: the client is given streams. */
import type { Duplex } from 'node:stream';
import { type Accident, MemoryConnection } from './memory-connection.js';
import { type DialogueStep, type ParseOptions, parseDialogue } from './parse-dialogue.js';
import {
  type DialogueReport,
  formatMismatch,
  type PlayOptions,
  playDialogue,
} from './play-dialogue.js';

export interface MemoryDialogueOptions extends PlayOptions, ParseOptions {
  accident?: Accident;
}

export interface MemoryDialogue {
  /** The client's end of the first connection. */
  readonly stream: Duplex;
  /** The client opens another one, for `DATA`. */
  open(): Duplex;
  /** The client's ends, in the order in which they were opened. */
  readonly streams: readonly Duplex[];
  /** The lines of the client that the script has read. */
  readonly said: readonly string[];
  /** All that came on the first connection. */
  readonly received: Buffer;
  /** The client has sent more than the script has read. */
  readonly hasUnread: boolean;
  /** Goes on behind a `PAUSE`. */
  resume(): void;
  /** Resolves when the script is over, or an accident has ended it; the connection stays open unless the script closes it. */
  readonly over: Promise<DialogueReport>;
}

/** @throws SyntaxError where the text is no dialogue */
export function playInMemory(
  dialogue: string | readonly DialogueStep[],
  { accident, tags, encoding, ...options }: MemoryDialogueOptions = {},
): MemoryDialogue {
  const parseOptions = { ...(tags ? { tags } : {}), ...(encoding ? { encoding } : {}) };
  const steps = typeof dialogue === 'string' ? parseDialogue(dialogue, parseOptions) : dialogue;
  const first = new MemoryConnection(accident);
  const opened: MemoryConnection[] = [];
  const streams = [first.stream];
  const said: string[] = [];
  let arrived = (): void => {};
  let resume = (): void => {};
  const resumed = new Promise<void>((resolve) => {
    resume = resolve;
  });
  const over = playDialogue(first, steps, {
    ...options,
    ...(encoding ? { encoding } : {}),
    leaveOpen: true,
    said: (line) => said.push(line),
    resumed,
    connection: async (index) => {
      for (;;) {
        const found = opened[index];
        if (found !== undefined) return found;
        await new Promise<void>((resolve) => {
          arrived = resolve;
        });
      }
    },
  }).then((report) => {
    if (report.complete || first.struck) return report;
    throw new Error(report.mismatches.map(formatMismatch).join('\n'));
  });
  over.catch(() => {}); // the test that awaits it sees it
  return {
    stream: first.stream,
    streams,
    said,
    over,
    resume,
    get hasUnread() {
      return first.hasInput;
    },
    get received() {
      return Buffer.concat(first.received);
    },
    open() {
      const connection = new MemoryConnection();
      opened.push(connection);
      streams.push(connection.stream);
      arrived();
      return connection.stream;
    },
  };
}
