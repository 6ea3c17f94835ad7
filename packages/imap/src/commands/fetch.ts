/**
 * UID FETCH, RFC 9051 §6.4.5: rows as an async iterable.
 *
 * A large fetch goes out in commands of so many messages, several at a time, and the next one only when rows of the
 * earlier ones have been taken: memory stays flat without ever stopping the reader, so calls made inside a loop over
 * rows run between two such commands and cannot deadlock.
 */

import { aborted, Fifo } from '@fivewire/line-protocol';
import { UsageError } from 'tls-context-core';
import type { CallOptions, Holder } from '../command.js';
import { requireCapability } from '../command-error.js';
import type { CommandRunner } from '../command-runner.js';
import { type Argument, list, syntax, uidSet } from '../grammar/encoder.js';
import type { FetchData } from '../grammar/fetch-data.js';
import type { Frame } from '../grammar/frame.js';
import { UidSet } from '../grammar/sequence-set.js';
import { FetchedMessage, headOctets, type MessageContext } from '../message.js';
import type { FetchPlan } from './fetch-plan.js';
import { RowSorter } from './fetch-rows.js';
import { checkPartial } from './search.js';

/** Commands of one fetch with rows to come at once. */
const mostCommands = 4;
/** And with those of which only the OK is to come: Dovecot says the OKs of pipelined commands when it has said all of their data. */
const mostUnanswered = 16;
/** Messages in the first command; each later one has twice as many at first, and then while the consumer keeps up. */
const firstWindow = { rows: 250, bodies: 16 };
/** Messages asked for and not yet taken, at most, where no bodies come along. */
const mostRows = 4_000;
/** Octets of a body that come with the row, at least: most mail is shorter. */
const shortestHead = 1 << 14;

export interface FetchContext extends MessageContext {
  runner: CommandRunner;
  /** Messages in the mailbox. */
  exists(): number;
  /** Throws when the mailbox is no longer the one that was meant. */
  check(): void;
  /** The UIDs of the mailbox mean other messages now. */
  isVoid(): boolean;
  /** The UIDs of the set that exist. */
  resolve(uids: UidSet, options: CallOptions): Promise<UidSet>;
  /** A row with flags that no command asked for. */
  unasked(row: FetchData): void;
}

export interface FetchOptions extends CallOptions {
  /** Only messages that changed since this MODSEQ, a decimal string (CONDSTORE, RFC 7162 §3.1.4.1). */
  changedSince?: string;
  /** Only these of the messages, by their place among them: `[1, 100]` the first, `[-1, -100]` the last (PARTIAL, RFC 9394). */
  partial?: readonly [from: number, to: number];
}

/** @throws UsageError `ERR_ARGUMENT` */
export function fetchModifiers(
  changedSince: string | undefined,
  partial: readonly [number, number] | undefined,
): Argument[] {
  const words: Argument[] = [];
  if (changedSince !== undefined) {
    if (!/^\d{1,20}$/.test(changedSince)) {
      throw new UsageError('ERR_ARGUMENT', 'changedSince must be a MODSEQ, a decimal string', {
        argument: 'changedSince',
      });
    }
    words.push(syntax(`CHANGEDSINCE ${changedSince}`));
  }
  if (partial !== undefined) {
    checkPartial(partial);
    words.push(syntax(`PARTIAL ${partial.join(':')}`));
  }
  return words.length === 0 ? [] : [list(words)];
}

/** Nothing goes out before the first row is asked for. Iterate it once. */
export const fetchRows = (
  context: FetchContext,
  plan: FetchPlan,
  uids: UidSet,
  options: FetchOptions,
): AsyncIterator<FetchedMessage, void, undefined> => new FetchRows(context, plan, uids, options);

/** The rows of one fetch: those that have arrived, and the commands for those to come. */
class FetchRows implements AsyncIterator<FetchedMessage, void, undefined>, Holder {
  readonly #context: FetchContext;
  readonly #plan: FetchPlan;
  readonly #options: CallOptions;
  readonly #modifiers: readonly Argument[];
  readonly #uids: UidSet;
  #pieces: Iterator<UidSet> | undefined;
  #allSent = false;
  #commands = 0;
  /** Those of them that have rows to come. */
  #busy = 0;
  /** Messages asked for whose rows have not come. */
  #expected = 0;
  /** All rows of a command have come since the window grew. */
  #answered = false;
  /** Messages in the next command. */
  #window: number;
  #mostRows: number;
  /** Octets of each body that come with the row at most. */
  #head = headOctets;
  /** What has come, to learn how long messages are here. */
  readonly #come = { rows: 0, octets: 0 };
  readonly #ready = new Fifo<{ message: FetchedMessage; octets: number }>();
  /** Octets of the rows that are ready. */
  held = 0;
  #taken: (() => void) | undefined;
  #failure: unknown;
  #begun = false;
  #over = false;
  /** The last `next()` that waits. */
  #later: Promise<IteratorResult<FetchedMessage, void>> | undefined;
  /** A window over the set must not be cut. */
  readonly #isWindow: boolean;
  readonly #needs: Readonly<Record<string, readonly string[]>>;
  #wake: (() => void) | undefined;

  constructor(
    context: FetchContext,
    plan: FetchPlan,
    uids: UidSet,
    { changedSince, partial, ...options }: FetchOptions,
  ) {
    this.#context = context;
    this.#plan = plan;
    this.#uids = uids;
    this.#options = options;
    this.#modifiers = fetchModifiers(changedSince, partial);
    this.#isWindow = partial !== undefined;
    this.#needs = {
      ...(changedSince === undefined ? {} : { changedSince: ['CONDSTORE'] }),
      ...(partial === undefined ? {} : { partial: ['PARTIAL'] }),
    };
    this.#mostRows = this.#rowsThatFit();
    const first = plan.bodies > 0 ? firstWindow.bodies : firstWindow.rows;
    this.#window = Math.min(first, Math.floor(this.#mostRows / mostCommands));
  }

  /** A row that is here already costs one promise. */
  next(): Promise<IteratorResult<FetchedMessage, void>> {
    if (this.#later === undefined && !this.#over) {
      const value = this.#take();
      if (value !== undefined) return Promise.resolve({ done: false, value });
    }
    const wait = (): Promise<IteratorResult<FetchedMessage, void>> => this.#wait();
    const later = this.#later === undefined ? wait() : this.#later.then(wait, wait);
    this.#later = later;
    const settled = (): void => {
      if (this.#later === later) this.#later = undefined;
    };
    later.then(settled, settled);
    return later;
  }

  /** The consumer wants no more: rows still on their way are read and dropped. */
  return(): Promise<IteratorResult<FetchedMessage, void>> {
    this.#finish();
    return Promise.resolve(finished);
  }

  async #wait(): Promise<IteratorResult<FetchedMessage, void>> {
    if (this.#over) return finished;
    try {
      if (!this.#begun) await this.#begin();
      for (;;) {
        const value = this.#take();
        if (value !== undefined) return { done: false, value };
        if (this.#failure !== undefined) throw this.#failure;
        if (this.#allSent && this.#commands === 0) break;
        await this.#something();
        if (this.#over) return finished;
      }
    } catch (error) {
      this.#finish();
      throw error;
    }
    this.#finish();
    return finished;
  }

  /** The next row, where it has come; what may be asked for goes out. */
  #take(): FetchedMessage | undefined {
    if (!this.#allSent) this.#send();
    const row = this.#ready.shift();
    if (row === undefined) return undefined;
    this.held -= row.octets;
    this.#taken?.();
    return row.message;
  }

  #finish(): void {
    this.#over = true;
    this.#ready.clear();
    this.held = 0;
    this.#taken?.();
    this.#wake?.();
    this.#options.signal?.removeEventListener('abort', this.#stop);
  }

  #stop = (): void => {
    const { connection } = this.#context.runner;
    const signal = this.#options.signal as AbortSignal;
    this.#failure = connection.locate(aborted(signal, { command: 'UID FETCH' }, 'usable'));
    this.#ready.clear();
    this.held = 0;
    this.#wake?.();
  };

  ready(): Promise<void> {
    return new Promise((resolve) => {
      this.#taken = resolve;
    });
  }

  async #begin(): Promise<void> {
    this.#begun = true;
    const { signal } = this.#options;
    if (signal?.aborted) return this.#stop();
    signal?.addEventListener('abort', this.#stop, { once: true });
    const { check, exists, resolve, runner } = this.#context;
    check();
    this.#plan.check(runner.session.capabilities);
    for (const [name, anyOf] of Object.entries(this.#needs))
      requireCapability(runner, anyOf, `fetch with ${name}`, 'Leave the option out.');
    let uids = this.#uids;
    // Ranges with more UIDs than there are messages say nothing about how many each piece has: then ask which exist.
    const { messageLimit } = runner.session;
    const few = exists() <= Math.min(this.#window, messageLimit) || this.#isWindow;
    const isShort = String(uids).length <= runner.session.setCharacters;
    const isSparse = uids.size > Math.max(this.#window, exists());
    if (isSparse && !few && isShort && uids !== UidSet.saved)
      uids = await resolve(uids, this.#options);
    this.#pieces = uids.pieces(
      () => (few ? Number.POSITIVE_INFINITY : Math.min(this.#window, messageLimit)),
      runner.session.setCharacters,
    );
  }

  #send(): void {
    const pieces = this.#pieces;
    if (pieces === undefined) return;
    const { bufferedOctets } = this.#context.runner.limits;
    while (
      !this.#allSent &&
      this.#failure === undefined &&
      this.#busy < mostCommands &&
      this.#commands < mostUnanswered &&
      this.#expected + this.#ready.length + this.#window <= this.#mostRows &&
      this.held < bufferedOctets / 2
    ) {
      const next = pieces.next();
      if (next.done) {
        this.#allSent = true;
        return;
      }
      this.#commands++;
      this.#busy++;
      void this.#fetch(next.value);
      if (this.#come.rows === 0) this.#widen();
    }
  }

  async #fetch(uids: UidSet): Promise<void> {
    const { exists, runner, unasked } = this.#context;
    let expected = Math.min(uids.size, Math.max(exists(), 1));
    this.#expected += expected;
    const head = this.#head;
    const rows = new RowSorter(this.#plan, uids, {
      exists,
      unasked,
      notice: (text) => runner.session.notices.push({ kind: 'malformed', text }),
      deliver: (row, frame) => {
        if (expected > 0) {
          expected--;
          this.#expected--;
          if (expected === 0) this.#through();
        }
        this.#deliver(row, frame === undefined ? 0 : octetsOf(frame), head);
      },
    });
    try {
      this.#context.check();
      await runner.run(
        {
          verb: 'UID FETCH',
          args: [uidSet(uids), this.#plan.args(head), ...this.#modifiers],
          wire: { as: 'fetch', uids },
          answeredBy: [],
          claim: (response, frame, sole) => rows.claim(response, frame, sole),
          holder: this,
          background: () => this.#wake === undefined,
        },
        this.#options,
      );
      rows.finish();
      if (this.#context.isVoid()) this.#context.check();
    } catch (error) {
      this.#failure ??= error;
    } finally {
      this.#commands--;
      if (expected > 0) this.#through();
      this.#expected -= expected;
      this.#wake?.();
    }
  }

  /** A command has no more rows to come. */
  #through(): void {
    this.#busy--;
    this.#answered = true;
  }

  /** The consumer keeps up: it has taken all that came, and waits. Once for each command whose rows have come. */
  #grow(): void {
    if (!this.#answered) return;
    this.#answered = false;
    if (this.#plan.bodies > 0) {
      // Messages much longer than most here are finished by a command of their own, when their body is read.
      const { rows, octets } = this.#come;
      const usual = octets / Math.max(1, rows * this.#plan.bodies);
      this.#head = Math.min(
        headOctets,
        Math.max(shortestHead, 2 ** Math.ceil(Math.log2(usual * 8))),
      );
      this.#mostRows = this.#rowsThatFit();
    }
    this.#widen();
  }

  #widen(): void {
    this.#window = Math.min(this.#window * 2, Math.floor(this.#mostRows / mostCommands));
  }

  /** As many as fit into memory even when each of their bodies has the longest head. */
  #rowsThatFit(): number {
    const { bodies } = this.#plan;
    if (bodies === 0) return mostRows;
    const { bufferedOctets } = this.#context.runner.limits;
    const fit = Math.floor((bufferedOctets * 4) / (bodies * this.#head));
    return Math.min(mostRows, Math.max(mostCommands, fit));
  }

  #deliver(row: FetchData, octets: number, head: number): void {
    this.#come.rows++;
    this.#come.octets += octets;
    // Behind an abort those before it were dropped.
    if (this.#over || this.#options.signal?.aborted || this.#context.isVoid()) return;
    this.held += octets;
    const message = new FetchedMessage(row, this.#plan.items, this.#context, head);
    this.#ready.push({ message, octets });
    this.#wake?.();
  }

  async #something(): Promise<void> {
    this.#grow();
    await new Promise<void>((resolve) => {
      this.#wake = resolve;
      this.#context.runner.review();
    });
    this.#wake = undefined;
  }
}

/** Octets of a row that are held until it is taken. */
function octetsOf({ text, literals }: Frame): number {
  let octets = text.length;
  for (const literal of literals) octets += literal.octets?.length ?? 0;
  return octets;
}

const finished: { done: true; value: undefined } = { done: true, value: undefined };
