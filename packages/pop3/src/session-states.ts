/**
 * How far a session has come: RFC 1939 §3 and its figures, with the stretches between. States and events, which event may follow, and what each
 * state means. Pure: it writes and reads nothing.
 */
import type { Phase } from '@fivewire/line-protocol';

export type State =
  /** Connected; the server has the first word. */
  | 'opened'
  /** Greeted in clear, and TLS has to come first. */
  | 'in-clear'
  /** RFC 1939 §4. A caller who gives no `auth` stays here. */
  | 'authorization'
  /** One that is refused ends the connection. */
  | 'logging-in'
  /** §5. */
  | 'transaction'
  /** A message was longer or shorter than LIST said: a reply may be another command's where two are under way. */
  | 'one-by-one'
  /** QUIT is out, and what was marked may be gone or not. */
  | 'leaving'
  /** §6: what was marked is gone. */
  | 'updated'
  /** QUIT was refused: not all that was marked is gone. */
  | 'not-updated';

export type Event =
  | 'greeted'
  /** The greeting, and STLS follows. */
  | 'greeted-in-clear'
  /** TLS is there: all that was said before is forgotten. */
  | 'secured'
  | 'login'
  | 'login-accepted'
  /** A message had another length than LIST said. */
  | 'surprised'
  | 'quit'
  | 'quit-accepted'
  | 'quit-refused';

type Row = Readonly<Partial<Record<Event, State>>>;

const table: Readonly<Record<State, Row>> = {
  opened: { greeted: 'authorization', 'greeted-in-clear': 'in-clear' },
  'in-clear': { secured: 'authorization' },
  authorization: { login: 'logging-in', surprised: 'one-by-one', quit: 'leaving' },
  'logging-in': { 'login-accepted': 'transaction' },
  transaction: { surprised: 'one-by-one', quit: 'leaving' },
  'one-by-one': { surprised: 'one-by-one', quit: 'leaving' },
  // What was asked for before QUIT is read before its reply.
  leaving: { surprised: 'leaving', 'quit-accepted': 'updated', 'quit-refused': 'not-updated' },
  updated: {},
  'not-updated': {},
}; // biome-ignore format: one state, one row

interface Meaning {
  /** What errors say of CAPA, which is asked in several states. */
  readonly phase: Phase;
  /** Commands may go out before the replies to those before them have come, where the server has PIPELINING. */
  readonly mayPipeline: boolean;
  /** Whether what was marked as deleted is gone, should the session end here. */
  readonly committed: boolean | 'unknown';
}

const early = { phase: 'capabilities', mayPipeline: false, committed: false } as const;

export const meaning: Readonly<Record<State, Meaning>> = {
  opened: { ...early, phase: 'greeting' },
  'in-clear': { ...early, phase: 'starttls' },
  authorization: { ...early, mayPipeline: true },
  'logging-in': { ...early, phase: 'auth' },
  transaction: { ...early, mayPipeline: true },
  'one-by-one': early,
  leaving: { ...early, committed: 'unknown' },
  updated: { ...early, committed: true },
  'not-updated': early,
};

/** What an event makes of a state. @throws Error where the event is not allowed: a fault of ours, never the server's. */
export function next(state: State, event: Event): State {
  const then = table[state][event];
  if (then === undefined) throw new Error(`a session that is "${state}" can't "${event}"`);
  return then;
}
