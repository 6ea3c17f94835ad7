/** What goes out on a connection: in order, and through its faults. */
import type { Socket } from 'node:net';
import type { ConnectionRecord } from './connection-record.js';
import type { Faults } from './faults.js';
import { SessionEnded } from './session-ended.js';

/** What the output needs of its session. */
export interface Outlet {
  readonly record: ConnectionRecord;
  /** The socket of now: STARTTLS swaps it. */
  readonly socket: Socket;
  /** Waits for what `start` arranges, or for the end of the connection. */
  until(start: (done: () => void) => void): Promise<void>;
  /** Ends the connection as the fault says. */
  cut(how: NonNullable<Faults['cut']>): void;
}

const defaultFloodOctets = 64 << 20;

export class FaultyOutput {
  readonly #outlet: Outlet;
  #turn: Promise<void> = Promise.resolve();
  /** Once a write went through the faults, all later ones wait for their turn behind it. */
  #queued = false;

  constructor(outlet: Outlet) {
    this.#outlet = outlet;
  }

  /** Resolves when the socket would take more; rejects with SessionEnded when it never will. */
  write(octets: Buffer): Promise<void> {
    const { faults } = this.#outlet.record;
    if (!this.#queued && Object.keys(faults).length === 0) return this.#send(octets);
    this.#queued = true;
    const sent = this.#turn.then(() => this.#sendFaulty(octets));
    this.#turn = sent.catch(() => {}); // the writer learns of it
    return sent;
  }

  /** Resolves when all has been handed to the system. */
  async flush(): Promise<void> {
    await this.#turn;
    await this.#sendAndWait(Buffer.alloc(0));
  }

  async #send(octets: Buffer): Promise<void> {
    const { record, socket } = this.#outlet;
    if (record.closed) throw new SessionEnded();
    record.sent += octets.length;
    if (!socket.write(octets)) await this.#outlet.until((done) => socket.once('drain', done));
  }

  async #sendAndWait(octets: Buffer): Promise<void> {
    const { record, socket } = this.#outlet;
    if (record.closed) throw new SessionEnded();
    record.sent += octets.length;
    await this.#outlet.until((done) => socket.write(octets, () => done()));
  }

  async #sendFaulty(octets: Buffer): Promise<void> {
    const { record } = this.#outlet;
    const { prefix, latency, ...faults } = record.faults;
    if (latency !== undefined) await this.#pause(latency);
    if (prefix !== undefined) {
      record.faults = latency === undefined ? faults : { ...faults, latency };
      await this.#send(Buffer.from(prefix));
    }
    const [stop, fault] = firstStop(faults);
    const allowed = Math.max(0, Math.min(octets.length, stop - record.sent));
    await this.#sendPieces(octets.subarray(0, allowed), faults.octetByOctet ?? false);
    if (record.sent >= stop) await fault?.(this);
    // A flood comes between; what it interrupted follows.
    if (faults.flood && allowed < octets.length) await this.#send(octets.subarray(allowed));
  }

  /** The end of the connection ends it too. */
  async #pause(milliseconds: number): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    await this.#outlet.until((done) => {
      timer = setTimeout(done, milliseconds);
    });
    clearTimeout(timer);
  }

  async #sendPieces(octets: Buffer, octetByOctet: boolean): Promise<void> {
    if (!octetByOctet) return this.#send(octets);
    for (let at = 0; at < octets.length; at++) {
      await this.#sendAndWait(octets.subarray(at, at + 1));
      await new Promise((resolve) => setImmediate(resolve)); // the peer gets its turn to read
    }
  }

  async cut(how: NonNullable<Faults['cut']>): Promise<never> {
    await this.#sendAndWait(Buffer.alloc(0));
    // A reset that arrives together with octets looks like an end to libuv: let the peer read them first. One in this process
    // reads in the turn behind the timer, however late that came.
    if (how === 'reset') {
      await new Promise((resolve) => setTimeout(resolve, 10));
      await new Promise((resolve) => setImmediate(resolve));
    }
    this.#outlet.cut(how);
    throw new SessionEnded('Cut, as told.');
  }

  async stall(): Promise<never> {
    await this.#outlet.until(() => {});
    throw new SessionEnded('Stalled, as told.');
  }

  async flood({ text, total = defaultFloodOctets }: NonNullable<Faults['flood']>): Promise<void> {
    const { record } = this.#outlet;
    const { flood: _done, ...rest } = record.faults;
    record.faults = rest;
    const block = Buffer.from(text.repeat(Math.ceil(16_384 / text.length)));
    for (let sent = 0; sent < total; sent += block.length)
      await this.#send(block.subarray(0, Math.min(block.length, total - sent)));
  }
}

type Stop = (output: FaultyOutput) => Promise<void>;

/** At how many octets sent the first of the faults strikes, and which it is. */
function firstStop({ cutAfter, cut = 'fin', stallAt, flood }: Faults): [number, Stop | undefined] {
  const stops: [number, Stop | undefined][] = [[Infinity, undefined]];
  if (cutAfter !== undefined) stops.push([cutAfter, (output) => output.cut(cut)]);
  if (stallAt !== undefined) stops.push([stallAt, (output) => output.stall()]);
  if (flood) stops.push([flood.after ?? 0, (output) => output.flood(flood)]);
  return stops.reduce((first, next) => (next[0] < first[0] ? next : first));
}
