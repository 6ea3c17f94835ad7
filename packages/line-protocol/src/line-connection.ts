/**
 * One stream that carries lines, octets and bodies, and is swapped whole: TCP → TLS (STARTTLS), TLS → deflate.
 *
 * Reading is pulling: take what is there synchronously, `fill()` when it is not enough. No caller awaits a single octet,
 * and a slow reader stops the peer through TCP's own window. There is no `'error'` event: a failure rejects the wait
 * that it breaks, is thrown by every later call, and settles `closed`.
 */
import type { Duplex } from 'node:stream';
import {
  addErrorContext,
  type ChannelBindingType,
  type ErrorContext,
  explainTlsError,
  type FivewireError,
  isFivewireError,
  type ProtocolName,
  type SecureStream,
  secure,
} from 'tls-context-core';
import type { CommandLine } from './command-line.js';
import {
  broken,
  closedByServer,
  closedByUser,
  limitExceeded,
  lostBy,
  malformedResponse,
  octetsInClear,
  serverClosing,
  unreadable,
} from './connection-errors.js';
import {
  type Closed,
  type CloseReason,
  defaultLineLimits,
  type LineConnectionOptions,
  type LineLimits,
  type TlsPeer,
} from './connection-options.js';
import {
  aborted,
  contextOf,
  defaultTimeouts,
  type Timeouts,
  timedOut,
  type Wait,
} from './deadline.js';
import { Incoming } from './incoming.js';
import { LineTooLong } from './input-buffer.js';
import { Outgoing } from './outgoing.js';
import { PeerWait } from './peer-wait.js';
import { mask } from './secret.js';
import { farewell } from './stream-end.js';
import { createWireLog, type WireLog } from './wire-log.js';

/** Something whole that was found in octets. */
export interface Found {
  /** Octets that it takes up. */
  readonly used: number;
}

export class LineConnection {
  readonly protocol: ProtocolName;
  readonly timeouts: Timeouts;
  readonly limits: LineLimits;
  /** Settles once, when the connection can't be used any more. */
  readonly closed: Promise<Closed>;
  /** Called when octets come, or the peer ends, while no caller waits for them. */
  onUnawaited: (() => void) | undefined;
  /** True while a SASL exchange runs: what comes in is masked too. */
  hideInput = false;
  /** What the login bound itself to this connection by. */
  channelBinding: 'none' | ChannelBindingType = 'none';

  #stream: Duplex;
  readonly #out: Outgoing;
  #secure: SecureStream | undefined;
  #mode: 'implicit-tls' | 'starttls' = 'implicit-tls';
  readonly #reader = new PeerWait((wait) => this.#late(wait));
  readonly #writer = new PeerWait((wait) => this.#late(wait));
  readonly #in: Incoming;
  #error: FivewireError | undefined;
  #settleClosed!: (closed: Closed) => void;
  #log: WireLog;
  #logging = false;
  #peer: TlsPeer | undefined;
  #context: ErrorContext;

  constructor(stream: Duplex, options: LineConnectionOptions) {
    this.protocol = options.protocol;
    this.timeouts = { ...defaultTimeouts, ...options.timeouts };
    this.limits = { ...defaultLineLimits, ...options.limits };
    this.#peer = options.tls;
    this.#context = { protocol: options.protocol };
    if (options.host !== undefined) this.#context.host = options.host;
    if (options.port !== undefined) this.#context.port = options.port;
    if (options.tls !== undefined) this.#context.serverHostname = options.tls.serverHostname;
    this.#log = createWireLog(options.protocol, options.log);
    this.closed = new Promise((resolve) => {
      this.#settleClosed = resolve;
    });
    this.#stream = stream;
    this.#out = new Outgoing(stream);
    this.#in = new Incoming(
      {
        arriving: () => {
          this.#logging = this.#log.active; // asked once a chunk, not once a line
        },
        unawaited: () => this.onUnawaited?.(),
        over: () => this.#shut('server', this.#remoteEnd()),
        failed: (error) => this.fail(error),
      },
      this.#reader,
    );
    this.#attach(stream);
    this.#log.event('open', `${options.host ?? 'stream'}:${options.port ?? ''}`);
  }

  /** The stream as it is now. For bodies that flow outside the lines; take care that no other reader is at work. */
  get stream(): Duplex {
    return this.#stream;
  }

  /** The TLS layer, once there is one. */
  get secureStream(): SecureStream | undefined {
    return this.#secure;
  }

  /** Why the connection is closed, once it is. Calls throw {@link lost}, each an error of its own. */
  get error(): FivewireError | undefined {
    return this.#error;
  }

  /** What a call throws that meets a closed connection: a new error with the call's own command; {@link error} is its cause. */
  lost(context: ErrorContext = {}): FivewireError {
    return this.locate(lostBy(this.#error as FivewireError, context));
  }

  get isOpen(): boolean {
    return this.#error === undefined;
  }

  /** True when the peer has ended: what is {@link buffered} is all there will be. */
  get hasEnded(): boolean {
    return this.#in.ended;
  }

  /** Octets that have come and are not taken. */
  get buffered(): number {
    return this.#in.buffer.size;
  }

  // ── input ────────────────────────────────────────────────────────────────────────────────────────────────

  /**
   * The next line without its CRLF (or bare LF), each character an octet; `undefined` while it is incomplete.
   * @param where for the error about one that is too long
   */
  takeLine(where: ErrorContext = nowhere): string | undefined {
    try {
      const line = this.#in.buffer.takeLine(this.limits.lineOctets);
      if (this.#logging && line !== undefined) this.#logLine(line);
      return line;
    } catch (error) {
      throw this.#tooLong(error, where);
    }
  }

  /** As {@link takeLine} inside a body that ends in a lone dot, where a bare LF is content unless {@link bareLf} says otherwise. */
  takeBodyLine(where: ErrorContext = nowhere): string | undefined {
    try {
      const line = this.#in.buffer.takeBodyLine(this.limits.lineOctets);
      if (this.#logging && line !== undefined) this.#logLine(line);
      return line;
    } catch (error) {
      throw this.#tooLong(error, where);
    }
  }

  /** Whether the server has ended a status line of this stream in a bare LF: then its bodies may end so too. */
  get bareLf(): boolean {
    return this.#in.buffer.bareLf;
  }

  #logLine(line: string): void {
    this.#log.event('receive', this.hideInput ? mask : line);
  }

  #tooLong(error: unknown, where: ErrorContext): unknown {
    return error instanceof LineTooLong ? this.exceeded('lineOctets', error.limit, where) : error;
  }

  /** What is there without taking it; `undefined` when there is nothing. */
  peekOctets(): Buffer | undefined {
    return this.#in.buffer.peek();
  }

  /** Takes `count` octets, at most {@link buffered}. */
  consumeOctets(count: number): void {
    this.#in.buffer.consume(count);
  }

  /**
   * Takes what `find` finds in the octets at hand, from an offset on: for what is mostly short, and read without a call an item. Nothing
   * where what comes is to be logged, or lines may end in a bare LF.
   */
  takeRun<T extends Found>(find: (octets: Buffer, at: number) => readonly T[]): readonly T[] {
    const { buffer } = this.#in;
    const { head } = buffer;
    if (head === undefined || this.#logging || buffer.bareLf) return [];
    const run = find(head, buffer.offset);
    let octets = 0;
    for (const { used } of run) octets += used;
    buffer.consume(octets);
    return run;
  }

  /** Whether at most so many octets are here, and {@link takeRun} would look at something that `begun` says of them. */
  takesUp(most: number, begun: (octets: Buffer, at: number) => boolean): boolean {
    const { buffer } = this.#in;
    if (buffer.size > most || this.#logging || buffer.bareLf) return false;
    buffer.join(); // its end may have come in a piece of its own
    return buffer.head !== undefined && begun(buffer.head, buffer.offset);
  }

  /** Makes one piece of what is there, so that {@link peekOctets} and {@link takeOctets} give all of it. */
  joinOctets(): void {
    this.#in.buffer.join();
  }

  /** At most `max` octets; `undefined` when there is nothing. */
  takeOctets(max: number): Buffer | undefined {
    return this.#in.buffer.takeOctets(max);
  }

  /**
   * Resolves when more octets have come. Rejects at the peer's end, on failure and after `wait.timeout` of silence.
   * @param gather waits for all that comes in this turn of the event loop: for long bodies, since TLS gives 16 KiB at a time
   */
  fill(wait: Wait, gather = false): Promise<void> {
    if (this.#error === undefined && this.#in.ended) this.#shut('server', this.#remoteEnd());
    if (this.#error !== undefined) return Promise.reject(this.lost(contextOf(wait)));
    if (this.#reader.pending) throw new Error('two readers on one connection');
    this.#in.wanted(gather);
    return this.#reader.begin(wait);
  }

  /** No reader follows for now: where the peer has ended, so has the connection, whatever is left of its input. */
  unattended(): void {
    if (this.#in.ended) this.#shut('server', this.#remoteEnd());
  }

  /** One line, waiting for it. For a dialogue; a loop over many lines takes them with {@link takeLine}. */
  async readLine(wait: Wait): Promise<string> {
    const where = contextOf(wait);
    for (;;) {
      const line = this.takeLine(where);
      if (line !== undefined) return line;
      await this.fill(wait);
    }
  }

  // ── output ───────────────────────────────────────────────────────────────────────────────────────────────

  /** Writes command lines. Those written in one turn of the event loop leave in one piece. */
  send(...lines: readonly CommandLine[]): void {
    if (this.#error !== undefined) throw this.lost();
    for (const { octets, masked } of lines) {
      this.#out.line(octets);
      if (this.#log.active && masked !== '') this.#log.event('send', masked);
    }
  }

  /** As {@link send} for commands that hold no secret, without their CRLFs: one buffer for all of them. */
  sendText(commands: readonly string[]): void {
    if (commands.length === 0) return;
    const log = this.#log.active;
    const octets = Buffer.from(`${commands.join('\r\n')}\r\n`);
    this.send({ octets, masked: '' });
    if (log) for (const command of commands) this.#log.event('send', command);
  }

  /** A log listens to this connection. */
  get isLogged(): boolean {
    return this.#log.active;
  }

  /** Writes octets of a body. False when {@link flushed} should be awaited before more. */
  write(octets: Uint8Array): boolean {
    if (this.#error !== undefined) throw this.lost();
    return this.#out.octets(octets);
  }

  /** Resolves when the stream takes more. Rejects on failure, and when the peer takes nothing for `wait.timeout`. */
  flushed(wait: Wait): Promise<void> {
    if (this.#error !== undefined) return Promise.reject(this.lost(contextOf(wait)));
    if (!this.#stream.writableNeedDrain) return Promise.resolve();
    return this.#writer.begin(wait);
  }

  /** The login is through. @param notice what it had to do without, for the log */
  bound(channelBinding: 'none' | ChannelBindingType, notice?: string): void {
    this.channelBinding = channelBinding;
    if (notice !== undefined) this.#log.event('auth', notice);
  }

  // ── swaps ────────────────────────────────────────────────────────────────────────────────────────────────

  /**
   * Puts TLS on the stream and proves the peer. Implicit TLS is this at octet zero.
   * Octets that came after the server's go-ahead end the connection: they were not protected (CVE-2021-38371 and kin).
   */
  async startTls(mode: 'implicit-tls' | 'starttls', signal?: AbortSignal): Promise<SecureStream> {
    if (this.#error !== undefined) throw this.lost({ phase: 'tls' });
    if (this.#peer === undefined)
      throw new Error('startTls on a connection made without a TLS peer');
    this.#out.flush();
    const stream = this.#stream;
    this.#refuseInput('the TLS handshake');
    if (this.#in.ended) throw this.fail(this.#remoteEnd({ phase: 'tls', timeout: 0 }));
    this.#detach(stream);
    stream.pause();
    const { protocol, host, port } = this.#context;
    let secured: SecureStream;
    try {
      secured = await secure(stream, {
        ...this.#peer,
        mode,
        protocol: protocol as ProtocolName,
        ...(host === undefined ? {} : { host }),
        ...(port === undefined ? {} : { port }),
        ...(signal === undefined ? {} : { signal }),
        timeout: this.timeouts.tls,
      });
    } catch (error) {
      throw this.fail(error);
    }
    if (this.#error !== undefined) {
      secured.destroy();
      throw this.#error;
    }
    this.#secure = secured;
    this.#mode = mode;
    this.#adopt(secured);
    const { security } = secured;
    this.#log.event(
      'tls',
      `${security.protocol} ${security.cipher} ${security.matchedName ?? 'unverified'}`,
    );
    return secured;
  }

  /**
   * For the command that asks for TLS, before it is sent: octets that are here already can't be its answer, and one among them
   * that looks like the go-ahead is forged (the class of CVE-2026-42246).
   * @param command its verb
   * @throws StartTlsError `ERR_STARTTLS_INJECTION`, which ends the connection
   */
  refuseEarlyReply(command: string): void {
    if (this.#error !== undefined) throw this.lost();
    this.#refuseInput(`${command} was sent`);
  }

  /** Replaces the stream by what `make` builds on it (COMPRESS). Octets not yet taken belong to the new stream. */
  swap(make: (stream: Duplex) => Duplex): void {
    if (this.#error !== undefined) throw this.lost();
    this.#out.flush();
    const stream = this.#stream;
    this.#detach(stream);
    stream.pause();
    const left = [];
    for (
      let octets = this.#in.buffer.takeOctets(Infinity);
      octets;
      octets = this.#in.buffer.takeOctets(Infinity)
    ) {
      left.push(octets);
    }
    if (left.length > 0) stream.unshift(Buffer.concat(left));
    this.#adopt(make(stream));
  }

  /** Goes on by another stream, whatever the one before comes to: TLS has left (FTP's CCC), and nothing of it is kept. */
  goOn(stream: Duplex): void {
    if (this.#error !== undefined) throw this.lost();
    this.#out.flush();
    this.#detach(this.#stream);
    this.#in.ended = false;
    this.#adopt(stream);
  }

  // ── the end ──────────────────────────────────────────────────────────────────────────────────────────────

  /** Ends the connection because of an error and gives that error back, told where it happened, to be thrown. */
  fail(error: unknown, context: ErrorContext = {}): FivewireError {
    const reason = isFivewireError(error) ? error : this.#explain(error);
    this.locate(reason, context);
    this.#shut('error', reason);
    return reason;
  }

  /** Adds protocol, host, port and name to an error that this connection outlives. */
  locate<E extends FivewireError>(error: E, context: ErrorContext = {}): E {
    return addErrorContext(error, { ...this.#context, ...context });
  }

  /** The server broke the protocol: ends the connection and returns the error to throw. */
  malformed(expected: string, got: string, context: ErrorContext = {}): FivewireError {
    return this.fail(malformedResponse(this.protocol, expected, got), context);
  }

  /** An answer to `command` came in its place and says nothing that can be read: the connection outlives it. The error to throw. */
  unreadable(expected: string, got: string, command: string): FivewireError {
    return this.locate(unreadable(expected, got, command), { phase: 'command', command });
  }

  /** The server passed a limit: ends the connection and returns the error to throw. */
  exceeded(limit: string, value: number, context: ErrorContext = {}): FivewireError {
    return this.fail(limitExceeded(limit, value), context);
  }

  /** The server announced that it leaves (BYE, 421, 400): ends the connection and returns the error to throw. */
  serverClosing(text: string, context: ErrorContext = {}, lasting?: string): FivewireError {
    return this.fail(serverClosing(text, lasting), context);
  }

  /** Closes now. Pending waits reject with `ERR_CONNECTION_CLOSED`. */
  close(): void {
    this.#shut('close', this.locate(closedByUser('The connection was closed by close()')));
  }

  /** After our goodbye: ends our side, waits for the peer's end (at most `timeouts.close`), closes. Never throws. */
  async end(): Promise<void> {
    if (this.#error !== undefined) return;
    this.#out.flush();
    const stream = this.#stream;
    this.#release(this.locate(closedByUser('The session has ended with quit()')));
    this.#detach(stream);
    stream.on('error', ignore);
    stream.resume();
    await farewell(stream, this.timeouts.close);
    stream.destroy();
    this.#log.event('close', 'quit');
    this.#settleClosed({ reason: 'quit' });
  }

  /**
   * Runs the steps of connecting: whatever goes wrong in them, the signal included, the connection is closed and the
   * error says so.
   */
  async establish<T>(signal: AbortSignal | undefined, work: () => Promise<T>): Promise<T> {
    const stop = (): void => {
      this.fail(aborted(signal as AbortSignal, { command: 'connect' }, 'closed'));
    };
    if (signal?.aborted) stop();
    signal?.addEventListener('abort', stop, { once: true });
    try {
      if (this.#error !== undefined) throw this.#error;
      return await work();
    } catch (thrown) {
      // A failure of the connection itself explains more than the call that it broke.
      const error = signal?.aborted ? (this.#error ?? thrown) : this.#itself(thrown);
      if (!isFivewireError(error)) {
        this.close();
        throw error;
      }
      Object.defineProperty(error, 'connection', {
        value: 'closed',
        enumerable: true,
        configurable: true,
      });
      throw this.fail(error);
    } finally {
      signal?.removeEventListener('abort', stop);
    }
  }

  // ── inside ───────────────────────────────────────────────────────────────────────────────────────────────

  #onDrain = (): void => {
    this.#writer.settle();
  };

  #late(wait: Wait): void {
    this.fail(timedOut(wait, this.#secure !== undefined));
  }

  #refuseInput(before: string): void {
    const injected = this.#in.buffer.size + this.#stream.readableLength;
    if (injected === 0) return;
    throw this.fail(octetsInClear(injected, before));
  }

  #attach(stream: Duplex): void {
    stream.on('drain', this.#onDrain);
    this.#in.attach(stream);
  }

  #detach(stream: Duplex): void {
    stream.off('drain', this.#onDrain);
    this.#in.detach();
  }

  #adopt(stream: Duplex): void {
    this.#stream = stream;
    this.#out.stream = stream;
    this.#in.buffer.clear(); // of octets it has none, and how lines ended in clear says nothing about the server inside TLS
    this.#attach(stream);
  }

  /** The connection's own error where `thrown` is that of a call which it broke. */
  #itself(thrown: unknown): unknown {
    const own = this.#error;
    if (own === undefined || !isFivewireError(thrown) || thrown.cause !== own) return thrown;
    return addErrorContext(own, thrown);
  }

  #remoteEnd(wait?: Wait): FivewireError {
    return this.locate(closedByServer(), wait === undefined ? {} : contextOf(wait));
  }

  /** A TLS 1.3 server refuses our certificate, or its lack, by an alert that comes when the handshake is over here. */
  #explain(error: unknown): FivewireError {
    if (this.#secure !== undefined && isAlert(error))
      return explainTlsError(error, { ...this.#context, mode: this.#mode });
    return broken(error);
  }

  #release(error: FivewireError): void {
    this.#error = error;
    this.#out.drop();
    this.#reader.close(error);
    this.#writer.close(error);
  }

  #shut(reason: CloseReason, error: FivewireError): void {
    if (this.#error !== undefined) return;
    this.#release(error);
    this.#in.buffer.clear();
    const stream = this.#stream;
    this.#detach(stream);
    stream.on('error', ignore);
    stream.destroy();
    this.#log.event('close', `${reason}: ${error.message}`);
    this.#settleClosed({ reason, error });
  }
}

const ignore = (): void => {};
const nowhere: ErrorContext = {};

const isAlert = (error: unknown): boolean =>
  /^ERR_SSL_.*ALERT/.test(String((error as { code?: unknown } | undefined)?.code));
