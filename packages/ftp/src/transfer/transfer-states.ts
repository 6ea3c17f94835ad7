/**
 * How far a transfer has come by what the server has said of it: RFC 959 §5.4 has 1yz, then the octets, then 2yz; servers have all other
 * orders, too. States and events, which event may follow, and what each state means. Pure: it writes and reads nothing.
 */
import type { Reply } from '@fivewire/line-protocol';

export type State =
  /** The command is out, and nothing has been said. */
  | 'asked'
  /** 1yz: the octets come, or may go. */
  | 'announced'
  /** Nothing has been said, and octets have come, or are waited for. */
  | 'unannounced'
  /** 2yz in place of 1yz: it is done, or that was another's notice. */
  | 'done-first'
  /** 1yz, behind that 2yz. */
  | 'announced-late'
  /** The server is content. */
  | 'answered'
  /** The command is refused, as if nothing had moved. */
  | 'refused'
  /** What had begun is not whole. */
  | 'broken-off';

export type Event =
  | 'announce'
  | 'silence'
  | 'done'
  /** 4yz or 5yz. */
  | 'refuse'
  /** One of those that name a transfer which had begun. */
  | 'break-off';

type Row = Readonly<Partial<Record<Event, State>>>;

const table: Readonly<Record<State, Row>> = {
  asked: {
    announce: 'announced', silence: 'unannounced', done: 'done-first', refuse: 'refused', 'break-off': 'refused',
  },
  announced: { done: 'answered', refuse: 'broken-off', 'break-off': 'broken-off' },
  // The refusal that it would have been before octets moved, unless its code is one of those that break off.
  unannounced: {
    announce: 'announced', done: 'answered', refuse: 'refused', 'break-off': 'broken-off',
  },
  // Of several positive replies all but the last were others'.
  'done-first': {
    announce: 'announced-late', done: 'done-first', refuse: 'refused', 'break-off': 'refused',
  },
  'announced-late': { done: 'answered', refuse: 'broken-off', 'break-off': 'broken-off' },
  answered: {},
  refused: {},
  'broken-off': {},
}; // biome-ignore format: one state, one row

interface Meaning {
  /** The data connection may be silent as long as any is; else what there is comes now, or never. */
  readonly moves: boolean;
  /** A reply is due as behind any command, but while octets move. */
  readonly owesReply: boolean;
}

const over = { moves: true, owesReply: false } as const;

export const meaning: Readonly<Record<State, Meaning>> = {
  asked: { moves: false, owesReply: true },
  announced: { moves: true, owesReply: false },
  unannounced: { moves: true, owesReply: true },
  'done-first': { moves: false, owesReply: false },
  'announced-late': { moves: true, owesReply: false },
  answered: over,
  refused: { ...over, moves: false },
  'broken-off': { ...over, moves: false },
};

/** What a transfer that has begun may come to: RFC 959 §5.4. */
const breaksOff: ReadonlySet<number> = new Set([425, 426, 451, 551, 552]);

export function eventOf({ class: kind, code }: Reply): Event {
  if (kind === 1) return 'announce';
  if (kind < 4) return 'done';
  return breaksOff.has(code) ? 'break-off' : 'refuse';
}

/** What an event makes of a state. @throws Error where the event is not allowed: a fault of ours, never the server's. */
export function next(state: State, event: Event): State {
  const then = table[state][event];
  if (then === undefined) throw new Error(`a transfer that is "${state}" can't "${event}"`);
  return then;
}
