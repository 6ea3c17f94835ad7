/** STOR and APPE, RFC 959 §4.1.3, and what proves that all of it arrived. */
import { isFivewireError, TransferError } from '@fivewire/line-protocol';
import { command, type Dialogue } from '../session/dialogue.js';
import { sizeOf } from '../session/reply-text.js';
import type { Session } from '../session/session.js';
import type { TransferOptions, TransferResult } from '../types.js';
import { send } from './movement.js';
import { Meter, mayHaveSize } from './retrieve.js';
import type { Source } from './source.js';
import { transfer } from './transfer.js';
import { setType } from './transfer-type.js';

export interface Storage extends TransferOptions {
  verb: 'STOR' | 'APPE';
  /** An octet string. */
  path: string;
  source: Source;
  verify: boolean;
}

export async function store(
  session: Session,
  dialogue: Dialogue,
  storage: Storage,
): Promise<TransferResult> {
  const { verb, path, source, verify } = storage;
  await setType(session, dialogue, 'I');
  const meter = new Meter({ ...storage, start: 0 });
  meter.total = source.size;
  const outcome = await transfer(session, dialogue, {
    ...storage,
    line: command(verb, path),
    async prepare() {
      if (!session.learned.staleRestart) return;
      session.learned.staleRestart = false;
      await dialogue.ask(command('REST', '0'));
    },
    sends: true,
    observeCloseNotify: () => false,
    async move(stream, watch) {
      await send(stream, source.pieces, watch, (octets) => meter.moved(octets));
      meter.end();
    },
    octets: () => meter.octets,
  });
  if (outcome.broken !== undefined) {
    throw incomplete(session, storage, meter, undefined, outcome.broken);
  }
  const { octets } = meter;
  const result = { octets, size: octets, start: 0 };
  if (!verify || !mayHaveSize(session)) return { ...result, proof: 'final-reply' };
  const arrived = await sizeThere(dialogue, path);
  if (arrived === undefined) return { ...result, proof: 'final-reply' };
  if (arrived !== octets) throw incomplete(session, storage, meter, arrived, undefined);
  return { ...result, proof: 'size' };
}

/** A server may close the control connection right behind its final reply: then that reply is the proof. */
async function sizeThere(dialogue: Dialogue, path: string): Promise<number | undefined> {
  try {
    const reply = await dialogue.ask(command('SIZE', path));
    return reply.code === 213 ? sizeOf(reply.text) : undefined;
  } catch (error) {
    const left = isFivewireError(error) && leaving.has(error.code);
    if (!left) throw error;
    return undefined;
  }
}

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
      ? `the data connection broke: ${broken instanceof Error ? broken.message : broken}`
      : `the server has ${arrived} octets of ${meter.octets}`;
  return session.control.connection.locate(
    new TransferError('ERR_TRANSFER_INCOMPLETE', `The upload is not whole: ${why}.`, {
      octets: arrived ?? meter.octets,
      expected: meter.octets,
      ...(broken === undefined ? {} : { cause: broken }),
      command: `${verb} ${session.charset.decode(path)}`,
      phase: 'transfer',
      connection: 'usable',
      retry: 'later',
      hint: 'Upload it again; with `atomic` nobody sees the part meanwhile.',
    }),
  );
}
