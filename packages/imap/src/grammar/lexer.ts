/**
 * The terminals of RFC 9051 §9: atom, number, quoted, literal, nil, and how to step over a value unseen.
 *
 * Every method either moves on or throws, and none looks at an octet more than a fixed number of times: the time is
 * linear in the frame, whatever a server sends. Nesting and the number of values are counted against limits.
 */
import { isFivewireError, type RemoteProtocolError } from 'tls-context-core';
import type { Frame, FrameLiteral } from './frame.js';
import { malformed, tooMuch } from './malformed.js';
import type { Token } from './plain-tokens.js';

export interface GrammarLimits {
  /** Levels of parentheses in one response. Default 64. */
  depth: number;
  /** Strings, atoms, numbers and lists in one response, the numbers of a SEARCH not counted. Default 200,000. */
  tokens: number;
}

export const defaultGrammarLimits: GrammarLimits = { depth: 64, tokens: 200_000 };

/** Part of a frame, kept to be parsed when a consumer asks. */
export interface FrameSlice {
  readonly frame: Frame;
  readonly start: number;
  readonly limits: GrammarLimits;
  /** Its values, where it was split into them already. */
  readonly tokens?: readonly Token[] | undefined;
}

// Its members are explained by line comments: no caller can name it, and others would be packed with its declaration.
export class Lexer {
  readonly frame: Frame;
  readonly text: string;
  pos: number;
  readonly limits: GrammarLimits;
  // Open parentheses.
  depth = 0;
  // What broke the grammar and was stepped over, in words for people.
  notes: readonly string[] = nothing;
  // A quote behind a backslash ends the string all the same where `)` and the end of a list follow: `"host\\"))`.
  looseQuotes = false;
  #follows: RegExp | undefined;
  // What speaks against this reading.
  flaws = 0;
  // Something was read as far as it could be, and no further.
  gaveUp = false;
  // How often it was taken up again where another item begins.
  resumed = 0;
  // A response went on behind its own end.
  wentOn = false;
  #tokens = 0;
  // The first literal that can still come.
  #literal = 0;
  // The first backslash not before the last search, so that looking for the next one stays linear.
  #backslash = -1;
  // Set once the forgiving rule for closing quotes has found no end; then a quote is a quote.
  #strictQuotes = false;
  #sawEscape = false;
  #hasQuotesInside = false;

  constructor(frame: Frame, limits: GrammarLimits = defaultGrammarLimits, start = 0) {
    this.frame = frame;
    this.text = frame.text;
    this.pos = start;
    this.limits = limits;
  }

  get atEnd(): boolean {
    return this.pos >= this.text.length;
  }

  // The octet at hand; NaN at the end.
  peek(): number {
    return this.text.charCodeAt(this.pos);
  }

  // What stands here, to be parsed later by a lexer of its own.
  slice(): FrameSlice {
    return { frame: this.frame, start: this.pos, limits: this.limits };
  }

  // Goes back to where a value began that could not be read.
  rewind(pos: number, depth: number): void {
    this.pos = pos;
    this.depth = depth;
    this.#literal = firstAtOrAfter(this.frame.literals, pos);
    this.#backslash = -1;
  }

  // @param weight how much it says against this reading
  note(problem: string, weight = 1): void {
    this.flaws += weight;
    if (this.notes.length < mostNotes) this.notes = [...this.notes, problem];
  }

  // Steps over one value that could not be read. Where quotes leave no end in sight, once more with loose ones.
  // @param pos where it began
  stepOver(rule: string, pos: number, depth: number): void {
    this.rewind(pos, depth);
    try {
      this.skipValue(rule);
    } catch (error) {
      if (this.looseQuotes || !isMalformed(error)) throw error;
      this.rewind(pos, depth);
      this.looseQuotes = true;
      try {
        this.skipValue(rule);
      } finally {
        this.looseQuotes = false;
      }
    }
  }

  // One item of a list. What cannot be read is stepped over and noted: it costs no other.
  attempt<T>(rule: string, read: () => T): T | undefined {
    this.spaces();
    const { pos, depth } = this;
    try {
      return read();
    } catch (error) {
      if (!isMalformed(error)) throw error;
      this.note(`${rule}: ${(error as Error).message}`);
      if (pos < this.text.length) this.stepOver(rule, pos, depth);
      return undefined;
    }
  }

  // Steps over `()`; false when something else stands here.
  emptyList(): boolean {
    const found = /\( *\)/y;
    found.lastIndex = this.pos;
    if (!found.test(this.text)) return false;
    this.countToken();
    this.pos = found.lastIndex;
    return true;
  }

  // How many values follow before the list at hand ends; 0 where its end can't be found.
  valuesLeft(): number {
    const { pos, depth } = this;
    let count = 0;
    try {
      for (this.spaces(); this.peek() !== close; this.spaces()) {
        this.skipValue();
        count++;
      }
      return count;
    } catch (error) {
      if (!isMalformed(error)) throw error;
      return 0;
    } finally {
      this.rewind(pos, depth);
    }
  }

  // nstring; a list in its place is stepped over and noted, an atom noted. @param follows see {@link quotedBefore}
  nstringOrNote(rule: string, follows?: RegExp): string | null {
    const octet = this.peek();
    if (octet === quote) return follows === undefined ? this.quoted() : this.quotedBefore(follows);
    if (this.nil()) return null;
    if (octet !== open) return this.#literalOrNote(rule);
    this.note(`a list in place of ${rule}`);
    this.skipValue(rule);
    return null;
  }

  // A quoted string of which it is known what has to stand behind it: with loose quotes, this alone ends it.
  quotedBefore(follows: RegExp): string {
    this.#follows = follows;
    try {
      return this.quoted();
    } finally {
      this.#follows = undefined;
    }
  }

  #literalOrNote(rule: string): string {
    const literal = this.literal();
    if (literal !== undefined) {
      const text = this.#textOf(literal, rule);
      if (endsValue(this.peek())) return text;
      if (!isAtomOctet(this.peek())) {
        this.note('no space behind a literal');
        return text;
      }
      this.note('a literal announced short');
      return text + this.atom(rule);
    }
    if (this.looseQuotes) throw this.fail(rule);
    const atom = this.atom(rule);
    this.note(`an atom in place of ${rule}`, this.peek() === quote ? 2 : 1);
    return atom;
  }

  #textOf(literal: FrameLiteral, rule: string): string {
    if (literal.octets === undefined)
      throw this.fail(`${rule}, short enough to be kept`, literal.at);
    return literal.octets.toString('latin1');
  }

  fail(expected: string, position: number = this.pos): RemoteProtocolError {
    return malformed(expected, this.text, position);
  }

  // Steps over one octet when it is the one asked for.
  accept(octet: number): boolean {
    if (this.text.charCodeAt(this.pos) !== octet) return false;
    this.pos++;
    return true;
  }

  expect(octet: number, rule: string): void {
    if (!this.accept(octet)) throw this.fail(rule);
  }

  // Steps over any spaces: servers send none, one or two where the grammar has one.
  spaces(): void {
    while (this.text.charCodeAt(this.pos) === sp) this.pos++;
  }

  // "(" *(SP value) ")"; `each` must move on. Extra spaces are let through.
  list(rule: string, each: () => void): void {
    this.open(rule);
    for (;;) {
      this.spaces();
      if (this.accept(close)) break;
      if (this.atEnd) throw this.fail(')');
      const before = this.pos;
      each();
      if (this.pos === before) throw this.fail(rule);
    }
    this.depth--;
  }

  // The opening parenthesis of a list that its caller reads to the end; {@link closed} counts it out again.
  open(rule: string): void {
    this.expect(open, rule);
    this.countToken();
    if (++this.depth > this.limits.depth) throw tooMuch('depth', this.limits.depth);
  }

  closed(): void {
    this.depth--;
  }

  countToken(): void {
    if (++this.#tokens > this.limits.tokens) throw tooMuch('tokens', this.limits.tokens);
  }

  // A run of octets up to a space, a parenthesis or the end: an atom as servers write it.
  atom(rule = 'atom'): string {
    this.countToken();
    const start = this.pos;
    this.#skipAtom();
    if (this.pos === start) throw this.fail(rule);
    return this.text.slice(start, this.pos);
  }

  // An atom in upper case.
  keyword(rule = 'keyword'): string {
    return this.atom(rule).toUpperCase();
  }

  // number = 1*DIGIT, at most 2^53−1.
  number(rule = 'number'): number {
    this.countToken();
    const { text } = this;
    const start = this.pos;
    let i = start;
    let value = 0;
    for (; ; i++) {
      const digit = text.charCodeAt(i) - 48;
      if (!(digit >= 0 && digit <= 9)) break;
      value = value * 10 + digit;
    }
    if (i === start || value > Number.MAX_SAFE_INTEGER) throw this.fail(rule);
    this.pos = i;
    return value;
  }

  // Digits as they stand, for numbers beyond 2^53−1: MODSEQ (RFC 7162 §7) and Gmail's ids.
  digits(rule = 'number64'): string {
    this.countToken();
    const start = this.pos;
    while (isDigit(this.text.charCodeAt(this.pos))) this.pos++;
    if (this.pos === start) throw this.fail(rule);
    return this.text.slice(start, this.pos);
  }

  // nil = "NIL", in any case, when no longer atom stands here. Steps over it.
  nil(): boolean {
    const { text, pos } = this;
    if ((text.charCodeAt(pos) | 32) !== 110) return false;
    if ((text.charCodeAt(pos + 1) | 32) !== 105 || (text.charCodeAt(pos + 2) | 32) !== 108)
      return false;
    if (pos + 3 < text.length && isAtomOctet(text.charCodeAt(pos + 3))) return false;
    this.countToken();
    this.pos = pos + 3;
    return true;
  }

  // nstring = string / nil. Each character is one octet. A bare atom in its place is taken as its text.
  nstring(rule = 'nstring'): string | null {
    return this.nil() ? null : this.astring(rule);
  }

  // astring = 1*ASTRING-CHAR / string, each character one octet.
  astring(rule = 'astring'): string {
    const octet = this.peek();
    if (octet === quote) return this.quoted();
    const literal = this.literal();
    return literal === undefined ? this.atom(rule) : this.#textOf(literal, rule);
  }

  // quoted = DQUOTE *QUOTED-CHAR DQUOTE. A backslash before another octet than `"` and `\` stands for itself.
  quoted(): string {
    this.countToken();
    const start = this.pos + 1;
    const end = this.#quotedEnd();
    this.pos = end + 1;
    const raw = this.text.slice(start, end);
    return this.#sawEscape ? raw.replace(/\\(["\\])/g, '$1') : raw;
  }

  // The literal whose announcement stands here (`{n}` or `~{n}`), stepped over; `undefined` when there is none.
  literal(): FrameLiteral | undefined {
    const literal = this.#nextLiteral();
    if (literal === undefined) return undefined;
    const binary = this.peek() === tilde ? 1 : 0;
    if (literal.at !== this.pos + binary) return undefined;
    this.countToken();
    this.pos = literal.end;
    return literal;
  }

  // Steps over one value: a string, an atom, or a list with all that is in it.
  skipValue(rule = 'value'): void {
    if (this.frame.literals.length === 0) this.#skipPlain(rule);
    else this.#skipAny(rule);
  }

  // The same in a frame without literals, which is most of them.
  #skipPlain(rule: string): void {
    const { text } = this;
    let { pos } = this;
    let depth = 0;
    for (;;) {
      const octet = text.charCodeAt(pos);
      if (octet === sp && depth > 0) {
        pos++;
        continue;
      }
      if (octet === close && depth > 0) {
        depth--;
        pos++;
      } else {
        this.countToken();
        if (octet === open) {
          if (this.depth + ++depth > this.limits.depth) throw tooMuch('depth', this.limits.depth);
          pos++;
        } else if (octet === quote) {
          this.pos = pos;
          pos = this.#quotedEnd() + 1;
        } else {
          const start = pos;
          while (isAtomOctet(text.charCodeAt(pos))) pos++;
          if (pos === start) {
            this.pos = pos;
            throw this.fail(depth > 0 ? ')' : rule);
          }
        }
      }
      if (depth === 0) break;
    }
    this.pos = pos;
  }

  #skipAny(rule: string): void {
    const { text } = this;
    let depth = 0;
    do {
      const octet = text.charCodeAt(this.pos);
      if (octet === open) {
        if (this.depth + ++depth > this.limits.depth) throw tooMuch('depth', this.limits.depth);
        this.countToken();
        this.pos++;
      } else if (octet === close && depth > 0) {
        depth--;
        this.pos++;
      } else if (octet === sp && depth > 0) {
        this.pos++;
      } else if (octet === quote) {
        this.countToken();
        this.pos = this.#quotedEnd() + 1;
      } else if (this.literal() === undefined) {
        this.countToken();
        const start = this.pos;
        this.#skipAtom();
        if (this.pos === start) throw this.fail(depth > 0 ? ')' : rule);
      } else this.#skipAtom(); // what a literal that was announced short left behind
    } while (depth > 0);
  }

  #skipAtom(): void {
    const { text } = this;
    const border = this.#nextLiteral()?.at ?? text.length;
    let i = this.pos;
    while (i < border && isAtomOctet(text.charCodeAt(i))) i++;
    this.pos = i;
  }

  #nextLiteral(): FrameLiteral | undefined {
    const { literals } = this.frame;
    if (literals.length === 0) return undefined;
    while ((literals[this.#literal]?.at ?? Number.POSITIVE_INFINITY) < this.pos) this.#literal++;
    return literals[this.#literal];
  }

  // Where the quoted string that begins here ends. A quote ends it only before a space, `)`, `]` or the end: Exchange
  // and others leave quotes inside unescaped (MailKit#485). Where that rule finds no end, every quote counts.
  #quotedEnd(): number {
    const { text } = this;
    const start = this.pos + 1;
    const border = this.#nextLiteral()?.at ?? text.length;
    if (this.looseQuotes && this.#follows !== undefined)
      return this.#quoteBefore(this.#follows, start, border);
    // Almost every string: no backslash in it, and what stands behind it ends it.
    const first = text.indexOf('"', start);
    if (first >= 0 && first < border && endsString(text.charCodeAt(first + 1))) {
      if (this.#backslash < start) this.#findBackslash(start);
      if (this.#backslash > first) {
        this.#sawEscape = false;
        return first;
      }
    }
    let from = start;
    this.#sawEscape = false;
    for (;;) {
      const end = text.indexOf('"', from);
      if (end < 0 || end >= border) {
        if (this.#strictQuotes) throw this.fail(closingQuote, text.length);
        this.#strictQuotes = true;
        this.#sawEscape = false;
        from = start;
        this.#backslash = -1;
        continue;
      }
      if (this.#isEscaped(end, from) && !(this.looseQuotes && endsList(text, end + 1))) {
        from = end + 1;
        continue;
      }
      const next = text.charCodeAt(end + 1);
      if (
        this.#strictQuotes ||
        end + 1 === text.length ||
        next === sp ||
        next === close ||
        next === closeBracket
      ) {
        return end;
      }
      from = end + 1;
    }
  }

  // The first quote behind which stands what has to stand there, with a backslash before it or not.
  #quoteBefore(follows: RegExp, start: number, border: number): number {
    const { text } = this;
    this.#sawEscape = true;
    let bare = false;
    for (let end = text.indexOf('"', start); end >= 0 && end < border; ) {
      follows.lastIndex = end + 1;
      if (follows.test(text)) {
        // The less likely flaw, where another reading has just one of another kind; but who forgets one escape forgets all of them.
        if (bare) this.note('quotes inside a string', this.#hasQuotesInside ? 0 : 1.5);
        this.#hasQuotesInside ||= bare;
        return end;
      }
      bare ||= text.charCodeAt(end - 1) !== backslash;
      end = text.indexOf('"', end + 1);
    }
    throw this.fail(closingQuote, text.length);
  }

  // Whether the quote at `end` has a backslash of its own; escapes are read from `from` on.
  #isEscaped(end: number, from: number): boolean {
    const { text } = this;
    if (this.#backslash < from) this.#findBackslash(from);
    while (this.#backslash < end) {
      this.#sawEscape = true;
      const escaped = this.#backslash + 1;
      if (escaped === end) return true;
      this.#findBackslash(text.charCodeAt(escaped) === backslash ? escaped + 1 : escaped);
    }
    return false;
  }

  #findBackslash(from: number): void {
    const found = this.text.indexOf('\\', from);
    this.#backslash = found < 0 ? Number.POSITIVE_INFINITY : found;
  }
}

// Digits, or what mail.ru makes of many of them: 9.37e+06. `undefined` for what is no number.
export const wholeNumber = (text: string): number | undefined =>
  /^\d+(?:\.0+|(?:\.\d+)?e\+?\d+)?$/i.test(text) ? Math.round(Number(text)) : undefined;

// Behind an atom or a number.
export const endsValue = (octet: number): boolean =>
  octet === sp || octet === close || octet === 13 || octet === 10 || Number.isNaN(octet);

// A space, `)`, `]` or the end.
const endsString = (octet: number): boolean =>
  octet === sp || octet === close || octet === closeBracket || Number.isNaN(octet);

// `)` and behind it another one, a space or the end.
const endsList = (text: string, pos: number): boolean =>
  text.charCodeAt(pos) === close && /^(?:[) ]|$)/.test(text.slice(pos + 1, pos + 2));

// The index of the first literal that does not begin before `pos`.
export function firstAtOrAfter(literals: readonly FrameLiteral[], pos: number): number {
  let low = 0;
  let high = literals.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((literals[middle] as FrameLiteral).at < pos) low = middle + 1;
    else high = middle;
  }
  return low;
}

const nothing: readonly string[] = [];

// One flaw after the other: a server that breaks everything needs no more words than this.
const mostNotes = 20;

// Whether the error says that the grammar was broken; a limit that was passed is no flaw of one item.
export const isMalformed = (error: unknown): boolean =>
  isFivewireError(error) && error.code === 'ERR_MALFORMED_RESPONSE';

// The rule that is broken when a quoted string has no end.
export const closingQuote = 'DQUOTE';

export const sp = 32;
export const quote = 34;
export const open = 40;
export const close = 41;
export const openBracket = 91;
export const backslash = 92;
export const closeBracket = 93;
const tilde = 126;

// ATOM-CHAR, and what servers put into atoms although it has no place there: `%`, `*`, `\`, `]`, octets above 127.
const isAtomOctet = (octet: number): boolean =>
  octet > sp && octet !== open && octet !== close && octet !== quote && octet !== 127;

export const isDigit = (octet: number): boolean => octet >= 48 && octet <= 57;
