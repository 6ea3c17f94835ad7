/**
 * UID FETCH, RFC 9051 §6.4.5: rows as an async iterable.
 *
 * A large fetch goes out in commands of so many messages, two at a time, and the next one only when the rows of an
 * earlier one have been taken: memory stays flat without ever stopping the reader, so calls made inside a loop over
 * rows run between two such commands and cannot deadlock.
 */

import { aborted } from '@fivewire/line-protocol';
import { UsageError } from 'tls-context-core';
import type { CallOptions, Holder } from '../command.js';
import type { CommandRunner } from '../command-runner.js';
import { type Argument, atom, list, string, syntax, uidSet } from '../grammar/encoder.js';
import type { FetchData } from '../grammar/fetch-data.js';
import type { Frame } from '../grammar/frame.js';
import type { Response } from '../grammar/response.js';
import type { UidSet } from '../grammar/sequence-set.js';
import {
  checkedSection,
  FetchedMessage,
  type FetchItems,
  headOctets,
  type OpenBody,
} from '../message.js';

/** Messages in one command. */
const rowsAtOnce = 500;
/** The same when bodies come with the rows: 4 MiB in one command. */
const bodiesAtOnce = 16;

export interface FetchContext {
  runner: CommandRunner;
  /** Messages in the mailbox. */
  exists(): number;
  /** Throws when the mailbox is no longer the one that was meant. */
  check(): void;
  /** The UIDs of the set that exist. */
  resolve(uids: UidSet, options: CallOptions): Promise<UidSet>;
  openBody: OpenBody;
  /** A row with flags that nobody asked for. */
  unasked(row: FetchData): void;
}

/** The items as they go on the wire, and which of them a row has to have. */
export interface FetchPlan {
  items: FetchItems;
  args: Argument;
  wanted: (row: FetchData) => boolean;
  rows: number;
}

/** @throws UsageError `ERR_ARGUMENT` for items that do not exist */
export function planFetch(items: FetchItems): FetchPlan {
  if (typeof items !== 'object' || items === null || Array.isArray(items))
    throw noItem('items', 'an object such as { envelope: true }');
  const names: Argument[] = [syntax('UID')];
  const checks: ((row: FetchData) => boolean)[] = [];
  let sections = 0;
  let bodies = 0;
  for (const [name, value] of Object.entries(items)) {
    if (value === undefined || value === false) continue;
    const known = simpleItems[name];
    if (known !== undefined) {
      if (value !== true) throw noItem(name, 'true or false');
      names.push(syntax(known.name));
      checks.push(known.has);
    } else if (name === 'headers') {
      names.push(headerItem(value));
      sections++;
    } else if (name === 'bodies') {
      if (!Array.isArray(value)) throw noItem(name, "a list of parts such as ['1', 'TEXT']");
      const parts = [...new Set((value as readonly string[]).map(checkedSection))];
      for (const part of parts) names.push(syntax(`BODY.PEEK[${part}]<0.${headOctets}>`));
      sections += parts.length;
      bodies = parts.length;
    } else
      throw noItem(name, `one of ${[...Object.keys(simpleItems), 'headers', 'bodies'].join(', ')}`);
  }
  return {
    items,
    args: list(names),
    wanted: (row) => row.sections.length >= sections && checks.every((has) => has(row)),
    rows: bodies > 0 ? Math.ceil(bodiesAtOnce / bodies) : rowsAtOnce,
  };
}

const simpleItems: Record<string, { name: string; has: (row: FetchData) => boolean }> = {
  flags: { name: 'FLAGS', has: (row) => row.flags !== undefined },
  envelope: { name: 'ENVELOPE', has: (row) => row.envelope !== undefined },
  structure: { name: 'BODYSTRUCTURE', has: (row) => row.structure !== undefined },
  size: { name: 'RFC822.SIZE', has: (row) => row.size !== undefined },
  internalDate: { name: 'INTERNALDATE', has: (row) => row.internalDate !== undefined },
  modSeq: { name: 'MODSEQ', has: (row) => row.modSeq !== undefined },
  emailId: { name: 'EMAILID', has: (row) => row.emailId !== undefined },
  threadId: { name: 'THREADID', has: (row) => row.threadId !== undefined },
  gmailLabels: { name: 'X-GM-LABELS', has: (row) => row.gmailLabels !== undefined },
};
Object.setPrototypeOf(simpleItems, null);

/** BODY.PEEK[HEADER], or BODY.PEEK[HEADER.FIELDS (…)] */
function headerItem(value: unknown): Argument {
  if (value === true) return syntax('BODY.PEEK[HEADER]');
  if (!Array.isArray(value) || value.length === 0)
    throw noItem('headers', 'true, or names of header fields');
  const fields = value.map((name) => {
    if (typeof name !== 'string' || !/^[!-9;-~]+$/.test(name))
      throw noItem('headers', 'names of header fields, such as "List-Id"');
    return /^[A-Za-z0-9-]+$/.test(name) ? atom(name) : string(name);
  });
  return (writer) => {
    writer.text('BODY.PEEK[HEADER.FIELDS ');
    list(fields)(writer);
    writer.text(']');
  };
}

const noItem = (argument: string, expected: string): UsageError =>
  new UsageError('ERR_ARGUMENT', `${argument} must be ${expected}`, { argument });

/** Nothing goes out before the first row is asked for. Iterate it once. */
export const fetchRows = (
  context: FetchContext,
  plan: FetchPlan,
  uids: UidSet,
  options: CallOptions,
): AsyncGenerator<FetchedMessage, void, undefined> =>
  new FetchRows(context, plan, uids, options).iterate();

/** The rows of one fetch: those that have arrived, and the commands for those to come. */
class FetchRows implements Holder {
  readonly #context: FetchContext;
  readonly #plan: FetchPlan;
  readonly #options: CallOptions;
  readonly #uids: UidSet;
  #pieces: Iterator<UidSet> | undefined;
  #allSent = false;
  #inFlight = 0;
  readonly #ready: { message: FetchedMessage; octets: number }[] = [];
  /** Octets of the rows that are ready. */
  held = 0;
  #taken: (() => void) | undefined;
  #failure: unknown;
  #over = false;
  #wake: (() => void) | undefined;

  constructor(context: FetchContext, plan: FetchPlan, uids: UidSet, options: CallOptions) {
    this.#context = context;
    this.#plan = plan;
    this.#uids = uids;
    this.#options = options;
  }

  async *iterate(): AsyncGenerator<FetchedMessage, void, undefined> {
    const { signal } = this.#options;
    const stop = (): void => {
      const { connection } = this.#context.runner;
      this.#failure = connection.locate(
        aborted(signal as AbortSignal, { command: 'UID FETCH' }, 'usable'),
      );
      this.#ready.length = 0;
      this.held = 0;
      this.#wake?.();
    };
    if (signal?.aborted) stop();
    signal?.addEventListener('abort', stop, { once: true });
    try {
      if (this.#failure === undefined) await this.#begin();
      for (;;) {
        this.#send();
        const row = this.#ready.shift();
        if (row !== undefined) {
          this.held -= row.octets;
          this.#taken?.();
          yield row.message;
        } else if (this.#failure !== undefined) throw this.#failure;
        else if (this.#allSent && this.#inFlight === 0) return;
        else await this.#something();
      }
    } finally {
      // Left early: rows still on their way are read and dropped.
      this.#over = true;
      this.held = 0;
      this.#taken?.();
      signal?.removeEventListener('abort', stop);
    }
  }

  ready(): Promise<void> {
    return new Promise((resolve) => {
      this.#taken = resolve;
    });
  }

  async #begin(): Promise<void> {
    const { check, exists, resolve } = this.#context;
    check();
    const { rows } = this.#plan;
    let uids = this.#uids;
    // Ranges say nothing about how many messages there are. In a large mailbox, ask which exist before cutting to pieces.
    const few = exists() <= rows;
    if (uids.size > rows && !few) uids = await resolve(uids, this.#options);
    this.#pieces = uids.pieces(few ? Number.POSITIVE_INFINITY : rows);
  }

  #send(): void {
    const { rows } = this.#plan;
    while (
      !this.#allSent &&
      this.#failure === undefined &&
      this.#inFlight < 2 &&
      this.#ready.length < rows
    ) {
      const next = this.#pieces?.next();
      if (next === undefined || next.done) {
        this.#allSent = true;
        return;
      }
      this.#inFlight++;
      void this.#fetch(next.value);
    }
  }

  async #fetch(uids: UidSet): Promise<void> {
    const incomplete = new Map<number, FetchData>();
    const seen = new Set<number>();
    try {
      this.#context.check();
      await this.#context.runner.run(
        {
          verb: 'UID FETCH',
          args: [uidSet(uids), this.#plan.args],
          claim: (response, frame) => this.#claim(response, frame, uids, incomplete, seen),
          holder: this,
          background: () => this.#wake === undefined,
        },
        this.#options,
      );
      // The server is through, so this is all that it has: a row with something missing is better than none.
      for (const row of incomplete.values()) {
        if (hasMoreThanFlags(row)) this.#deliver(row, 0);
        else this.#context.unasked(row);
      }
    } catch (error) {
      this.#failure ??= error;
    } finally {
      this.#inFlight--;
      this.#wake?.();
    }
  }

  /** Servers report changed flags at any time, with or without UID, and may send a message in two rows. */
  #claim(
    response: Response,
    frame: Frame,
    uids: UidSet,
    incomplete: Map<number, FetchData>,
    seen: Set<number>,
  ): boolean {
    if (response.type !== 'fetch') return false;
    const { row } = response;
    const { uid } = row;
    if (uid === undefined || seen.has(uid) || !uids.has(uid)) return false;
    const before = incomplete.get(uid);
    const whole = before === undefined ? row : merged(before, row);
    if (this.#plan.wanted(whole) || whole.problems.length > 0) {
      incomplete.delete(uid);
      seen.add(uid);
      this.#deliver(whole, octetsOf(frame));
    } else incomplete.set(uid, whole);
    return true;
  }

  #deliver(row: FetchData, octets: number): void {
    if (this.#over) return;
    this.held += octets;
    const message = new FetchedMessage(row, this.#plan.items, this.#context.openBody);
    this.#ready.push({ message, octets });
    this.#wake?.();
  }

  async #something(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#wake = resolve;
      this.#context.runner.press();
    });
    this.#wake = undefined;
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

const octetsOf = ({ text, literals }: Frame): number =>
  literals.reduce((sum, { octets }) => sum + (octets?.length ?? 0), text.length);

const hasMoreThanFlags = (row: FetchData): boolean =>
  row.sections.length + row.problems.length > 0 ||
  [
    row.size,
    row.internalDate,
    row.envelope,
    row.structure,
    row.emailId,
    row.threadId,
    row.gmailLabels,
  ].some((value) => value !== undefined);
