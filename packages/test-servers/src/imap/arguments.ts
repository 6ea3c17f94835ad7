/** Command arguments, RFC 9051 §9: atoms, strings (quoted or literal) and lists. Octets are Latin-1 text throughout. */

export type Argument =
  | { kind: 'atom'; text: string }
  | { kind: 'string'; text: string }
  | { kind: 'list'; items: Argument[] };

/** Whatever is wrong with a command, as the text of its tagged response: `BAD …` or `NO …`. */
export class Refusal extends Error {}

const maxDepth = 64;

/** Everything behind the command's name; literals stand in the text as they came: `{3}` CR LF and three octets. */
export function parseArguments(text: string): Argument[] {
  const reader = new Reader(text);
  const items: Argument[] = [];
  while (!reader.done) {
    if (items.length > 0) reader.expect(' ');
    items.push(reader.argument(0));
  }
  return items;
}

class Reader {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  get done(): boolean {
    return this.#at >= this.#text.length;
  }

  expect(character: string): void {
    if (this.#text[this.#at] !== character) throw new Refusal(`BAD Expected ${character}`);
    this.#at++;
  }

  argument(depth: number): Argument {
    if (this.#text[this.#at] === '(') return this.#list(depth);
    // quoted = DQUOTE *QUOTED-CHAR DQUOTE
    const quoted = this.#match(/"((?:[^"\\\r\n]|\\["\\])*)"/y);
    if (quoted) return { kind: 'string', text: (quoted[1] ?? '').replace(/\\(.)/g, '$1') };
    // literal = "{" number64 ["+"] "}" CRLF *CHAR8
    const literal = this.#match(/~?\{(\d+)\+?\}\r\n/y);
    if (literal) {
      const start = this.#at;
      this.#at += Number(literal[1]);
      return { kind: 'string', text: this.#text.slice(start, this.#at) };
    }
    // An atom may hold a section in brackets with spaces: BODY[HEADER.FIELDS (Subject)]<0.9>
    const atom = this.#match(/(?:\[[^\]\r\n]*\]|[^\s()"{])+/y);
    if (!atom) throw new Refusal('BAD Syntax error');
    return { kind: 'atom', text: atom[0] };
  }

  #list(depth: number): Argument {
    if (depth > maxDepth) throw new Refusal('BAD Nested too deep');
    this.expect('(');
    const items: Argument[] = [];
    while (this.#text[this.#at] !== ')') {
      if (items.length > 0) this.expect(' ');
      items.push(this.argument(depth + 1));
    }
    this.expect(')');
    return { kind: 'list', items };
  }

  #match(pattern: RegExp): RegExpExecArray | null {
    pattern.lastIndex = this.#at;
    const match = pattern.exec(this.#text);
    if (match) this.#at = pattern.lastIndex;
    return match;
  }
}

/** An astring's text, or a BAD. */
export function textOf(argument: Argument | undefined): string {
  if (!argument || argument.kind === 'list') throw new Refusal('BAD An argument is missing');
  return argument.text;
}

/** A list's items, or a BAD. */
export function itemsOf(argument: Argument | undefined): Argument[] {
  if (argument?.kind !== 'list') throw new Refusal('BAD A list is missing');
  return argument.items;
}

/** The upper-case words of a list of atoms; one atom counts as a list. */
export function wordsOf(argument: Argument | undefined): string[] {
  const items = argument?.kind === 'list' ? argument.items : [argument];
  return items.map((item) => textOf(item).toUpperCase());
}
