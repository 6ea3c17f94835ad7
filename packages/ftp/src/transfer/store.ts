/** STOR and APPE, RFC 959 §4.1.3, and what proves that all of it arrived. */
import { isFivewireError, type Reply, TransferError } from '@fivewire/line-protocol';
import { command, type Dialogue, noteReply } from '../session/dialogue.js';
import { rejected, saysUnknown } from '../session/failures.js';
import { sizeOf } from '../session/reply-text.js';
import type { Session } from '../session/session.js';
import type { TransferOptions, TransferResult } from '../types.js';
import { send } from './data-flow.js';
import { Mismatch } from './mismatch.js';
import { atRate, RateLimit } from './rate-limit.js';
import { Meter, mayHaveSize } from './retrieve.js';
import type { Source } from './source.js';
import { transfer } from './transfer.js';
import { setType } from './transfer-type.js';

export interface Storage extends TransferOptions {
  verb: 'STOR' | 'APPE' | 'STOU';
  /** An octet string; `''` for STOU. */
  path: string;
  /** Octets that are there already. Default 0. */
  start?: number;
  /** `'A'`: what travels is text with line ends of the network, and no size proves it. Default `'I'`. */
  type?: 'A' | 'I';
  /** Told what the server says at both ends. */
  heard?(opening: Reply | undefined, last: Reply): void;
  source: Source;
  verify: boolean;
}

/** The server takes no restart offset for STOR: nothing has been sent. */
export class CannotRestart extends Error {}

export async function store(
  session: Session,
  dialogue: Dialogue,
  storage: Storage,
): Promise<TransferResult> {
  const { verb, path, source, verify, start = 0, type = 'I' } = storage;
  const { learned } = session;
  await setType(session, dialogue, type);
  const meter = new Meter({ ...storage, start });
  meter.total = type === 'I' ? source.size : undefined;
  const asksSize = verify && type === 'I' && mayHaveSize(session);
  const limit = storage.rateLimit === undefined ? undefined : new RateLimit(storage.rateLimit);
  const pieces = limit === undefined ? source.pieces : atRate(source.pieces, limit);
  const outcome = await transfer(session, dialogue, {
    ...storage,
    line: verb === 'STOU' ? command(verb) : command(verb, path),
    async prepare() {
      const offset = verb === 'STOR' ? start : 0;
      if (offset === 0 && !learned.staleRestart) return;
      const reply = await dialogue.ask(command('REST', String(offset)));
      learned.staleRestart = offset > 0;
      if (offset > 0 && reply.class >= 4) throw new CannotRestart('REST was refused');
    },
    sends: true,
    row:
      verb === 'STOR' || verb === 'APPE'
        ? { size: asksSize ? command('SIZE', path) : undefined, octets: () => undefined }
        : undefined,
    observeCloseNotify: () => false,
    async move(stream, watch, opening) {
      if (opening !== undefined) learned.staleRestart = false; // the offset has been used
      try {
        await send(stream, pieces, watch, (octets) => meter.moved(octets));
      } finally {
        limit?.stop();
      }
      meter.end();
    },
    octets: () => meter.octets,
  });
  storage.heard?.(outcome.opening, outcome.last);
  if (outcome.broken !== undefined) {
    throw incomplete(session, storage, meter, undefined, outcome.broken);
  }
  const { octets, size } = meter;
  const result = { octets, size, start };
  if (!asksSize) return { ...result, proof: 'final-reply' };
  const sized = outcome.size ?? (await sizeThere(dialogue, path));
  if (sized !== undefined && sized.class >= 4 && (await wasTransfers(dialogue, sized))) {
    const why = rejected(sized, `${verb} ${session.charset.decode(path)}`);
    throw incomplete(session, storage, meter, undefined, why);
  }
  const arrived = sized && sizeIn(sized);
  if (arrived === undefined) return { ...result, proof: 'final-reply' };
  if (arrived !== size) throw incomplete(session, storage, meter, arrived, undefined);
  return { ...result, proof: 'size' };
}

/** A server may close the control connection right behind its final reply: then that reply is the proof. */
async function sizeThere(dialogue: Dialogue, path: string): Promise<Reply | undefined> {
  try {
    return await dialogue.askBehind(command('SIZE', path));
  } catch (error) {
    const left = isFivewireError(error) && leaving.has(error.code);
    if (!left) throw error;
    return undefined;
  }
}

/**
 * Whether what was read as SIZE's refusal is the transfer's own, late, and the positive reply before it was another's notice. Then SIZE's
 * own reply comes ahead of NOOP's.
 */
async function wasTransfers(dialogue: Dialogue, refusal: Reply): Promise<boolean> {
  if (saysUnknown(refusal) || !dialogue.connection.isOpen) return false;
  dialogue.send(noop);
  let isLate = ofTransfers.has(refusal.code);
  for (let ahead = 0; ahead < mostAhead; ahead += 1) {
    const reply = await dialogue.next(noop);
    if (saysUnknown(reply) || (reply.class < 4 && reply.code !== 213)) break;
    isLate = true;
    noteReply(dialogue.connection, reply);
  }
  return isLate;
}

const noop = command('NOOP');

/** Replies of servers that have more to say. */
const mostAhead = 10;

/** Refusals that are never SIZE's. */
const ofTransfers: ReadonlySet<number> = new Set([425, 426, 452, 552]);

const sizeIn = (reply: Reply): number | undefined =>
  reply.code === 213 ? sizeOf(reply.text) : undefined;

const leaving = new Set(['ERR_CONNECTION_CLOSED', 'ERR_SERVER_CLOSING']);

function incomplete(
  session: Session,
  { verb, path }: Storage,
  meter: Meter,
  arrived: number | undefined,
  broken: unknown,
): TransferError {
  const why =
    arrived === undefined
      ? `it was broken off: ${broken instanceof Error ? broken.message : broken}`
      : `the server has ${arrived} octets of ${meter.size}`;
  const Kind = arrived === undefined ? TransferError : Mismatch;
  return session.control.connection.locate(
    new Kind('ERR_TRANSFER_INCOMPLETE', `The upload is not whole: ${why}.`, {
      octets: arrived ?? meter.octets,
      expected: meter.size,
      ...(broken === undefined ? {} : { cause: broken }),
      command: `${verb} ${session.charset.decode(path)}`,
      phase: 'transfer',
      connection: 'usable',
      retry: 'later',
      hint: 'Upload it again; with `atomic` no one else sees the part meanwhile.',
    }),
  );
}
