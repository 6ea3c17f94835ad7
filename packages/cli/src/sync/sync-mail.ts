/** Mail from one place to the other, mailbox by mailbox. */
import { createHash } from 'node:crypto';
import { join, resolve } from 'node:path';
import type { ImapClient } from '@fivewire/imap';
import { isFivewireError } from 'tls-context-core';
import type { Context } from '../context.js';
import { usage } from '../exit-code.js';
import { missing, removeMade } from '../fetch/undo.js';
import { makeDirectory } from '../local-files.js';
import { line } from '../output.js';
import { nameOf as mailboxNameOf, namespacesOf, ownName } from '../own-mailboxes.js';
import { stateDirectory } from '../paths.js';
import { withSession } from '../sessions.js';
import { resolveTarget, type Target as Server } from '../target.js';
import { mailboxPath } from '../url-paths.js';
import { copyMailbox, type SyncWishes, type Tally, tally } from './copy-mailbox.js';
import { changesOnServer } from './from-imap.js';
import { changesInMaildir } from './from-maildir.js';
import { delimiterOf, serverMailboxes } from './mailboxes.js';
import { Maildir, maildirPlusBoxes, maildirPlusPath } from './maildir.js';
import type { Change, Target } from './message.js';
import { Pairs, type Side } from './pairs.js';
import type { Place } from './place.js';
import { ToImap } from './to-imap.js';
import { ToMaildir } from './to-maildir.js';

export interface MailWishes extends SyncWishes {
  /** Directory of the journals. */
  state: string | undefined;
}

type MailPlace = Extract<Place, { kind: 'imap' | 'maildir' }>;

/** An end that is there: a Maildir's path, or a session. */
type End =
  | { kind: 'maildir'; path: string }
  | { kind: 'imap'; imap: ImapClient; account: string; mailbox: string | undefined };

/** A mailbox at one end. */
type Box =
  | { kind: 'maildir'; path: string }
  | { kind: 'imap'; imap: ImapClient; account: string; name: string };

/** @throws what a session and the file system throw; then what is done is noted, and the next run goes on */
export async function syncMail(
  from: MailPlace,
  to: MailPlace,
  wishes: MailWishes,
  context: Context,
): Promise<Tally> {
  const sum = tally();
  await withEnd(from, context, (source) =>
    withEnd(to, context, async (target) => {
      const mates = await boxesOf(source, target, context);
      for (const mate of mates) {
        await syncBox(mate, { wishes, sum, context }).catch((error) => {
          // A mailbox of many that one side refuses does not stop the others.
          const isUsable = isFivewireError(error) && error.connection === 'usable';
          if (mates.length === 1 || !isUsable || context.signal.aborted) throw error;
          sum.failed++;
          context.out.warn(`${line(mate.name)}: ${line(error.message)}`);
        });
      }
    }),
  );
  return sum;
}

async function withEnd(
  place: MailPlace,
  context: Context,
  work: (end: End) => Promise<void>,
): Promise<void> {
  if (place.kind === 'maildir') return work(place);
  const server: Server = await resolveTarget(place.url, context, { protocols: ['imap'] });
  const mailbox = mailboxPath(server.path, 'sync takes a mailbox or an account.');
  const { account } = server;
  await withSession('imap', server, context, async (imap) => {
    const own = mailbox === undefined ? undefined : await ownName(imap, mailbox, context);
    await work({ kind: 'imap', imap, account, mailbox: own });
  });
}

interface Mate {
  name: string;
  source: Box;
  target: Box;
}

/** One mailbox where the server's end names one, else all of the account. */
async function boxesOf(source: End, target: End, context: Context): Promise<Mate[]> {
  const named = [source, target].flatMap((end) => (end.kind === 'imap' ? [end.mailbox] : []));
  if (named.length === 0) throw usage('Two Maildirs need no server', 'Copy them with cp or rsync.');
  if (named.every((name) => name !== undefined))
    return [{ name: named[0] as string, source: boxAt(source, []), target: boxAt(target, []) }];
  if (named.some((name) => name !== undefined))
    throw usage(
      'One end is a mailbox and the other an account',
      'Name a mailbox at both, or at none.',
    );
  const all = await levelsOf(source, context);
  const called = await namer(target, context);
  return all.map(({ box, levels }) => ({
    name: levels.join('/'),
    source: box,
    target: boxAt(target, levels, called(levels)),
  }));
}

/** How mailboxes of so many levels are called at that end. */
async function namer(end: End, context: Context): Promise<(levels: readonly string[]) => string> {
  if (end.kind === 'maildir') return (levels) => levels.join('/');
  const namespaces = await namespacesOf(end.imap, context);
  const delimiter = namespaces.delimiter ?? (await delimiterOf(end.imap, context));
  return (levels) => mailboxNameOf(levels, delimiter, namespaces);
}

async function levelsOf(end: End, context: Context): Promise<{ box: Box; levels: string[] }[]> {
  if (end.kind === 'maildir')
    return (await maildirPlusBoxes(end.path)).map((levels) => ({
      box: boxAt(end, levels),
      levels,
    }));
  const mailboxes = await serverMailboxes(end.imap, context);
  return mailboxes.map(({ name, levels }) => ({
    box: { kind: 'imap', imap: end.imap, account: end.account, name },
    levels,
  }));
}

function boxAt(end: End, levels: readonly string[], called?: string): Box {
  if (end.kind === 'maildir')
    return {
      kind: 'maildir',
      path: levels.length === 0 ? end.path : maildirPlusPath(end.path, levels),
    };
  const name = called ?? (end.mailbox as string);
  const { imap, account } = end;
  return { kind: 'imap', imap, account, name: /^inbox$/i.test(name) ? 'INBOX' : name };
}

interface Work {
  wishes: MailWishes;
  sum: Tally;
  context: Context;
}

async function syncBox({ name, source, target }: Mate, work: Work): Promise<void> {
  const { wishes, sum, context } = work;
  const { path, side } = await journalOf(source, target, wishes.state);
  const maildir = source.kind === 'maildir' ? await Maildir.open(source.path) : undefined;
  const made =
    target.kind === 'maildir'
      ? await missing([...['tmp', 'new', 'cur'].map((part) => join(target.path, part)), path])
      : [];
  const copy =
    target.kind === 'maildir' && !wishes.dryRun ? await Maildir.make(target.path) : undefined;
  const pairs = await Pairs.open(path, side, { readOnly: wishes.dryRun });
  let isUntouched = false;
  try {
    const to = wishes.dryRun ? undefined : await targetOf(source, target, copy, pairs, context);
    const changes: AsyncIterable<Change> =
      source.kind === 'imap'
        ? changesOnServer(source.imap, source.name, pairs, context, !wishes.dryRun)
        : changesInMaildir(maildir as Maildir, pairs, context, !wishes.dryRun);
    await copyMailbox(changes, { mailbox: name, pairs, target: to?.target, wishes, context, sum });
    await to?.close();
  } catch (error) {
    isUntouched = [...pairs.all()].length === 0;
    throw error;
  } finally {
    await pairs.close();
    if (isUntouched) await removeMade(made, path);
  }
}

async function targetOf(
  source: Box,
  target: Box,
  copy: Maildir | undefined,
  pairs: Pairs,
  context: Context,
): Promise<{ target: Target; close(): Promise<void> }> {
  if (target.kind === 'imap') return ToImap.open(target.imap, target.name, pairs, context);
  const place = nameOf(source);
  const unique = (id: string): string =>
    `${sha256(`${place};UIDVALIDITY=${pairs.validity}\n${id}`).slice(0, 32)}.fivewire`;
  return {
    target: new ToMaildir(copy as Maildir, unique, () => pairs.strays),
    close: async () => {},
  };
}

/** As `fetch` names it, so that its Maildir can be gone on with. */
const nameOf = (box: Box): string =>
  box.kind === 'maildir' ? resolve(box.path) : `${box.account}/${encodeURIComponent(box.name)}`;

/** One for both directions. In a Maildir it lies where the mail lies, and moves with it. */
async function journalOf(
  source: Box,
  target: Box,
  state: string | undefined,
): Promise<{ path: string; side: Side }> {
  const maildir = [source, target].find((box) => box.kind === 'maildir');
  const [one, other] = [nameOf(source), nameOf(target)];
  const isA = maildir === undefined ? one < other : source.kind === 'imap';
  const side = isA ? 'a' : 'b';
  const [a, b] = isA ? [one, other] : [other, one];
  if (a === b) throw usage(`${line(a)} would be copied into itself`);
  if (maildir !== undefined && state === undefined)
    return { path: join(maildir.path, `.fivewire-sync-${sha256(a).slice(0, 16)}`), side };
  const directory = state ?? stateDirectory();
  await makeDirectory(directory);
  return { path: join(directory, `sync-${sha256(`${a}\n${b}`).slice(0, 16)}`), side };
}

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');
