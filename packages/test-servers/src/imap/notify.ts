/** NOTIFY, RFC 5465: the server tells of changes in several mailboxes by itself, between commands. */
import type { Mailbox } from '../mailbox.js';
import { type Argument, itemsOf, Refusal, textOf } from './arguments.js';
import type { ImapSession } from './imap-session.js';
import { tellStatus } from './mailbox-commands.js';

interface Group {
  /** Of the selected mailbox; else of those that `matches` names. */
  selected: boolean;
  /** SELECTED-DELAYED: expunges wait for a command. */
  delayed: boolean;
  matches(at: ImapSession, mailbox: Mailbox): boolean;
  /** Upper case. */
  events: ReadonlySet<string>;
}

/** What a client wants to be told, and what it was told. */
export interface Notification {
  /** Tells what has changed since. */
  tell(at: ImapSession): Promise<void>;
  stop(): void;
}

const statusItems = ['MESSAGES', 'UIDNEXT', 'UIDVALIDITY', 'UNSEEN', 'HIGHESTMODSEQ'];
const known = new Set([
  'MESSAGENEW',
  'MESSAGEEXPUNGE',
  'FLAGCHANGE',
  'MAILBOXNAME',
  'SUBSCRIPTIONCHANGE',
]);
const mailboxEvents = ['MESSAGENEW', 'MESSAGEEXPUNGE', 'FLAGCHANGE'];

/** `NOTIFY NONE`, or `NOTIFY SET [STATUS] (group)…`. @param onChange called after each change of any mailbox */
export async function notify(
  at: ImapSession,
  args: readonly Argument[],
  onChange: () => void,
): Promise<Notification | undefined> {
  const [verb, ...rest] = args;
  const word = textOf(verb).toUpperCase();
  if (word === 'NONE' && rest.length === 0) return undefined;
  if (word !== 'SET' || rest.length === 0) throw new Refusal('BAD NOTIFY NONE or NOTIFY SET');
  const withStatus = rest[0]?.kind === 'atom' && rest[0].text.toUpperCase() === 'STATUS';
  const groups = (withStatus ? rest.slice(1) : rest).map(parseGroup);
  const told = new Map<Mailbox, number>();
  for (const mailbox of watched(at, groups)) {
    told.set(mailbox, mailbox.highestModSeq);
    if (withStatus) await status(at, mailbox);
  }
  const stop = at.mail.watch(onChange);
  return { tell: (session) => tellChanges(session, groups, told), stop };
}

/** `(filter events)`: RFC 5465 §8, filter-mailboxes and event-group. */
function parseGroup(argument: Argument): Group {
  const [filter, ...rest] = itemsOf(argument);
  const name = textOf(filter).toUpperCase();
  const named = name === 'SUBTREE' || name === 'MAILBOXES' ? rest.shift() : undefined;
  const names = named?.kind === 'list' ? named.items.map(textOf) : named ? [textOf(named)] : [];
  const [wanted] = rest;
  const isNone = wanted?.kind === 'atom' && wanted.text.toUpperCase() === 'NONE';
  // What follows MessageNew in parentheses is what to fetch of it: the flags have to do.
  const words = isNone
    ? []
    : itemsOf(wanted).flatMap((item) => (item.kind === 'list' ? [] : [item.text.toUpperCase()]));
  const unknown = words.find((event) => !known.has(event));
  if (unknown) throw new Refusal(`NO [BADEVENT (${[...known].join(' ')})] Unknown event`);
  const isIn = filters[name];
  if (!isIn) throw new Refusal('BAD Unknown filter');
  return {
    selected: name.startsWith('SELECTED'),
    delayed: name === 'SELECTED-DELAYED',
    matches: (at, mailbox) =>
      isIn(
        mailbox,
        names.map((one) => at.decodeName(one)),
      ),
    events: new Set(words),
  };
}

const filters: Readonly<Record<string, (mailbox: Mailbox, names: readonly string[]) => boolean>> = {
  SELECTED: () => false,
  'SELECTED-DELAYED': () => false,
  INBOXES: ({ name }) => name === 'INBOX',
  PERSONAL: () => true,
  SUBSCRIBED: ({ subscribed }) => subscribed,
  SUBTREE: ({ name }, tops) => tops.some((top) => name === top || name.startsWith(`${top}/`)),
  MAILBOXES: ({ name }, names) =>
    names.some((one) => (/^inbox$/i.test(one) ? 'INBOX' : one) === name),
};

/** The mailboxes whose messages are of interest, without the selected one, of which SELECTED decides. */
function watched(at: ImapSession, groups: readonly Group[]): Mailbox[] {
  return [...at.mail.mailboxes(at.user).values()].filter((mailbox) => {
    if (mailbox === at.selected?.mailbox && groups.some(({ selected }) => selected)) return false;
    // The first group that names a mailbox decides, RFC 5465 §3.1.
    const first = groups.find((group) => group.matches(at, mailbox));
    return first !== undefined && mailboxEvents.some((event) => first.events.has(event));
  });
}

async function tellChanges(
  at: ImapSession,
  groups: readonly Group[],
  told: Map<Mailbox, number>,
): Promise<void> {
  const ofSelected = groups.find(({ selected }) => selected);
  if (ofSelected && ofSelected.events.size > 0) await at.sync(!ofSelected.delayed);
  for (const mailbox of watched(at, groups)) {
    const now = mailbox.highestModSeq;
    const before = told.get(mailbox);
    told.set(mailbox, now);
    if (before !== now) await status(at, mailbox);
  }
}

async function status(at: ImapSession, mailbox: Mailbox): Promise<void> {
  const items = statusItems.filter(
    (name) => name !== 'HIGHESTMODSEQ' || at.context.shows('CONDSTORE'),
  );
  await tellStatus(
    at,
    mailbox,
    items.map((text) => ({ kind: 'atom', text })),
  );
}
