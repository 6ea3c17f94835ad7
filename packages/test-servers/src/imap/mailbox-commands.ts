/** Commands about mailboxes, RFC 9051 §6.3, with LIST's extensions (RFC 5258, RFC 5819, RFC 6154). */
import type { Mailbox } from '../mailbox.js';
import { need } from './acl-commands.js';
import { type Argument, itemsOf, Refusal, textOf, wordsOf } from './arguments.js';
import { encodeString, parseDateTime } from './encode.js';
import type { Command, ImapSession } from './imap-session.js';
import { listPattern } from './mailbox-name.js';

/** RFC 9208 §4.3.1. */
export const overQuota = 'NO [OVERQUOTA] That is more than the quota allows';

const loggedIn = ['authenticated', 'selected'] as const;

export const mailboxCommands: Readonly<Record<string, Command>> = {
  SELECT: { states: loggedIn, run: (at, args) => select(at, args, false) },
  EXAMINE: { states: loggedIn, run: (at, args) => select(at, args, true) },

  LIST: { states: loggedIn, run: list },

  LSUB: {
    states: loggedIn,
    async run(at, [reference, pattern]) {
      const matches = listPattern(at.decodeName(textOf(reference)), at.decodeName(textOf(pattern)));
      for (const { name, subscribed } of at.mail.mailboxes(at.user).values())
        if (subscribed && matches.test(name))
          await at.untagged(`LSUB () "/" ${encodeString(at.encodeName(name))}`);
    },
  },

  SUBSCRIBE: {
    states: loggedIn,
    async run(at, [name]) {
      at.mailboxOf(name).subscribed = true;
    },
  },

  UNSUBSCRIBE: {
    states: loggedIn,
    async run(at, [name]) {
      at.mailboxOf(name).subscribed = false;
    },
  },

  CREATE: {
    states: loggedIn,
    async run(at, [argument, options]) {
      const name = at.decodeName(textOf(argument)).replace(/\/$/, '');
      if (!name) throw new Refusal('NO [CANNOT] No name');
      if (at.mail.mailbox(at.user, name)) throw new Refusal('NO [ALREADYEXISTS] It exists');
      // A name's superiors come into being with it.
      const levels = name.split('/');
      for (let depth = 1; depth < levels.length; depth++) {
        const above = levels.slice(0, depth).join('/');
        if (!at.mail.mailbox(at.user, above)) at.mail.create(at.user, above);
      }
      at.mail.create(at.user, name, options && useOf(options));
    },
  },

  DELETE: {
    states: loggedIn,
    async run(at, [argument]) {
      const mailbox = at.mailboxOf(argument);
      const { name } = mailbox;
      need(at, mailbox, 'x');
      if (name === 'INBOX') throw new Refusal('NO [CANNOT] INBOX stays');
      if (children(at, name).length > 0)
        throw new Refusal('NO [HASCHILDREN] There are mailboxes beneath it');
      at.mail.delete(at.user, name);
      if (at.selected?.mailbox.name === name) at.unselect();
    },
  },

  RENAME: {
    states: loggedIn,
    async run(at, [from, to]) {
      const mailbox = at.mailboxOf(from);
      const { name } = mailbox;
      need(at, mailbox, 'x');
      const target = at.decodeName(textOf(to));
      if (at.mail.mailbox(at.user, target)) throw new Refusal('NO [ALREADYEXISTS] It exists');
      if (target.startsWith(`${name}/`)) throw new Refusal('NO [CANNOT] Not into itself');
      at.mail.rename(at.user, name, target);
    },
  },

  STATUS: {
    states: loggedIn,
    async run(at, [argument, items]) {
      const mailbox = at.mailboxOf(argument);
      need(at, mailbox, 'r');
      await tellStatus(at, mailbox, itemsOf(items));
    },
  },

  NAMESPACE: {
    states: loggedIn,
    async run(at) {
      await at.untagged('NAMESPACE (("" "/")) NIL NIL');
    },
  },

  APPEND: { states: loggedIn, run: append },

  CHECK: { states: ['selected'], async run() {} },

  CLOSE: {
    states: ['selected'],
    async run(at) {
      const { selected } = at;
      at.unselect();
      if (!selected || selected.readOnly) return;
      const deleted = selected.view.filter(({ message }) => message.flags.has('\\Deleted'));
      selected.mailbox.remove(deleted.map(({ message }) => message.uid));
    },
  },

  UNSELECT: {
    states: ['selected'],
    async run(at) {
      at.unselect();
    },
  },
};

const systemFlags = ['\\Answered', '\\Flagged', '\\Deleted', '\\Seen', '\\Draft'];

async function select(at: ImapSession, args: Argument[], readOnly: boolean): Promise<string> {
  const closed = at.selected !== undefined;
  at.unselect();
  if (closed) await at.untagged('OK [CLOSED] The old mailbox is closed');
  const mailbox = at.mailboxOf(args[0]);
  need(at, mailbox, 'r');
  if (args[1] && wordsOf(args[1]).includes('CONDSTORE')) at.enabled.add('CONDSTORE');
  const { view } = at.select(mailbox, readOnly);
  const keywords = new Set(mailbox.messages.flatMap(({ flags }) => [...flags]));
  const flags = [...new Set([...systemFlags, ...keywords])].join(' ');
  const unseen = view.findIndex(({ message }) => !message.flags.has('\\Seen'));
  const rev2 = at.enabled.has('IMAP4REV2');
  await at.untagged(`FLAGS (${flags})`);
  await at.untagged(`${view.length} EXISTS`);
  if (!rev2) await at.untagged('0 RECENT');
  if (unseen >= 0 && !rev2) await at.untagged(`OK [UNSEEN ${unseen + 1}] First unseen`);
  await at.untagged(`OK [UIDVALIDITY ${mailbox.uidValidity}] UIDs valid`);
  await at.untagged(`OK [UIDNEXT ${mailbox.uidNext}] Predicted next UID`);
  await at.untagged(`OK [PERMANENTFLAGS (${readOnly ? '' : `${flags} \\*`})] Limited`);
  if (at.context.shows('CONDSTORE'))
    await at.untagged(`OK [HIGHESTMODSEQ ${mailbox.highestModSeq}] Highest`);
  if (rev2) await at.untagged(`LIST () "/" ${encodeString(at.encodeName(mailbox.name))}`);
  return `OK [READ-${readOnly ? 'ONLY' : 'WRITE'}] Selected`;
}

/** `LIST [(options)] reference pattern-or-(patterns) [RETURN (options)]`. */
async function list(at: ImapSession, args: Argument[]): Promise<void> {
  const rest = [...args];
  const selection = rest[0]?.kind === 'list' ? wordsOf(rest.shift()) : [];
  const reference = at.decodeName(textOf(rest.shift()));
  const wanted = rest.shift();
  const patterns = (wanted?.kind === 'list' ? wanted.items : [wanted]).map((pattern) =>
    at.decodeName(textOf(pattern)),
  );
  const returned = rest.length > 1 ? itemsOf(rest[1]) : [];
  const words = returned.flatMap((item) => (item.kind === 'list' ? [] : [item.text.toUpperCase()]));
  const statusItems = returned[words.indexOf('STATUS') + 1];

  // An empty pattern asks for the separator, RFC 9051 §6.3.9.
  if (patterns.length === 1 && patterns[0] === '') return at.untagged('LIST (\\Noselect) "/" ""');
  const expressions = patterns.map((pattern) => listPattern(reference, pattern));
  for (const mailbox of at.mail.mailboxes(at.user).values()) {
    if (!expressions.some((expression) => expression.test(mailbox.name))) continue;
    if (selection.includes('SUBSCRIBED') && !mailbox.subscribed) continue;
    if (selection.includes('SPECIAL-USE') && !mailbox.specialUse) continue;
    const showSubscribed = selection.includes('SUBSCRIBED') || words.includes('SUBSCRIBED');
    const attributes = [
      children(at, mailbox.name).length > 0 ? '\\HasChildren' : '\\HasNoChildren',
      ...(mailbox.specialUse && at.context.shows('SPECIAL-USE') ? [mailbox.specialUse] : []),
      ...(showSubscribed && mailbox.subscribed ? ['\\Subscribed'] : []),
    ];
    const name = encodeString(at.encodeName(mailbox.name));
    await at.untagged(`LIST (${attributes.join(' ')}) "/" ${name}`);
    if (words.includes('STATUS')) await tellStatus(at, mailbox, itemsOf(statusItems));
  }
}

function children(at: ImapSession, name: string): string[] {
  return [...at.mail.mailboxes(at.user).keys()].filter((other) => other.startsWith(`${name}/`));
}

function useOf(options: Argument): string | undefined {
  const [word, uses] = itemsOf(options);
  return word && textOf(word).toUpperCase() === 'USE' ? textOf(itemsOf(uses)[0]) : undefined;
}

const statusItems: Readonly<Record<string, (mailbox: Mailbox) => number>> = {
  MESSAGES: ({ messages }) => messages.length,
  UIDNEXT: ({ uidNext }) => uidNext,
  UIDVALIDITY: ({ uidValidity }) => uidValidity,
  UNSEEN: ({ messages }) => messages.filter(({ flags }) => !flags.has('\\Seen')).length,
  DELETED: ({ messages }) => messages.filter(({ flags }) => flags.has('\\Deleted')).length,
  RECENT: () => 0,
  SIZE: ({ messages }) => messages.reduce((sum, { octets }) => sum + octets.length, 0),
  HIGHESTMODSEQ: ({ highestModSeq }) => highestModSeq,
};

export async function tellStatus(
  at: ImapSession,
  mailbox: Mailbox,
  items: Argument[],
): Promise<void> {
  const pairs = items.map((item) => {
    const name = textOf(item).toUpperCase();
    const value = statusItems[name];
    if (!value) throw new Refusal(`BAD Unknown status item ${name}`);
    return `${name} ${value(mailbox)}`;
  });
  await at.untagged(`STATUS ${encodeString(at.encodeName(mailbox.name))} (${pairs.join(' ')})`);
}

/** `APPEND mailbox [(flags)] ["date"] literal`, and `UTF8 (literal)`, RFC 6855 §4. */
async function append(at: ImapSession, args: Argument[]): Promise<string> {
  const mailbox = at.mailboxOf(args[0], 'TRYCREATE');
  const rest = args.slice(1);
  const flags = rest[0]?.kind === 'list' ? itemsOf(rest.shift()).map(textOf) : [];
  const dated = rest.length > 1 && rest[0]?.kind === 'string';
  const date = dated ? parseDateTime(textOf(rest.shift())) : new Date();
  if (!date) throw new Refusal('BAD That is no date-time');
  const isUtf8 = rest[0]?.kind === 'atom' && rest[0].text.toUpperCase() === 'UTF8';
  const literal = isUtf8 ? itemsOf(rest[1])[0] : rest[0];
  if (literal?.kind !== 'string') throw new Refusal('BAD The message is missing');
  const octets = Buffer.from(literal.text, 'latin1');
  need(at, mailbox, 'i');
  if (!at.mail.hasRoom(at.user, octets.length)) throw new Refusal(overQuota);
  const { uid } = mailbox.append(octets, { flags, date });
  return `OK [APPENDUID ${mailbox.uidValidity} ${uid}] Appended`;
}
