/** A remote file into a local one, or into a stream, and nothing of it under its name until it is proven whole. */
import { createHash, type Hash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import {
  addErrorContext,
  isFivewireError,
  runsCallersCode,
  TransferError,
  UsageError,
  whileAwaited,
} from '@fivewire/line-protocol';
import { missing } from '../session/missing.js';
import type { Session } from '../session/session.js';
import { localFailure, pathOf } from '../transfer/local.js';
import { PartRecord, type RemoteStamp, sameStamp } from '../transfer/part-record.js';
import { retrieve } from '../transfer/retrieve.js';
import type { Sink } from '../transfer/sink.js';
import { isTarget, openSink } from '../transfer/target.js';
import type { DownloadOptions, DownloadTarget, HashAlgorithm, TransferResult } from '../types.js';
import { hash, offeredHash } from './attributes.js';

/** @param path an octet string */
export async function download(
  session: Session,
  path: string,
  target: DownloadTarget,
  options: DownloadOptions,
): Promise<TransferResult> {
  const { verify = 'size', atomic = true, resume = false, start = 0 } = options;
  checkTarget(target, options);
  const digest = verify === 'hash' ? new Digest(agreedHash(session)) : undefined;
  const record = resume ? new PartRecord(pathOf(target as string | URL)) : undefined;
  const ours = { connection: session.control.connection, what: 'RETR' };
  const marked = typeof target === 'object' && 'write' in target && runsCallersCode(target);
  let sink: Sink | undefined;
  let failure: unknown;
  try {
    const result = await session.control.hold('RETR', options, async (dialogue) => {
      const opened = await openSink(target, { atomic, resume, start });
      sink = opened;
      if (failure !== undefined) {
        await opened.abandon(failure); // given up while the file was being opened
        throw failure;
      }
      if (digest !== undefined && resume) await digest.readPart(target, atomic, opened.start);
      const restart = async () => {
        await opened.restart();
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
      return retrieve(session, dialogue, {
        ...options,
        path,
        verify: verify !== false,
        start: opened.start,
        restart,
        begin: () => opened.begin(),
        ...(record === undefined ? {} : { identify: (remote) => identify(record, remote) }),
        take(piece) {
          digest?.update(piece);
          // A Writable may run the caller's code, which would wait for us if it called this client.
          return marked ? whileAwaited(ours, () => opened.take(piece)) : opened.take(piece);
        },
      });
    });
    await sink?.flush();
    const agreed = await digest?.compare(session, path, options);
    await sink?.finish();
    await record?.remove();
    return agreed === undefined ? result : { ...result, hash: agreed };
  } catch (error) {
    failure = error;
    if (error instanceof Mismatch && record !== undefined) {
      // With these octets kept, every further try would fail as well.
      await sink?.restart().catch(() => {});
      await record.remove();
    }
    await sink?.abandon(error);
    throw isFivewireError(error) ? addErrorContext(error, { protocol: 'ftp' }) : error;
  }
}

function checkTarget(target: DownloadTarget, { resume, start, verify }: DownloadOptions): void {
  const wrong = (argument: string, message: string): UsageError =>
    new UsageError('ERR_ARGUMENT', message, { protocol: 'ftp', argument });
  if (!isTarget(target)) throw wrong('target', 'The target is neither a path nor a Writable.');
  const isPath = typeof target === 'string' || target instanceof URL;
  if (isPath) pathOf(target);
  if (resume && !isPath) throw wrong('resume', 'Only a file can be resumed; use `start`.');
  if (start === undefined) return;
  if (isPath) throw wrong('start', '`start` is for streams; a file goes on with `resume`.');
  if (verify === 'hash' && start > 0) throw wrong('verify', 'A part has no hash to compare.');
}

/** @throws CommandError ERR_EXTENSION_REQUIRED */
export function agreedHash(session: Session): HashAlgorithm {
  const algorithm = offeredHash(session);
  if (algorithm !== undefined) return algorithm;
  throw missing(session, 'HASH', 'compare hashes');
}

/** Both sides have other octets. */
class Mismatch extends TransferError {}

/** What came, hashed as the server hashes. */
export class Digest {
  readonly #algorithm: HashAlgorithm;
  #hash: Hash;

  constructor(algorithm: HashAlgorithm) {
    this.#algorithm = algorithm;
    this.#hash = createHash(algorithm);
  }

  update(piece: Uint8Array): void {
    this.#hash.update(piece);
  }

  restart(): void {
    this.#hash = createHash(this.#algorithm);
  }

  async readPart(target: DownloadTarget, atomic: boolean, octets: number): Promise<void> {
    if (octets === 0 || (typeof target !== 'string' && !(target instanceof URL))) return;
    const path = pathOf(target) + (atomic ? '.part' : '');
    try {
      for await (const piece of createReadStream(path, { end: octets - 1 })) this.update(piece);
    } catch (error) {
      throw localFailure(error, path);
    }
  }

  async compare(
    session: Session,
    path: string,
    options: { signal?: AbortSignal; timeout?: number },
  ): Promise<{ algorithm: HashAlgorithm; value: string }> {
    const algorithm = this.#algorithm;
    const ours = this.#hash.digest('hex');
    const theirs = await hash(session, path, algorithm, options);
    if (ours === theirs) return { algorithm, value: ours };
    throw session.control.connection.locate(
      new Mismatch('ERR_TRANSFER_INCOMPLETE', `The ${algorithm} of both sides differ.`, {
        phase: 'transfer',
        connection: 'usable',
        retry: 'later',
        hint: 'The file changed meanwhile, or was damaged on the way: transfer it again; nothing of it was kept.',
      }),
    );
  }
}
