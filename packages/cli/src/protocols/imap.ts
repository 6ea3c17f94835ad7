/** Mailboxes and messages behind the verbs. */
import type { BodyPart } from '@fivewire/imap';
import type { Context } from '../context.js';
import { exitCodes, Failure, usage } from '../exit-code.js';
import { noSuchMessage, refuseVoid, warnOfMissing } from '../imap-command.js';
import { type Destination, keep } from '../keep.js';
import { makeDirectory } from '../local-files.js';
import { line } from '../output.js';
import { byOwnName } from '../own-mailboxes.js';
import { withSession } from '../sessions.js';
import type { Target } from '../target.js';
import { imapPath } from '../url-paths.js';
import { noneFits } from './glob.js';
import type { ListWishes } from './verbs.js';

export async function get(
  target: Target,
  to: Destination,
  context: Context,
): Promise<number | undefined> {
  const { mailbox: name, uids, section = '', uidValidity } = imapPath(target.path);
  if (name === undefined || uids === undefined)
    throw usage('Which message?', 'Write imaps://user@host/MAILBOX/;UID=5, or ;UID=1:9.');
  const { signal, out } = context;
  let exit: number | undefined;
  await withSession('imap', target, context, async (imap) => {
    const mailbox = await byOwnName(imap, name, context, (own) =>
      imap.open(own, { readOnly: true, signal }),
    );
    refuseVoid(mailbox, uidValidity);
    const items = { size: true, internalDate: true, structure: true } as const;
    const isOne = /^\d+$/.test(uids);
    if (!isOne && to.wanted !== undefined && to.wanted !== '-') await makeDirectory(to.wanted);
    const found = new Set<number>();
    for await (const message of mailbox.fetch(uids, items, { signal })) {
      found.add(message.uid);
      if (section !== '' && !hasSection(message.structure, section))
        throw new Failure(
          exitCodes.notFound,
          `Message ${message.uid} of ${line(name)} has no section ${line(section)}`,
        );
      const suffix = section === '' ? '.eml' : `-${section}`;
      const item = {
        name: `${message.uid}${suffix}`,
        body: message.body(section, { signal }),
        size: section === '' ? message.size : undefined,
        modified: message.internalDate,
      };
      await keep(item, isOne ? to : inDirectory(to), context);
    }
    if (found.size === 0) throw noSuchMessage(name, uids);
    exit = warnOfMissing(name, uids, (uid) => found.has(uid), out);
    await mailbox.close();
  });
  return exit;
}

/** Several messages cannot be one file. */
const inDirectory = (to: Destination): Destination =>
  to.wanted === undefined || to.wanted === '-' || to.wanted.endsWith('/')
    ? to
    : { ...to, wanted: `${to.wanted}/` };

/** Whether the message has that part; every message has a header and a text. */
function hasSection(root: BodyPart, section: string): boolean {
  const [wanted] = /^\d+(?:\.\d+)*/.exec(section) ?? [];
  const has = (one: BodyPart): boolean => one.part === wanted || one.parts.some(has);
  return wanted === undefined || has(root);
}

export async function list(
  target: Target,
  context: Context,
  { long }: ListWishes,
): Promise<number | undefined> {
  const { out, signal } = context;
  const { mailbox: name, uids, section, uidValidity } = imapPath(target.path);
  if (section !== undefined) throw usage('A section is for fivewire get', 'Leave /;SECTION= out.');
  let exit: number | undefined;
  await withSession('imap', target, context, async (imap) => {
    if (name === undefined || isPattern(target.path)) {
      const pattern = name === undefined ? {} : { pattern: name };
      const status = long ? { status: ['messages', 'unseen'] as const } : {};
      let count = 0;
      for await (const entry of imap.list({ ...status, ...pattern, signal })) {
        count++;
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
      if (name !== undefined && count === 0) throw noneFits('No mailbox', name);
      return;
    }
    const mailbox = await byOwnName(imap, name, context, (own) =>
      imap.open(own, { readOnly: true, signal }),
    );
    refuseVoid(mailbox, uidValidity);
    const items = { envelope: true, size: true, flags: true, internalDate: true } as const;
    const found = new Set<number>();
    for await (const message of mailbox.fetch(uids ?? '1:*', items, { signal })) {
      found.add(message.uid);
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
    if (uids !== undefined && name !== undefined) {
      if (found.size === 0) throw noSuchMessage(name, uids);
      exit = warnOfMissing(name, uids, (uid) => found.has(uid), out);
    }
    await mailbox.close();
  });
  return exit;
}

/** `Archive*`: mailboxes of such names; a star that is meant as it is stands there as %2A. */
const isPattern = (path: string): boolean => path.includes('*') && !/;UID=/i.test(path);

function messageLine(
  id: number | string,
  date: string | undefined,
  from: string,
  subject: string | undefined,
  more: (string | number)[],
): string {
  return [id, date ?? '-', ...more, line(from), line(subject ?? '')].join('\t');
}
