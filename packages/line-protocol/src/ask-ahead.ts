/** Bodies asked for ahead of their consumer, given out in order: round trips overlap, memory stays bounded. */
import { type CommandError, isFivewireError, UsageError } from 'tls-context-core';
import { isIterable } from './call-options.js';
import type { ReplyBody } from './reply-body.js';

export interface AskAhead<K, H, T> {
  /** Makes the body of a key, with these options beside its own. */
  ask: (key: K, options: AskedBody) => ReplyBody<H>;
  /** What the consumer gets of a body. */
  give: (key: K, body: ReplyBody<H>, head: H) => T;
  /** What the consumer gets of a refusal. */
  refuse: (key: K, error: CommandError) => T | Promise<T>;
  /** What the caller knows the keys as. */
  argument: string;
  /** The most commands under way. */
  window: number;
}

/** How `ask` should make its bodies. */
export interface AskedBody {
  held: () => number;
  drainOctets: number;
}

/** A window that overlaps round trips needs no more octets than this under way: more would only have to be drained. */
const octetsUnderWay = 1 << 20;

/**
 * Asks for each key's body and yields what `give` and `refuse` make of them, in order. A body that the consumer does not
 * touch before it goes on is skipped. A broken connection throws.
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
  const asked: { key: K; body: ReplyBody<H> }[] = [];
  const options: AskedBody = {
    held: () => asked.reduce((sum, { body }) => sum + body.readableLength, 0),
    drainOctets: Number.POSITIVE_INFINITY,
  };
  const send = (key: K): ReplyBody<H> => {
    const body = ask(key, options);
    body.delivered = false;
    body.ask();
    return body;
  };
  let exhausted = false;
  let seen = 0;
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
          else asked.push({ key: value, body: send(value) });
        }
      }
      const first = asked.shift();
      if (first === undefined) return;
      const { key } = first;
      let { body } = first;
      let item: T;
      try {
        let head = await body.head();
        if (body.setAside) {
          body = send(key);
          head = await body.head();
        }
        body.delivered = true;
        item = give(key, body, head);
      } catch (error) {
        if (!isRefusal(error)) throw error;
        item = await refuse(key, error);
      }
      try {
        yield item;
      } finally {
        seen++;
        octets += body.octets;
        if (!body.touched) body.skip();
      }
    }
  } finally {
    for (const { body } of asked) body.skip();
    await source.return?.();
  }
}

function iterate<K>(keys: Iterable<K> | AsyncIterable<K>): Iterator<K> | AsyncIterator<K> {
  return Symbol.asyncIterator in keys ? keys[Symbol.asyncIterator]() : keys[Symbol.iterator]();
}

/** The server said no to this one; the others may be had. */
const isRefusal = (error: unknown): error is CommandError =>
  isFivewireError(error) && refusals.includes(error.code);

const refusals: readonly string[] = [
  'ERR_COMMAND_REJECTED',
  'ERR_NOT_FOUND',
  'ERR_EXTENSION_REQUIRED',
];
