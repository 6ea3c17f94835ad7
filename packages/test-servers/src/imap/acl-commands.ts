/** GETACL, SETACL, DELETEACL, LISTRIGHTS and MYRIGHTS, RFC 4314 §3; and what a user's own rights allow (§4). */
import type { Mailbox } from '../mailbox.js';
import { type Argument, Refusal, textOf } from './arguments.js';
import { encodeString } from './encode.js';
import type { Command, ImapSession } from './imap-session.js';

const loggedIn = ['authenticated', 'selected'] as const;
const all = 'lrswipkxtea';
/** A user never locks itself out of its own mailboxes. */
const ofOwner = 'la';

export const aclCommands: Readonly<Record<string, Command>> = {
  GETACL: {
    states: loggedIn,
    async run(at, [name]) {
      const mailbox = administered(at, name);
      const others = [...mailbox.acl].filter(([identifier]) => identifier !== at.user);
      const pairs = [[at.user, rightsOf(at, mailbox)], ...others].flat();
      await at.untagged(`ACL ${[shown(at, mailbox), ...pairs.map(encoded)].join(' ')}`);
    },
  },

  SETACL: {
    states: loggedIn,
    async run(at, [name, who, what]) {
      const mailbox = administered(at, name);
      const identifier = utf8(textOf(who));
      const [, sign, letters = ''] = /^([+-]?)(.*)$/s.exec(textOf(what)) ?? [];
      if (![...letters].every((letter) => all.includes(letter)))
        throw new Refusal('BAD Unknown right');
      const old = identifier === at.user ? rightsOf(at, mailbox) : mailbox.acl.get(identifier);
      const wanted = changed(old ?? '', sign ?? '', letters);
      mailbox.acl.set(identifier, identifier === at.user ? inOrder(wanted + ofOwner) : wanted);
    },
  },

  DELETEACL: {
    states: loggedIn,
    async run(at, [name, who]) {
      administered(at, name).acl.delete(utf8(textOf(who)));
    },
  },

  LISTRIGHTS: {
    states: loggedIn,
    async run(at, [name, who]) {
      const mailbox = administered(at, name);
      const identifier = utf8(textOf(who));
      const required = identifier === at.user ? ofOwner : '';
      const optional = [...all].filter((letter) => !required.includes(letter));
      const words = [encoded(identifier), encoded(required), ...optional];
      await at.untagged(`LISTRIGHTS ${shown(at, mailbox)} ${words.join(' ')}`);
    },
  },

  MYRIGHTS: {
    states: loggedIn,
    async run(at, [name]) {
      const mailbox = at.mailboxOf(name);
      await at.untagged(`MYRIGHTS ${shown(at, mailbox)} ${rightsOf(at, mailbox)}`);
    },
  },
};

/** @throws Refusal where the user may not do what the right allows */
export function need(at: ImapSession, mailbox: Mailbox, right: string): void {
  if (!rightsOf(at, mailbox).includes(right)) throw new Refusal('NO [NOPERM] Permission denied');
}

const rightsOf = (at: ImapSession, mailbox: Mailbox): string => mailbox.acl.get(at.user) ?? all;

function administered(at: ImapSession, name: Argument | undefined): Mailbox {
  const mailbox = at.mailboxOf(name);
  need(at, mailbox, 'a');
  return mailbox;
}

function changed(old: string, sign: string, letters: string): string {
  if (sign === '-') return [...old].filter((letter) => !letters.includes(letter)).join('');
  return inOrder(sign === '+' ? old + letters : letters);
}

const inOrder = (letters: string): string =>
  [...all].filter((letter) => letters.includes(letter)).join('');

const shown = (at: ImapSession, { name }: Mailbox): string => encodeString(at.encodeName(name));
const encoded = (text: string | undefined): string =>
  encodeString(Buffer.from(text ?? '', 'utf8').toString('latin1'));
const utf8 = (text: string): string => Buffer.from(text, 'latin1').toString('utf8');
