/** What is new in a mailbox: UIDL (RFC 1939 §7) against what was retrieved before; and what may be removed from it. */
import {
  checkOptions,
  commandLine,
  type ItemError,
  isFivewireError,
  oneOf,
  type Rules,
  rules,
  UsageError,
} from '@fivewire/line-protocol';
import { parseUidlRow } from './listing.js';
import { type Pop3Client, sessionOf } from './pop3-client.js';
import { firstOf, keysOf, Mailbox, sort } from './remembered.js';
import { type RetrieveAllOptions, retrieveAllRules } from './retrieve.js';
import type { CallOptions, Message, UidlRow } from './types.js';
import type { UidStore } from './uid-store.js';

/** What stays on the server: all of it, nothing that was retrieved, or what was retrieved less than so many days ago. */
export type Keep = 'all' | 'none' | `days:${number}`;

export interface FetchNewOptions extends RetrieveAllOptions {
  /**
   * What stays on the server once it was retrieved. The rest is marked as deleted, and `quit()` removes it. Default `'all'`.
   * `'days:14'` needs a store that remembers when, as {@link fileUidStore} does.
   */
  keep?: Keep;
  /** The same as `keep: 'none'`. */
  remove?: boolean;
  /** Octets. Of bigger messages, as LIST has it, the header alone comes (TOP), and `retrieve()` gets the rest. Default: no limit. */
  maxSize?: number;
  /** The most messages to fetch. Default: all. */
  limit?: number;
  /** Which messages to fetch first. Default `'oldest'`. */
  order?: 'oldest' | 'newest';
}

export const fetchNewRules: Rules<FetchNewOptions> = {
  ...retrieveAllRules,
  keep: [
    (value) => value === undefined || keepDays(value) !== undefined,
    "'all', 'none' or 'days:14'",
  ],
  remove: rules.flag,
  maxSize: rules.count,
  limit: rules.count,
  order: oneOf('oldest', 'newest'),
};

export type NewMessage =
  | {
      ok: true;
      number: number;
      uid: string;
      /** Its size as LIST has told it in this session; `undefined` where the server refuses LIST, or names no size. */
      octets: number | undefined;
      /** False: it is bigger than `maxSize`, and `message` is its header only. */
      whole: boolean;
      message: Message;
      /** As {@link Message.problem}, of what was retrieved. */
      readonly problem: string | undefined;
      /** The whole message, where `message` is its header. */
      retrieve(): Message;
      /**
       * Call it when the message is safe: remembers the uid first, then marks the message where `keep` says so.
       * @throws UsageError ERR_STATE where the message was not read to its end; RemoteProtocolError where it has another length than LIST said,
       * and what follows shows that it was cut
       */
      done(): Promise<void>;
    }
  | {
      /**
       * A message or its removal refused by the server, a row of UIDL that can't be read, or a message that LIST has and that UIDL names no uid
       * for. No uid is ever invented.
       */
      ok: false;
      number: number | undefined;
      error: ItemError | { problem: string; raw: string };
    };

/**
 * The messages whose uid is not in `uidStore`, pipelined. Safe to run again after a crash at any point: what was not `done()` comes again,
 * and what was done but is still there is marked again, without being fetched. Only what was retrieved is ever marked: messages with one uid
 * (RFC 1939 §7 allows it for copies, servers give it to others) come each, and the uid is remembered when all are done.
 *
 * @throws CommandError where the server has no UIDL, and what {@link Pop3Client.retrieveAll} throws
 */
export function fetchNew(
  client: Pop3Client,
  uidStore: UidStore,
  options: FetchNewOptions = {},
): AsyncGenerator<NewMessage, void, undefined> {
  checkOptions(options, fetchNewRules);
  const { keep = options.remove ? 'none' : 'all', remove, ...rest } = options;
  if (remove && options.keep !== undefined && keep !== 'none') {
    throw wrong(
      'ERR_ARGUMENT',
      `remove: true and keep: '${keep}' say two things`,
      'Give one of them.',
    );
  }
  if (keep.startsWith('days:') && uidStore.since === undefined) {
    throw wrong(
      'ERR_ARGUMENT',
      'This store does not remember when a message was retrieved',
      "keep: 'days:…' needs a store with since(), such as fileUidStore().",
    );
  }
  return fetch(client, uidStore, keepDays(keep) as number, rest);
}

/** Days for which a retrieved message stays; `undefined` for what is no {@link Keep}. */
function keepDays(keep: unknown): number | undefined {
  if (keep === 'all') return Number.POSITIVE_INFINITY;
  if (keep === 'none') return 0;
  const [, days] = /^days:(\d{1,6})$/.exec(String(keep)) ?? [];
  return days === undefined ? undefined : Number(days);
}

async function* fetch(
  client: Pop3Client,
  uidStore: UidStore,
  days: number,
  {
    limit = Number.POSITIVE_INFINITY,
    order = 'oldest',
    maxSize = Number.POSITIVE_INFINITY,
    ...options
  }: Omit<FetchNewOptions, 'keep' | 'remove'>,
): AsyncGenerator<NewMessage, void, undefined> {
  const { window: _, ...call } = options;
  const session = sessionOf(client);
  const { sizes } = session;
  const mailbox = new Mailbox();
  /** Numbers that came with two uids. */
  const doubtful = new Set<number>();
  /** Numbers that UIDL has named, readable or not. */
  const named = new Set<number | undefined>();
  for await (const row of client.uidl(call)) {
    named.add(row.number);
    if (!row.ok) {
      const { number, problem, raw } = row;
      mailbox.complete = false;
      yield { ok: false, number, error: { problem, raw } };
      continue;
    }
    const { number, uid } = row;
    const other = mailbox.uids.get(number);
    if (other === undefined && !doubtful.has(number)) mailbox.add(number, uid);
    else if (other !== uid) {
      mailbox.drop(number);
      mailbox.complete = false;
      doubtful.add(number);
      const raw = `${number} ${uid}`;
      yield { ok: false, number, error: { problem: 'The number has two unique-ids', raw } };
    }
  }
  // What UIDL leaves out and LIST has is there all the same: without this it would neither come nor be missed. Sizes also tell a new message
  // with an old uid, and one that has swallowed the next or was cut: that must not be remembered as retrieved, nor removed.
  const left = (await readSizes(client, call)).filter((number) => !named.has(number));
  for (const row of await Promise.all(left.map((number) => uidOf(client, number, call)))) {
    if (row.ok) mailbox.add(row.number, row.uid);
    else {
      mailbox.complete = false;
      yield row;
    }
  }
  const { uids } = mailbox;
  if (mailbox.complete) await uidStore.listed?.(mailbox.keys());
  forgetWhatWasRemoved(client, uidStore, mailbox);

  const { due, wanted, mayGo, isReused } = await sort(uidStore, mailbox, days, sizes);
  yield* removeAgain(client, due, call);
  if (order === 'newest') wanted.reverse();
  const numbers = firstOf(wanted, limit, mailbox);
  const big = (number: number): boolean => (sizes.get(number) ?? 0) > maxSize;

  /** Copies that are done, by uid. */
  const finished = new Map<string, Set<number>>();
  const item = (number: number, first: Message, whole: boolean): NewMessage => {
    const uid = uids.get(number) as string;
    let got: Message | undefined = whole ? first : undefined;
    return {
      ok: true,
      number,
      uid,
      octets: sizes.get(number),
      whole,
      message: first,
      get problem() {
        return got?.problem;
      },
      retrieve() {
        got ??= client.retrieve(number, call);
        return got;
      },
      async done() {
        if (got?.readableEnded !== true) {
          throw wrong(
            'ERR_STATE',
            `Message ${number} was not read to its end, so it can't be done`,
            whole ? 'Read `message` first.' : 'Read what retrieve() gives first.',
          );
        }
        // Cut by a dot that was not stuffed, the rest of it would lie where the next reply should: then this throws.
        if (got.problem !== undefined) await session.inStep();
        const copies = finished.get(uid) ?? new Set();
        finished.set(uid, copies.add(number));
        if (copies.size === mailbox.numbers(uid).length) {
          if (isReused(number)) await uidStore.delete?.(uid); // with what is known of the message that had it
          const octets =
            copies.size === 1 && got.problem === undefined ? sizes.get(number) : undefined;
          for (const key of keysOf(uid, copies.size)) await uidStore.add(key, octets);
        }
        if (mayGo(number)) await mark(client, number, call);
      },
    };
  };
  for (const run of runs(numbers, big)) {
    if (run.big) {
      for (const number of run.numbers) {
        const header = client.top(number, 0, call);
        yield item(number, header, false);
        if (!header.readableEnded) header.destroy();
      }
      continue;
    }
    for await (const one of client.retrieveAll(run.numbers, options)) {
      yield one.ok ? item(one.number, one.message, true) : one;
    }
  }
}

/**
 * DELE, whose reply can't be known where a message under way before it turns out to have another length than LIST said. Once the session is in step
 * again, LIST (RFC 1939 §5) tells: it refuses what is marked.
 */
async function mark(client: Pop3Client, number: number, call: CallOptions): Promise<void> {
  const session = sessionOf(client);
  try {
    await client.delete(number, call);
  } catch (error) {
    if (!isFivewireError(error) || error.code !== 'ERR_TRANSFER_INCOMPLETE') throw error;
    try {
      await session.run(commandLine('LIST', [String(number)]), call, () => {});
    } catch (refusal) {
      if (isRefused(refusal)) return;
      throw refusal;
    }
    session.marked.delete(number);
    await client.delete(number, call);
  }
}

/** Marks what an earlier session has retrieved, and whose removal was not due yet, or was never committed. */
async function* removeAgain(
  client: Pop3Client,
  numbers: readonly number[],
  call: CallOptions,
): AsyncGenerator<NewMessage, void, undefined> {
  const results = await Promise.allSettled(numbers.map((number) => client.delete(number, call)));
  for (const [at, result] of results.entries()) {
    if (result.status === 'fulfilled') continue;
    const error: unknown = result.reason;
    if (!isRefused(error)) throw error;
    yield { ok: false, number: numbers[at], error: error as ItemError };
  }
}

/** When QUIT has removed messages: a uid that none has any more may be forgotten, for some servers give it to another. */
function forgetWhatWasRemoved(client: Pop3Client, uidStore: UidStore, mailbox: Mailbox): void {
  if (uidStore.delete === undefined) return;
  sessionOf(client).onCommitted.add(async (removed) => {
    const gone = new Set(removed);
    for (const uid of new Set(removed.map((number) => mailbox.uids.get(number)))) {
      if (uid === undefined) continue;
      const numbers = mailbox.numbers(uid);
      if (!numbers.every((number) => gone.has(number))) continue;
      for (const key of keysOf(uid, numbers.length)) await uidStore.delete?.(key);
    }
  });
}

/** Neighbours of one kind, so that the small ones go in a pipeline. */
function runs(
  numbers: readonly number[],
  isBig: (number: number) => boolean,
): { big: boolean; numbers: number[] }[] {
  const found: { big: boolean; numbers: number[] }[] = [];
  for (const number of numbers) {
    const big = isBig(number);
    const last = found.at(-1);
    if (last?.big === big) last.numbers.push(number);
    else found.push({ big, numbers: [number] });
  }
  return found;
}

/**
 * What LIST says is kept by the session. A server that refuses it, or counts wrongly, is no worse off than without.
 * @returns the numbers that it has
 */
async function readSizes(client: Pop3Client, call: CallOptions): Promise<number[]> {
  const numbers: number[] = [];
  try {
    for await (const row of client.list(call)) if (row.ok) numbers.push(row.number);
  } catch (error) {
    if (!isRefused(error)) throw error;
  }
  return numbers;
}

/** UIDL of one message, RFC 1939 §7. */
async function uidOf(
  client: Pop3Client,
  number: number,
  call: CallOptions,
): Promise<(UidlRow & { ok: true }) | (NewMessage & { ok: false })> {
  try {
    const line = commandLine('UIDL', [String(number)]);
    const row = parseUidlRow(await sessionOf(client).run(line, call, ({ text }) => text));
    if (row.ok && row.number === number) return row;
    const problem = row.ok ? `UIDL of ${number} was answered for ${row.number}` : row.problem;
    return { ok: false, number, error: { problem, raw: row.ok ? row.uid : row.raw } };
  } catch (error) {
    if (!isRefused(error)) throw error;
    return { ok: false, number, error: error as ItemError };
  }
}

const isRefused = (error: unknown): boolean =>
  isFivewireError(error) && error.code === 'ERR_COMMAND_REJECTED';

const wrong = (code: 'ERR_ARGUMENT' | 'ERR_STATE', message: string, hint: string): UsageError =>
  new UsageError(code, message, { protocol: 'pop3', argument: 'options', hint });
