/** The SMTP and LMTP client: one connection with a queue. RFC 5321, RFC 2033. */
import {
  type BodyInput,
  type Closed,
  CommandError,
  type CommandLine,
  checkOptions,
  commandLine,
  dispose,
  isFivewireError,
  type Notice,
  optionsFromUrl,
  type Reply,
  type SecurityInfo,
  type ServerReply,
  securityInfo,
  serverReply,
  type Wait,
} from '@fivewire/line-protocol';
import { BodySource } from './body-source.js';
import { etrnLine, helpLine, lookUpLine } from './command-lines.js';
import { openSession, resolveOptions, smtpProfile } from './connect.js';
import { deliver } from './deliver.js';
import { requireExtension } from './extensions.js';
import { Lane } from './lane.js';
import { prepareMessage } from './message.js';
import { callRules } from './options.js';
import { plainMessage } from './plain-message.js';
import { probe } from './probe.js';
import { createQuit } from './quit.js';
import { rawCommand } from './raw-command.js';
import { nextReply, unexpected } from './replies.js';
import { saysYes } from './reply-codes.js';
import { type Settle, sendEach } from './send-many.js';
import { sendUrl } from './send-url.js';
import { patience, type Session } from './session.js';
import type {
  CallOptions,
  Envelope,
  Extensions,
  Message,
  ProbeResult,
  SendManyOptions,
  SendOptions,
  SendOutcome,
  SendResult,
  SmtpOptions,
  SmtpUrlOptions,
  XclientAttributes,
} from './types.js';
import { xclient } from './xclient.js';

/** What a message passes before it is sent: a pool's rate. */
export type Gate = <T>(
  envelope: Envelope,
  options: SendOptions,
  send: () => Promise<T>,
) => Promise<T>;

export class SmtpClient {
  /** Settles once, when the connection can't be used any more. Never rejects. */
  readonly closed: Promise<Closed>;
  #session: Session;
  readonly #lane: Lane;
  readonly #quit: (options: CallOptions) => Promise<void>;
  readonly #gate: Gate | undefined;

  /** Use {@link SmtpClient.connect}. */
  constructor(session: Session, gate?: Gate) {
    this.#session = session;
    this.#gate = gate;
    this.closed = session.connection.closed;
    this.#lane = new Lane(session);
    this.#quit = createQuit(session);
  }

  /**
   * Connects; resolves when the session is usable: dialled, greeted, secured and, where `auth` is given, logged in.
   *
   * `connect('smtps://alice@smtp.example.org', { auth: { password } })`: `smtps:` is implicit TLS on port 465, `smtp:`
   * is STARTTLS on port 587. Cleartext has no URL.
   *
   * @throws UsageError and TlsError `ERR_SERVER_HOSTNAME_…` before anything is dialled; ConnectionError, TimeoutError,
   * TlsError, StartTlsError, AuthenticationError, SaslError, CommandError, RemoteProtocolError, AbortError. Nothing
   * stays open then.
   */
  static async connect(options: SmtpOptions): Promise<SmtpClient>;
  static async connect(url: string | URL, options?: SmtpUrlOptions): Promise<SmtpClient>;
  static async connect(
    target: SmtpOptions | string | URL,
    options: SmtpUrlOptions = {},
  ): Promise<SmtpClient> {
    const all =
      typeof target === 'string' || target instanceof URL
        ? optionsFromUrl(smtpProfile, target, options as SmtpOptions)
        : target;
    return new SmtpClient(await openSession(resolveOptions(all)));
  }

  /** What the server offers: EHLO keyword in upper case → its parameters, such as `'SIZE'` → `['35882577']`. */
  get capabilities(): Extensions {
    return this.#session.extensions;
  }

  /** What protects this connection. */
  get security(): SecurityInfo {
    return securityInfo(this.#session.transport, this.#session.connection);
  }

  /** What the server says unasked: why it is about to leave. Ends with the connection. */
  get notices(): AsyncIterable<Notice> {
    return this.#session.notices;
  }

  /**
   * Sends one message.
   *
   * The body's CR and LF become CRLF and its dots are stuffed. Envelope and DATA leave together where the server
   * offers PIPELINING. Calls made at once are sent one after the other.
   *
   * Some recipients refused is a result (`refused`), unless `onRefused: 'abort'`. All refused, or all refused after
   * the message in LMTP, is `ERR_RECIPIENTS_REJECTED`. The message refused is `ERR_COMMAND_REJECTED` with the reply.
   * `ERR_OUTCOME_UNKNOWN`: the connection was lost between the message's end and the server's word. `ERR_ABORTED` with
   * a usable connection, once the message was written: the server may deliver it. After any other error nothing was
   * delivered.
   *
   * @throws UsageError `ERR_ARGUMENT`, CommandError `ERR_EXTENSION_REQUIRED` before an octet leaves; LocalError
   * `ERR_LOCAL_IO` when the body's source fails
   */
  send(envelope: Envelope, body: BodyInput, options: SendOptions = {}): Promise<SendResult> {
    return this.#send({ envelope, body }, options, false);
  }

  /**
   * BURL, RFC 4468: the server fetches the message from an IMAP server, by a URL with URLAUTH. Results and errors are those of
   * {@link send}.
   *
   * @throws CommandError `ERR_EXTENSION_REQUIRED` before an octet leaves
   */
  async sendUrl(envelope: Envelope, url: string, options: SendOptions = {}): Promise<SendResult> {
    const send = () => sendUrl(this.#session, envelope, url, options);
    return this.#gate === undefined ? send() : this.#gate(envelope, options, send);
  }

  /**
   * Sends messages in their order, `window` of them under way at once; outcomes come in that order too. A message that fails
   * is an outcome and does not stop the others. When the connection is lost no further message is taken: the outcomes
   * of those taken are given, then the iteration throws the connection's error.
   *
   * Leaving the loop early waits for the messages that are under way.
   */
  sendMany(
    messages: Iterable<Message> | AsyncIterable<Message>,
    manyOptions: SendManyOptions = {},
  ): AsyncIterable<SendOutcome> {
    const { window = 1 } = manyOptions ?? {};
    const { connection } = this.#session;
    return sendEach(
      messages,
      manyOptions,
      (message, options, settle) => this.#sendOne(message, options, window > 1, settle),
      () =>
        connection.isOpen ? undefined : connection.lost({ phase: 'transfer', command: 'sendMany' }),
    );
  }

  /**
   * A dry run: asks what the server says to sender and recipients, then takes it back (RSET). No message follows, and
   * no recipient gets anything. Refused recipients are a result, also where all are.
   *
   * Servers judge the message itself later: acceptance here is no promise. Some count it as an attempt.
   *
   * @throws UsageError `ERR_ARGUMENT`; CommandError `ERR_EXTENSION_REQUIRED` before an octet leaves, `ERR_COMMAND_REJECTED`
   * where the sender is refused
   */
  async probe(envelope: Envelope, options: CallOptions = {}): Promise<ProbeResult> {
    checkOptions(options, callRules);
    return probe(this.#session, envelope, options);
  }

  /**
   * VRFY, RFC 5321 §3.5: asks about a user or mailbox. Many servers answer 252 to everything: "cannot verify".
   *
   * @throws CommandError `ERR_NOT_FOUND` where the server says 5.1.1, `ERR_COMMAND_REJECTED` for other refusals
   */
  async verify(address: string, options: CallOptions = {}): Promise<ServerReply> {
    checkOptions(options, callRules);
    try {
      return serverReply(await this.#run(lookUpLine(this.capabilities, 'VRFY', address), options));
    } catch (error) {
      throw notFound(error);
    }
  }

  /** EXPN, RFC 5321 §3.5: the members of a list, a line each, in the server's words. */
  async expand(list: string, options: CallOptions = {}): Promise<string[]> {
    checkOptions(options, callRules);
    const reply = await this.#run(lookUpLine(this.capabilities, 'EXPN', list), options);
    return serverReply(reply).text.split('\n');
  }

  /** HELP, RFC 5321 §4.1.1.8: what the server says about itself, or about a command. */
  async help(topic?: string, options: CallOptions = {}): Promise<string> {
    checkOptions(options, callRules);
    const line = helpLine(this.capabilities, topic);
    return serverReply(await this.#run(line, options)).text;
  }

  /**
   * ETRN, RFC 1985: asks the server to send now what waits for a domain (`@` before it: and those below; `#`: a queue).
   *
   * @throws CommandError `ERR_EXTENSION_REQUIRED`, `ERR_COMMAND_REJECTED`
   */
  async etrn(domain: string, options: CallOptions = {}): Promise<ServerReply> {
    checkOptions(options, callRules);
    const line = etrnLine(domain);
    requireExtension(this.#session.extensions, 'ETRN', 'etrn()');
    return serverReply(await this.#run(line, options));
  }

  /**
   * XCLIENT, Postfix's extension: tells a server that trusts this client for whom it speaks. {@link capabilities} are those of the
   * EHLO that follows it.
   *
   * @throws UsageError `ERR_ARGUMENT`; CommandError `ERR_EXTENSION_REQUIRED`, `ERR_COMMAND_REJECTED`
   */
  async xclient(attributes: XclientAttributes, options: CallOptions = {}): Promise<void> {
    checkOptions(options, callRules);
    await xclient(this.#session, attributes, options);
  }

  /** NOOP: finds out whether the server is still there. */
  async noop(options: CallOptions = {}): Promise<void> {
    checkOptions(options, callRules);
    await this.#run(commandLine('NOOP'), options);
  }

  /** RSET. Transactions clear up by themselves; this is for states that `command` made. */
  async reset(options: CallOptions = {}): Promise<void> {
    checkOptions(options, callRules);
    await this.#run(commandLine('RSET'), options);
  }

  /**
   * Sends a command that has no method here and is answered by one reply: `command('ETRN', ['example.org'])`. Verbs that
   * carry credentials or change framing or state are refused.
   *
   * @throws CommandError `ERR_COMMAND_REJECTED` for 4yz and 5yz; UsageError `ERR_ARGUMENT` for a refused verb
   */
  async command(
    verb: string,
    args: readonly string[] = [],
    options: CallOptions = {},
  ): Promise<ServerReply> {
    checkOptions(options, callRules);
    return serverReply(await this.#run(rawCommand(this.#session.extensions, verb, args), options));
  }

  /**
   * Says goodbye, after what is under way, and closes. A server that leaves without its last word is no failure: nothing
   * depends on it.
   *
   * @throws AbortError `ERR_ABORTED`; UsageError
   */
  async quit(options: CallOptions = {}): Promise<void> {
    checkOptions(options, callRules);
    return this.#quit(options);
  }

  /** Closes now. What is under way rejects. */
  close(): void {
    this.#session.connection.close();
  }

  /** {@link quit}, but after `timeouts.close` {@link close}. */
  [Symbol.asyncDispose](): Promise<void> {
    return dispose(this.#session.connection, () => this.quit());
  }

  async #send(
    { envelope, body }: Message,
    options: SendOptions,
    grouped: boolean,
  ): Promise<SendResult> {
    return this.#deliver(envelope, new BodySource(body), options, grouped);
  }

  async #deliver(
    envelope: Envelope,
    source: BodySource,
    options: SendOptions,
    grouped: boolean,
  ): Promise<SendResult> {
    source.begin(); // what waits, or is refused, has a listener
    try {
      const send = () => deliver(this.#session, envelope, source, options, grouped);
      if (this.#gate === undefined) return await send();
      return await this.#gate(envelope, options, send);
    } finally {
      source.abandon();
    }
  }

  /** One of many. */
  #sendOne(message: Message, options: SendOptions, grouped: boolean, settle: Settle): void {
    const { envelope, body } = message;
    const byLane = grouped && this.#gate === undefined && this.#lane.isFree;
    const plain = byLane ? plainMessage(this.#session, message, options) : undefined;
    if (plain !== undefined) {
      this.#lane.addPlain(plain, settle);
      return;
    }
    const source = new BodySource(body);
    const byItself = source.whole === undefined || options.signal !== undefined;
    if (byItself || this.#gate !== undefined || !this.#lane.isFree) {
      this.#deliver(envelope, source, options, grouped).then(
        (result) => settle.sent(result),
        (error) => settle.failed(error),
      );
      return;
    }
    try {
      this.#lane.add(prepareMessage(this.#session, envelope, source, options, grouped), settle);
    } catch (error) {
      settle.failed(isFivewireError(error) ? this.#session.connection.locate(error) : error);
    }
  }

  #run(line: CommandLine, options: CallOptions = {}): Promise<Reply> {
    const { queue, connection } = this.#session;
    const timeout = patience(this.#session, 'reply', options);
    const wait: Wait = { phase: 'command', timeout, command: line.masked };
    return queue.run(
      async (turn) => {
        connection.send(line);
        await turn.toRead();
        const reply = await nextReply(connection, wait);
        if (saysYes(line.masked, reply)) return reply;
        throw unexpected(connection, reply, 'a reply to this command', wait);
      },
      { signal: options.signal, phase: 'command', command: line.masked },
    );
  }
}

function notFound(error: unknown): unknown {
  if (!isFivewireError(error) || error.code !== 'ERR_COMMAND_REJECTED') return error;
  const { reply } = error as CommandError;
  if (reply?.enhanced !== '5.1.1') return error;
  return new CommandError('ERR_NOT_FOUND', error.message, { ...error, reply, cause: error.cause });
}
