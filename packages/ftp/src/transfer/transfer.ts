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
  deadline,
  type FivewireError,
  isFivewireError,
  onAbort,
  type Reply,
  TimeoutError,
  TransferError,
  timedOut,
} from '@fivewire/line-protocol';
import { command, type Dialogue, noteReply } from '../session/dialogue.js';
import { hintFor, rejected, saysAbsent } from '../session/failures.js';
import { hasFeature, type Session } from '../session/session.js';
import type { CallOptions } from '../types.js';
import { Ahead } from './ahead.js';
import { type DataConnection, openData } from './data-connection.js';
import { ended, Halt, handshakeOut, leave } from './data-flow.js';
import { StallWatch, within } from './deadline.js';
import { deflated, inflated } from './mode-z.js';
import { Noops } from './noops.js';
import { Unopened, unannounced } from './unopened.js';

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
 * From the command to its final reply.
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
  const stop = whenAborted(signal, line);
  const noops = new Noops(dialogue);
  const answerDue = () =>
    deadline(dialogue.timeout, () =>
      dialogue.connection.fail(
        timedOut({ phase: 'command', timeout: dialogue.timeout, command: line.masked }),
      ),
    );
  let timely = answerDue();
  const silence = unannounced(() => data.ready, plan.sends ?? false, dialogue.timeout);
  let pending = firstReply(dialogue, line);
  let unopened: Unopened | undefined;
  try {
    const first = await Promise.race(
      secureData === undefined ? [pending, silence.begins, stop.promise] : [pending, stop.promise],
    );
    timely();
    silence.forget();
    const unanswered = first === undefined ? pending : undefined;
    if (first === undefined) pending = lastOf(pending, dialogue, line, noops);
    else if (first.class >= 4) throw dialogue.connection.locate(rejected(first, line.masked));
    else if (first.class === 3) {
      throw dialogue.connection.malformed('1yz or 2yz', `${first.code} ${first.text}`);
    }
    const opening = first?.class === 1 ? first : undefined;
    secureData?.();
    if (opening !== undefined) {
      pending = finalReply(dialogue, line, noops);
      noops.start(session.noopInterval);
      if (!plan.sends) ahead?.begun(plan.row?.octets());
    } else if (first !== undefined) {
      unopened = new Unopened(dialogue, line, first);
      pending = unopened.last;
    }
    pending.then(
      (reply) => reply.class >= 4 && data.destroy(),
      () => data.destroy(),
    );
    let broken: unknown;
    try {
      await Promise.race([move(session, plan, data, opening, unopened), stop.promise]);
      if (plan.sends && opening !== undefined) ahead?.sent();
    } catch (error) {
      if (error instanceof Halt || signal?.aborted) throw error;
      broken = error;
      data.destroy();
    }
    if (unanswered !== undefined) {
      timely = answerDue();
      unanswered.then(timely, timely);
    }
    // The refusal that it would have been before octets moved, unless its code is one of those that break off: RFC 959 §5.4.
    const isRefusal = async ({ code }: Reply): Promise<boolean> =>
      unopened !== undefined
        ? unopened.opening === undefined
        : unanswered !== undefined && (await unanswered).code === code && !breaks.has(code);
    // What came shows that the server served. Where nothing did, or this side sent, a refusal may still be on its way; an empty listing is
    // asked about again anyhow.
    const isFile = plan.row !== undefined;
    unopened?.over(plan.sends === true || (isFile && plan.octets() === 0));
    noops.stop();
    dialogue.isMoving = false;
    const settling = settled(session, plan, pending, broken, noops, isRefusal);
    const last = await Promise.race([settling, stop.promise]).catch(async (error: unknown) => {
      if (!signal?.aborted && ahead?.isPending) await ahead.over(false);
      throw error;
    });
    if (!ahead?.isPending) await refusedBehind(dialogue, plan, last, broken);
    await ahead?.over(broken === undefined);
    const { closedCleanly, isSecure } = data;
    return {
      opening: opening ?? unopened?.opening,
      last,
      closedCleanly,
      isSecure,
      broken,
      size: ahead?.size,
    };
  } catch (error) {
    if (!(error instanceof Halt) && !signal?.aborted) throw error;
    unopened?.over(false);
    await recover(session, dialogue, plan, data, pending, noops, ahead?.isPending ?? false);
    const reason = error instanceof Halt ? error.reason : error;
    throw dialogue.connection.isOpen ? reason : closedMeanwhile(reason);
  } finally {
    timely();
    silence.forget();
    noops.stop();
    stop.forget();
  }
}

async function move(
  session: Session,
  plan: Plan,
  data: DataConnection,
  opening: Reply | undefined,
  unopened: Unopened | undefined,
): Promise<void> {
  const { timeouts } = session.transport;
  const { control } = session;
  // Done at once: what there is comes now, or never.
  const limit = unopened === undefined ? (plan.timeout ?? timeouts.stall) : timeouts.close;
  const began = performance.now();
  const onStall = () => {
    // It was not done, then, and the data is still to come.
    const goesOn = unopened?.opening !== undefined;
    if (goesOn && performance.now() - began < timeouts.stall) return watch.server();
    if (unopened === undefined || goesOn) control.connection.fail(stalled(plan, limit));
    data.destroy();
  };
  const watch = new StallWatch(limit, control.calls, onStall);
  control.calls.hold({ what: plan.line.masked, awaited: () => plan.awaited?.() });
  try {
    const stream = await (unopened !== undefined
      ? within(data.opened(), limit, () => data.destroy())
      : data.opened());
    if (!session.learned.deflates) await plan.move(stream, watch, opening);
    else if (!plan.sends) await plan.move(inflated(stream), watch, opening);
    else {
      const { body, flushed } = deflated(stream);
      await plan.move(body, watch, opening);
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
  pending: Promise<Reply>,
  broken: unknown,
  noops: Noops,
  isRefusal: (reply: Reply) => Promise<boolean>,
): Promise<Reply> {
  const { connection } = session.control;
  const { timeouts } = session.transport;
  // Of a server that lost the data connection no work is awaited.
  const limit =
    broken === undefined ? timeouts.finalReply : Math.min(timeouts.finalReply, timeouts.reply);
  const replies = async (): Promise<Reply> => {
    const last = await pending;
    await noops.settle();
    return last;
  };
  const reply = await within(noops.pending > 0 ? replies() : pending, limit, () => {
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
  const refuses = (plan.octets() === 0 && saysAbsent(reply)) || (await isRefusal(reply));
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

/** The first reply. A refusal that a preliminary reply stands right behind was another's notice. */
async function firstReply(dialogue: Dialogue, line: CommandLine): Promise<Reply> {
  const { connection } = dialogue;
  const first = await dialogue.reply(line, Number.POSITIVE_INFINITY);
  if (first.class < 4 || connection.buffered === 0) return first;
  const second = await dialogue.nextOfAny(line);
  noteReply(connection, second.class === 1 ? first : second);
  return second.class === 1 ? second : first;
}

/** The last reply, where not even the first has come. */
async function lastOf(
  first: Promise<Reply>,
  dialogue: Dialogue,
  line: CommandLine,
  noops: Noops,
): Promise<Reply> {
  const reply = await first;
  return reply.class === 1 ? finalReply(dialogue, line, noops) : reply;
}

/** What a transfer that has begun may come to. */
const breaks: ReadonlySet<number> = new Set([425, 426, 451, 551, 552]);

/** Waits without a limit of its own: how long it may take depends on the data. Further preliminary replies are skipped. */
async function finalReply(dialogue: Dialogue, line: CommandLine, noops: Noops): Promise<Reply> {
  let reply = await dialogue.reply(line, Infinity);
  while (reply.class === 1 || noops.takes(reply)) reply = await dialogue.reply(line, Infinity);
  return reply;
}

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
async function recover(
  session: Session,
  dialogue: Dialogue,
  plan: Plan,
  data: DataConnection,
  pending: Promise<Reply>,
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
    let reply = await within(pending, close, ask);
    if (!asked && reply.class === 1)
      reply = await within(finalReply(dialogue, line, noops), close, ask);
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
function closedMeanwhile(reason: unknown): unknown {
  if (isFivewireError(reason)) Object.assign(reason, { connection: 'closed', retry: 'reconnect' });
  return reason;
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
