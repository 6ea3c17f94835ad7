/** Mailboxes in memory: what SMTP takes, IMAP and POP3 serve. */
import {
  type CaughtMail,
  describeMail,
  findMail,
  type MailCriteria,
  showMail,
} from './caught/caught-mail.js';
import { Changes } from './caught/changes.js';
import { type WaitOptions, waitUntil } from './caught/waiting.js';
import {
  type AppendOptions,
  type Envelope,
  Mailbox,
  type MailboxSnapshot,
  type StoredMessage,
} from './mailbox.js';

export { type Envelope, Mailbox, type StoredMessage } from './mailbox.js';

/** What was handed to SMTP for a user who is not here. */
export interface RelayedMessage extends Envelope {
  octets: Buffer;
  received: Date;
}

/** A mail store at one moment. */
export interface MailSnapshot {
  readonly users: readonly (readonly [string, readonly MailboxSnapshot[]])[];
  readonly relayed: readonly RelayedMessage[];
  readonly deliveries: readonly Envelope[];
}

/** The mailboxes that everybody starts with, and what they are for. */
const initial: readonly (readonly [string, string?])[] = [
  ['INBOX'],
  ['Drafts', '\\Drafts'],
  ['Sent', '\\Sent'],
  ['Junk', '\\Junk'],
  ['Trash', '\\Trash'],
];

/** How much a user may keep, in all mailboxes together. What is not named has no limit. */
export interface QuotaLimits {
  octets?: number;
  messages?: number;
}

/** Everybody's mailboxes. Names are Unicode; the separator is `/`; INBOX is found in any case. */
export class MailStore {
  /** What was handed over for a user who is not here. */
  readonly relayed: RelayedMessage[] = [];
  /** The envelope of each delivery, the oldest first. */
  readonly deliveries: Envelope[] = [];
  readonly #boxes = new Map<string, Map<string, Mailbox>>();
  readonly #changes = new Changes();
  #uidValidity = Math.floor(Date.now() / 1000);
  #quota: QuotaLimits = {};
  readonly #quotas = new Map<string, QuotaLimits>();

  /** Everybody who has mailboxes so far. */
  get users(): readonly string[] {
    return [...this.#boxes.keys()];
  }

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
    { mailbox = 'INBOX', ...rest }: { mailbox?: string } & AppendOptions = {},
  ): StoredMessage {
    return (this.mailbox(user, mailbox) ?? this.create(user, mailbox)).append(octets, rest);
  }

  /** Limits one user, or all that have no limits of their own. `{}` takes limits away. */
  setQuota(limits: QuotaLimits, user?: string): void {
    if (user === undefined) this.#quota = limits;
    else this.#quotas.set(user, limits);
  }

  /** What the user may keep, and what is kept. */
  quota(user: string): { limits: QuotaLimits; octets: number; messages: number } {
    let octets = 0;
    let count = 0;
    for (const { messages } of this.#of(user).values()) {
      count += messages.length;
      for (const message of messages) octets += message.octets.length;
    }
    return { limits: this.#limitsOf(user), octets, messages: count };
  }

  /** Whether the user may keep as much more. `deliver` asks nothing: a test may fill a mailbox beyond its limits. */
  hasRoom(user: string, octets: number, messages = 1): boolean {
    const { octets: most = Infinity, messages: mostMessages = Infinity } = this.#limitsOf(user);
    if (most === Infinity && mostMessages === Infinity) return true; // nothing needs to be counted, at each message that comes
    const kept = this.quota(user);
    return kept.octets + octets <= most && kept.messages + messages <= mostMessages;
  }

  #limitsOf(user: string): QuotaLimits {
    return this.#quotas.get(user) ?? this.#quota;
  }

  /** Keeps a message for a user who is not here. */
  relay(message: Envelope & { octets: Buffer }): void {
    this.relayed.push({ ...message, received: new Date() });
    this.#changes.announce();
  }

  /**
   * The messages that fit, parsed, the oldest first: in every mailbox of every user, and among what was relayed. A message to
   * two users is there twice, once for each.
   * @throws TypeError for a criterion that there is none of
   */
  messages(criteria: MailCriteria = {}): Promise<CaughtMail[]> {
    return findMail(this, criteria);
  }

  /**
   * The first message that fits, as soon as it is there: now, or within `timeout` (5,000 ms).
   * @throws WaitTimeoutError that tells what came in its place
   */
  async waitFor({ timeout, signal, ...criteria }: MailCriteria & WaitOptions): Promise<CaughtMail> {
    return waitUntil(
      {
        look: async () => (await findMail(this, criteria))[0],
        watch: (listener) => this.watch(listener),
        expected: showMail(criteria),
        present: () => describeMail(this),
      },
      { ...(timeout === undefined ? {} : { timeout }), ...(signal ? { signal } : {}) },
    );
  }

  /** Calls `listener` after each change of any mailbox, until the returned function is called. */
  watch(listener: () => void): () => void {
    return this.#changes.watch(listener);
  }

  /** Removes all mail, and the mailboxes that users did not start with. Clients that are connected see EXPUNGE. */
  clear(): void {
    this.relayed.length = 0;
    this.deliveries.length = 0;
    for (const [user, boxes] of this.#boxes) {
      for (const box of boxes.values()) {
        box.remove(box.messages.map(({ uid }) => uid));
        if (!initial.some(([name]) => name === box.name)) boxes.delete(box.name);
      }
      for (const [name, use] of initial) if (!boxes.has(name)) this.create(user, name, use);
    }
    this.#changes.announce();
  }

  /** What there is now, for `restore`. */
  snapshot(): MailSnapshot {
    return {
      users: [...this.#boxes].map(([user, boxes]) => [
        user,
        [...boxes.values()].map((box) => box.snapshot()),
      ]),
      relayed: [...this.relayed],
      deliveries: [...this.deliveries],
    };
  }

  /**
   * Brings back what there was, with the same UIDs and a new UIDVALIDITY, as a server restored from a backup has it. End
   * clients before: one that has a mailbox selected stays in what it had.
   */
  restore({ users, relayed, deliveries }: MailSnapshot): void {
    this.relayed.splice(0, this.relayed.length, ...relayed);
    this.deliveries.splice(0, this.deliveries.length, ...deliveries);
    this.#boxes.clear();
    for (const [user, boxes] of users) {
      this.#boxes.set(user, new Map());
      for (const { name, specialUse, ...content } of boxes)
        this.create(user, name, specialUse).refill(content);
    }
    this.#changes.announce();
  }

  /** Makes a mailbox, with a UIDVALIDITY of its own; one of that name is replaced. */
  create(user: string, name: string, specialUse?: string): Mailbox {
    const mailbox = new Mailbox(canonical(name), this.#uidValidity++, specialUse);
    mailbox.watch(() => this.#changes.announce());
    this.#of(user).set(mailbox.name, mailbox);
    this.#changes.announce();
    return mailbox;
  }

  /** Removes a mailbox; false where there is none. */
  delete(user: string, name: string): boolean {
    const existed = this.#of(user).delete(canonical(name));
    if (existed) this.#changes.announce();
    return existed;
  }

  /** Renames a mailbox and all beneath it. Renaming INBOX moves its messages and leaves it empty, RFC 9051 §6.3.6. */
  rename(user: string, from: string, to: string): void {
    const boxes = this.#of(user);
    if (canonical(from) === 'INBOX') {
      const inbox = this.inbox(user);
      const target = this.create(user, to);
      for (const { octets, flags, internalDate, envelope } of inbox.messages)
        target.append(octets, { flags, date: internalDate, envelope });
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
