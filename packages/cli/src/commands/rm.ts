/** `fivewire rm`: files or a directory by FTP; messages by IMAP and POP3, those of the URL alone. */
import type { FtpClient, RemotePath } from '@fivewire/ftp';
import { isFivewireError } from 'tls-context-core';
import { type Args, type Context, text } from '../context.js';
import { exitCodeOf, exitCodes, Failure, isFailure, usage } from '../exit-code.js';
import { absent, onFtpPath } from '../ftp-command.js';
import { duration } from '../global-options.js';
import { chosen, fitting, hasMailbox, isOf, onMailbox, onNamedMailbox } from '../imap-command.js';
import { line } from '../output.js';
import { ownName } from '../own-mailboxes.js';
import { fitting as filesFitting } from '../protocols/ftp.js';
import { globOf } from '../protocols/glob.js';
import type { Target } from '../target.js';
import { textOf } from '../url-paths.js';

export const options = {
  recursive: {
    type: 'boolean',
    alias: 'r',
    describe: 'FTP: a directory and all below it; IMAP: a mailbox and its messages',
  },
  'older-than': {
    type: 'string',
    describe: 'FTP, IMAP: only what was changed, or arrived, longer ago: 30d, 12h',
  },
} as const;

export async function run(args: Args, context: Context): Promise<number | undefined> {
  const url = text(args.url);
  const given = args['older-than'];
  const age = given === undefined ? undefined : duration(text(given), '--older-than');
  if (isOf('imap', url, context))
    return args.recursive === true
      ? removeMailbox(url, age, context)
      : removeMail(url, age, context);
  if (isOf('pop3', url, context)) {
    if (age !== undefined)
      throw usage('POP3 tells no dates', 'fivewire fetch --delete --keep-days removes by age.');
    const { remove } = await import('../protocols/pop3.js');
    return remove(url, context);
  }
  if (args.recursive !== true) return removeFiles(url, age, context);
  if (age !== undefined)
    throw usage('--older-than is for files', 'Name them: ftps://host/logs/*, without --recursive.');
  const { signal } = context;
  await onFtpPath(url, context, async (ftp, path, name, { repeats }) => {
    await refuseFile(ftp, path, name, context);
    const remove = () => ftp.remove(path, { recursive: true, signal });
    await (repeats ? unlessGone(remove, name, context) : remove());
    await removed(name, context);
  });
  return undefined;
}

/** What ends in a slash is a directory: a file of that name was not meant. @throws Failure 66 */
async function refuseFile(
  ftp: FtpClient,
  path: RemotePath,
  name: string,
  { signal }: Context,
): Promise<void> {
  if (!name.endsWith('/')) return;
  const entry = await ftp.stat(path, { signal });
  if (entry === undefined || entry.type === 'directory') return;
  throw new Failure(exitCodes.notFound, `${line(name)} is a file, no directory`, {
    code: 'ERR_NOT_FOUND',
    hint: 'Write it without the slash at its end.',
  });
}

/** What an earlier try may have removed is told, and counts as removed by it. */
async function unlessGone<T>(
  work: () => Promise<T>,
  name: string,
  context: Context,
): Promise<T | undefined> {
  try {
    return await work();
  } catch (error) {
    if (exitCodeOf(error) !== exitCodes.notFound) throw error;
    tellGone(name, context);
    return undefined;
  }
}

const tellGone = (name: string, { out }: Context): void =>
  out.warn(`${line(name)} is not there any more: an earlier try, which was cut off, had begun`);

const removed = (path: string, { out }: Context): Promise<void> =>
  out.done({ type: 'removed', path }, `removed ${line(path)}`);

/** One, or all whose names fit a star. One that is refused does not keep the others. */
async function removeFiles(
  url: string,
  age: number | undefined,
  context: Context,
): Promise<number | undefined> {
  const { signal, out } = context;
  let failed = 0;
  await onFtpPath(url, context, async (ftp, path, name, { target, repeats }) => {
    failed = 0;
    const glob = globOf(target.path);
    if (glob === undefined && age === undefined) {
      await refuseFile(ftp, path, name, context);
      const remove = () => ftp.remove(path, { signal });
      await (repeats ? unlessGone(remove, name, context) : remove());
      return removed(name, context);
    }
    const find = async (): Promise<FoundFiles> =>
      glob === undefined
        ? { files: await named(ftp, path, name, context), problems: 0 }
        : matching(ftp, target, age, context);
    const found = (await (repeats ? unlessGone(find, name, context) : find())) ?? nothing;
    failed += found.problems;
    for (const { path: file, name: one, modified } of found.files) {
      if (age !== undefined && modified === undefined) {
        failed++;
        out.warn(`${line(one)}: the server tells no time of it: left as it is`);
      } else if (age === undefined || Number(modified) < Date.now() - age) {
        try {
          await ftp.remove(file, { signal });
          await removed(one, context);
        } catch (error) {
          if (!isOfOne(error)) throw error;
          failed++;
          out.warn(`${line(one)}: ${line((error as Error).message)}`);
        }
      }
    }
  });
  return failed === 0 ? undefined : exitCodes.partly;
}

async function named(
  ftp: FtpClient,
  path: RemotePath,
  name: string,
  { signal }: Context,
): Promise<Found[]> {
  const entry = await ftp.stat(path, { signal });
  if (entry === undefined) throw absent(name);
  if (entry.type === 'directory')
    throw usage('--older-than is for files', `${line(name)} is a directory: name what is in it.`);
  return [{ path, name, modified: entry.modified }];
}

/** None is no failure where an age is given: in cron there mostly is none. */
async function matching(
  ftp: FtpClient,
  target: Target,
  age: number | undefined,
  context: Context,
): Promise<FoundFiles> {
  try {
    const { found, problems } = await filesFitting(ftp, target, context);
    const files = found.map(({ path, modified }) => ({ path, name: textOf(path), modified }));
    return { files, problems };
  } catch (error) {
    if (age !== undefined && isFailure(error) && error.code === 'ERR_NOT_FOUND')
      return { files: [], problems: 0 };
    throw error;
  }
}

interface FoundFiles {
  files: readonly Found[];
  problems: number;
}

const nothing: FoundFiles = { files: [], problems: 0 };

interface Found {
  path: RemotePath;
  name: string;
  modified: Date | undefined;
}

const isOfOne = (error: unknown): boolean =>
  isFivewireError(error) && error.connection === 'usable';

/** With all that is in it; mailboxes below it stay (RFC 9051 §6.3.5). */
async function removeMailbox(
  url: string,
  age: number | undefined,
  context: Context,
): Promise<undefined> {
  const { signal, out } = context;
  if (age !== undefined)
    throw usage('--older-than is for messages', 'Leave --recursive out: the mailbox stays.');
  await onNamedMailbox(url, context, async (imap, mailbox, repeats) => {
    if (repeats) {
      const name = await ownName(imap, mailbox, context);
      if (!(await hasMailbox(imap, name, context))) return tellGone(name, context);
    }
    await imap.delete(mailbox, { signal });
    await out.done({ type: 'removed', mailbox }, `removed ${line(mailbox)}`);
  });
}

/** \Deleted, then UID EXPUNGE of these alone: what others have marked stays. */
async function removeMail(
  url: string,
  age: number | undefined,
  context: Context,
): Promise<number | undefined> {
  const { signal, out } = context;
  let exit: number | undefined;
  await onMailbox(url, context, { readOnly: false }, async (mailbox, place, _, repeats) => {
    const isNamed = place.uids !== undefined || age === undefined;
    const choose = () => chosen(mailbox, place, context);
    const message = `${place.mailbox} ${place.uids}`;
    const named = isNamed
      ? await (repeats ? unlessGone(choose, message, context) : choose())
      : undefined;
    if (isNamed && named === undefined) return;
    exit = repeats ? undefined : named?.exit;
    const query = named === undefined ? {} : { uid: named.uids };
    const uids = await fitting(mailbox, query, age, context);
    if (uids.length === 0) return;
    await mailbox.addFlags(uids, ['\\Deleted'], { signal });
    await mailbox.expunge(uids, { signal });
    await out.done(
      { type: 'removed', mailbox: place.mailbox, uids: uids.join(',') },
      `removed ${line(place.mailbox)} ${uids.join(',')}`,
    );
  });
  return exit;
}
