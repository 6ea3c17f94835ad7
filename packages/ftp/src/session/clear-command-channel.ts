/**
 * CCC, RFC 4217 §6: TLS leaves the control connection once the login is through, for firewalls that must read its ports. A third party between
 * both sides then reads every command and may write his own. Data connections stay as PROT has set them.
 */
import { Duplex } from 'node:stream';
import { type LineConnection, timedOut } from '@fivewire/line-protocol';
import { within } from '../transfer/deadline.js';
import { command, Dialogue } from './dialogue.js';

/** A connection under TLS that outlives it: what TLS ends is not the wire. */
export class Wire extends Duplex {
  readonly #raw: Duplex;
  /** TLS has left, and this is no longer the one that reads and writes. */
  #isLeft = false;
  readonly #onData = (octets: Buffer): void => {
    if (!this.push(octets)) this.#raw.pause();
  };
  readonly #onEnd = (): void => void this.push(null);
  readonly #onError = (error: Error): void => void this.destroy(error);
  readonly #onClose = (): void => void this.destroy();

  constructor(raw: Duplex) {
    super({ allowHalfOpen: true });
    this.#raw = raw;
  }

  /** From now on. */
  begin(): this {
    const raw = this.#raw;
    raw.on('data', this.#onData).on('end', this.#onEnd);
    raw.on('error', this.#onError).on('close', this.#onClose);
    raw.resume(); // more may have been asked for already
    return this;
  }

  /** Whatever ends this, the wire stays. @returns what to go on by, which begins when this is told to have ended */
  leave(): Wire {
    this.#isLeft = true;
    return new Wire(this.#raw);
  }

  /** No more is taken from the wire. */
  stop(): void {
    const raw = this.#raw;
    raw.off('data', this.#onData).off('end', this.#onEnd).off('close', this.#onClose);
  }

  override _read(): void {
    this.#raw.resume();
  }

  override _write(octets: Buffer, _encoding: string, done: (error?: Error | null) => void): void {
    this.#raw.write(octets, done);
  }

  override _final(done: () => void): void {
    if (this.#isLeft) done();
    else this.#raw.end(done);
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    if (!this.#isLeft) this.#raw.destroy();
    done(error);
  }
}

const ccc = command('CCC');

/** @throws CommandError where the server refuses: then the connection is as protected as before, and not what was asked for */
export async function clearCommandChannel(
  connection: LineConnection,
  wire: Wire,
  reply: number,
): Promise<void> {
  await new Dialogue(connection, reply, 'capabilities').demand(ccc);
  const next = wire.leave();
  const secured = connection.stream;
  connection.goOn(next);
  // Both say close_notify; what comes behind the server's is in clear.
  const ended = new Promise<void>((resolve) => {
    if (secured.readableEnded) resolve(); // it came along with the reply
    secured.once('end', resolve).once('close', resolve);
  });
  secured.on('error', () => {});
  secured.resume();
  secured.end();
  const { tls } = connection.timeouts;
  await within(ended, tls, () => connection.fail(timedOut({ phase: 'tls', timeout: tls })));
  if (!connection.isOpen) throw connection.lost({ phase: 'tls', command: ccc.masked });
  wire.stop();
  next.begin();
}
