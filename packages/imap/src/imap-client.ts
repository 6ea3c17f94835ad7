/** An IMAP session (RFC 9051, RFC 3501): one connection with a queue, and at most one selected mailbox. */
import {
  type BodyInput,
  type Closed,
  checkOptions,
  dispose,
  type Notice,
  optionsFromUrl,
  Rows,
  type SecurityInfo,
  type SessionScope,
  securityInfo,
  type Transport,
  UsageError,
} from '@fivewire/line-protocol';
import type { Auth } from '@fivewire/sasl';
import type { CallOptions } from './command.js';
import type { CommandRunner } from './command-runner.js';
import {
  type Acl,
  acl,
  deleteRights,
  listRights,
  myRights,
  type PossibleRights,
  setRights,
} from './commands/acl.js';
import {
  type AppendOptions,
  type AppendResult,
  append,
  appendMany,
  catenate,
  type MessagePiece,
  type NewMessage,
} from './commands/append.js';
import type { ServerId } from './commands/id.js';
import { jmapAccess } from './commands/jmap-access.js';
import { checkList, type ListEntry, type ListOptions, list } from './commands/list.js';
import { createLogout } from './commands/logout.js';
import {
  type CreateOptions,
  create,
  deleteMailbox,
  rename,
  subscribe,
  unsubscribe,
} from './commands/mailboxes.js';
import { type Metadata, type MetadataOptions, metadata, setMetadata } from './commands/metadata.js';
import { namespace } from './commands/namespace.js';
import { findSpecialUse, personalName } from './commands/personal.js';
import { quota, setQuota } from './commands/quota.js';
import { type CommandArgument, type RawResult, rawCommand } from './commands/raw.js';
import { unselect } from './commands/select.js';
import { type StatusItem, type StatusResult, status } from './commands/status.js';
import { unauthenticate } from './commands/unauthenticate.js';
import { type Established, logInLater, openSession, profile } from './connect.js';
import type { Quota } from './grammar/account-data.js';
import { flag, mailbox } from './grammar/encoder.js';
import type { Namespaces } from './grammar/mailbox-data.js';
import { encodeMailboxName, type MailboxName } from './grammar/mailbox-name.js';
import { Mailbox } from './mailbox.js';
import { checkOpen, MailboxLeases, type OpenOptions } from './mailbox-lease.js';
import type { FetchItems } from './message.js';
import {
  appendRules,
  callRules,
  catenateRules,
  createRules,
  findRules,
  metadataRules,
} from './options.js';
import { checkSync, type SyncEvent, sync } from './sync.js';
import type { SyncState } from './sync-state.js';
import type { ImapOptions, ImapUrlOptions } from './types.js';
import {
  checkWatch,
  type MailboxEvent,
  type WatchContext,
  type WatchOptions,
  type WatchPlace,
  watch,
} from './watch.js';

/**
 * Made by {@link ImapClient.connect}. Calls made at once are pipelined or wait for each other; they never fail for being
 * many. A call made inside a loop over another call's results works, or throws `ERR_WOULD_DEADLOCK`.
 */
export class ImapClient {
  readonly #established: Established;
  readonly #options: ImapOptions;
  readonly #runner: CommandRunner;
  readonly #leases: MailboxLeases;
  #left = false;
  readonly #quit: (options: CallOptions) => Promise<void>;

  private constructor(established: Established, options: ImapOptions) {
    this.#established = established;
    this.#options = options;
    this.#runner = established.runner;
    this.#leases = new MailboxLeases(established.runner);
    this.#quit = createLogout(established.runner, () => {
      this.#left = true;
    });
  }

  /**
   * Dials, greets, secures, and authenticates where `auth` is given.
   *
   * Takes options, or a URL (`imaps://user@host` for implicit TLS, `imap://…` for STARTTLS) with further options.
   * @throws TlsError, StartTlsError, ConnectionError, TimeoutError, AbortError, AuthenticationError, SaslError,
   * RemoteProtocolError, CommandError; UsageError for wrong options. The connection is closed then.
   */
  static async connect(options: ImapOptions): Promise<ImapClient>;
  static async connect(url: string | URL, options?: ImapUrlOptions): Promise<ImapClient>;
  static async connect(
    target: ImapOptions | string | URL,
    options: ImapUrlOptions = {},
  ): Promise<ImapClient> {
    const all =
      typeof target === 'string' || target instanceof URL
        ? optionsFromUrl(profile, target, options as ImapOptions)
        : target;
    return ImapClient.connectWith(all);
  }

  /** @internal For the pool, whose connections share checked options and TLS sessions. */
  static async connectWith(
    options: ImapOptions,
    transport?: Transport,
    sessions?: SessionScope,
  ): Promise<ImapClient> {
    return new ImapClient(await openSession(options, transport, sessions), options);
  }

  /** What the server can do, in upper case, without what `disable` names. Read again after TLS and after login. */
  get capabilities(): ReadonlySet<string> {
    return this.#established.session.capabilities;
  }

  /** What protects this connection. */
  get security(): SecurityInfo {
    return securityInfo(this.#established.transport, this.#established.connection);
  }

  /** Whether the server knows who we are. */
  get authenticated(): boolean {
    return this.#established.session.is.loggedIn;
  }

  /** What the server told about itself (ID, RFC 2971): a stranger's words. */
  get serverId(): ServerId | undefined {
    return this.#established.serverId;
  }

  /** Resolves when the session is over, and says why. Never rejects. */
  get closed(): Promise<Closed> {
    return this.#established.connection.closed;
  }

  /** Alerts, warnings and responses that made no sense. One reader at a time; ends with the connection. */
  get notices(): AsyncIterable<Notice> {
    return this.#established.session.notices;
  }

  /** LIST, RFC 9051 §6.3.9: the mailboxes. Sent when the loop begins; `toArray()` gives all at once. */
  list(listOptions: ListOptions & CallOptions = {}): Rows<ListEntry> {
    checkList(listOptions);
    const { signal, timeout, ...what } = listOptions;
    const options = {
      ...(signal === undefined ? {} : { signal }),
      ...(timeout === undefined ? {} : { timeout }),
    };
    return new Rows(() => list(this.#runner, what, options));
  }

  /** NAMESPACE, RFC 2342. @throws CommandError `ERR_EXTENSION_REQUIRED` */
  async namespaces(options: CallOptions = {}): Promise<Namespaces> {
    checkOptions(options, callRules);
    return namespace(this.#runner, options);
  }

  /**
   * STATUS, RFC 9051 §6.3.11. A server that does not know an item leaves it out.
   * @throws CommandError `ERR_NOT_FOUND` or `ERR_COMMAND_REJECTED` where there is no such mailbox
   */
  async status<const K extends StatusItem>(
    name: MailboxName,
    items: readonly K[],
    options: CallOptions = {},
  ): Promise<Partial<Pick<StatusResult, K>>> {
    checkOptions(options, callRules);
    return (await status(this.#runner, name, items, options)) as Partial<Pick<StatusResult, K>>;
  }

  /**
   * SELECT, or EXAMINE with `readOnly`. The mailbox leases the connection until it is closed; opening the same name
   * again shares it.
   *
   * @throws UsageError `ERR_WOULD_DEADLOCK` while another mailbox is open here, unless `wait` is given
   * @throws CommandError `ERR_NOT_FOUND` or `ERR_COMMAND_REJECTED` where there is no such mailbox
   */
  async open(name: MailboxName, options: OpenOptions = {}): Promise<Mailbox> {
    checkOpen(name, options);
    const lease = await this.#leases.take(name, options);
    return new Mailbox(this.#runner, lease, options.readOnly ?? false, () =>
      this.#leases.release(lease),
    );
  }

  /**
   * The name of a mailbox of one's own as this server wants it: with the prefix of the personal namespace and with its
   * delimiter for each `/`. `create(await imap.personal('Archive/2026'))` works on every server.
   */
  async personal(name: string, options: CallOptions = {}): Promise<string> {
    checkOptions(options, callRules);
    mailbox(name);
    return personalName(this.#runner, name, options);
  }

  /**
   * The mailbox for a use (SPECIAL-USE, RFC 6154): `find({ specialUse: '\\Sent' })`. Where the server tells no uses, the one
   * that has the usual name. `undefined` where there is none.
   */
  async find(given: { specialUse: string } & CallOptions): Promise<ListEntry | undefined> {
    checkOptions(given, findRules);
    const { specialUse, ...options } = given;
    flag(specialUse);
    return findSpecialUse(this.#runner, specialUse, options);
  }

  /** CREATE, RFC 9051 §6.3.4. @throws CommandError, `reply.enhanced` `ALREADYEXISTS` where it is there already */
  async create(name: MailboxName, options: CreateOptions = {}): Promise<{ mailboxId?: string }> {
    checkOptions(options, createRules);
    return create(this.#runner, name, options);
  }

  /** DELETE, RFC 9051 §6.3.5: the mailbox with all messages in it. */
  async delete(name: MailboxName, options: CallOptions = {}): Promise<void> {
    checkOptions(options, callRules);
    mailbox(name);
    const raw = encodeMailboxName(name, this.#runner.utf8);
    // Servers differ on deleting what is selected; from an earlier open() it may be so still.
    if (this.#runner.session.selected?.raw === raw && this.#leases.held !== raw)
      await unselect(this.#runner, options);
    await deleteMailbox(this.#runner, name, options);
  }

  /** RENAME, RFC 9051 §6.3.6. */
  async rename(from: MailboxName, to: MailboxName, options: CallOptions = {}): Promise<void> {
    checkOptions(options, callRules);
    return rename(this.#runner, from, to, options);
  }

  async subscribe(name: MailboxName, options: CallOptions = {}): Promise<void> {
    checkOptions(options, callRules);
    return subscribe(this.#runner, name, options);
  }

  async unsubscribe(name: MailboxName, options: CallOptions = {}): Promise<void> {
    checkOptions(options, callRules);
    return unsubscribe(this.#runner, name, options);
  }

  /**
   * APPEND, RFC 9051 §6.3.12: stores a message. It is streamed and must have CRLF line ends; nothing is changed in it.
   * With LITERAL+ it goes out at once, without waiting for the server.
   *
   * @throws CommandError `ERR_NOT_FOUND` with `TRYCREATE` where there is no such mailbox; UsageError `ERR_ARGUMENT`
   * when `size` is not the body's, which closes the connection if the body had begun to go out
   */
  async append(
    name: MailboxName,
    body: BodyInput,
    options: AppendOptions = {},
  ): Promise<AppendResult> {
    checkOptions(options, appendRules);
    return append(this.#runner, name, body, options);
  }

  /**
   * Several messages: all of them or none with MULTIAPPEND (RFC 3502), else one APPEND each, without waiting for one another.
   */
  async appendMany(
    name: MailboxName,
    messages: readonly NewMessage[],
    options: CallOptions = {},
  ): Promise<AppendResult[]> {
    checkOptions(options, callRules);
    return appendMany(this.#runner, name, messages, options);
  }

  /**
   * Puts a message together from text of this side and parts that the server has (CATENATE, RFC 4469): `partUrl()` names them.
   * @throws CommandError `ERR_EXTENSION_REQUIRED`
   */
  async catenate(
    name: MailboxName,
    pieces: readonly MessagePiece[],
    options: Omit<AppendOptions, 'size'> = {},
  ): Promise<AppendResult> {
    checkOptions(options, catenateRules);
    return catenate(this.#runner, name, pieces, options);
  }

  /** The quotas that count what is stored in the mailbox (QUOTA, RFC 9208). @throws CommandError `ERR_EXTENSION_REQUIRED` */
  async quota(name: MailboxName = 'INBOX', options: CallOptions = {}): Promise<Quota[]> {
    checkOptions(options, callRules);
    return quota(this.#runner, name, options);
  }

  /** Sets a quota root's limits by resource, for administrators: `setQuota('user.alice', { STORAGE: 512_000 })`. */
  async setQuota(
    root: string,
    limits: Readonly<Record<string, number>>,
    options: CallOptions = {},
  ): Promise<void> {
    checkOptions(options, callRules);
    return setQuota(this.#runner, root, limits, options);
  }

  /** Who may do what with the mailbox (ACL, RFC 4314). @throws CommandError `ERR_EXTENSION_REQUIRED` */
  async acl(name: MailboxName, options: CallOptions = {}): Promise<Acl> {
    checkOptions(options, callRules);
    return acl(this.#runner, name, options);
  }

  /** What this user may do with the mailbox: `'lrswipkxte'` (RFC 4314 §2.1). */
  async myRights(name: MailboxName, options: CallOptions = {}): Promise<string> {
    checkOptions(options, callRules);
    return myRights(this.#runner, name, options);
  }

  /** Which rights the identifier can be given there. */
  async listRights(
    name: MailboxName,
    identifier: string,
    options: CallOptions = {},
  ): Promise<PossibleRights> {
    checkOptions(options, callRules);
    return listRights(this.#runner, name, identifier, options);
  }

  /** Gives rights. `'lrs'` replaces what the identifier has; `'+w'` adds to it, `'-w'` takes away. */
  async setRights(
    name: MailboxName,
    identifier: string,
    rights: string,
    options: CallOptions = {},
  ): Promise<void> {
    checkOptions(options, callRules);
    return setRights(this.#runner, name, identifier, rights, options);
  }

  /** Takes the identifier out of the list. */
  async deleteRights(
    name: MailboxName,
    identifier: string,
    options: CallOptions = {},
  ): Promise<void> {
    checkOptions(options, callRules);
    return deleteRights(this.#runner, name, identifier, options);
  }

  /**
   * Entries about a mailbox, or about the server where the name is `''` (METADATA, RFC 5464).
   * @throws CommandError `ERR_EXTENSION_REQUIRED`
   */
  async metadata(
    name: MailboxName,
    entries: readonly string[],
    options: MetadataOptions = {},
  ): Promise<Metadata> {
    checkOptions(options, metadataRules);
    return metadata(this.#runner, name, entries, options);
  }

  /** Sets entries; `null` removes one. */
  async setMetadata(
    name: MailboxName,
    entries: Readonly<Record<string, string | Uint8Array | null>>,
    options: CallOptions = {},
  ): Promise<void> {
    checkOptions(options, callRules);
    return setMetadata(this.#runner, name, entries, options);
  }

  /** The URL at which the same mail is to be had by JMAP (JMAPACCESS, RFC 9698). */
  async jmapAccess(options: CallOptions = {}): Promise<string | undefined> {
    checkOptions(options, callRules);
    return jmapAccess(this.#runner, options);
  }

  /**
   * What happens in these mailboxes, until the loop is left or `signal` aborts, which ends it without an error. By NOTIFY
   * (RFC 5465) where several are watched, else the first by IDLE, which makes way for other calls by itself, and the others by
   * STATUS now and then. Opens the first mailbox (read-only, shared with those who open it as well). When the connection is lost
   * the loop goes on over a new one of its own, and tells what happened meanwhile.
   */
  watch(
    names: MailboxName | readonly MailboxName[],
    options: WatchOptions = {},
  ): AsyncIterable<MailboxEvent> {
    const all = checkWatch(names, options);
    return watch(
      { ...this.#place(), left: () => this.#left, connect: this.#again() },
      all,
      options,
    );
  }

  /**
   * What changed in a mailbox since `state`, the first time everything: messages that are new (with `items`, and their flags), that
   * are gone, and flags that differ. Keep each event's `state` once the event has been dealt with; a run that was killed goes on from
   * there, and no change is told twice. It works with CONDSTORE, where only what changed is fetched, and without.
   *
   * @throws UsageError `ERR_ARGUMENT` for a `state` that is none
   */
  sync<const I extends FetchItems = Record<never, never>>(
    name: MailboxName,
    state?: SyncState,
    items: I = {} as I,
    options: CallOptions = {},
  ): Rows<SyncEvent<I>> {
    checkSync(name, state, items, options);
    return new Rows(() =>
      sync(
        { runner: this.#runner, open: (name, open) => this.open(name, open) },
        name,
        state,
        items,
        options,
      ),
    );
  }

  #place(): WatchPlace {
    return {
      runner: this.#runner,
      open: (name, open) => this.open(name, open),
      leave: () => this[Symbol.asyncDispose](),
    };
  }

  /** Connects as this client did, for a watch that outlives it. A stream that was given is there once only. */
  #again(): WatchContext['connect'] {
    const { stream, signal: _once, ...options } = this.#options;
    if (stream !== undefined) return undefined;
    return async (signal) => {
      const client = await ImapClient.connectWith(
        signal === undefined ? options : { ...options, signal },
      );
      return client.#place();
    };
  }

  /**
   * Logs in a session that is not: one that was connected without `auth`, or that was left by {@link unauthenticate}. Options of
   * connecting such as `mechanisms` hold for it too. Aborting it closes the connection.
   *
   * @throws UsageError `ERR_STATE` when it is logged in; AuthenticationError, SaslError
   */
  async authenticate(auth: Auth, options: CallOptions = {}): Promise<void> {
    checkOptions(options, callRules);
    return logInLater(this.#established, this.#options, auth, options);
  }

  /**
   * Leaves the login and keeps the connection (UNAUTHENTICATE, RFC 8437): {@link authenticate} makes it another user's. What was
   * enabled and selected is so no longer.
   *
   * @throws UsageError `ERR_STATE` while a mailbox is open, and in a compressed session; CommandError `ERR_EXTENSION_REQUIRED`
   */
  async unauthenticate(options: CallOptions = {}): Promise<void> {
    checkOptions(options, callRules);
    if (this.#leases.held !== undefined)
      throw new UsageError('ERR_STATE', 'A mailbox is open on this connection', {
        hint: 'close() the mailbox first.',
      });
    await unauthenticate(this.#runner, options);
  }

  /** NOOP, RFC 9051 §6.1.2: a sign of life, and the server's chance to report changes. */
  async noop(options: CallOptions = {}): Promise<void> {
    checkOptions(options, callRules);
    await this.#runner.run({ verb: 'NOOP', wire: { as: 'noop' } }, options);
  }

  /**
   * Any other command. Strings go as quoted strings or literals, `{ atom }` as it is, arrays as lists: no argument can
   * act as syntax. Commands that carry credentials or change the state of the session are refused.
   */
  async command(
    verb: string,
    args: readonly CommandArgument[] = [],
    options: CallOptions = {},
  ): Promise<RawResult> {
    checkOptions(options, callRules);
    return rawCommand(this.#runner, verb, args, options);
  }

  /** LOGOUT, RFC 9051 §6.1.3, after all calls that are out; then the connection is closed. Calling it again is harmless. */
  async quit(options: CallOptions = {}): Promise<void> {
    checkOptions(options, callRules);
    return this.#quit(options);
  }

  /** Closes at once. Calls that are out reject with `ERR_CONNECTION_CLOSED`. */
  close(): void {
    this.#left = true;
    this.#established.connection.close();
  }

  /** {@link quit}, for `timeouts.close` at most. Never throws. */
  [Symbol.asyncDispose](): Promise<void> {
    this.#left = true;
    return dispose(this.#established.connection, () => this.quit());
  }
}
