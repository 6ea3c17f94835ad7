/** `fivewire put`: a file, a tree or stdin to an FTP server, under a temporary name first where it can rename. */
import { createReadStream, type Stats } from 'node:fs';
import { readdir, realpath, stat } from 'node:fs/promises';
import { basename } from 'node:path';
import { PassThrough, pipeline, type Readable } from 'node:stream';
import type { FtpClient, RemotePath } from '@fivewire/ftp';
import { isFivewireError } from 'tls-context-core';
import { type Args, type Context, text, texts } from '../context.js';
import { exitCodes, usage } from '../exit-code.js';
import { unreadable } from '../local-files.js';
import { line } from '../output.js';
import { passage, startProgress } from '../progress.js';
import { withRetry } from '../retry.js';
import { withSession } from '../sessions.js';
import { takeStdin } from '../stdin.js';
import { resolveTarget, type Target } from '../target.js';
import { ftpName, ftpPath, textOf } from '../url-paths.js';

export const options = {
  recursive: { type: 'boolean', alias: 'r', describe: 'A directory and all below it' },
  direct: {
    type: 'boolean',
    describe: 'Write under the final name at once: for servers that cannot rename',
  },
  'no-preserve': {
    type: 'boolean',
    describe: 'Do not give remote files the times of the local ones',
  },
  'skip-links': { type: 'boolean', describe: 'With -r: leave links out and call it complete' },
} as const;

export async function run(args: Args, context: Context): Promise<number | undefined> {
  // The last one is where they go, as with cp and mv.
  const operands = [text(args.file), text(args.url), ...texts(args.more)];
  const [source = '', ...others] = operands.slice(0, -1);
  const target = await resolveTarget(operands.at(-1), context, {
    protocols: ['ftp'],
    login: 'anonymous',
  });
  const wishes = {
    atomic: args.direct !== true,
    keepTimes: args['no-preserve'] !== true,
    skipLinks: args['skip-links'] === true,
  };
  if (others.length > 0) return putAll([source, ...others], target, wishes, args, context);
  if (source === '-') {
    if (args.recursive === true) throw usage('stdin is one file: it has no --recursive');
    if (context.settings.retries > 0)
      throw usage('--retry cannot read stdin again', 'Give a file.');
    const to = remoteName(target, undefined);
    await withSession('ftp', target, context, async (ftp) => {
      await put(
        ftp,
        { body: takeStdin('the file'), from: '-', size: undefined, to },
        wishes,
        context,
      );
      if (wishes.atomic) await sweepRemote(ftp, directoryOf(to), context);
    });
    return undefined;
  }
  const what = await stat(source).catch((error) => {
    throw unreadable(source, 'the file', error);
  });
  if (what.isDirectory()) {
    if (args.recursive !== true)
      throw usage(`${source} is a directory`, 'Use --recursive to upload all that is in it.');
    return withRetry(context, () => putTree(source, target, wishes, context), { resumable: true });
  }
  await withRetry(context, () =>
    withSession('ftp', target, context, async (ftp) => {
      const to = remoteName(target, basename(source));
      await put(
        ftp,
        { body: createReadStream(source), from: source, size: what.size, modified: what.mtime, to },
        wishes,
        context,
      );
      if (wishes.atomic) await sweepRemote(ftp, directoryOf(to), context);
    }),
  );
  return undefined;
}

/** Into one directory. A file that is refused does not keep the others; what cannot be read is found before any goes up. */
async function putAll(
  sources: readonly string[],
  target: Target,
  wishes: Wishes,
  args: Args,
  context: Context,
): Promise<number | undefined> {
  const { signal, out } = context;
  if (args.recursive === true) throw usage('--recursive takes one directory');
  if (sources.includes('-')) throw usage('stdin is one file, and has no name among several');
  if (target.path !== '' && !target.path.endsWith('/'))
    throw usage('Several files go into a directory', 'End the URL in a slash.');
  const names = new Set<string>();
  const files: { source: string; size: number; mtime: Date; to: RemotePath }[] = [];
  for (const source of sources) {
    const { size, mtime } = await regularFile(source);
    const name = basename(source);
    if (names.size === names.add(name).size)
      throw usage(`Two of the files are called ${line(name)}`, 'One would take the other’s place.');
    files.push({ source, size, mtime, to: remoteName(target, name) });
  }
  const left = new Set(files);
  let failed = 0;
  await withRetry(
    context,
    () =>
      withSession('ftp', target, context, async (ftp) => {
        for (const one of left) {
          const { source, size, mtime, to } = one;
          try {
            const body = createReadStream(source);
            await put(ftp, { body, from: source, size, modified: mtime, to }, wishes, context);
          } catch (error) {
            if (!isFivewireError(error) || error.connection !== 'usable' || signal.aborted)
              throw error;
            failed++;
            out.warn(`${line(source)}: ${line(error.message)}`);
          }
          left.delete(one);
        }
        const [some] = files;
        if (wishes.atomic && some !== undefined)
          await sweepRemote(ftp, directoryOf(some.to), context);
      }),
    { resumable: true },
  );
  return failed > 0 ? exitCodes.partly : undefined;
}

/** A device or a fifo is a file too: what it gives goes up. @throws Failure 66, 64 for a directory */
async function regularFile(source: string): Promise<Stats> {
  const what = await stat(source).catch((error) => {
    throw unreadable(source, 'the file', error);
  });
  if (!what.isDirectory()) return what;
  throw usage(`${source} is a directory`, 'A directory goes up alone, with --recursive.');
}

interface Wishes {
  atomic: boolean;
  keepTimes: boolean;
  skipLinks: boolean;
}

interface Upload {
  body: Readable;
  from: string;
  size: number | undefined;
  modified?: Date;
  /** As octets where it is a name in a charset that nothing here knows. */
  to: RemotePath;
}

/** A URL that ends in `/` names a directory. */
function remoteName({ path }: Target, name: string | undefined): RemotePath {
  const remote = ftpName(path);
  if (path !== '' && !remote.name.endsWith('/')) return remote.path;
  if (name === undefined)
    throw usage('Under which name?', 'With stdin the URL must end in a file name.');
  if (typeof remote.path === 'string') return path === '' ? name : `${remote.path}${name}`;
  return new Uint8Array(Buffer.concat([remote.path, Buffer.from(name)]));
}

function directoryOf(path: RemotePath): RemotePath {
  const at = typeof path === 'string' ? path.lastIndexOf('/') : path.lastIndexOf(0x2f);
  if (at < 0) return '.';
  return path.slice(0, Math.max(at, 1));
}

/**
 * What a run that was killed has left in a directory there. The upload is done and told by then: a listing that is refused, as in a
 * directory that can only be written to, is no failure.
 */
async function sweepRemote(
  ftp: FtpClient,
  directory: RemotePath,
  { out, signal }: Context,
): Promise<void> {
  try {
    for (const path of await ftp.sweep(directory, { signal }))
      out.detail(`${line(path)} was left by a run that was killed: removed`);
  } catch (error) {
    if (signal.aborted || !isFivewireError(error)) throw error;
    out.detail(`${line(textOf(directory))} was not looked through: ${line(error.message)}`);
  }
}

async function put(
  ftp: FtpClient,
  { body, from, size, modified, to }: Upload,
  { atomic, keepTimes }: Wishes,
  context: Context,
): Promise<void> {
  const remote = textOf(to);
  const progress = await startProgress(context, remote);
  const { signal, out } = context;
  const source = body.on('error', (error) =>
    metered.destroy(unreadable(from, 'the file', error) as Error),
  );
  const metered = pipeline(
    [source, ...passage(context, progress, size), new PassThrough()],
    () => {},
  ) as PassThrough;
  try {
    const result = await ftp.upload(metered, to, { atomic, signal });
    if (keepTimes && modified !== undefined) await giveTime(ftp, to, modified, context);
    progress.stop();
    const { octets, proof } = result;
    await out.done({ type: 'uploaded', path: from, remote, octets, proof }, line(remote));
  } finally {
    progress.stop();
    body.destroy();
  }
}

/** Many servers cannot, and a file that is there with another time is there all the same. */
async function giveTime(
  ftp: FtpClient,
  path: RemotePath,
  time: Date,
  { out, signal }: Context,
): Promise<void> {
  try {
    await ftp.setModified(path, time, { signal });
  } catch (error) {
    if (!isFivewireError(error) || error.connection !== 'usable' || signal.aborted) throw error;
    out.detail(`${line(textOf(path))}: its time was not kept: ${line(error.message)}`);
  }
}

const slash = Buffer.from('/');
const below = (directory: Buffer, name: Buffer): Buffer => Buffer.concat([directory, slash, name]);

/** Names are octets on both sides: one that is no UTF-8 goes up as it is. */
const remotePath = (octets: Buffer): RemotePath => {
  const text = octets.toString('utf8');
  return Buffer.from(text, 'utf8').equals(octets) ? text : new Uint8Array(octets);
};

async function putTree(
  root: string,
  target: Target,
  wishes: Wishes,
  context: Context,
): Promise<number | undefined> {
  const remoteRoot = ftpPath(target.path).replace(/(?<=.)\/+$/, '');
  return withSession('ftp', target, context, async (ftp) => {
    const failed: string[] = [];
    const filled = new Map<string, RemotePath>();
    for await (const { local, remote, type } of treeBelow(root, remoteRoot)) {
      const name = line(local.toString('utf8'));
      if (type === 'directory') {
        await ftp.mkdir(remotePath(remote), { parents: true, signal: context.signal });
        continue;
      }
      if (type !== 'file') {
        if (type === 'link' && wishes.skipLinks) context.out.detail(`${name} is a link: left out`);
        else
          failed.push(
            type === 'link'
              ? `${name} is a link to a directory or to nothing: left out`
              : `${name} is no file: left out`,
          );
        continue;
      }
      try {
        const { size, mtime } = await stat(local);
        const body = createReadStream(local);
        await put(
          ftp,
          { body, from: local.toString('utf8'), size, modified: mtime, to: remotePath(remote) },
          wishes,
          context,
        );
        const directory = directoryOf(remotePath(remote));
        filled.set(textOf(directory), directory);
      } catch (error) {
        if ((error as { connection?: string }).connection === 'closed' || context.signal.aborted)
          throw error;
        failed.push(`${name}: ${(error as Error).message}`);
      }
    }
    if (wishes.atomic)
      for (const directory of filled.values()) await sweepRemote(ftp, directory, context);
    for (const problem of failed) context.out.warn(line(problem));
    return failed.length === 0 ? undefined : exitCodes.partly;
  });
}

interface TreeItem {
  local: Buffer;
  remote: Buffer;
  type: 'directory' | 'file' | 'link' | 'other';
}

/** Each directory before what is in it. A link to a file is that file; a link to a directory could lead round in a circle. */
async function* treeBelow(root: string, remoteRoot: string): AsyncGenerator<TreeItem> {
  const here = remoteRoot === '.';
  const directories: { local: Buffer; remote: Buffer }[] = [
    { local: Buffer.from(await realpath(root)), remote: Buffer.from(remoteRoot) },
  ];
  for (let directory = directories.pop(); directory !== undefined; directory = directories.pop()) {
    const { local, remote } = directory;
    const isRoot = here && remote.equals(Buffer.from('.'));
    if (!isRoot) yield { local, remote, type: 'directory' };
    const entries = await readdir(local, { withFileTypes: true, encoding: 'buffer' });
    for (const entry of entries.sort((a, b) => Buffer.compare(a.name, b.name))) {
      const item = {
        local: below(local, entry.name),
        remote: isRoot ? entry.name : below(remote, entry.name),
      };
      if (entry.isDirectory()) directories.push(item);
      else if (entry.isFile()) yield { ...item, type: 'file' };
      else if (!entry.isSymbolicLink()) yield { ...item, type: 'other' };
      else {
        const what = await stat(item.local).catch(() => undefined);
        yield { ...item, type: what?.isFile() ? 'file' : 'link' };
      }
    }
  }
}
