/** `fivewire mirror`: a tree by FTP, in either direction; what is equal is not transferred again. */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { FtpClient, FtpPool, MirrorOptions, TreeResult } from '@fivewire/ftp';
import { isFivewireError } from 'tls-context-core';
import { type Args, type Context, optionalText, text, texts } from '../context.js';
import { exitCodeOf, exitCodes, Failure, isFailure, usage } from '../exit-code.js';
import { wholeNumber } from '../global-options.js';
import { refuseNoDirectory, refuseUnwritable, unreadable } from '../local-files.js';
import { line } from '../output.js';
import { saidOf } from '../report.js';
import { withRetry } from '../retry.js';
import { ofFileSystem } from '../save-file.js';
import { withSession } from '../sessions.js';
import { resolveTarget, type Target } from '../target.js';
import { ftpPath } from '../url-paths.js';

export const options = {
  delete: { type: 'boolean', describe: 'Remove from DST what SRC has no more' },
  'max-delete': {
    type: 'string',
    describe: 'More removals than this are none at all; default 1000',
  },
  'dry-run': { type: 'boolean', alias: 'n', describe: 'Only say what would be done' },
  include: { type: 'string', array: true, describe: 'FTP: only files such as *.html, docs/**' },
  exclude: { type: 'string', array: true, describe: 'FTP: neither files nor directories such' },
  compare: {
    type: 'string',
    choices: ['size+time', 'size', 'hash'],
    describe: 'FTP: how it is told whether a file has changed; default size+time',
  },
  jobs: { type: 'string', alias: 'j', describe: 'FTP: connections at once; default 1' },
  resume: { type: 'boolean', describe: 'FTP: go on with parts that an earlier run has left' },
  direct: { type: 'boolean', describe: 'FTP: write under the final name at once' },
  'no-preserve': { type: 'boolean', describe: 'FTP: do not keep times' },
  'skip-links': { type: 'boolean', describe: 'FTP: leave links out and call it complete' },
} as const;

const mostJobs = 32;

export async function run(args: Args, context: Context): Promise<number | undefined> {
  const [from, to] = [text(args.src), text(args.dst)];
  const isUp = isFtp(to);
  if (isUp === isFtp(from))
    throw usage(
      'mirror takes one ftps:// URL and one directory here',
      'See fivewire mirror --help.',
    );
  if (context.settings.limitRate !== undefined)
    throw usage('--limit-rate is for single files', 'mirror does not slow down.');
  const local = isUp ? from : to;
  if (local === '-') throw usage('mirror takes a directory here, not -');
  const target = await resolveTarget(isUp ? to : from, context, {
    protocols: ['ftp'],
    login: 'anonymous',
  });
  const remote = ftpPath(target.path).replace(/(?<=.)\/+$/, '');
  const jobs = wholeNumber(args.jobs, '--jobs') ?? 1;
  if (jobs < 1 || jobs > mostJobs) throw usage(`--jobs goes from 1 to ${mostJobs}`);
  const wishes = wishesOf(args, isUp, context);
  if (isUp) await readableDirectory(local);
  else if (args['dry-run'] === true) await refuseNoDirectory(local);
  else await refuseUnwritable(local);
  const mirror = (ftp: FtpClient | FtpPool): Promise<number | undefined> =>
    mirrored(() => ftp.mirror(local, remote, wishes), args, { local, isUp }, context).catch(
      (error) => {
        throw isNoTree(error) ? noTree(remote, isUp, error) : error;
      },
    );
  return withRetry(
    context,
    () =>
      jobs === 1
        ? withSession('ftp', target, context, mirror)
        : withPool(target, jobs, context, mirror),
    { resumable: true },
  );
}

/** The library's own finding: no reply of the server refuses it. */
const isNoTree = (error: unknown): boolean =>
  isFivewireError(error) &&
  error.code === 'ERR_COMMAND_REJECTED' &&
  (error as { reply?: unknown }).reply === undefined;

function noTree(remote: string, isUp: boolean, cause: unknown): Failure {
  const { cannotCreate, notFound } = exitCodes;
  const hint = isUp
    ? 'A tree goes into a directory: name another, or fivewire rm removes the file.'
    : 'mirror takes a directory: fivewire get gets a single file.';
  return new Failure(isUp ? cannotCreate : notFound, `${line(remote)} is a file, no directory`, {
    cause,
    code: 'ENOTDIR',
    hint,
  });
}

async function readableDirectory(path: string): Promise<void> {
  await readdir(path).catch((error) => {
    throw unreadable(path, 'the directory', error);
  });
}

export const isFtp = (place: string): boolean => /^ftps?:\/\//i.test(place);

function wishesOf(args: Args, isUp: boolean, { out, signal }: Context): MirrorOptions {
  const most = wholeNumber(args['max-delete'], '--max-delete');
  const [include, exclude] = [texts(args.include), texts(args.exclude)];
  const compare = optionalText(args.compare) as MirrorOptions['compare'];
  return {
    direction: isUp ? 'up' : 'down',
    delete: args.delete === true,
    dryRun: args['dry-run'] === true,
    resume: args.resume === true && !isUp,
    atomic: args.direct !== true,
    preserveTimes: args['no-preserve'] !== true,
    signal,
    ...(most === undefined ? {} : { mostDeletions: most }),
    ...(include.length === 0 ? {} : { include }),
    ...(exclude.length === 0 ? {} : { exclude }),
    ...(compare === undefined ? {} : { compare }),
    onEvent(event) {
      if (event.kind !== 'done') return;
      const { kind, path } = event.action;
      void out.done(
        { type: said[kind], path, octets: event.octets },
        `${said[kind]} ${line(path)}`,
      );
    },
  };
}

/** What this side's files have against it is said of them, and what a client says, to people. */
function problemOf(
  path: string,
  error: unknown,
  { local, isUp }: { local: string; isUp: boolean },
): string {
  const file = join(local, path);
  const cause = isFivewireError(error) && error.code === 'ERR_LOCAL_IO' ? error.cause : error;
  const own = isUp ? unreadable(file, 'the file', cause) : ofFileSystem(file, error);
  if (isFailure(own)) return own.message;
  const text = isFivewireError(error) ? saidOf(error).message : String((error as Error).message);
  return `${path}: ${text}`;
}

const said = { make: 'made', transfer: 'transferred', delete: 'removed' } as const;

async function withPool<T>(
  { connect }: Target,
  jobs: number,
  { signal }: Context,
  work: (ftp: FtpPool) => Promise<T>,
): Promise<T> {
  const { createFtpPool } = await import('@fivewire/ftp');
  const { signal: _, ...options } = connect;
  const pool = createFtpPool({ ...options, maxConnections: jobs, outageTimeout: 0 });
  const close = (): void => void pool.close();
  signal.addEventListener('abort', close, { once: true });
  try {
    return await work(pool);
  } finally {
    signal.removeEventListener('abort', close);
    await pool.close();
  }
}

/** What failed does not stop the rest: the exit code says that there was something. */
async function mirrored(
  work: () => Promise<TreeResult>,
  args: Args,
  place: { local: string; isUp: boolean },
  { out, signal }: Context,
): Promise<number | undefined> {
  let result: TreeResult;
  let errors: readonly { path: string; error: unknown }[] = [];
  try {
    result = await work();
  } catch (error) {
    if (!isFivewireError(error) || signal.aborted) throw error;
    if (error.code === 'ERR_STATE')
      throw usage(error.message, 'Nothing was done. Try --dry-run, then a higher --max-delete.');
    const partly = error as { result?: TreeResult; errors?: typeof errors };
    if (partly.result === undefined) throw error;
    result = partly.result;
    errors = partly.errors ?? [];
    const broken = errors.find(
      ({ error: one }) => isFivewireError(one) && one.connection === 'closed',
    );
    if (broken !== undefined) throw broken.error;
  }
  if (args['dry-run'] === true)
    for (const action of result.plan)
      await out.row({ type: 'would', ...action }, `${action.kind} ${line(action.path)}`);
  for (const { path, error } of errors) out.warn(line(problemOf(path, error, place)));
  const left = result.refused.filter(
    ({ reason }) => !(args['skip-links'] === true && /link/.test(reason)),
  );
  for (const { path, reason } of left) out.warn(line(`${path}: left out: ${reason}`));
  const { transferred, deleted, unchanged } = result;
  await out.done(
    { type: 'mirrored', transferred, removed: deleted, unchanged, octets: result.octets },
    '',
  );
  out.summary(`${transferred} transferred, ${deleted} removed, ${unchanged} unchanged`);
  if (errors.length === 0 && left.length === 0) return undefined;
  return errors.some(({ error }) => exitCodeOf(error) === exitCodes.localIo)
    ? exitCodes.localIo
    : exitCodes.partly;
}
