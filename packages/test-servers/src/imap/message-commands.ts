/** Commands about messages, RFC 9051 §6.4, MOVE (RFC 6851), UIDPLUS (RFC 4315), CONDSTORE (RFC 7162). */
import { need } from './acl-commands.js';
import { type Argument, Refusal, textOf, wordsOf } from './arguments.js';
import { fetchMessage, parseFetchItems } from './fetch.js';
import type { Command, ImapSession } from './imap-session.js';
import { overQuota } from './mailbox-commands.js';
import { search } from './search.js';
import { canonicalFlag, current, messagesOf, writable } from './selection.js';
import { formatSequenceSet } from './sequence-set.js';
import { sort } from './sort.js';
import { thread } from './thread.js';

const selected = ['selected'] as const;

export const messageCommands: Readonly<Record<string, Command>> = {
  FETCH: { states: selected, run: (at, args) => fetch(at, args, false) },
  'UID FETCH': { states: selected, run: (at, args) => fetch(at, args, true) },
  STORE: { states: selected, run: (at, args) => store(at, args, false) },
  'UID STORE': { states: selected, run: (at, args) => store(at, args, true) },
  COPY: { states: selected, run: (at, args) => copy(at, args, false, false) },
  'UID COPY': { states: selected, run: (at, args) => copy(at, args, true, false) },
  MOVE: { states: selected, run: (at, args) => copy(at, args, false, true) },
  'UID MOVE': { states: selected, run: (at, args) => copy(at, args, true, true) },
  SEARCH: { states: selected, run: (at, args) => search(at, args, false) },
  'UID SEARCH': { states: selected, run: (at, args) => search(at, args, true) },
  SORT: { states: selected, run: (at, args) => sort(at, args, false) },
  'UID SORT': { states: selected, run: (at, args) => sort(at, args, true) },
  THREAD: { states: selected, run: (at, args) => thread(at, args, false) },
  'UID THREAD': { states: selected, run: (at, args) => thread(at, args, true) },
  EXPUNGE: { states: selected, run: (at) => expunge(at, undefined) },
  'UID EXPUNGE': { states: selected, run: (at, [set]) => expunge(at, textOf(set)) },
};

async function fetch(at: ImapSession, args: Argument[], byUid: boolean): Promise<void> {
  const [set, wanted, modifiers] = args;
  const items = parseFetchItems(wanted, byUid);
  let since = 0;
  if (modifiers) {
    const [word, value] = wordsOf(modifiers);
    if (word !== 'CHANGEDSINCE') throw new Refusal('BAD Unknown modifier');
    since = Number(value);
    at.enabled.add('CONDSTORE');
    items.add('MODSEQ');
  }
  if (items.has('MODSEQ')) at.enabled.add('CONDSTORE');
  for (const { number, seen } of messagesOf(at, textOf(set), byUid))
    if (seen.message.modSeq > since) await fetchMessage(at, number, seen, items);
}

async function store(at: ImapSession, args: Argument[], byUid: boolean): Promise<string> {
  const { mailbox } = writable(at);
  const rest = args.slice(1);
  const unchangedSince = rest[0]?.kind === 'list' ? Number(wordsOf(rest.shift())[1]) : Infinity;
  if (unchangedSince !== Infinity) at.enabled.add('CONDSTORE');
  const match = /^([+-]?)FLAGS(\.SILENT)?$/i.exec(textOf(rest.shift()));
  if (!match) throw new Refusal('BAD FLAGS, +FLAGS or -FLAGS');
  const [, sign, silent] = match;
  const given = (rest[0]?.kind === 'list' ? rest[0].items : rest).map(textOf).map(canonicalFlag);
  for (const right of rightsFor(given)) need(at, mailbox, right);
  const modified: number[] = [];
  for (const { number, seen } of messagesOf(at, textOf(args[0]), byUid)) {
    const { message } = seen;
    if (message.modSeq > unchangedSince) {
      modified.push(byUid ? message.uid : number);
      continue;
    }
    mailbox.setFlags(message.uid, changed(message.flags, sign ?? '', given));
    seen.modSeq = message.modSeq;
    const tellModSeq = at.enabled.has('CONDSTORE');
    if (!silent) await at.untagged(`${number} FETCH (${at.flagsItem(message)})`);
    else if (tellModSeq)
      await at.untagged(`${number} FETCH (UID ${message.uid} MODSEQ (${message.modSeq}))`);
  }
  return modified.length === 0
    ? 'OK Done'
    : `OK [MODIFIED ${formatSequenceSet(modified)}] Some had changed`;
}

/** RFC 4314 §4: \\Seen, \\Deleted and all other flags have a right each. */
const rightsFor = (flags: readonly string[]): Set<string> =>
  new Set(flags.map((flag) => ({ '\\Seen': 's', '\\Deleted': 't' })[flag] ?? 'w'));

function changed(old: ReadonlySet<string>, sign: string, given: readonly string[]): string[] {
  if (sign === '+') return [...new Set([...old, ...given])];
  if (sign === '-') return [...old].filter((flag) => !given.includes(flag));
  return [...new Set(given)];
}

async function copy(
  at: ImapSession,
  [set, name]: Argument[],
  byUid: boolean,
  move: boolean,
): Promise<string> {
  const { mailbox } = move ? writable(at) : current(at);
  const target = at.mailboxOf(name, 'TRYCREATE');
  const messages = messagesOf(at, textOf(set), byUid).map(({ seen }) => seen.message);
  const uids = messages.map(({ uid }) => uid);
  if (uids.length === 0) return 'OK Nothing to copy';
  need(at, target, 'i');
  if (move) for (const right of 'te') need(at, mailbox, right);
  const octets = messages.reduce((sum, one) => sum + one.octets.length, 0);
  if (!move && !at.mail.hasRoom(at.user, octets, uids.length)) throw new Refusal(overQuota);
  const copies = uids.flatMap((uid) => {
    const message = mailbox.find(uid);
    if (!message) return [];
    const { octets, flags, internalDate, envelope } = message;
    return [target.append(octets, { flags, date: internalDate, envelope }).uid];
  });
  const code = `[COPYUID ${target.uidValidity} ${formatSequenceSet(uids)} ${formatSequenceSet(copies)}]`;
  if (!move) return `OK ${code} Copied`;
  // RFC 6851 §4.3: the code comes before the messages go.
  await at.untagged(`OK ${code} Moved`);
  mailbox.remove(uids);
  return 'OK Done';
}

async function expunge(at: ImapSession, set: string | undefined): Promise<void> {
  const { mailbox, view } = writable(at);
  need(at, mailbox, 'e');
  const candidates = set === undefined ? view : messagesOf(at, set, true).map(({ seen }) => seen);
  const deleted = candidates.filter(({ message }) => message.flags.has('\\Deleted'));
  if (deleted.length > 0) mailbox.remove(deleted.map(({ message }) => message.uid));
}
