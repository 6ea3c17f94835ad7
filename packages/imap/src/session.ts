/** What the server has told about itself and the selected mailbox (RFC 9051 §3, §7). No I/O. */
import { createNotices, escapeText, type Notices } from '@fivewire/line-protocol';
import { UsageError } from 'tls-context-core';
import type { ServerId } from './commands/id.js';
import type { Resync } from './commands/select.js';
import type { FetchData } from './grammar/fetch-data.js';
import type { Namespaces, StatusData } from './grammar/mailbox-data.js';
import type { Response, StatusResponse } from './grammar/response.js';
import type { ResponseCode } from './grammar/response-code.js';
import type { ExtendedSearchData } from './grammar/search-data.js';
import type { UidSet } from './grammar/sequence-set.js';
import { type Event, meaning, next, type State } from './session-states.js';

/** A change that the server reported by itself. */
export type MailboxChange =
  | { type: 'exists'; messages: number }
  | { type: 'expunge'; sequence: number }
  /** Messages came or went, but how many or which could not be read. */
  | { type: 'unread' }
  | { type: 'vanished'; uids: UidSet }
  | { type: 'fetch'; row: FetchData }
  /** NOTIFY tells of another mailbox; its name in octets. */
  | { type: 'status'; raw: string }
  /** The result of a search has changed (CONTEXT, RFC 5267); without updates: the server keeps it no more. */
  | { type: 'context'; tag: string; updates: ExtendedSearchData['updates'] }
  /** The mailbox was selected anew, or is no longer selected. */
  | { type: 'reset' };

/** The selected mailbox, kept up to date by what the server says. */
export class SelectedMailbox {
  readonly name: string;
  readonly raw: string;
  readOnly: boolean;
  /** Selected by EXAMINE. */
  readonly examined: boolean;
  /** Messages in it; `undefined` where the server has not said it, or not so that it can be read. */
  exists: number | undefined;
  recent = 0;
  uidValidity: number | undefined;
  /** UIDVALIDITY came, and could not be read. */
  uidValidityIsUnread = false;
  uidNext: number | undefined;
  highestModSeq: string | undefined;
  /** HIGHESTMODSEQ came, and could not be read: changes are counted all the same. */
  modSeqIsUnread = false;
  mailboxId: string | undefined;
  flags: readonly string[] = [];
  permanentFlags: readonly string[] | undefined;
  /** What happened since the caller last saw it, where it was opened with `resync`. */
  resync: Resync | undefined;
  /** Why no call can use it any more. */
  invalid: UsageError | undefined;

  constructor(name: string, raw: string, readOnly: boolean) {
    this.name = name;
    this.raw = raw;
    this.readOnly = readOnly;
    this.examined = readOnly;
  }

  applyCode(code: ResponseCode): void {
    switch (code.name) {
      case 'UIDVALIDITY':
        if (code.number === undefined) this.#unreadUidValidity();
        else this.#setUidValidity(code.number);
        break;
      case 'UIDNEXT':
        this.uidNext = code.number;
        break;
      case 'HIGHESTMODSEQ':
        // 0 is what servers say that count no changes: NOMODSEQ (RFC 7162 §3.1.2.1).
        this.highestModSeq = code.modSeq === '0' ? undefined : code.modSeq;
        this.modSeqIsUnread = code.modSeq === undefined;
        break;
      case 'NOMODSEQ':
        this.highestModSeq = undefined;
        break;
      case 'PERMANENTFLAGS':
        this.permanentFlags = code.flags ?? this.permanentFlags;
        break;
      case 'MAILBOXID':
        this.mailboxId = code.words?.[0];
        break;
      case 'READ-ONLY':
        this.readOnly = true;
        break;
      case 'READ-WRITE':
        this.readOnly = false;
        break;
      default:
    }
  }

  invalidate(why: string, hint: string): void {
    this.invalid ??= new UsageError('ERR_STATE', `Mailbox ${escapeText(this.name, 60)} ${why}`, {
      hint,
    });
  }

  /** RFC 9051 §2.3.1.1: UIDs from before mean nothing any more. */
  #setUidValidity(validity: number): void {
    if (this.uidValidity !== undefined && this.uidValidity !== validity) {
      this.invalidate(
        `changed its UIDVALIDITY from ${this.uidValidity} to ${validity}`,
        'All UIDs that you know are void: open the mailbox again and read it afresh.',
      );
    }
    this.uidValidity = validity;
  }

  /** Whether it is another one is not known: as if it were. */
  #unreadUidValidity(): void {
    this.uidValidityIsUnread = true;
    if (this.uidValidity === undefined) return;
    this.invalidate(
      'was given a UIDVALIDITY that cannot be read',
      'The UIDs that you know may be void: open the mailbox again.',
    );
  }
}

/** Extensions that IMAP4rev2 has within (RFC 9051, Appendix E); `disable` takes them out all the same. */
const withinRev2 = [
  'ENABLE',
  'ESEARCH',
  'IDLE',
  'LIST-EXTENDED',
  'LIST-STATUS',
  'LITERAL-',
  'MOVE',
  'NAMESPACE',
  'SASL-IR',
  'SEARCHRES',
  'STATUS=SIZE',
  'UIDPLUS',
  'UNSELECT',
];

export class Session {
  readonly notices: Notices = createNotices();
  /** Upper case; `undefined` until the server has told them, and again after TLS. */
  #capabilities: Set<string> | undefined;
  readonly #disabled: ReadonlySet<string>;
  /** Counts the times that capabilities were told. */
  capabilitiesTold = 0;
  #state: State = 'opened';
  #selected: SelectedMailbox | undefined;
  #selecting: SelectedMailbox | undefined;
  /** Extensions that are enabled, in upper case. */
  readonly enabled: Set<string> = new Set();
  /** What flows is compressed. */
  compressed = false;
  /** NOTIFY is set. */
  notifies = false;
  /** As asked for once. */
  namespaces: Namespaces | undefined;
  /** What the server said first. */
  greeting = '';
  /** What ID told about the server. */
  serverId: ServerId | undefined;
  /** Whether ESEARCH, where the server says that it has it, finds messages: see `commands/search.ts`. */
  extendedSearch: 'untried' | 'works' | 'broken' = 'untried';
  /** Whether LIST in its extended form, where the server says that it has it, is BAD. */
  extendedListIsBroken = false;
  /** What the server said on leaving. */
  bye: string | undefined;
  readonly #listeners = new Set<(change: MailboxChange) => void>();

  constructor(disabled: ReadonlySet<string> = new Set()) {
    this.#disabled = disabled;
  }

  get state(): State {
    return this.#state;
  }

  /** What the state means. */
  get is(): (typeof meaning)[State] {
    return meaning[this.#state];
  }

  to(event: Event): void {
    this.#state = next(this.#state, event);
  }

  get selected(): SelectedMailbox | undefined {
    return this.#selected;
  }

  /** Being selected: what comes now is about it (RFC 7162 §3.2.11's CLOSED marks the border). */
  get selecting(): SelectedMailbox | undefined {
    return this.#selecting;
  }

  /** SELECT or EXAMINE goes out. */
  select(mailbox: SelectedMailbox): void {
    // Repeated, where the server has asked to wait.
    if (this.#selecting === mailbox) return;
    // A server that lets a session without a login select keeps its own counsel: the session stays what it is.
    if (this.is.maySelect) this.to('select');
    this.#selecting = mailbox;
  }

  /** It is answered or given up. @param accepted what was selected before is so no longer in any case (RFC 9051 §6.3.2) */
  selectEnds(accepted: boolean): void {
    if (this.#selecting === undefined) return;
    if (this.#state === 'selecting') this.to(accepted ? 'select-accepted' : 'select-refused');
    this.#selected = accepted ? this.#selecting : undefined;
    this.#selecting = undefined;
    this.announce({ type: 'reset' });
  }

  unselect(): void {
    if (this.is.loggedIn) this.to('unselected');
    this.#selected = undefined;
  }

  get capabilities(): ReadonlySet<string> {
    return this.#capabilities ?? none;
  }

  /** NAMESPACE may be asked for: Exchange 2003 offers it, and ends the session at it (MailKit#1512). */
  get hasNamespaces(): boolean {
    const { capabilities } = this;
    return capabilities.has('NAMESPACE') && !/Microsoft Exchange Server 2003/i.test(this.greeting);
  }

  get knowsCapabilities(): boolean {
    return this.#capabilities !== undefined;
  }

  setCapabilities(names: readonly string[]): void {
    this.capabilitiesTold++;
    const given = names.map((name) => name.toUpperCase()).filter(this.#isUsed);
    const within = given.includes('IMAP4REV2') ? withinRev2.filter(this.#isUsed) : [];
    this.#capabilities = new Set([...given, ...within]);
    // QRESYNC has CONDSTORE within it (RFC 7162 §3.2): the one is not used without the other.
    if (this.#capabilities.has('QRESYNC') && this.#isUsed('CONDSTORE'))
      this.#capabilities.add('CONDSTORE');
    else this.#capabilities.delete('QRESYNC');
  }

  /** `disable: ['THREAD']` stands for `THREAD=REFERENCES` and its kin, too. */
  #isUsed = (name: string): boolean =>
    !this.#disabled.has(name) && !this.#disabled.has(name.replace(/=.*/, ''));

  /** Nothing that came in clear counts after TLS (RFC 9051 §6.2.1, RFC 3207 §4.2's rule for SMTP alike). */
  forgetAll(): void {
    this.to('secured');
    this.#capabilities = undefined;
    this.bye = undefined;
    this.greeting = '';
    this.notices.clear();
  }

  /** Nothing of the login is left: neither what was enabled nor what was selected (UNAUTHENTICATE, RFC 8437 §3). */
  forgetLogin(): void {
    this.to('unauthenticated');
    this.#capabilities = undefined;
    this.#selected?.invalidate('was left by unauthenticate()', 'Log in and open it again.');
    this.#selected = undefined;
    this.enabled.clear();
    this.notifies = false;
    this.namespaces = undefined;
    this.extendedSearch = 'untried';
    this.extendedListIsBroken = false;
    this.announce({ type: 'reset' });
  }

  /** How long a set in a command may be. Yahoo and AOL take lines of about 1,000 octets; others far more. */
  get setCharacters(): number {
    const { name = '', vendor = '' } = this.serverId ?? {};
    const isYahoo =
      this.capabilities.has('XYMHIGHESTMODSEQ') || /yahoo|aol/i.test(`${name} ${vendor}`);
    return isYahoo ? 800 : 4_000;
  }

  /** How many messages a command may be about (MESSAGELIMIT, RFC 9738); `Infinity` where the server sets no limit. */
  get messageLimit(): number {
    const told = [...this.capabilities].find((name) => name.startsWith('MESSAGELIMIT='));
    const limit = Number(told?.slice('MESSAGELIMIT='.length));
    return limit > 0 ? limit : Number.POSITIVE_INFINITY;
  }

  /** From now on searches go without RETURN. */
  doubtExtendedSearch(): void {
    this.extendedSearch = 'broken';
    this.notices.push({
      kind: 'malformed',
      text: 'ESEARCH: the answer is missing, names no search, or contradicts the number of messages; searching without it from now on',
    });
  }

  /** From now on LIST goes out in its plain form. */
  doubtExtendedList(): void {
    this.extendedListIsBroken = true;
    this.notices.push({
      kind: 'malformed',
      text: 'LIST-EXTENDED: the server offers it and says BAD to it; listing without it from now on',
    });
  }

  /** Calls back for each change until the returned function is called. */
  onChange(listener: (change: MailboxChange) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  announce(change: MailboxChange): void {
    for (const listener of this.#listeners) listener(change);
  }

  /** STATUS of a mailbox came. Where NOTIFY is set it may be news, whoever has asked as well: an answer looks the same. */
  hearStatus({ raw, unread }: StatusData): void {
    for (const item of unread) this.#noteMalformed('a value that cannot be read', `STATUS ${item}`);
    if (this.notifies) this.announce({ type: 'status', raw });
  }

  /** A code in a tagged response, or in an untagged one. */
  applyCode(code: ResponseCode | undefined): void {
    if (code === undefined) return;
    if (code.capabilities !== undefined) this.setCapabilities(code.capabilities);
    if (code.isUnread)
      this.#noteMalformed('a code that cannot be read', `[${code.name} ${code.text}]`);
    if (code.name === 'CLOSED') this.#closed();
    else (this.#selecting ?? this.#selected)?.applyCode(code);
  }

  /** The old mailbox is so no longer. Where none was selected it means nothing. */
  #closed(): void {
    if (this.#selecting !== undefined) this.#selected = undefined;
    else if (this.#selected !== undefined) this.unselect();
  }

  /**
   * Takes note of an untagged response that no command has claimed.
   * @returns whether it meant something here
   */
  apply(response: Response): boolean {
    const mailbox = this.#selecting ?? this.#selected;
    switch (response.type) {
      case 'status':
        return this.#applyStatus(response);
      case 'capability':
        this.setCapabilities(response.capabilities);
        return true;
      case 'exists':
        if (mailbox === undefined) return false;
        mailbox.exists = response.number;
        this.announce({ type: 'exists', messages: response.number });
        return false;
      case 'recent':
        if (mailbox !== undefined) mailbox.recent = response.number;
        return false;
      case 'flags':
        if (mailbox !== undefined) mailbox.flags = response.flags;
        return false;
      case 'expunge':
        if (mailbox === undefined) return false;
        if (response.number < 1 || response.number > (mailbox.exists ?? response.number)) {
          this.#noteMalformed('no message has this number', `${response.number} EXPUNGE`);
          this.announce({ type: 'unread' });
          return false;
        }
        if (mailbox.exists !== undefined) mailbox.exists--;
        this.announce({ type: 'expunge', sequence: response.number });
        return true;
      case 'vanished':
        if (mailbox === undefined || response.data.earlier) return false;
        if (mailbox.exists !== undefined)
          mailbox.exists = Math.max(0, mailbox.exists - response.data.uids.size);
        this.announce({ type: 'vanished', uids: response.data.uids });
        return true;
      case 'fetch':
        if (mailbox !== undefined && response.row.flags !== undefined)
          this.announce({ type: 'fetch', row: response.row });
        return false;
      case 'status-data':
        if (!this.notifies)
          this.#noteMalformed('of a mailbox that nobody asked for', `STATUS ${response.data.name}`);
        return this.notifies;
      case 'esearch': {
        const { tag, updates } = response.data;
        if (tag === undefined || updates === undefined) return false;
        this.announce({ type: 'context', tag, updates });
        return true;
      }
      case 'malformed':
        this.#noteMalformed(response.problem, response.text);
        if (mailbox !== undefined && /^\S*\s*(?:EXISTS|EXPUNGE|VANISHED)\b/i.test(response.text)) {
          mailbox.exists = undefined;
          this.announce({ type: 'unread' });
        }
        return false;
      default:
        return false;
    }
  }

  #noteMalformed(problem: string, text: string): void {
    this.notices.push({ kind: 'malformed', text: escapeText(`${problem}: ${text}`, 500) });
  }

  #applyStatus({ status, code, text }: StatusResponse): boolean {
    this.applyCode(code);
    if (status === 'BYE') {
      this.bye = text;
      this.to('bye');
    }
    if (code?.name === 'NOUPDATE') {
      this.announce({ type: 'context', tag: code.text.replaceAll('"', ''), updates: undefined });
      return true;
    }
    const kind = code?.name === 'ALERT' ? 'ALERT' : status;
    if (kind !== 'OK' && kind !== 'PREAUTH')
      this.notices.push({ kind, text: escapeText(text, 500) });
    return false;
  }
}

const none: ReadonlySet<string> = new Set();
