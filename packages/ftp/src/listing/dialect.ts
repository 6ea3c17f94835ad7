/** What all listing dialects share: the shape of a dialect, and field scanners over octet strings. */
import type { Draft } from './entry.js';
import type { LinesAlike } from './lines-alike.js';

export type DialectName =
  | 'mlsd'
  | 'unix'
  | 'dos'
  | 'eplf'
  | 'netware'
  | 'vms'
  | 'os2'
  | 'os400'
  | 'mvs'
  | 'nonstop'
  | 'zvm'
  | 'vshell'
  | 'vxworks'
  | 'os9'
  | 'wfftp'
  | 'vos'
  | 'cisco'
  | 'mcp';

export interface DialectContext {
  /** The clock that years are guessed by, in milliseconds. */
  readonly now: number;
  /** How far the server's wall clock is ahead of UTC, in milliseconds. */
  readonly utcOffset: number;
  /** Whether the listing is known to be MLSD's. */
  readonly isMlsd: boolean;
}

/** The line is the dialect's own, but the server says there that it can't show a name. */
export interface Refusal {
  readonly refusal: string;
}

/**
 * A draft or a refusal; `'header'`: a line of this dialect without an entry; each of these settles the dialect.
 * `'ignored'`: a line without an entry that other dialects have too. `'elsewhere'`: another directory begins (`ls -R`), and what
 * follows is in that. `undefined`: not a line of this dialect.
 */
export type LineResult = Draft | Refusal | 'header' | 'ignored' | 'elsewhere' | undefined;

/** A dialect reads a listing line by line and may remember what went before. */
export interface Dialect {
  readonly name: DialectName;
  /** Reads the lines that are like those that `read` has read. */
  readonly alike?: LinesAlike;
  read(line: string): LineResult;
}

export type DialectFactory = (context: DialectContext) => Dialect;

const space = 32;
const tab = 9;

/** The first `limit` blank-separated fields of a line, found in one pass. Reused from line to line. */
export class Fields {
  line = '';
  count = 0;
  readonly start: number[] = [];
  readonly end: number[] = [];
  readonly #limit: number;

  constructor(limit: number) {
    this.#limit = limit;
  }

  read(line: string): this {
    this.line = line;
    let count = 0;
    let at = 0;
    while (count < this.#limit) {
      at = skipBlanks(line, at);
      if (at === line.length) break;
      this.start[count] = at;
      at = skipField(line, at);
      this.end[count] = at;
      count += 1;
    }
    this.count = count;
    return this;
  }

  /** Field `index`, or `''` where there is none. */
  text(index: number): string {
    if (index < 0 || index >= this.count) return '';
    return this.line.slice(this.start[index], this.end[index]);
  }

  /** Whether field `index` begins with a digit. */
  isNumeric(index: number): boolean {
    return index < this.count && isDigit(this.line.charCodeAt(this.start[index] ?? 0));
  }

  /** Fields `from` up to but not including `to` with the blanks between them. */
  span(from: number, to: number): string {
    return this.line.slice(this.start[from], this.end[to - 1]);
  }

  /** All that follows field `index` and the blanks after it. */
  after(index: number): string {
    return this.line.slice(skipBlanks(this.line, this.end[index] ?? this.line.length));
  }
}

export function skipBlanks(line: string, from: number): number {
  let at = from;
  while (at < line.length && isBlank(line.charCodeAt(at))) at += 1;
  return at;
}

function skipField(line: string, from: number): number {
  let at = from;
  while (at < line.length && !isBlank(line.charCodeAt(at))) at += 1;
  return at;
}

function isBlank(code: number): boolean {
  return code === space || code === tab;
}

/** A non-negative integer that is all of `text`; `undefined` where it is anything else or beyond 2^53−1. */
export function wholeNumber(text: string): number | undefined {
  if (text.length === 0 || text.length > 16) return undefined;
  let value = 0;
  for (let i = 0; i < text.length; i += 1) {
    const digit = text.charCodeAt(i) - 48;
    if (digit < 0 || digit > 9) return undefined;
    value = value * 10 + digit;
  }
  return Number.isSafeInteger(value) ? value : undefined;
}

/** The integer that `text` starts with, at most four digits; `undefined` where it starts with none. */
export function leadingNumber(text: string): number | undefined {
  let end = 0;
  while (end < text.length && end < 5 && isDigit(text.charCodeAt(end))) end += 1;
  return end === 0 || end === 5 ? undefined : wholeNumber(text.slice(0, end));
}

export function isDigit(code: number): boolean {
  return code >= 48 && code <= 57;
}
