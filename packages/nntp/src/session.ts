/** What the commands share: the connection, its queue, what the server can, which group is selected, and the login. */
import {
  type CommandLine,
  commandLine,
  contextOf,
  createNotices,
  escapeText,
  type LineConnection,
  type Notices,
  type Phase,
  type Reply,
  ReplyQueue,
  ReplyReader,
  readDotNames,
  readReply,
  type Transport,
  type Turn,
  type Wait,
} from '@fivewire/line-protocol';
import { login } from './authenticate.js';
import { NntpCapabilities } from './capabilities.js';
import type { OverviewFormat } from './overview-row.js';
import { asksForOlder, needsLogin, refusal } from './response-codes.js';
import { Selection } from './selection.js';
import { type Event, meaning, next, type State } from './session-states.js';
import type { CallOptions, NntpLimits, NntpOptions } from './types.js';
import { isZipped, unzip, type Zipping } from './zipped.js';

export interface RunOptions extends CallOptions {
  /**
   * Whether later commands may follow before the response has come. Not where what they mean depends on it (GROUP),
   * nor where RFC 3977 forbids it.
   */
  pipelined?: boolean;
  /** What must be so on the server before the command goes out. */
  prepare?: (turn: Turn) => Promise<void> | undefined;
  phase?: Phase;
}

export class Session {
  readonly connection: LineConnection;
  readonly transport: Transport;
  readonly options: NntpOptions;
  readonly limits: NntpLimits;
  readonly queue: ReplyQueue;
  /** Between responses it holds nothing, so it serves for all. */
  readonly #replies: ReplyReader;
  readonly notices: Notices = createNotices();
  readonly selection: Selection = new Selection(this);
  capabilities: NntpCapabilities = new NntpCapabilities();
  /** What the greeting or MODE READER said about posting; `undefined` where neither has come since TLS came up. */
  postingSaid: boolean | undefined;
  /** LIST OVERVIEW.FMT, once it was needed. */
  overviewFormat: OverviewFormat | undefined;
  /** Commands of which this session has shown whether the server knows them: see {@link Session.firstKnown}. */
  readonly #verbs: Map<string, boolean> = new Map();
  /** Whether responses may come compressed one by one. */
  zipping: Zipping = { gzip: false, terminator: false };
  #state: State = 'opened';
  #logins = 0;
  #loggingIn: Promise<void> | undefined;

  constructor(
    connection: LineConnection,
    transport: Transport,
    options: NntpOptions,
    limits: NntpLimits,
  ) {
    this.connection = connection;
    this.transport = transport;
    this.options = options;
    this.limits = limits;
    this.#replies = new ReplyReader(connection, 'nntp');
    this.queue = new ReplyQueue(connection, {
      style: 'nntp',
      unsolicited: ({ code, text }) => {
        this.notices.push({ kind: String(code), text: escapeText(text, 500) });
        return code === 400 || code === 205 ? 'closing' : undefined;
      },
    });
    void connection.closed.then(() => this.notices.end());
  }

  /** What the state means. */
  get is(): (typeof meaning)[State] {
    return meaning[this.#state];
  }

  to(event: Event): void {
    this.#state = next(this.#state, event);
  }

  /** Whether COMPRESS is in effect. */
  get compressed(): boolean {
    return this.#state === 'compressed';
  }

  /** RFC 3977 §3.5 has every server take pipelined commands; `disable: ['PIPELINING']` is for those that don't. */
  get pipelined(): boolean {
    return !this.transport.disable.has('PIPELINING');
  }

  /** Sends a command and gives its response to `read`. A demand for a login (480) is met once. */
  run<T>(
    line: CommandLine,
    { signal, pipelined = false, prepare, phase = 'command', timeout }: RunOptions,
    read: (reply: Reply, wait: Wait) => T | Promise<T>,
  ): Promise<T> {
    const wait = this.wait(line.masked, phase, timeout);
    const attempt = (): Promise<T> =>
      this.queue.run(
        async (turn) => {
          await prepare?.(turn);
          const early = pipelined && this.pipelined;
          this.connection.send(line);
          if (early) turn.wrote();
          await turn.toRead();
          let reply = await this.readReply(wait);
          // No command has gone out behind this one yet: the login can be had here, before what depends on this command.
          if (reply.code === 480 && !early && this.canLogIn) {
            await this.#logInHere();
            this.connection.send(line);
            reply = await this.readReply(wait);
          }
          return read(reply, wait);
        },
        { signal, phase, command: line.masked },
      );
    return pipelined ? this.loggedIn(attempt) : attempt();
  }

  get postingAllowed(): boolean {
    return this.postingSaid ?? this.capabilities.has('POST');
  }

  async readReply(wait: Wait): Promise<Reply> {
    const reply = this.#bounded(await readReply(this.connection, 'nntp', wait), wait);
    if (isZipped(this.zipping, reply, wait.command)) await unzip(this, wait);
    return reply;
  }

  /** As {@link readReply} where it is here already and nothing has to be done about it. */
  takeReply(wait: Wait): Reply | undefined {
    if (this.zipping.gzip) return undefined;
    const reply = this.#replies.take(wait);
    return reply === undefined ? undefined : this.#bounded(reply, wait);
  }

  #bounded(reply: Reply, wait: Wait): Reply {
    const { responseOctets } = this.limits;
    if ((reply.lines[0] as string).length <= responseOctets) return reply;
    throw this.connection.exceeded('responseOctets', responseOctets, contextOf(wait));
  }

  wait(command: string, phase: Phase, timeout: number | undefined): Wait {
    return { phase, timeout: timeout ?? this.transport.timeouts.reply, command };
  }

  /** The error for a response that is no success. */
  refused(reply: Reply, command: string): Error {
    return refusal(this.connection, reply, command);
  }

  /** Asks the server what it can, in a turn of its own. */
  async readCapabilities(phase: Phase = this.is.phase): Promise<void> {
    if (this.transport.disable.has('CAPABILITIES')) return;
    await this.queue.run(
      async (turn) => {
        await turn.toRead();
        await this.#askCapabilities(phase);
      },
      { phase, command: 'CAPABILITIES' },
    );
  }

  /** A server that refuses leaves everything unknown: 400, 480 and 500 all have been seen. */
  async #askCapabilities(phase: Phase): Promise<void> {
    if (this.transport.disable.has('CAPABILITIES')) return;
    const line = commandLine('CAPABILITIES');
    this.connection.send(line);
    const wait = this.wait(line.masked, phase, undefined);
    const reply = await this.readReply(wait);
    this.capabilities =
      reply.code === 101
        ? new NntpCapabilities(
            await readDotNames(this.connection, wait, this.notices),
            this.transport.disable,
          )
        : new NntpCapabilities();
  }

  /** Whether AUTHINFO may be sent, or is under way: then that login is for all that wait for one. */
  get canLogIn(): boolean {
    return this.options.auth !== undefined && (this.is.mayLogIn || this.is.loggingIn);
  }

  /** How often we have logged in: what was refused for want of a login before the last one needs no other. */
  get logins(): number {
    return this.#logins;
  }

  /** Runs `work`; where it is refused for want of a login, logs in and runs it once more. */
  async loggedIn<T>(work: () => Promise<T>): Promise<T> {
    const logins = this.#logins;
    try {
      return await work();
    } catch (error) {
      if (!needsLogin(error) || !this.canLogIn) throw error;
      if (this.#logins === logins) await this.logIn();
      return await work();
    }
  }

  /**
   * A command and its older form, the likelier first: servers leave out of CAPABILITIES what they have. Where the command is promised
   * there, a refusal means what it says.
   */
  likeliest<V extends string>(verb: V, older: V): V[] {
    const { capabilities } = this;
    if (capabilities.has(verb)) return [verb];
    return capabilities.known ? [older, verb] : [verb, older];
  }

  /**
   * Asks by the first of several commands for one thing that the server knows.
   * @throws the refusal of the first one where none is known
   */
  async firstKnown<V extends string, T>(
    verbs: readonly V[],
    ask: (verb: V) => Promise<T>,
  ): Promise<T> {
    const known = verbs.filter((verb) => this.#verbs.get(verb) !== false);
    // What was refused before a login may be promised after it.
    const may = known.length > 0 ? known : verbs;
    let refusal: unknown;
    for (const [i, verb] of may.entries()) {
      try {
        const answer = await ask(verb);
        this.#verbs.set(verb, true);
        for (const refused of may.slice(0, i)) this.#verbs.set(refused, false);
        return answer;
      } catch (error) {
        if (!asksForOlder(error) || this.#verbs.get(verb) === true) throw error;
        refusal ??= error;
      }
    }
    throw refusal;
  }

  /** AUTHINFO in a turn of its own. Calls that need it at once share it. */
  logIn(): Promise<void> {
    const logins = this.#logins;
    this.#loggingIn ??= this.queue
      .run(
        async (turn) => {
          await turn.toRead();
          // A command before this one may have had it meanwhile, in its own turn.
          if (logins === this.#logins) await this.#logInHere();
        },
        { phase: 'auth', command: 'AUTHINFO' },
      )
      .finally(() => {
        this.#loggingIn = undefined;
      });
    return this.#loggingIn;
  }

  async #logInHere(): Promise<void> {
    this.to('login');
    try {
      await login(this);
    } catch (error) {
      this.to('login-refused');
      throw error;
    }
    this.to('login-accepted');
    this.#logins++;
    await this.#askCapabilities('capabilities');
  }
}
