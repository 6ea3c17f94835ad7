/**
 * The data connection: RFC 959 §3.2, EPSV of RFC 2428, TLS of RFC 4217 §7 and §12.
 *
 * It goes to where the control connection went, by the same way, whatever host a reply names; under TLS it must show
 * the same identity, and it resumes a session of its control connection, as servers demand.
 */
import type { Duplex } from 'node:stream';
import {
  type CommandLine,
  ConnectionError,
  deadline,
  dialTransport,
  endless,
  isFivewireError,
  longestTimer,
  type Reply,
  type SecureStream,
  secure,
  timedOut,
  UsageError,
} from '@fivewire/line-protocol';
import { command, type Dialogue } from '../session/dialogue.js';
import { passivePort } from '../session/reply-text.js';
import type { Session } from '../session/session.js';
import { type Expected, openPort } from './active-port.js';
import { portAhead } from './ahead.js';

const epsv = command('EPSV');
const pasv = command('PASV');

export interface OpenData {
  data: DataConnection;
  /** The reply to the command that went along. */
  alongside: Reply | undefined;
}

/**
 * Asks for a port and connects to it.
 *
 * @param alongside a command whose reply is wanted first, sent in the same flight
 * @throws CommandError where the server offers no port; ConnectionError ERR_DIAL_FAILED where it can't be reached
 */
export async function openData(
  session: Session,
  dialogue: Dialogue,
  signal: AbortSignal | undefined,
  alongside?: CommandLine,
): Promise<OpenData> {
  refuseGivenStream(session);
  if (session.active !== undefined) {
    const first = alongside === undefined ? undefined : await dialogue.ask(alongside);
    const expected = await openPort(session, dialogue, session.active);
    return { data: new DataConnection(session, expected), alongside: first };
  }
  const known = portAhead(session);
  if (known !== undefined) {
    const { data, first } = await connectAhead(session, dialogue, known, signal, alongside);
    return { data: data ?? (await openData(session, dialogue, signal)).data, alongside: first };
  }
  const line = session.traits.passive === 'EPSV' ? epsv : pasv;
  const [first, answer] = await flight(session, dialogue, alongside, line);
  const port = line === epsv ? passivePort(answer.lines.join(' ')) : undefined;
  if (line === pasv) {
    return {
      data: await connect(session, portOf(dialogue, answer, pasv), signal),
      alongside: first,
    };
  }
  if (answer.class !== 2 || port === undefined) {
    // Whatever is wrong with it, an older server knows PASV. A 4yz may pass, and is no reason to remember.
    const second = portOf(dialogue, await dialogue.ask(pasv), pasv);
    if (answer.class !== 4) session.traits.passive = 'PASV';
    return { data: await connect(session, second, signal), alongside: first };
  }
  try {
    return { data: await connect(session, port, signal), alongside: first };
  } catch (error) {
    if (!isUnreachable(error)) throw error;
    // Behind address translation and load balancers EPSV may name a port that only PASV's answer makes reachable.
    const second = await dialogue.ask(pasv);
    if (second.class !== 2) throw error;
    const data = await connect(session, portOf(dialogue, second, pasv), signal);
    session.traits.passive = 'PASV';
    return { data, alongside: first };
  }
}

/** To a port that was asked for before; `data` is missing where it can't be reached any more. */
async function connectAhead(
  session: Session,
  dialogue: Dialogue,
  port: number,
  signal: AbortSignal | undefined,
  alongside: CommandLine | undefined,
): Promise<{ data: DataConnection | undefined; first: Reply | undefined }> {
  const connecting = connect(session, port, signal).then(
    (data) => ({ data }),
    (error: unknown) => ({ error }),
  );
  let first: Reply | undefined;
  try {
    if (alongside !== undefined) first = await dialogue.ask(alongside);
  } catch (error) {
    void connecting.then((reached) => 'data' in reached && reached.data.destroy());
    throw error;
  }
  const reached = await connecting;
  if ('data' in reached) return { data: reached.data, first };
  if (!isUnreachable(reached.error)) throw reached.error;
  return { data: undefined, first };
}

async function flight(
  session: Session,
  dialogue: Dialogue,
  alongside: CommandLine | undefined,
  line: CommandLine,
): Promise<[Reply | undefined, Reply]> {
  if (alongside === undefined) return [undefined, await dialogue.ask(line)];
  if (!session.control.pipelining) return [await dialogue.ask(alongside), await dialogue.ask(line)];
  dialogue.send(alongside, line);
  return [await dialogue.final(alongside), await dialogue.final(line)];
}

function portOf(dialogue: Dialogue, answer: Reply, line: CommandLine): number {
  const text = dialogue.succeeded(answer, line).lines.join(' ');
  const port = passivePort(text);
  if (port !== undefined) return port;
  throw dialogue.connection.malformed('a port, as (|||port|) or (h,h,h,h,p,p)', text);
}

async function connect(
  session: Session,
  port: number,
  signal: AbortSignal | undefined,
): Promise<DataConnection> {
  const way = { ...session.transport, host: session.dataHost };
  try {
    return new DataConnection(session, await dialTransport(way, 'data', port, signal));
  } catch (error) {
    throw isUnreachable(error) ? unreachable(session, port, error) : error;
  }
}

function isUnreachable(error: unknown): boolean {
  if (!isFivewireError(error)) return false;
  return ['ERR_DIAL_FAILED', 'ERR_PROXY_FAILED', 'ERR_TIMEOUT'].includes(error.code);
}

/** The control connection outlives this, so the error says so. */
function unreachable(session: Session, port: number, cause: unknown): ConnectionError {
  if (isFivewireError(cause) && cause.connection === 'usable') return cause as ConnectionError;
  const text = cause instanceof Error ? cause.message : String(cause);
  return session.control.connection.locate(
    new ConnectionError('ERR_DIAL_FAILED', `No data connection to port ${port}: ${text}`, {
      phase: 'dial',
      cause,
      connection: 'usable',
      retry: 'later',
      hint: 'A firewall or address translation keeps this client from the server’s passive ports: have them opened, or the server’s passive range set.',
    }),
  );
}

function refuseGivenStream({ transport: { options } }: Session): void {
  if (options.stream === undefined && options.socketPath === undefined) return;
  throw new UsageError('ERR_STATE', 'There is no way to a data connection from a given stream.', {
    protocol: 'ftp',
    argument: options.stream === undefined ? 'socketPath' : 'stream',
    hint: 'Listings and transfers need a second connection: give `dial` instead.',
  });
}

/** Given as a reason, for an exception made for each transfer would cost more than the abort. */
const givenUp = new Error('the data connection was given up');

export class DataConnection {
  readonly #session: Session;
  /** `undefined` while the server has not dialled yet (active mode). */
  #raw: Duplex | undefined;
  readonly #expected: Expected | undefined;
  /** Ends the handshake, while there is one. */
  #stop: AbortController | undefined;
  #isGone = false;
  #secured: SecureStream | undefined;
  #broken: Error | undefined;
  /** Set by `start`. */
  ready: Promise<Duplex>;

  constructor(session: Session, way: Duplex | Expected) {
    this.#session = session;
    if ('arrival' in way) {
      this.#expected = way;
      this.ready = way.arrival.then((raw) => this.#take(raw));
      this.ready.catch(() => {}); // the call that awaits it sees the failure
    } else {
      this.#expected = undefined;
      this.ready = Promise.resolve(this.#take(way));
    }
  }

  #take(raw: Duplex): Duplex {
    this.#raw = raw;
    raw.on('error', (error) => {
      this.#broken ??= error;
    });
    if (this.#isGone) raw.destroy();
    return raw;
  }

  /** Whether the peer ended TLS by close_notify; `undefined` in cleartext and where this side does not watch for it. */
  get closedCleanly(): boolean | undefined {
    return this.#secured?.closedCleanly;
  }

  get isSecure(): boolean {
    return this.#secured !== undefined;
  }

  /** What broke the raw connection, if anything did. */
  get broken(): Error | undefined {
    return this.#broken;
  }

  /**
   * Begins TLS, where there is TLS. To be called when the transfer command has been written: servers open their side
   * only then (ProFTPD), and the hello travels with the command. Its time is counted from `expectSoon`.
   */
  start(observeCloseNotify: boolean): void {
    const { transport, scope } = this.#session;
    const { context, serverHostname, timeouts } = transport;
    if (context === undefined || serverHostname === undefined || !this.#session.securesData) return;
    const stop = new AbortController();
    this.#stop = stop;
    const shake = (raw: Duplex): Promise<SecureStream> =>
      secure(raw, {
        context,
        serverHostname,
        protocol: 'ftp',
        host: transport.host,
        port: transport.port,
        observeCloseNotify,
        signal: stop.signal,
        timeout: endless(timeouts.reply + timeouts.tls)
          ? longestTimer
          : timeouts.reply + timeouts.tls,
        ...(scope === undefined ? {} : { sessions: scope }),
      });
    // The client is TLS's client whichever side dialled, RFC 4217 §7.
    const handshake = this.#raw === undefined ? this.ready.then(shake) : shake(this.#raw);
    this.ready = handshake.then((secured) => {
      this.#secured = secured;
      this.#stop = undefined;
      secured.on('error', (error: Error) => {
        this.#broken ??= error;
      });
      return secured;
    });
    this.ready.catch(() => {}); // the call that awaits it sees the failure
  }

  /** The server has said that it opens its side: the handshake has `timeouts.tls` from now. */
  async opened(): Promise<Duplex> {
    const { timeouts } = this.#session.transport;
    let late = false;
    const timely = deadline(timeouts.tls, () => {
      late = true;
      this.#stop?.abort(givenUp);
    });
    try {
      return await this.ready;
    } catch (error) {
      throw late ? timedOut({ phase: 'tls', timeout: timeouts.tls }) : error;
    } finally {
      timely();
    }
  }

  destroy(): void {
    this.#isGone = true;
    this.#stop?.abort(givenUp);
    this.#expected?.close();
    this.#secured?.destroy();
    this.#raw?.destroy();
  }
}
