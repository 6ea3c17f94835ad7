/**
 * Which commands may be on the wire together (RFC 9051 §5.5).
 *
 * A server may answer pipelined commands in any order: Dovecot sends the data of all of them first and the tagged OKs
 * after. So data goes to a command by what the data itself names: a tag, a UID, a mailbox. Data that names nothing never
 * shares the wire with its like, and a command that changes something never shares it with one that reads.
 */
import type { UidSet } from './grammar/sequence-set.js';

/** How a command uses the wire. Commands without one run alone. */
export interface WireUse {
  readonly as: WireKind;
  /** The messages it is about. */
  readonly uids?: UidSet;
  /** The mailbox it is about, as octets. */
  readonly mailbox?: string;
}

interface WireRule {
  /** The untagged responses that it takes. */
  readonly takes: readonly string[];
  /** Whether two that take the same responses can tell them apart. */
  readonly apart?: (one: WireUse, other: WireUse) => boolean;
  /** So many of them at once: what they take is held. */
  readonly most?: number;
  /** It changes what others would read: only its like may be beside it. */
  readonly changes?: true;
}

export type WireKind =
  | 'noop'
  | 'esearch'
  | 'search'
  | 'sort'
  | 'thread'
  | 'fetch'
  | 'body'
  | 'list'
  | 'status'
  | 'quota'
  | 'append'
  | 'store';

const disjoint = (one: WireUse, other: WireUse): boolean =>
  one.uids !== undefined && other.uids !== undefined && !one.uids.overlaps(other.uids);
const always = (): boolean => true;
const otherMailbox = (one: WireUse, other: WireUse): boolean =>
  one.mailbox !== undefined && other.mailbox !== undefined && one.mailbox !== other.mailbox;

const rules: Readonly<Record<WireKind, WireRule>> = {
  // Asks for nothing.
  noop: { takes: [] },
  // ESEARCH names the tag of its command (RFC 9051 §7.3.4), a SEARCH in its place does not: see `search.ts`.
  esearch: { takes: ['SEARCH'], apart: (one, other) => one.as === other.as },
  // SEARCH, SORT and THREAD name nothing.
  search: { takes: ['SEARCH'] },
  sort: { takes: ['SORT', 'SEARCH'] },
  thread: { takes: ['THREAD'] },
  // A row names its UID, but not who asked for it: two that ask for the same message would share its row.
  fetch: { takes: ['FETCH'], apart: disjoint },
  // The same for one message. What is no longer than limits.literalOctets is held until its consumer takes it.
  body: { takes: ['FETCH'], apart: disjoint, most: 16 },
  // LIST names only what it found; with STATUS in RETURN it takes those of all mailboxes.
  list: { takes: ['LIST', 'STATUS'] },
  // STATUS names its mailbox.
  status: { takes: ['STATUS'], apart: otherMailbox },
  quota: { takes: ['QUOTA'] },
  // APPENDUID stands in the tagged OK.
  append: { takes: [], apart: always, changes: true },
  // Silent; two about the same message would depend on their order.
  store: { takes: ['STORE'], apart: disjoint, changes: true },
};

/** Whether the two may be in flight at once. */
export function mayShareWire(one: WireUse | undefined, other: WireUse | undefined): boolean {
  if (one === undefined || other === undefined) return false;
  const [a, b] = [rules[one.as], rules[other.as]];
  if ((a.changes || b.changes) && one.as !== other.as) return false;
  return !takesAlike(one, other) || (a.apart?.(one, other) ?? false);
}

/** Whether any of its kind may be beside it, and no other: then one in flight speaks for all of them. */
export const isAmongItsLike = (one: WireUse | undefined, other: WireUse | undefined): boolean =>
  one !== undefined &&
  one.as === other?.as &&
  rules[one.as].changes === true &&
  rules[one.as].apart === always;

/** How many of this kind may be in flight. */
export const mostOnWire = (use: WireUse | undefined): number =>
  use === undefined ? 1 : (rules[use.as].most ?? Number.POSITIVE_INFINITY);

/** Whether both take responses of the same kind: then only what a response names says whose it is. */
export const takesAlike = (one: WireUse | undefined, other: WireUse | undefined): boolean =>
  one !== undefined &&
  other !== undefined &&
  rules[one.as].takes.some((name) => rules[other.as].takes.includes(name));
