/** Both sides of a file compared by their hashes: the server's own, or that of what it gives when it is read again. */
import { createHash, type Hash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { missing } from '../session/missing.js';
import type { Session } from '../session/session.js';
import { localFailure, pathOf } from '../transfer/local.js';
import { Mismatch } from '../transfer/mismatch.js';
import { retrieve } from '../transfer/retrieve.js';
import type { CallOptions, DownloadTarget, HashAlgorithm } from '../types.js';
import { zlib } from '../zlib.js';
import { hash, offeredHash, verbFor } from './attributes.js';

/** How a transfer is compared: by a hash of the server's, or by reading again what it has no hash of. */
export type Compared = 'hash' | 'reread';

/** What is to be compared. @throws CommandError ERR_EXTENSION_REQUIRED */
export function digestFor(session: Session, how: Compared): Digest {
  const offered = offeredHash(session);
  if (offered !== undefined) return new Digest(offered, false);
  if (how === 'reread') return new Digest('sha256', true);
  throw missing(session, 'HASH', 'compare hashes');
}

/** What came or went, hashed as the server hashes. */
export class Digest {
  readonly #algorithm: HashAlgorithm;
  /** The server has no hash: its octets are read once more. */
  readonly #rereads: boolean;
  #hash: Hash;

  constructor(algorithm: HashAlgorithm, rereads: boolean) {
    this.#algorithm = algorithm;
    this.#rereads = rereads;
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
    options: CallOptions,
  ): Promise<{ algorithm: HashAlgorithm; value: string }> {
    const algorithm = this.#algorithm;
    const ours = this.#hash.digest('hex');
    const theirs = await (this.#rereads ? rereadHash : hash)(session, path, algorithm, options);
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

/** As the server computes it, and by reading the file where it can't. @returns hex, lower case */
export function hashOrReread(
  session: Session,
  path: string,
  algorithm: HashAlgorithm,
  options: CallOptions,
): Promise<string> {
  const has = verbFor(session, algorithm) !== undefined;
  return (has ? hash : rereadHash)(session, path, algorithm, options);
}

/** The hash of what the server gives for `path`, all of it read (RETR) and nothing kept. @returns hex, lower case */
export async function rereadHash(
  session: Session,
  path: string,
  algorithm: HashAlgorithm,
  { signal, timeout }: CallOptions,
): Promise<string> {
  const call = { ...(signal && { signal }), ...(timeout !== undefined && { timeout }) };
  const digest = algorithm === 'crc32' ? undefined : createHash(algorithm);
  let sum = 0;
  await session.control.hold('RETR', call, (dialogue) =>
    retrieve(session, dialogue, {
      ...call,
      path,
      verify: true,
      start: 0,
      restart: async () => {},
      take(piece) {
        if (digest === undefined) sum = zlib().crc32(piece, sum);
        else digest.update(piece);
        return undefined;
      },
    }),
  );
  return digest?.digest('hex') ?? sum.toString(16).padStart(8, '0');
}
