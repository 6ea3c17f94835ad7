/** One IMAP connection: commands come in with their literals, responses go out, and the client is told what changed. */
import { greet, nextCommand } from '../impostor/conversation.js';
import type { ServerContext } from '../line-server.js';
import type { LineSession } from '../line-session.js';
import type { Mailbox, MailStore, StoredMessage } from '../mail-store.js';
import type { SaslEnvironment } from '../sasl-server.js';
import { SessionEnded } from '../session-ended.js';
import { aclCommands } from './acl-commands.js';
import { type Answer, type AnswerOrder, inOrder, onlyReads } from './answer-order.js';
import { type Argument, parseArguments, Refusal, textOf } from './arguments.js';
import type { ImapServerOptions } from './imap-server.js';
import { mailboxCommands } from './mailbox-commands.js';
import { decodeMailboxName, encodeMailboxName } from './mailbox-name.js';
import { messageCommands } from './message-commands.js';
import { type Notification, notify } from './notify.js';
import { quotaCommands } from './quota-commands.js';
import { sessionCommands } from './session-commands.js';

export type State = 'not-authenticated' | 'authenticated' | 'selected';

export interface Command {
  /** The states it is allowed in. */
  states: readonly State[];
  /** Its arguments are no ordinary ones, and it reads `line` itself. */
  raw?: true;
  /**
   * Does the work and gives the tagged response without its tag; `OK Done` by default.
   * @throws Refusal with a NO or BAD
   */
  run(at: ImapSession, args: Argument[], line: string): Promise<string | undefined> | Promise<void>;
}

const commands: Readonly<Record<string, Command>> = {
  ...sessionCommands,
  ...mailboxCommands,
  ...messageCommands,
  ...quotaCommands,
  ...aclCommands,
};

/** A message as this client knows it. */
export interface Seen {
  readonly message: StoredMessage;
  /** The state of its flags that the client was told of. */
  modSeq: number;
}

/** The selected mailbox, with the client's own numbering: sequence numbers move only when it is told so. */
export interface Selected {
  readonly mailbox: Mailbox;
  readonly readOnly: boolean;
  readonly view: Seen[];
  /** The mailbox's state at the last look. */
  syncedAt: number;
}

/** Commands with message numbers, during which expunges must not be told, RFC 9051 §7.5.1. */
const numbered = new Set(['FETCH', 'STORE', 'SEARCH']);
const literalBeforeLogin = 8_192;
const defaultMaxLiteral = 64 << 20;

export class ImapSession {
  readonly session: LineSession;
  readonly context: ServerContext;
  readonly mail: MailStore;
  readonly options: ImapServerOptions;
  state: State = 'not-authenticated';
  user = '';
  selected: Selected | undefined;
  readonly enabled: Set<string> = new Set();
  /** What `$` stands for, as UIDs: RFC 9051 §6.4.4.1. */
  savedUids: number[] = [];
  /** Of the command that is being answered. */
  tag = '';
  over = false;
  /** What NOTIFY has set. */
  notification: Notification | undefined;
  #turn: Promise<void> = Promise.resolve();
  /** Where the answer to a command goes that is held back for others. */
  #answer: Answer | undefined;

  constructor(
    session: LineSession,
    context: ServerContext,
    mail: MailStore,
    options: ImapServerOptions,
  ) {
    this.session = session;
    this.context = context;
    this.mail = mail;
    this.options = options;
  }

  get environment(): SaslEnvironment {
    const { session, context } = this;
    const { accounts } = context;
    return { accounts, session, options: context.options.sasl ?? {}, service: 'imap' };
  }

  async run(): Promise<void> {
    try {
      await this.#answerAll();
    } finally {
      this.notification?.stop();
    }
  }

  async #answerAll(): Promise<void> {
    await this.#greet();
    const { answerOrder: order = 'one-by-one' } = this.options;
    while (!this.over) {
      const text = await this.#readCommand();
      if (text === undefined) return;
      await this.#inTurn(() =>
        order === 'one-by-one' || !onlyReads(text)
          ? this.#dispatch(text)
          : this.#answerTogether(text, order),
      );
    }
  }

  /** What is told unasked comes between the answers to commands, never within one. */
  #inTurn(work: () => Promise<void>): Promise<void> {
    const done = this.#turn.then(work);
    this.#turn = done.catch(() => {}); // the caller learns of it
    return done;
  }

  /** NOTIFY: from now on changes are told as they happen. */
  async setNotification(args: readonly Argument[]): Promise<void> {
    let scheduled = false;
    const onChange = () => {
      if (scheduled) return;
      scheduled = true;
      const tell = async () => {
        scheduled = false;
        await this.notification?.tell(this);
      };
      this.#inTurn(tell).catch(() => {}); // the end of the connection shows in the loop
    };
    const next = await notify(this, args, onChange);
    this.notification?.stop();
    this.notification = next;
  }

  /** Answers this command and those that have come with it. */
  async #answerTogether(first: string, order: AnswerOrder): Promise<void> {
    const answers: Answer[] = [];
    let text: string | undefined = first;
    while (text !== undefined && onlyReads(text)) {
      const answer: Answer = { data: [], tagged: Buffer.alloc(0) };
      this.#answer = answer;
      await this.#dispatch(text);
      answers.push(answer);
      await new Promise(setImmediate); // what the client has written by now belongs to the same lot
      text = this.session.hasInput ? await this.#readCommand() : undefined;
    }
    this.#answer = undefined;
    for (const octets of inOrder(order, answers)) await this.session.write(octets);
    if (text !== undefined) await this.#dispatch(text);
  }

  /** Sends an untagged response. Octets are Latin-1 text. */
  async untagged(text: string): Promise<void> {
    const octets = Buffer.from(`* ${text}\r\n`, 'latin1');
    if (this.#answer === undefined) await this.session.write(octets);
    else this.#answer.data.push(octets);
  }

  /** Asks for the rest of a command, RFC 9051 §7.6. */
  continuation(text: string): Promise<void> {
    return this.session.reply(`+ ${text}`);
  }

  login(user: string): void {
    this.state = 'authenticated';
    this.user = user;
    this.session.record.user = user;
  }

  /** A mailbox name as the client wrote it, in Unicode. */
  decodeName(name: string): string {
    if (!this.enabled.has('UTF8=ACCEPT') && !this.enabled.has('IMAP4REV2'))
      return decodeMailboxName(Buffer.from(name, 'latin1').toString('utf8'));
    return Buffer.from(name, 'latin1').toString('utf8');
  }

  encodeName(name: string): string {
    const plain = this.enabled.has('UTF8=ACCEPT') || this.enabled.has('IMAP4REV2');
    return plain ? Buffer.from(name, 'utf8').toString('latin1') : encodeMailboxName(name);
  }

  /** The mailbox that an argument names. @throws Refusal */
  mailboxOf(argument: Argument | undefined, code = 'NONEXISTENT'): Mailbox {
    const mailbox = this.mail.mailbox(this.user, this.decodeName(textOf(argument)));
    if (!mailbox) throw new Refusal(`NO [${code}] No such mailbox`);
    return mailbox;
  }

  select(mailbox: Mailbox, readOnly: boolean): Selected {
    this.state = 'selected';
    this.savedUids = [];
    this.selected = {
      mailbox,
      readOnly,
      view: mailbox.messages.map((message) => ({ message, modSeq: message.modSeq })),
      syncedAt: mailbox.highestModSeq,
    };
    return this.selected;
  }

  unselect(): void {
    this.state = 'authenticated';
    this.selected = undefined;
  }

  /** Tells the client what has changed in its mailbox since the last time. */
  async sync(withExpunges: boolean): Promise<void> {
    const { selected } = this;
    if (!selected || selected.syncedAt === selected.mailbox.highestModSeq) return;
    const { view, mailbox } = selected;
    const present = new Set(mailbox.messages);
    const known = new Set(view.map(({ message }) => message));
    if (withExpunges || view.every(({ message }) => present.has(message)))
      selected.syncedAt = mailbox.highestModSeq;
    if (withExpunges) await this.#tellExpunges(selected, present);
    const fresh = mailbox.messages.filter((message) => !known.has(message));
    if (fresh.length > 0) {
      for (const message of fresh) view.push({ message, modSeq: message.modSeq });
      await this.untagged(`${view.length} EXISTS`);
    }
    for (const [at, seen] of view.entries()) {
      if (seen.modSeq === seen.message.modSeq) continue;
      seen.modSeq = seen.message.modSeq;
      await this.untagged(`${at + 1} FETCH (${this.flagsItem(seen.message)})`);
    }
  }

  async #tellExpunges({ view }: Selected, present: ReadonlySet<StoredMessage>): Promise<void> {
    for (let at = view.length - 1; at >= 0; at--) {
      if (present.has((view[at] as Seen).message)) continue;
      view.splice(at, 1);
      await this.untagged(`${at + 1} EXPUNGE`);
    }
  }

  /** FLAGS with UID, and MODSEQ once the client shows that it knows of it, RFC 7162 §3.2. */
  flagsItem({ uid, flags, modSeq }: StoredMessage): string {
    const more = this.enabled.has('CONDSTORE') ? ` MODSEQ (${modSeq})` : '';
    return `UID ${uid} FLAGS (${[...flags].join(' ')})${more}`;
  }

  async #greet(): Promise<void> {
    const { preauth } = this.options;
    if (preauth !== undefined) this.login(preauth);
    const greeting = preauth === undefined ? 'OK IMAP4rev1 ready' : `PREAUTH Hello ${preauth}`;
    await greet(this.session, this.context, `* ${greeting}`);
  }

  /** A command line with its literals, RFC 9051 §4.3; each literal that waits for it gets a continuation request. */
  async #readCommand(): Promise<string | undefined> {
    let text = '';
    for (;;) {
      const line = await (text === ''
        ? nextCommand(this.session, this.context)
        : this.session.line());
      if (line === undefined) return undefined;
      text += line;
      const literal = /\{(\d{1,15})(\+?)\}$/.exec(line);
      if (!literal) return text;
      const size = Number(literal[1]);
      const limit =
        this.state === 'not-authenticated'
          ? literalBeforeLogin
          : (this.options.maxLiteralOctets ?? defaultMaxLiteral);
      if (text.length + size > limit) {
        if (literal[2]) return this.#bye('That literal is too big');
        await this.session.reply(`${text.split(' ')[0]} NO [TOOBIG] That literal is too big`);
        text = '';
        continue;
      }
      if (!literal[2]) await this.continuation('Go on');
      text += `\r\n${(await this.session.octets(size)).toString('latin1')}`;
    }
  }

  async #bye(why: string): Promise<never> {
    await this.untagged(`BYE ${why}`);
    await this.session.end();
    throw new SessionEnded(why);
  }

  async #dispatch(text: string): Promise<void> {
    const match = /^([^\s(){%*"\\+]+) (?:(UID) )?([^\s]+) ?/i.exec(text);
    if (!match) return this.untagged('BAD That is no command');
    const [start, tag = '', uid, verb = ''] = match;
    this.tag = tag;
    const name = `${uid ? 'UID ' : ''}${verb.toUpperCase()}`;
    const outcome = await this.#run(name, text.slice(start.length));
    await this.sync(!numbered.has(name));
    const response = `${tag} ${outcome}`;
    if (name === 'STARTTLS' && outcome.startsWith('OK'))
      return this.session.startTls(outcome, `${tag} `);
    const octets = Buffer.from(`${response}\r\n`, 'latin1');
    if (this.#answer === undefined) await this.session.write(octets);
    else this.#answer.tagged = octets;
  }

  /** The tagged response without its tag. */
  async #run(name: string, line: string): Promise<string> {
    const command = this.context.shows(name) ? commands[name] : undefined;
    if (!command) return 'BAD Unknown command';
    if (!command.states.includes(this.state)) return `BAD Not in the state ${this.state}`;
    try {
      return (await command.run(this, command.raw ? [] : parseArguments(line), line)) ?? 'OK Done';
    } catch (error) {
      if (error instanceof Refusal) return error.message;
      throw error;
    }
  }
}
