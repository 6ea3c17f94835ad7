/**
 * An upload that goes on where an earlier one stopped: SIZE, REST and STOR of RFC 3659 §4 and §5, else APPE.
 *
 * What lies on the server is a part of this very file only where its name says so, which holds the size and time of the local file
 * (or the hash of the content), or where a hash proves the whole in the end.
 */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { stat as statLocal } from 'node:fs/promises';
import { fitting, type Reply, UsageError } from '@fivewire/line-protocol';
import { command } from '../session/dialogue.js';
import { sizeOf } from '../session/reply-text.js';
import type { Session } from '../session/session.js';
import { localFailure, pathOf } from '../transfer/local.js';
import { Mismatch } from '../transfer/mismatch.js';
import { mayHaveSize, replyIn, saysOffset } from '../transfer/retrieve.js';
import { isLocalFile } from '../transfer/source.js';
import { CannotRestart } from '../transfer/store.js';
import { setType } from '../transfer/transfer-type.js';
import type {
  CallOptions,
  LocalFile,
  TransferResult,
  UploadOptions,
  UploadSource,
} from '../types.js';
import { offeredHash } from './attributes.js';
import { callOf } from './call-of.js';
import { type Digest, digestFor } from './digest.js';
import { joinPath, splitPath } from './remote-path.js';
import type { Upload } from './upload.js';

type Content = LocalFile | Uint8Array;

/** @throws UsageError ERR_ARGUMENT for what can't be read from a place in the middle */
export function checkResumable(source: UploadSource): Content {
  if (isLocalFile(source)) return source;
  if (typeof source === 'string') return Buffer.from(source);
  if (source instanceof ArrayBuffer) return new Uint8Array(source);
  if (source instanceof Uint8Array) return source;
  throw new UsageError('ERR_ARGUMENT', 'Only a file or content can go on from the middle.', {
    protocol: 'ftp',
    argument: 'resume',
    hint: 'Write a stream to a file first, and upload that.',
  });
}

/** The name of what is not whole yet. Another version of the local file has another. */
export async function partName(path: string, source: Content): Promise<string> {
  const hash = createHash('sha256');
  if (source instanceof Uint8Array) hash.update(source);
  else {
    const { size, mtimeMs, ino } = await about(source);
    hash.update(JSON.stringify([size, mtimeMs, ino]));
  }
  const { parent, name } = splitPath(path);
  const short = fitting(name);
  if (short !== name) hash.update(name);
  return joinPath(parent, `.${short}.${hash.digest('hex').slice(0, 12)}.part`, false, true);
}

/** @param target where the octets go: a name by {@link partName}, or the file itself */
export async function storeRest(
  session: Session,
  source: Content,
  target: string,
  isMarked: boolean,
  options: UploadOptions,
  upload: Upload,
): Promise<TransferResult> {
  const { verify = 'size' } = options;
  const size = source instanceof Uint8Array ? source.length : (await about(source)).size;
  const there = await sizeThere(session, target, options);
  const hashes = offeredHash(session) !== undefined;
  const goesOn = there > 0 && there <= size && (isMarked || hashes || verify === 'reread');
  if (goesOn) {
    try {
      return await storeFrom(session, source, target, there, size, options, upload);
    } catch (error) {
      // What lies there turned out to be something else: it would spoil every further try.
      // And a server that adds to no file (ProFTPD without AllowStoreRestart) would refuse every further try.
      if (!(error instanceof Mismatch) && !addsToNothing(error)) throw error;
    }
  }
  const digest = verify === 'hash' || verify === 'reread' ? digestFor(session, verify) : undefined;
  return upload('STOR', target, 0, digest);
}

async function storeFrom(
  session: Session,
  source: Content,
  target: string,
  start: number,
  size: number,
  options: UploadOptions,
  upload: Upload,
): Promise<TransferResult> {
  const { verify = 'size' } = options;
  const compares = verify === 'reread' || (verify !== false && offeredHash(session) !== undefined);
  const digest = compares ? digestFor(session, 'reread') : undefined;
  if (digest !== undefined) await readStart(source, start, digest);
  if (start === size) {
    const hash = await digest?.compare(session, target, options);
    return { octets: 0, size, start, proof: 'size', ...(hash && { hash }) };
  }
  const restarts = session.features.get('REST')?.some((value) => /STREAM/i.test(value)) ?? false;
  try {
    return await upload(restarts ? 'STOR' : 'APPE', target, start, digest);
  } catch (error) {
    if (!(error instanceof CannotRestart)) throw error;
    return upload('APPE', target, start, digest);
  }
}

/** Restarts and appending are refused by one rule, and at STOR and APPE only: the reply to REST is 350. */
const addsToNothing = (error: unknown): boolean => saysOffset.test(replyIn(error)?.text ?? '');

async function readStart(source: Content, octets: number, digest: Digest): Promise<void> {
  if (source instanceof Uint8Array) return digest.update(source.subarray(0, octets));
  const path = pathOf(source.file);
  try {
    for await (const piece of createReadStream(path, { end: octets - 1 })) digest.update(piece);
  } catch (error) {
    throw localFailure(error, path);
  }
}

async function about({ file }: LocalFile): Promise<{ size: number; mtimeMs: number; ino: number }> {
  const path = pathOf(file);
  try {
    const found = await statLocal(path);
    if (found.isFile()) return found;
  } catch (error) {
    throw localFailure(error, path);
  }
  throw new UsageError('ERR_ARGUMENT', 'Only a file or content can go on from the middle.', {
    protocol: 'ftp',
    argument: 'resume',
  });
}

/** 0 where nothing is there, or the server does not tell. */
async function sizeThere(session: Session, path: string, options: CallOptions): Promise<number> {
  if (!mayHaveSize(session)) return 0;
  const reply = await session.control.hold(
    'SIZE',
    callOf(options),
    async (dialogue): Promise<Reply> => {
      await setType(session, dialogue, 'I');
      return dialogue.ask(command('SIZE', path));
    },
  );
  return reply.code === 213 ? (sizeOf(reply.text) ?? 0) : 0;
}
