/** RETR and the proof that all of it came: RFC 959 §4.1.3, REST and SIZE of RFC 3659 §4 and §5. */
import { isFivewireError, type ServerReply, TransferError } from '@fivewire/line-protocol';
import { command, type Dialogue } from '../session/dialogue.js';
import { rejected } from '../session/failures.js';
import { announcedSize, sizeOf, timeOf } from '../session/reply-text.js';
import { hasFeature, type Session } from '../session/session.js';
import type { Proof, TransferOptions, TransferResult } from '../types.js';
import { receive } from './data-flow.js';
import type { RemoteStamp } from './part-record.js';
import { RateLimit } from './rate-limit.js';
import { type Outcome, type Plan, transfer } from './transfer.js';
import { setType } from './transfer-type.js';

export interface Retrieval extends TransferOptions {
  /** An octet string. */
  path: string;
  verify: boolean;
  /** `'A'`: what travels is text with line ends of the network, and no size proves it. Default `'I'`. */
  type?: 'A' | 'I';
  /** Where to begin. */
  start: number;
  /**
   * The server can't begin there: resolves when 0 is right, or throws.
   *
   * @param size of the file, where it ends before
   */
  restart(size?: number): Promise<void>;
  /** Told what the remote file is now, `undefined` where that is not known. False: what is here is no part of it. */
  identify?(remote: RemoteStamp | undefined): Promise<boolean>;
  take(piece: Buffer): Promise<void> | undefined;
  /** A call waits behind this: go on without the consumer, where there is room. */
  awaited?(): void;
}

export async function retrieve(
  session: Session,
  dialogue: Dialogue,
  retrieval: Retrieval,
): Promise<TransferResult> {
  const { path, type = 'I' } = retrieval;
  const verify = retrieval.verify && type === 'I';
  await setType(session, dialogue, type);
  const meter = new Meter(retrieval);
  const limit = retrieval.rateLimit === undefined ? undefined : new RateLimit(retrieval.rateLimit);
  let promised: number | undefined;
  let announced: number | undefined;
  const plan: Plan = {
    ...retrieval,
    line: command('RETR', path),
    alongside:
      (verify || retrieval.identify) && mayHaveSize(session) ? command('SIZE', path) : undefined,
    async prepare(reply) {
      promised = reply?.code === 213 ? sizeOf(reply.text) : undefined;
      meter.total = promised;
      await identify(session, dialogue, retrieval, meter, promised);
      if (promised !== undefined && promised < meter.start)
        await startOver(retrieval, meter, promised);
      if (meter.start > 0 && promised === meter.start) throw new NothingLeft();
      await restartAt(session, dialogue, retrieval, meter);
    },
    row: { size: undefined, octets: () => promised },
    observeCloseNotify: () => promised === undefined || promised === 0,
    async move(stream, watch, opening) {
      // What servers announce for a restarted transfer is the whole file with some and the rest with others.
      announced =
        opening === undefined || meter.start > 0 || type === 'A'
          ? undefined
          : announcedSize(opening.text);
      meter.total ??= announced;
      if (opening !== undefined) session.learned.staleRestart = false; // the offset has been used
      const take = (piece: Buffer): Promise<void> | undefined => {
        const pause = retrieval.take(piece);
        meter.moved(piece.length);
        return limit === undefined ? pause : both(pause, limit.pause(piece.length));
      };
      await receive(stream, take, watch).finally(() => limit?.stop());
      meter.end();
    },
    octets: () => meter.octets,
  };
  let outcome: Outcome;
  try {
    outcome = await transfer(session, dialogue, plan);
  } catch (error) {
    if (error instanceof NothingLeft) {
      meter.end();
      return { octets: 0, size: meter.size, start: meter.start, proof: 'size' };
    }
    if (meter.start === 0 || !refusesOffset(error)) throw error;
    // With the part kept every further try would be refused as well.
    await startOver(retrieval, meter);
    return retrieve(session, dialogue, { ...retrieval, start: 0 });
  }
  const proof =
    proofOf(outcome, meter.size, promised ?? announced) ??
    (await askedAgain(session, dialogue, path, meter.size, verify));
  if (proof === undefined) throw incomplete(session, outcome, meter, promised ?? announced, path);
  return { octets: meter.octets, size: meter.size, start: meter.start, proof };
}

/** Resolves when both have; at once where there is neither. */
function both(
  one: Promise<void> | undefined,
  other: Promise<void> | undefined,
): Promise<void> | undefined {
  if (one === undefined || other === undefined) return one ?? other;
  return Promise.all([one, other]).then(() => {});
}

/** A part goes on only where the remote file is still the one that it was taken from. */
async function identify(
  session: Session,
  dialogue: Dialogue,
  retrieval: Retrieval,
  meter: Meter,
  size: number | undefined,
): Promise<void> {
  if (retrieval.identify === undefined) return;
  const { path } = retrieval;
  let modified: string | undefined;
  if (size !== undefined && mayHave(session, 'MDTM')) {
    const reply = await dialogue.ask(command('MDTM', path));
    if (reply.code === 213 && timeOf(reply.text) !== undefined) modified = reply.text.trim();
  }
  const remote =
    size === undefined || modified === undefined ? undefined : { path, size, modified };
  const isPart = await retrieval.identify(remote);
  if (!isPart) meter.start = 0;
}

/** All octets are here already: there is nothing to ask for, and servers disagree on a restart at the very end. */
class NothingLeft extends Error {}

/** A server without FEAT may know a command all the same. */
export function mayHave(session: Session, name: 'SIZE' | 'MDTM'): boolean {
  return (
    hasFeature(session, name) ||
    (session.features.size === 0 && !session.transport.disable.has(name))
  );
}

export function mayHaveSize(session: Session): boolean {
  return mayHave(session, 'SIZE');
}

/** The first that applies: the promised size, close_notify, or in cleartext the end and the final reply. */
function proofOf(
  { closedCleanly, isSecure, broken }: Outcome,
  size: number,
  promised: number | undefined,
): Proof | undefined {
  // What is made as it is read (pipes, reports, files of /proc) has a size of 0 until then.
  const isMade = promised === 0 && size > 0;
  if (promised !== undefined && !isMade) return size === promised ? 'size' : undefined;
  if (broken !== undefined) return undefined;
  if (isSecure) return closedCleanly === true ? 'close-notify' : undefined;
  return 'final-reply';
}

/** A file may have grown meanwhile, and an announced size may be a rounded one: what SIZE says now decides. */
async function askedAgain(
  session: Session,
  dialogue: Dialogue,
  path: string,
  size: number,
  verify: boolean,
): Promise<Proof | undefined> {
  if (!verify || !mayHaveSize(session)) return undefined;
  const reply = await dialogue.ask(command('SIZE', path));
  return reply.code === 213 && sizeOf(reply.text) === size ? 'size' : undefined;
}

function incomplete(
  session: Session,
  { broken }: Outcome,
  meter: Meter,
  expected: number | undefined,
  path: string,
): TransferError {
  const why =
    expected !== undefined
      ? `${meter.size} octets came of ${expected}`
      : broken instanceof Error
        ? `the data connection broke: ${broken.message}`
        : 'TLS ended without close_notify and the server tells no size';
  return session.control.connection.locate(
    new TransferError('ERR_TRANSFER_INCOMPLETE', `The download is not proven whole: ${why}.`, {
      octets: meter.octets,
      ...(expected === undefined ? {} : { expected }),
      ...(broken === undefined ? {} : { cause: broken }),
      command: `RETR ${session.charset.decode(path)}`,
      phase: 'transfer',
      connection: 'usable',
      retry: 'later',
      hint: 'The data connection was cut, or the file changed meanwhile: try again, with `resume` where it is long.',
    }),
  );
}

/** An offset beyond the end, or one that does not go with the transfer, shows at RETR only: 554, RFC 3659 §5.4. */
function refusesOffset(error: unknown): boolean {
  const reply = replyIn(error);
  if (reply === undefined) return false;
  return reply.code === 551 || reply.code === 554 || saysOffset.test(reply.text);
}

/** What the server refused a command by, where the session goes on. */
export function replyIn(error: unknown): ServerReply | undefined {
  const refused = isFivewireError(error) && error.connection === 'usable';
  return refused ? (error as { reply?: ServerReply }).reply : undefined;
}

export const saysOffset: RegExp = /\bREST\b|restart|offset|marker|append/i;

/** REST must come right before the command. An offset that was never used may still be there. */
async function restartAt(
  session: Session,
  dialogue: Dialogue,
  retrieval: Retrieval,
  meter: Meter,
): Promise<void> {
  const { learned } = session;
  if (meter.start === 0 && !learned.staleRestart) return;
  const reply = await dialogue.ask(command('REST', String(meter.start)));
  learned.staleRestart = meter.start > 0;
  if (reply.class === 3 || reply.class === 2 || meter.start === 0) return;
  if (reply.class === 4) throw dialogue.connection.locate(rejected(reply, 'REST'));
  await startOver(retrieval, meter);
}

async function startOver(retrieval: Retrieval, meter: Meter, size?: number): Promise<void> {
  await retrieval.restart(size);
  meter.start = 0;
}

const progressStep = 65_536;

/** Counts, and tells the caller now and then. */
export class Meter {
  start: number;
  total: number | undefined;
  octets = 0;
  readonly #onProgress: TransferOptions['onProgress'];
  #told = 0;

  constructor({ start, onProgress }: { start: number } & Pick<TransferOptions, 'onProgress'>) {
    this.start = start;
    this.#onProgress = onProgress;
  }

  get size(): number {
    return this.start + this.octets;
  }

  moved(octets: number): void {
    this.octets += octets;
    if (this.#onProgress === undefined || this.octets - this.#told < progressStep) return;
    this.#tell();
  }

  end(): void {
    if (this.octets !== this.#told || this.octets === 0) this.#tell();
  }

  #tell(): void {
    this.#told = this.octets;
    this.#onProgress?.({ octets: this.size, total: this.total });
  }
}
