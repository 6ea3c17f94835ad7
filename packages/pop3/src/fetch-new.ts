/** What is new in a mailbox: UIDL against what the caller has seen. */
import type { Readable } from 'node:stream';
import { type CommandError, checkOptions, oneOf, type Rules, rules } from '@fivewire/line-protocol';
import type { Pop3Client } from './pop3-client.js';
import { type RetrieveAllOptions, retrieveAllRules } from './retrieve.js';

/** Remembers unique-ids between runs. A `Set` is one; save it as `[...set]`. */
export interface UidStore {
  has(uid: string): boolean | Promise<boolean>;
  add(uid: string): unknown;
}

export interface FetchNewOptions extends RetrieveAllOptions {
  /** Marks each message as deleted once it is `done()`; `quit()` commits. Default false. */
  remove?: boolean;
  /** The most messages to fetch. Default: all. */
  limit?: number;
  /** Which messages to fetch first. Default `'oldest'`. */
  order?: 'oldest' | 'newest';
}

export const fetchNewRules: Rules<FetchNewOptions> = {
  ...retrieveAllRules,
  remove: rules.flag,
  limit: rules.count,
  order: oneOf('oldest', 'newest'),
};

export type NewMessage =
  | {
      ok: true;
      number: number;
      uid: string;
      message: Readable;
      /** Call it when the message is safe: remembers the uid first, then marks the message where `remove` says so. */
      done(): Promise<void>;
    }
  | {
      /** A message refused by the server, or a row of UIDL that can't be read. No uid is ever invented. */
      ok: false;
      number: number | undefined;
      error: CommandError | { problem: string; raw: string };
    };

/**
 * The messages whose uid is not in `uidStore`, pipelined. Safe to run again after a crash: what was not `done()` comes
 * again. Copies with one uid (RFC 1939 §7 allows it) come once and are removed together.
 *
 * @throws CommandError where the server has no UIDL, and what {@link Pop3Client.retrieveAll} throws
 */
export function fetchNew(
  client: Pop3Client,
  uidStore: UidStore,
  options: FetchNewOptions = {},
): AsyncGenerator<NewMessage, void, undefined> {
  checkOptions(options, fetchNewRules);
  return fetch(client, uidStore, options);
}

async function* fetch(
  client: Pop3Client,
  uidStore: UidStore,
  {
    remove = false,
    limit = Number.POSITIVE_INFINITY,
    order = 'oldest',
    ...options
  }: FetchNewOptions,
): AsyncGenerator<NewMessage, void, undefined> {
  const { window: _, ...call } = options;
  const wanted = new Map<number, string>();
  const copies = new Map<string, number[]>();
  for await (const row of client.uidl(call)) {
    if (!row.ok) {
      const { number, problem, raw } = row;
      yield { ok: false, number, error: { problem, raw } };
      continue;
    }
    const known = copies.get(row.uid);
    if (known !== undefined) known.push(row.number);
    else if (!(await uidStore.has(row.uid))) {
      copies.set(row.uid, [row.number]);
      wanted.set(row.number, row.uid);
    }
  }
  const numbers = [...wanted.keys()];
  if (order === 'newest') numbers.reverse();
  for await (const item of client.retrieveAll(numbers.slice(0, limit), options)) {
    if (!item.ok) {
      yield item;
      continue;
    }
    const { number, message } = item;
    const uid = wanted.get(number) as string;
    yield {
      ok: true,
      number,
      uid,
      message,
      async done() {
        await uidStore.add(uid);
        if (remove) await client.delete(copies.get(uid) ?? [number]);
      },
    };
  }
}
