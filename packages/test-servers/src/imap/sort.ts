/** SORT and UID SORT, RFC 5256 §3, with SORT=DISPLAY (RFC 5957) and ESORT (RFC 5267 §3). */
import { type Argument, itemsOf, Refusal, textOf, wordsOf } from './arguments.js';
import type { ImapSession } from './imap-session.js';
import { factsOf } from './message-facts.js';
import { checkCharset, isWord, matching, numbersOf, tellExtended } from './search.js';
import type { Numbered } from './selection.js';

type Key = (candidate: Numbered) => string | number;

const keys: Readonly<Record<string, Key>> = {
  ARRIVAL: ({ seen }) => seen.message.internalDate.getTime(),
  CC: ({ seen }) => factsOf(seen.message).cc,
  DATE: ({ seen }) => factsOf(seen.message).sent,
  DISPLAYFROM: ({ seen }) => factsOf(seen.message).displayFrom,
  DISPLAYTO: ({ seen }) => factsOf(seen.message).displayTo,
  FROM: ({ seen }) => factsOf(seen.message).from,
  SIZE: ({ seen }) => seen.message.octets.length,
  SUBJECT: ({ seen }) => factsOf(seen.message).subject.base,
  TO: ({ seen }) => factsOf(seen.message).to,
};

type Order = (a: Numbered, b: Numbered) => number;

/** `[RETURN (options)] (criteria) charset keys`. */
export async function sort(at: ImapSession, args: Argument[], byUid: boolean): Promise<void> {
  const rest = [...args];
  const extended = isWord(rest[0], 'RETURN');
  const options = extended ? wordsOf(rest.splice(0, 2)[1]) : [];
  const orders = ordersOf(itemsOf(rest.shift()));
  checkCharset(rest.shift());
  const { found } = matching(at, rest);
  // What is equal in everything stays in the mailbox's order.
  const sorted = found.toSorted((a, b) => {
    for (const order of orders) {
      const difference = order(a, b);
      if (difference !== 0) return difference;
    }
    return a.number - b.number;
  });
  const numbers = numbersOf(sorted, byUid);
  if (options.includes('SAVE')) at.savedUids = found.map(({ seen }) => seen.message.uid);
  if (extended) return tellExtended(at, numbers, options, byUid, undefined);
  await at.untagged(`SORT${numbers.map((number) => ` ${number}`).join('')}`);
}

function ordersOf(items: readonly Argument[]): Order[] {
  const orders: Order[] = [];
  let sign = 1;
  for (const word of items.map((item) => textOf(item).toUpperCase())) {
    if (word === 'REVERSE' && sign === 1) {
      sign = -1;
      continue;
    }
    const key = keys[word];
    if (!key) throw new Refusal('BAD Unknown sort key');
    orders.push(orderBy(key, sign));
    sign = 1;
  }
  if (orders.length === 0 || sign === -1) throw new Refusal('BAD A sort key is missing');
  return orders;
}

function orderBy(key: Key, sign: number): Order {
  return (a, b) => {
    const [left, right] = [key(a), key(b)];
    return left < right ? -sign : left > right ? sign : 0;
  };
}
