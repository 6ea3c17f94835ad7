/** A POP3 session (RFC 1939): one connection, one mailbox, calls in order. */
import {
  type Closed,
  checkOptions,
  commandLine,
  decodeText,
  dispose,
  type Notice,
  optionsFromUrl,
  type Rows,
  rules,
  type SecurityInfo,
  securityInfo,
  UsageError,
  wordsOf,
} from '@fivewire/line-protocol';
import { callChecks } from './call-checks.js';
import type { Pop3Capabilities } from './capabilities.js';
import { type CommandOptions, command } from './command.js';
import { openSession, profile, resolveOptions } from './connect.js';
import { type Language, languages, useLanguage } from './language.js';
import { count, list, uidl } from './listing.js';
import { createQuit } from './quit.js';
import {
  isIterable,
  messageBody,
  type RetrieveAllOptions,
  retrieveAll,
  retrieveAllRules,
} from './retrieve.js';
import { messageNumber, type Session } from './session.js';
import type {
  CallOptions,
  CommandResult,
  ListRow,
  MailboxStat,
  Message,
  Pop3Options,
  Pop3UrlOptions,
  QuitResult,
  Retrieved,
  UidlRow,
} from './types.js';

const { callRules } = rules;

/** What fetchNew needs of a client beyond its methods. */
export let sessionOf: (client: Pop3Client) => Session;

/**
 * Made by {@link Pop3Client.connect}. Calls made at once wait for each other, or go out together where the server has
 * PIPELINING. A call made inside a loop over another call's results works, or throws `ERR_WOULD_DEADLOCK`.
 *
 * Deleting takes two steps: {@link delete} marks, {@link quit} commits. Every other end of the session leaves the mail
 * where it is.
 */
export class Pop3Client {
  static {
    sessionOf = (client) => client.#session;
  }

  #session: Session;
  readonly #quit: (options: CallOptions) => Promise<QuitResult>;

  /** @internal Use {@link Pop3Client.connect}. */
  constructor(session: Session) {
    this.#session = session;
    this.#quit = createQuit(session);
  }

  /**
   * Dials, greets, secures, and authenticates where `auth` is given.
   *
   * Takes options, or a URL (`pop3s://user@host` for implicit TLS, `pop3://…` for STLS) with further options.
   * @throws TlsError, StartTlsError, ConnectionError, TimeoutError, AbortError, AuthenticationError, SaslError,
   * RemoteProtocolError; CommandError with `transient: true` where the server takes the login but not now (`[IN-USE]`,
   * `[LOGIN-DELAY]`, `[SYS/TEMP]`); UsageError for wrong options. The connection is closed then.
   */
  static async connect(options: Pop3Options): Promise<Pop3Client>;
  static async connect(url: string | URL, options?: Pop3UrlOptions): Promise<Pop3Client>;
  static async connect(
    target: Pop3Options | string | URL,
    options: Pop3UrlOptions = {},
  ): Promise<Pop3Client> {
    const all =
      typeof target === 'string' || target instanceof URL
        ? optionsFromUrl(profile, target, options as Pop3Options)
        : target;
    return new Pop3Client(await openSession(resolveOptions(all)));
  }

  /** CAPA, RFC 2449, as it is now: read again after TLS and after login. */
  get capabilities(): Pop3Capabilities {
    return this.#session.capabilities;
  }

  /** What protects this connection. */
  get security(): SecurityInfo {
    return securityInfo(this.#session.transport, this.#session.connection);
  }

  /** What the server says unasked. One reader at a time; ends with the connection. */
  get notices(): AsyncIterable<Notice> {
    return this.#session.notices;
  }

  /** Resolves when the session is over, and says why. Never rejects. */
  get closed(): Promise<Closed> {
    return this.#session.connection.closed;
  }

  /** The numbers marked as deleted, in no order. {@link quit} would remove them. */
  get marked(): readonly number[] {
    return [...this.#session.marked];
  }

  /** STAT, RFC 1939 §5: how many messages and octets the mailbox holds, without those marked as deleted. */
  async stat(options: CallOptions = {}): Promise<MailboxStat> {
    callChecks.stat(options);
    return this.#session.run(commandLine('STAT'), options, ({ text }) => {
      const [messages, octets] = wordsOf(text);
      const total = count(messages);
      if (total !== undefined) return { count: total, octets: count(octets) };
      throw this.#session.connection.unreadable('a number of messages', decodeText(text), 'STAT');
    });
  }

  /** LIST, RFC 1939 §5: number and octets of each message. Sent when the loop begins; `toArray()` gives all at once. */
  list(options: CallOptions = {}): Rows<ListRow> {
    callChecks.list(options);
    return list(this.#session, options);
  }

  /** UIDL, RFC 1939 §7: the unique-id of each message. Sent when the loop begins; `toArray()` gives all at once. */
  uidl(options: CallOptions = {}): Rows<UidlRow> {
    callChecks.uidl(options);
    return uidl(this.#session, options);
  }

  /**
   * RETR, RFC 1939 §5: the message, octet by octet as the server has it (CRLF line ends). Sent at the first read.
   * A refusal is the stream's error. Destroying it early drops the rest, or the connection where that is over 1 MiB.
   * Where it ends with another length than {@link list} gave, its `problem` says so, and commands go out one at a time from then on.
   */
  retrieve(number: number, options: CallOptions = {}): Message {
    checkOptions(options, callRules);
    return messageBody(this.#session, number, options);
  }

  /** TOP, RFC 1939 §7: the header and `lines` lines of the body. Some servers mark the message as seen. */
  top(number: number, lines: number, options: CallOptions = {}): Message {
    checkOptions(options, callRules);
    if (!Number.isSafeInteger(lines) || lines < 0) {
      throw new UsageError('ERR_ARGUMENT', 'lines must be a whole number from 0', {
        protocol: 'pop3',
        argument: 'lines',
      });
    }
    return messageBody(this.#session, number, options, lines);
  }

  /**
   * Many messages in the order asked for, pipelined where the server can (RFC 2449 §6.8). Refused ones come as items
   * with `ok: false`, as do numbers that are none. A broken connection throws, and the error's `given` says how many items
   * there were before, and the number of the last.
   */
  retrieveAll(
    numbers: Iterable<number> | AsyncIterable<number>,
    options: RetrieveAllOptions = {},
  ): AsyncGenerator<Retrieved, void, undefined> {
    checkOptions(options, retrieveAllRules);
    return retrieveAll(this.#session, numbers, options);
  }

  /**
   * DELE, RFC 1939 §5: marks messages. {@link quit} removes them, {@link reset} takes the marks off.
   * @throws CommandError of the first that was refused, after all have been tried
   */
  async delete(numbers: number | Iterable<number>, options: CallOptions = {}): Promise<void> {
    checkOptions(options, callRules);
    const { marked } = this.#session;
    const all = isIterable(numbers) ? [...numbers] : [numbers];
    const lines = all.map(
      (number) => [number, commandLine('DELE', [messageNumber(number)])] as const,
    );
    const results = await Promise.allSettled(
      lines.map(([number, line]) => {
        const fresh = !marked.has(number);
        marked.add(number);
        return this.#session
          .run(line, options, () => {})
          .catch((error: unknown) => {
            // Refused, it is not marked. Aborted or cut off, it may be.
            if (fresh && (error as { reply?: unknown }).reply !== undefined) marked.delete(number);
            throw error;
          });
      }),
    );
    const failed = results.find((result) => result.status === 'rejected');
    if (failed !== undefined) throw failed.reason;
  }

  /** Whether UTF8 (RFC 6856) is in effect; asked for by `utf8: true` in {@link Pop3Client.connect}. */
  get utf8(): boolean {
    return this.#session.utf8;
  }

  /** LANG, RFC 6856 §3: the languages in which the server can speak. */
  async languages(options: CallOptions = {}): Promise<Language[]> {
    callChecks.languages(options);
    return languages(this.#session, options);
  }

  /**
   * LANG, RFC 6856 §3: makes the server speak a language.
   * @param tag such as `fr`, or `*` for the server's own choice
   * @returns the language that it speaks now
   */
  async language(tag: string, options: CallOptions = {}): Promise<string> {
    checkOptions(options, callRules);
    if (typeof tag !== 'string' || !/^(\*|[A-Za-z0-9]{1,8}(-[A-Za-z0-9]{1,8}){0,8})$/.test(tag)) {
      throw new UsageError('ERR_ARGUMENT', 'tag must be a language tag, such as fr or *', {
        protocol: 'pop3',
        argument: 'tag',
      });
    }
    return useLanguage(this.#session, tag, options);
  }

  /** RSET, RFC 1939 §5: takes all marks off. */
  async reset(options: CallOptions = {}): Promise<void> {
    checkOptions(options, callRules);
    await this.#session.run(commandLine('RSET'), options, () => this.#session.marked.clear());
  }

  /** NOOP, RFC 1939 §5: keeps the session alive. */
  async noop(options: CallOptions = {}): Promise<void> {
    callChecks.noop(options);
    await this.#session.run(commandLine('NOOP'), options, () => {});
  }

  /**
   * Sends a command that has no method here. Verbs that carry credentials or change framing or state are refused.
   * @throws CommandError for -ERR; UsageError for a refused verb
   */
  async command(
    verb: string,
    args: readonly string[] = [],
    options: CommandOptions = {},
  ): Promise<CommandResult> {
    callChecks.command(verb, args, options);
    return command(this.#session, verb, args, options);
  }

  /**
   * QUIT, RFC 1939 §6: commits what is marked, and ends the session. `committed` is `'unknown'` where the connection broke before
   * the server answered. On a session that is over already it does nothing.
   */
  async quit(options: CallOptions = {}): Promise<QuitResult> {
    checkOptions(options, callRules);
    return this.#quit(options);
  }

  /** Ends the connection now. Nothing is committed; pending calls reject with `ERR_CONNECTION_CLOSED`. */
  close(): void {
    this.#session.connection.close();
  }

  /** Takes all marks off, says goodbye, and is done within `timeouts.close`. Never throws, never commits a deletion. */
  [Symbol.asyncDispose](): Promise<void> {
    const { connection, marked } = this.#session;
    return dispose(connection, async () => {
      if (marked.size > 0) await this.reset();
      await this.quit();
    });
  }
}
