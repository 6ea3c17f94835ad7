/** Bodies asked for ahead of their consumer, given out in order: round trips overlap, memory stays bounded. */
import {
  type CommandError,
  type FivewireError,
  isFivewireError,
  type TransferError,
  UsageError,
} from 'tls-context-core';
import { isIterable } from '../call-options.js';
import type { ReplyBody } from './reply-body.js';

export interface AskAhead<K, H, T> {
  /** Makes the body of a key, with these options beside its own. */
  ask: (key: K, options: AskedBody) => ReplyBody<H>;
  /** What the consumer gets of a body. */
  give: (key: K, body: ReplyBody<H>, head: H) => T;
  /** What the consumer gets of a refusal: the server's, or ours of a key that is none. */
  refuse: (key: K, error: ItemError) => T | Promise<T>;
  /** What the caller knows the keys as. */
  argument: string;
  /** The most commands under way. */
  window: number;
}

/** The trouble of one item, which the others do not share. */
export type ItemError = CommandError | TransferError | UsageError;

/** How `ask` should make its bodies. */
export interface AskedBody {
  held: () => number;
  drainOctets: number;
}

/** A window that overlaps round trips needs no more octets than this under way: more would only have to be drained. */
const octetsUnderWay = 1 << 20;

/**
 * Asks for each key's body and yields what `give` and `refuse` make of them, in order. A body that the consumer does not
 * touch before it goes on is skipped. A broken connection throws, and the error's `given` says how many items the consumer had, and the
 * key of the last.
 *
 * @throws UsageError ERR_ARGUMENT at once where `keys` is no iterable
 */
export function askAhead<K, H, T>(
  keys: Iterable<K> | AsyncIterable<K>,
  options: AskAhead<K, H, T>,
): AsyncGenerator<T, void, undefined> {
  if (isIterable(keys)) return bodies(keys, options);
  const { argument } = options;
  throw new UsageError('ERR_ARGUMENT', `${argument} must be a list, or an iterable`, { argument });
}

async function* bodies<K, H, T>(
  keys: Iterable<K> | AsyncIterable<K>,
  { ask, give, refuse, window }: AskAhead<K, H, T>,
): AsyncGenerator<T, void, undefined> {
  const source = iterate(keys);
  const asked: Asked<K, H>[] = [];
  const options: AskedBody = {
    held: () => asked.reduce((sum, { body }) => sum + (body?.readableLength ?? 0), 0),
    drainOctets: Number.POSITIVE_INFINITY,
  };
  const send = (key: K): Asked<K, H> => {
    try {
      const body = ask(key, options);
      body.delivered = false;
      body.ask();
      return { key, body };
    } catch (error) {
      return { key, error };
    }
  };
  let exhausted = false;
  let seen = 0;
  let last: K | undefined;
  let octets = 0;
  try {
    for (;;) {
      // Few at first, until it shows how long they are; refilled by halves, so that many commands share a write.
      const depth =
        seen === 0
          ? Math.min(window, 4)
          : Math.max(1, Math.min(window, Math.floor(octetsUnderWay / (octets / seen + 1))));
      if (asked.length <= depth >> 1) {
        while (!exhausted && asked.length < depth) {
          const next = source.next();
          const { done, value } = next instanceof Promise ? await next : next;
          if (done) exhausted = true;
          else asked.push(send(value));
        }
      }
      const first = asked.shift();
      if (first === undefined) return;
      const { key } = first;
      let { body } = first;
      let item: T;
      try {
        if (body === undefined) throw first.error;
        let head = await body.head();
        if (body.setAside) {
          body = send(key).body as ReplyBody<H>;
          head = await body.head();
        }
        body.delivered = true;
        item = give(key, body, head);
      } catch (error) {
        if (!isItemError(error)) throw error;
        item = await refuse(key, error);
      }
      last = key;
      try {
        yield item;
      } finally {
        seen++;
        octets += body?.octets ?? 0;
        if (body?.touched === false) body.skip();
      }
    }
  } catch (error) {
    throw isFivewireError(error) ? afterItems(error, seen, last) : error;
  } finally {
    for (const { body } of asked) body?.skip();
    await source.return?.();
  }
}

function iterate<K>(keys: Iterable<K> | AsyncIterable<K>): Iterator<K> | AsyncIterator<K> {
  return Symbol.asyncIterator in keys ? keys[Symbol.asyncIterator]() : keys[Symbol.iterator]();
}

/** A key whose body has been asked for, or why it could not be. */
interface Asked<K, H> {
  key: K;
  body?: ReplyBody<H>;
  error?: unknown;
}

const isItemError = (error: unknown): error is ItemError =>
  isFivewireError(error) && itemErrors.includes(error.code) && error.connection === 'usable';

const itemErrors: readonly string[] = [
  'ERR_COMMAND_REJECTED',
  'ERR_NOT_FOUND',
  'ERR_EXTENSION_REQUIRED',
  'ERR_TRANSFER_INCOMPLETE',
  'ERR_ARGUMENT',
];

/** Says which items were given before a loop broke: the keys come in order, so a number and the last one do. */
const afterItems = <K>(error: FivewireError, count: number, last: K | undefined): FivewireError =>
  Object.defineProperty(error, 'given', {
    value: count === 0 ? { count } : { count, last },
    enumerable: true,
    configurable: true,
  });
