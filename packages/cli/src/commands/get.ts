/** `fivewire get`: a file, a tree, a message or an article to a local file, a directory or stdout. */
import { stat } from 'node:fs/promises';
import { basename } from 'node:path';
import type { Readable } from 'node:stream';
import type { FtpClient, ListingProblem } from '@fivewire/ftp';
import type { BodyPart } from '@fivewire/imap';
import { type Args, type Context, optionalText, text } from '../context.js';
import { exitCodes, Failure, isFailure, usage } from '../exit-code.js';
import { makeDirectory } from '../local-files.js';
import { line } from '../output.js';
import { passage, startProgress } from '../progress.js';
import { withRetry } from '../retry.js';
import { type Existing, refuseExisting, saveFile } from '../save-file.js';
import { withSession } from '../sessions.js';
import { resolveTarget, type Target } from '../target.js';
import { ftpPath, imapPath, newsPath, pop3Path } from '../url-paths.js';

export const options = {
  recursive: { type: 'boolean', alias: 'r', describe: 'FTP: a directory and all below it' },
  'no-clobber': { type: 'boolean', alias: 'n', describe: 'Leave a file that is there, and fail' },
  backup: { type: 'boolean', alias: 'b', describe: 'Keep a file that is there, as NAME~' },
  'no-preserve': { type: 'boolean', describe: 'Do not give files the times that the server tells' },
  'skip-links': { type: 'boolean', describe: 'With -r: leave links out and call it complete' },
} as const;

interface Wishes {
  existing: Existing;
  keepTimes: boolean;
  skipLinks: boolean;
}

function wishesOf(args: Args): Wishes {
  if (args['no-clobber'] === true && args.backup === true)
    throw usage('--no-clobber leaves nothing to back up', 'Give one of the two.');
  return {
    existing: args['no-clobber'] === true ? 'refuse' : args.backup === true ? 'backup' : 'replace',
    keepTimes: args['no-preserve'] !== true,
    skipLinks: args['skip-links'] === true,
  };
}

export async function run(args: Args, context: Context): Promise<number | undefined> {
  const target = await resolveTarget(text(args.url), context, {
    protocols: ['ftp', 'imap', 'pop3', 'nntp'],
    login: 'anonymous',
  });
  const wanted = optionalText(args.dest);
  const wishes = wishesOf(args);
  if (args.recursive === true) {
    if (target.protocol !== 'ftp') throw usage('--recursive is for FTP');
    return withRetry(context, () => getTree(target, wanted ?? '.', wishes, context), {
      resumable: true,
    });
  }
  const get = getters[target.protocol as keyof typeof getters];
  await withRetry(context, () => get(target, { wanted, ...wishes }, context));
  return undefined;
}

const getters = { ftp: getFile, imap: getMessage, pop3: getMaildropMessage, nntp: getArticle };

/** What comes, and under which name it is kept when the user gives a directory or nothing. */
interface Item {
  name: string;
  body: Readable;
  size?: number | undefined;
  modified?: Date | undefined;
}

/** Where it goes: the path or directory that the user gave, `-`, or nothing. */
interface Destination extends Wishes {
  wanted: string | undefined;
}

async function getFile(target: Target, to: Destination, context: Context): Promise<void> {
  const path = ftpPath(target.path);
  if (/(^|\/)\.{0,2}$/.test(path))
    throw usage('The URL names a directory', 'Use --recursive to download all that is in it.');
  await withSession('ftp', target, context, async (ftp) => {
    const entry = await ftp.stat(path, { signal: context.signal });
    if (entry?.type === 'directory')
      throw usage(`${line(path)} is a directory`, 'Use --recursive to download all that is in it.');
    const body = ftp.createReadStream(path, { signal: context.signal });
    const { size, modified } = entry ?? {};
    await keep({ name: basename(path), body, size, modified }, to, context);
  });
}

async function getMessage(target: Target, to: Destination, context: Context): Promise<void> {
  const { mailbox: name, uids, section = '', uidValidity } = imapPath(target.path);
  if (name === undefined || uids === undefined || !/^\d+$/.test(uids))
    throw usage('Which message?', 'Write imaps://user@host/MAILBOX/;UID=5.');
  const { signal } = context;
  await withSession('imap', target, context, async (imap) => {
    const mailbox = await imap.open(name, { readOnly: true, signal });
    if (uidValidity !== undefined && uidValidity !== mailbox.uidValidity)
      throw new Failure(
        exitCodes.notFound,
        `${line(name)} has UIDVALIDITY ${mailbox.uidValidity}: UIDs of ${uidValidity} are void`,
      );
    const [message] = await mailbox
      .fetch(uids, { size: true, internalDate: true, structure: true }, { signal })
      .toArray();
    if (message === undefined)
      throw new Failure(exitCodes.notFound, `${line(name)} has no message with UID ${uids}`);
    if (section !== '' && !hasSection(message.structure, section))
      throw new Failure(
        exitCodes.notFound,
        `Message ${uids} of ${line(name)} has no section ${line(section)}`,
      );
    const suffix = section === '' ? '.eml' : `-${section}`;
    await keep(
      {
        name: `${uids}${suffix}`,
        body: message.body(section, { signal }),
        size: section === '' ? message.size : undefined,
        modified: message.internalDate,
      },
      to,
      context,
    );
    await mailbox.close();
  });
}

/** Whether the message has that part; every message has a header and a text. */
function hasSection(root: BodyPart, section: string): boolean {
  const [wanted] = /^\d+(?:\.\d+)*/.exec(section) ?? [];
  const has = (one: BodyPart): boolean => one.part === wanted || one.parts.some(has);
  return wanted === undefined || has(root);
}

async function getMaildropMessage(
  target: Target,
  to: Destination,
  context: Context,
): Promise<void> {
  const number = pop3Path(target.path);
  if (number === undefined)
    throw usage('Which message?', 'Write pop3s://user@host/3; fivewire fetch gets all new ones.');
  await withSession('pop3', target, context, async (pop3) => {
    await keep(
      {
        name: `${number}.eml`,
        body: pop3.retrieve(number, { signal: context.signal }),
      },
      to,
      context,
    );
  });
}

async function getArticle(target: Target, to: Destination, context: Context): Promise<void> {
  const { articleBody } = await import('../article-body.js');
  const { group, article: id } = newsPath(target.path);
  if (id === undefined)
    throw usage('Which article?', 'Write nntps://host/GROUP/NUMBER or nntps://host/MESSAGE-ID.');
  const { signal } = context;
  await withSession('nntp', target, context, async (nntp) => {
    if (group !== undefined) await nntp.group(group, { signal });
    const article = await nntp.article(id, { signal });
    const name = `${String(id).replace(/[^\w.@-]/g, '')}.eml`;
    await keep({ name, body: articleBody(article) }, to, context);
  });
}

/** To stdout for `-`, into a directory under its own name, else to the path given. */
async function keep(
  { name, body, size, modified }: Item,
  { wanted, existing, keepTimes }: Destination,
  context: Context,
): Promise<void> {
  const { out, signal } = context;
  const progress = await startProgress(context, name);
  try {
    const through = passage(context, progress, size);
    if (wanted === '-') {
      const { pipeline } = await import('node:stream/promises');
      await pipeline(
        [body, ...through, (source: AsyncIterable<Uint8Array>) => out.pour(source)] as never,
        { signal },
      );
      return;
    }
    const path = await destination(wanted, name);
    const time = keepTimes ? modified : undefined;
    await saveFile(path, body, { through, signal, modified: time, existing });
    progress.stop();
    await out.done({ type: 'saved', path, name }, path);
  } finally {
    progress.stop();
  }
}

async function destination(wanted: string | undefined, name: string): Promise<string> {
  const { localPath } = await import('@fivewire/ftp');
  if (wanted === undefined) return localPath('.', name);
  const isDirectory =
    wanted.endsWith('/') || (await stat(wanted).catch(() => undefined))?.isDirectory();
  return isDirectory ? localPath(wanted, name) : wanted;
}

/** Every file below a directory. One that fails does not stop the others: the exit code says that there was one. */
async function getTree(
  target: Target,
  wanted: string,
  { existing, keepTimes, skipLinks }: Wishes,
  context: Context,
): Promise<number | undefined> {
  const root = ftpPath(target.path).replace(/(?<=.)\/+$/, '');
  return withSession('ftp', target, context, async (ftp) => {
    const failed: string[] = [];
    const links = (path: string): unknown =>
      skipLinks
        ? context.out.detail(`${line(path)} is a link: left out`)
        : failed.push(`${path} is a link: left out`);
    for await (const { from, to, size, modified } of filesBelow(ftp, root, wanted, context, {
      failed,
      links,
    })) {
      const progress = await startProgress(context, from);
      try {
        if (existing === 'refuse') await refuseExisting(to);
        const body = ftp.createReadStream(from, { signal: context.signal });
        await saveFile(to, body, {
          through: passage(context, progress, size),
          signal: context.signal,
          modified: keepTimes ? modified : undefined,
          existing,
        });
        progress.stop();
        await context.out.done({ type: 'saved', path: to, remote: from, size }, to);
      } catch (error) {
        if (isFailure(error) && error.code === 'EEXIST') {
          failed.push(error.message);
          continue;
        }
        if ((error as { connection?: string }).connection !== 'usable') throw error;
        failed.push(`${from}: ${(error as Error).message}`);
      } finally {
        progress.stop();
      }
    }
    for (const problem of failed) context.out.warn(line(problem));
    return failed.length === 0 ? undefined : exitCodes.partly;
  });
}

interface TreeItem {
  from: string;
  to: string;
  size: number | undefined;
  modified: Date | undefined;
}

interface LeftOut {
  failed: string[];
  links: (path: string) => unknown;
}

/** Directory by directory; names that would leave the local directory are refused, not followed. */
async function* filesBelow(
  ftp: FtpClient,
  root: string,
  local: string,
  context: Context,
  { failed, links }: LeftOut,
): AsyncGenerator<TreeItem> {
  const { localPath } = await import('@fivewire/ftp');
  const directories = [{ from: root, to: local }];
  for (let directory = directories.pop(); directory !== undefined; directory = directories.pop()) {
    const { from, to } = directory;
    const entries = [];
    const onProblem = ({ reason, text }: ListingProblem): void =>
      void failed.push(`${from}: ${reason}: ${text}`);
    for await (const entry of ftp.list(from, { signal: context.signal, hidden: true, onProblem }))
      entries.push(entry);
    await makeDirectory(to); // not before it is known to be there
    for (const { name, path, type, size, modified } of entries) {
      let place: string;
      try {
        place = localPath(to, name);
      } catch (error) {
        failed.push((error as Error).message);
        continue;
      }
      if (type === 'directory') directories.push({ from: path, to: place });
      else if (type === 'file') yield { from: path, to: place, size, modified };
      else if (type === 'symlink') links(path);
      else context.out.detail(`${line(path)} is a ${type}: left out`);
    }
  }
}
