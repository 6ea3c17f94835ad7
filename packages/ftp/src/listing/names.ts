/** NLST, RFC 959 §4.1.3: names and nothing else, for servers whose other listings can't be read. */
import { BatchIterator, isFivewireError, Rows, type ServerReply } from '@fivewire/line-protocol';
import { inside, isDirectory } from '../files/directory.js';
import { judged } from '../files/judged.js';
import { hasSlashes, joinPath, notAnOption } from '../files/remote-path.js';
import { command, type Dialogue } from '../session/dialogue.js';
import { notFoundBy, rejected, saysEmpty } from '../session/failures.js';
import type { Session } from '../session/session.js';
import { receive } from '../transfer/data-flow.js';
import { type Outcome, transfer } from '../transfer/transfer.js';
import { listingType, setType } from '../transfer/transfer-type.js';
import type { CallOptions, ListedName } from '../types.js';
import { BatchBuffer } from './batch-buffer.js';
import { LineSplitter } from './line-splitter.js';
import { isOdd } from './list-directory.js';
import { cut, isWhole } from './listing-attempt.js';

/** @param path an octet string */
export function listNames(session: Session, path: string, options: CallOptions): Rows<ListedName> {
  return new Rows(() => new BatchIterator(batches(session, path, options)));
}

async function* batches(
  session: Session,
  path: string,
  options: CallOptions,
): AsyncGenerator<readonly ListedName[], void, undefined> {
  const buffer = new BatchBuffer<ListedName>();
  const given = new AbortController();
  const signal = AbortSignal.any([given.signal, ...(options.signal ? [options.signal] : [])]);
  const call = { ...options, signal };
  let names = 0;
  session.control
    .hold('NLST', call, async (dialogue) => {
      names = await fetch(session, dialogue, path, call, buffer);
    })
    .then(
      () => buffer.end(undefined),
      (error: unknown) => buffer.end(error),
    );
  try {
    for (let batch = await buffer.next(); batch !== undefined; batch = await buffer.next())
      yield batch;
    // No names are no directory on some servers (vsftpd).
    if (names > 0 || (await isDirectory(session, path, options)) !== false) return;
    throw session.control.connection.locate(notFoundBy({ code: 226, text: '' }, 'NLST'));
  } catch (error) {
    await judged(session, path, error, options);
    throw error;
  } finally {
    given.abort(); // of no effect where the listing is over
  }
}

/** @returns how many */
async function fetch(
  session: Session,
  dialogue: Dialogue,
  path: string,
  options: CallOptions,
  buffer: BatchBuffer<ListedName>,
): Promise<number> {
  const bare = path === '' || path === '.';
  if (bare || !isOdd(session, path)) {
    return receiveNames(session, dialogue, path, bare ? [] : [notAnOption(path)], options, buffer);
  }
  const visit = await inside(session, dialogue, path, () =>
    receiveNames(session, dialogue, path, [], options, buffer),
  );
  if (visit === 'no way back')
    return receiveNames(session, dialogue, path, [path], options, buffer);
  if ('result' in visit) return visit.result;
  throw dialogue.connection.locate(rejected(visit.refusal, 'CWD'));
}

async function receiveNames(
  session: Session,
  dialogue: Dialogue,
  path: string,
  args: string[],
  options: CallOptions,
  buffer: BatchBuffer<ListedName>,
): Promise<number> {
  await setType(session, dialogue, listingType(session));
  const { limits, control } = session;
  const splitter = new LineSplitter(limits.listingLineOctets);
  let names = 0;
  let octets = 0;
  const give = (lines: readonly string[]): void => {
    const batch = lines.flatMap((text) => {
      const name = text.length > limits.listingLineOctets ? undefined : nameIn(text);
      return name === undefined ? [] : [listedName(session, path, name)];
    });
    names += batch.length;
    if (names > limits.listingEntries) {
      throw control.connection.exceeded('listingEntries', limits.listingEntries);
    }
    if (batch.length > 0) buffer.put(batch);
  };
  const line = command('NLST', ...args);
  let outcome: Outcome;
  try {
    outcome = await transfer(session, dialogue, {
      ...options,
      line,
      observeCloseNotify: () => session.requireCloseNotify,
      octets: () => octets,
      awaited: () => buffer.readOn(),
      move: (stream, watch) =>
        receive(
          stream,
          (piece) => {
            octets += piece.length;
            give(splitter.push(piece));
            return control.calls.any ? undefined : buffer.room();
          },
          watch,
        ),
    });
  } catch (error) {
    const { reply } = error as { reply?: ServerReply };
    if (isFivewireError(error) && reply !== undefined && saysEmpty(reply)) return 0;
    throw error;
  }
  if (!isWhole(session, outcome, octets)) throw cut(session, outcome, line.masked);
  give(splitter.end());
  return names;
}

/** Some servers give paths in place of names; the last part is the name. */
function nameIn(line: string): string | undefined {
  const name = line.slice(line.lastIndexOf('/') + 1);
  return name === '' || name === '.' || name === '..' || name.includes('\0') ? undefined : name;
}

function listedName(session: Session, directory: string, name: string): ListedName {
  const { charset } = session;
  const octets = joinPath(directory, name, false, hasSlashes(session));
  return {
    name: charset.decode(name),
    path: charset.decode(octets),
    rawPath: Buffer.from(octets, 'latin1'),
  };
}
