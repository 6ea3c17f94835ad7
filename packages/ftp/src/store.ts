/** STOR and APPE, RFC 959 §4.1.3, and what proves that all of it arrived. */
import { TransferError } from '@fivewire/line-protocol';
import { command, type Dialogue } from './dialogue.js';
import { send } from './movement.js';
import { sizeOf } from './reply-text.js';
import { Meter, mayHaveSize } from './retrieve.js';
import type { Session } from './session.js';
import type { Source } from './source.js';
import { transfer } from './transfer.js';
import { setType } from './transfer-type.js';
import type { TransferOptions, TransferResult } from './types.js';

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
  const reply = await dialogue.ask(command('SIZE', path));
  const arrived = reply.code === 213 ? sizeOf(reply.text) : undefined;
  if (arrived === undefined) return { ...result, proof: 'final-reply' };
  if (arrived !== octets) throw incomplete(session, storage, meter, arrived, undefined);
  return { ...result, proof: 'size' };
}

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
