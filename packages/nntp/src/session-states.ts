/**
 * How far a session has come: RFC 3977 §5, RFC 4642, RFC 4643, RFC 8054. States and events, which event may follow, and what each state means.
 * Pure: it writes and reads nothing. Which newsgroup is selected is another matter: selection.ts.
 */
import type { Phase } from '@fivewire/line-protocol';

export type State =
  /** Connected; the server has the first word. */
  | 'opened'
  /** Greeted in clear, and TLS has to come first. */
  | 'in-clear'
  /** The server does not know us, and may never ask. */
  | 'anonymous'
  | 'logging-in'
  /** It may ask for a login again (480): some forget one after a while. */
  | 'logged-in'
  /** COMPRESS is in effect. The length of a secret would tell of it, so no login follows (RFC 8054 §2.2.2). */
  | 'compressed';

export type Event =
  | 'greeted'
  /** The greeting, and STARTTLS follows. */
  | 'greeted-in-clear'
  /** TLS is there: all that was said before is forgotten. */
  | 'secured'
  | 'login'
  | 'login-accepted'
  | 'login-refused'
  | 'compress-accepted';

type Row = Readonly<Partial<Record<Event, State>>>;

const table: Readonly<Record<State, Row>> = {
  opened: { greeted: 'anonymous', 'greeted-in-clear': 'in-clear' },
  'in-clear': { secured: 'anonymous' },
  anonymous: { login: 'logging-in', 'compress-accepted': 'compressed' },
  'logging-in': { 'login-accepted': 'logged-in', 'login-refused': 'anonymous' },
  'logged-in': { login: 'logging-in', 'compress-accepted': 'compressed' },
  compressed: {},
}; // biome-ignore format: one state, one row

interface Meaning {
  /** What errors say of CAPABILITIES, which is asked in several states. */
  readonly phase: Phase;
  /** AUTHINFO is allowed. */
  readonly mayLogIn: boolean;
  /** AUTHINFO is under way. */
  readonly loggingIn: boolean;
}

export const meaning: Readonly<Record<State, Meaning>> = {
  opened: { phase: 'greeting', mayLogIn: false, loggingIn: false },
  'in-clear': { phase: 'starttls', mayLogIn: false, loggingIn: false },
  anonymous: { phase: 'capabilities', mayLogIn: true, loggingIn: false },
  'logging-in': { phase: 'auth', mayLogIn: false, loggingIn: true },
  'logged-in': { phase: 'capabilities', mayLogIn: true, loggingIn: false },
  compressed: { phase: 'capabilities', mayLogIn: false, loggingIn: false },
};

/** What an event makes of a state. @throws Error where the event is not allowed: a fault of ours, never the server's. */
export function next(state: State, event: Event): State {
  const then = table[state][event];
  if (then === undefined) throw new Error(`a session that is "${state}" can't "${event}"`);
  return then;
}
