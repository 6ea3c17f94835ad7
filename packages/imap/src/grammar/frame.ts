/**
 * A frame is one whole response: its lines joined, its literals beside it (RFC 9051 §2.2.2, §4.3).
 *
 * `* 1 FETCH (BODY[] {5}⏎hello UID 7)⏎` becomes the text `* 1 FETCH (BODY[] {5} UID 7)` and one literal that stands at
 * its `{`. Framing needs no grammar, so a response that makes no sense never puts us out of step with the server; and
 * a literal of many octets can go elsewhere (a stream) while the text stays small.
 */

import { withoutTabs } from './blanks.js';

export interface FrameLiteral {
  /** Where its `{` stands in the text. */
  readonly at: number;
  /** Where the text goes on: behind the `}`. */
  readonly end: number;
  /** How many octets the server announced. */
  readonly size: number;
  /** The octets, where they were kept; `undefined` where they went to a stream or were thrown away. */
  readonly octets: Buffer | undefined;
}

export interface Frame {
  /** Each character is one octet. */
  readonly text: string;
  readonly literals: readonly FrameLiteral[];
  /** How many lines were added to it although it seemed whole; see {@link FrameBuilder.reopen}. */
  readonly reopened?: number;
  /** How many responses stand before it in its line. */
  readonly place?: number;
  /** A literal of the response before it had taken its beginning. */
  readonly isTaken?: boolean;
}

/** What a line ends with, when it ends with a literal's announcement. */
export interface LiteralMark {
  readonly at: number;
  readonly size: number;
}

/**
 * literal = "{" number64 ["+"] "}" CRLF, literal8 = "~{" … (RFC 9051 §9, RFC 6855 §4)
 *
 * @returns where the announcement stands and how many octets follow the line; a size beyond 2^53−1 comes as Infinity.
 */
export function literalMark(line: string): LiteralMark | undefined {
  let i = line.length - 1;
  if (line.charCodeAt(i) !== closeBrace) return undefined;
  if (line.charCodeAt(i - 1) === plus) i--;
  const last = i;
  for (i--; i >= 0; i--) {
    const c = line.charCodeAt(i);
    if (c < zero || c > nine) break;
  }
  if (i < 0 || i + 1 === last || line.charCodeAt(i) !== openBrace) return undefined;
  const size = Number(line.slice(i + 1, last));
  return { at: i, size: Number.isSafeInteger(size) ? size : Number.POSITIVE_INFINITY };
}

/** Puts a frame together from its lines and literals. */
export class FrameBuilder {
  #text = '';
  #literals: FrameLiteral[] = [];
  #open = false;
  #reopened = 0;

  /**
   * Goes on with a frame that ended inside a quoted string: Exchange lets line breaks from headers through into them
   * (MailKit#485). The break itself stays in the text.
   */
  reopen(frame: Frame): void {
    this.#text = `${frame.text}\r\n`;
    this.#literals = [...frame.literals];
    this.#open = true;
    this.#reopened = (frame.reopened ?? 0) + 1;
  }

  /** A line without its CRLF. @returns the literal that it announces; without one the frame is whole. */
  line(line: string): LiteralMark | undefined {
    this.#open ||= this.#text === '' && mayHoldLiterals(line);
    // Some servers put a space at the end of every line.
    const mark = this.#open ? literalMark(endsInSpace(line) ? line.trimEnd() : line) : undefined;
    const at = this.#text.length;
    this.#text += line;
    return mark === undefined ? undefined : { at: mark.at + at, size: mark.size };
  }

  /** What became of the literal: its octets, or `undefined` when they are not kept. */
  literal(mark: LiteralMark, octets: Buffer | undefined): void {
    this.#literals.push({ at: mark.at, end: this.#text.length, size: mark.size, octets });
  }

  /** A literal has just ended: what is missing is the end of its response. */
  get isBehindLiteral(): boolean {
    return this.#literals.at(-1)?.end === this.#text.length && this.#text !== '';
  }

  /** What there is so far. */
  get text(): string {
    return this.#text;
  }

  /** The frame; the builder starts afresh. */
  finish(): Frame {
    const text = this.#text.includes('\t')
      ? withoutTabs(this.#text, !mayHoldLiterals(this.#text))
      : this.#text;
    const frame: Frame = { text, literals: this.#literals, reopened: this.#reopened };
    this.#text = '';
    this.#literals = [];
    this.#open = false;
    this.#reopened = 0;
    return frame;
  }
}

/**
 * Whether a response that starts with this line can hold literals. Status responses, tagged responses and continuation
 * requests end in free text: a `{9}` at their end is part of the text, and waiting for nine octets would hang.
 */
export function mayHoldLiterals(line: string): boolean {
  if (line.charCodeAt(0) !== star) return false;
  const first = line.charCodeAt(2);
  return (
    (first >= zero && first <= nine) || !/^\*[ \t]*(?:OK|NO|BAD|BYE|PREAUTH)(?:[ \t]|$)/i.test(line)
  );
}

/** Whether a line begins a response: `* …`, `+ …`, or a tag with its status. */
export const beginsResponse = (line: string): boolean =>
  /^(?:\*[ \t]|\+(?: |$)|\S+[ \t](?:OK|NO|BAD)(?:[ \t]|$))/i.test(line);

/** Whether a line behind a literal begins an untagged response: then that literal was announced too long, and took the end of its own. */
export const beginsUntagged = (line: string): boolean =>
  /^\*[ \t]+(?:\d+[ \t]+(?:(?:UID)?FETCH|EXISTS|RECENT|EXPUNGE)\b|(?:OK|NO|BAD|BYE|LIST|LSUB|STATUS|E?SEARCH|FLAGS|VANISHED|CAPABILITY)[ \t])/i.test(
    line,
  );

/**
 * Whether the literal at the end of this text is a message's body, which may be long and may be streamed:
 * the value of `BODY[…]`, `BINARY[…]`, `RFC822`, `RFC822.HEADER` or `RFC822.TEXT` in a FETCH response.
 */
export function isBodyLiteral(text: string, mark: LiteralMark): boolean {
  if (!/^\*[ \t]*\d+[ \t]+(?:UID)?FETCH[ \t]/i.test(text)) return false;
  const before = text.slice(Math.max(0, mark.at - longestSection), mark.at);
  return /[ \t(](?:(?:BODY|BINARY)(?:\.PEEK)?\[[^\]]*\](?:<\d+(?:\.\d+)?>)?|RFC822(?:\.HEADER|\.TEXT)?)[ \t]*~?$/i.test(
    before,
  );
}

/** Characters to look back for `BODY[HEADER.FIELDS (…)]`. */
const longestSection = 4_096;

const endsInSpace = (line: string): boolean => line.charCodeAt(line.length - 1) === sp;

const sp = 32;
const zero = 48;
const nine = 57;
const plus = 43;
const star = 42;
const openBrace = 123;
const closeBrace = 125;
