/** `fivewire ls`: what is there. One thing a line; `-l` shows more of it, tab-separated. */
import type { Entry } from '@fivewire/ftp';
import { type Args, type Context, optionalText } from '../context.js';
import { fileRecord } from '../file-record.js';
import { line } from '../output.js';
import { withRetry } from '../retry.js';
import { withSession } from '../sessions.js';
import { resolveTarget, type Target } from '../target.js';
import { ftpPath, imapPath, newsPath, pop3Path } from '../url-paths.js';

export const options = {
  long: { type: 'boolean', alias: 'l', describe: 'Show type or size, date and more' },
  recursive: { type: 'boolean', alias: 'r', describe: 'FTP: directories below as well' },
  all: { type: 'boolean', alias: 'a', describe: 'FTP: also names that begin with a dot' },
} as const;

interface Wishes {
  long: boolean;
  recursive: boolean;
  all: boolean;
}

export async function run(args: Args, context: Context): Promise<undefined> {
  const target = await resolveTarget(optionalText(args.url), context, {
    protocols: ['ftp', 'imap', 'pop3', 'nntp'],
    login: 'anonymous',
  });
  const wishes = {
    long: args.long === true,
    recursive: args.recursive === true,
    all: args.all === true,
  };
  const list = listers[target.protocol as keyof typeof listers];
  await withRetry(context, () => list(target, context, wishes));
}

const listers = { ftp: listFiles, imap: listMail, pop3: listMaildrop, nntp: listNews };

async function listFiles(
  target: Target,
  context: Context,
  { long, recursive, all }: Wishes,
): Promise<void> {
  const { out, signal } = context;
  const path = ftpPath(target.path);
  await withSession('ftp', target, context, async (ftp) => {
    const problems: string[] = [];
    for await (const entry of ftp.list(path, {
      recursive,
      hidden: all,
      signal,
      onProblem: ({ directory, reason, text }) => problems.push(`${directory}: ${reason}: ${text}`),
    })) {
      const name = recursive ? below(path, entry.path) : entry.name;
      if (!all && name.split('/').some((part) => part.startsWith('.'))) continue;
      await out.row(
        { type: 'entry', ...fileRecord(entry) },
        long ? longLine(entry, name) : `${line(name)}${entry.type === 'directory' ? '/' : ''}`,
      );
    }
    for (const problem of problems) out.warn(line(problem));
  });
}

const below = (directory: string, path: string): string =>
  directory === '.'
    ? path
    : path.startsWith(`${directory}/`)
      ? path.slice(directory.length + 1)
      : path;

const longLine = ({ type, size, modified, target }: Entry, name: string): string =>
  [
    type,
    size ?? '-',
    modified?.toISOString() ?? '-',
    `${line(name)}${target === undefined ? '' : ` -> ${line(target)}`}`,
  ].join('\t');

async function listMail(target: Target, context: Context, { long }: Wishes): Promise<void> {
  const { out, signal } = context;
  const { mailbox: name, uids } = imapPath(target.path);
  await withSession('imap', target, context, async (imap) => {
    if (name === undefined) {
      const status = long ? (['messages', 'unseen'] as const) : undefined;
      for await (const entry of imap.list({ ...(status ? { status } : {}), signal })) {
        const { messages, unseen } = entry.status ?? {};
        await out.row(
          {
            type: 'mailbox',
            name: entry.name,
            selectable: entry.selectable,
            specialUse: entry.specialUse,
            messages,
            unseen,
          },
          long ? [messages ?? '-', unseen ?? '-', line(entry.name)].join('\t') : line(entry.name),
        );
      }
      return;
    }
    const mailbox = await imap.open(name, { readOnly: true, signal });
    const items = { envelope: true, size: true, flags: true, internalDate: true } as const;
    for await (const message of mailbox.fetch(uids ?? '1:*', items, { signal })) {
      const { uid, size, flags, envelope, internalDate } = message;
      const from = envelope.from?.[0];
      const sender = from === undefined ? '' : (from.address ?? from.name ?? '');
      await out.row(
        {
          type: 'message',
          mailbox: mailbox.name,
          uidValidity: mailbox.uidValidity,
          uid,
          size,
          flags,
          date: internalDate?.toISOString(),
          from: sender,
          subject: envelope.subject,
          messageId: envelope.messageId,
        },
        messageLine(
          uid,
          internalDate?.toISOString(),
          sender,
          envelope.subject,
          long ? [size, flags.join(' ')] : [],
        ),
      );
    }
    await mailbox.close();
  });
}

function messageLine(
  id: number | string,
  date: string | undefined,
  from: string,
  subject: string | undefined,
  more: (string | number)[],
): string {
  return [id, date ?? '-', ...more, line(from), line(subject ?? '')].join('\t');
}

async function listMaildrop(target: Target, context: Context): Promise<void> {
  const { out, signal } = context;
  const wanted = pop3Path(target.path);
  await withSession('pop3', target, context, async (pop3) => {
    const uids = new Map<number, string>();
    for await (const row of pop3.uidl({ signal })) if (row.ok) uids.set(row.number, row.uid);
    for await (const row of pop3.list({ signal })) {
      if (!row.ok) {
        out.warn(line(row.problem));
        continue;
      }
      const { number, octets } = row;
      if (wanted !== undefined && number !== wanted) continue;
      const uid = uids.get(number);
      await out.row(
        { type: 'message', number, uid, size: octets },
        [number, octets ?? '-', line(uid ?? '-')].join('\t'),
      );
    }
  });
}

async function listNews(target: Target, context: Context, { long }: Wishes): Promise<void> {
  const { listArticles, listGroups } = await import('../news-lists.js');
  const { group } = newsPath(target.path);
  await withSession('nntp', target, context, (nntp) =>
    group === undefined
      ? listGroups(nntp, context, { long })
      : listArticles(nntp, context, { group }),
  );
}
