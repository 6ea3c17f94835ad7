/** What a server says without being asked (alerts, unsolicited text), as an async iterable that holds only the latest. */

export interface Notice {
  /** In the protocol's own word: `ALERT`, `220`, … */
  kind: string;
  /** Decoded and escaped. */
  text: string;
}

export interface Notices extends AsyncIterable<Notice> {
  push(notice: Notice): void;
  /** Ends every iteration, after what is held has been read. */
  end(): void;
  /** Forgets what came before TLS. */
  clear(): void;
}

/** At most `keep` notices wait for a reader; the oldest go first. One reader at a time. */
export function createNotices(keep = 100): Notices {
  let held: Notice[] = [];
  let ended = false;
  let wake: (() => void) | undefined;
  return {
    push(notice) {
      held.push(notice);
      if (held.length > keep) held.shift();
      wake?.();
    },
    end() {
      ended = true;
      wake?.();
    },
    clear() {
      held = [];
    },
    async *[Symbol.asyncIterator]() {
      for (;;) {
        const notice = held.shift();
        if (notice !== undefined) yield notice;
        else if (ended) return;
        else {
          await new Promise<void>((resolve) => {
            wake = resolve;
          });
          wake = undefined;
        }
      }
    },
  };
}
