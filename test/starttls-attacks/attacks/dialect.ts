/** A protocol's words around STARTTLS: what the attacks of `rows.ts` are made of. */
import type { Client, Target } from '../targets/target.js';
import type { Outcome } from '../verdict.js';
import type { Row } from './row.js';

export interface Dialect<C extends Client = Client> {
  target: Target<C>;
  /** The command that asks for TLS. */
  startTls: string;
  /** The server's yes, CRLF included. */
  goAhead: string;
  /** The command whose answer offers TLS, and such an answer. FTP has none: the greeting comes right before AUTH. */
  offer: { command: string | undefined; answer: string };
  /** What the server says first. */
  greeting: string;
  /** What an attacker puts where it does not belong: an answer to the client's next command, most often. */
  injected: string;
  /** Answers in place of the go-ahead, without CRLF, and how they end. */
  refusals: readonly (readonly [string, Outcome])[];
  /** The answer to a command that nobody knows. */
  unknown: string;
  /** How it ends where that is the answer to `offer.command`. */
  withoutOffer: Outcome;
  /** How a go-ahead ends that is there before it was asked for. Default: as an injection. */
  early?: Outcome;
  /** Attacks on this protocol alone. */
  own: readonly Row[];
}
