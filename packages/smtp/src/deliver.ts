/** One message from the call to its fate: made ready, put in the queue, sent in its turn. */
import { isFivewireError } from '@fivewire/line-protocol';
import { runAbortable } from './abort.js';
import type { BodySource } from './body-source.js';
import { carryOut } from './carry-out.js';
import { judgeHeader, prepareMessage } from './message.js';
import type { Session } from './session.js';
import { Transaction } from './transaction.js';
import { Progress } from './transaction-states.js';
import type { Envelope, SendOptions, SendResult } from './types.js';

/** @param grouped lets the next message be written before the fate of this one is known */
export async function deliver(
  session: Session,
  envelope: Envelope,
  source: BodySource,
  options: SendOptions,
  grouped: boolean,
): Promise<SendResult> {
  try {
    const message = prepareMessage(session, envelope, source, options, grouped);
    const progress = new Progress();
    return await runAbortable(
      session,
      source,
      progress,
      { signal: options.signal, command: message.mail },
      async (turn) => {
        const transaction = new Transaction(session, judgeHeader(session, message), progress);
        return carryOut(session, transaction, transaction.run(), turn);
      },
    );
  } catch (error) {
    throw isFivewireError(error) ? session.connection.locate(error) : error;
  }
}
