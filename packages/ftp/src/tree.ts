/** Directories and names: MKD, RMD, DELE, RNFR and RNTO of RFC 959 §4.1.3. */
import { isFivewireError, type Reply } from '@fivewire/line-protocol';
import { octetString } from './charset.js';
import { command } from './dialogue.js';
import { rejected, tooDeep } from './failures.js';
import { listDirectory } from './list.js';
import { ancestry } from './remote-path.js';
import type { Session } from './session.js';
import { stat } from './stat.js';
import type { CallOptions } from './types.js';

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
  if (parents && (await stat(session, path, options))?.type === 'directory') return;
  throw control.connection.locate(rejected(last, line.masked));
}

/**
 * DELE first, whatever it is: that takes a symlink away, where going into it would empty what it points at.
 * Then RMD, for an empty directory.
 */
export async function removePath(
  session: Session,
  path: string,
  { recursive = false, ...options }: CallOptions & { recursive?: boolean },
): Promise<void> {
  const { control } = session;
  const dele = command('DELE', path);
  const [deleted] = (await control.ask([dele], options)) as [Reply];
  if (deleted.class === 2) return;
  const rmd = command('RMD', path);
  const [removed] = (await control.ask([rmd], options)) as [Reply];
  if (removed.class === 2) return;
  const entry = await stat(session, path, options).catch((error: unknown) => {
    if (isFivewireError(error) && error.connection === 'usable') return undefined;
    throw error;
  });
  const isDirectory = entry?.type === 'directory';
  if (isDirectory && recursive) return removeTree(session, path, options, 1);
  const [reply, line] = isDirectory ? [removed, rmd] : [deleted, dele];
  throw control.connection.locate(rejected(reply, line.masked));
}

async function removeTree(
  session: Session,
  path: string,
  options: CallOptions,
  depth: number,
): Promise<void> {
  const { control, limits } = session;
  if (depth > limits.depth) throw control.connection.locate(tooDeep(limits.depth));
  const files: string[] = [];
  const directories: string[] = [];
  for await (const entry of listDirectory(session, path, { ...options, hidden: true })) {
    const below = octetString(entry.rawPath);
    (entry.type === 'directory' ? directories : files).push(below);
  }
  for (const directory of directories) await removeTree(session, directory, options, depth + 1);
  await removeAll(session, files, options);
  await control.demand(command('RMD', path), options);
}

// As many as a server surely takes before it answers.
const flightLength = 50;

async function removeAll(session: Session, paths: string[], options: CallOptions): Promise<void> {
  for (let at = 0; at < paths.length; at += flightLength) {
    const lines = paths.slice(at, at + flightLength).map((path) => command('DELE', path));
    const replies = await session.control.ask(lines, options);
    const bad = replies.findIndex((reply) => reply.class !== 2);
    if (bad < 0) continue;
    const { connection } = session.control;
    throw connection.locate(rejected(replies[bad] as Reply, lines[bad]?.masked ?? 'DELE'));
  }
}

export async function renamePath(
  session: Session,
  from: string,
  to: string,
  options: CallOptions,
): Promise<void> {
  const lines = [command('RNFR', from), command('RNTO', to)];
  const [first, second] = (await session.control.ask(lines, options)) as [Reply, Reply];
  const { connection } = session.control;
  if (first.class >= 4) throw connection.locate(rejected(first, lines[0]?.masked ?? 'RNFR'));
  if (second.class !== 2) throw connection.locate(rejected(second, lines[1]?.masked ?? 'RNTO'));
}
