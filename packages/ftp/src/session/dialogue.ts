/** One command after the other on the control connection: RFC 959 §5.4 says which replies may follow. */
import {
  type CommandLine,
  commandLine,
  createNotices,
  decodeText,
  escapeText,
  type LineConnection,
  type Notices,
  type Phase,
  Reply,
  ReplyReader,
  readReply,
  type Secret,
  type Wait,
} from '@fivewire/line-protocol';
import { rejected } from './failures.js';
import { answers, answersOrRefuses, inEffect } from './reply-codes.js';
import { type Strays, straysOf } from './strays.js';

/** Longer than RFC 959 says, for paths are long; arguments are bounded before they come here. */
const lineLimit = 16_384;

/** Replies ahead of the one that is waited for. Generous: a server may announce each of the files that it works on. */
const mostAhead = 1_000;

/** How long a server may keep silent behind another command's reply before a mark is asked for. It decides nothing but speed. */
const patience = 500;

/** A command of harmless effect whose reply no other's can be: PWD, and SYST where 257 is an answer. */
interface Mark {
  readonly line: CommandLine;
  readonly code: number;
}

/** A command whose arguments are octet strings. Refuses CR, LF and NUL in them. */
export function command(verb: string, ...args: (string | Secret)[]): CommandLine {
  const line = commandLine(verb, args, { encoding: 'latin1', limit: lineLimit });
  const masked = decodeText(line.masked); // for those who read errors and logs
  return masked === line.masked ? line : { ...line, masked };
}

/** For the call that has the connection to itself: writes, then reads the replies in the order of the commands. */
export class Dialogue {
  readonly connection: LineConnection;
  /** Whether the work that has this dialogue ends by itself when its call is aborted. */
  settlesAborts = false;
  /** The longest wait for a reply, in milliseconds. */
  readonly timeout: number;
  readonly #phase: Phase;
  readonly #strays: Strays;
  /** Whether silence says nothing about the answer: octets are under way. */
  #isMoving = false;
  /** What is waited for. */
  #awaited: CommandLine | undefined;
  #timer: NodeJS.Timeout | undefined;
  /** Sent, and not answered. */
  #mark: Mark | undefined;
  /** Commands of this dialogue whose last reply has not been read; of a transfer's commands some are not counted off. */
  #unanswered = 0;

  /** @param timeout the longest wait for a reply */
  constructor(connection: LineConnection, timeout: number, phase: Phase = 'command') {
    this.connection = connection;
    this.timeout = timeout;
    this.#phase = phase;
    this.#strays = straysOf(connection);
  }

  /** Data moves from now on, or no longer: only then may silence be the sign of an answer that was given. */
  set isMoving(moves: boolean) {
    this.#isMoving = moves;
    this.#watch();
  }

  send(...lines: CommandLine[]): void {
    this.#unanswered += lines.length;
    this.connection.send(...lines);
  }

  /** The next reply, whatever command it answers. 421 (and a goodbye in its place) ends the connection. */
  async next(line: CommandLine, timeout: number = this.timeout): Promise<Reply> {
    const wait = { phase: this.#phase, timeout, command: line.masked };
    const reply = rest(this.connection).shift() ?? (await this.#read(wait));
    if (reply.code === 421) {
      throw this.connection.serverClosing(reply.text, {
        phase: this.#phase,
        command: line.masked,
      });
    }
    return reply;
  }

  /**
   * A reply that is not whole, and has a line that would be its last one did the codes not differ, is asked about by NOOP, when nothing
   * more comes: RFC 959 §4.2 has such lines indented where they are text, and glFTPd ends replies so.
   */
  async #read(wait: Wait): Promise<Reply> {
    const { connection } = this;
    const reader = new ReplyReader(connection, 'ftp');
    /** How many there were when NOOP was sent. */
    let asked: number | undefined;
    for (;;) {
      const reply = reader.take(wait);
      if (reply !== undefined) {
        if (asked !== undefined) await readReply(connection, 'ftp', wait); // it was slow, and NOOP's answer follows
        return reply;
      }
      const ends = reader.otherEnds;
      const answer = asked !== undefined && ends.length > asked ? (ends.at(-1) ?? 0) : 0;
      if (answer === 200 || answer >= 500) {
        const [first, ...others] = reader.endByAnyCode();
        rest(connection).push(...others.slice(0, -1)); // the last one is NOOP's
        if (first !== undefined) return first;
      }
      const ask = (): void => {
        if (!connection.isOpen) return;
        asked = ends.length;
        connection.send(noop);
      };
      const mayAsk =
        asked === undefined && this.#phase !== 'starttls' && this.#phase !== 'greeting';
      const timer = mayAsk && ends.length > 0 ? setTimeout(ask, patience) : undefined;
      await connection.fill(wait).finally(() => clearTimeout(timer));
    }
  }

  /** As `next`, with what was read on the way to a mark ahead. */
  async nextOfAny(line: CommandLine): Promise<Reply> {
    return this.#strays.next() ?? (await this.next(line));
  }

  /**
   * The next reply to `line`, preliminary or not. What answers another command is a notice.
   *
   * @param isAnswer where other codes than the command's own are wanted, too
   */
  async reply(
    line: CommandLine,
    timeout: number = this.timeout,
    isAnswer: typeof answers = answers,
  ): Promise<Reply> {
    for (let ahead = 0; ahead <= mostAhead; ahead++) {
      const reply = inEffect(line, await this.#nextOrSettled(line, timeout));
      if (reply.class === 1) return reply;
      if (isAnswer(line, reply) || this.#strays.areAnswers(line, reply)) {
        this.#unanswered -= 1;
        return reply;
      }
      noteReply(this.connection, reply);
      this.#strays.add(reply);
    }
    throw this.#endless(line);
  }

  /** The next reply; where only another command's came and then nothing, what a mark shows to have been the answer. */
  async #nextOrSettled(line: CommandLine, timeout: number): Promise<Reply> {
    const kept = this.#strays.next();
    if (kept !== undefined) return kept;
    this.#awaited = line;
    this.#watch();
    const came: Reply[] = [];
    try {
      let reply = await this.next(line, timeout);
      while (this.#mark !== undefined && reply.code !== this.#mark.code) {
        came.push(reply);
        reply = await this.next(this.#mark.line, timeout);
      }
      if (this.#mark === undefined) return reply;
      this.#mark = undefined;
      this.#unanswered -= 1;
      return this.#strays.settle(line, came) ?? reply;
    } finally {
      clearTimeout(this.#timer);
      this.#awaited = undefined;
    }
  }

  #watch(): void {
    clearTimeout(this.#timer);
    const line = this.#awaited;
    if (line === undefined || this.#isMoving || this.#mark !== undefined || !this.#strays.any)
      return;
    this.#timer = setTimeout(() => {
      if (!this.connection.isOpen) return;
      this.#mark = answersWithPath(line) ? syst : pwd;
      this.send(this.#mark.line);
    }, patience);
  }

  /**
   * The next reply to `line` that is not preliminary. RFC 959 §4.2 has one of those at most ahead of it; a server that says
   * nothing else would keep the caller for ever.
   */
  async final(
    line: CommandLine,
    timeout: number = this.timeout,
    isAnswer: typeof answers = answers,
  ): Promise<Reply> {
    for (let ahead = 0; ahead <= mostAhead; ahead++) {
      const reply = await this.reply(line, timeout, isAnswer);
      if (reply.class !== 1) return reply;
    }
    throw this.#endless(line);
  }

  #endless(line: CommandLine): Error {
    return this.connection.malformed('an end to the command', `${mostAhead} times "wait"`, {
      phase: this.#phase,
      command: line.masked,
    });
  }

  async ask(line: CommandLine): Promise<Reply> {
    this.#passOver();
    this.send(line);
    return this.final(line);
  }

  /** What has come while every command was answered is no command's: behind the next one it would be taken for its reply. */
  #passOver(): void {
    const { connection } = this;
    if (connection.buffered === 0 || this.#unanswered !== 0 || this.#phase !== 'command') return;
    connection.joinOctets();
    const octets = connection.peekOctets()?.toString('latin1') ?? '';
    if (!oneLineReplies.test(octets)) return;
    for (let line = connection.takeLine(); line !== undefined; line = connection.takeLine())
      noteReply(connection, new Reply(Number(line.slice(0, 3)), [line.slice(4)]));
  }

  /** As `ask`, right behind a transfer: its own refusal may come yet. */
  async askBehind(line: CommandLine): Promise<Reply> {
    this.send(line);
    return this.final(line, this.timeout, answersOrRefuses);
  }

  /** Asks, and takes nothing but success. */
  async demand(line: CommandLine): Promise<Reply> {
    return this.succeeded(await this.ask(line), line);
  }

  /** The reply if it is of class 2, or the error that it is. */
  succeeded(reply: Reply, line: CommandLine): Reply {
    if (reply.class === 2) return reply;
    if (reply.class === 3) {
      throw this.connection.malformed('an end to the command', `${reply.code} ${reply.text}`, {
        command: line.masked,
      });
    }
    throw this.connection.locate(rejected(reply, line.masked));
  }
}

/** Whole ones, and none that says goodbye. */
const oneLineReplies = /^(?:(?!421)[1-5]\d\d [^\n]*\n)+$/;

const noop = command('NOOP');

const restByConnection = new WeakMap<LineConnection, Reply[]>();

/** Replies that have been read already. */
function rest(connection: LineConnection): Reply[] {
  let replies = restByConnection.get(connection);
  if (replies === undefined) {
    replies = [];
    restByConnection.set(connection, replies);
  }
  return replies;
}

const pwd: Mark = { line: command('PWD'), code: 257 };
const syst: Mark = { line: command('SYST'), code: 215 };

const answersWithPath = ({ masked }: CommandLine): boolean =>
  /^(?:X?PWD|X?MKD|X?RMD|SITE)\b/.test(masked);

const noticesByConnection = new WeakMap<LineConnection, Notices>();

/** What the server says beside its answers. */
export function noticesOf(connection: LineConnection): Notices {
  let notices = noticesByConnection.get(connection);
  if (notices === undefined) {
    notices = createNotices();
    noticesByConnection.set(connection, notices);
  }
  return notices;
}

export function noteReply(connection: LineConnection, reply: Reply): void {
  const lines = reply.lines.map((line) => escapeText(decodeText(line), 1000));
  noticesOf(connection).push({ kind: String(reply.code), text: lines.join('\n') });
}
