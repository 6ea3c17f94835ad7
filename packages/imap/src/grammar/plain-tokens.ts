/**
 * A parenthesised list in its plain form (see `plain-reader.ts`) as one flat run of its values: a loop that the compiler is soon through
 * with, in place of many small readers that it would have to put into each other.
 */
import {
  backslash,
  close,
  endsValue,
  type FrameSlice,
  firstAtOrAfter,
  open,
  quote,
  sp,
} from './lexer.js';
import { notPlain } from './plain-reader.js';

/** A string, each character an octet; NIL; a number; `(`, true; `)`, false. */
type Token = string | null | number | boolean;

/** The values of the list that is being read: used again for each. */
const shared: Token[] = [];
/** What was longer is not kept. */
const mostKept = 10_000;

/** Reads a slice; `undefined` where it has another form. */
export function plainSlice<T>(slice: FrameSlice, read: (tokens: Tokens) => T): T | undefined {
  // A text of so many octets cannot hold more values than that.
  if (slice.frame.text.length > slice.limits.tokens) return undefined;
  try {
    split(slice);
    return read(new Tokens(shared));
  } catch (thrown) {
    if (thrown === notPlain) return undefined;
    throw thrown;
  } finally {
    if (shared.length > mostKept) shared.length = 0;
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

/** Fills {@link shared}. */
function split({ frame: { text, literals }, start, limits }: FrameSlice): void {
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
      if (++depth > limits.depth) throw notPlain;
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
      if (!/^nil[ )]/i.test(text.slice(pos, pos + 4))) throw notPlain;
      shared[count++] = null;
      pos += 3;
    }
  } while (depth > 0);
  shared[count] = false;
}

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
