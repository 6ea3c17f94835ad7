/** Content to a remote file, under its own name at once or only when it is proven whole. */
import { giveUpTemporary, SourcePace, temporaryName } from '@fivewire/line-protocol';
import type { Control } from '../session/control.js';
import { command, type Dialogue } from '../session/dialogue.js';
import type { Session } from '../session/session.js';
import { Mismatch } from '../transfer/mismatch.js';
import { checkSource, openSource, type Source } from '../transfer/source.js';
import { type Storage, store } from '../transfer/store.js';
import { ToNetwork } from '../transfer/text-lines.js';
import type { TransferOptions, TransferResult, UploadOptions, UploadSource } from '../types.js';
import { callOf } from './call-of.js';
import { type Digest, digestFor } from './digest.js';
import { backToBinary, checkText } from './download.js';
import { checkTimes, giveTime } from './keep-times.js';
import { joinPath, splitPath } from './remote-path.js';
import { renamePath } from './tree.js';
import { checkResumable, partName, storeRest } from './upload-resume.js';

/** Stores the source from `start` on. */
export type Upload = (
  verb: 'STOR' | 'APPE',
  target: string,
  start: number,
  digest: Digest | undefined,
) => Promise<TransferResult>;

/**
 * @param control that of the session, where there is one yet
 * @returns what can go on from the middle, where it may have to
 * @throws UsageError
 */
export function checkUpload(
  source: UploadSource,
  options: UploadOptions,
  control?: Control,
): ReturnType<typeof checkResumable> | undefined {
  checkSource(source, control);
  if (options.type === 'ascii') checkText(options);
  if (options.preserveTimes) checkTimes(source, 'source');
  return options.resume ? checkResumable(source) : undefined;
}

/** @param path an octet string */
export async function upload(
  session: Session,
  source: UploadSource,
  path: string,
  options: UploadOptions,
): Promise<TransferResult> {
  const { verify = 'size', resume = false, atomic = resume, preserveTimes = false } = options;
  const content = checkUpload(source, options, session.control);
  const compared =
    verify === 'hash' || verify === 'reread' ? digestFor(session, verify) : undefined;
  const call = callOf(options);
  let target = path;
  if (atomic) target = content === undefined ? beside(path) : await partName(path, content);
  const from: Upload = async (verb, at, start, digest) => {
    const stored = await run(
      session,
      source,
      { ...options, verb, path: at, start, verify: verify !== false },
      digest,
    );
    const hash = await digest?.compare(session, at, call);
    return hash === undefined ? stored : { ...stored, hash };
  };
  try {
    const stored = await (content === undefined
      ? from('STOR', target, 0, compared)
      : storeRest(session, content, target, atomic, options, from));
    const modified = preserveTimes ? await giveTime(session, target, source, call) : undefined;
    if (atomic) await renamePath(session, target, path, { ...call, overwrite: true });
    return modified === undefined ? stored : { ...stored, modified };
  } catch (error) {
    const isOurs = atomic && (!resume || error instanceof Mismatch);
    if (isOurs) giveUpTemporary(target);
    if (isOurs && session.control.connection.isOpen) {
      session.control.ask([command('DELE', target)]).catch(() => {}); // what is left of it, as far as the server lets us
    }
    throw error;
  }
}

export async function append(
  session: Session,
  source: UploadSource,
  path: string,
  options: TransferOptions,
): Promise<TransferResult> {
  checkSource(source, session.control);
  return run(session, source, { ...options, verb: 'APPE', path, verify: false }, undefined);
}

/** One command that stores, with the connection to itself. */
function run(
  session: Session,
  source: UploadSource,
  how: Omit<Storage, 'source' | 'type'> & Pick<UploadOptions, 'type'>,
  digest: Digest | undefined,
): Promise<TransferResult> {
  return withSource(session, source, how, async (dialogue, opened) => {
    const read = digest === undefined ? opened : hashed(opened, digest);
    if (how.type !== 'ascii') return store(session, dialogue, { ...how, type: 'I', source: read });
    try {
      return await store(session, dialogue, { ...how, type: 'A', source: asText(read) });
    } finally {
      await backToBinary(session, dialogue);
    }
  });
}

/** Runs `work` with the connection to itself and the source open. */
export function withSource<T>(
  session: Session,
  source: UploadSource,
  { verb, start = 0, ...call }: Pick<Storage, 'verb' | 'start' | 'signal' | 'timeout'>,
  work: (dialogue: Dialogue, opened: Source) => Promise<T>,
): Promise<T> {
  const { control } = session;
  return control.hold(verb, call, async (dialogue) => {
    const pace = new SourcePace();
    pace.begin({
      connection: control.connection,
      calls: control.calls,
      what: `the source of ${verb}`,
    });
    let opened: Source | undefined;
    try {
      opened = await openSource(source, pace, call.signal, start);
      return await work(dialogue, opened);
    } finally {
      pace.end();
      await opened?.close();
    }
  });
}

function hashed(source: Source, digest: Digest): Source {
  return through(source, (piece) => {
    digest.update(piece);
    return piece;
  });
}

function asText(source: Source): Source {
  const lines = new ToNetwork();
  return through(source, (piece) => lines.push(piece));
}

function through(source: Source, change: (piece: Uint8Array) => Uint8Array): Source {
  async function* pieces(): AsyncGenerator<Uint8Array> {
    for await (const piece of source.pieces) yield change(piece);
  }
  return { ...source, pieces: pieces() };
}

function beside(path: string): string {
  const { parent, name } = splitPath(path);
  return joinPath(parent, temporaryName(name), false, true);
}
