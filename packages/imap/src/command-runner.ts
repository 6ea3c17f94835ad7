/**
 * Commands out, responses in (RFC 9051 §2.2): one writer, one reader loop that routes by tag, and a queue.
 *
 * Commands are pipelined as far as that is unambiguous (RFC 9051 §5.5): those that change state run alone. A body that
 * is streamed to a consumer holds back what comes after it, unsent: so a command that the consumer itself waits for can
 * be refused instead of hanging.
 */
import { randomBytes } from 'node:crypto';
import {
  abandonOnAbort,
  aborted,
  deadlockAfter,
  endless,
  type LineConnection,
  mask,
  timedOut,
} from '@fivewire/line-protocol';
import { type Phase, UsageError } from 'tls-context-core';
import { commandError } from './command-error.js';
import {
  type Argument,
  type CommandPiece,
  type Encoding,
  encodeCommand,
} from './grammar/encoder.js';
import type { Frame } from './grammar/frame.js';
import {
  parseResponse,
  type Response,
  type StatusResponse,
  type TaggedResponse,
} from './grammar/response.js';
import type { ImapLimits } from './limits.js';
import { type BodySink, ResponseReader } from './response-reader.js';
import type { Session } from './session.js';

/** What every call that talks takes last. */
export interface CallOptions {
  /** Rejects the call with `ERR_ABORTED`; a command that is out is finished behind the scenes. */
  signal?: AbortSignal;
  /** The longest silence while waiting for the server, in milliseconds. Default: `timeouts.reply`. */
  timeout?: number;
}

/** A sink that belongs to somebody who reads. */
export interface StreamedSink extends BodySink {
  /** Octets that wait for the consumer. */
  readonly buffered: number;
  /** Resolves when the consumer has taken some, or is gone. */
  ready(): Promise<void>;
  /** Whether the consumer reads by itself, as a pipe does, so that no call of ours can keep it from reading. */
  readonly independent: boolean;
}

/** Somebody who keeps rows for a consumer. */
export interface Holder {
  /** Octets kept. */
  readonly held: number;
  /** Resolves when the consumer has taken some, or is gone. */
  ready(): Promise<unknown>;
}

export interface Command {
  verb: string;
  args?: readonly Argument[];
  /** Runs with nothing else in flight: commands that change state, and dialogues. */
  alone?: boolean;
  /** Lets every other command go first. */
  yields?: boolean;
  /** Called when it goes out. */
  onSent?(): void;
  /** Takes an untagged response that belongs to this command; true when taken. */
  claim?(response: Response, frame: Frame): boolean;
  /** The octets of the one literal that is streamed. */
  body?: AsyncIterator<Uint8Array>;
  /**
   * Takes the body whose announcement ends `text`, when it is too long to be kept. Everything after a command with
   * this waits until it is answered.
   */
  sinkFor?(text: string): StreamedSink | undefined;
  /** The server's `+`, where it does not ask for a literal. */
  onContinuation?(text: string): void;
  /** Makes way for other commands: IDLE's DONE. */
  interrupt?(): void;
  /** No deadline: the server is silent until something happens. */
  patient?(): boolean;
  /** Who keeps what is claimed until a consumer takes it. */
  holder?: Holder;
  /** Nobody waits for it at the moment: while it is queued it presses nobody. */
  background?(): boolean;
  /** The last command in clear: the reader loop stops at its tagged response, before another octet is looked at. */
  stopsReader?: boolean;
  /** BYE is what it waits for. */
  expectsBye?: boolean;
  phase?: Phase;
}

interface Entry {
  readonly command: Command;
  readonly timeout: number;
  readonly signal: AbortSignal | undefined;
  resolve(response: TaggedResponse): void;
  reject(error: unknown): void;
  tag: string;
  /** As logs and errors show it. */
  masked: string;
  /** All of it is on its way. */
  sent: boolean;
  /** We are waiting for the source of its body, not for the server. */
  waitsForSource: boolean;
  response: TaggedResponse | undefined;
}

/** At most so many commands are on the wire at once. */
const mostInFlight = 32;

export class CommandRunner {
  readonly connection: LineConnection;
  readonly session: Session;
  readonly limits: ImapLimits;
  /** Whether quoted strings may hold UTF-8. */
  utf8 = false;
  readonly #reader: ResponseReader;
  readonly #queue: Entry[] = [];
  readonly #inFlight = new Map<string, Entry>();
  /** The command whose pieces are being written. */
  #writing: Entry | undefined;
  /** Told of the server's `+`, true, or of a NO in its place, false. */
  #goAhead: ((go: boolean) => void) | undefined;
  readonly #prefix = tagPrefix();
  #count = 0;
  #unclaimed = 0;
  #reading = false;
  /** What the reader waits for from the server. */
  #filling: 'command' | 'transfer' | undefined;
  #timer: NodeJS.Timeout | undefined;
  /** On whose behalf the timer runs. */
  #timed: Entry | undefined;
  /** Wakes the reader when it waits for a consumer and somebody else wants the connection. */
  #wakeReader: (() => void) | undefined;

  constructor(connection: LineConnection, session: Session, limits: ImapLimits) {
    this.connection = connection;
    this.session = session;
    this.limits = limits;
    this.#reader = new ResponseReader(connection, {
      limits,
      sinkFor: (text) => this.#oldest(() => true)?.command.sinkFor?.(text),
      fill: (phase) => this.#fill(phase),
      room: (sink, left) => this.#room(sink as StreamedSink, left),
    });
    void connection.closed.then(() => this.#rejectAll());
  }

  /** Whether commands are queued or in flight. */
  get busy(): boolean {
    return this.#queue.length + this.#inFlight.size > 0;
  }

  /** Begins, or goes on, reading responses. */
  start(): void {
    if (!this.#reading) void this.#read();
  }

  /**
   * Reads the server's first response, which answers nothing (RFC 9051 §7.1).
   * @throws RemoteProtocolError `ERR_MALFORMED_RESPONSE` when it is no greeting
   */
  greeting(): Promise<StatusResponse> {
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
        if (response.type !== 'status' || response.status === 'NO' || response.status === 'BAD') {
          throw this.connection.malformed(
            'a greeting (* OK, * PREAUTH or * BYE)',
            describe(response),
            { phase: 'greeting' },
          );
        }
        this.#inFlight.delete(entry.tag);
        this.session.applyCode(response.code);
        resolve(response);
        return true;
      };
      this.#inFlight.set(entry.tag, entry);
      this.start();
    });
  }

  /**
   * Runs a command and resolves to its OK.
   * @throws CommandError `ERR_COMMAND_REJECTED`, `ERR_NOT_FOUND` for NO and BAD; and whatever ends the connection
   */
  async run(command: Command, options: CallOptions = {}): Promise<TaggedResponse> {
    const { response, masked } = await this.runAnyway(command, options);
    if (response.status === 'OK') return response;
    throw this.connection.locate(commandError(response, masked, command.phase));
  }

  /** The same, for those who want the NO as a value. */
  runAnyway(
    command: Command,
    { signal, timeout }: CallOptions = {},
  ): Promise<{ response: TaggedResponse; masked: string }> {
    const context = { command: command.verb, phase: command.phase ?? 'command' };
    if (this.connection.error !== undefined) return Promise.reject(this.connection.error);
    if (signal?.aborted)
      return Promise.reject(this.connection.locate(aborted(signal, context, 'usable')));
    let entry: Entry | undefined;
    const work = new Promise<TaggedResponse>((resolve, reject) => {
      entry = {
        ...newEntry(command, timeout ?? this.connection.timeouts.reply, reject),
        signal,
        resolve,
      };
      this.#queue.push(entry);
      this.#pump();
    }).then((response) => ({ response, masked: (entry as Entry).masked }));
    return command.body === undefined ? abandonOnAbort(work, signal, context) : work;
  }

  /** A line inside a dialogue: a SASL response, DONE. */
  sendLine(text: string, masked: string = mask): void {
    this.connection.send({ octets: Buffer.from(`${text}\r\n`, 'latin1'), masked });
    this.#rearm();
  }

  /** Somebody has begun to wait for a command that was in the background. */
  press(): void {
    this.#wakeReader?.();
  }

  // ── out ──────────────────────────────────────────────────────────────────────────────────────────────────

  /** Sends as many of the waiting commands as may go. */
  #pump(): void {
    for (;;) {
      const next = this.#queue.findIndex(({ command }) => !command.yields);
      const at = Math.max(next, 0);
      const entry = this.#queue[at];
      if (entry === undefined || this.#writing !== undefined || !this.connection.isOpen) return;
      if (entry.signal?.aborted) {
        this.#queue.splice(at, 1);
        entry.reject(aborted(entry.signal, { command: entry.masked }, 'usable'));
        continue;
      }
      if (!this.#mayStart(entry.command)) {
        for (const { command } of this.#inFlight.values()) command.interrupt?.();
        this.#wakeReader?.();
        return;
      }
      this.#queue.splice(at, 1);
      this.#begin(entry);
    }
  }

  #mayStart(command: Command): boolean {
    if (this.#inFlight.size === 0) return true;
    if (command.alone || this.#inFlight.size >= mostInFlight) return false;
    for (const { command: other } of this.#inFlight.values()) {
      if (other.alone || other.sinkFor !== undefined) return false;
    }
    return true;
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
    entry.command.onSent?.();
    this.#wakeReader?.();
    const only = pieces.length === 1 ? pieces[0] : undefined;
    if (only !== undefined) {
      entry.sent = true;
      this.connection.send({ octets: only.octets, masked: `${entry.tag} ${entry.masked}` });
      this.#rearm();
      return;
    }
    this.#writing = entry;
    void this.#writePieces(entry, pieces);
  }

  #encoding(): Encoding {
    const { capabilities } = this.session;
    const literals = capabilities.has('LITERAL+')
      ? 'plus'
      : capabilities.has('LITERAL-') || capabilities.has('IMAP4REV2')
        ? 'minus'
        : 'sync';
    return { literals, utf8: this.utf8 };
  }

  /** A command with literals. Nothing else is written meanwhile. */
  async #writePieces(entry: Entry, pieces: readonly CommandPiece[]): Promise<void> {
    try {
      let shown = `${entry.tag} ${entry.masked}`;
      for (const { octets, awaitContinuation, body } of pieces) {
        this.connection.send({ octets, masked: shown });
        shown = mask;
        this.#rearm();
        if (awaitContinuation && !(await this.#continuation())) break;
        if (body > 0 && entry.command.body !== undefined)
          await this.#writeBody(entry, entry.command.body, body);
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

  /**
   * The octets of a literal, exactly as many as were promised. The last piece waits until the source has ended: a
   * source that yields too much or too little must not leave a mutilated message behind, so the connection ends first.
   */
  async #writeBody(entry: Entry, source: AsyncIterator<Uint8Array>, size: number): Promise<void> {
    const { signal, timeout, masked } = entry;
    const stop = (): void => {
      this.connection.fail(aborted(signal as AbortSignal, { command: masked }, 'closed'));
    };
    signal?.addEventListener('abort', stop, { once: true });
    try {
      let octets = 0;
      let held: Uint8Array | undefined;
      for (;;) {
        entry.waitsForSource = true;
        this.#rearm();
        const { value, done } = await source.next();
        entry.waitsForSource = false;
        if (this.connection.error !== undefined) throw this.connection.error;
        octets += done ? 0 : value.length;
        if (octets > size || (done && octets < size)) throw wrongSize(octets, size);
        if (held !== undefined && !this.connection.write(held)) {
          await this.connection.flushed({ phase: 'transfer', timeout, command: masked });
        }
        if (done) return;
        held = value;
      }
    } finally {
      signal?.removeEventListener('abort', stop);
      this.#rearm();
    }
  }

  // ── in ───────────────────────────────────────────────────────────────────────────────────────────────────

  async #read(): Promise<void> {
    this.#reading = true;
    try {
      for (;;) {
        const frame = this.#reader.take();
        if (frame === undefined) {
          if (
            this.session.bye !== undefined &&
            !this.#oldest((entry) => entry.command.expectsBye === true)
          ) {
            throw this.connection.serverClosing(this.session.bye);
          }
          await this.#reader.more();
          continue;
        }
        const response = parseResponse(frame, this.limits);
        if (response.type === 'fetch' && response.row.torn && this.#reader.tear(frame)) continue;
        if (response.type === 'tagged') {
          if (this.#tagged(response)) return;
        } else if (response.type === 'continuation') this.#continue(response.text);
        else {
          const holder = this.#untagged(response, frame);
          if (holder !== undefined && holder.held > this.limits.bufferedOctets)
            await this.#relieve(holder);
        }
      }
    } catch (error) {
      this.connection.fail(error, this.#where());
    } finally {
      this.#reading = false;
    }
  }

  /** @returns who keeps the response, where somebody does */
  #untagged(response: Response, frame: Frame): Holder | undefined {
    for (const { command } of this.#inFlight.values()) {
      if (command.claim?.(response, frame)) {
        this.#unclaimed = 0;
        return command.holder;
      }
    }
    if (!this.session.apply(response)) this.#countUnclaimed();
    return undefined;
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
    if (entry === undefined)
      throw this.connection.malformed('no continuation request', `+ ${text}`, this.#where());
    this.#countUnclaimed();
    entry.command.onContinuation?.(text);
  }

  /** @returns true when the loop is to stop */

  #tagged(response: TaggedResponse): boolean {
    const entry = this.#inFlight.get(response.tag);
    if (entry === undefined)
      throw this.connection.malformed(
        'the tag of a command',
        `${response.tag} ${response.status}`,
        this.#where(),
      );
    this.#unclaimed = 0;
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
    this.#rearm();
    entry.resolve(response);
  }

  #oldest(which: (entry: Entry) => boolean): Entry | undefined {
    for (const entry of this.#inFlight.values()) if (which(entry)) return entry;
    return undefined;
  }

  /** For errors: what the server was expected to answer. */
  #where(): { phase: Phase; command?: string } {
    const entry = this.#oldest(() => true);
    if (entry === undefined) return { phase: 'command' };
    return { phase: entry.command.phase ?? 'command', command: entry.masked };
  }

  #rejectAll(): void {
    this.#disarm();
    const error = this.connection.error;
    const entries = [...this.#inFlight.values(), ...this.#queue];
    this.#inFlight.clear();
    this.#queue.length = 0;
    this.#goAhead?.(false);
    this.#wakeReader?.();
    for (const entry of entries) entry.reject(error);
    this.session.notices.end();
  }

  // ── waiting ──────────────────────────────────────────────────────────────────────────────────────────────

  async #fill(phase: 'command' | 'transfer'): Promise<void> {
    this.#filling = phase;
    this.#timed = undefined;
    this.#rearm();
    try {
      await this.connection.fill({ phase, timeout: 0 });
    } finally {
      this.#filling = undefined;
      this.#disarm();
    }
  }

  /**
   * The deadline runs while the reader waits for the server on behalf of the oldest impatient command, and starts anew
   * with every octet that comes. It does not run while we wait for a consumer or for the source of a body.
   */
  #rearm(): void {
    const entry = this.#oldest(
      ({ command, waitsForSource }) => !waitsForSource && !command.patient?.(),
    );
    if (this.#filling === undefined || entry === this.#timed) return;
    this.#disarm();
    this.#timed = entry;
    if (entry === undefined) return;
    const phase = this.#filling;
    const timeout =
      phase === 'transfer'
        ? Math.min(entry.timeout, this.connection.timeouts.stall)
        : entry.timeout;
    if (endless(timeout)) return;
    this.#timer = setTimeout(() => {
      this.connection.fail(
        timedOut({ phase: entry.command.phase ?? phase, timeout, command: entry.masked }),
      );
    }, timeout);
  }

  #disarm(): void {
    clearTimeout(this.#timer);
    this.#timed = undefined;
  }

  /**
   * Waits until a body's consumer takes more. When another command waits for the connection meanwhile, the rest of the
   * body is read into memory if it is short enough; if it is not and the consumer does not move, the others are
   * refused: most likely it is the consumer itself that waits for them.
   */
  async #room(sink: StreamedSink, left: number): Promise<void> {
    const ready = sink.ready().then(() => 'ready' as const);
    while (this.connection.isOpen) {
      const pressed = this.#pressing().length > 0;
      if (pressed && sink.buffered + left <= this.limits.bufferedOctets) return;
      let timer: NodeJS.Timeout | undefined;
      const woken = new Promise<'woken' | 'motionless'>((resolve) => {
        this.#wakeReader = () => resolve('woken');
        if (pressed && !sink.independent) timer = setTimeout(resolve, deadlockAfter, 'motionless');
      });
      const what = await Promise.race([ready, woken]);
      clearTimeout(timer);
      this.#wakeReader = undefined;
      if (what === 'ready') return;
      if (what === 'motionless') this.#refuseWaiting(left);
    }
    throw this.connection.error;
  }

  /**
   * Waits until the consumer of rows has taken some, as long as nobody else needs the connection: then reading goes on,
   * for the other's answer stands behind the rows. What a row takes is bounded, and so are the rows on their way; a
   * server that sends far more ends the connection.
   */
  async #relieve(holder: Holder): Promise<void> {
    const { bufferedOctets } = this.limits;
    if (holder.held > bufferedOctets * 4)
      throw this.connection.exceeded('bufferedOctets', bufferedOctets);
    const others = [...this.#inFlight.values(), ...this.#pressing()];
    if (others.some(({ command }) => command.holder !== holder)) return;
    const woken = new Promise<void>((resolve) => {
      this.#wakeReader = resolve;
    });
    await Promise.race([holder.ready(), woken]);
    this.#wakeReader = undefined;
  }

  /** Those in the queue for whom somebody waits. */
  #pressing(): Entry[] {
    return this.#queue.filter(({ command }) => !command.background?.());
  }

  #refuseWaiting(left: number): void {
    for (const entry of this.#pressing()) {
      this.#queue.splice(this.#queue.indexOf(entry), 1);
      entry.reject(
        this.connection.locate(
          new UsageError(
            'ERR_WOULD_DEADLOCK',
            `${entry.masked} waits behind a body of which ${left} octets are unread`,
            {
              command: entry.masked,
              hint: 'Read the body to its end (or destroy it) before the call, or make the call on another connection (createImapPool).',
            },
          ),
        ),
      );
    }
  }
}

const newEntry = (command: Command, timeout: number, reject: (error: unknown) => void): Entry => ({
  command,
  timeout,
  reject,
  signal: undefined,
  resolve: () => {},
  tag: '',
  masked: command.verb,
  sent: false,
  waitsForSource: false,
  response: undefined,
});

const describe = (response: Response): string =>
  'status' in response ? `${response.status} ${response.text}` : response.type;

/** Random, so that nobody can guess the tags of responses to come and inject them. */
function tagPrefix(): string {
  const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ';
  return [...randomBytes(4)].map((octet) => letters[octet % 26]).join('');
}

const wrongSize = (octets: number, size: number): UsageError =>
  new UsageError(
    'ERR_ARGUMENT',
    `The body has ${octets > size ? 'more than' : 'only'} ${Math.min(octets, size)} octets; size says ${size}`,
    {
      argument: 'size',
      connection: 'closed',
      hint: 'Give the exact number of octets: the server was promised them, so the connection had to be closed.',
    },
  );
