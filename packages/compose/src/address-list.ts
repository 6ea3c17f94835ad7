/**
 * address-list, RFC 5322 §3.4, with UTF-8 by RFC 6532: all of a text is understood, or it is refused.
 *
 * A lenient parser leaves out what it can't read, and then a recipient gets nothing without anyone being told, or it reads
 * an address that was not written. So nothing is skipped, guessed or mended here, and obsolete routes are refused. The one
 * obsolete form taken is the dot in a display name (`John Q. Public <john@example.org>`), which loses nothing.
 */
import { escapeText, UsageError } from 'tls-context-core';
import { checkLine } from './check-values.js';

export interface Mailbox {
  /** The display name as text. */
  name?: string;
  /** The display name in the form of the header, where it holds encoded-words (RFC 2047) that are to stay as written. */
  encodedName?: string;
  /** The addr-spec, as written. */
  address: string;
}

export interface Group {
  name: string;
  /** As that of a {@link Mailbox}. */
  encodedName?: string;
  members: Mailbox[];
}

export type AddressListEntry = Mailbox | Group;

// address-list = address *("," address)
// address      = mailbox / group
// group        = display-name ":" [mailbox-list] ";" [CFWS]
// mailbox      = [display-name] [CFWS] "<" [CFWS] addr-spec [CFWS] ">" [CFWS] / addr-spec
// addr-spec    = [CFWS] (dot-atom-text / quoted-string) [CFWS] "@" [CFWS] (dot-atom-text / domain-literal) [CFWS]
const word = /[\w!#$%&'*+/=?^`{|}~.\-\u0080-\u{10ffff}]+/uy;
const quoted = /"(?:[^"\\]|\\.)*"/suy;
const literal = /\[[^[\]\\]*\]/uy;
const space = /[ \t]*/y;
/** Every `=?…?…?…?=` is an encoded-word: RFC 2047 §2. */
export const encodedWord: RegExp = /=\?[^? ]+\?[^? ]+\?[^? ]*\?=/;

export interface AddressListOptions {
  /** A local part alone is an address too, for a server that completes it (RFC 6409 §8.1). Default: it is refused. */
  unqualified?: boolean;
}

/**
 * @param text of one line: unfolded, where it comes from a header
 * @param argument names the text in errors
 * @throws UsageError `ERR_ARGUMENT` with the part that could not be read
 */
export function parseAddressList(
  text: string,
  argument = 'addresses',
  { unqualified = false }: AddressListOptions = {},
): AddressListEntry[] {
  checkLine(text, argument);
  return new AddressListParser(text, argument, unqualified).parse();
}

class AddressListParser {
  #text: string;
  #argument: string;
  #unqualified: boolean;
  #at = 0;
  /** Where the entry that is being read begins: what errors show. */
  #start = 0;
  #comment: string | undefined;

  constructor(text: string, argument: string, unqualified: boolean) {
    this.#text = text;
    this.#argument = argument;
    this.#unqualified = unqualified;
  }

  parse(): AddressListEntry[] {
    const entries: AddressListEntry[] = [];
    for (;;) {
      entries.push(this.#entry(true));
      if (this.#at === this.#text.length) return entries;
      if (!this.#skip(',')) throw this.#leftOver();
    }
  }

  #entry(groups: true): AddressListEntry;
  #entry(groups: false): Mailbox;
  #entry(groups: boolean): AddressListEntry {
    this.#comment = undefined;
    this.#blanks();
    this.#start = this.#at;
    const words = this.#words();
    if (words.length === 1 && this.#skip('@'))
      return this.#named(undefined, this.#address(words[0] as Word));
    if (this.#skip('<')) {
      const mailbox = this.#named(words, this.#angleAddress());
      this.#blanks();
      return mailbox;
    }
    if (this.#skip(':')) {
      if (!groups) throw this.#fault('is a group within a group', groupHint);
      if (words.length === 0) throw this.#fault('is a group without a name', groupHint);
      return { ...displayName(words), members: this.#members() };
    }
    const next = this.#text[this.#at];
    const [local] = words;
    if (
      this.#unqualified &&
      local !== undefined &&
      words.length === 1 &&
      [undefined, ',', ';'].includes(next)
    )
      return this.#named(undefined, local.text);
    if (words.length === 0 && (next === undefined || next === ',' || next === ';'))
      throw this.#fault('has an empty entry', 'Leave it out, or name who is missing.');
    throw this.#leftOver();
  }

  #members(): Mailbox[] {
    this.#blanks();
    if (this.#endGroup()) return [];
    const members: Mailbox[] = [];
    const start = this.#start;
    for (;;) {
      members.push(this.#entry(false));
      if (this.#endGroup()) return members;
      if (this.#skip(',')) continue;
      if (this.#at < this.#text.length) throw this.#leftOver();
      this.#start = start;
      throw this.#fault('is a group without its semicolon', groupHint);
    }
  }

  #endGroup(): boolean {
    if (!this.#skip(';')) return false;
    this.#blanks();
    return true;
  }

  /** Words and quoted strings up to the next special. */
  #words(): Word[] {
    const words: Word[] = [];
    for (;;) {
      const atom = this.#match(word);
      const string = atom === undefined ? this.#match(quoted) : undefined;
      if (atom === undefined && string === undefined) break;
      words.push({ text: (atom ?? string) as string, quoted: string !== undefined });
      this.#blanks();
    }
    return words;
  }

  /** Behind the `@`. */
  #address(local: Word): string {
    this.#blanks();
    const domain = this.#match(word) ?? this.#match(literal);
    if (domain === undefined) throw this.#leftOver();
    this.#blanks();
    if (encodedWord.test(local.text))
      throw this.#fault('has an encoded-word in an address', 'RFC 2047 §5 allows none there.');
    return `${local.text}@${domain}`;
  }

  #angleAddress(): string {
    this.#blanks();
    if (this.#text[this.#at] === '@')
      throw this.#fault(
        'has a route in an address',
        'Give the address alone: <carol@example.net>.',
      );
    const words = this.#words();
    const [local] = words;
    if (local === undefined || words.length !== 1) throw this.#leftOver();
    const isAlone = this.#unqualified && this.#text[this.#at] === '>';
    if (!isAlone && !this.#skip('@')) throw this.#leftOver();
    const address = isAlone ? local.text : this.#address(local);
    if (!this.#skip('>')) throw this.#leftOver();
    return address;
  }

  /** A comment stands for the name where there is none: `alice@example.org (Alice)`. */
  #named(words: readonly Word[] | undefined, address: string): Mailbox {
    if (words === undefined || words.length === 0) {
      const name = this.#comment?.trim();
      return name ? { name, address } : { address };
    }
    return { ...displayName(words), address };
  }

  /** CFWS: blanks and comments, which nest. */
  #blanks(): void {
    for (;;) {
      this.#match(space);
      if (this.#text[this.#at] !== '(') return;
      const from = this.#at + 1;
      let depth = 0;
      do {
        const c = this.#text[this.#at];
        if (c === undefined) throw this.#fault('has a comment without its end', 'It ends with ).');
        if (c === '(') depth++;
        else if (c === ')') depth--;
        else if (c === '\\') this.#at++;
        this.#at++;
      } while (depth > 0);
      this.#comment = unescaped(this.#text.slice(from, this.#at - 1));
    }
  }

  #match(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#text)?.[0];
    if (found !== undefined) this.#at += found.length;
    return found;
  }

  #skip(special: string): boolean {
    if (this.#text[this.#at] !== special) return false;
    this.#at++;
    return true;
  }

  #leftOver(): UsageError {
    const rest = this.#text.slice(this.#at);
    if (rest.startsWith(';'))
      return this.#fault('has a semicolon', 'Separate addresses by commas.');
    if (/^"(?:[^"\\]|\\.)*$/su.test(rest))
      return this.#fault('has a quote without its end', quoteHint);
    return this.#fault(
      rest === '' ? 'is no address' : `can't be read from ${shown(rest)} on`,
      rest === ''
        ? 'Write it as alice@example.org or Alice <alice@example.org>.'
        : `Separate addresses by commas. ${quoteHint}`,
    );
  }

  #fault(what: string, hint: string): UsageError {
    return new UsageError(
      'ERR_ARGUMENT',
      `${this.#argument} holds ${shown(this.#text.slice(this.#start) || this.#text)}, which ${what}`,
      { argument: this.#argument, hint },
    );
  }
}

interface Word {
  text: string;
  quoted: boolean;
}

function displayName(words: readonly Word[]): { name: string; encodedName?: string } {
  const name = words
    .map(({ text, quoted }) => (quoted ? unescaped(text.slice(1, -1)) : text))
    .join(' ');
  const encoded = words.some((one) => !one.quoted && encodedWord.test(one.text));
  return encoded ? { name, encodedName: words.map(({ text }) => text).join(' ') } : { name };
}

/** quoted-pair = "\" (VCHAR / WSP) */
const unescaped = (text: string): string => text.replace(/\\(.)/gsu, '$1');

const shown = (text: string): string => JSON.stringify(escapeText(text, 80));

const groupHint = 'A group is written Team: alice@example.org, bob@example.net;';
const quoteHint =
  'A display name with , ; : @ < > ( ) [ ] or " in it stands in quotes: "Public, J." <j@example.org>.';
