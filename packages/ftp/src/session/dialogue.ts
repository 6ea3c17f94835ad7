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
  type Reply,
  readReply,
  type Secret,
} from '@fivewire/line-protocol';
import { rejected } from './failures.js';
import { answers } from './reply-codes.js';

/** Longer than RFC 959 says, for paths are long; arguments are bounded before they come here. */
const lineLimit = 16_384;

/** Replies ahead of the one that is waited for. Generous: a server may announce each of the files that it works on. */
const mostAhead = 1_000;

/** A command whose arguments are octet strings. Refuses CR, LF and NUL in them. */
export function command(verb: string, ...args: (string | Secret)[]): CommandLine {
  return commandLine(verb, args, { encoding: 'latin1', limit: lineLimit });
}

/** For whoever has the connection to himself: writes, then reads the replies in the order of the commands. */
export class Dialogue {
  readonly connection: LineConnection;
  /** Whether the work that has this dialogue ends by itself when its call is aborted. */
  settlesAborts = false;
  readonly #timeout: number;
  readonly #phase: Phase;

  /** @param timeout the longest wait for a reply */
  constructor(connection: LineConnection, timeout: number, phase: Phase = 'command') {
    this.connection = connection;
    this.#timeout = timeout;
    this.#phase = phase;
  }

  send(...lines: CommandLine[]): void {
    this.connection.send(...lines);
  }

  /** The next reply, whatever command it answers. 421 (and a goodbye in its place) ends the connection. */
  async next(line: CommandLine, timeout: number = this.#timeout): Promise<Reply> {
    const wait = { phase: this.#phase, timeout, command: line.masked };
    const reply = await readReply(this.connection, 'ftp', wait);
    if (reply.code === 421) {
      throw this.connection.serverClosing(reply.text, {
        phase: this.#phase,
        command: line.masked,
      });
    }
    return reply;
  }

  /** The next reply to `line`, preliminary or not. What answers another command is a notice. */
  async reply(line: CommandLine, timeout: number = this.#timeout): Promise<Reply> {
    for (let ahead = 0; ahead <= mostAhead; ahead++) {
      const reply = await this.next(line, timeout);
      if (reply.class === 1 || answers(line, reply)) return reply;
      noteReply(this.connection, reply);
    }
    throw this.#endless(line);
  }

  /**
   * The next reply to `line` that is not preliminary. RFC 959 §4.2 has one of those at most ahead of it; a server that says
   * nothing else would keep the caller for ever.
   */
  async final(line: CommandLine, timeout: number = this.#timeout): Promise<Reply> {
    for (let ahead = 0; ahead <= mostAhead; ahead++) {
      const reply = await this.reply(line, timeout);
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
    this.send(line);
    return this.final(line);
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
