/** What a synchronised copy knows of a mailbox: plain JSON, and how it grows event by event. */
import { UsageError } from 'tls-context-core';
import { UidSet } from './grammar/sequence-set.js';

/** Keep it beside the copy. It is plain JSON, and says all that `sync()` needs to go on. */
export interface SyncState {
  readonly uidValidity: number;
  /** Up to here changes of flags are known (CONDSTORE): a decimal string. */
  readonly modSeq?: string;
  /** The messages of the copy, as a set: `'1:500,502'`. */
  readonly uids: string;
  /** By flag the messages that have it, as sets. */
  readonly flags: Readonly<Record<string, string>>;
}

/** What an event adds to the state. */
export type SyncStep =
  | { type: 'reset'; uidValidity: number }
  | { type: 'flags'; uid: number; flags: readonly string[] }
  | { type: 'vanished'; uids: UidSet }
  | { type: 'end'; modSeq: string | undefined };

/** @throws UsageError `ERR_ARGUMENT` for what is no state */
export function checkState(state: unknown): asserts state is SyncState | undefined {
  if (state === undefined) return;
  const { uidValidity, modSeq, uids, flags } = (state ?? {}) as Partial<SyncState>;
  const valid =
    Number.isSafeInteger(uidValidity) &&
    (modSeq === undefined || (typeof modSeq === 'string' && /^\d{1,20}$/.test(modSeq))) &&
    isSet(uids) &&
    typeof flags === 'object' &&
    flags !== null &&
    Object.values(flags).every(isSet);
  if (!valid) {
    throw new UsageError('ERR_ARGUMENT', 'state must be what sync() gave', {
      argument: 'state',
      hint: 'Leave it out to begin anew.',
    });
  }
}

const isSet = (text: unknown): boolean =>
  text === '' || (typeof text === 'string' && /^\d+(?::\d+)?(?:,\d+(?::\d+)?)*$/.test(text));

/** The messages and their flags, changed in place. */
class Copy {
  #uidValidity: number;
  #modSeq: string | undefined;
  readonly #uids: Set<number>;
  readonly #flags = new Map<string, Set<number>>();

  constructor({ uidValidity, modSeq, uids, flags }: SyncState) {
    this.#uidValidity = uidValidity;
    this.#modSeq = modSeq;
    this.#uids = new Set(numbers(uids));
    for (const [flag, set] of Object.entries(flags)) this.#flags.set(flag, new Set(numbers(set)));
  }

  has(uid: number): boolean {
    return this.#uids.has(uid);
  }

  get uids(): UidSet {
    return setOf(this.#uids);
  }

  /** Whether the message is known to have just these flags. */
  hasFlags(uid: number, flags: readonly string[]): boolean {
    const now = new Set(flags);
    for (const [flag, uids] of this.#flags) if (uids.has(uid) !== now.delete(flag)) return false;
    return now.size === 0;
  }

  apply(step: SyncStep): void {
    switch (step.type) {
      case 'reset':
        this.#uidValidity = step.uidValidity;
        this.#modSeq = undefined;
        this.#uids.clear();
        this.#flags.clear();
        break;
      case 'vanished':
        for (const uid of step.uids) this.#remove(uid);
        break;
      case 'flags':
        this.#remove(step.uid);
        this.#uids.add(step.uid);
        for (const flag of step.flags) this.#of(flag).add(step.uid);
        break;
      case 'end':
        this.#modSeq = step.modSeq;
    }
  }

  toState(): SyncState {
    const flags: Record<string, string> = {};
    for (const [flag, uids] of this.#flags) if (uids.size > 0) flags[flag] = String(setOf(uids));
    return {
      uidValidity: this.#uidValidity,
      ...(this.#modSeq === undefined ? {} : { modSeq: this.#modSeq }),
      uids: String(this.uids),
      flags,
    };
  }

  #remove(uid: number): void {
    this.#uids.delete(uid);
    for (const uids of this.#flags.values()) uids.delete(uid);
  }

  #of(flag: string): Set<number> {
    const known = this.#flags.get(flag);
    if (known !== undefined) return known;
    const made = new Set<number>();
    this.#flags.set(flag, made);
    return made;
  }
}

/** A set of a server is as long as the server says; one of ours has as many numbers as there are messages. */
const numbers = (set: string): UidSet => (set === '' ? UidSet.empty : UidSet.from(set));
const setOf = (uids: ReadonlySet<number>): UidSet => UidSet.from([...uids].sort((a, b) => a - b));

/**
 * The state after each event, made when it is asked for: an event that was looked at late still has its own, and one that is
 * not looked at costs nothing.
 */
export class SyncHistory {
  readonly #first: SyncState;
  readonly #steps: SyncStep[] = [];
  /** As it is after the last step. */
  readonly now: Copy;
  /** As it was after so many steps, for the state that was asked for last. */
  #then: Copy;
  #done = 0;

  constructor(first: SyncState) {
    this.#first = first;
    this.now = new Copy(first);
    this.#then = new Copy(first);
  }

  /** @returns how many steps there are now */
  add(step: SyncStep): number {
    this.now.apply(step);
    return this.#steps.push(step);
  }

  /** The state after so many steps. */
  after(steps: number): SyncState {
    if (steps < this.#done) {
      this.#then = new Copy(this.#first);
      this.#done = 0;
    }
    for (; this.#done < steps; this.#done++) this.#then.apply(this.#steps[this.#done] as SyncStep);
    return this.#then.toState();
  }
}
