/** One connection to a line server: lines, literals and dot bodies come in; replies go out, through the faults. */
import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import type { Faults } from './faults.js';
import type { TlsAcceptor } from './server-tls.js';

/** The ways to a server. A cleartext port never offers STARTTLS; a starttls port refuses credentials before TLS. */
export type SecurityMode = 'implicit-tls' | 'starttls' | 'cleartext';

/** What a connection was like: for tests to look at, during and after. */
export interface ConnectionRecord {
  /** Counted from 0 in the order of arrival, all modes together. */
  readonly number: number;
  readonly mode: SecurityMode;
  readonly remotePort: number;
  /** Set once TLS is up. */
  tls?: {
    /** The name the client asked for (SNI). */
    servername: string | undefined;
    alpn: string | undefined;
    version: string;
    cipher: string;
    resumed: boolean;
    /** Common name of the client's certificate, where one was asked for, given and trusted. */
    clientName: string | undefined;
  };
  /** Why TLS did not come up. */
  tlsError?: Error;
  /** Who logged in. */
  user?: string;
  /** The lines that the client sent, in clear and decrypted, without CRLF; bodies are left out. The newest 10,000. */
  readonly lines: string[];
  /** Octets of the protocol that went out so far. */
  sent: number;
  /** May be changed at any time; the next write obeys. */
  faults: Faults;
  closed: boolean;
  /** Cuts the connection now, without a word. */
  destroy(): void;
}

/** The peer is gone, or was sent away: the conversation simply ends. */
export class SessionEnded extends Error {}

export interface SessionLimits {
  /** Octets in a line. Default 65,536. */
  lineOctets: number;
  /** Milliseconds without an octet either way until the connection is dropped. Default 300,000. */
  idle: number;
}

const keptLines = 10_000;
const highWater = 1 << 20;
const empty = Buffer.alloc(0);

export class LineSession {
  readonly record: ConnectionRecord;
  readonly tls: TlsAcceptor;
  readonly #limits: SessionLimits;
  #socket: Socket;
  #chunks: Buffer[] = [];
  #buffered = 0;
  #ended = false;
  #saidEnd = false;
  #wake: (() => void) | undefined;
  #writing: Promise<void> = Promise.resolve();
  #busy = false;
  #ending = false;
  readonly #release = new Set<() => void>();
  #detach: () => void = () => {};

  constructor(socket: Socket, tls: TlsAcceptor, record: ConnectionRecord, limits: SessionLimits) {
    this.#socket = socket;
    this.tls = tls;
    this.record = record;
    this.#limits = limits;
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

  /** The next line without its line end, or `undefined` when the client has ended. Bare LF is accepted. */
  async line(): Promise<string | undefined> {
    for (;;) {
      const octets = this.#take(0x0a, this.#limits.lineOctets);
      if (octets) {
        const end = octets.at(-2) === 0x0d ? -2 : -1;
        const line = octets.toString('latin1', 0, octets.length + end);
        this.record.lines.push(line);
        if (this.record.lines.length > keptLines) this.record.lines.shift();
        return line;
      }
      if (!(await this.#more())) return undefined;
    }
  }

  /** Whatever octets have come, or `undefined` when the client has ended. Rejects where it was cut off instead. */
  async chunk(): Promise<Buffer | undefined> {
    while (this.#buffered === 0) {
      if (await this.#more()) continue;
      if (!this.#saidEnd) throw new SessionEnded('Cut off.');
      return undefined;
    }
    return this.#shift(this.#buffered);
  }

  /** Exactly `count` octets. */
  async octets(count: number): Promise<Buffer> {
    while (this.#buffered < count) if (!(await this.#more())) throw new SessionEnded();
    return this.#shift(count);
  }

  /**
   * A body up to the lone dot, unstuffed. Of one longer than `limit` octets nothing is kept, and `undefined` says so.
   * Only CR LF dot CR LF ends it: no smuggling by bare LF.
   */
  async dotBody(limit: number): Promise<Buffer | undefined> {
    const terminator = '\r\n.\r\n';
    const parts: Buffer[] = [];
    let length = 0;
    this.#unshift(Buffer.from('\r\n')); // so that a dot in the very first line is seen as one at a line's start
    for (;;) {
      const found = this.#gather().indexOf(terminator);
      const part = this.#shift(found >= 0 ? found + 2 : Math.max(0, this.#buffered - 4));
      length += part.length;
      if (length <= limit + 2) parts.push(part);
      else parts.length = 0;
      if (found >= 0) break;
      if (!(await this.#more())) throw new SessionEnded();
    }
    this.#shift(3);
    return length > limit + 2 ? undefined : unstuff(Buffer.concat(parts));
  }

  /** Whether the client has sent more than was read. */
  get hasInput(): boolean {
    return this.#buffered > 0;
  }

  /** Sends text (as UTF-8) or octets, through the faults. Resolves when the socket would take more. */
  write(text: string | Uint8Array): Promise<void> {
    const octets = typeof text === 'string' ? Buffer.from(text) : Buffer.from(text);
    if (!this.#busy && !hasFaults(this.record.faults)) return this.#send(octets);
    this.#busy = true;
    const turn = this.#writing.then(() => this.#sendFaulty(octets));
    this.#writing = turn.catch(() => {});
    return turn;
  }

  /** Sends a line. */
  reply(line: string): Promise<void> {
    return this.write(`${line}\r\n`);
  }

  /**
   * Sends the go-ahead and runs the handshake. Octets that the client pipelined behind STARTTLS end the connection
   * (CVE-2011-0411).
   */
  async startTls(goAhead: string): Promise<void> {
    if (this.#buffered > 0) {
      this.destroy();
      throw new SessionEnded('The client pipelined octets behind STARTTLS.');
    }
    const { injectAfterStartTls, refuseStartTls, insteadOfHandshake } = this.record.faults;
    if (refuseStartTls !== undefined) return this.reply(refuseStartTls);
    // From here on not one octet may be read in clear: the next ones are the handshake's.
    this.#detach();
    await this.write(
      Buffer.concat([Buffer.from(`${goAhead}\r\n`), Buffer.from(injectAfterStartTls ?? '')]),
    );
    if (insteadOfHandshake !== undefined) {
      await this.write(insteadOfHandshake);
      this.#attach();
      while (await this.#more()) this.#shift(this.#buffered);
      throw new SessionEnded();
    }
    await this.secureNow();
  }

  /** Runs the handshake at once: implicit TLS. */
  async secureNow(): Promise<void> {
    this.#detach();
    try {
      const socket = await this.tls.accept(this.#socket);
      this.#socket = socket;
      this.record.tls = describe(socket);
      this.#attach();
    } catch (error) {
      this.record.tlsError = error as Error;
      this.destroy();
      throw new SessionEnded('TLS did not come up.', { cause: error });
    }
  }

  /** Ends the connection politely, after what was written: close_notify, then FIN. */
  async end(): Promise<void> {
    await this.#writing;
    if (this.record.closed) return;
    if (this.record.faults.withoutCloseNotify) {
      await this.#flushed(empty);
      return this.destroy();
    }
    this.#socket.end();
    const timer = setTimeout(() => this.destroy(), 2_000);
    await this.#until(() => {});
    clearTimeout(timer);
  }

  /** Cuts the connection. */
  destroy(): void {
    this.#socket.destroy();
    this.#finish();
  }

  /** After a conversation that broke off: nothing where a fault has already arranged how the connection ends. */
  destroyIfOpen(): void {
    if (!this.#ending) this.destroy();
  }

  // ---- input -------------------------------------------------------------------------------------------------

  #attach(): void {
    const socket = this.#socket;
    const onOctets = (chunk: Buffer) => {
      this.#chunks.push(chunk);
      this.#buffered += chunk.length;
      if (this.#buffered > highWater) socket.pause();
      this.#wake?.();
    };
    const onEnd = () => {
      this.#ended = true;
      this.#saidEnd = true;
      this.#wake?.();
    };
    // An error is always followed by 'close', which tells all there is to tell.
    const ignore = () => {};
    socket.on('data', onOctets).on('end', onEnd).on('error', ignore);
    socket.once('close', () => this.#finish());
    if (socket.destroyed) this.#finish();
    socket.setTimeout(this.#limits.idle, () => this.destroy());
    this.#detach = () => {
      socket.off('data', onOctets).off('end', onEnd);
      socket.setTimeout(0);
      socket.pause();
    };
  }

  #finish(): void {
    this.#ended = true;
    this.record.closed = true;
    this.#wake?.();
    for (const release of [...this.#release]) release();
  }

  /** Waits for octets; false when there will be none. */
  async #more(): Promise<boolean> {
    const before = this.#buffered;
    if (this.#ended) return false;
    this.#socket.resume();
    await new Promise<void>((resolve) => {
      this.#wake = resolve;
    });
    this.#wake = undefined;
    return this.#buffered > before || !this.#ended;
  }

  #gather(): Buffer {
    if (this.#chunks.length > 1) this.#chunks = [Buffer.concat(this.#chunks)];
    return this.#chunks[0] ?? empty;
  }

  #shift(count: number): Buffer {
    const all = this.#gather();
    this.#buffered -= count;
    this.#chunks = count < all.length ? [all.subarray(count)] : [];
    return all.subarray(0, count);
  }

  #unshift(octets: Buffer): void {
    this.#chunks.unshift(octets);
    this.#buffered += octets.length;
  }

  /** What is buffered up to and with `end`; `undefined` when that has not arrived. */
  #take(end: number, limit: number): Buffer | undefined {
    const found = this.#gather().indexOf(end);
    if (found >= limit || (found < 0 && this.#buffered > limit)) {
      this.destroy();
      throw new SessionEnded('The client sent a line that is too long.');
    }
    return found < 0 ? undefined : this.#shift(found + 1);
  }

  // ---- output ------------------------------------------------------------------------------------------------

  async #send(octets: Buffer): Promise<void> {
    if (this.record.closed) throw new SessionEnded();
    this.record.sent += octets.length;
    if (!this.#socket.write(octets)) await this.#drained();
  }

  #drained(): Promise<void> {
    return this.#until((done) => this.#socket.once('drain', done));
  }

  #flushed(octets: Buffer): Promise<void> {
    if (this.record.closed) throw new SessionEnded();
    this.record.sent += octets.length;
    return this.#until((done) => this.#socket.write(octets, () => done()));
  }

  /** Waits for what `start` arranges, or for the end of the connection. */
  #until(start: (done: () => void) => void): Promise<void> {
    return new Promise((resolve) => {
      if (this.record.closed) return resolve();
      const done = () => {
        this.#release.delete(done);
        resolve();
      };
      this.#release.add(done);
      start(done);
    });
  }

  async #sendFaulty(octets: Buffer): Promise<void> {
    const faults = this.record.faults;
    if (faults.prefix !== undefined) {
      const { prefix, ...rest } = faults;
      this.record.faults = rest;
      await this.#send(Buffer.from(prefix));
    }
    const stop = Math.min(
      faults.cutAfter ?? Infinity,
      faults.stallAt ?? Infinity,
      faults.flood?.after ?? (faults.flood ? 0 : Infinity),
    );
    const allowed = Math.max(0, Math.min(octets.length, stop - this.record.sent));
    await this.#sendPlain(octets.subarray(0, allowed), faults);
    if (this.record.sent < stop) return;
    if (stop === faults.cutAfter) return this.#cut(faults);
    if (stop === faults.stallAt) return this.#stall();
    if (faults.flood) await this.#flood(faults.flood);
  }

  async #sendPlain(octets: Buffer, faults: Faults): Promise<void> {
    if (!faults.octetByOctet) return this.#send(octets);
    for (let at = 0; at < octets.length; at++) {
      await this.#flushed(octets.subarray(at, at + 1));
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  async #cut(faults: Faults): Promise<never> {
    await this.#flushed(empty);
    this.#ending = true;
    if (faults.cut === 'close-notify') this.#socket.end();
    else if (faults.cut === 'reset') this.#socket.resetAndDestroy();
    else this.#socket.destroy();
    throw new SessionEnded('Cut, as told.');
  }

  async #stall(): Promise<never> {
    await this.#until(() => {});
    throw new SessionEnded('Stalled, as told.');
  }

  async #flood({ text, total = 64 << 20 }: NonNullable<Faults['flood']>): Promise<void> {
    const block = Buffer.from(text.repeat(Math.ceil(16_384 / text.length)));
    for (let sent = 0; sent < total; sent += block.length) await this.#send(block);
  }
}

function hasFaults(faults: Faults): boolean {
  for (const _ in faults) return true;
  return false;
}

/** Removes the first of the dots at each line's start, RFC 5321 §4.5.2, RFC 3977 §3.1.1. Begins with the virtual CR LF. */
function unstuff(body: Buffer): Buffer {
  if (!body.includes('\r\n.')) return body.subarray(2);
  return Buffer.from(body.toString('latin1').replaceAll('\r\n.', '\r\n').slice(2), 'latin1');
}

function describe(socket: TLSSocket): NonNullable<ConnectionRecord['tls']> {
  const name = socket.authorized ? socket.getPeerCertificate().subject?.CN : undefined;
  // Documented, but absent from @types/node 20.
  const { servername } = socket as TLSSocket & { servername?: string | false };
  return {
    servername: servername || undefined,
    alpn: typeof socket.alpnProtocol === 'string' ? socket.alpnProtocol : undefined,
    version: socket.getProtocol() ?? 'unknown',
    cipher: socket.getCipher().standardName,
    resumed: socket.isSessionReused(),
    clientName: Array.isArray(name) ? name[0] : name,
  };
}
