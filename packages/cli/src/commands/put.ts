/** `fivewire put`: a file, a tree or stdin to an FTP server, under a temporary name first where it can rename. */
import { createReadStream } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { PassThrough, pipeline, type Readable } from 'node:stream';
import type { FtpClient } from '@fivewire/ftp';
import { type Args, type Context, text } from '../context.js';
import { exitCodes, usage } from '../exit-code.js';
import { unreadable } from '../local-files.js';
import { line } from '../output.js';
import { passage, startProgress } from '../progress.js';
import { withRetry } from '../retry.js';
import { withSession } from '../sessions.js';
import { resolveTarget, type Target } from '../target.js';
import { ftpPath } from '../url-paths.js';

export const options = {
  recursive: { type: 'boolean', alias: 'r', describe: 'A directory and all below it' },
  direct: {
    type: 'boolean',
    describe: 'Write under the final name at once: for servers that cannot rename',
  },
} as const;

export async function run(args: Args, context: Context): Promise<number | undefined> {
  const source = text(args.file);
  const target = await resolveTarget(text(args.url), context, {
    protocols: ['ftp'],
    login: 'anonymous',
  });
  const atomic = args.direct !== true;
  if (source === '-') {
    if (context.settings.passwordStdin)
      throw usage('stdin cannot be both the password and the file');
    if (context.settings.retries > 0)
      throw usage('--retry cannot read stdin again', 'Give a file.');
    await withSession('ftp', target, context, (ftp) =>
      put(
        ftp,
        { body: process.stdin, from: '-', size: undefined, to: remoteName(target, undefined) },
        atomic,
        context,
      ),
    );
    return undefined;
  }
  const what = await stat(source).catch((error) => {
    throw unreadable(source, 'the file', error);
  });
  if (what.isDirectory()) {
    if (args.recursive !== true)
      throw usage(`${source} is a directory`, 'Use --recursive to upload all that is in it.');
    return withRetry(context, () => putTree(source, target, atomic, context), { resumable: true });
  }
  await withRetry(context, () =>
    withSession('ftp', target, context, (ftp) =>
      put(
        ftp,
        {
          body: createReadStream(source),
          from: source,
          size: what.size,
          to: remoteName(target, basename(source)),
        },
        atomic,
        context,
      ),
    ),
  );
  return undefined;
}

interface Upload {
  body: Readable;
  from: string;
  size: number | undefined;
  to: string;
}

/** A URL that ends in `/` names a directory. */
function remoteName({ path }: Target, name: string | undefined): string {
  const remote = ftpPath(path);
  if (path !== '' && !remote.endsWith('/')) return remote;
  if (name === undefined)
    throw usage('Under which name?', 'With stdin the URL must end in a file name.');
  return path === '' ? name : `${remote}${name}`;
}

async function put(
  ftp: FtpClient,
  { body, from, size, to }: Upload,
  atomic: boolean,
  context: Context,
): Promise<void> {
  const progress = await startProgress(context, to);
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
    progress.stop();
    await out.row(
      { type: 'uploaded', path: from, remote: to, octets: result.octets, proof: result.proof },
      to,
    );
  } finally {
    progress.stop();
    body.destroy();
  }
}

async function putTree(
  root: string,
  target: Target,
  atomic: boolean,
  context: Context,
): Promise<number | undefined> {
  const remoteRoot = ftpPath(target.path).replace(/(?<=.)\/+$/, '');
  return withSession('ftp', target, context, async (ftp) => {
    const failed: string[] = [];
    const directories = [{ from: root, to: remoteRoot }];
    for (
      let directory = directories.pop();
      directory !== undefined;
      directory = directories.pop()
    ) {
      const { from, to } = directory;
      if (to !== '.') await ftp.mkdir(to, { parents: true, signal: context.signal });
      for (const entry of (await readdir(from, { withFileTypes: true })).sort((a, b) =>
        a.name < b.name ? -1 : 1,
      )) {
        const [local, remote] = [
          join(from, entry.name),
          to === '.' ? entry.name : `${to}/${entry.name}`,
        ];
        if (entry.isDirectory()) directories.push({ from: local, to: remote });
        else if (entry.isFile()) {
          try {
            const { size } = await stat(local);
            await put(
              ftp,
              { body: createReadStream(local), from: local, size, to: remote },
              atomic,
              context,
            );
          } catch (error) {
            if ((error as { connection?: string }).connection === 'closed') throw error;
            failed.push(`${local}: ${(error as Error).message}`);
          }
        } else context.out.detail(`${local} is neither file nor directory: left out`);
      }
    }
    for (const problem of failed) context.out.warn(line(problem));
    return failed.length === 0 ? undefined : exitCodes.partly;
  });
}
