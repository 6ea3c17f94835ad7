/** A remote file into a local one, or into a stream, and nothing of it under its name until it is proven whole. */
import {
  addErrorContext,
  type FivewireError,
  isFivewireError,
  runsCallersCode,
  UsageError,
  whileAwaited,
} from '@fivewire/line-protocol';
import type { Dialogue } from '../session/dialogue.js';
import type { Session } from '../session/session.js';
import { pathOf } from '../transfer/local.js';
import { Mismatch } from '../transfer/mismatch.js';
import { PartRecord, type RemoteStamp, sameStamp } from '../transfer/part-record.js';
import { retrieve } from '../transfer/retrieve.js';
import type { Sink } from '../transfer/sink.js';
import { isTarget, openSink } from '../transfer/target.js';
import { FromNetwork } from '../transfer/text-lines.js';
import { setType } from '../transfer/transfer-type.js';
import type { DownloadOptions, DownloadTarget, TransferResult } from '../types.js';
import { callOf } from './call-of.js';
import { digestFor } from './digest.js';
import { checkTimes, takeTime } from './keep-times.js';

/** @param path an octet string */
export async function download(
  session: Session,
  path: string,
  target: DownloadTarget,
  options: DownloadOptions,
): Promise<TransferResult> {
  const { verify = 'size', atomic = true, resume = false, start = 0 } = options;
  checkTarget(target, options);
  const digest = verify === 'hash' || verify === 'reread' ? digestFor(session, verify) : undefined;
  const text = options.type === 'ascii' ? new FromNetwork() : undefined;
  let record: PartRecord | undefined;
  const ours = { connection: session.control.connection, what: 'RETR' };
  const marked = typeof target === 'object' && 'write' in target && runsCallersCode(target);
  let sink: Sink | undefined;
  /** The first piece: the end of the data may come while the file is still being emptied for it. */
  let first: Promise<void> | undefined;
  let failure: unknown;
  try {
    const result = await session.control.hold('RETR', options, async (dialogue) => {
      const opened = await openSink(target, { atomic, resume, start });
      sink = opened;
      if (opened.goesOn) record = new PartRecord(pathOf(target as string | URL));
      if (failure !== undefined) {
        await opened.abandon(failure); // given up while the file was being opened
        throw failure;
      }
      if (digest !== undefined && resume) await digest.readPart(target, atomic, opened.start);
      const restart = async (size?: number) => {
        await opened.restart(size);
        digest?.restart();
      };
      const identify = async (before: PartRecord, remote: RemoteStamp | undefined) => {
        if (opened.start > 0 && sameStamp(await before.read(), remote)) return true;
        // A hash proves all octets in the end, those of the part included.
        const goesOn = opened.start > 0 && digest !== undefined;
        if (opened.start > 0 && !goesOn) await restart(); // emptied first: a record must never be newer than its part
        if (remote === undefined) await before.remove();
        else await before.write(remote);
        return goesOn;
      };
      const write = (piece: Buffer): Promise<void> | undefined =>
        // A Writable may run the caller's code, which would wait for us if it called this client.
        marked ? whileAwaited(ours, () => opened.take(piece)) : opened.take(piece);
      const keep = (piece: Buffer): Promise<void> | undefined => {
        if (first !== undefined) return write(piece);
        // A server may say 150 and then refuse (IIS): the first octet shows that it sends.
        first = opened.begin().then(() => write(piece));
        return first;
      };
      const arriving = retrieve(session, dialogue, {
        ...options,
        path,
        type: text === undefined ? 'I' : 'A',
        verify: verify !== false,
        start: opened.start,
        restart,
        ...(record === undefined ? {} : { identify: identify.bind(undefined, record) }),
        take(piece) {
          digest?.update(piece);
          if (text === undefined) return keep(piece);
          const lines = text.push(piece);
          return lines.length > 0 ? keep(lines) : undefined;
        },
      });
      if (text === undefined) return arriving;
      try {
        const arrived = await arriving;
        const last = text.end();
        if (last.length > 0) await keep(last);
        return arrived;
      } finally {
        await backToBinary(session, dialogue);
      }
    });
    await first;
    await sink?.begin(); // an empty file has no first octet
    await sink?.flush();
    const agreed = await digest?.compare(session, path, options);
    await sink?.finish();
    await record?.remove();
    const modified = options.preserveTimes
      ? await takeTime(session, path, target as string | URL, callOf(options))
      : undefined;
    return { ...result, ...(agreed && { hash: agreed }), ...(modified && { modified }) };
  } catch (error) {
    failure = error;
    if (error instanceof Mismatch && record !== undefined) {
      // With these octets kept, every further try would fail as well.
      await sink?.restart().catch(() => {});
      await record.remove();
    }
    const isPart = await sink?.abandon(error);
    if (!isPart) await record?.remove();
    if (!isFivewireError(error)) throw error;
    const isDisk = error.code === 'ERR_LOCAL_IO' && sink !== undefined && isPath(target);
    if (isDisk) tellWhatStays(error, isPart, atomic);
    throw addErrorContext(error, { protocol: 'ftp' });
  }
}

const isPath = (target: DownloadTarget): target is string | URL =>
  typeof target === 'string' || target instanceof URL;

/** A disk that is full has room again one day: then it matters what is there already. */
function tellWhatStays(error: FivewireError, isPart: boolean | undefined, atomic: boolean): void {
  const stays = isPart
    ? 'What had come is kept: with `resume` the next try goes on from there.'
    : atomic
      ? 'Nothing of it was kept.'
      : 'What had come stands in the file.';
  Object.assign(error, { hint: `${error.hint} ${stays}` });
}

/** SIZE, REST and listings are asked in TYPE I: a server refuses SIZE in TYPE A, RFC 3659 §4 (ProFTPD). */
export async function backToBinary(session: Session, dialogue: Dialogue): Promise<void> {
  if (dialogue.connection.isOpen) await setType(session, dialogue, 'I');
}

/** @throws UsageError ERR_ARGUMENT */
export function checkTarget(target: DownloadTarget, options: DownloadOptions): void {
  const { resume, start, verify, type, preserveTimes } = options;
  const wrong = (argument: string, message: string): UsageError =>
    new UsageError('ERR_ARGUMENT', message, { protocol: 'ftp', argument });
  if (!isTarget(target)) throw wrong('target', 'The target is neither a path nor a Writable.');
  const isFile = isPath(target);
  if (isFile) pathOf(target);
  if (preserveTimes) checkTimes(target, 'target');
  if (type === 'ascii') checkText(options);
  if (resume && !isFile) throw wrong('resume', 'Only a file can be resumed; use `start`.');
  if (start === undefined) return;
  if (isFile) throw wrong('start', '`start` is for streams; a file goes on with `resume`.');
  if (verify === 'hash' || verify === 'reread') {
    if (start > 0) throw wrong('verify', 'A part has no hash to compare.');
  }
}

/** @throws UsageError ERR_ARGUMENT for what would count or compare octets that change on the way */
export function checkText({
  resume,
  verify,
  start,
}: {
  resume?: boolean;
  verify?: unknown;
  start?: number;
}): void {
  const argument = resume
    ? 'resume'
    : (start ?? 0) > 0
      ? 'start'
      : verify === 'hash' || verify === 'reread'
        ? 'verify'
        : undefined;
  if (argument === undefined) return;
  throw new UsageError('ERR_ARGUMENT', `${argument} does not go with type: 'ascii'.`, {
    protocol: 'ftp',
    argument,
    hint: 'Line ends change on the way: octets of both sides can be neither counted nor compared.',
  });
}
