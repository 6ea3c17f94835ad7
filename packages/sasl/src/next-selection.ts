/** What may be tried after a refusal. A server that says "not this mechanism" may be an attacker who wants the next one. */
import type { RefusalReason } from 'tls-context-core';
import type { Refusal } from './mechanism.js';
import { isPlus, strengthOf } from './mechanisms/table.js';
import { isFinal } from './refusal.js';
import type { Selection } from './select.js';
import type { Channel } from './types.js';

/** How far a refused mechanism came. */
export interface Tried {
  readonly selection: Selection;
  /** The server's code says that it does not take this mechanism. */
  readonly unavailable: boolean;
  /** A message left that holds the secret or a proof of it. */
  readonly proofSent: boolean;
  readonly serverProven: boolean;
  readonly reason: RefusalReason;
  /** What the mechanism itself told, which is more exact than the protocol's reply. */
  readonly told: Refusal['means'] | undefined;
}

/** Whether the mechanism does not work there, so that nothing is said about the credentials. */
export const worksNot = ({ unavailable, told, proofSent, reason }: Tried): boolean =>
  !isFinal(reason) &&
  told !== 'wrong' &&
  (unavailable || told === 'mechanism' || told === 'binding' || !proofSent);

/**
 * - A -PLUS gives way to the same hash without binding, on a verified channel and before the server has proven itself: servers know
 *   different bindings and refuse the others in the words of a wrong password.
 * - The caller's list is leave to go down it where a mechanism does not work.
 * - By itself nothing weaker is tried, and nothing else at all after a refusal of the credentials.
 *
 * @param leave whether the order is the caller's
 */
export function nextSelections(
  tried: Tried,
  others: readonly Selection[],
  { channel, leave }: { channel: Channel; leave: boolean },
): readonly Selection[] {
  const { selection, reason, told, serverProven, unavailable } = tried;
  if (isFinal(reason) || told === 'wrong' || serverProven) return [];
  if (isPlus(selection.mechanism)) {
    const unbound = others.find(({ mechanism }) => `${mechanism}-PLUS` === selection.mechanism);
    const verified = channel === 'verified-tls';
    if (verified && unbound)
      return [unbound, ...(leave ? others.filter((other) => other !== unbound) : [])];
    if (!verified && !unavailable) return [];
    if (!verified) return others.filter((other) => isPlus(other.mechanism));
  }
  if (leave) return worksNot(tried) ? others : [];
  return unavailable ? others.filter((other) => isAsStrong(other, selection)) : [];
}

const isAsStrong = (one: Selection, other: Selection): boolean =>
  strengthOf(one.mechanism) >= strengthOf(other.mechanism);
