/**
 * The rows of one FETCH command (RFC 9051 §7.5.2): which of those that come are its own, and when one is whole.
 *
 * Servers report changed flags at any time, send a message in two rows, leave items out, and some leave out the UID.
 * Every message that was asked for and that the server speaks of is delivered, at the tagged OK at the latest; what is
 * missing in it stands in `problems`.
 */
import type { FetchData } from '../grammar/fetch-data.js';
import type { Frame } from '../grammar/frame.js';
import type { Response } from '../grammar/response.js';
import type { UidSet } from '../grammar/sequence-set.js';
import type { FetchPlan } from './fetch-plan.js';

export interface RowSorterContext {
  /** Messages in the mailbox, now. */
  exists(): number;
  deliver(row: FetchData, frame: Frame | undefined): void;
  /** A row with flags that no command asked for. */
  unasked(row: FetchData): void;
  /** Something that a server should not say. */
  notice(text: string): void;
}

export class RowSorter {
  readonly #plan: FetchPlan;
  readonly #uids: UidSet;
  readonly #context: RowSorterContext;
  /** Messages when the command went out: `*` stood for the last of them then. */
  readonly #last: number;
  /** Rows in which something is missing, by UID. */
  readonly #incomplete = new Map<number, FetchData>();
  /** Their UIDs by sequence number, until numbers change. */
  readonly #numbered = new Map<number, number>();
  /** The UIDs of the rows that were delivered, with the sequence numbers that they had. */
  readonly #seen = new Map<number, number>();
  /** Messages went meanwhile: numbers say nothing about rows from before. */
  #isRenumbered = false;
  /** Rows with flags alone and no UID: the server's own news, or all that it has. */
  readonly #anonymous: FetchData[] = [];

  constructor(plan: FetchPlan, uids: UidSet, context: RowSorterContext) {
    this.#plan = plan;
    this.#uids = uids;
    this.#context = context;
    this.#last = context.exists();
  }

  /** True when the response is a row of this command. */
  claim(response: Response, frame: Frame, sole: () => boolean): boolean {
    if (response.type === 'expunge') {
      this.#numbered.clear();
      this.#isRenumbered = true;
    }
    if (response.type !== 'fetch') return false;
    const { row } = response;
    const uid = row.uid ?? this.#numbered.get(row.sequence);
    if (uid === undefined) return this.#claimAnonymous(row, frame, sole);
    const seen = this.#seen.get(uid);
    if (seen !== undefined) return this.#again(uid, seen, row, frame);
    if (!this.#asksFor(uid, row)) return false;
    const before = this.#incomplete.get(uid);
    const whole = before === undefined ? row : merged(before, row);
    const isWhole = this.#plan.wanted(whole);
    if (isWhole) {
      this.#incomplete.delete(uid);
      this.#seen.set(uid, row.sequence);
      this.#context.deliver(whole, frame);
    } else {
      this.#incomplete.set(uid, whole);
      if (row.sequence > 0) this.#numbered.set(row.sequence, uid);
    }
    // Flags that the command did not ask for, or that came alone, are the server's own news as well.
    const wasAsked = this.#plan.asksFlags && isWhole && before === undefined;
    if (row.flags !== undefined && !wasAsked) this.#context.unasked(row);
    return true;
  }

  /**
   * A second row with the same UID. Flags are the server's own news. Of the message with the same number it has been told; with another
   * number it is another message, which nobody else speaks of: it is delivered as well.
   */
  #again(uid: number, seen: number, row: FetchData, frame: Frame): boolean {
    if (!hasMoreThanFlags(row)) return false;
    this.#context.notice(`FETCH: two rows with UID ${uid}, as numbers ${seen} and ${row.sequence}`);
    if (row.sequence === seen || this.#isRenumbered) return false;
    row.problems.push(`UID: ${uid} is also that of another message`);
    this.#deliverAsItIs(row, frame);
    return true;
  }

  /** The tagged OK: the server is through, so what has come is all that it has. */
  finish(): void {
    const nameless = this.#seen.size + this.#incomplete.size === 0;
    for (const row of this.#incomplete.values()) this.#deliverAsItIs(row);
    for (const row of this.#anonymous) {
      if (nameless) this.#deliverAsItIs(row);
      else this.#context.unasked(row);
    }
  }

  /** A row without UID (DavMail): it is ours when no other command waits for rows, and its UID stays unknown. */
  #claimAnonymous(row: FetchData, frame: Frame, sole: () => boolean): boolean {
    if (!sole()) return false;
    if (hasMoreThanFlags(row)) this.#deliverAsItIs(row, frame);
    else if (this.#plan.onlyFlags && row.flags !== undefined) this.#anonymous.push(row);
    else {
      if (row.flags === undefined)
        this.#context.notice(`FETCH: nothing is said of number ${row.sequence}`);
      return false;
    }
    return true;
  }

  #deliverAsItIs(row: FetchData, frame?: Frame): void {
    if (row.uid === undefined) row.problems.push('UID: the server did not send it');
    for (const name of this.#plan.missing(row))
      row.problems.push(`${name}: the server did not send it`);
    this.#context.deliver(row, frame);
  }

  /** `*` stands for the last message, whatever its UID (RFC 9051 §9, seq-range). */
  #asksFor(uid: number, { sequence }: FetchData): boolean {
    if (this.#uids.has(uid)) return true;
    if (this.#uids.last !== Number.POSITIVE_INFINITY) return false;
    return sequence === 0 || sequence >= Math.min(this.#last, this.#context.exists());
  }
}

function merged(before: FetchData, row: FetchData): FetchData {
  const given = Object.entries(row).filter(([, value]) => value !== undefined);
  return {
    ...before,
    ...Object.fromEntries(given),
    sections: [...before.sections, ...row.sections],
    problems: [...before.problems, ...row.problems],
  };
}

const hasMoreThanFlags = (row: FetchData): boolean =>
  row.sections.length + row.problems.length > 0 ||
  [
    row.size,
    row.internalDate,
    row.envelope,
    row.structure,
    row.saveDate,
    row.preview,
    row.emailId,
    row.threadId,
    row.gmailMessageId,
    row.gmailThreadId,
    row.gmailLabels,
  ].some((value) => value !== undefined);
