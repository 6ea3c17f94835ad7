/** Listings: one directory, or all that is below it. */
import { BatchIterator, type FivewireError, isFivewireError, Rows } from '@fivewire/line-protocol';
import { judged } from '../files/judged.js';
import { isUnspeakable } from '../files/remote-path.js';
import { octetString } from '../session/charset.js';
import { tooDeep } from '../session/failures.js';
import type { Session } from '../session/session.js';
import type { ListOptions } from '../types.js';
import type { Entry } from './entry.js';
import { inUtc } from './in-utc.js';
import { listDirectory } from './list-directory.js';

/** What is below a directory, parents before what is in them. Symlinks are shown and not followed. */
export function list(session: Session, path: string, options: ListOptions): Rows<Entry> {
  const batches = options.recursive ? listTree : listOrOwn;
  if (session.traits.clock === undefined)
    return new Rows(() => new BatchIterator(batches(session, path, options)));
  return new Rows(
    () => new BatchIterator(timed(session, batches(session, path, options), options)),
  );
}

/** MDTM waits until the listing has been read: what comes meanwhile is held. */
async function* timed(
  session: Session,
  batches: AsyncIterable<readonly Entry[]>,
  options: ListOptions,
): AsyncGenerator<readonly Entry[], void, undefined> {
  for await (const batch of batches) yield await inUtc(session, batch, options);
}

/** A file is its own one entry, whatever its server says to a listing of it. */
async function* listOrOwn(
  session: Session,
  path: string,
  options: ListOptions,
): AsyncGenerator<readonly Entry[], void, undefined> {
  try {
    yield* listDirectory(session, path, options);
  } catch (error) {
    const entry = await judged(session, path, error, options, isRejected);
    if (entry === undefined || entry.type === 'directory') throw error;
    yield [entry];
  }
}

async function* listTree(
  session: Session,
  path: string,
  options: ListOptions,
): AsyncGenerator<readonly Entry[], void, undefined> {
  const directories: { path: string; depth: number }[] = [{ path, depth: 1 }];
  for (let next = directories.pop(); next !== undefined; next = directories.pop()) {
    const below: typeof directories = [];
    const isTop = next.depth === 1;
    const entries = (isTop ? listOrOwn : listDirectory)(session, next.path, options);
    try {
      for await (const batch of entries) {
        for (const entry of batch) {
          if (entry.type !== 'directory') continue;
          const inner = octetString(entry.rawPath);
          if (!isUnspeakable(inner)) below.push({ path: inner, depth: next.depth + 1 });
          else options.onProblem?.(notEntered(entry.path));
        }
        yield batch;
      }
    } catch (error) {
      if (isTop || !isRefusal(error)) throw error;
      const directory = session.charset.decode(next.path);
      options.onProblem?.({ directory, line: 0, reason: error.message, text: '' });
    }
    if (below.length > 0 && next.depth >= session.limits.depth) {
      throw session.control.connection.locate(tooDeep(session.limits.depth));
    }
    directories.push(...below.reverse());
  }
}

const notEntered = (directory: string) => ({
  directory,
  line: 0,
  reason: 'no command can have its name in it',
  text: '',
});

/** "Not a directory" is a reason, and the file is the answer. */
const isRejected = (error: FivewireError): boolean => {
  const { reply } = error as { reply?: { code?: number | string } };
  return (
    error.code === 'ERR_COMMAND_REJECTED' && [450, 501, 550, 553].includes(Number(reply?.code))
  );
};

function isRefusal(error: unknown): error is FivewireError {
  return isFivewireError(error) && error.connection === 'usable' && error.code !== 'ERR_ABORTED';
}
