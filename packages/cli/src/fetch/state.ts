/**
 * What has been fetched: a journal of JSON lines. A line is appended and synced for each message that is safe, so that
 * being killed costs nothing; opening it writes it anew, short, under a temporary name.
 *
 *     {"fivewire":"fetch","version":1}
 *     {"box":"imaps://alice@imap.example.org:993/INBOX;UIDVALIDITY=7","from":1,"to":500}
 *     {"box":"pop3s://alice@pop3.example.org:995","done":"0001fa3e","at":1767225600,"octets":4711}
 *     {"box":"pop3s://alice@pop3.example.org:995","gone":"0001fa3e"}
 */
import { openJournal } from '../journal-file.js';
import type { MessageId, Seen } from './source.js';

/** What is about to be appended to an mbox: after a kill it tells how much of it is ours. */
export interface Pending {
  box: string;
  id: MessageId;
  offset: number;
  octets: number;
  sha256: string;
}

export interface State extends Seen {
  /** Noted before the last kill, and never done. */
  readonly pending: Pending | undefined;
  note(pending: Pending): Promise<void>;
  /** Nothing was ever fetched. */
  readonly isEmpty: boolean;
  close(): Promise<void>;
}

/** Of texts only. */
interface Known {
  /** When, in seconds since 1970. */
  at?: number | undefined;
  octets?: number | undefined;
}

type Entry =
  | ({ box: string; done: MessageId } & Known)
  | { box: string; gone: string }
  | { box: string; from: number; to: number }
  | { pending: Pending };

/** Numbers as ranges: a mailbox of a million messages is a few of them. */
class Box {
  #ranges: [number, number][] = [];
  readonly texts = new Map<string, Known>();

  has(id: MessageId): boolean {
    if (typeof id === 'string') return this.texts.has(id);
    return this.#ranges.some(([from, to]) => from <= id && id <= to);
  }

  get isEmpty(): boolean {
    return this.#ranges.length + this.texts.size === 0;
  }

  add(id: MessageId, { at, octets }: Known = {}): void {
    if (typeof id === 'string') this.texts.set(id, { at, octets });
    else if (!this.has(id)) this.addRange(id, id);
  }

  forget(id: string): void {
    this.texts.delete(id);
    for (let nth = 1; this.texts.delete(`${id}#${nth}`); nth++);
  }

  addRange(from: number, to: number): void {
    const last = this.#ranges.at(-1);
    if (last !== undefined && last[1] + 1 === from)
      last[1] = to; // in order, as they mostly come
    else {
      this.#ranges.push([from, to]);
      this.#ranges.sort((a, b) => a[0] - b[0]);
    }
  }

  /** Ascending, neighbours joined. */
  get ranges(): [number, number][] {
    const joined: [number, number][] = [];
    for (const [from, to] of this.#ranges) {
      const last = joined.at(-1);
      if (last !== undefined && from <= last[1] + 1) last[1] = Math.max(last[1], to);
      else joined.push([from, to]);
    }
    return joined;
  }
}

class Journal {
  readonly boxes = new Map<string, Box>();
  pending: Pending | undefined;

  box(name: string): Box {
    const box = this.boxes.get(name) ?? new Box();
    this.boxes.set(name, box);
    return box;
  }

  apply(entry: Entry): void {
    if ('pending' in entry) this.pending = entry.pending;
    else if ('done' in entry) {
      this.box(entry.box).add(entry.done, entry);
      const { pending } = this;
      if (pending?.box === entry.box && pending.id === entry.done) this.pending = undefined;
    } else if ('gone' in entry) this.box(entry.box).forget(entry.gone);
    else this.box(entry.box).addRange(entry.from, entry.to);
  }

  since(box: string, id: string): Date | undefined {
    const at = this.box(box).texts.get(id)?.at;
    return at === undefined ? undefined : new Date(at * 1_000);
  }

  get isEmpty(): boolean {
    return [...this.boxes.values()].every((box) => box.isEmpty) && this.pending === undefined;
  }

  *entries(): Generator<Entry> {
    for (const [box, known] of this.boxes) {
      for (const [from, to] of known.ranges) yield { box, from, to };
      for (const [done, { at, octets }] of known.texts) yield { box, done, at, octets };
    }
    if (this.pending !== undefined) yield { pending: this.pending };
  }
}

/** Nothing is remembered: without `--state` everything is new each time. */
export function forgetfulState(): State {
  const journal = new Journal();
  return {
    pending: undefined,
    get isEmpty() {
      return journal.isEmpty;
    },
    has: (box, id) => journal.box(box).has(id),
    since: () => undefined,
    octets: (box, id) => journal.box(box).texts.get(id)?.octets,
    add: async (box, id, octets) => journal.box(box).add(id, { octets }),
    forget: async (box, id) => journal.box(box).forget(id),
    note: async () => {},
    close: async () => {},
  };
}

/** @throws Failure 75 while another run uses it, 65 where it is none of ours */
export async function openState(path: string): Promise<State> {
  const journal = new Journal();
  const file = await openJournal<Entry>(path, 'fetch', journal);
  return {
    get pending() {
      return journal.pending;
    },
    get isEmpty() {
      return journal.isEmpty;
    },
    has: (box, id) => journal.box(box).has(id),
    since: (box, id) => journal.since(box, id),
    octets: (box, id) => journal.box(box).texts.get(id)?.octets,
    add: (box, done, octets) =>
      file.append(
        typeof done === 'string'
          ? { box, done, at: Math.floor(Date.now() / 1_000), octets }
          : { box, done },
      ),
    forget: (box, gone) => file.append({ box, gone }),
    note: (pending) => file.append({ pending }),
    close: () => file.close(),
  };
}
