/**
 * A parenthesised list in its plain form (see `plain-reader.ts`) as one flat run of its values: a loop that the compiler is soon through
 * with, in place of many small readers that it would have to put into each other.
 */
import type { Frame } from './frame.js';
import {
  backslash,
  close,
  endsValue,
  type FrameSlice,
  firstAtOrAfter,
  type GrammarLimits,
  open,
  quote,
  sp,
} from './lexer.js';

/** A value has another form; no error, for its reader has a second way. */
export const notPlain: unique symbol = Symbol('not in plain form');

/** A string, each character an octet; NIL; a number; `(`, true; `)`, false. */
export type Token = string | null | number | boolean;

/** The values of the list that is being read: used again for each. */
const shared: Token[] = [];
/** The array is not kept that had to hold more. */
const mostShared = 10_000;
/** A row that waits to be taken keeps no more of them: values are larger than their text. */
const mostKept = 500;

/** A list that was stepped over, with its values where they are few. */
export function plainList(
  frame: Frame,
  start: number,
  limits: GrammarLimits,
  levels: number,
): PlainList {
  const { count, end } = split(frame, start, levels);
  const tokens = count > mostKept ? undefined : shared.slice(0, count + 1);
  if (count > mostShared) shared.length = 0;
  return { slice: { frame, start, limits, tokens }, end };
}

export interface PlainList {
  slice: FrameSlice;
  end: number;
}

/** Reads a slice; `undefined` where it has another form. */
export function plainSlice<T>(slice: FrameSlice, read: (tokens: Tokens) => T): T | undefined {
  const { frame, start, limits, tokens } = slice;
  // A text of so many octets cannot hold more values than that.
  if (frame.text.length > limits.tokens) return undefined;
  try {
    if (tokens !== undefined) return read(new Tokens(tokens));
    split(frame, start, limits.depth);
    return read(new Tokens(shared));
  } catch (thrown) {
    if (thrown === notPlain) return undefined;
    throw thrown;
  } finally {
    if (shared.length > mostShared) shared.length = 0;
  }
}

export class Tokens {
  readonly list: readonly Token[];
  at = 0;

  constructor(list: readonly Token[]) {
    this.list = list;
  }

  open(): void {
    if (this.list[this.at++] !== true) throw notPlain;
  }

  close(): void {
    if (this.list[this.at++] !== false) throw notPlain;
  }

  get isOpen(): boolean {
    return this.list[this.at] === true;
  }

  /** Whether another value follows before the list ends. */
  get more(): boolean {
    return this.list[this.at] !== false;
  }

  get isNumber(): boolean {
    return typeof this.list[this.at] === 'number';
  }

  /** NIL, stepped over. */
  nil(): boolean {
    if (this.list[this.at] !== null) return false;
    this.at++;
    return true;
  }

  nstring(): string | null {
    const token = this.list[this.at++];
    if (typeof token === 'string' || token === null) return token;
    throw notPlain;
  }

  string(): string {
    const token = this.list[this.at++];
    if (typeof token === 'string') return token;
    throw notPlain;
  }

  number(): number {
    const token = this.list[this.at++];
    if (typeof token === 'number') return token;
    throw notPlain;
  }
}

/** Fills {@link shared}, with a `)` more than there are values. */
function split({ text, literals }: Frame, start: number, levels: number): Split {
  let pos = start;
  let count = 0;
  let depth = 0;
  let literal = literals.length === 0 ? 0 : firstAtOrAfter(literals, start);
  let border = literals[literal]?.at ?? text.length;
  let escapeAt = text.indexOf('\\', start);
  if (escapeAt < 0) escapeAt = text.length;
  do {
    const octet = text.charCodeAt(pos);
    if (octet === quote) {
      const end = text.indexOf('"', pos + 1);
      if (end > escapeAt) {
        const [value, after] = escapedString(text, pos + 1);
        shared[count++] = value;
        pos = after;
        escapeAt = text.indexOf('\\', pos);
        if (escapeAt < 0) escapeAt = text.length;
      } else {
        if (end < 0) throw notPlain;
        shared[count++] = text.slice(pos + 1, end);
        pos = end + 1;
      }
      if (pos > border || !endsValue(text.charCodeAt(pos))) throw notPlain;
    } else if (octet === sp) pos++;
    else if (octet === open) {
      if (++depth > levels) throw notPlain;
      shared[count++] = true;
      pos++;
    } else if (octet === close) {
      depth--;
      shared[count++] = false;
      pos++;
    } else if (octet >= zero && octet <= nine) {
      let value = octet - zero;
      for (pos++; ; pos++) {
        const digit = text.charCodeAt(pos) - zero;
        if (!(digit >= 0 && digit <= 9)) break;
        value = value * 10 + digit;
      }
      if (value > Number.MAX_SAFE_INTEGER || !endsValue(text.charCodeAt(pos))) throw notPlain;
      shared[count++] = value;
    } else if (octet === openBrace) {
      const found = literals[literal];
      if (found?.at !== pos || found.octets === undefined) throw notPlain;
      shared[count++] = found.octets.toString('latin1');
      pos = found.end;
      border = literals[++literal]?.at ?? text.length;
      if (!endsValue(text.charCodeAt(pos))) throw notPlain;
    } else {
      if (!isNil(text, pos) || !endsValue(text.charCodeAt(pos + 3))) throw notPlain;
      shared[count++] = null;
      pos += 3;
    }
  } while (depth > 0);
  shared[count] = false;
  return { count, end: pos };
}

interface Split {
  count: number;
  /** Where the list is over. */
  end: number;
}

/** NIL, in capitals or not: 0x20 is the bit that tells. */
const isNil = (text: string, pos: number): boolean =>
  (text.charCodeAt(pos) | 32) === 110 &&
  (text.charCodeAt(pos + 1) | 32) === 105 &&
  (text.charCodeAt(pos + 2) | 32) === 108;

/** A quoted string with `\"` and `\\` in it, and where it is over. */
function escapedString(text: string, start: number): [value: string, after: number] {
  let end = start;
  for (let octet = text.charCodeAt(end); octet !== quote; octet = text.charCodeAt(++end)) {
    if (Number.isNaN(octet)) throw notPlain;
    if (octet !== backslash) continue;
    const escaped = text.charCodeAt(++end);
    if (escaped !== quote && escaped !== backslash) throw notPlain;
  }
  return [text.slice(start, end).replace(/\\(["\\])/g, '$1'), end + 1];
}

const zero = 48;
const nine = 57;
const openBrace = 123;
