/** Directories and names: MKD, RMD, DELE, RNFR and RNTO of RFC 959 §4.1.3. */
import { randomBytes } from 'node:crypto';
import {
  CommandError,
  type FivewireError,
  fitting,
  isFivewireError,
  RemoteProtocolError,
  type Reply,
  UsageError,
} from '@fivewire/line-protocol';
import type { Entry } from '../listing/entry.js';
import { listDirectory } from '../listing/list-directory.js';
import { octetString } from '../session/charset.js';
import { command } from '../session/dialogue.js';
import { notFound, rejected, saysAbsent, tooDeep } from '../session/failures.js';
import { hasFeature, type Session } from '../session/session.js';
import type { CallOptions } from '../types.js';
import { isDirectory } from './directory.js';
import { judged } from './judged.js';
import { ancestry, isUnspeakable, joinPath, leadsOut, splitPath } from './remote-path.js';
import { stat } from './stat.js';

export async function makeDirectory(
  session: Session,
  path: string,
  { parents = false, ...options }: CallOptions & { parents?: boolean },
): Promise<void> {
  const { control } = session;
  const lines = (parents ? ancestry(path) : [path]).map((step) => command('MKD', step));
  const replies = await control.ask(lines, options);
  const last = replies.at(-1);
  const line = lines.at(-1);
  if (last === undefined || line === undefined || last.class === 2) return;
  // Servers refuse what is there already with the code of any other trouble.
  if (parents && (await isThere(session, path, options))) return;
  throw control.connection.locate(rejected(last, line.masked));
}

/** As what can be gone into, or as the listing has it: some servers show less than there is. */
async function isThere(session: Session, path: string, options: CallOptions): Promise<boolean> {
  if (hasFeature(session, 'MLST'))
    return (await stat(session, path, options))?.type === 'directory';
  const entered = await isDirectory(session, path, options);
  return entered ?? (await stat(session, path, options))?.type === 'directory';
}

/**
 * DELE first, whatever it is: that takes a symlink away, where going into it would empty what it points at.
 * Then RMD, for an empty directory and for a junction of Windows.
 *
 * @throws UsageError ERR_ARGUMENT for the root, `.` and `..`
 */
export async function removePath(
  session: Session,
  path: string,
  { recursive = false, ...options }: CallOptions & { recursive?: boolean },
): Promise<void> {
  const { control } = session;
  const target = removable(path);
  const dele = command('DELE', target);
  const [deleted] = (await control.ask([dele], options)) as [Reply];
  if (deleted.class === 2) return;
  const rmd = command('RMD', target);
  const [removed] = (await control.ask([rmd], options)) as [Reply];
  if (removed.class === 2) return;
  if (!recursive && saysAbsent(deleted) && saysAbsent(removed)) {
    throw control.connection.locate(rejected(deleted, dele.masked));
  }
  const entry = await statOrUnknown(session, target, options);
  if (entry === undefined) throw control.connection.locate(notFound(deleted, dele.masked));
  const isDirectory = entry !== unknown && entry.type === 'directory';
  if (isDirectory && recursive) return removeTree(session, target, options, 1);
  const [reply, line] = isDirectory ? [removed, rmd] : [deleted, dele];
  throw control.connection.locate(rejected(reply, line.masked));
}

/** What takes no name of its own away: nothing is asked to go that a caller can't have meant. @throws UsageError ERR_ARGUMENT */
export function removable(path: string): string {
  let end = path.length;
  // With a slash behind it a link would stand for what it points at.
  while (end > 0 && path.charCodeAt(end - 1) === 47) end -= 1;
  const bare = path.slice(0, end);
  const name = bare.slice(bare.lastIndexOf('/') + 1);
  if (name !== '' && name !== '.' && name !== '..' && !/^(?:[a-z]:)?\\*$/i.test(bare)) return bare;
  throw new UsageError('ERR_ARGUMENT', `${path} is no name that could be removed.`, {
    protocol: 'ftp',
    argument: 'path',
    hint: 'Remove what is in it, each by its own path.',
  });
}

const unknown = Symbol('unknown');

async function statOrUnknown(
  session: Session,
  path: string,
  options: CallOptions,
): Promise<Entry | undefined | typeof unknown> {
  try {
    return await stat(session, path, options);
  } catch (error) {
    if (isFivewireError(error) && error.connection === 'usable' && error.code !== 'ERR_ABORTED') {
      return unknown;
    }
    throw error;
  }
}

/**
 * What is in a directory, then the directory. What the listing says of a name decides nothing: a link may be shown as a directory
 * (ProFTPD with `ShowSymlinks off`, junctions of Windows). So each name gets DELE, each that refuses gets RMD, and only what
 * refuses both and is shown as a directory is gone into.
 */
async function removeTree(
  session: Session,
  path: string,
  options: CallOptions,
  depth: number,
): Promise<void> {
  const { control, limits } = session;
  if (depth > limits.depth) throw control.connection.locate(tooDeep(limits.depth));
  const found: Entry[] = [];
  for await (const batch of listDirectory(session, path, { ...options, hidden: true })) {
    for (const entry of batch) {
      const fault = faultOf(entry);
      if (fault !== undefined) throw unusable(session, entry, fault);
      found.push(entry);
    }
  }
  const kept = await removeEach(session, 'DELE', found.map(refusable), options);
  const full = await removeEach(session, 'RMD', kept, options);
  for (const { entry, path: below, refusal } of full) {
    if (entry.type !== 'directory') throw refusal;
    try {
      await removeTree(session, below, options, depth + 1);
    } catch (error) {
      if (!isFivewireError(error) || error.code !== 'ERR_NOT_FOUND') throw error; // gone by itself
    }
  }
  const rmd = command('RMD', path);
  const [last] = (await control.ask([rmd], options)) as [Reply];
  if (last.class === 2) return;
  await removeUnshown(session, path, found, options);
  await control.demand(rmd, options);
}

/** Why nothing can be asked to go by this name: it would be something elsewhere, or no command can say it. */
function faultOf({ name, rawPath }: Entry): string | undefined {
  if (leadsOut(name)) return 'leads out of it';
  return isUnspeakable(octetString(rawPath)) ? 'no command can have in it' : undefined;
}

const unusable = ({ control }: Session, { name }: Entry, fault: string): FivewireError =>
  control.connection.locate(
    new RemoteProtocolError(
      'ERR_MALFORMED_RESPONSE',
      `The directory shows a name that ${fault}; nothing in it was removed.`,
      {
        expected: 'names in the directory',
        got: name,
        connection: 'usable',
        hint: 'Remove what is in it, each by its own path.',
      },
    ),
  );

/** What LIST shows and MLSD does not: links to nothing (ProFTPD). */
async function removeUnshown(
  session: Session,
  path: string,
  shown: readonly Entry[],
  options: CallOptions,
): Promise<void> {
  if (!session.traits.mlsd) return;
  const known = new Set(shown.map(({ path: each }) => each));
  const unshown: Refusable[] = [];
  for await (const batch of listDirectory(session, path, { ...options, hidden: true }, true)) {
    for (const entry of batch) {
      const isNew = !known.has(entry.path) && faultOf(entry) === undefined;
      if (isNew && entry.type !== 'directory') unshown.push(refusable(entry));
    }
  }
  const [left] = await removeEach(session, 'DELE', unshown, options);
  if (left?.refusal !== undefined) throw left.refusal;
}

interface Refusable {
  entry: Entry;
  /** An octet string. */
  path: string;
  /** Why DELE refused it. */
  refusal?: FivewireError;
  /** Whether it was refused with "no such file". */
  isAbsent?: boolean;
}

const refusable = (entry: Entry): Refusable => ({ entry, path: octetString(entry.rawPath) });

// As many as a server surely takes before it answers.
const flightLength = 50;

/** @returns those that are still there. What is gone by itself is no failure: the directory's own RMD tells. */
async function removeEach(
  session: Session,
  verb: 'DELE' | 'RMD',
  items: readonly Refusable[],
  options: CallOptions,
): Promise<Refusable[]> {
  const { control } = session;
  const left: Refusable[] = [];
  for (let at = 0; at < items.length; at += flightLength) {
    const flight = items.slice(at, at + flightLength);
    const lines = flight.map(({ path }) => command(verb, path));
    const replies = await control.ask(lines, options);
    flight.forEach((item, index) => {
      const reply = replies[index] as Reply;
      if (reply.class === 2) return;
      // "No such file" may mean that it is of the other kind.
      const isGone = verb === 'RMD' && item.isAbsent && saysAbsent(reply);
      if (isGone && item.entry.type !== 'directory') return;
      const refusal =
        item.refusal ?? control.connection.locate(rejected(reply, lines[index]?.masked ?? verb));
      left.push({ ...item, refusal, isAbsent: saysAbsent(reply) });
    });
  }
  return left;
}

/**
 * @param overwrite `true`: also where the server refuses to rename onto a file that is there: that is moved aside, and back where all fails.
 * `false`: never; what is there is asked for first. `undefined`: as the server does it.
 */
export async function renamePath(
  session: Session,
  from: string,
  to: string,
  { overwrite, ...options }: CallOptions & { overwrite?: boolean },
): Promise<void> {
  const { control } = session;
  if (overwrite === false && (await stat(session, to, options)) !== undefined) {
    throw control.connection.locate(
      new CommandError('ERR_COMMAND_REJECTED', 'Something is there under the new name already.', {
        transient: false,
        command: `RNTO ${session.charset.decode(to)}`,
        hint: 'Choose another name, or say `overwrite: true`.',
      }),
    );
  }
  const lines = [command('RNFR', from), command('RNTO', to)];
  const [first, second] = (await control.ask(lines, options)) as [Reply, Reply];
  if (first.class >= 4) {
    const error = control.connection.locate(rejected(first, lines[0]?.masked ?? 'RNFR'));
    await judged(session, from, error, options);
    throw error;
  }
  if (second.class === 2) return;
  const refusal = control.connection.locate(rejected(second, lines[1]?.masked ?? 'RNTO'));
  // A directory is not overwritten by a file, and what is in it would be out of sight.
  if (!overwrite || (await isThere(session, to, options))) throw refusal;
  const { parent, name } = splitPath(to);
  // Not a name that is swept: until the new file is in its place, this is the only one there is.
  const aside = joinPath(
    parent,
    `.${fitting(name)}.${randomBytes(6).toString('hex')}.old`,
    false,
    true,
  );
  const move = async (here: string, there: string): Promise<boolean> => {
    const replies = await control.ask([command('RNFR', here), command('RNTO', there)], options);
    return replies[1]?.class === 2;
  };
  if (!(await move(to, aside))) throw refusal;
  if (await move(from, to)) {
    await control.ask([command('DELE', aside)], options);
    return;
  }
  if (await move(aside, to)) throw refusal;
  throw Object.assign(refusal, {
    hint: `What was there is ${session.charset.decode(aside)} now: the server did not take it back. Rename it by hand.`,
  });
}
