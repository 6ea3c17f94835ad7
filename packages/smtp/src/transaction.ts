/** One mail transaction: MAIL, RCPT, the message and its fate. RFC 5321 §3.3, RFC 2920 §3.1, RFC 2033 §4.2. */
import {
  type CommandLine,
  commandLine,
  type FivewireError,
  isFivewireError,
  type Reply,
  secret,
  serverReply,
  TransferError,
  type Turn,
  type Wait,
} from '@fivewire/line-protocol';
import type { Stage } from './abort.js';
import { bdatCommand, LineEndEncoder, writeChunks } from './bdat.js';
import { sourceFailed } from './body-source.js';
import { writeData } from './data.js';
import type { OutgoingMessage } from './message.js';
import {
  endConnection,
  envelopeReply,
  nextReplies,
  nextReply,
  outOfStep,
  recipientReply,
  rejected,
  spoken,
  unexpected,
} from './replies.js';
import { replyHint } from './reply-hint.js';
import { patience, type Session } from './session.js';
import type { ProbeResult, RecipientReply, SendResult } from './types.js';

const DATA = commandLine('DATA');
const RSET = commandLine('RSET');
const loneDot = commandLine('.');
/** A message up to this size goes out together with its envelope: BDAT only, DATA has to wait for its 354. */
const groupOctets = 64 * 1024;

/** What the server said to the envelope. */
interface Answers {
  mail: Reply;
  /** One a recipient; none where MAIL was refused before they were named. */
  recipients: Reply[];
  /** To DATA, where it was sent along. */
  goAhead: Reply | undefined;
}

/** Command lines that leave together. `first`: where MAIL is; what stands before clears the way. */
interface EnvelopeGroup {
  lines: CommandLine[];
  first: number;
}

type MessageCommand = 'DATA' | 'BDAT' | 'BURL';

export class Transaction {
  #session: Session;
  #message: OutgoingMessage;
  #turn: Turn;
  #enter: (stage: Stage) => void;
  #accepted: RecipientReply[] = [];
  #refused: RecipientReply[] = [];

  /** @param enter is told how far the message has come, and throws once its signal has fired. */
  constructor(
    session: Session,
    message: OutgoingMessage,
    turn: Turn,
    enter: (stage: Stage) => void,
  ) {
    this.#session = session;
    this.#message = message;
    this.#turn = turn;
    this.#enter = enter;
  }

  async run(): Promise<SendResult> {
    const { framing, options, source, url } = this.#message;
    if (url !== undefined) return this.#sendByUrl(url);
    const atOnce = this.#session.pipelining && options.onRefused !== 'abort';
    if (framing === 'data') {
      const answers = await this.#offerEnvelope(atOnce);
      const problem = this.#sortRecipients(answers);
      if (problem !== undefined) await this.#giveUp(answers, problem);
      return this.#sendByData(answers.goAhead);
    }
    if (atOnce && framing === 'bdat' && source.whole && source.whole.length <= groupOctets)
      return this.#sendInOneGroup(source.whole);
    await this.#judge(await this.#offerEnvelope(false));
    return this.#sendByChunks();
  }

  /** The envelope alone, withdrawn once it is answered. Refused recipients are a result; a refused sender throws. */
  async probe(): Promise<ProbeResult> {
    const answers = await this.#offerEnvelope(false);
    const problem = this.#sortRecipients(answers);
    await this.#withdraw(answers);
    if (answers.mail.class !== 2 && problem !== undefined) throw problem();
    return { accepted: this.#accepted, refused: this.#refused };
  }

  // ── the envelope ─────────────────────────────────────────────────────────────────────────────────────────────

  /** MAIL and RCPT in one write where the server takes that, and DATA behind them if it may come before we know. */
  async #offerEnvelope(withData: boolean): Promise<Answers> {
    if (!this.#session.pipelining) return this.#offerStepwise();
    const group = this.#envelope(withData ? DATA : undefined);
    this.#session.connection.send(...group.lines);
    await this.#turn.toRead();
    this.#enter('open');
    return this.#readAnswers(group);
  }

  async #offerStepwise(): Promise<Answers> {
    const { mail, recipients } = this.#message;
    await this.#turn.toRead();
    this.#enter('open');
    for (const line of this.#clearing()) await this.#ask(line);
    const answers: Answers = { mail: await this.#ask(mail), recipients: [], goAhead: undefined };
    if (answers.mail.class !== 2) return answers;
    for (const { line } of recipients) answers.recipients.push(await this.#ask(line));
    return answers;
  }

  #envelope(last: CommandLine | undefined): EnvelopeGroup {
    const { mail, recipients } = this.#message;
    const lines = [...this.#clearing(), mail];
    const first = lines.length - 1;
    for (const { line } of recipients) lines.push(line);
    if (last !== undefined) lines.push(last);
    return { lines, first };
  }

  async #readAnswers({ lines, first }: EnvelopeGroup): Promise<Answers> {
    const waits = lines.map((line) => this.#wait(line));
    return this.#answersIn({ lines, first }, await nextReplies(this.#session.connection, waits));
  }

  #answersIn({ first }: EnvelopeGroup, replies: readonly Reply[]): Answers {
    const afterRecipients = first + 1 + this.#message.recipients.length;
    return {
      mail: replies[first] as Reply,
      recipients: replies.slice(first + 1, afterRecipients),
      goAhead: replies[afterRecipients],
    };
  }

  /**
   * Whoever writes behind a message whose fate is not known yet sends RSET ahead: after a refused chunk nothing else
   * opens the way (RFC 3030 §2), and Dovecot 2.3.19's submission service, asked for RCPT while it still relays the
   * message before, dies of `assertion failed: (conn->state.pending_rcpt_cmds == 0)`.
   */
  #clearing(): readonly CommandLine[] {
    const unsettled = this.#session.unsettled !== undefined;
    this.#session.unsettled = undefined;
    return unsettled ? [RSET] : [];
  }

  /** RFC 2920 §3.1: a message may be the first of a group, so the next envelope may travel behind it. */
  #letOthersWrite(): void {
    if (!this.#session.pipelining || !this.#message.grouped) return;
    this.#session.unsettled = this;
    this.#turn.wrote();
  }

  #settle(): void {
    if (this.#session.unsettled === this) this.#session.unsettled = undefined;
  }

  /** Sorts the recipients. Throws, after clearing up, when there is nobody to send to. */
  async #judge(answers: Answers): Promise<void> {
    const problem = this.#sortRecipients(answers);
    if (problem !== undefined) await this.#giveUp(answers, problem);
  }

  async #giveUp(answers: Answers, problem: () => FivewireError): Promise<never> {
    await this.#withdraw(answers).catch(ignore); // the refusal is what the caller must hear
    throw problem();
  }

  /** What is wrong with the envelope, if anything; to be called when it is settled whether the connection goes on. */
  #sortRecipients({ mail, recipients }: Answers): (() => FivewireError) | undefined {
    const { connection } = this.#session;
    const message = this.#message;
    const wait = this.#wait(message.mail);
    if (mail.class !== 2) return () => unexpected(connection, mail, '250 to MAIL', wait);
    for (let i = 0; i < recipients.length; i++) {
      const reply = recipients[i] as Reply;
      const { address, line } = message.recipients[i] as (typeof message.recipients)[number];
      if (reply.class !== 2 && reply.class !== 4 && reply.class !== 5)
        throw outOfStep(connection, reply, '250, 4yz or 5yz to RCPT', this.#wait(line));
      (reply.class === 2 ? this.#accepted : this.#refused).push(envelopeReply(address, reply));
    }
    const enough =
      message.options.onRefused === 'abort'
        ? this.#refused.length === 0
        : this.#accepted.length > 0;
    return enough ? undefined : () => this.#recipientsRejected();
  }

  /** Leaves the transaction, so that the next one finds its way. */
  async #withdraw({ mail, goAhead }: Answers): Promise<void> {
    const { connection } = this.#session;
    if (goAhead?.class === 3) {
      // It wants a message for nobody: RFC 2920 §3.1 has us send an empty one. For somebody, that would be delivered.
      if (mail.class !== 2 || this.#accepted.length > 0)
        return endConnection(connection, 'the server went on with a message that it had refused');
      await this.#ask(loneDot);
    } else if (mail.class === 2) await this.#reset();
  }

  async #reset(): Promise<void> {
    const { connection } = this.#session;
    if (!connection.isOpen) return;
    const reply = await this.#ask(RSET);
    if (reply.class !== 2) endConnection(connection, 'the server refused RSET');
  }

  // ── the message ──────────────────────────────────────────────────────────────────────────────────────────────

  async #sendByData(asked: Reply | undefined): Promise<SendResult> {
    const { connection } = this.#session;
    const goAhead = asked ?? (await this.#ask(DATA));
    if (goAhead.code !== 354) {
      if (goAhead.class === 4 || goAhead.class === 5) await this.#reset().catch(ignore);
      throw unexpected(connection, goAhead, '354 to DATA', this.#wait(DATA));
    }
    await writeData(this.#session, this.#message, this.#stall('DATA'), () => this.#enter('sent'));
    this.#letOthersWrite();
    try {
      return await this.#hearFate('DATA');
    } finally {
      this.#settle(); // taken or refused, the transaction is over
    }
  }

  /** BURL, RFC 4468 §3: the server fetches the message. The URL may let anyone read it, so that logs do not show it. */
  async #sendByUrl(url: string): Promise<SendResult> {
    await this.#judge(await this.#offerEnvelope(false));
    this.#enter('sent');
    this.#session.connection.send(commandLine('BURL', [secret(url), 'LAST'], { limit: 4_096 }));
    return this.#hearFate('BURL');
  }

  async #sendByChunks(): Promise<SendResult> {
    const session = this.#session;
    const { connection } = session;
    const waits = { stall: this.#stall('BDAT'), reply: this.#wait(bdatCommand(0, false)) };
    try {
      const chunks = await writeChunks(session, this.#message, waits, () => this.#enter('sent'));
      if ('refused' in chunks)
        throw unexpected(connection, chunks.refused, '250 to BDAT', waits.reply);
      return await this.#hearFate('BDAT', chunks.outstanding);
    } catch (error) {
      await this.#reset().catch(ignore);
      throw connection.isOpen ? error : sourceFailed(error);
    }
  }

  /** Envelope and message in one write, so that any number of messages costs no more than one round trip. */
  async #sendInOneGroup(whole: Buffer): Promise<SendResult> {
    const { source, grouped } = this.#message;
    const encoder = new LineEndEncoder();
    const body = encoder.encode(whole);
    const end = encoder.end();
    const octets = body.length + end.length;
    const group = this.#envelope(undefined);
    source.taken = whole.length;
    this.#enter('sent');
    this.#session.connection.send(
      ...group.lines,
      bdatCommand(octets, true),
      { octets: body, masked: `<${octets} octets of message>` },
      ...(end.length > 0 ? [{ octets: end, masked: '' }] : []),
    );
    this.#letOthersWrite();
    await this.#turn.toRead();
    try {
      const result = await this.#hearGroup(group);
      this.#settle();
      return result;
    } catch (error) {
      if (!grouped) await this.#reset().catch(ignore); // otherwise the one behind has done so
      throw error;
    }
  }

  async #hearGroup(group: EnvelopeGroup): Promise<SendResult> {
    if (this.#session.lmtp) return this.#hearLmtpGroup(group);
    const { connection } = this.#session;
    const wait = this.#fateWait('BDAT');
    let problem: (() => FivewireError) | undefined;
    let fate: Reply;
    try {
      const waits = [...group.lines.map((line) => this.#wait(line)), wait];
      const replies = await nextReplies(connection, waits);
      fate = this.#checkFate(replies.pop() as Reply, wait);
      problem = this.#sortRecipients(this.#answersIn(group, replies));
    } catch (error) {
      throw this.#outcomeUnknown(error, []);
    }
    if (problem === undefined) return this.#tellFate(fate, wait);
    if (fate.class === 2)
      throw outOfStep(connection, fate, 'a refusal: nobody may get it', this.#stall('BDAT'));
    throw problem();
  }

  /** The number of replies to the message is that of the recipients who were accepted. */
  async #hearLmtpGroup(group: EnvelopeGroup): Promise<SendResult> {
    let problem: (() => FivewireError) | undefined;
    try {
      problem = this.#sortRecipients(await this.#readAnswers(group));
    } catch (error) {
      throw this.#outcomeUnknown(error, []);
    }
    if (problem === undefined) return this.#hearFate('BDAT');
    const reply = await this.#reply(bdatCommand(0, true));
    if (reply.class === 2) {
      const wait = this.#stall('BDAT');
      throw outOfStep(this.#session.connection, reply, 'a refusal: nobody may get it', wait);
    }
    throw problem();
  }

  /** The replies to the whole message. Once its end is written, a lost connection leaves open what became of it. */
  async #hearFate(command: MessageCommand, chunksBefore = 0): Promise<SendResult> {
    const { connection, lmtp } = this.#session;
    const wait = this.#fateWait(command);
    const count = chunksBefore + (lmtp ? this.#accepted.length : 1);
    const replies: Reply[] = [];
    try {
      await nextReplies(connection, new Array<Wait>(count).fill(wait), (reply) => {
        replies.push(this.#checkFate(reply, wait));
      });
    } catch (error) {
      throw this.#outcomeUnknown(error, replies.slice(chunksBefore));
    }
    const refusedChunk = replies.slice(0, chunksBefore).find((reply) => reply.class !== 2);
    if (lmtp) return this.#deliveredTo(replies.slice(chunksBefore));
    return this.#tellFate(replies[chunksBefore] as Reply, wait, refusedChunk);
  }

  #fateWait(command: MessageCommand): Wait {
    const timeout = patience(this.#session, 'dataEnd', this.#message.options);
    return { phase: 'transfer', timeout, command };
  }

  #checkFate(reply: Reply, wait: Wait): Reply {
    const kind = reply.class;
    if (kind !== 2 && kind !== 4 && kind !== 5)
      throw outOfStep(this.#session.connection, reply, '250, 4yz or 5yz to the message', wait);
    return reply;
  }

  #tellFate(fate: Reply, wait: Wait, refusedChunk?: Reply): SendResult {
    if (fate.class !== 2) throw rejected(this.#session.connection, refusedChunk ?? fate, wait);
    return this.#result(serverReply(fate));
  }

  /** RFC 2033 §4.2: a reply for each recipient that was accepted, in their order. */
  #deliveredTo(replies: readonly Reply[]): SendResult {
    const promised = this.#accepted;
    this.#accepted = [];
    for (const [i, reply] of replies.entries()) {
      const { address } = promised[i] as RecipientReply;
      (reply.class === 2 ? this.#accepted : this.#refused).push(recipientReply(address, reply));
    }
    const [first] = this.#accepted;
    if (first === undefined) throw this.#recipientsRejected(true);
    return this.#result(first.reply);
  }

  #result(reply: SendResult['reply']): SendResult {
    const { source, dropped } = this.#message;
    return {
      accepted: this.#accepted,
      refused: this.#refused,
      reply,
      bytes: source.taken,
      dropped,
    };
  }

  // ── errors and waits ─────────────────────────────────────────────────────────────────────────────────────────

  #recipientsRejected(afterMessage = false): TransferError {
    const { connection } = this.#session;
    const refused = this.#refused;
    const [first] = refused as [RecipientReply];
    const who =
      this.#accepted.length === 0 && refused.length > 1 ? 'all recipients' : first.address;
    return connection.locate(
      new TransferError('ERR_RECIPIENTS_REJECTED', `Refused: ${who}: ${spoken(first.reply)}`, {
        phase: 'command',
        command: 'RCPT',
        recipients: refused,
        connection: connection.isOpen ? 'usable' : 'closed',
        retry: refused.every(({ transient }) => transient) ? 'later' : 'never',
        hint: replyHint(first.reply, afterMessage ? 'message' : 'recipient'),
      }),
    );
  }

  #outcomeUnknown(error: unknown, replies: readonly Reply[]): unknown {
    // 421 in place of the reply says that the message was not taken.
    const said = isFivewireError(error) && error.code === 'ERR_SERVER_CLOSING';
    if (said && replies.length === 0) return error;
    return this.#session.connection.locate(
      new TransferError(
        'ERR_OUTCOME_UNKNOWN',
        `${whyUnknown(error)} after the message was sent and before the server said what became of it`,
        {
          phase: 'transfer',
          octets: this.#message.source.taken,
          recipients: replies.map((reply, i) =>
            recipientReply((this.#accepted[i] as RecipientReply).address, reply),
          ),
          cause: error,
          hint: 'Sending it again may deliver it twice; the Message-ID lets you find out whether it arrived.',
        },
      ),
    );
  }

  async #ask(line: CommandLine): Promise<Reply> {
    this.#session.connection.send(line);
    return this.#reply(line);
  }

  #reply(line: CommandLine): Promise<Reply> {
    return nextReply(this.#session.connection, this.#wait(line));
  }

  #wait({ masked }: CommandLine): Wait {
    const timeout = patience(this.#session, 'reply', this.#message.options);
    return { phase: 'command', timeout, command: masked };
  }

  #stall(command: string): Wait {
    const timeout = patience(this.#session, 'stall', this.#message.options);
    return { phase: 'transfer', timeout, command };
  }
}

/** What came in place of the reply to the message. */
function whyUnknown(error: unknown): string {
  const code = isFivewireError(error) ? error.code : '';
  if (code === 'ERR_TIMEOUT') return `The wait ended (${(error as Error).message})`;
  if (code === 'ERR_MALFORMED_RESPONSE' || code === 'ERR_LIMIT_EXCEEDED')
    return 'The server broke the protocol';
  return 'The connection was lost';
}

const ignore = (): void => {};
