/** What the commands for mail on a server share: one URL, one session, one mailbox, and which of its messages. */
import type { ImapClient, Mailbox, SearchQuery } from '@fivewire/imap';
import type { Context } from './context.js';
import { exitCodes, Failure, usage } from './exit-code.js';
import { line } from './output.js';
import { byOwnName } from './own-mailboxes.js';
import { withRetry } from './retry.js';
import { withSession } from './sessions.js';
import { resolveTarget } from './target.js';
import { imapPath, mailboxPath } from './url-paths.js';

export interface MailboxPlace {
  mailbox: string;
  /** As the URL has them, RFC 5092: `5`, `1:9`, `7:*`. */
  uids: string | undefined;
}

/**
 * @param work gets the mailbox opened, and is not repeated once it has given data to stdout
 * @throws Failure 66 where the URL's UIDVALIDITY is an earlier one: its UIDs are void
 */
export async function onMailbox(
  url: string | undefined,
  context: Context,
  { readOnly }: { readOnly: boolean },
  work: (
    mailbox: Mailbox,
    place: MailboxPlace,
    imap: ImapClient,
    repeats: boolean,
  ) => Promise<void>,
): Promise<void> {
  const { signal } = context;
  const target = await resolveTarget(url, context, { protocols: ['imap'] });
  const { mailbox: name = 'INBOX', uids, section, uidValidity } = imapPath(target.path);
  if (section !== undefined) throw usage('A section is for fivewire get', 'Leave /;SECTION= out.');
  await withRetry(context, (repeats) =>
    withSession('imap', target, context, async (imap) => {
      const mailbox = await byOwnName(imap, name, context, (own) =>
        imap.open(own, { readOnly, signal }),
      );
      refuseVoid(mailbox, uidValidity);
      await work(mailbox, { mailbox: mailbox.name, uids }, imap, repeats);
      await mailbox.close();
    }),
  );
}

/** @throws Failure 66 where the URL's UIDVALIDITY is not the mailbox's */
export function refuseVoid({ name, uidValidity }: Mailbox, told: number | undefined): void {
  if (told === undefined || told === uidValidity) return;
  throw new Failure(
    exitCodes.notFound,
    `${line(name)} has UIDVALIDITY ${uidValidity}: UIDs of ${told} are void`,
    { code: 'ERR_NOT_FOUND' },
  );
}

export interface Chosen {
  uids: string;
  /** One that was named is not there: `exitCodes.partly`. */
  exit: number | undefined;
}

/** Those of the URL that are there. @throws Failure 64 without any in the URL, 66 where none is there */
export async function chosen(
  mailbox: Mailbox,
  { mailbox: name, uids }: MailboxPlace,
  { signal, out }: Context,
): Promise<Chosen> {
  if (uids === undefined)
    throw usage('Which messages?', 'Write imaps://user@host/MAILBOX/;UID=5, or ;UID=1:9.');
  const found = await mailbox.search({ uid: uids }, { signal });
  if (found.size === 0) throw noSuchMessage(name, uids);
  return { uids: String(found), exit: warnOfMissing(name, uids, (uid) => found.has(uid), out) };
}

/** Of `5,9` both were meant; of `1:9` whatever is there. */
export function warnOfMissing(
  mailbox: string,
  uids: string,
  has: (uid: number) => boolean,
  out: Context['out'],
): number | undefined {
  const missing = uids.split(',').filter((one) => /^\d+$/.test(one) && !has(Number(one)));
  for (const uid of missing) out.warn(noSuchMessage(mailbox, uid).message);
  return missing.length === 0 ? undefined : exitCodes.partly;
}

export const noSuchMessage = (mailbox: string, uids: string): Failure =>
  new Failure(exitCodes.notFound, `${line(mailbox)} has no message with UID ${uids}`, {
    code: 'ERR_NOT_FOUND',
  });

/**
 * Those that fit, and arrived longer ago than so many milliseconds. Servers search by the day, in a time zone of their own; so
 * their answer is looked at by the second.
 */
export async function fitting(
  mailbox: Mailbox,
  query: SearchQuery,
  age: number | undefined,
  { signal }: Context,
): Promise<number[]> {
  if (age === undefined) return [...(await mailbox.search(query, { signal }))];
  const time = Date.now() - age;
  const near = { ...query, before: new Date(time + 2 * 86_400_000) };
  const both = query.before === undefined ? near : { and: [query, near] };
  const found = await mailbox.search(both, { signal });
  if (found.size === 0) return [];
  const old: number[] = [];
  for await (const { uid, internalDate } of mailbox.fetch(
    found,
    { internalDate: true },
    { signal },
  ))
    if (internalDate !== undefined && internalDate.getTime() < time) old.push(uid);
  return old;
}

/** A URL of that protocol; or, with a profile, a path where it has no FTP server and has that one. */
export const isOf = (
  protocol: 'imap' | 'pop3' | 'nntp',
  url: string,
  { profile }: Context,
): boolean =>
  /^[a-z][a-z0-9+.-]*:\/\//i.test(url)
    ? new RegExp(`^${protocol}s?:`, 'i').test(url)
    : profile?.urls.ftp === undefined && profile?.urls[protocol] !== undefined;

/** For what is about a mailbox as a whole, and not about its messages. @throws Failure 64 */
export async function onNamedMailbox(
  url: string,
  context: Context,
  work: (imap: ImapClient, mailbox: string, repeats: boolean) => Promise<void>,
): Promise<void> {
  const target = await resolveTarget(url, context, { protocols: ['imap'] });
  const hint = 'Write imaps://user@host/MAILBOX.';
  const mailbox = mailboxPath(target.path, hint);
  if (mailbox === undefined) throw usage('Which mailbox?', hint);
  await withRetry(context, (repeats) =>
    withSession('imap', target, context, (imap) =>
      byOwnName(imap, mailbox, context, (name) => work(imap, name, repeats)),
    ),
  );
}

export async function hasMailbox(
  imap: ImapClient,
  name: string,
  { signal }: Context,
): Promise<boolean> {
  for await (const one of imap.list({ pattern: name, signal })) if (one.name === name) return true;
  return false;
}
