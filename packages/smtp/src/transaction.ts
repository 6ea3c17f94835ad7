/**
 * One mail transaction from top to bottom: MAIL, RCPT, the message and its fate. RFC 5321 §3.3, RFC 2920 §3.1, RFC 2033 §4.2.
 *
 * It writes, and says what it waits for; carry-out.ts waits for one, lane.ts for many. How far it has come is in transaction-states.ts.
 */
import {
  commandLine,
  type FivewireError,
  isFivewireError,
  type Reply,
  secret,
  serverReply,
  type TransferError,
  type Wait,
} from '@fivewire/line-protocol';
import { bdatCommand, LineEndEncoder, writeChunks } from './bdat.js';
import { sourceFailed } from './body-source.js';
import { writeData, writeWhole } from './data.js';
import type { OutgoingMessage } from './message.js';
import { outcomeUnknown, recipientsRejected } from './outcome.js';
import { groupOctets } from './plain-message.js';
import {
  endConnection,
  envelopeReply,
  outOfStep,
  recipientReply,
  rejected,
  unexpected,
} from './replies.js';
import { goesAhead, saysNo, saysYes } from './reply-codes.js';
import { patience, type Session } from './session.js';
import { Progress } from './transaction-states.js';
import type { ProbeResult, RecipientReply, SendResult } from './types.js';
import { hasSpoken, saysGoodbye } from './undisturbed.js';

const loneDot = '.';
/** All replies to what was written before this message have to be read first. */
export const turnToRead: unique symbol = Symbol('turn to read');

/** What a transaction waits for: its turn, the next reply, or its body on the way out. It gets the reply, or what the promise gives. */
export type Need = typeof turnToRead | Wait | Promise<unknown>;
export type Steps<T> = Generator<Need, T, unknown>;

/** What the server said to the envelope. */
interface Answers {
  mail: Reply;
  /** One a recipient; none where MAIL was refused before they were named. */
  recipients: Reply[];
  /** To DATA, where it was sent along. */
  goAhead: Reply | undefined;
}

const isTaken = (reply: Reply): boolean => reply.class === 2;

type MessageCommand = 'DATA' | 'BDAT' | 'BURL';

export class Transaction {
  readonly progress: Progress;
  /** The next message may be written. */
  onMayFollow: (() => void) | undefined;
  readonly message: OutgoingMessage;
  #session: Session;
  #accepted: RecipientReply[] = [];
  #refused: RecipientReply[] = [];
  /** Replies to the message that have come: in LMTP one a recipient. */
  #fates: Reply[] = [];
  /** The next message may have been written behind this one. */
  #othersFollow = false;

  constructor(session: Session, message: OutgoingMessage, progress: Progress = new Progress()) {
    this.#session = session;
    this.message = message;
    this.progress = progress;
  }

  run(): Steps<SendResult> {
    const { framing, options, source, url } = this.message;
    if (url !== undefined) return this.#sendByUrl(url);
    const atOnce = this.#session.pipelining && options.onRefused !== 'abort';
    if (framing === 'data') return this.#sendByData(atOnce);
    if (atOnce && framing === 'bdat' && source.whole && source.whole.length <= groupOctets)
      return this.#sendInOneGroup(source.whole);
    return this.#sendByChunks();
  }

  /**
   * {@link run} of a message that is written already, envelope and all, its progress `sent`.
   * @param cleared RSET stands before it
   */
  hear(cleared: boolean): Steps<SendResult> {
    const { source } = this.message;
    source.taken = source.whole?.length ?? 0;
    this.#othersFollow = true;
    return this.#hearGroup(cleared);
  }

  /** The envelope alone, withdrawn once it is answered. Refused recipients are a result; a refused sender throws. */
  *probe(): Steps<ProbeResult> {
    const answers = yield* this.#offerEnvelope(false);
    const problem = this.#sortRecipients(answers);
    yield* this.#withdraw(answers);
    if (answers.mail.class !== 2 && problem !== undefined) throw problem();
    return { accepted: this.#accepted, refused: this.#refused };
  }

  /** What the caller is to hear of an error that ended {@link run}. */
  explain(error: unknown): unknown {
    const unknown = this.progress.meaning.delivered === 'unknown';
    this.#lostIfClosed();
    if (!unknown) return error;
    // 421 in place of the reply says that the message was not taken. In LMTP it is the reply to one recipient: of others nothing is said, unless it came
    // before any was accepted.
    const said = isFivewireError(error) && error.code === 'ERR_SERVER_CLOSING';
    const concernsAll = !this.#session.lmtp || this.#accepted.length <= 1;
    if (said && concernsAll && this.#fates.length === 0) return error;
    const heard = this.#fates.map((reply, i) =>
      recipientReply((this.#accepted[i] as RecipientReply).address, reply),
    );
    return outcomeUnknown(this.#session.connection, error, this.message.source.taken, heard);
  }

  #lostIfClosed(): void {
    const { meaning } = this.progress;
    if (meaning.delivered !== 'known' && !this.#session.connection.isOpen) this.progress.to('lost');
  }

  // ── the envelope ─────────────────────────────────────────────────────────────────────────────────────────────

  /** MAIL and RCPT in one write where the server takes that, and DATA behind them if it may come before we know. */
  *#offerEnvelope(withData: boolean): Steps<Answers> {
    if (!this.#session.pipelining) return yield* this.#offerStepwise();
    const { mail, recipients } = this.message;
    const cleared = this.#writeEnvelope(withData ? 'DATA' : undefined);
    this.progress.to('offer');
    yield* this.#comeToRead();
    if (cleared) this.#checkReset((yield this.#wait('RSET')) as Reply);
    const answers: Answers = {
      mail: (yield this.#wait(mail)) as Reply,
      recipients: [],
      goAhead: undefined,
    };
    for (const { line } of recipients) answers.recipients.push((yield this.#wait(line)) as Reply);
    if (withData) answers.goAhead = (yield this.#wait('DATA')) as Reply;
    return answers;
  }

  *#offerStepwise(): Steps<Answers> {
    const { mail, recipients } = this.message;
    this.progress.to('offer');
    yield* this.#comeToRead();
    if (this.#mustReset()) this.#checkReset(yield* this.#ask('RSET'));
    const answers: Answers = {
      mail: yield* this.#ask(mail),
      recipients: [],
      goAhead: undefined,
    };
    if (!saysYes('MAIL', answers.mail)) return answers;
    for (const { line } of recipients) answers.recipients.push(yield* this.#ask(line));
    return answers;
  }

  /** A refusal is passed over: what it means MAIL will tell. */
  #checkReset(reply: Reply): void {
    if (saysYes('RSET', reply) || saysNo(reply)) return;
    throw outOfStep(this.#session.connection, reply, '250 to RSET', this.#wait('RSET'));
  }

  *#comeToRead(): Steps<void> {
    yield turnToRead;
    this.progress.to('turn');
    const { givenUp } = this.progress;
    if (givenUp !== undefined) throw givenUp();
  }

  /**
   * @param behind a command in the same piece
   * @returns whether RSET stands before it
   */
  #writeEnvelope(behind: string | undefined): boolean {
    const { mail, recipients } = this.message;
    const cleared = this.#mustReset();
    const commands = cleared ? ['RSET', mail] : [mail];
    for (const { line } of recipients) commands.push(line);
    if (behind !== undefined) commands.push(behind);
    this.#session.connection.sendText(commands);
    return cleared;
  }

  /**
   * What is written behind a message whose fate is not known yet has RSET ahead of it: after a refused chunk nothing else
   * opens the way (RFC 3030 §2), and Dovecot 2.3.19's submission service, asked for RCPT while it still relays the
   * message before, dies of `assertion failed: (conn->state.pending_rcpt_cmds == 0)`.
   */
  #mustReset(): boolean {
    const { before } = this.#session;
    this.#session.before = this.progress;
    return before?.meaning.resetFirst === true;
  }

  /** RFC 2920 §3.1: a message may be the first of a group, so the next envelope may travel behind it. */
  #letOthersWrite(): void {
    const { pipelining, lmtp } = this.#session;
    const { grouped, recipients } = this.message;
    if (!pipelining || !grouped || !this.progress.meaning.mayFollow) return;
    // A server that refuses a message once for all its recipients would have what answers the next message taken for the rest.
    if (lmtp && recipients.length > 1) return;
    this.#othersFollow = true;
    this.onMayFollow?.();
  }

  /** Sorts the recipients. Throws, after clearing up, when no recipient is accepted. */
  *#judge(answers: Answers): Steps<void> {
    const problem = this.#sortRecipients(answers);
    if (problem !== undefined) yield* this.#giveUp(answers, problem);
  }

  *#giveUp(answers: Answers, problem: () => FivewireError): Steps<never> {
    try {
      yield* this.#withdraw(answers);
    } catch {} // the refusal is what the caller must hear
    throw problem();
  }

  /** What is wrong with the envelope, if anything; to be called when it is settled whether the connection goes on. */
  #sortRecipients({ mail, recipients }: Answers): (() => FivewireError) | undefined {
    const { connection } = this.#session;
    const { message } = this;
    const wait = this.#wait(message.mail);
    if (!saysYes('MAIL', mail)) {
      if (mail.class === 2) throw outOfStep(connection, mail, '250 to MAIL', wait);
      return () => unexpected(connection, mail, '250 to MAIL', wait);
    }
    for (let i = 0; i < recipients.length; i++) {
      const reply = recipients[i] as Reply;
      const { address, line } = message.recipients[i] as (typeof message.recipients)[number];
      const yes = saysYes('RCPT', reply);
      if (!yes && !saysNo(reply))
        throw outOfStep(connection, reply, '250, 4yz or 5yz to RCPT', this.#wait(line));
      (yes ? this.#accepted : this.#refused).push(envelopeReply(address, reply));
    }
    const enough =
      message.options.onRefused === 'abort'
        ? this.#refused.length === 0
        : this.#accepted.length > 0;
    return enough ? undefined : () => this.#recipientsRejected('recipient');
  }

  /** Leaves the transaction, so that the next one finds its way. */
  *#withdraw({ mail, recipients, goAhead }: Answers): Steps<void> {
    // One that takes a recipient without a sender would have it get the next message.
    const open = goAhead?.class === 3 || isTaken(mail) || recipients.some(isTaken);
    this.progress.to(open ? 'withdraw' : 'refused');
    if (goAhead?.class === 1 || goAhead?.class === 2)
      return this.#endConnection('the server answered DATA by what is no answer to it');
    if (goAhead?.class === 3) {
      // It wants a message without recipients: RFC 2920 §3.1 has us send an empty one. With one, that would be delivered. (DATA travels
      // along only where a message is given up for want of any: this holds should that ever change.)
      if (mail.class !== 2 || this.#accepted.length > 0)
        return this.#endConnection('the server went on with a message that it had refused');
      const reply = yield* this.#ask(loneDot);
      if (!saysYes('DATA', reply) && !saysNo(reply))
        return this.#endConnection(
          'the server answered an empty message by what is no answer to it',
        );
      this.progress.to('cleared');
    } else if (open) yield* this.#reset();
  }

  /** To be called while `clearing`. */
  *#reset(): Steps<void> {
    if (!this.#session.connection.isOpen) return;
    const reply = yield* this.#ask('RSET');
    if (!saysYes('RSET', reply)) return this.#endConnection('the server refused RSET');
    this.progress.to('cleared');
  }

  *#tryReset(): Steps<void> {
    if (this.progress.state !== 'clearing') this.progress.to('withdraw');
    try {
      yield* this.#reset();
    } catch {} // what went wrong before is what the caller must hear
  }

  #endConnection(why: string): void {
    endConnection(this.#session.connection, why);
    this.#lostIfClosed();
  }

  // ── the message ──────────────────────────────────────────────────────────────────────────────────────────────

  *#sendByData(atOnce: boolean): Steps<SendResult> {
    const session = this.#session;
    const { connection } = session;
    const { message } = this;
    const answers = yield* this.#offerEnvelope(atOnce);
    const problem = this.#sortRecipients(answers);
    if (problem !== undefined) yield* this.#giveUp(answers, problem);
    let { goAhead } = answers;
    if (goAhead === undefined) {
      this.progress.to('accepted');
      this.progress.to('ask');
      goAhead = yield* this.#ask('DATA');
    }
    if (!goesAhead(goAhead)) {
      if (saysNo(goAhead)) yield* this.#tryReset();
      throw unexpected(connection, goAhead, '354 to DATA', this.#wait('DATA'));
    }
    this.progress.to('go-ahead');
    const end = () => this.progress.to('end');
    const stall = this.#stall('DATA');
    if (!writeWhole(session, message, end)) yield writeData(session, message, stall, end);
    this.#letOthersWrite();
    return yield* this.#hearFate('DATA');
  }

  /** BURL, RFC 4468 §3: the server fetches the message. The URL may let anyone read it, so that logs do not show it. */
  *#sendByUrl(url: string): Steps<SendResult> {
    yield* this.#judge(yield* this.#offerEnvelope(false));
    this.progress.to('accepted');
    this.progress.to('end');
    this.#session.connection.send(commandLine('BURL', [secret(url), 'LAST'], { limit: 4_096 }));
    return yield* this.#hearFate('BURL');
  }

  *#sendByChunks(): Steps<SendResult> {
    const session = this.#session;
    const { connection } = session;
    yield* this.#judge(yield* this.#offerEnvelope(false));
    this.progress.to('accepted');
    this.progress.to('begin');
    const waits = { stall: this.#stall('BDAT'), reply: this.#wait('BDAT') };
    const writing = writeChunks(session, this.message, waits, () => this.progress.to('end'));
    try {
      const chunks = (yield writing) as Awaited<typeof writing>;
      if ('refused' in chunks) {
        const { refused } = chunks;
        if (saysNo(refused)) yield* this.#tryReset();
        throw unexpected(connection, refused, '250 to BDAT', waits.reply);
      }
      return yield* this.#hearFate('BDAT', chunks.outstanding);
    } catch (error) {
      // The chunks of a message whose fate is known are refused, and bar the way until RSET.
      if (connection.isOpen && this.progress.state !== 'over') yield* this.#tryReset();
      throw connection.isOpen ? error : sourceFailed(error);
    }
  }

  /** Envelope and message in one write, so that any number of messages costs no more than one round trip. */
  *#sendInOneGroup(whole: Buffer): Steps<SendResult> {
    const { source } = this.message;
    const encoder = new LineEndEncoder();
    const body = encoder.encode(whole);
    const end = encoder.end();
    const octets = body.length + end.length;
    source.taken = whole.length;
    const cleared = this.#writeEnvelope(bdatCommand(octets, true));
    const { connection } = this.#session;
    connection.send({ octets: body, masked: `<${octets} octets of message>` });
    if (end.length > 0) connection.send({ octets: end, masked: '' });
    this.progress.to('send-whole');
    this.#letOthersWrite();
    yield turnToRead;
    return yield* this.#hearGroup(cleared);
  }

  *#hearGroup(cleared: boolean): Steps<SendResult> {
    const { mail, recipients } = this.message;
    if (cleared) this.#checkReset((yield this.#wait('RSET')) as Reply);
    const answers: Answers = {
      mail: (yield this.#wait(mail)) as Reply,
      recipients: [],
      goAhead: undefined,
    };
    for (const { line } of recipients) answers.recipients.push((yield this.#wait(line)) as Reply);
    const problem = this.#sortRecipients(answers);
    if (problem === undefined) return yield* this.#hearFate('BDAT');
    this.progress.to('withdraw');
    // One that took a recipient after it had refused the sender may mean the recipient.
    yield* this.#hearRefusal(answers.recipients.some(isTaken));
    yield* this.#clearUp();
    throw problem();
  }

  /** Before the error is made, which says whether the connection goes on. In a group the message behind says RSET. */
  *#clearUp(): Steps<void> {
    if (this.progress.state === 'clearing' && !this.#othersFollow) yield* this.#tryReset();
  }

  /** The reply to a message that no recipient is to get, one in LMTP too. A connection that goes in its stead changes nothing. */
  *#hearRefusal(mayBeTaken: boolean): Steps<void> {
    const { connection } = this.#session;
    const wait = this.#fateWait('BDAT');
    let reply: Reply;
    try {
      reply = (yield wait) as Reply;
    } catch {
      return;
    }
    if (saysNo(reply)) return;
    const error = outOfStep(connection, reply, 'a refusal: it has no recipient', wait);
    throw mayBeTaken ? outcomeUnknown(connection, error, this.message.source.taken, []) : error;
  }

  /** The replies to the whole message. Once its end is written, a lost connection leaves open what became of it. */
  *#hearFate(command: MessageCommand, chunksBefore = 0): Steps<SendResult> {
    const { connection, lmtp } = this.#session;
    const wait = this.#fateWait(command);
    let refusedChunk: Reply | undefined;
    for (let i = 0; i < chunksBefore; i++) {
      const reply = this.#checkFate((yield wait) as Reply, command);
      if (reply.class !== 2) refusedChunk ??= reply;
    }
    const count = lmtp ? this.#accepted.length : 1;
    while (this.#fates.length < count)
      this.#fates.push(this.#checkFate((yield wait) as Reply, command));
    // Nothing was to be read between chunks, nor between the replies of LMTP, so that one too many shows only now: which of them are the fate?
    if (
      (command === 'BDAT' || lmtp) &&
      !this.#othersFollow &&
      hasSpoken(connection) &&
      !saysGoodbye(connection)
    )
      throw outOfStep(connection, (yield wait) as Reply, 'no more replies to the message', wait);
    if (lmtp) return yield* this.#deliveredTo(command);
    const [fate] = this.#fates as [Reply];
    // Taken without the chunk that it refused: what it has is not the message.
    if (fate.class === 2 && refusedChunk !== undefined)
      throw outOfStep(connection, fate, 'a refusal, as of the chunk before', wait);
    // After a refused chunk nothing but RSET opens the way (RFC 3030 §2); after DATA the transaction is over either way.
    this.progress.to(command === 'BDAT' && fate.class !== 2 ? 'withdraw' : 'fate');
    yield* this.#clearUp();
    if (fate.class !== 2) throw rejected(connection, refusedChunk ?? fate, wait);
    return this.#result(serverReply(fate));
  }

  #checkFate(reply: Reply, command: MessageCommand): Reply {
    if (saysYes(this.#session.lmtp ? 'LMTP' : command, reply) || saysNo(reply)) return reply;
    const wait = this.#fateWait(command);
    throw outOfStep(this.#session.connection, reply, '250, 4yz or 5yz to the message', wait);
  }

  /** RFC 2033 §4.2: a reply for each recipient that was accepted, in their order. */
  *#deliveredTo(command: MessageCommand): Steps<SendResult> {
    const promised = this.#accepted;
    this.#accepted = [];
    for (const [i, reply] of this.#fates.entries()) {
      const { address } = promised[i] as RecipientReply;
      (reply.class === 2 ? this.#accepted : this.#refused).push(recipientReply(address, reply));
    }
    const [first] = this.#accepted;
    this.progress.to(command === 'BDAT' && first === undefined ? 'withdraw' : 'fate');
    yield* this.#clearUp();
    if (first === undefined) throw this.#recipientsRejected('message');
    return this.#result(first.reply);
  }

  #result(reply: SendResult['reply']): SendResult {
    const { source, dropped } = this.message;
    return {
      accepted: this.#accepted,
      refused: this.#refused,
      reply,
      bytes: source.taken,
      dropped,
    };
  }

  // ── errors and waits ─────────────────────────────────────────────────────────────────────────────────────────

  #recipientsRejected(by: 'recipient' | 'message'): TransferError {
    return recipientsRejected(this.#session.connection, this.#accepted, this.#refused, by);
  }

  /** A command by itself: all replies to what was before it have been read. */
  *#ask(command: string): Steps<Reply> {
    const { connection } = this.#session;
    const wait = this.#wait(command);
    // One more would be taken for the reply to this command, and so on for all that follow.
    if (hasSpoken(connection))
      throw outOfStep(connection, (yield wait) as Reply, `no reply before ${command}`, wait);
    connection.sendText([command]);
    return (yield wait) as Reply;
  }

  #wait(command: string): Wait {
    const timeout = patience(this.#session, 'reply', this.message.options);
    return { phase: 'command', timeout, command };
  }

  #stall(command: string): Wait {
    const timeout = patience(this.#session, 'stall', this.message.options);
    return { phase: 'transfer', timeout, command };
  }

  #fateWait(command: MessageCommand): Wait {
    const timeout = patience(this.#session, 'dataEnd', this.message.options);
    return { phase: 'transfer', timeout, command };
  }
}
