/**
 * How far a session has come: RFC 9051 §3 and its figure. States and events, which event may follow, and what each state means. Pure: it
 * writes and reads nothing.
 */
import type { Phase } from 'tls-context-core';

export type State =
  /** Connected; the server has the first word. */
  | 'opened'
  /** Greeted in clear, and TLS has to come first. */
  | 'in-clear'
  | 'not-authenticated'
  /** The dialogue of a login is under way. */
  | 'logging-in'
  | 'authenticated'
  /** SELECT or EXAMINE is out: what comes is about the new mailbox. */
  | 'selecting'
  | 'selected'
  /** The server has said BYE. */
  | 'logout';

export type Event =
  /** `* OK`. */
  | 'greeted'
  /** `* OK`, and STARTTLS follows. */
  | 'greeted-in-clear'
  /** `* PREAUTH`. */
  | 'preauthenticated'
  /** TLS is there: all that was said before is forgotten. */
  | 'secured'
  | 'login'
  | 'login-accepted'
  | 'login-refused'
  | 'select'
  | 'select-accepted'
  /** Refused, or given up: no mailbox is selected (RFC 9051 §6.3.2). */
  | 'select-refused'
  /** UNSELECT, or the server's [CLOSED]. */
  | 'unselected'
  | 'unauthenticated'
  | 'bye';

type Row = Readonly<Partial<Record<Event, State>>>;

const table: Readonly<Record<State, Row>> = {
  opened: { greeted: 'not-authenticated', 'greeted-in-clear': 'in-clear', preauthenticated: 'authenticated', bye: 'logout' },
  // Anyone may say BYE in clear: like all that is said before TLS, it is forgotten.
  'in-clear': { secured: 'not-authenticated', bye: 'in-clear' },
  'not-authenticated': { login: 'logging-in', bye: 'logout' },
  'logging-in': { 'login-accepted': 'authenticated', 'login-refused': 'not-authenticated', bye: 'logout' },
  authenticated: { select: 'selecting', unselected: 'authenticated', unauthenticated: 'not-authenticated', bye: 'logout' },
  selecting: { 'select-accepted': 'selected', 'select-refused': 'authenticated', unselected: 'selecting', bye: 'logout' },
  selected: { select: 'selecting', unselected: 'authenticated', unauthenticated: 'not-authenticated', bye: 'logout' },
  // Answers to what is out may still come; none leads back.
  logout: {
    login: 'logout', 'login-accepted': 'logout', 'login-refused': 'logout', select: 'logout', 'select-accepted': 'logout', 'select-refused': 'logout',
    unselected: 'logout', unauthenticated: 'logout', secured: 'logout', bye: 'logout',
  },
}; // biome-ignore format: one state, one row

interface Meaning {
  /** What errors say where no command is on the wire. */
  readonly phase: Phase;
  /** The server knows who we are. */
  readonly loggedIn: boolean;
  /** Lines that are no responses are noted instead of ending the session: not before the login, where an attack may hang on them. */
  readonly forgivesJunk: boolean;
  /** AUTHENTICATE and LOGIN are allowed. */
  readonly mayLogIn: boolean;
  /** SELECT and EXAMINE are allowed. */
  readonly maySelect: boolean;
}

const early = { loggedIn: false, forgivesJunk: false, mayLogIn: false, maySelect: false };
const late = { phase: 'command', loggedIn: true, forgivesJunk: true, mayLogIn: false } as const;

export const meaning: Readonly<Record<State, Meaning>> = {
  opened: { ...early, phase: 'greeting' },
  'in-clear': { ...early, phase: 'starttls' },
  'not-authenticated': { ...early, phase: 'command', mayLogIn: true },
  'logging-in': { ...early, phase: 'auth' },
  authenticated: { ...late, maySelect: true },
  selecting: { ...late, maySelect: false },
  selected: { ...late, maySelect: true },
  logout: { ...late, phase: 'close', loggedIn: false, maySelect: false },
};

/** What an event makes of a state. @throws Error where the event is not allowed: a fault of ours, never the server's. */
export function next(state: State, event: Event): State {
  const then = table[state][event];
  if (then === undefined) throw new Error(`a session that is "${state}" can't "${event}"`);
  return then;
}
