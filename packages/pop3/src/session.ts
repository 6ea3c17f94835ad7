/** What the commands share: the connection, its queue, what the server can, and what is marked as deleted. */
import {
  type BodyDecoder,
  type CommandLine,
  commandLine,
  contextOf,
  createNotices,
  decodeText,
  escapeText,
  type LineConnection,
  type Notices,
  type Phase,
  ReplyQueue,
  readDotNames,
  TransferError,
  type Transport,
  type Turn,
  UsageError,
  type Wait,
  wordsOf,
} from '@fivewire/line-protocol';
import { Pop3Capabilities } from './capabilities.js';
import {
  commandError,
  type Response,
  readResponse,
  serverReply,
  strayMeaning,
  takeResponse,
} from './response.js';
import { type Event, meaning, next, type State } from './session-states.js';
import type { CallOptions, Pop3Limits, Pop3Options } from './types.js';

export class Session {
  readonly connection: LineConnection;
  readonly transport: Transport;
  readonly options: Pop3Options;
  readonly limits: Pop3Limits;
  readonly queue: ReplyQueue;
  readonly notices: Notices = createNotices();
  capabilities: Pop3Capabilities = new Pop3Capabilities();
  /** Messages marked as deleted, as far as we know: QUIT would remove them. */
  readonly marked: Set<number> = new Set();
  /** Whether UTF8 is in effect. */
  utf8 = false;
  /** Octets of each message as LIST has told them in this session. */
  readonly sizes: Map<number, number> = new Map();
  /** How often a message was of another length than LIST said: replies asked for before that may be those to other commands. */
  surprises = 0;
  #state: State = 'opened';
  /** What wants to know that QUIT has removed what was marked. */
  readonly onCommitted: Set<(numbers: readonly number[]) => unknown> = new Set();
  /** How many of them have been looked after: see {@link Session.settle}. */
  #settled = 0;
  /** The message that was the last of them. */
  #surprising = 0;
  /** The server has shown that it does not know STAT. */
  #lacksStat = false;

  constructor(
    connection: LineConnection,
    transport: Transport,
    options: Pop3Options,
    limits: Pop3Limits,
  ) {
    this.connection = connection;
    this.transport = transport;
    this.options = options;
    this.limits = limits;
    this.queue = new ReplyQueue(connection, {
      stray: (line) => {
        if (line === '') return 'noted';
        const [kind = ''] = line.split(' ', 1);
        this.notices.push({ kind, text: escapeText(decodeText(line), 500) });
        return strayMeaning(line);
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

  /**
   * RFC 2449 §6.8. Without it each command waits for the reply to the one before, as it does once a message had another
   * length than LIST said.
   */
  get pipelined(): boolean {
    return this.is.mayPipeline && this.capabilities.has('PIPELINING');
  }

  /** LIST has told the size of a message. */
  sized(number: number, octets: number): void {
    if (this.sizes.size < mostSizes) this.sizes.set(number, octets);
  }

  /** A message was of another length than LIST said. */
  surprised(number: number, problem: string): void {
    this.surprises++;
    this.#surprising = number;
    this.to('surprised');
    this.notices.push({ kind: 'length', text: problem });
  }

  /**
   * After a surprise, and before the next command goes out: that the next reply is the one to it, for nothing lies between. What does came
   * out of a message. In the command's own turn; not a promise where nothing is to be done.
   */
  settle(turn: Turn, timeout?: number): Promise<void> | undefined {
    return this.#isSettled ? undefined : this.#settle(turn, timeout);
  }

  get #isSettled(): boolean {
    return this.#settled === this.surprises;
  }

  async #settle(turn: Turn, timeout: number | undefined): Promise<void> {
    await turn.toRead(); // the work before this one may have done it
    if (this.#isSettled) return;
    const number = String(this.#surprising);
    const stat = (): Promise<boolean> => this.#shows(commandLine('STAT'), isStat, timeout);
    if (this.#lacksStat || !(await stat())) {
      const line = commandLine('LIST', [number]);
      const isRow = (text: string): boolean => wordsOf(text, 2)[0] === number;
      const isListed = await this.#shows(line, isRow, timeout);
      // A late reply to STAT can look like that row. In step, STAT is refused again.
      if (!isListed || !(this.#lacksStat || !(await stat())))
        throw this.connection.malformed('replies that fit STAT and LIST', 'a refusal', {
          command: line.masked,
        });
      this.#lacksStat = true;
    }
    this.#settled = this.surprises;
  }

  /** False for a refusal, which may be another command's. @throws RemoteProtocolError for what is no reply to this command */
  async #shows(
    line: CommandLine,
    isReply: (text: string) => boolean,
    timeout: number | undefined,
  ): Promise<boolean> {
    const { connection } = this;
    const command = line.masked;
    connection.send(line);
    const response = await this.readResponse(this.wait(command, 'command', timeout));
    const { buffered } = connection;
    if (buffered > 0)
      throw connection.malformed(`nothing after the reply to ${command}`, `${buffered} octets`, {
        command,
      });
    if (response.ok && !isReply(response.text))
      throw connection.malformed(`the reply to ${command}`, serverReply(response).text, {
        command,
      });
    return response.ok;
  }

  /** As {@link settle}, in a turn of its own: before anything is done on the strength of what was read. */
  async inStep({ signal, timeout }: CallOptions = {}): Promise<void> {
    if (this.#isSettled) return;
    await this.queue.run(async (turn) => this.settle(turn, timeout), {
      signal,
      phase: 'command',
      command: 'STAT',
    });
  }

  /** Sends a command and reads its status line, then what `read` takes. @throws CommandError for -ERR. */
  run<T>(
    line: CommandLine,
    { signal, timeout }: CallOptions,
    read: (response: Response, wait: Wait) => T | Promise<T>,
    phase: Phase = 'command',
  ): Promise<T> {
    return this.queue.run(
      async (turn) => {
        const settled = this.settle(turn, timeout);
        if (settled !== undefined) await settled;
        const { surprises } = this;
        this.connection.send(line);
        if (this.pipelined && phase === 'command') turn.wrote();
        await turn.toRead();
        const wait = this.wait(line.masked, phase, timeout);
        const response = await this.readResponse(wait);
        const isOurs = surprises === this.surprises;
        if (!response.ok && isOurs)
          throw this.connection.locate(commandError(response, line.masked), { phase });
        const result = response.ok ? await read(response, wait) : undefined;
        if (isOurs) return result as T;
        throw this.disowned(line.masked);
      },
      { signal, phase, command: line.masked },
    );
  }

  /** Asked for before a surprise: whose reply it was that has been read can't be known. */
  disowned(command: string): TransferError {
    return this.connection.locate(
      new TransferError(
        'ERR_TRANSFER_INCOMPLETE',
        'An earlier message was longer or shorter than LIST said, so that this reply may belong to another command',
        {
          connection: 'usable',
          retry: 'later',
          phase: 'transfer',
          command,
          hint: 'Ask again: commands go out one at a time now.',
        },
      ),
    );
  }

  /** Reads a body that is not wanted. */
  async drain(decoder: BodyDecoder, wait: Wait): Promise<void> {
    const { connection, limits } = this;
    let drained = 0;
    for (;;) {
      const octets = connection.peekOctets();
      if (octets === undefined) {
        await connection.fill(wait);
        continue;
      }
      const { used, done } = decoder.decode(octets);
      connection.consumeOctets(used);
      if (done) return;
      drained += used;
      if (drained > limits.messageOctets)
        throw connection.exceeded('messageOctets', limits.messageOctets, contextOf(wait));
    }
  }

  readResponse(wait: Wait): Promise<Response> {
    return readResponse(this.connection, wait, this.limits.responseOctets);
  }

  /** The status line, where it is here already. */
  takeResponse(command: string): Response | undefined {
    const where = { phase: 'command', command } as const;
    return takeResponse(this.connection, where, this.limits.responseOctets);
  }

  wait(command: string, phase: Phase, timeout: number | undefined): Wait {
    return { phase, timeout: timeout ?? this.transport.timeouts.reply, command };
  }

  /** Asks the server what it can. One that does not know CAPA leaves everything unknown. */
  async readCapabilities(phase: Phase = this.is.phase): Promise<boolean> {
    if (this.transport.disable.has('CAPA')) return false;
    const line = commandLine('CAPA');
    return this.queue.run(
      async (turn) => {
        this.connection.send(line);
        await turn.toRead();
        const wait = this.wait(line.masked, phase, undefined);
        const response = await this.readResponse(wait);
        if (!response.ok) return false;
        this.capabilities = new Pop3Capabilities(
          await readDotNames(this.connection, wait, this.notices),
          this.transport.disable,
        );
        return true;
      },
      { phase, command: line.masked },
    );
  }
}

/** Octets as a figure, or as words (`2 messages (320 octets)`): a form that shows whose reply it is, unlike the `+OK` to NOOP. */
const isStat = (text: string): boolean => /^\d+[ \t]+(?:-?\d|messages?\b)/.test(text);

/** More than that are not remembered. */
const mostSizes = 1_000_000;

/** message-number of RFC 1939 §5, as an argument. */
export function messageNumber(number: number): string {
  if (Number.isSafeInteger(number) && number >= 1) return String(number);
  throw new UsageError(
    'ERR_ARGUMENT',
    `A message number is a whole number from 1, not ${String(number)}`,
    {
      protocol: 'pop3',
      argument: 'number',
    },
  );
}
