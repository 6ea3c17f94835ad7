/**
 * `segments`: one file over several connections, each from an offset of its own (REST, RFC 3659 §5) to where the next begins. FTP has
 * no end of a range: a connection that has its octets gives the rest up.
 */
import { createReadStream } from 'node:fs';
import { lstat, readdir, unlink, utimes } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import {
  type Descriptor,
  fitting,
  isAbandoned,
  isTemporary,
  openBeside,
  openPart,
  type Place,
  type Pool,
  placeOf,
  type Reply,
  refuseDirectory,
  TransferError,
  takePlace,
  UsageError,
} from '@fivewire/line-protocol';
import { sessionOf } from '../ftp-calls.js';
import type { FtpClient } from '../ftp-client.js';
import { command } from '../session/dialogue.js';
import { sizeOf, timeOf } from '../session/reply-text.js';
import { localFailure, pathOf } from '../transfer/local.js';
import { PartRecord, type Range, type RemoteStamp, sameStamp } from '../transfer/part-record.js';
import { mayHaveSize } from '../transfer/retrieve.js';
import { setType } from '../transfer/transfer-type.js';
import type { DownloadOptions, DownloadTarget, HashAlgorithm, TransferResult } from '../types.js';
import { again } from './again.js';
import { callOf } from './call-of.js';
import { digestFor } from './digest.js';

/** Octets that are worth a connection of their own. */
const leastOctets = 1 << 20;

/** What a remote file is, as SIZE and MDTM say it. */
interface Stamp {
  size: number;
  modified: string;
}

/** @throws UsageError ERR_ARGUMENT for what segments do not go with */
export function checkSegments(target: DownloadTarget, options: DownloadOptions): void {
  const wrong =
    typeof target !== 'string' && !(target instanceof URL)
      ? 'target'
      : options.atomic === false
        ? 'atomic'
        : options.type === 'ascii'
          ? 'type'
          : undefined;
  if (wrong === undefined) return void pathOf(target as string | URL);
  throw new UsageError('ERR_ARGUMENT', `segments do not go with this ${wrong}.`, {
    protocol: 'ftp',
    argument: 'segments',
    hint: 'Segments are written to a file that gets its name when all have come.',
  });
}

/**
 * @param path an octet string
 * @returns `undefined` where the file is too short, the server can't begin in the middle or tells no size, or what has the name here
 * is never replaced (a device, a file of several names) and has no place for what comes out of order
 */
export async function downloadSegments(
  pool: Pool<FtpClient>,
  path: string,
  target: string | URL,
  options: DownloadOptions & { segments: number },
): Promise<TransferResult | undefined> {
  const call = callOf(options);
  const name = pathOf(target);
  const place = await local(name, placeOf(name));
  refuseDirectory(name, place);
  if (!place.replaceable) return undefined;
  const before = await pool.use((client) => stampOf(client, path, call), call);
  const count = Math.min(options.segments, Math.floor((before?.size ?? 0) / leastOctets));
  if (before === undefined || count < 2) return undefined;
  await sweep(place.path);
  const record = options.resume ? new PartRecord(name) : undefined;
  const { path: part, file } = await local(name, record ? openKept(place) : openBeside(place));
  let isOpen = true;
  const close = async (): Promise<void> => {
    if (isOpen) await file.close();
    isOpen = false;
  };
  let isKept = false;
  try {
    const stamp: RemoteStamp = { path, size: before.size, modified: before.modified };
    const left =
      (await local(name, leftOf(file, stamp, record))) ??
      (await local(name, begun(file, before.size, count)));
    const octets = left.reduce((sum, [at, end]) => sum + end - at, 0);
    isKept = record !== undefined;
    await receiveAll(pool, path, file, left, options, stamp, record);
    isKept = false; // what comes now may show that it is not what it should be
    const hash = await proven(pool, path, part, before, options);
    await local(name, close());
    const modified = options.preserveTimes ? timeOf(before.modified)?.modified : undefined;
    if (modified !== undefined) await local(name, utimes(part, modified, modified));
    await local(name, takePlace(part, place));
    await record?.remove();
    const start = before.size - octets;
    const result = { octets, size: before.size, start, proof: 'size' as const };
    return { ...result, ...(hash && { hash }), ...(modified && { modified }) };
  } catch (error) {
    await close().catch(() => {});
    if (!isKept) {
      await unlink(part).catch(() => {});
      await record?.remove();
    }
    throw error;
  }
}

/** The part that a `resume` goes on with. Where it takes its place is where the name leads. */
async function openKept({ path }: Place): Promise<{ path: string; file: Descriptor }> {
  const part = `${path}.part`;
  return { path: part, file: await openPart(part) };
}

/** What is still to come of a part that an earlier try has left; `undefined` where it is no part of this very file. */
async function leftOf(
  file: Descriptor,
  stamp: RemoteStamp,
  record: PartRecord | undefined,
): Promise<Range[] | undefined> {
  const before = await record?.read();
  const left = before?.left;
  if (left === undefined || !sameStamp(stamp, before)) return undefined;
  // All that is said to have come is there.
  const missing = [...left].sort(([a], [b]) => b - a);
  let end = stamp.size;
  for (const range of missing) if (range[1] === end) [end] = range;
  return (await file.stat()).size >= end ? left.map(([at, to]): Range => [at, to]) : undefined;
}

/** A new part, empty, and what is to come: all of it, in so many ranges. */
async function begun(file: Descriptor, size: number, count: number): Promise<Range[]> {
  await file.truncate(0);
  return Array.from({ length: count }, (_, index) => [
    Math.floor((size * index) / count),
    Math.floor((size * (index + 1)) / count),
  ]);
}

/**
 * Removes the parts that killed processes have left for this name. A living one writes to its part, or gives up: what nothing has
 * been written to for an hour belongs to no run.
 */
async function sweep(target: string): Promise<void> {
  const [folder, name] = [dirname(target), basename(target)];
  for (const each of await readdir(folder).catch(() => [])) {
    if (!isTemporary(each) || each.slice(1, -'.0123456789ab.part'.length) !== fitting(name))
      continue;
    const path = join(folder, each);
    const found = await lstat(path).catch(() => undefined);
    if (!found?.isFile()) continue;
    if (isAbandoned(each, found.mtimeMs) || Date.now() - found.mtimeMs > abandonedAfter)
      await unlink(path).catch(() => {});
  }
}

const abandonedAfter = 3_600_000;

/** What the system says, as a LocalError that names the file. */
async function local<T>(name: string, work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    throw localFailure(error, name);
  }
}

async function stampOf(
  client: FtpClient,
  path: string,
  call: ReturnType<typeof callOf>,
): Promise<Stamp | undefined> {
  const session = sessionOf(client);
  const restarts = session.features.get('REST')?.some((value) => /STREAM/i.test(value)) ?? false;
  if (!restarts || !mayHaveSize(session)) return undefined;
  const [sized, timed] = await session.control.hold(
    'SIZE',
    call,
    async (dialogue): Promise<[Reply, Reply]> => {
      await setType(session, dialogue, 'I');
      return [await dialogue.ask(command('SIZE', path)), await dialogue.ask(command('MDTM', path))];
    },
  );
  const size = sized.code === 213 ? sizeOf(sized.text) : undefined;
  return size === undefined || timed.code !== 213
    ? undefined
    : { size, modified: timed.text.trim() };
}

async function receiveAll(
  pool: Pool<FtpClient>,
  path: string,
  file: Descriptor,
  left: readonly Range[],
  options: DownloadOptions,
  stamp: RemoteStamp,
  record: PartRecord | undefined,
): Promise<void> {
  const { retry = 0, rateLimit, onProgress, signal, timeout } = options;
  const failed = new AbortController();
  const either = signal === undefined ? failed.signal : AbortSignal.any([signal, failed.signal]);
  const call = {
    signal: either,
    ...(timeout !== undefined && { timeout }),
    ...(rateLimit !== undefined && { rateLimit: rateLimit / left.length }),
  };
  const { size } = stamp;
  let octets = left.reduce((sum, [at, end]) => sum - (end - at), size);
  let unsaved = 0;
  let saving = Promise.resolve();
  // One after the other, and never ahead of what is written.
  const save = (): Promise<void> => {
    unsaved = 0;
    saving = saving.then(() => record?.write({ ...stamp, left }));
    return saving;
  };
  const segment = async (range: Range): Promise<void> => {
    let [at] = range;
    const [, end] = range;
    if (at === end) return;
    await again(retry, either, true, () =>
      pool.use(async (client) => {
        const stream = client.createReadStream(Buffer.from(path, 'latin1'), {
          ...call,
          start: at,
          verify: end === size ? 'size' : false,
        });
        for await (const piece of stream as AsyncIterable<Buffer>) {
          const wanted = piece.subarray(0, end - at);
          await written(file, wanted, at);
          at += wanted.length;
          range[0] = at;
          octets += wanted.length;
          unsaved += wanted.length;
          if (unsaved >= leastOctets) await save();
          onProgress?.({ octets, total: size });
          if (at === end && end < size) return; // leaving the loop gives the rest up
        }
        if (at < end) throw short(at, end);
      }, call),
    );
  };
  let first: unknown;
  await save();
  await Promise.all(
    left.map((range) =>
      segment(range).catch((error: unknown) => {
        first ??= error;
        failed.abort(error);
      }),
    ),
  );
  await save();
  if (first !== undefined) throw first;
}

async function written(file: Descriptor, piece: Uint8Array, position: number): Promise<void> {
  try {
    for (let at = 0; at < piece.length; ) {
      at += await file.write([piece.subarray(at)], position + at);
    }
  } catch (error) {
    throw localFailure(error);
  }
}

/** That it is one file: as long and as old as before, and of the server's hash where that was asked for. */
async function proven(
  pool: Pool<FtpClient>,
  path: string,
  part: string,
  before: Stamp,
  options: DownloadOptions,
): Promise<{ algorithm: HashAlgorithm; value: string } | undefined> {
  const call = callOf(options);
  return pool.use(async (client) => {
    const after = await stampOf(client, path, call);
    if (after?.size !== before.size || after.modified !== before.modified) throw changed();
    if (options.verify !== 'hash' && options.verify !== 'reread') return undefined;
    const digest = digestFor(sessionOf(client), options.verify);
    for await (const piece of createReadStream(part)) digest.update(piece as Buffer);
    return digest.compare(sessionOf(client), path, call);
  }, call);
}

const passing = {
  protocol: 'ftp',
  phase: 'transfer',
  connection: 'usable',
  retry: 'later',
} as const;

const short = (at: number, end: number): TransferError =>
  new TransferError('ERR_TRANSFER_INCOMPLETE', `A segment ended at octet ${at} of ${end}.`, {
    ...passing,
    octets: at,
    expected: end,
    hint: 'The data connection was cut, or the file changed meanwhile: try again, with `retry`.',
  });

const changed = (): TransferError =>
  new TransferError('ERR_TRANSFER_INCOMPLETE', 'The file changed while its segments came.', {
    ...passing,
    octets: 0,
    hint: 'Try again; without `segments` a file that grows can be had as well.',
  });
