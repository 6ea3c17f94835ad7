/** The mail that the servers have caught, as a test asks for it. */
import type { Envelope, MailStore, StoredMessage } from '../mail-store.js';
import { type ParsedMessage, parseMessage } from './parsed-message.js';
import { checkNames, fits, fitsAddress, show, type Wanted } from './waiting.js';

/** What a message must be like. Texts are contained, addresses are meant whole and in any case, patterns match. */
export interface MailCriteria {
  /**
   * Who got it: the recipient of the envelope (Bcc too), or the user. Where it came by no envelope (`deliver`, APPEND), one
   * of To and Cc.
   */
  to?: Wanted;
  /** The reverse-path, or From. */
  from?: Wanted;
  subject?: Wanted;
  /** In the text, or in the HTML. */
  text?: Wanted;
  /** Whose mailbox it is in. */
  user?: string;
  /** The mailbox's name. */
  mailbox?: string;
}

/** A message of the mail store. */
export interface CaughtMail extends ParsedMessage {
  /** Whose mailbox it is in; `undefined` for mail to others, which is kept in `relayed`. */
  user: string | undefined;
  mailbox: string | undefined;
  uid: number | undefined;
  flags: ReadonlySet<string>;
  /** Of this copy: its `to` are those that it was delivered for. `undefined` where it came without. */
  envelope: Envelope | undefined;
  received: Date;
  /** As it came. */
  source: Buffer;
}

interface Copy {
  user?: string;
  mailbox?: string;
  message: Pick<StoredMessage, 'octets' | 'envelope' | 'internalDate'> &
    Partial<Pick<StoredMessage, 'uid' | 'flags'>>;
}

export const mailCriteria = ['to', 'from', 'subject', 'text', 'user', 'mailbox'] as const;

/** Every copy that fits, the oldest first. */
export async function findMail(store: MailStore, criteria: MailCriteria): Promise<CaughtMail[]> {
  checkNames(criteria, mailCriteria, 'A search for mail');
  const found: CaughtMail[] = [];
  for (const copy of copiesOf(store)) {
    if (criteria.user !== undefined && copy.user !== criteria.user) continue;
    if (criteria.mailbox !== undefined && copy.mailbox !== criteria.mailbox) continue;
    const mail = await caught(copy);
    if (isWanted(mail, criteria)) found.push(mail);
  }
  return found;
}

/** One line of what there is, for an error. */
export async function describeMail(store: MailStore): Promise<string> {
  const all = await findMail(store, {});
  if (all.length === 0) return 'No mail came at all.';
  const lines = all.slice(-5).map((mail) => `to ${recipients(mail).join(', ')}: "${mail.subject}"`);
  const more = all.length > lines.length ? `, the last ${lines.length}` : '';
  return `There is other mail (${all.length}${more}): ${lines.join('; ')}`;
}

export const showMail = (criteria: MailCriteria): string =>
  `mail with ${show(criteria) || 'any content'}`;

function copiesOf(store: MailStore): Copy[] {
  const copies: Copy[] = store.relayed.map(({ from, to, octets, received }) => ({
    message: { octets, envelope: { from, to }, internalDate: received },
  }));
  for (const user of store.users)
    for (const { name, messages } of store.mailboxes(user).values())
      for (const message of messages) copies.push({ user, mailbox: name, message });
  return copies.sort((a, b) => a.message.internalDate.getTime() - b.message.internalDate.getTime());
}

async function caught({ user, mailbox, message }: Copy): Promise<CaughtMail> {
  return {
    ...(await parseMessage(message.octets)),
    user,
    mailbox,
    uid: message.uid,
    flags: message.flags ?? new Set(),
    envelope: message.envelope,
    received: message.internalDate,
    source: message.octets,
  };
}

function isWanted(mail: CaughtMail, { to, from, subject, text }: MailCriteria): boolean {
  if (to !== undefined && !recipients(mail).some((address) => fitsAddress(to, address)))
    return false;
  const senders = [mail.envelope?.from, mail.from?.address].filter((one) => one !== undefined);
  if (from !== undefined && !senders.some((address) => fitsAddress(from, address))) return false;
  return fits(subject, mail.subject) && (fits(text, mail.text) || fits(text, mail.html));
}

function recipients({ envelope, user, to, cc }: CaughtMail): string[] {
  const named = envelope?.to ?? [...to, ...cc].map(({ address }) => address);
  return user === undefined ? [...named] : [...named, user];
}
