/** What a server may make this process hold. A hostile one costs at most this much. */
import { defaultGrammarLimits, type GrammarLimits } from './grammar/lexer.js';

export interface ImapLimits extends GrammarLimits {
  /** Octets of one line. Default 16 MiB: a SEARCH that finds two million messages is one line. */
  lineOctets: number;
  /** Octets of one response, lines and kept literals together. Default 32 MiB. */
  responseOctets: number;
  /**
   * Octets of one literal that is kept in memory: a header, a long subject, a body that `fetch` was asked for. Longer
   * bodies are streamed. Default 1 MiB.
   */
  literalOctets: number;
  /** Octets of rows or of a body that wait for a slow consumer while another call needs the connection. Default 16 MiB. */
  bufferedOctets: number;
  /** Octets of a body of unknown size that `append` may keep in a temporary file. Default 1 GiB. */
  spooledOctets: number;
  /** Mailboxes in one LIST. Default 500,000. */
  mailboxes: number;
  /** Lines between two answers that are no responses at all. Default 100. */
  junkLines: number;
  /** Responses in a row that answer nothing we asked. Default 100,000. */
  unsolicited: number;
}

export const defaultLimits: ImapLimits = {
  ...defaultGrammarLimits,
  lineOctets: 16 << 20,
  responseOctets: 32 << 20,
  literalOctets: 1 << 20,
  bufferedOctets: 16 << 20,
  spooledOctets: 1 << 30,
  mailboxes: 500_000,
  junkLines: 100,
  unsolicited: 100_000,
};
