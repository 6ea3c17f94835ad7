/**
 * Commands out, responses in (RFC 9051 §2.2): one writer, one reader loop that routes by tag, and a queue.
 *
 * Commands are pipelined as far as that is unambiguous: `wire-sharing.ts`. A body that is streamed to a consumer holds back
 * what comes after it, unsent: so a command that the consumer itself waits for can be refused instead of hanging.
 */
import { randomBytes } from 'node:crypto';
import {
  aborted,
  decodeText,
  escapeText,
  Fifo,
  knownDeadlock,
  type LineConnection,
  mask,
  onAbort,
} from '@fivewire/line-protocol';
import type { Phase } from 'tls-context-core';
import { waitAsAsked } from './backoff.js';
import {
  type CallOptions,
  type Command,
  type Entry,
  type Holder,
  newEntry,
  type StreamedSink,
} from './command.js';
import {
  abortedOnWire,
  commandError,
  donePartly,
  outcomeUnknown,
  unreadable,
} from './command-error.js';
import { ConsumerWait } from './consumer-wait.js';
import { type CommandPiece, type Encoding, encodeCommand } from './grammar/encoder.js';
import type { Frame } from './grammar/frame.js';
import { isMalformed } from './grammar/lexer.js';
import {
  parseResponse,
  type Response,
  type StatusResponse,
  type TaggedResponse,
} from './grammar/response.js';
import type { ImapLimits } from './limits.js';
import { ReplyDeadline } from './reply-deadline.js';
import { ResponseReader } from './response-reader.js';
import type { Session } from './session.js';
import type { Event } from './session-states.js';
import { isAmongItsLike, mayShareWire, mostOnWire, takesAlike } from './wire-sharing.js';
import { writeBody } from './write-body.js';

/** A command goes out so often at most where the server asks to wait and to repeat it. */
const mostAttempts = 3;
/** At most so many commands are on the wire at once. */
const mostInFlight = 128;

export class CommandRunner {
  readonly connection: LineConnection;
  readonly session: Session;
  readonly limits: ImapLimits;
  /** Whether quoted strings may hold UTF-8. */
  utf8 = false;
  readonly #reader: ResponseReader;
  readonly #queue: Fifo<Entry> = new Fifo();
  readonly #inFlight = new Map<string, Entry>();
  /** The command whose pieces are being written. */
  #writing: Entry | undefined;
  /** Told of the server's `+`, true, or of a NO in its place, false. */
  #goAhead: ((go: boolean) => void) | undefined;
  readonly #prefix = tagPrefix();
  #count = 0;
  #unclaimed = 0;
  #junkLines = 0;
  #reading = false;
  readonly #deadline: ReplyDeadline;
  readonly #consumers: ConsumerWait;

  constructor(connection: LineConnection, session: Session, limits: ImapLimits) {
    this.connection = connection;
    this.session = session;
    this.limits = limits;
    this.#deadline = new ReplyDeadline(connection, this.#inFlight);
    this.#consumers = new ConsumerWait(connection, limits, this.#queue, this.#inFlight);
    this.#reader = new ResponseReader(connection, {
      limits,
      sinkFor: (text, size) => this.#sinkFor(text, size),
      fill: (phase) => this.#deadline.fill(phase),
      room: (sink, left) => this.#consumers.room(sink as StreamedSink, left),
    });
    void connection.closed.then(() => this.#rejectAll());
  }

  /** Begins, or goes on, reading responses. */
  start(): void {
    if (!this.#reading) void this.#read();
  }

  /**
   * Reads the server's first response, which answers nothing (RFC 9051 §7.1).
   * @param inClear STARTTLS follows
   * @throws RemoteProtocolError `ERR_MALFORMED_RESPONSE` when it is no greeting
   */
  greeting(inClear: boolean): Promise<StatusResponse> {
    return new Promise((resolve, reject) => {
      const entry: Entry = {
        ...newEntry(
          { verb: 'the greeting', phase: 'greeting' },
          this.connection.timeouts.greeting,
          reject,
        ),
        tag: 'greeting',
        sent: true,
      };
      entry.command.claim = (response) => {
        if (response.type === 'malformed' && response.text === '') return false; // an empty line means nothing
        if (response.type !== 'status') {
          throw this.connection.malformed(
            'a greeting (* OK, * PREAUTH or * BYE)',
            describe(response),
            { phase: 'greeting' },
          );
        }
        this.#inFlight.delete(entry.tag);
        this.session.applyCode(response.code);
        this.session.greeting = response.text;
        this.session.to(greeted(response, inClear));
        resolve(response);
        return true;
      };
      this.#inFlight.set(entry.tag, entry);
      this.start();
    });
  }

  /**
   * Runs a command and resolves to its OK, or to a NO that is an answer all the same.
   * @throws CommandError `ERR_COMMAND_REJECTED`, `ERR_NOT_FOUND` for NO and BAD; RemoteProtocolError
   * `ERR_MALFORMED_RESPONSE` for an answer that cannot be read; and whatever ends the connection
   */
  async run(command: Command, options: CallOptions = {}): Promise<TaggedResponse> {
    let allowance = options.timeout ?? this.connection.timeouts.reply;
    for (let attempt = 1; ; attempt++) {
      const { response, masked, untouched, unread } = await this.runAnyway(command, options);
      if (response.status === 'OK') {
        if (unread !== undefined)
          throw this.connection.locate(unreadable(command.verb, unread), { command: masked });
        if (response.code?.name !== 'MESSAGELIMIT' || command.goesOn) return response;
        throw this.connection.locate(donePartly(response, masked));
      }
      if (command.answersByNo?.(response)) return response;
      const error = this.connection.locate(commandError(response, masked, command.phase));
      const pause = untouched && attempt < mostAttempts ? error.retryAfter : undefined;
      if (pause === undefined || pause > allowance) throw error;
      allowance -= pause;
      await waitAsAsked(pause, this.connection.closed, options.signal, masked);
    }
  }

  /** The same, for those who want the NO as a value. */
  runAnyway(
    command: Command,
    { signal, timeout }: CallOptions = {},
  ): Promise<{
    response: TaggedResponse;
    masked: string;
    untouched: boolean;
    unread: string | undefined;
  }> {
    const context = { command: command.verb, phase: command.phase ?? 'command' };
    if (!this.connection.isOpen) return Promise.reject(this.connection.lost(context));
    const deadlock = knownDeadlock(this.connection, command.verb);
    if (deadlock !== undefined) return Promise.reject(this.connection.locate(deadlock, context));
    if (signal?.aborted)
      return Promise.reject(this.connection.locate(aborted(signal, context, 'usable')));
    let entry: Entry | undefined;
    return new Promise<TaggedResponse>((resolve, reject) => {
      entry = {
        ...newEntry(command, timeout ?? this.connection.timeouts.reply, reject),
        resolve,
      };
      if (signal !== undefined) this.#onAbort(signal, entry);
      entry.place = this.#queue.push(entry);
      this.#pump();
      this.#consumers.review();
    }).then((response) => ({
      response,
      masked: (entry as Entry).masked,
      untouched: isRepeatable(entry as Entry),
      unread: unreadOf(entry as Entry),
    }));
  }

  /**
   * What is aborted in the queue never goes out. On the wire it is no longer waited for; but a body that has been announced
   * cannot be left behind: that ends the connection.
   */
  #onAbort(signal: AbortSignal, entry: Entry): void {
    const { command, resolve, reject } = entry;
    const stop = (): void => {
      const waited = entry.place !== undefined && this.#queue.remove(entry.place);
      if (this.#writing === entry && command.bodies !== undefined) {
        this.connection.fail(aborted(signal, { command: entry.masked }, 'closed'));
        return;
      }
      const findOut = waited ? undefined : command.findOut;
      entry.reject(this.connection.locate(abortedOnWire(signal, command.verb, findOut)));
    };
    const over = onAbort(signal, stop);
    entry.resolve = (response) => {
      over();
      resolve(response);
    };
    entry.reject = (error) => {
      over();
      reject(error);
    };
  }

  /** Whether a command of this session has, or had, the tag. */
  isOwnTag(tag: string | undefined): boolean {
    return tag?.startsWith(this.#prefix) ?? false;
  }

  /** An answer to a command that has not gone out is forged. */
  #isTagToCome(tag: string): boolean {
    return this.isOwnTag(tag) && Number(tag.slice(this.#prefix.length)) > this.#count;
  }

  /** A line inside a dialogue: a SASL response, DONE. */
  sendLine(text: string, masked: string = mask): void {
    this.connection.send({ octets: Buffer.from(`${text}\r\n`, 'latin1'), masked });
    this.#deadline.review();
  }

  /** A caller has begun to wait for a command that was in the background. */
  review(): void {
    this.#consumers.review();
  }

  /** The consumer of a body has taken some of it. */
  taken(): void {
    this.#consumers.taken();
  }

  // ── out ──────────────────────────────────────────────────────────────────────────────────────────────────

  /** Sends as many of the waiting commands as may go. */
  #pump(): void {
    while (this.#queue.length > 0 && this.#writing === undefined) {
      const entry = this.#next();
      if (entry === undefined || !this.connection.isOpen) return;
      if (!this.#mayStart(entry.command)) {
        for (const { command } of this.#inFlight.values()) command.interrupt?.();
        this.#consumers.review();
        return;
      }
      this.#queue.remove(entry.place as NonNullable<typeof entry.place>);
      this.#begin(entry);
    }
  }

  /** The first in the queue; one that yields only where there is no other. */
  #next(): Entry | undefined {
    let first: Entry | undefined;
    for (const entry of this.#queue) {
      if (!entry.command.yields) return entry;
      first ??= entry;
    }
    return first;
  }

  #mayStart(command: Command): boolean {
    if (this.#inFlight.size >= mostInFlight) return false;
    let alike = 0;
    for (const { command: other, streams } of this.#inFlight.values()) {
      if (isAmongItsLike(command.wire, other.wire)) return true;
      if (streams || !mayShareWire(command.wire, other.wire)) return false;
      if (other.wire?.as === command.wire?.as) alike++;
    }
    return alike < mostOnWire(command.wire);
  }

  /** Whether no other command in flight takes the responses that this one takes. */
  #isSole(entry: Entry): boolean {
    for (const other of this.#inFlight.values()) {
      if (other !== entry && takesAlike(entry.command.wire, other.command.wire)) return false;
    }
    return true;
  }

  #sinkFor(text: string, size: number): StreamedSink | undefined {
    for (const entry of this.#inFlight.values()) {
      const sink = entry.command.sinkFor?.(text, size, () => this.#isSole(entry));
      if (sink === undefined) continue;
      entry.streams = true;
      return sink;
    }
    return undefined;
  }

  #begin(entry: Entry): void {
    entry.tag = `${this.#prefix}${++this.#count}`;
    let pieces: readonly CommandPiece[];
    try {
      const { verb, args = [] } = entry.command;
      const encoded = encodeCommand(entry.tag, verb, args, this.#encoding());
      pieces = encoded.pieces;
      entry.masked = encoded.masked;
    } catch (error) {
      entry.reject(error);
      return;
    }
    this.#inFlight.set(entry.tag, entry);
    entry.command.onSent?.(entry.tag);
    this.#consumers.review();
    const only = pieces.length === 1 ? pieces[0] : undefined;
    if (only !== undefined) {
      entry.sent = true;
      this.connection.send({ octets: only.octets, masked: `${entry.tag} ${entry.masked}` });
      this.#deadline.review();
      return;
    }
    this.#writing = entry;
    void this.#writePieces(entry, pieces);
  }

  #encoding(): Encoding {
    const { capabilities } = this.session;
    const literals = capabilities.has('LITERAL+')
      ? 'plus'
      : capabilities.has('LITERAL-')
        ? 'minus'
        : 'sync';
    return { literals, utf8: this.utf8 };
  }

  /** A command with literals. Nothing else is written meanwhile. */
  async #writePieces(entry: Entry, pieces: readonly CommandPiece[]): Promise<void> {
    try {
      let shown = `${entry.tag} ${entry.masked}`;
      let bodies = 0;
      for (const { octets, awaitContinuation, body } of pieces) {
        this.connection.send({ octets, masked: shown });
        shown = mask;
        this.#deadline.review();
        if (awaitContinuation && !(await this.#continuation())) break;
        const source = body === 0 ? undefined : entry.command.bodies?.[bodies++];
        if (source !== undefined) {
          await this.#consumers.upload(entry, source, () =>
            writeBody(this.connection, entry, source.pieces, body, () => this.#deadline.review()),
          );
        }
      }
      entry.sent = true;
      this.#writing = undefined;
      if (entry.response !== undefined) this.#finish(entry, entry.response);
      this.#pump();
    } catch (error) {
      this.#writing = undefined;
      this.connection.fail(error, { command: entry.masked });
    }
  }

  /** Waits for the server's `+`. False when it answered NO instead: then nothing more of the command may go out. */
  #continuation(): Promise<boolean> {
    return new Promise((resolve) => {
      this.#goAhead = resolve;
    });
  }

  // ── in ───────────────────────────────────────────────────────────────────────────────────────────────────

  async #read(): Promise<void> {
    this.#reading = true;
    try {
      for (;;) {
        const frame = this.#reader.take();
        if (frame === undefined) {
          if (this.session.bye !== undefined) throw this.connection.serverClosing(this.session.bye);
          await this.#reader.more();
          continue;
        }
        for (let part: Frame | undefined = frame; part !== undefined; ) {
          const response = this.#parse(part);
          if (response === undefined) break;
          if (response.type === 'fetch' && response.row.torn && this.#reader.tear(part)) break;
          if (response.type === 'tagged') {
            if (this.#tagged(response)) return;
          } else if (response.type === 'continuation') this.#continue(response.text);
          else {
            const holder = this.#untagged(response, part);
            if (holder !== undefined && holder.held > this.limits.bufferedOctets) {
              await this.#consumers.rowsTaken(holder);
            }
          }
          part = response.rest;
        }
      }
    } catch (error) {
      this.connection.fail(error, this.#where());
    } finally {
      this.#reading = false;
    }
  }

  /** @returns `undefined` for a line that is no response, where such a line is let pass */
  #parse(frame: Frame): Response | undefined {
    try {
      return parseResponse(frame, this.limits);
    } catch (error) {
      if (!this.session.is.forgivesJunk || !isMalformed(error)) throw error;
      this.#junk(frame.text);
      this.#doubt(frame.text, 'a line came that is no response');
      return undefined;
    }
  }

  /**
   * PHP's warnings, what is left of a literal that was announced short, a second OK: noted and stepped over, so many
   * between two answers at most.
   */
  #junk(text: string): void {
    const { junkLines } = this.limits;
    this.session.notices.push({
      kind: 'malformed',
      text: `no response: ${escapeText(decodeText(text), 500)}`,
    });
    if (++this.#junkLines > junkLines)
      throw this.connection.exceeded('junkLines', junkLines, this.#where());
  }

  /** @returns the object that keeps the response for a consumer, where there is one */
  #untagged(response: Response, frame: Frame): Holder | undefined {
    if (response.notes !== undefined) this.note(response.notes, frame);
    if (response.type === 'status-data') this.session.hearStatus(response.data);
    for (const entry of this.#inFlight.values()) {
      const { command } = entry;
      if (command.claim?.(response, frame, () => this.#isSole(entry))) {
        this.#unclaimed = 0;
        entry.claimed = true;
        return command.holder;
      }
    }
    if (response.type === 'malformed') this.#doubt(response.text, response.problem);
    if (!this.session.apply(response)) this.#countUnclaimed();
    return undefined;
  }

  /** Parts of a response that could not be read, each of which costs no other. */
  note(notes: readonly string[], { text }: Frame): void {
    for (const note of notes) {
      const shown = escapeText(`${note}: ${decodeText(text)}`, 500);
      this.session.notices.push({ kind: 'malformed', text: shown });
    }
  }

  /** A response of an extension that breaks its grammar: a notice, and it is missing in the answer of whoever waits for it. */
  unread(text: string, problem: string): void {
    this.session.apply({ type: 'malformed', text, problem });
    this.#doubt(text, problem);
  }

  /** A response about what nobody asked for, in which no answer must be looked for. */
  ofAnother(text: string, name: string): void {
    const problem = `${name} of another mailbox than the one asked for`;
    this.session.apply({ type: 'malformed', text, problem });
    for (const entry of this.#inFlight.values()) entry.unread ??= problem;
  }

  #doubt(text: string, problem: string): void {
    if (text === '') return; // an empty line means nothing
    const [, name = ''] = /^(?:\* *)?([a-z]+)/i.exec(text) ?? [];
    for (const entry of this.#inFlight.values()) {
      entry.unread ??= problem;
      if (entry.command.answeredBy?.includes(name.toUpperCase())) entry.unreadAnswer ??= problem;
    }
  }

  #countUnclaimed(): void {
    if (++this.#unclaimed > this.limits.unsolicited) {
      throw this.connection.exceeded('unsolicited', this.limits.unsolicited, this.#where());
    }
  }

  #continue(text: string): void {
    const goAhead = this.#goAhead;
    this.#goAhead = undefined;
    if (goAhead !== undefined) {
      goAhead(true);
      return;
    }
    const entry = this.#oldest(({ command }) => command.onContinuation !== undefined);
    if (entry === undefined) {
      if (!this.session.is.forgivesJunk)
        throw this.connection.malformed('no continuation request', `+ ${text}`, this.#where());
      this.#junk(`+ ${text}`);
      return;
    }
    this.#countUnclaimed();
    entry.command.onContinuation?.(text);
  }

  /** @returns true when the loop is to stop */
  #tagged(response: TaggedResponse): boolean {
    const entry = this.#inFlight.get(response.tag);
    if (entry === undefined) {
      if (this.session.is.forgivesJunk && !this.#isTagToCome(response.tag)) {
        this.#junk(`${response.tag} ${response.status} ${response.text}`);
        return false;
      }
      throw this.connection.malformed(
        'the tag of a command',
        `${response.tag} ${response.status}`,
        this.#where(),
      );
    }
    this.#unclaimed = 0;
    this.#junkLines = 0;
    this.session.applyCode(response.code);
    if (!entry.sent) {
      // An answer to what the server cannot have read is forged or mad (CVE-2026-42246); a NO to a literal is neither.
      if (response.status === 'OK') {
        throw this.connection.malformed(
          'no OK before the command was sent whole',
          `${response.tag} OK`,
          this.#where(),
        );
      }
      entry.response = response;
      const goAhead = this.#goAhead;
      this.#goAhead = undefined;
      goAhead?.(false);
      return false;
    }
    this.#finish(entry, response);
    if (entry.command.stopsReader) return true;
    this.#pump();
    return false;
  }

  #finish(entry: Entry, response: TaggedResponse): void {
    this.#inFlight.delete(entry.tag);
    this.#deadline.review();
    entry.resolve(response);
  }

  #oldest(which: (entry: Entry) => boolean): Entry | undefined {
    for (const entry of this.#inFlight.values()) if (which(entry)) return entry;
    return undefined;
  }

  /** For errors: what the server was expected to answer. */
  #where(): { phase: Phase; command?: string } {
    const entry = this.#oldest(() => true);
    if (entry === undefined) return { phase: this.session.is.phase };
    return { phase: entry.command.phase ?? 'command', command: entry.masked };
  }

  #rejectAll(): void {
    this.#deadline.close();
    const { error } = this.connection;
    const entries = [...this.#inFlight.values(), ...this.#queue];
    this.#inFlight.clear();
    this.#queue.clear();
    this.#goAhead?.(false);
    this.#consumers.review();
    // The command that ended the connection gets that very error.
    let told = false;
    for (const { reject, masked, command, sent } of entries) {
      const own: boolean = !told && error?.command === masked;
      told ||= own;
      const lost = own
        ? error
        : this.connection.lost({ phase: command.phase ?? 'command', command: masked });
      reject(
        sent && command.findOut !== undefined
          ? this.connection.locate(outcomeUnknown(masked, command.findOut, lost))
          : lost,
      );
    }
    this.session.notices.end();
  }
}

/** What makes its OK worth nothing. */
const unreadOf = ({ command, claimed, unread, unreadAnswer }: Entry): string | undefined =>
  unreadAnswer ?? (command.answeredBy === undefined || claimed ? undefined : unread);

/** It can go out again just as it was: nothing of its answer was given on, and its body is no stream that is used up. */
const isRepeatable = ({ command, claimed, streams }: Entry): boolean =>
  !claimed && !streams && command.bodies === undefined && command.phase !== 'auth';

function greeted({ status }: StatusResponse, inClear: boolean): Event {
  if (status === 'PREAUTH') return 'preauthenticated';
  if (status !== 'OK') return 'bye';
  return inClear ? 'greeted-in-clear' : 'greeted';
}

const describe = (response: Response): string =>
  'status' in response ? `${response.status} ${response.text}` : response.type;

/** Random, so that an attacker can't guess the tags of responses to come and inject them. */
function tagPrefix(): string {
  const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ';
  return [...randomBytes(4)].map((octet) => letters[octet % 26]).join('');
}
