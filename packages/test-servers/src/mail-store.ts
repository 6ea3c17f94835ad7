/** Mailboxes in memory: what SMTP takes, IMAP and POP3 serve. */
import { EventEmitter } from 'node:events';

/** A message as it is kept. */
export interface StoredMessage {
  /** RFC 9051 §2.3.1.1: strictly ascending in its mailbox, never reused. */
  readonly uid: number;
  /** Names the message for ever and everywhere: POP3's UIDL, and IMAP's EMAILID if asked. */
  readonly uniqueId: string;
  readonly octets: Buffer;
  /** When it was received. */
  readonly internalDate: Date;
  /** As a client wrote them; compare without regard to case. */
  readonly flags: ReadonlySet<string>;
  /** Counts the mailbox's changes, RFC 7162. */
  readonly modSeq: number;
}

export interface Envelope {
  /** Reverse-path; empty for a bounce. */
  from: string;
  to: readonly string[];
}

/** What was handed to SMTP for somebody who is not here. */
export interface RelayedMessage extends Envelope {
  octets: Buffer;
}

type Kept = { -readonly [K in keyof StoredMessage]: StoredMessage[K] };

/** One mailbox. A change is announced to its watchers after it has happened. */
export class Mailbox {
  readonly uidValidity: number;
  name: string;
  subscribed = true;
  /** RFC 6154: `\Sent`, `\Trash`, … */
  specialUse: string | undefined;
  #messages: Kept[] = [];
  readonly #byUid = new Map<number, Kept>();
  readonly #changes = new EventEmitter().setMaxListeners(0);
  #uidNext = 1;
  #modSeq = 1;

  constructor(name: string, uidValidity: number, specialUse?: string) {
    this.name = name;
    this.uidValidity = uidValidity;
    this.specialUse = specialUse;
  }

  /** In the order of their UIDs. */
  get messages(): readonly StoredMessage[] {
    return this.#messages;
  }

  get uidNext(): number {
    return this.#uidNext;
  }

  get highestModSeq(): number {
    return this.#modSeq;
  }

  /** Adds a message with the next UID. `date`: when it was received; default now. */
  append(
    octets: Uint8Array | string,
    { flags = [], date = new Date() }: { flags?: Iterable<string>; date?: Date } = {},
  ): StoredMessage {
    const uid = this.#uidNext++;
    const message: Kept = {
      uid,
      uniqueId: `${this.uidValidity.toString(36)}.${uid}`,
      octets: typeof octets === 'string' ? Buffer.from(octets) : Buffer.from(octets),
      internalDate: date,
      flags: new Set(flags),
      modSeq: ++this.#modSeq,
    };
    this.#messages.push(message);
    this.#byUid.set(uid, message);
    this.#changes.emit('change');
    return message;
  }

  /** Gives the message these flags instead of those it has. */
  setFlags(uid: number, flags: Iterable<string>): void {
    const message = this.#byUid.get(uid);
    if (!message) return;
    message.flags = new Set(flags);
    message.modSeq = ++this.#modSeq;
    this.#changes.emit('change');
  }

  /** Removes messages; UIDs that are not there do no harm. */
  remove(uids: Iterable<number>): void {
    for (const uid of uids) this.#byUid.delete(uid);
    this.#messages = this.#messages.filter(({ uid }) => this.#byUid.has(uid));
    this.#modSeq++;
    this.#changes.emit('change');
  }

  find(uid: number): StoredMessage | undefined {
    return this.#byUid.get(uid);
  }

  /** Calls `listener` after each change, until the returned function is called. */
  watch(listener: () => void): () => void {
    this.#changes.on('change', listener);
    return () => this.#changes.off('change', listener);
  }
}

/** The mailboxes that everybody starts with, and what they are for. */
const initial: readonly (readonly [string, string?])[] = [
  ['INBOX'],
  ['Drafts', '\\Drafts'],
  ['Sent', '\\Sent'],
  ['Junk', '\\Junk'],
  ['Trash', '\\Trash'],
];

/** Everybody's mailboxes. Names are Unicode; the separator is `/`; INBOX is found in any case. */
export class MailStore {
  /** What was handed over for somebody who is not here. */
  readonly relayed: RelayedMessage[] = [];
  /** The envelope of each delivery, the oldest first. */
  readonly deliveries: Envelope[] = [];
  readonly #boxes = new Map<string, Map<string, Mailbox>>();
  #uidValidity = Math.floor(Date.now() / 1000);

  /** The user's mailboxes by name. They come into being when first asked for. */
  mailboxes(user: string): ReadonlyMap<string, Mailbox> {
    return this.#of(user);
  }

  /** The mailbox of that name, or `undefined`. */
  mailbox(user: string, name = 'INBOX'): Mailbox | undefined {
    return this.#of(user).get(canonical(name));
  }

  /** The user's INBOX, which always exists. */
  inbox(user: string): Mailbox {
    return this.mailbox(user) as Mailbox;
  }

  /** Puts a message into the user's INBOX, or another mailbox, which is made if need be. */
  deliver(
    user: string,
    octets: Uint8Array | string,
    {
      mailbox = 'INBOX',
      ...rest
    }: { mailbox?: string; flags?: Iterable<string>; date?: Date } = {},
  ): StoredMessage {
    return (this.mailbox(user, mailbox) ?? this.create(user, mailbox)).append(octets, rest);
  }

  /** Makes a mailbox, with a UIDVALIDITY of its own; one of that name is replaced. */
  create(user: string, name: string, specialUse?: string): Mailbox {
    const mailbox = new Mailbox(canonical(name), this.#uidValidity++, specialUse);
    this.#of(user).set(mailbox.name, mailbox);
    return mailbox;
  }

  /** Removes a mailbox; false where there is none. */
  delete(user: string, name: string): boolean {
    return this.#of(user).delete(canonical(name));
  }

  /** Renames a mailbox and all beneath it. Renaming INBOX moves its messages and leaves it empty, RFC 9051 §6.3.6. */
  rename(user: string, from: string, to: string): void {
    const boxes = this.#of(user);
    if (canonical(from) === 'INBOX') {
      const inbox = this.inbox(user);
      const target = this.create(user, to);
      for (const { octets, flags, internalDate } of inbox.messages)
        target.append(octets, { flags, date: internalDate });
      inbox.remove(inbox.messages.map(({ uid }) => uid));
      return;
    }
    for (const [name, mailbox] of [...boxes]) {
      if (name !== from && !name.startsWith(`${from}/`)) continue;
      boxes.delete(name);
      mailbox.name = to + name.slice(from.length);
      boxes.set(mailbox.name, mailbox);
    }
  }

  #of(user: string): Map<string, Mailbox> {
    let boxes = this.#boxes.get(user);
    if (!boxes) {
      boxes = new Map();
      this.#boxes.set(user, boxes);
      for (const [name, use] of initial) this.create(user, name, use);
    }
    return boxes;
  }
}

const canonical = (name: string): string => (/^inbox$/i.test(name) ? 'INBOX' : name);
