/** BURL, RFC 4468: an envelope here, the message from an IMAP server. */
import { Readable } from 'node:stream';
import { BodySource } from './body-source.js';
import { carryOut } from './carry-out.js';
import { messageByUrl, prepareMessage } from './message.js';
import type { Session } from './session.js';
import { Transaction } from './transaction.js';
import type { Envelope, SendOptions, SendResult } from './types.js';

export async function sendUrl(
  session: Session,
  envelope: Envelope,
  url: string,
  options: SendOptions,
): Promise<SendResult> {
  // A stream: of a message that lies elsewhere nothing is known, its size least of all.
  const elsewhere = new BodySource(Readable.from([]));
  const prepared = prepareMessage(session, envelope, elsewhere, options, false);
  const message = messageByUrl(session, prepared, url);
  const transaction = new Transaction(session, message);
  return session.queue.run((turn) => carryOut(session, transaction, transaction.run(), turn), {
    signal: options.signal,
    phase: 'command',
    command: message.mail,
  });
}
