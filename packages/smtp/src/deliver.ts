/** One message from the call to its fate: made ready, put in the queue, sent in its turn. */
import { isFivewireError } from '@fivewire/line-protocol';
import { runAbortable } from './abort.js';
import type { BodySource } from './body-source.js';
import { carryOut } from './carry-out.js';
import { judgeHeader, prepareMessage } from './message.js';
import type { Session } from './session.js';
import { Transaction } from './transaction.js';
import { type Event, Progress } from './transaction-states.js';
import type { Envelope, Extensions, SendOptions, SendResult } from './types.js';

/** By this key of the options `@fivewire/compose` asks to be told how far a message comes, for what nodemailer's users read. */
const followed = Symbol.for('fivewire.progress');

type Follow = (event: Event, place: { extensions: Extensions; host: string }) => void;

class FollowedProgress extends Progress {
  readonly #follow: Follow;
  readonly #session: Session;

  constructor(session: Session, follow: Follow) {
    super();
    this.#session = session;
    this.#follow = follow;
  }

  override to(event: Event): void {
    super.to(event);
    const { extensions, transport } = this.#session;
    this.#follow(event, { extensions, host: transport.host });
  }
}

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
    const { [followed]: follow } = options as { [followed]?: Follow };
    const progress = follow === undefined ? new Progress() : new FollowedProgress(session, follow);
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
