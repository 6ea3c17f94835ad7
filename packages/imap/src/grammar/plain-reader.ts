/**
 * The terminals of RFC 9051 §9 in just the form that the grammar gives them, which is what servers send in all but a few rows:
 * one space between values, nothing missing, nothing in excess. Strings are found by `indexOf`, and nothing is counted.
 *
 * Whatever deviates throws {@link notPlain}: then the lexer reads the same octets again, forgives, and notes what it forgave.
 */
import type { Frame, FrameLiteral } from './frame.js';
import {
  backslash,
  close,
  type FrameSlice,
  firstAtOrAfter,
  type GrammarLimits,
  isDigit,
  open,
  quote,
  sp,
} from './lexer.js';
import { notPlain, plainList } from './plain-tokens.js';

const endsValue = (octet: number): boolean => octet === sp || octet === close;

export class PlainReader {
  readonly text: string;
  pos: number;
  #levels: number;
  readonly #literals: readonly FrameLiteral[];
  /** The first literal that can still come, and where it begins: a string has to end before. */
  #literal = 0;
  #border: number;
  /** The first backslash that can still come: a string before it has no escapes. */
  #backslash = -1;

  readonly #frame: Frame;
  readonly #limits: GrammarLimits;

  constructor(frame: Frame, start: number, limits: GrammarLimits) {
    const { text, literals } = frame;
    this.text = text;
    this.pos = start;
    this.#frame = frame;
    this.#limits = limits;
    this.#levels = limits.depth;
    this.#literals = literals;
    this.#border = literals[0]?.at ?? text.length;
  }

  /** The octet at hand; NaN at the end. */
  peek(): number {
    return this.text.charCodeAt(this.pos);
  }

  open(): void {
    if (this.text.charCodeAt(this.pos++) !== open || --this.#levels < 0) throw notPlain;
  }

  close(): void {
    if (this.text.charCodeAt(this.pos++) !== close) throw notPlain;
    this.#levels++;
  }

  space(): void {
    if (this.text.charCodeAt(this.pos++) !== sp) throw notPlain;
  }

  /** Whether another value follows before the list ends; steps over the space before it. */
  more(): boolean {
    const octet = this.peek();
    if (octet === close) return false;
    if (octet !== sp) throw notPlain;
    this.pos++;
    return true;
  }

  /** string = quoted / literal */
  string(): string {
    const { text } = this;
    const start = this.pos + 1;
    if (text.charCodeAt(start - 1) !== quote) return this.#literalText();
    const end = text.indexOf('"', start);
    if (this.#backslash < start) this.#backslash = this.#findBackslash(start);
    if (end > this.#backslash) return this.#escaped(start);
    if (end < 0 || end > this.#border || !endsValue(text.charCodeAt(end + 1))) throw notPlain;
    this.pos = end + 1;
    return text.slice(start, end);
  }

  /** A list, split into its values, which are read when they are asked for. */
  list(): FrameSlice {
    if (this.peek() !== open) throw notPlain;
    const { slice, end } = plainList(this.#frame, this.pos, this.#limits, this.#levels);
    this.pos = end;
    if (end > this.#border) {
      this.#literal = firstAtOrAfter(this.#literals, end);
      this.#border = this.#literals[this.#literal]?.at ?? this.text.length;
    }
    return slice;
  }

  /** An atom, which ends at a space. */
  word(): string {
    const end = this.text.indexOf(' ', this.pos);
    if (end < 0) throw notPlain;
    const word = this.text.slice(this.pos, end);
    this.pos = end + 1;
    return word;
  }

  /** The text from here to the next `octet`, inclusive, without stepping over it; `undefined` where a literal or no such octet is in it. */
  upTo(octet: number): string | undefined {
    const end = this.text.indexOf(String.fromCharCode(octet), this.pos);
    return end < 0 || end > this.#border || this.#levels < 1
      ? undefined
      : this.text.slice(this.pos, end + 1);
  }

  /** number = 1*DIGIT, at most 2^53−1. */
  number(): number {
    const { text } = this;
    let { pos } = this;
    let value = 0;
    for (; ; pos++) {
      const digit = text.charCodeAt(pos) - 48;
      if (!(digit >= 0 && digit <= 9)) break;
      value = value * 10 + digit;
    }
    const fits = pos > this.pos && value <= Number.MAX_SAFE_INTEGER;
    if (!fits || !endsValue(text.charCodeAt(pos))) throw notPlain;
    this.pos = pos;
    return value;
  }

  /** Digits as they stand, for numbers beyond 2^53−1. */
  digits(): string {
    const { text, pos } = this;
    let end = pos;
    while (isDigit(text.charCodeAt(end))) end++;
    if (end === pos || !endsValue(text.charCodeAt(end))) throw notPlain;
    this.pos = end;
    return text.slice(pos, end);
  }

  /** A quoted string with `\"` and `\\` in it. */
  #escaped(start: number): string {
    const { text } = this;
    let end: number;
    do {
      const escaped = text.charCodeAt(this.#backslash + 1);
      if (escaped !== quote && escaped !== backslash) throw notPlain;
      end = text.indexOf('"', this.#backslash + 2);
      this.#backslash = this.#findBackslash(this.#backslash + 2);
    } while (end > this.#backslash);
    if (end < 0 || end > this.#border || !endsValue(text.charCodeAt(end + 1))) throw notPlain;
    this.pos = end + 1;
    return text.slice(start, end).replace(/\\(["\\])/g, '$1');
  }

  #findBackslash(from: number): number {
    const found = this.text.indexOf('\\', from);
    return found < 0 ? this.text.length : found;
  }

  /** A literal, stepped over. */
  literal(): FrameLiteral {
    const literal = this.#literals[this.#literal];
    if (literal?.at !== this.pos) throw notPlain;
    this.#literal++;
    if (!endsValue(this.text.charCodeAt(literal.end))) throw notPlain;
    this.#border = this.#literals[this.#literal]?.at ?? this.text.length;
    this.pos = literal.end;
    return literal;
  }

  #literalText(): string {
    const { octets } = this.literal();
    if (octets === undefined) throw notPlain;
    return octets.toString('latin1');
  }
}
