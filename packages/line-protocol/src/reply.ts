/**
 * Three-digit replies: FTP (RFC 959 §4.2), SMTP (RFC 5321 §4.2.1) and NNTP (RFC 3977 §3.2).
 *
 * They differ in how a reply of several lines ends, so the shape is named by who reads.
 */
import { type ErrorContext, escapeText, type ServerReply } from 'tls-context-core';
import type { Wait } from './deadline.js';
import { decodeText } from './decode-text.js';
import type { LineConnection } from './line-connection.js';

/**
 * `smtp`: every line carries the code. `ftp`: lines between the first and the last are free text.
 * `nntp`: one line; bodies are read by the command that knows the code.
 */
export type ReplyStyle = 'ftp' | 'smtp' | 'nntp';

export class Reply {
  readonly code: number;
  /** The lines without code and separator, each character an octet. */
  readonly lines: readonly string[];
  constructor(code: number, lines: readonly string[]) {
    this.code = code;
    this.lines = lines;
  }
  /** All lines, decoded (UTF-8, else Latin-1) and joined by line feeds. */
  get text(): string {
    return decodeText(this.lines.join('\n'));
  }
  /** The first digit: 1 preliminary, 2 done, 3 go on, 4 try later, 5 no. */
  get class(): number {
    return Math.floor(this.code / 100);
  }
}

/**
 * A reply as errors carry it: lines joined by line feeds, everything else that could harm a terminal escaped. The
 * enhanced status code (RFC 2034) is taken off where there is one.
 */
export function serverReply(reply: Reply): ServerReply {
  const [first = ''] = reply.lines;
  const enhanced = enhancedCode(first);
  if (reply.lines.length === 1 && first.length <= plainLength && /^[\x20-\x7e]*$/.test(first)) {
    const text = enhanced === undefined ? first : first.slice(enhanced.length + 1);
    return enhanced === undefined
      ? { code: reply.code, text }
      : { code: reply.code, enhanced, text };
  }
  const lines = reply.lines.map((line) =>
    escapeText(
      decodeText(
        enhanced !== undefined && line.startsWith(enhanced)
          ? line.slice(enhanced.length + 1)
          : line,
      ),
    ),
  );
  return {
    code: reply.code,
    ...(enhanced === undefined ? {} : { enhanced }),
    text: lines.slice(0, shownLines).join('\n'),
  };
}

/** A line of printable ASCII up to so many characters is shown as it is. */
const plainLength = 300;

function enhancedCode(line: string): string | undefined {
  if (line.charCodeAt(1) !== DOT) return undefined;
  const end = line.indexOf(' ');
  const word = end < 0 ? line : line.slice(0, end);
  return /^[245]\.\d{1,3}\.\d{1,3}$/.test(word) ? word : undefined;
}

const DOT = 46;

/** More lines than this are no explanation any more. */
const shownLines = 1_000;

/** Collects lines into one reply. Pure: give it lines, it says when the reply is whole, or what is wrong. */
export class ReplyParser {
  #style: ReplyStyle;
  #code = -1;
  #lines: string[] = [];
  constructor(style: ReplyStyle) {
    this.#style = style;
  }

  /** True between replies. */
  get isEmpty(): boolean {
    return this.#code < 0;
  }

  /** True between replies for an empty line, which means nothing: some servers end a reply in one line end too many. */
  passesOver(line: string): boolean {
    return line === '' && this.#code < 0;
  }

  /** @returns the reply when this line ends it, `undefined` when more must come, a string that says what is wrong. */
  push(line: string): Reply | undefined | string {
    const code = codeOf(line);
    const separator = line[3];
    if (this.#code < 0) {
      if (code < 0) return 'a three-digit reply code';
      if (this.#style === 'nntp')
        return separator === undefined || separator === ' ' || separator === '\t'
          ? single(code, line)
          : 'a space';
      if (separator === undefined || separator === ' ') return single(code, line);
      if (separator !== '-') return 'a space or hyphen after the reply code';
      this.#code = code;
      this.#lines.push(line.slice(4));
      return undefined;
    }
    const ends = code === this.#code && (separator === ' ' || separator === undefined);
    if (this.#style === 'smtp') {
      if (code !== this.#code) return `reply code ${this.#code} on every line of the reply`;
      if (!ends && separator !== '-') return 'a space or hyphen after the reply code';
      this.#lines.push(line.slice(4));
    } else {
      const numbered = code === this.#code && (ends || separator === '-');
      this.#lines.push(numbered ? line.slice(4) : line);
    }
    return ends ? new Reply(this.#code, this.#lines) : undefined;
  }
}

/** The next reply. A malformed one, or one beyond the limits, ends the connection. */
export async function readReply(
  connection: LineConnection,
  style: ReplyStyle,
  wait: Wait,
): Promise<Reply> {
  const reader = new ReplyReader(connection, style);
  for (;;) {
    const reply = reader.take(wait);
    if (reply !== undefined) return reply;
    await connection.fill(wait);
  }
}

/** Takes replies out of what has come, for a caller that waits for more itself. */
export class ReplyReader {
  #connection: LineConnection;
  #style: ReplyStyle;
  #parser: ReplyParser;
  #octets = 0;
  /** Of the reply that is not whole yet, as they came. */
  #lines: string[] = [];

  constructor(connection: LineConnection, style: ReplyStyle) {
    this.#connection = connection;
    this.#style = style;
    this.#parser = new ReplyParser(style);
  }

  /** The next reply, `undefined` while it is incomplete. */
  take(wait: Wait): Reply | undefined {
    const connection = this.#connection;
    const where = wait as ErrorContext; // of which errors take what they know
    for (
      let line = connection.takeLine(where);
      line !== undefined;
      line = connection.takeLine(where)
    ) {
      this.#octets += line.length + 2;
      if (this.#octets > connection.limits.replyOctets)
        throw connection.exceeded('replyOctets', connection.limits.replyOctets, where);
      // A reply of one line, as most are.
      const code = this.#parser.isEmpty && line.charCodeAt(3) === SPACE ? codeOf(line) : -1;
      if (code >= 0) {
        this.#octets = 0;
        return single(code, line);
      }
      // The go-ahead to TLS is exact: what comes before it may not be the server's word.
      if (wait.phase !== 'starttls' && this.#parser.passesOver(line)) continue;
      const reply = this.#parser.push(line);
      if (typeof reply === 'string') throw connection.malformed(reply, line, where);
      if (reply === undefined) {
        this.#lines.push(line);
        continue;
      }
      this.#begin();
      return reply;
    }
    return undefined;
  }

  /**
   * Lines of the reply that is not whole yet that would be its last, did their code not differ from the first one's (glFTPd): the codes,
   * as they came.
   */
  get otherEnds(): number[] {
    return this.#lines.slice(1).filter(isLast).map(codeOf);
  }

  /** What has come, where any code ends a reply: the replies, each by the code that it began with. */
  endByAnyCode(): Reply[] {
    const replies: Reply[] = [];
    let code = -1;
    let lines: string[] = [];
    for (const line of this.#lines) {
      if (code < 0) code = codeOf(line);
      lines.push(codeOf(line) < 0 ? line : line.slice(4));
      if (code < 0 || !isLast(line)) continue;
      replies.push(new Reply(code, lines));
      code = -1;
      lines = [];
    }
    this.#begin();
    return replies;
  }

  #begin(): void {
    this.#parser = new ReplyParser(this.#style);
    this.#lines = [];
    this.#octets = 0;
  }
}

const SPACE = 32;

const isLast = (line: string): boolean => line.charCodeAt(3) === SPACE && codeOf(line) >= 0;

const single = (code: number, line: string): Reply => new Reply(code, [line.slice(4)]);

/** 100 to 599 (a server may invent codes within a class), or -1. */
function codeOf(line: string): number {
  const first = line.charCodeAt(0) - 48;
  const second = line.charCodeAt(1) - 48;
  const third = line.charCodeAt(2) - 48;
  const digits = first >= 1 && first <= 5 && second >= 0 && second <= 9 && third >= 0 && third <= 9;
  return digits ? first * 100 + second * 10 + third : -1;
}
