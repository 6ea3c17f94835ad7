/** An envelope without a message: MAIL, RCPT and RSET. Nobody gets anything. */
import { Readable } from 'node:stream';
import { BodySource } from './body-source.js';
import { prepareMessage } from './message.js';
import type { Session } from './session.js';
import { Transaction } from './transaction.js';
import type { CallOptions, Envelope, ProbeResult } from './types.js';

export function probe(
  session: Session,
  envelope: Envelope,
  options: CallOptions,
): Promise<ProbeResult> {
  // A stream: of a message that is yet to be written nothing is known, its size least of all.
  const unwritten = new BodySource(Readable.from([]));
  const message = prepareMessage(session, envelope, unwritten, options, false);
  return session.queue.run((turn) => new Transaction(session, message, turn, () => {}).probe(), {
    signal: options.signal,
    phase: 'command',
    command: message.mail.masked,
  });
}
