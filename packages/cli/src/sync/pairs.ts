/**
 * Which message here is which message there: the journal of two mailboxes that are kept alike, the same for both directions, so
 * that what was brought is never brought back as if it were new.
 *
 *     {"fivewire":"sync","version":1}
 *     {"side":"a","validity":1700000000}
 *     {"pairs":[["17","1852d7081ba7c83f.fivewire","\\Seen"]]}
 */
import { type JournalFile, type Ledger, openJournal } from '../journal-file.js';

export type Side = 'a' | 'b';

export interface Pair {
  a: string;
  b: string;
  /** As both had them last, sorted, with blanks between. */
  flags: string;
  /** The side on which it is no more; the other has kept it. */
  gone?: Side;
}

type Row = [a: string, b: string, flags: string, gone?: Side];

type Entry =
  | { pairs: Row[] }
  | { gone: string[] }
  /** These messages of a side are on their way to the other. */
  | { side: Side; sending: string[] }
  /** The side's UIDVALIDITY: with another one its UIDs are void. */
  | { side: Side; validity: number }
  /** Up to here the side's changes of flags are known (RFC 7162). */
  | { side: Side; modSeq: string | null }
  /** Messages of the side that a pair of a void UID has left behind. */
  | { side: Side; strays: string[] };

interface SideState {
  validity: number | undefined;
  modSeq: string | undefined;
  sending: Set<string>;
  strays: Set<string>;
}

const blank = (): SideState => ({
  validity: undefined,
  modSeq: undefined,
  sending: new Set(),
  strays: new Set(),
});

const rowsInLine = 200;

class Book implements Ledger<Entry> {
  readonly by = { a: new Map<string, Pair>(), b: new Map<string, Pair>() };
  readonly sides = { a: blank(), b: blank() };

  apply(entry: Entry): void {
    if ('pairs' in entry) for (const row of entry.pairs) this.#put(row);
    else if ('gone' in entry) for (const id of entry.gone) this.#drop(this.by.a.get(id));
    else if ('sending' in entry)
      for (const id of entry.sending) this.sides[entry.side].sending.add(id);
    else if ('validity' in entry) this.#validate(entry.side, entry.validity);
    else if ('strays' in entry)
      for (const id of entry.strays) this.sides[entry.side].strays.add(id);
    else this.sides[entry.side].modSeq = entry.modSeq ?? undefined;
  }

  *entries(): Generator<Entry> {
    for (const side of ['a', 'b'] as const) {
      const { validity, modSeq, sending, strays } = this.sides[side];
      if (validity !== undefined) yield { side, validity };
      if (modSeq !== undefined) yield { side, modSeq };
      if (sending.size > 0) yield { side, sending: [...sending] };
      if (strays.size > 0) yield { side, strays: [...strays] };
    }
    let pairs: Row[] = [];
    for (const { a, b, flags, gone } of this.by.a.values()) {
      pairs.push(gone === undefined ? [a, b, flags] : [a, b, flags, gone]);
      if (pairs.length < rowsInLine) continue;
      yield { pairs };
      pairs = [];
    }
    if (pairs.length > 0) yield { pairs };
  }

  #put([a, b, flags, gone]: Row): void {
    this.#drop(this.by.a.get(a));
    this.#drop(this.by.b.get(b));
    const pair: Pair = { a, b, flags, ...(gone === undefined ? {} : { gone }) };
    this.by.a.set(a, pair);
    this.by.b.set(b, pair);
    for (const side of ['a', 'b'] as const) {
      this.sides[side].sending.delete(pair[side]);
      this.sides[side].strays.delete(pair[side]);
    }
  }

  #drop(pair: Pair | undefined): void {
    if (pair === undefined) return;
    this.by.a.delete(pair.a);
    this.by.b.delete(pair.b);
  }

  #validate(side: Side, validity: number): void {
    const one = this.sides[side];
    if (one.validity === validity) return;
    if (one.validity !== undefined) {
      const other = side === 'a' ? 'b' : 'a';
      for (const pair of this.by.a.values())
        if (pair.gone !== other) this.sides[other].strays.add(pair[other]);
      this.by.a.clear();
      this.by.b.clear();
      this.sides[side] = blank();
    }
    this.sides[side].validity = validity;
  }
}

/** The journal as one direction sees it: `source` and `target` are sides. */
export class Pairs {
  readonly source: Side;
  readonly target: Side;
  readonly #book: Book;
  readonly #file: JournalFile<Entry>;

  /** @throws Failure 75 while another run uses it, 65 where it is none of ours */
  static async open(path: string, source: Side, options: { readOnly: boolean }): Promise<Pairs> {
    const book = new Book();
    return new Pairs(book, await openJournal<Entry>(path, 'sync', book, options), source);
  }

  private constructor(book: Book, file: JournalFile<Entry>, source: Side) {
    this.#book = book;
    this.#file = file;
    this.source = source;
    this.target = source === 'a' ? 'b' : 'a';
  }

  of(id: string): Pair | undefined {
    return this.#book.by[this.source].get(id);
  }

  ofTarget(id: string): Pair | undefined {
    return this.#book.by[this.target].get(id);
  }

  all(): Iterable<Pair> {
    return this.#book.by.a.values();
  }

  get isEmpty(): boolean {
    return this.#book.by.a.size === 0;
  }

  get modSeq(): string | undefined {
    return this.#book.sides[this.source].modSeq;
  }

  /** The source's UIDVALIDITY, where it has one. */
  get validity(): number | undefined {
    return this.#book.sides[this.source].validity;
  }

  /** Messages of the target that may be copies of new ones of the source: a kill or a void UID has taken their pairs. */
  get strays(): Iterable<string> {
    const { strays, sending } = this.#book.sides[this.target];
    return new Set([...strays, ...sending]);
  }

  /** Whether the target may hold copies that no pair tells of. */
  get isUnsure(): boolean {
    const { source, target } = this;
    const { sides } = this.#book;
    return this.isEmpty || sides[source].sending.size > 0 || sides[target].strays.size > 0;
  }

  /** Pairs that are there from now on, or have other flags. */
  put(pairs: readonly { source: string; target: string; flags: string }[]): Promise<void> {
    const isA = this.source === 'a';
    return this.#file.append({
      pairs: pairs.map(({ source, target, flags }) =>
        isA ? [source, target, flags] : [target, source, flags],
      ),
    });
  }

  /** Gone on both sides. */
  gone(pairs: readonly Pair[]): Promise<void> {
    return this.#file.append({ gone: pairs.map(({ a }) => a) });
  }

  /** Gone at the source, and kept at the target. */
  kept(pairs: readonly Pair[]): Promise<void> {
    const { source } = this;
    return this.#file.append({ pairs: pairs.map(({ a, b, flags }) => [a, b, flags, source]) });
  }

  sending(ids: readonly string[]): Promise<void> {
    return this.#file.append({ side: this.source, sending: [...ids] });
  }

  /** @param role whose UIDVALIDITY it is */
  async validate(role: 'source' | 'target', validity: number): Promise<void> {
    const side = this[role];
    if (this.#book.sides[side].validity !== validity) await this.#file.append({ side, validity });
  }

  /** All is done: up to here changes of the source's flags are known. */
  async end(modSeq: string | undefined): Promise<void> {
    if (modSeq !== this.modSeq)
      await this.#file.append({ side: this.source, modSeq: modSeq ?? null });
  }

  close(): Promise<void> {
    return this.#file.close();
  }
}

export const flagText = (flags: readonly string[]): string => [...flags].sort().join(' ');
export const flagList = (text: string): string[] => (text === '' ? [] : text.split(' '));
