/**
 * One transfer: a port, a command, octets, a final reply. RFC 959 §5.4, RFC 4217 §12.
 *
 * The replies and the data come on two connections and in any order: 226 before the last octet and after it, 2xx
 * without 1xx, a refusal in the middle. Whatever happens to the data, the replies are read to their end, so that the
 * control connection outlives it.
 */
import type { Duplex } from 'node:stream';
import {
  aborted,
  type CommandLine,
  type FivewireError,
  isFivewireError,
  onAbort,
  type Reply,
  TimeoutError,
  TransferError,
} from '@fivewire/line-protocol';
import { command, type Dialogue, noteReply } from '../session/dialogue.js';
import { hintFor, rejected, saysAbsent } from '../session/failures.js';
import { hasFeature, type Session } from '../session/session.js';
import type { CallOptions } from '../types.js';
import { Ahead } from './ahead.js';
import { type DataConnection, openData } from './data-connection.js';
import { Halt } from './data-flow.js';
import { StallWatch, within } from './deadline.js';
import { deflated, inflated } from './mode-z.js';
import { Noops } from './noops.js';
import { closedMeanwhile, recover } from './recover.js';
import { TransferReplies } from './transfer-replies.js';
import { unannounced } from './unopened.js';

export interface Plan extends CallOptions {
  /** RETR, STOR, LIST, … */
  line: CommandLine;
  /** A command whose reply is wanted before it, sent along with EPSV. */
  alongside?: CommandLine | undefined;
  /** Runs between the port and the command, where REST must stand. */
  prepare?(alongside: Reply | undefined): Promise<void>;
  /** A file's, which others may follow. `size`: what asks for the size that arrived. `octets`: how long a download is, where that is known. */
  row?: { size: CommandLine | undefined; octets(): number | undefined } | undefined;
  /** Whether the end of TLS is to be watched. */
  observeCloseNotify(): boolean;
  /** Whether this side sends. */
  sends?: boolean;
  /** Moves the octets, to the end. */
  move(stream: Duplex, watch: StallWatch, opening: Reply | undefined): Promise<void>;
  /** A call waits behind this transfer: goes on without its consumer, where it can. */
  awaited?(): void;
  /** Octets moved so far, for errors. */
  octets(): number;
}

export interface Outcome {
  /** The preliminary reply; `undefined` where the server said at once that it is done. */
  opening: Reply | undefined;
  /** The final one. */
  last: Reply;
  closedCleanly: boolean | undefined;
  isSecure: boolean;
  /** What broke the data connection, though the server is content. */
  broken: unknown;
  /** What was said of the size that arrived, where `row.size` has been asked already. */
  size: Reply | undefined;
}

/**
 * @throws CommandError where the server refuses the command; TransferError ERR_TRANSFER_INCOMPLETE where it breaks off;
 * AbortError and whatever this side threw, with the session in step; TlsError where the data connection is not who it
 * must be, and that ends the session.
 */
export async function transfer(session: Session, dialogue: Dialogue, plan: Plan): Promise<Outcome> {
  const { signal, line } = plan;
  if (session.active === undefined && hasFeature(session, 'PRET')) await announce(dialogue, line);
  const ahead = plan.row && new Ahead(session, dialogue, plan.row.size);
  await ahead?.prepare();
  const { data, alongside } = await openData(session, dialogue, signal, plan.alongside);
  try {
    await plan.prepare?.(alongside);
    if (signal?.aborted) throw aborted(signal, { command: line.masked }, 'usable');
    dialogue.isMoving = true;
    dialogue.send(line);
    dialogue.settlesAborts = true;
    const secureData = (): void => {
      data.start(plan.observeCloseNotify());
      closeOnImpostor(session, data);
    };
    const waits = session.traits.hello === 'late';
    if (!waits) secureData();
    return await converse(session, dialogue, plan, data, ahead, waits ? secureData : undefined);
  } finally {
    data.destroy();
  }
}

/** PRET of DrFTPD and its kin: a server of many machines is told what will be asked, so that it can choose the one that listens. */
async function announce(dialogue: Dialogue, line: CommandLine): Promise<void> {
  const text = Buffer.from(line.octets).toString('latin1').trimEnd();
  await dialogue.ask(command('PRET', text)); // refused, it asks for the port alone
}

/**
 * From the command, which is out, to its last reply.
 *
 * @param secureData begins TLS, where that waits for the preliminary reply
 */
async function converse(
  session: Session,
  dialogue: Dialogue,
  plan: Plan,
  data: DataConnection,
  ahead: Ahead | undefined,
  secureData?: () => void,
): Promise<Outcome> {
  const { line, signal } = plan;
  const isUpload = plan.sends ?? false;
  const noops = new Noops(dialogue);
  const replies = new TransferReplies(dialogue, line, noops);
  const silence = unannounced(() => data.ready, isUpload, dialogue.timeout);
  const stop = whenAborted(signal, line);
  const orStop = <T>(work: Promise<T>): Promise<T> => Promise.race([work, stop.promise]);
  try {
    await orStop(replies.begun(secureData === undefined ? silence.begins : undefined));
    silence.forget();
    secureData?.();
    const isInOrder = replies.opening !== undefined;
    if (isInOrder) noops.start(session.noopInterval);
    if (isInOrder && !isUpload) ahead?.begun(plan.row?.octets());

    const end = () => data.destroy();
    replies.last.then(({ class: kind }) => kind >= 4 && end(), end);
    const broken = await orStop(move(session, plan, data, replies)).then(
      () => undefined,
      (error: unknown) => {
        if (error instanceof Halt || signal?.aborted) throw error;
        data.destroy();
        return error;
      },
    );
    if (isInOrder && isUpload && broken === undefined) ahead?.sent();

    // What came shows that the server served. Where nothing did, or this side sent, a refusal may still be on its way; an empty listing is
    // asked about again anyhow.
    replies.dataOver(isUpload || (plan.row !== undefined && plan.octets() === 0));
    noops.stop();
    dialogue.isMoving = false;
    const last = await orStop(settled(session, plan, replies, broken, noops)).catch(
      async (error: unknown) => {
        if (!signal?.aborted && ahead?.isPending) await ahead.over(false);
        throw error;
      },
    );
    if (!ahead?.isPending) await refusedBehind(dialogue, plan, last, broken);
    await ahead?.over(broken === undefined);
    const { closedCleanly, isSecure } = data;
    const opening = replies.opening ?? replies.lateOpening;
    return { opening, last, closedCleanly, isSecure, broken, size: ahead?.size };
  } catch (error) {
    if (!(error instanceof Halt) && !signal?.aborted) throw error;
    replies.givenUp();
    const isMore = ahead?.isPending ?? false;
    await recover(session, dialogue, plan, data, replies.last, noops, isMore);
    const reason = error instanceof Halt ? error.reason : error;
    throw dialogue.connection.isOpen ? reason : closedMeanwhile(reason);
  } finally {
    replies.forget();
    silence.forget();
    noops.stop();
    stop.forget();
  }
}

/** Moves the octets, to their end. Rejects with what broke the connection, or with a Halt of this side. */
async function move(
  session: Session,
  plan: Plan,
  data: DataConnection,
  replies: TransferReplies,
): Promise<void> {
  const { timeouts } = session.transport;
  const { control } = session;
  const isNowOrNever = !replies.is.moves;
  const limit = isNowOrNever ? timeouts.close : (plan.timeout ?? timeouts.stall);
  const began = performance.now();
  const onStall = () => {
    // Announced meanwhile, it was not done, and the data is still to come.
    if (isNowOrNever && replies.is.moves && performance.now() - began < timeouts.stall)
      return watch.server();
    if (replies.is.moves) control.connection.fail(stalled(plan, limit));
    data.destroy();
  };
  const watch = new StallWatch(limit, control.calls, onStall);
  control.calls.hold({ what: plan.line.masked, awaited: () => plan.awaited?.() });
  try {
    const opened = data.opened();
    const stream = await (isNowOrNever ? within(opened, limit, () => data.destroy()) : opened);
    if (!session.learned.deflates) await plan.move(stream, watch, replies.opening);
    else if (!plan.sends) await plan.move(inflated(stream), watch, replies.opening);
    else {
      const { body, flushed } = deflated(stream);
      await plan.move(body, watch, replies.opening);
      watch.server();
      await flushed;
    }
    // Servers wait for our close_notify before they say that it is done (vsftpd, FileZilla Server), and not all streams end by themselves.
    if (!stream.writableEnded && !stream.destroyed) stream.end();
  } finally {
    watch.stop();
    control.calls.hold(undefined);
  }
}

/** The final reply, once the data is over. */
async function settled(
  session: Session,
  plan: Plan,
  said: TransferReplies,
  broken: unknown,
  noops: Noops,
): Promise<Reply> {
  const { connection } = session.control;
  const { timeouts } = session.transport;
  // Of a server that lost the data connection no work is awaited.
  const limit =
    broken === undefined ? timeouts.finalReply : Math.min(timeouts.finalReply, timeouts.reply);
  const replies = async (): Promise<Reply> => {
    const last = await said.last;
    await noops.settle();
    return last;
  };
  const reply = await within(noops.pending > 0 ? replies() : said.last, limit, () => {
    connection.fail(
      new TimeoutError(`No final reply to ${plan.line.masked} within ${limit} ms.`, {
        milliseconds: limit,
        phase: 'transfer',
        command: plan.line.masked,
        hint: 'The data went over; the server is slow to say so: `timeouts.finalReply` allows more time.',
      }),
    );
  });
  if (reply.class < 4) return reply;
  // 150 and then a refusal, with nothing moved (IIS), is the refusal that it would have been at once; so is one behind another's notice.
  const refuses = said.state === 'refused' || (plan.octets() === 0 && saysAbsent(reply));
  throw connection.locate(
    refuses ? rejected(reply, plan.line.masked) : brokenOff(plan, reply, broken),
  );
}

/**
 * Nothing is asked, and more has come behind a positive reply: that was another's notice (`226 Quota`) where this is a refusal. A goodbye
 * is none.
 */
async function refusedBehind(
  dialogue: Dialogue,
  plan: Plan,
  last: Reply,
  broken: unknown,
): Promise<void> {
  const { connection } = dialogue;
  if (connection.buffered === 0 || !connection.isOpen) return;
  let reply: Reply;
  try {
    reply = await dialogue.next(plan.line);
  } catch (error) {
    if (isFivewireError(error)) return; // the transfer is over, and the next call sees that the connection is
    throw error;
  }
  noteReply(connection, reply.class >= 4 ? last : reply);
  if (reply.class >= 4) throw connection.locate(brokenOff(plan, reply, broken));
}

function brokenOff(plan: Plan, reply: Reply, broken: unknown): FivewireError {
  const cause = rejected(reply, plan.line.masked);
  const handshake = isFivewireError(broken) ? ` (${broken.message})` : '';
  return new TransferError(
    'ERR_TRANSFER_INCOMPLETE',
    `The server broke off ${plan.line.masked}: ${reply.code} ${cause.reply?.text ?? ''}${handshake}`,
    {
      octets: plan.octets(),
      cause,
      command: plan.line.masked,
      phase: 'transfer',
      connection: 'usable',
      retry: reply.class === 4 ? 'later' : 'never',
      hint: hintFor(reply) ?? 'What came or arrived is not whole: transfer it again.',
    },
  );
}

function stalled(plan: Plan, milliseconds: number): TimeoutError {
  return new TimeoutError(`Nothing moved for ${milliseconds} ms in ${plan.line.masked}.`, {
    milliseconds,
    phase: 'transfer',
    command: plan.line.masked,
    hint: 'The server or the network stopped; `timeouts.stall` allows more time.',
  });
}

/** Another identity on the data connection is no trouble of one transfer: an attacker may be between us and the server. */
function closeOnImpostor(session: Session, data: DataConnection): void {
  data.ready.catch((error: unknown) => {
    if (isFivewireError(error) && impostor.test(error.code)) session.control.connection.fail(error);
  });
}

const impostor = /^ERR_(?:CERTIFICATE_|SERVER_HOSTNAME_|TLS_ALPN)/;

function whenAborted(
  signal: AbortSignal | undefined,
  line: CommandLine,
): { promise: Promise<never>; forget(): void } {
  let forget = (): void => {};
  const promise = new Promise<never>((_, reject) => {
    if (signal === undefined) return;
    const stop = () => reject(aborted(signal, { command: line.masked }, 'usable'));
    if (signal.aborted) stop();
    else forget = onAbort(signal, stop);
  });
  promise.catch(() => {});
  return { promise, forget };
}
