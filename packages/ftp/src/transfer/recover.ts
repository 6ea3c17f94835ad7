/** Back in step after this side stopped a transfer: the data connection is left in a way that servers survive, and the replies are read to their end. */
import type { Duplex } from 'node:stream';
import { isFivewireError, type Reply, TimeoutError } from '@fivewire/line-protocol';
import { command, type Dialogue } from '../session/dialogue.js';
import type { Session } from '../session/session.js';
import type { DataConnection } from './data-connection.js';
import { ended, handshakeOut, leave } from './data-flow.js';
import { within } from './deadline.js';
import type { Noops } from './noops.js';
import type { Plan } from './transfer.js';

const abor = command('ABOR');
const noop = command('NOOP');
const pwd = command('PWD');

/**
 * Gives the data connection up in a way that servers survive. vsftpd and Pure-FTPd end the whole session where a handshake is cut off,
 * or an upload ends without close_notify; ProFTPD where it is reset while it sends. So under TLS the handshake comes to its end
 * first; then an upload ends properly, and of a download ABOR is asked and the rest thrown away, for a moment: vsftpd sends on.
 *
 * @returns whether ABOR has been sent, and NOOP behind it
 */
async function leaveData(
  { transport }: Session,
  dialogue: Dialogue,
  plan: Plan,
  data: DataConnection,
): Promise<boolean> {
  let asked = false;
  if (transport.context !== undefined) {
    const goodbye = async () => {
      const stream = await data.ready;
      leave(stream);
      await handshakeOut();
      if (plan.sends) return ended(stream);
      asked = true;
      dialogue.send(abor, noop);
      await within(over(stream), Math.min(restPatience, transport.timeouts.close), () =>
        data.destroy(),
      );
    };
    await within(goodbye(), transport.timeouts.close, () => data.destroy()).catch(() => {});
  }
  data.destroy();
  return asked;
}

/** How long the rest of a download is thrown away for, in milliseconds. */
const restPatience = 300;

function over(stream: Duplex): Promise<void> {
  if (stream.readableEnded || stream.destroyed) return Promise.resolve();
  return new Promise((resolve) => {
    stream.once('end', resolve).once('close', resolve);
  });
}

/**
 * Gets back in step after this side stopped, or closes. Most servers see the data connection go and end the command by themselves;
 * the others get ABOR, RFC 959 §4.1.3, whose replies are one or two and come in any order (426 and 226, 226 and 225, 225 alone):
 * NOOP behind it marks their end. Under TLS NOOP is asked in any case: some servers say 426 and leave.
 */
export async function recover(
  session: Session,
  dialogue: Dialogue,
  plan: Plan,
  data: DataConnection,
  last: Promise<Reply>,
  noops: Noops,
  isMore: boolean,
): Promise<void> {
  const { line } = plan;
  noops.stop();
  const { connection } = dialogue;
  const { timeouts, context } = session.transport;
  const { close } = timeouts;
  let asked = await leaveData(session, dialogue, plan, data);
  const ask = () => {
    if (asked) return;
    asked = true;
    if (connection.isOpen) dialogue.send(abor, noop);
  };
  const inStep = async (): Promise<void> => {
    if (isMore) ask(); // what was asked ahead is answered before NOOP is
    let reply = await within(last, close, ask);
    if (!asked && context !== undefined) {
      dialogue.send(noop);
      await dialogue.final(noop, Infinity);
    }
    // Each NOOP before the one that marks the end has an answer too.
    let marks = asked ? noops.pending + 1 : 0;
    let isMarked = false;
    // Pure-FTPd drops what came along with ABOR: then PWD marks the end, whose reply is no other command's.
    const mark = () => {
      if (isMarked || !connection.isOpen) return;
      isMarked = true;
      dialogue.send(pwd);
    };
    while (marks > 0 || isMarked) {
      if (reply.code === 200) marks -= 1;
      if (isMarked && (reply.code === 257 || (reply.class === 5 && marks <= 0))) break;
      if (marks > 0 || isMarked) {
        const patience = Math.min(restPatience, close);
        reply = await within(dialogue.next(abor, Infinity), patience, mark);
      }
    }
    if (!asked) await noops.settle();
  };
  const limit = close * 3;
  await within(inStep(), limit, () => {
    connection.fail(
      new TimeoutError(`No end of ${line.masked} after ABOR.`, {
        milliseconds: limit,
        phase: 'transfer',
        command: 'ABOR',
      }),
    );
  }).catch(() => {}); // the connection keeps its error for the next call; this one has its own
}

/** The call has failed for its own reason, and the connection did not outlive it. */
export function closedMeanwhile(reason: unknown): unknown {
  if (isFivewireError(reason)) Object.assign(reason, { connection: 'closed', retry: 'reconnect' });
  return reason;
}
