/** What a server can be told to do wrong, so that a client's answer to it can be tested. */

/** Where octets are counted: those that the server has sent on this connection, before encryption, greeting included. */
export interface Faults {
  /** Milliseconds that pass before each thing that the server says, as on a long way. */
  latency?: number;
  /** Every octet is a write (and, under TLS, a record) of its own. */
  octetByOctet?: boolean;
  /** After this many octets the connection ends, as `cut` says. */
  cutAfter?: number;
  /**
   * How a connection is cut. `'fin'` (default): TCP ends, under TLS without close_notify. `'close-notify'`: TLS ends
   * as it should, in mid-sentence. `'reset'`: a TCP reset.
   */
  cut?: 'fin' | 'close-notify' | 'reset';
  /** After this many octets the server falls silent, but keeps the connection open. */
  stallAt?: number;
  /** Text in the same segment as the go-ahead to STARTTLS, behind it. */
  injectAfterStartTls?: string | Uint8Array;
  /** What is answered to STARTTLS instead of the go-ahead, without CRLF. No TLS follows. IMAP: without tag. */
  refuseStartTls?: string;
  /** After the go-ahead to STARTTLS these octets instead of a handshake; an empty text is silence. */
  insteadOfHandshake?: string | Uint8Array;
  /** Text that is sent over and over, from the moment that this many octets went out. */
  flood?: { after?: number; text: string; total?: number };
  /** Replaces the greeting; without CRLF. */
  greeting?: string;
  /** Untagged or unasked text in front of the next answers, CRLF included. */
  prefix?: string;
  /** Goodbyes are said without TLS's close_notify: a truncation that a client has to see. */
  withoutCloseNotify?: boolean;
}

/** Faults of one server: the same for every connection, or chosen by its number (from 0). */
export type FaultPlan = Faults | ((connection: number) => Faults | undefined);

export function faultsFor(plan: FaultPlan | undefined, connection: number): Faults {
  return (typeof plan === 'function' ? plan(connection) : plan) ?? {};
}
