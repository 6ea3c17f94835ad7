/** An envelope without a message: MAIL, RCPT and RSET. No recipient gets anything. */
import { Readable } from 'node:stream';
import { BodySource } from './body-source.js';
import { carryOut } from './carry-out.js';
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
  const transaction = new Transaction(session, message);
  return session.queue.run((turn) => carryOut(session, transaction, transaction.probe(), turn), {
    signal: options.signal,
    phase: 'command',
    command: message.mail,
  });
}
