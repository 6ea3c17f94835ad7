/**
 * What a store of unique-ids (RFC 1939 §7) says of the messages that a mailbox has now: which are wanted, which may go.
 *
 * A unique-id is a promise that servers break, so nothing is left out or marked by it alone where there is more to go by: several messages of
 * one uid are remembered as so many, and a message whose size is another than the one retrieved had is a new one with an old uid.
 */
import type { UidStore } from './uid-store.js';

/** What UIDL has told. */
export class Mailbox {
  readonly uids: Map<number, string> = new Map();
  /** Every row could be read. */
  complete = true;
  readonly #numbers = new Map<string, number[]>();

  add(number: number, uid: string): void {
    this.uids.set(number, uid);
    const others = this.#numbers.get(uid);
    if (others === undefined) this.#numbers.set(uid, [number]);
    else others.push(number);
  }

  /** A number with two uids: which is whose can't be known. */
  drop(number: number): void {
    const uid = this.uids.get(number);
    if (uid === undefined) return;
    this.uids.delete(number);
    const left = this.numbers(uid).filter((other) => other !== number);
    if (left.length > 0) this.#numbers.set(uid, left);
    else this.#numbers.delete(uid);
  }

  /** The messages that have this one's uid, itself among them. */
  numbers(uid: string): readonly number[] {
    return this.#numbers.get(uid) ?? [];
  }

  [Symbol.iterator](): IterableIterator<[uid: string, numbers: number[]]> {
    return this.#numbers.entries();
  }

  /** As what the messages are remembered, all of them. */
  keys(): Set<string> {
    return new Set([...this.#numbers].flatMap(([uid, { length }]) => keysOf(uid, length)));
  }
}

/** As what so many messages of one uid are remembered: `x`, `x 2`, `x 3`. No uid holds a space. */
export const keysOf = (uid: string, count: number): string[] =>
  Array.from({ length: count }, (_, at) => (at === 0 ? uid : `${uid} ${at + 1}`));

export interface Sorted {
  /** Retrieved before: they may be marked without being fetched. */
  due: number[];
  /** To be fetched, the oldest first. */
  wanted: number[];
  /** Of these, the ones to be marked once they are done. */
  mayGo: (number: number) => boolean;
  /** Of these, the ones whose uid was another message's before. */
  isReused: (number: number) => boolean;
}

/**
 * @param days for which a retrieved message stays
 * @param sizes as LIST has told them
 */
export async function sort(
  store: UidStore,
  mailbox: Mailbox,
  days: number,
  sizes: ReadonlyMap<number, number>,
): Promise<Sorted> {
  const due: number[] = [];
  const wanted: number[] = [];
  const again = new Set<number>();
  const reused = new Set<number>();
  const now = Date.now();
  const isDue = async (uid: string): Promise<boolean> => {
    if (days === 0 || days === Number.POSITIVE_INFINITY) return days === 0;
    const since = await store.since?.(uid);
    return since !== undefined && now - since.getTime() >= days * day;
  };
  for (const [uid, numbers] of mailbox) {
    const [number = 0, ...others] = numbers;
    if (!(await hasAll(store, keysOf(uid, numbers.length)))) wanted.push(...numbers);
    else if (others.length === 0 && (await isAnother(store, uid, sizes.get(number)))) {
      wanted.push(number);
      reused.add(number);
    } else if (!(await isDue(uid))) continue;
    else if (others.length === 0) due.push(number);
    else {
      // Which of them were retrieved can't be known: they come again.
      wanted.push(...numbers);
      for (const each of numbers) again.add(each);
    }
  }
  return {
    due,
    wanted: wanted.sort((a, b) => a - b),
    mayGo: (number) => days === 0 || again.has(number),
    isReused: (number) => reused.has(number),
  };
}

async function hasAll(store: UidStore, keys: readonly string[]): Promise<boolean> {
  for (const key of keys) if (!(await store.has(key))) return false;
  return true;
}

/** The server has given the uid to another message: the one retrieved had another size. */
async function isAnother(store: UidStore, uid: string, size: number | undefined): Promise<boolean> {
  if (size === undefined) return false;
  const before = await store.octets?.(uid);
  return before !== undefined && before !== size;
}

/** The first so many, and of a uid that is among them all messages: it is remembered when all are done. */
export function firstOf(
  numbers: readonly number[],
  limit: number,
  mailbox: Mailbox,
): readonly number[] {
  const first = numbers.slice(0, limit);
  if (first.length === numbers.length) return numbers;
  const uids = new Set(first.map((number) => mailbox.uids.get(number)));
  const rest = numbers.slice(limit).filter((number) => uids.has(mailbox.uids.get(number)));
  return [...first, ...rest];
}

const day = 86_400_000;
