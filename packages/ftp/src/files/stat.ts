/** What one path is: MLST (RFC 3659 §7), else SIZE and MDTM (§3, §4), else what the directory above shows. */
import { isFivewireError, type Reply } from '@fivewire/line-protocol';
import type { Entry } from '../listing/entry.js';
import { shifted } from '../listing/in-utc.js';
import { listDirectory } from '../listing/list-directory.js';
import { readMlsx } from '../listing/mlsx.js';
import { octetString } from '../session/charset.js';
import { command } from '../session/dialogue.js';
import { isAmbiguous, rejected, saysAbsent, saysUnknown } from '../session/failures.js';
import { sizeOf, timeOf } from '../session/reply-text.js';
import { hasFeature, type Session } from '../session/session.js';
import { mayHaveSize } from '../transfer/retrieve.js';
import type { CallOptions } from '../types.js';
import { isDirectory } from './directory.js';
import { entryAt, renamed } from './entry-at.js';
import { splitPath } from './remote-path.js';

/** @returns `undefined` where it is proven that nothing is there. */
export async function stat(
  session: Session,
  path: string,
  options: CallOptions,
): Promise<Entry | undefined> {
  if (session.traits.links.has(path)) {
    const link = await inParent(session, path, options);
    if (link !== undefined) return link;
    session.traits.links.delete(path);
  }
  if (hasFeature(session, 'MLST')) {
    const line = command('MLST', path);
    const [reply] = (await session.control.ask([line], options)) as [Reply];
    if (reply.class === 2) {
      const entry = factsIn(session, reply, path);
      if (entry !== undefined) return entry;
    } else if (saysAbsent(reply)) return undefined;
    else if (reply.class === 4)
      throw session.control.connection.locate(rejected(reply, line.masked));
    else if (!saysUnknown(reply)) return inParent(session, path, options);
  }
  return (await bySizeAndTime(session, path, options)) ?? inParent(session, path, options);
}

/**
 * The facts stand on a line of their own that begins with a space; some servers set them behind the code. The name there may be a path,
 * and is ours anyway.
 */
function factsIn(session: Session, { lines }: Reply, path: string): Entry | undefined {
  for (const line of [...lines.slice(1, -1), ...lines.slice(0, 1), ...lines.slice(1).slice(-1)]) {
    const draft = readMlsx(line.trimStart()); // no name without facts can be meant
    if (draft !== undefined) return entryAt(session, draft, path, line);
  }
  return undefined;
}

async function bySizeAndTime(
  session: Session,
  path: string,
  options: CallOptions,
): Promise<Entry | undefined> {
  if (!mayHaveSize(session)) return undefined;
  const lines = [command('SIZE', path), command('MDTM', path)];
  let [sized, timed] = (await session.control.ask(lines, options)) as [Reply, Reply];
  // Where SIZE is answered by a code that is not its own, MDTM's answer may have been taken for it: a time would be a size.
  if (timed.code !== 213 && timeOf(sized.text) !== undefined) {
    const before = sized;
    [sized] = (await session.control.ask(lines.slice(0, 1), options)) as [Reply];
    // Given twice it is the size, though it reads like a time as well.
    if (sized.code !== before.code || sized.text !== before.text) timed = before;
  }
  const size = sized.code === 213 ? sizeOf(sized.text) : undefined;
  if (size === undefined) return undefined; // a directory, perhaps
  const { traits } = session;
  // Some servers give directories a size as well.
  if (!traits.sizeTellsFiles && (await isDirectory(session, path, options))) {
    return entryAt(session, { name: '', type: 'directory' }, path, '');
  }
  const time = timed.code === 213 ? timeOf(timed.text) : undefined;
  return entryAt(session, { name: '', type: 'file', size, ...time }, path, sized.lines[0] ?? '');
}

async function inParent(
  session: Session,
  path: string,
  options: CallOptions,
): Promise<Entry | undefined> {
  const { parent, name } = splitPath(path);
  if (name === '' || name === '.' || name === '..') return isListable(session, path, options);
  const hidden = name.startsWith('.');
  try {
    const entries = listDirectory(session, parent, { ...options, hidden });
    for await (const batch of entries) {
      const entry = batch.find(({ rawPath }) => splitPath(octetString(rawPath)).name === name);
      if (entry === undefined) continue;
      if (entry.type === 'directory' && mayHaveSize(session)) session.traits.sizeTellsFiles = true;
      shifted(session, [entry]);
      return renamed(session, entry, path);
    }
  } catch (error) {
    if (!isFivewireError(error) || error.connection !== 'usable') throw error;
    if (error.code === 'ERR_NOT_FOUND') return undefined;
    // Where there is no parent, there is nothing in it.
    if (isAmbiguous(error) && (await stat(session, parent, options)) === undefined)
      return undefined;
    // A directory may be open though the one above it can't be listed.
    const entered =
      error.code === 'ERR_ABORTED' ? undefined : await unlisted(session, path, options);
    if (entered !== undefined) return entered;
    throw error;
  }
  return unlisted(session, path, options);
}

/** What a listing does not show may be there: lines that could not be read, virtual directories (IIS), names that servers hide. */
async function unlisted(
  session: Session,
  path: string,
  options: CallOptions,
): Promise<Entry | undefined> {
  if ((await isDirectory(session, path, options)) !== true) return undefined;
  return entryAt(session, { name: '', type: 'directory' }, path, '');
}

/** `/` and `.` stand in no directory that could be listed for them. */
async function isListable(session: Session, path: string, options: CallOptions): Promise<Entry> {
  if ((await isDirectory(session, path, options)) !== true) {
    for await (const _ of listDirectory(session, path, options)) break;
  }
  return entryAt(session, { name: path, type: 'directory' }, path, '');
}
