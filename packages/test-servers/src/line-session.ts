/** One connection to a line server: lines, literals and dot bodies come in; replies go out, through the faults. */
import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import { type ConnectionRecord, describeTls } from './connection-record.js';
import type { Faults } from './faults.js';
import { FaultyOutput } from './faulty-output.js';
import type { MannerOfConnection } from './manners/manner.js';
import { OctetBuffer } from './octet-buffer.js';
import type { TlsAcceptor } from './server-tls.js';
import { SessionEnded } from './session-ended.js';

export interface SessionLimits {
  /** Octets in a line. Default 65,536. */
  lineOctets: number;
  /** Milliseconds without an octet either way until the connection is dropped. Default 300,000. */
  idle: number;
}

export const defaultLimits: SessionLimits = { lineOctets: 65_536, idle: 300_000 };

const keptLines = 10_000;
/** Octets buffered until reading pauses. */
const highWater = 1 << 20;
/** Milliseconds that a client has to close after our goodbye. */
const linger = 2_000;

export class LineSession {
  readonly record: ConnectionRecord;
  readonly tls: TlsAcceptor;
  /** How another vendor's server would put things. */
  manner: MannerOfConnection | undefined;
  readonly #tcp: Socket;
  readonly #limits: SessionLimits;
  readonly #input = new OctetBuffer();
  readonly #output: FaultyOutput;
  /** Those that wait for something and must not wait beyond the end of the connection. */
  readonly #waiting = new Set<() => void>();
  #socket: Socket;
  /** There will be no more octets. */
  #ended = false;
  /** The client has said so itself, by FIN; otherwise it was cut off. */
  #endedByClient = false;
  /** Our goodbye is under way. */
  #ending = false;
  #wake: (() => void) | undefined;
  #lingerTimer: NodeJS.Timeout | undefined;
  #detach: () => void = () => {};

  constructor(socket: Socket, tls: TlsAcceptor, record: ConnectionRecord, limits: SessionLimits) {
    this.#tcp = socket;
    this.#socket = socket;
    this.tls = tls;
    this.record = record;
    this.#limits = limits;
    this.#output = new FaultyOutput({
      record,
      get socket() {
        return self.#socket;
      },
      until: (start) => this.#until(start),
      cut: (how) => this.#cut(how),
    });
    const self = this;
    socket.setNoDelay(true);
    socket.once('close', () => this.#finish());
    this.#attach();
  }

  /** Whether the octets travel under TLS. */
  get secure(): boolean {
    return this.#socket instanceof TLSSocket;
  }

  /** Whether credentials may be given now, by the port's own rule. */
  get allowsCredentials(): boolean {
    return this.secure || this.record.mode === 'cleartext';
  }

  get canStartTls(): boolean {
    return !this.secure && this.record.mode === 'starttls';
  }

  get socket(): Socket {
    return this.#socket;
  }

  /** Whether the client has sent more than was read. */
  get hasInput(): boolean {
    return this.#input.length > 0;
  }

  // ---- reading

  /** The next line without its line end, as Latin-1, or `undefined` when the client has ended. Bare LF is accepted. */
  async line(): Promise<string | undefined> {
    for (;;) {
      const end = this.#input.indexOf(0x0a);
      if (
        end >= this.#limits.lineOctets ||
        (end < 0 && this.#input.length > this.#limits.lineOctets)
      )
        this.fail('The client sent a line that is too long.');
      if (end >= 0) return this.#keep(this.#input.shift(end + 1));
      if (!(await this.#more())) return undefined;
    }
  }

  #keep(octets: Buffer): string {
    const line = octets.toString('latin1', 0, octets.length - (octets.at(-2) === 0x0d ? 2 : 1));
    const { lines, linesInClear, transcript } = this.record;
    transcript?.client(line);
    for (const kept of this.secure ? [lines] : [lines, linesInClear])
      if (kept.push(line) > keptLines) kept.shift();
    return line;
  }

  /** Whatever octets have come, or `undefined` when the client has ended. Rejects where it was cut off instead. */
  async chunk(): Promise<Buffer | undefined> {
    while (this.#input.length === 0) {
      if (await this.#more()) continue;
      if (!this.#endedByClient) throw new SessionEnded('Cut off.');
      return undefined;
    }
    return this.#input.shift(this.#input.length);
  }

  /** Exactly `count` octets. */
  async octets(count: number): Promise<Buffer> {
    while (this.#input.length < count) if (!(await this.#more())) throw new SessionEnded();
    this.record.transcript?.note(`The client sent ${count} octets.`);
    return this.#input.shift(count);
  }

  /**
   * A body up to the lone dot, unstuffed. Of one longer than `limit` octets nothing is kept, and `undefined` says so.
   * Only CR LF dot CR LF ends it: no smuggling by bare LF.
   */
  async dotBody(limit: number): Promise<Buffer | undefined> {
    const parts: Buffer[] = [];
    let length = 0;
    this.#input.unshift(Buffer.from('\r\n')); // so that a dot in the very first line is at a line's start too
    for (;;) {
      const found = this.#input.indexOf('\r\n.\r\n');
      const part = this.#input.shift(found >= 0 ? found + 2 : Math.max(0, this.#input.length - 4));
      length += part.length;
      if (length <= limit + 2) parts.push(part);
      else parts.length = 0;
      if (found >= 0) break;
      if (!(await this.#more())) throw new SessionEnded();
    }
    this.#input.shift(3);
    this.record.transcript?.note(`The client sent a body of ${length - 2} octets.`);
    return length > limit + 2 ? undefined : unstuff(Buffer.concat(parts));
  }

  /** Waits for octets; false when there will be none. */
  async #more(): Promise<boolean> {
    if (this.#ended) return false;
    const before = this.#input.length;
    this.#socket.resume();
    await new Promise<void>((resolve) => {
      this.#wake = resolve;
    });
    this.#wake = undefined;
    return this.#input.length > before || !this.#ended;
  }

  // ---- writing

  /** Sends text (as UTF-8) or octets, through the faults. Resolves when the socket would take more. */
  write(text: string | Buffer): Promise<void> {
    const octets = typeof text === 'string' ? Buffer.from(text) : text;
    const said = this.manner?.rewrite(octets) ?? octets;
    this.record.transcript?.server(said);
    return this.#output.write(said);
  }

  /** Sends a line. */
  reply(line: string): Promise<void> {
    return this.write(`${line}\r\n`);
  }

  // ---- TLS

  /**
   * Sends the go-ahead and runs the handshake. Octets that the client pipelined behind STARTTLS end the connection
   * (CVE-2011-0411).
   *
   * @param tag what stands before the answer, or before the refusal that a fault puts in its place: IMAP.
   */
  async startTls(goAhead: string, tag = ''): Promise<void> {
    if (this.hasInput) this.fail('The client pipelined octets behind STARTTLS.');
    const { injectAfterStartTls, refuseStartTls, insteadOfHandshake } = this.record.faults;
    if (refuseStartTls !== undefined) return this.reply(`${tag}${refuseStartTls}`);
    this.holdInput();
    const injected = Buffer.from(injectAfterStartTls ?? '');
    await this.write(Buffer.concat([Buffer.from(`${tag}${goAhead}\r\n`), injected]));
    if (insteadOfHandshake === undefined) return this.secureNow();
    await this.write(Buffer.from(insteadOfHandshake));
    this.#attach();
    while (await this.#more()) this.#input.shift(this.#input.length);
    throw new SessionEnded();
  }

  /** Reads nothing more, until `secureNow`: the next octets are the handshake's. */
  holdInput(): void {
    this.#detach();
  }

  /** Runs the handshake at once: implicit TLS. */
  async secureNow(): Promise<void> {
    this.holdInput();
    try {
      this.#socket = await this.tls.accept(this.#socket, (socket) => {
        const tls = describeTls(socket);
        this.record.tls = tls;
        this.record.transcript?.note(`TLS is up: ${tls.version}, ${tls.cipher}.`);
      });
      this.#attach();
    } catch (error) {
      this.record.tlsError = error as Error;
      this.record.transcript?.note(`TLS did not come up: ${(error as Error).message}`);
      this.fail('TLS did not come up.', error);
    }
  }

  // ---- ending

  /**
   * Ends the connection politely, after what was written: close_notify, then FIN. Resolves when that has gone out; a client
   * that does not close in turn is cut off two seconds later.
   */
  async end(): Promise<void> {
    if (this.#ending || this.record.closed) return;
    await this.#output.flush();
    const { withoutCloseNotify } = this.record.faults;
    await this.#until((done) => this.#bow(withoutCloseNotify ? this.#tcp : this.#socket, done));
  }

  /** Cuts the connection. */
  destroy(): void {
    this.#socket.destroy();
    this.#finish();
  }

  /** Resets the TCP connection. */
  reset(): void {
    this.#cut('reset');
  }

  /** After a conversation that broke off: cuts the connection, unless a fault has already arranged how it ends. */
  breakOff(): void {
    if (!this.#ending) this.destroy();
  }

  /** Cuts the connection and ends the conversation. */
  fail(why: string, cause?: unknown): never {
    this.destroy();
    throw new SessionEnded(why, { cause });
  }

  #cut(how: NonNullable<Faults['cut']>): void {
    if (how === 'reset') {
      this.#ending = true;
      reset(this.#tcp);
      this.#finish();
    } else this.#bow(how === 'fin' ? this.#tcp : this.#socket, () => {});
  }

  /** Ends one side of the connection, which says close_notify or not, and lets the client's last octets pass. */
  #bow(socket: Socket, done: () => void): void {
    this.#ending = true;
    socket.end(done);
    this.#detach();
    this.#socket.resume();
    clearTimeout(this.#lingerTimer); // a cut may come while we bow
    this.#lingerTimer = this.record.closed ? undefined : setTimeout(() => this.destroy(), linger);
  }

  #attach(): void {
    const socket = this.#socket;
    const onOctets = (chunk: Buffer) => {
      this.#input.push(chunk);
      if (this.#input.length > highWater) socket.pause();
      this.#wake?.();
    };
    const onEnd = () => {
      this.#ended = true;
      this.#endedByClient = true;
      this.#wake?.();
    };
    const onIdle = () => this.destroy();
    socket.on('data', onOctets).on('end', onEnd);
    socket.on('error', () => {}); // 'close' always follows and tells all there is to tell
    socket.once('close', () => this.#finish());
    if (socket.destroyed) this.#finish();
    else if (socket.readableEnded) onEnd(); // a client that says nothing ends while its handshake is being told of
    socket.setTimeout(this.#limits.idle, onIdle);
    this.#detach = () => {
      socket.off('data', onOctets).off('end', onEnd).off('timeout', onIdle);
      socket.setTimeout(0);
      socket.pause();
    };
  }

  #until(start: (done: () => void) => void): Promise<void> {
    return new Promise((resolve) => {
      if (this.record.closed) return resolve();
      const done = () => {
        this.#waiting.delete(done);
        resolve();
      };
      this.#waiting.add(done);
      start(done);
    });
  }

  #finish(): void {
    clearTimeout(this.#lingerTimer);
    this.#ended = true;
    this.record.closed = true;
    this.#wake?.();
    for (const done of [...this.#waiting]) done();
  }
}

/**
 * Resets a TCP connection. Node's own `resetAndDestroy` sends FIN first, and a client sees now the one, now the other; the
 * flag that it sets is what makes `destroy` a reset.
 */
function reset(tcp: Socket): void {
  Object.assign(tcp, { resetAndClosing: true }).destroy();
}

/** Removes the first of the dots at each line's start, RFC 5321 §4.5.2, RFC 3977 §3.1.1. Begins with the virtual CR LF. */
function unstuff(body: Buffer): Buffer {
  const parts: Buffer[] = [];
  let from = 2;
  for (let at = body.indexOf('\r\n.'); at >= 0; at = body.indexOf('\r\n.', at + 2)) {
    parts.push(body.subarray(from, at + 2));
    from = at + 3;
  }
  if (parts.length === 0) return body.subarray(2);
  return Buffer.concat([...parts, body.subarray(from)]);
}
