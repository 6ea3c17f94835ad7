/**
 * sequence-set, seq-range, uid-set (RFC 9051 §9; RFC 4315 §4).
 *
 * A set stays what it is on the wire: ranges. `1:4294967295` is one short line and four thousand million numbers; it
 * must never become an array.
 */

import { escapeText } from '@fivewire/line-protocol';
import { UsageError } from 'tls-context-core';
import { inspectAs } from '../inspectable.js';

/** `*`, the highest number in use, sorts behind all numbers. */
const star = Number.POSITIVE_INFINITY;

/** What a caller may give where UIDs are asked for. A string is a sequence set: `'1:*'`, `'5,7:9'`. */
export type Uids = UidSet | number | string | Iterable<number>;

/** From, to, both included; `to` is `Infinity` for `*`. */
export type UidRange = readonly [from: number, to: number];

/**
 * An immutable set of UIDs (or sequence numbers), ascending, held as ranges.
 *
 * Iterating expands it one number at a time; `size` is known without expanding. A set with `*` has the size
 * `Infinity` and can be sent but not iterated.
 */
export class UidSet implements Iterable<number> {
  static readonly empty: UidSet = new UidSet([]);
  /** `1:*`, every message. */
  static readonly all: UidSet = new UidSet([1, star]);
  /** `$`, what the last search with `save` found (SEARCHRES, RFC 5182). Only the server knows which messages those are. */
  static readonly saved: UidSet = new UidSet([1, star], '$');

  /** from, to, from, to, …: ascending, neither overlapping nor touching. */
  readonly #bounds: readonly number[];
  /** How many numbers lie before each range; made when an index is asked for. */
  #before: readonly number[] | undefined;
  readonly size: number;
  /** What goes on the wire in place of the ranges. */
  readonly #sign: string | undefined;

  private constructor(bounds: readonly number[], sign?: string) {
    this.#bounds = bounds;
    this.#sign = sign;
    let size = 0;
    for (let i = 0; i < bounds.length; i += 2)
      size += rangeSize(bounds[i] as number, bounds[i + 1] as number);
    this.size = size;
  }

  /**
   * @throws UsageError `ERR_ARGUMENT` for what is no set of whole numbers from 1 to 2^53−1.
   */
  static from(uids: Uids): UidSet {
    if (uids instanceof UidSet) return uids;
    if (uids === '$') return UidSet.saved;
    if (typeof uids === 'string') {
      const bounds: number[] = [];
      if (parseRanges(uids, 0, bounds) !== uids.length) {
        throw notASet(`'${escapeText(uids, 60)}'`);
      }
      return UidSet.ofRanges(bounds);
    }
    if (typeof uids === 'number') return UidSet.ofRanges([checked(uids), uids]);
    if (typeof uids !== 'object' || uids === null || !(Symbol.iterator in uids))
      throw notASet(typeof uids);
    const bounds: number[] = [];
    for (const uid of uids) appendNumber(bounds, checked(uid));
    return UidSet.ofRanges(bounds);
  }

  /** Sorts and joins ranges that may come in any order: [from, to, from, to, …]. Takes the array over. */
  static ofRanges(bounds: number[]): UidSet {
    return bounds.length === 0 ? UidSet.empty : new UidSet(normalized(bounds));
  }

  /** The ranges, ascending. */
  *ranges(): IterableIterator<UidRange> {
    const bounds = this.#bounds;
    for (let i = 0; i < bounds.length; i += 2) yield [bounds[i] as number, bounds[i + 1] as number];
  }

  /** The lowest number, or `undefined` in an empty set. */
  get first(): number | undefined {
    return this.#bounds[0];
  }

  /** The highest number (`Infinity` for `*`), or `undefined` in an empty set. */
  get last(): number | undefined {
    return this.#bounds[this.#bounds.length - 1];
  }

  has(uid: number): boolean {
    const bounds = this.#bounds;
    const i = bounds.length === 2 ? 0 : this.#rangeAt(uid);
    return i >= 0 && uid >= (bounds[i] as number) && uid <= (bounds[i + 1] as number);
  }

  /** The number with this index, from 0: for the UIDs of a whole mailbox, the UID of sequence number `index + 1`. */
  at(index: number): number | undefined {
    if (!(index >= 0 && index < this.size)) return undefined;
    const before = this.#counts();
    const i = lastNotAbove(before, index);
    return (this.#bounds[i * 2] as number) + index - (before[i] as number);
  }

  /** Whether some message is, or may be, in both: `*` may be any. */
  overlaps(other: UidSet): boolean {
    if (this.last === star || other.last === star) return true;
    const [a, b] = [this.#bounds, other.#bounds];
    for (let i = 0, j = 0; i < a.length && j < b.length; ) {
      if ((a[i + 1] as number) < (b[j] as number)) i += 2;
      else if ((b[j + 1] as number) < (a[i] as number)) j += 2;
      else return true;
    }
    return false;
  }

  union(other: Uids): UidSet {
    this.#known();
    return UidSet.ofRanges([...this.#bounds, ...UidSet.from(other).#bounds]);
  }

  /** The numbers of this set that are not in the other. */
  without(other: Uids): UidSet {
    this.#known();
    const cut = UidSet.from(other).#bounds;
    const bounds: number[] = [];
    let c = 0;
    for (const [from, to] of this.ranges()) {
      let start = from;
      while (c < cut.length && (cut[c + 1] as number) < start) c += 2;
      for (let i = c; i < cut.length && (cut[i] as number) <= to; i += 2) {
        if ((cut[i] as number) > start) bounds.push(start, (cut[i] as number) - 1);
        start = (cut[i + 1] as number) + 1;
      }
      if (start <= to) bounds.push(start, to);
    }
    return UidSet.ofRanges(bounds);
  }

  /**
   * The set in pieces, ascending: each with at most `count` numbers (asked anew for each piece) and at most `characters`
   * when written. A range that
   * ends in `*` stays whole, for how many numbers it has is not known.
   * Servers limit the length of a command line (RFC 7162 §4 asks them to take 8,192 octets).
   */
  *pieces(count: number | (() => number), characters = 4_000): IterableIterator<UidSet> {
    if (this.#sign !== undefined) {
      yield this;
      return;
    }
    let bounds: number[] = [];
    let numbers = 0;
    let length = 0;
    const next = typeof count === 'number' ? () => count : count;
    let most = next();
    for (const [rangeFrom, to] of this.ranges()) {
      let from = rangeFrom;
      while (from <= to) {
        const room = most - numbers;
        const end = to !== star && rangeSize(from, to) > room ? from + room - 1 : to;
        const text = rangeText(from, end).length + 1;
        if (bounds.length > 0 && (end < from || length + text > characters)) {
          yield new UidSet(bounds);
          bounds = [];
          numbers = 0;
          length = 0;
          most = next();
          continue;
        }
        bounds.push(from, end);
        numbers += rangeSize(from, end);
        length += text;
        if (end === star) break;
        from = end + 1;
      }
    }
    if (bounds.length > 0) yield new UidSet(bounds);
  }

  *[Symbol.iterator](): IterableIterator<number> {
    for (const [from, to] of this.ranges()) {
      if (to === star) {
        throw new UsageError('ERR_ARGUMENT', 'A set with * has no end and cannot be iterated', {
          argument: 'uids',
          hint: 'Search for the UIDs first: mailbox.search({ uid }) gives a set that ends.',
        });
      }
      for (let uid = from; uid <= to; uid++) yield uid;
    }
  }

  /** As it goes on the wire: `1:5,7,9:*`. */
  toString(): string {
    return this.#sign ?? rangesText(this.#bounds);
  }

  toJSON(): string {
    return this.toString();
  }

  #known(): void {
    if (this.#sign === undefined) return;
    throw new UsageError('ERR_ARGUMENT', 'Only the server knows what UidSet.saved stands for', {
      argument: 'uids',
      hint: 'Use the set that search() gives.',
    });
  }

  /** The index in `#bounds` of the last range that starts at or before `uid`, or -2. */
  #rangeAt(uid: number): number {
    const bounds = this.#bounds;
    let low = 0;
    let high = bounds.length / 2;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((bounds[middle * 2] as number) <= uid) low = middle + 1;
      else high = middle;
    }
    return (low - 1) * 2;
  }

  #counts(): readonly number[] {
    if (this.#before !== undefined) return this.#before;
    const before: number[] = [];
    let count = 0;
    for (const [from, to] of this.ranges()) {
      before.push(count);
      count += rangeSize(from, to);
    }
    this.#before = before;
    return before;
  }
}

inspectAs(UidSet.prototype, (set) => {
  const text = set.toString();
  return `UidSet(${set.size}) { ${text.length > 200 ? `${text.slice(0, 200)}…` : text} }`;
});

/**
 * Which UID each copied message got (COPYUID, RFC 4315 §3). Source and destination correspond one to one in the order
 * in which the server listed them.
 */
export class UidMap implements Iterable<readonly [source: number, destination: number]> {
  readonly source: UidSet;
  readonly destination: UidSet;
  readonly #from: readonly number[];
  readonly #to: readonly number[];

  /** Both as ranges in the order of the response, of equal size. */
  constructor(from: readonly number[], to: readonly number[]) {
    this.#from = from;
    this.#to = to;
    this.source = UidSet.ofRanges([...from]);
    this.destination = UidSet.ofRanges([...to]);
  }

  get size(): number {
    return this.source.size;
  }

  /** The UID in the destination of the message that had `uid` in the source. */
  get(uid: number): number | undefined {
    let index = 0;
    for (let i = 0; i < this.#from.length; i += 2) {
      const from = this.#from[i] as number;
      const to = this.#from[i + 1] as number;
      if (uid >= from && uid <= to) return numberAt(this.#to, index + uid - from);
      index += rangeSize(from, to);
    }
    return undefined;
  }

  *[Symbol.iterator](): IterableIterator<readonly [number, number]> {
    const destination = expand(this.#to);
    for (const uid of expand(this.#from)) {
      const next = destination.next();
      if (next.done) return;
      yield [uid, next.value];
    }
  }

  /** Source and destination in the server's order: `1:3→11:13`. */
  toString(): string {
    return `${rangesText(this.#from)}→${rangesText(this.#to)}`;
  }

  toJSON(): { source: string; destination: string } {
    return { source: rangesText(this.#from), destination: rangesText(this.#to) };
  }
}

inspectAs(UidMap.prototype, (map) => {
  const text = map.toString();
  return `UidMap(${map.size}) { ${text.length > 200 ? `${text.slice(0, 200)}…` : text} }`;
});

/**
 * seq-range = seq-number ":" seq-number; uid-set = (uniqueid / uid-range) *("," uid-set).
 * Appends the ranges in `text` from `pos` on to `bounds`, in their order, each turned so that it ascends.
 *
 * @returns where it stopped: the end of the set, or the first octet that fits no set. `pos` itself when there is none.
 */
export function parseRanges(text: string, pos: number, bounds: number[]): number {
  let i = pos;
  for (;;) {
    const from = seqNumber(text, i);
    if (from === undefined) return pos;
    i = numberEnd;
    let to = from;
    if (text.charCodeAt(i) === colon) {
      const second = seqNumber(text, i + 1);
      if (second === undefined) return pos;
      to = second;
      i = numberEnd;
    }
    bounds.push(Math.min(from, to), Math.max(from, to));
    if (text.charCodeAt(i) !== comma) return i;
    i++;
  }
}

/** Adds a number behind the last range, growing it where they touch: ascending input needs no sorting. */
export function appendNumber(bounds: number[], uid: number): void {
  const last = bounds.length - 1;
  if (last > 0 && bounds[last] === uid - 1) bounds[last] = uid;
  else bounds.push(uid, uid);
}

/** How many numbers lie in ranges that do not overlap. */
export function countOf(bounds: readonly number[]): number {
  let count = 0;
  for (let i = 0; i < bounds.length; i += 2)
    count += rangeSize(bounds[i] as number, bounds[i + 1] as number);
  return count;
}

/** Where {@link seqNumber} stopped: a second result without an object for each of a million numbers. */
let numberEnd = 0;

/** seq-number = nz-number / "*" */
function seqNumber(text: string, pos: number): number | undefined {
  let i = pos;
  if (text.charCodeAt(i) === asterisk) {
    numberEnd = i + 1;
    return star;
  }
  let value = 0;
  for (; ; i++) {
    const digit = text.charCodeAt(i) - 48;
    if (!(digit >= 0 && digit <= 9)) break;
    value = value * 10 + digit;
  }
  numberEnd = i;
  return i > pos && value > 0 && value <= Number.MAX_SAFE_INTEGER ? value : undefined;
}

function normalized(bounds: number[]): readonly number[] {
  let sorted = true;
  for (let i = 2; i < bounds.length; i += 2) {
    if ((bounds[i] as number) <= (bounds[i - 1] as number) + 1) {
      sorted = false;
      break;
    }
  }
  if (sorted) return bounds;
  const ranges: UidRange[] = [];
  for (let i = 0; i < bounds.length; i += 2)
    ranges.push([bounds[i] as number, bounds[i + 1] as number]);
  ranges.sort((a, b) => (a[0] === b[0] ? 0 : a[0] - b[0]));
  const joined: number[] = [];
  for (const [from, to] of ranges) {
    const last = joined.length - 1;
    if (last > 0 && from <= (joined[last] as number) + 1)
      joined[last] = Math.max(joined[last] as number, to);
    else joined.push(from, to);
  }
  return joined;
}

function* expand(bounds: readonly number[]): IterableIterator<number> {
  for (let i = 0; i < bounds.length; i += 2) {
    for (let uid = bounds[i] as number; uid <= (bounds[i + 1] as number); uid++) yield uid;
  }
}

/** The number with this index in ranges that keep the server's order. */
export function numberAt(bounds: readonly number[], index: number): number | undefined {
  let left = index;
  for (let i = 0; i < bounds.length; i += 2) {
    const size = rangeSize(bounds[i] as number, bounds[i + 1] as number);
    if (left < size) return (bounds[i] as number) + left;
    left -= size;
  }
  return undefined;
}

function lastNotAbove(ascending: readonly number[], value: number): number {
  let low = 0;
  let high = ascending.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((ascending[middle] as number) <= value) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

function checked(uid: unknown): number {
  if (!Number.isSafeInteger(uid) || (uid as number) < 1) throw notASet(escapeText(String(uid), 40));
  return uid as number;
}

function rangeSize(from: number, to: number): number {
  return to === star ? star : to - from + 1;
}

const numberText = (uid: number): string => (uid === star ? '*' : String(uid));
const rangeText = (from: number, to: number): string =>
  from === to ? numberText(from) : `${numberText(from)}:${numberText(to)}`;

function rangesText(bounds: readonly number[]): string {
  let text = '';
  for (let i = 0; i < bounds.length; i += 2) {
    text += `${i > 0 ? ',' : ''}${rangeText(bounds[i] as number, bounds[i + 1] as number)}`;
  }
  return text;
}

const notASet = (got: string): UsageError =>
  new UsageError('ERR_ARGUMENT', `Expected UIDs, got ${got}`, {
    argument: 'uids',
    hint: "Give a number, an iterable of numbers, a UidSet, or a set as text such as '1:5,7,9:*'.",
  });

const comma = 44;
const colon = 58;
const asterisk = 42;
