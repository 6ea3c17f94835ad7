/**
 * How far a message has come, as the client sees it: RFC 5321 §3.3, RFC 3030 §2. States and events, which event may follow, and
 * what each state means for an abort, for a lost connection and for the message behind. Pure: it writes and reads nothing.
 */

export type State =
  /** Nothing is written. */
  | 'queued'
  /** The envelope is written; the replies to the message before come first. */
  | 'offered'
  /** It is our turn to read: the replies to the envelope. */
  | 'answering'
  /** A recipient is accepted. The server waits for DATA, a chunk or a URL. */
  | 'ready'
  /** DATA is written alone; 354 has to come. */
  | 'asked'
  /** The server takes the message. */
  | 'body'
  /** The end of the message is written; its fate is open. */
  | 'sent'
  /** It is taken back: RSET, or the lone dot of a message without recipients, has to be answered, or is yet to be said. */
  | 'clearing'
  /** Answered, and the connection is fit for the next. */
  | 'over'
  /** The connection has gone. */
  | 'lost';

export type Event =
  /** The envelope is written. */
  | 'offer'
  /** Envelope and whole message are written in one group. */
  | 'send-whole'
  /** All replies before ours have been read. */
  | 'turn'
  /** The envelope is answered, and a recipient is accepted. */
  | 'accepted'
  /** DATA is written. */
  | 'ask'
  /** 354, and a recipient is accepted. */
  | 'go-ahead'
  /** The first chunk is about to be written. */
  | 'begin'
  /** The end of the message is about to be written. */
  | 'end'
  /** Refused, withdrawn or broken off, in a way that the server has to be told. */
  | 'withdraw'
  /** Refused in a way that leaves no transaction behind. */
  | 'refused'
  /** The server has said what becomes of the message. */
  | 'fate'
  /** The server has forgotten the transaction. */
  | 'cleared'
  /** The connection has gone, or was ended for this message's sake. */
  | 'lost';

type Row = Readonly<Partial<Record<Event, State>>>;

const table: Readonly<Record<State, Row>> = {
  queued: { offer: 'offered', 'send-whole': 'sent', lost: 'lost' },
  offered: { turn: 'answering', lost: 'lost' },
  answering: {
    accepted: 'ready', 'go-ahead': 'body', withdraw: 'clearing', refused: 'over', lost: 'lost',
  },
  ready: { ask: 'asked', begin: 'body', end: 'sent', withdraw: 'clearing', lost: 'lost' },
  asked: { 'go-ahead': 'body', withdraw: 'clearing', lost: 'lost' },
  body: { end: 'sent', withdraw: 'clearing', lost: 'lost' },
  sent: { fate: 'over', withdraw: 'clearing', lost: 'lost' },
  clearing: { cleared: 'over', lost: 'lost' },
  over: {},
  lost: {},
}; // biome-ignore format: one state, one row

/** What an event makes of a state. @throws Error where the event is not allowed: a fault of ours, never the server's. */
export function next(state: State, event: Event): State {
  const then = table[state][event];
  if (then === undefined) throw new Error(`a message that is "${state}" can't "${event}"`);
  return then;
}

/** Where one message is. */
export class Progress {
  state: State;
  /** The caller has given the message up, which ends the connection once our turn to read has come: gives the error. */
  givenUp: (() => Error) | undefined;

  constructor(state: State = 'queued') {
    this.state = state;
  }

  to(event: Event): void {
    this.state = next(this.state, event);
  }

  get meaning(): Meaning {
    return meaning[this.state];
  }
}

/** What an AbortSignal may still do. */
export type AbortEffect =
  /** Nothing is written: the message is dropped. */
  | 'drop'
  /** The message before must not be harmed: the connection ends when our turn to read comes. */
  | 'end-in-turn'
  /** The server waits for us: the connection ends, so that nothing is delivered, whole or in part. */
  | 'end'
  /** The end is written: only the caller's waiting ends. */
  | 'leave';

interface Meaning {
  abort: AbortEffect;
  /** The connection goes now: was the message delivered? */
  delivered: 'no' | 'unknown' | 'known';
  /** Another message may be written behind it (RFC 2920 §3.1), where messages are grouped. */
  mayFollow: boolean;
  /** What follows says RSET first: the server may still hold this transaction open. */
  resetFirst: boolean;
}

export const meaning: Readonly<Record<State, Meaning>> = {
  queued: { abort: 'drop', delivered: 'no', mayFollow: false, resetFirst: false },
  offered: { abort: 'end-in-turn', delivered: 'no', mayFollow: false, resetFirst: false },
  answering: { abort: 'end', delivered: 'no', mayFollow: false, resetFirst: false },
  ready: { abort: 'end', delivered: 'no', mayFollow: false, resetFirst: false },
  asked: { abort: 'end', delivered: 'no', mayFollow: false, resetFirst: false },
  body: { abort: 'end', delivered: 'no', mayFollow: false, resetFirst: false },
  sent: { abort: 'leave', delivered: 'unknown', mayFollow: true, resetFirst: true },
  clearing: { abort: 'end', delivered: 'no', mayFollow: true, resetFirst: true },
  over: { abort: 'leave', delivered: 'known', mayFollow: true, resetFirst: false },
  lost: { abort: 'leave', delivered: 'known', mayFollow: false, resetFirst: false },
};
