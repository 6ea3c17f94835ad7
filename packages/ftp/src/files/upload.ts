/** Content to a remote file, under its own name at once or only when it is proven whole. */
import { randomBytes } from 'node:crypto';
import { SourcePace } from '@fivewire/line-protocol';
import { command } from '../session/dialogue.js';
import type { Session } from '../session/session.js';
import { checkSource, openSource, type Source } from '../transfer/source.js';
import { store } from '../transfer/store.js';
import type {
  CallOptions,
  TransferOptions,
  TransferResult,
  UploadOptions,
  UploadSource,
} from '../types.js';
import { agreedHash, Digest } from './download.js';
import { joinPath, splitPath } from './remote-path.js';
import { renamePath } from './tree.js';

/** @param path an octet string */
export async function upload(
  session: Session,
  source: UploadSource,
  path: string,
  options: UploadOptions,
): Promise<TransferResult> {
  const { verify = 'size', atomic = false } = options;
  checkSource(source, session.control);
  const digest = verify === 'hash' ? new Digest(agreedHash(session)) : undefined;
  const target = atomic ? temporaryName(path) : path;
  try {
    const stored = await run(session, 'STOR', source, target, verify !== false, options, digest);
    const hash = await digest?.compare(session, target, options);
    if (atomic) await renamePath(session, target, path, { ...callOf(options), overwrite: true });
    return hash === undefined ? stored : { ...stored, hash };
  } catch (error) {
    if (atomic && session.control.connection.isOpen) {
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
  return run(session, 'APPE', source, path, false, options, undefined);
}

async function run(
  session: Session,
  verb: 'STOR' | 'APPE',
  source: UploadSource,
  path: string,
  verify: boolean,
  options: TransferOptions,
  digest: Digest | undefined,
): Promise<TransferResult> {
  const { control } = session;
  return control.hold(verb, options, async (dialogue) => {
    const pace = new SourcePace();
    pace.begin({
      connection: control.connection,
      calls: control.calls,
      what: `the source of ${verb}`,
    });
    let opened: Source | undefined;
    try {
      opened = await openSource(source, pace, options.signal);
      const read = digest === undefined ? opened : hashed(opened, digest);
      return await store(session, dialogue, { ...options, verb, path, source: read, verify });
    } finally {
      pace.end();
      await opened?.close();
    }
  });
}

const callOf = ({ signal, timeout }: TransferOptions): CallOptions => ({
  ...(signal && { signal }),
  ...(timeout !== undefined && { timeout }),
});

function hashed(source: Source, digest: Digest): Source {
  async function* pieces(): AsyncGenerator<Uint8Array> {
    for await (const piece of source.pieces) {
      digest.update(piece);
      yield piece;
    }
  }
  return { ...source, pieces: pieces() };
}

function temporaryName(path: string): string {
  const { parent, name } = splitPath(path);
  return joinPath(parent, `.${name}.${randomBytes(6).toString('hex')}.part`, false);
}
