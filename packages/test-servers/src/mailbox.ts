/** One mailbox in memory, RFC 9051 §2.3: messages with UIDs, flags and modification sequences (RFC 7162). */
import { Changes } from './caught/changes.js';

export interface Envelope {
  /** Reverse-path; empty for a bounce. */
  from: string;
  to: readonly string[];
}

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
  /** Whom this copy was delivered for; absent where it came otherwise (APPEND). */
  readonly envelope?: Envelope | undefined;
}

/** The content of a mailbox at one moment. */
export interface MailboxSnapshot {
  readonly name: string;
  readonly specialUse: string | undefined;
  readonly subscribed: boolean;
  readonly uidNext: number;
  readonly modSeq: number;
  readonly messages: readonly StoredMessage[];
}

/** How a message comes into a mailbox. */
export interface AppendOptions {
  flags?: Iterable<string>;
  /** When it was received. Default: now. */
  date?: Date;
  envelope?: Envelope | undefined;
}

type Kept = { -readonly [K in keyof StoredMessage]: StoredMessage[K] };

/** One mailbox. A change is announced to its watchers after it has happened. */
export class Mailbox {
  readonly uidValidity: number;
  name: string;
  subscribed = true;
  /** RFC 6154: `\Sent`, `\Trash`, … */
  specialUse: string | undefined;
  /** Rights by identifier, RFC 4314; who is not named has none, but the owner all. */
  readonly acl: Map<string, string> = new Map();
  #messages: Kept[] = [];
  readonly #byUid = new Map<number, Kept>();
  readonly #changes = new Changes();
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
    { flags = [], date = new Date(), envelope }: AppendOptions = {},
  ): StoredMessage {
    const uid = this.#uidNext++;
    const message: Kept = {
      uid,
      uniqueId: `${this.uidValidity.toString(36)}.${uid}`,
      octets: typeof octets === 'string' ? Buffer.from(octets) : Buffer.from(octets),
      internalDate: date,
      flags: new Set(flags),
      modSeq: ++this.#modSeq,
      envelope,
    };
    this.#messages.push(message);
    this.#byUid.set(uid, message);
    this.#changes.announce();
    return message;
  }

  /** Gives the message these flags instead of those it has. */
  setFlags(uid: number, flags: Iterable<string>): void {
    const message = this.#byUid.get(uid);
    if (!message) return;
    message.flags = new Set(flags);
    message.modSeq = ++this.#modSeq;
    this.#changes.announce();
  }

  /** Removes messages; UIDs that are not there do no harm. */
  remove(uids: Iterable<number>): void {
    for (const uid of uids) this.#byUid.delete(uid);
    this.#messages = this.#messages.filter(({ uid }) => this.#byUid.has(uid));
    this.#modSeq++;
    this.#changes.announce();
  }

  find(uid: number): StoredMessage | undefined {
    return this.#byUid.get(uid);
  }

  /** Calls `listener` after each change, until the returned function is called. */
  watch(listener: () => void): () => void {
    return this.#changes.watch(listener);
  }

  snapshot(): MailboxSnapshot {
    const { name, specialUse, subscribed, uidNext } = this;
    const messages = this.#messages.map((message) => ({ ...message }));
    return { name, specialUse, subscribed, uidNext, modSeq: this.#modSeq, messages };
  }

  /** Takes over what a snapshot holds. Unique names stay: it is the same message again. */
  refill({
    subscribed,
    uidNext,
    modSeq,
    messages,
  }: Omit<MailboxSnapshot, 'name' | 'specialUse'>): void {
    this.subscribed = subscribed;
    this.#uidNext = uidNext;
    this.#modSeq = modSeq;
    this.#messages = messages.map((message) => ({ ...message }));
    for (const message of this.#messages) this.#byUid.set(message.uid, message);
  }
}
