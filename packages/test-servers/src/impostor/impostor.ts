/**
 * What a hostile server says instead of the truth, or an attacker on the way to an honest one. Whatever the description does
 * not name is answered by the server itself, so that an attack is exactly as long as its description.
 */

/**
 * Octets to send; a text goes out as UTF-8, with nothing added: CRLF is part of it. `<tag>` in a text is the tag of IMAP's
 * command, `<tag+1>` the one that a client who counts will use next.
 */
export type Words = string | Uint8Array;

export interface Reaction {
  /** What is said, where a list is: each in a segment of its own. Default: nothing. */
  say?: Words | readonly Words[];
  /** Each of the words in two segments, cut at this octet. */
  cutAt?: number;
  /**
   * What the client's next octets are answered with, whatever they are: a ClientHello, for instance, which is gone then, so that
   * no handshake can follow.
   */
  answer?: Words;
  /**
   * What comes then. `'listen'` (default): the next command. `'tls'`: the handshake, as after STARTTLS. `'silence'`: nothing
   * ever, with the connection open. `'close'`: a polite end. `'reset'`: a TCP reset.
   */
  next?: 'listen' | 'tls' | 'silence' | 'close' | 'reset';
}

/** By the command's verb in upper case (`STARTTLS`, `CAPA`, `AUTH`). */
export type Reactions = Readonly<Record<string, Words | Reaction>>;

export interface Impostor {
  /** In place of the greeting. */
  greeting?: Words | Reaction;
  /** In place of the answers to commands that come in clear. */
  inClear?: Reactions;
  /** In place of the answers to commands that come under TLS. */
  underTls?: Reactions;
  /** Said unasked, once TLS is up, before the next command is read. */
  afterHandshake?: Words;
  /** The capabilities that are shown (EHLO's lines, CAPA's, FEAT's), whatever the server can do. Default: the true ones. */
  claims?: Claims;
}

/** By the state of the connection in which they are asked for. */
export interface Claims {
  inClear?: readonly string[];
  /** In clear, after a PREAUTH greeting or a login. */
  loggedInInClear?: readonly string[];
  underTls?: readonly string[];
  loggedIn?: readonly string[];
}
