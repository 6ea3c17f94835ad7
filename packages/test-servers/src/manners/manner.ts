/** How a server by another vendor differs from ours, as data; and one connection that is held to it. */
import type { LineSession } from '../line-session.js';
import { SessionEnded } from '../session-ended.js';

/** What is said to a command in place of our own answer. */
export interface OddAnswer {
  /** The command line, without IMAP's tag. */
  to: RegExp | ((line: string) => boolean);
  /** Not once the client has said this. */
  unless?: RegExp;
  /** A line; `<tag>` is IMAP's. */
  say: string;
  /** The connection ends then. */
  close?: true;
}

/** What is said otherwise than we would. Octets are Latin-1 text; one write may hold several lines. */
export interface OddWords {
  /** Only in answer to such a command. */
  in?: RegExp;
  what: RegExp;
  instead: string | ((whole: string, ...groups: string[]) => string);
}

export interface Manner<Options = object> {
  /** Capabilities and commands that it has not. */
  hide?: readonly string[];
  /** Those that show after the login only. */
  hideBeforeLogin?: readonly string[];
  /** Options of our server that make it so. */
  options?: Options;
  answers?: readonly OddAnswer[];
  says?: readonly OddWords[];
}

/** One connection's manner. */
export class MannerOfConnection {
  readonly #manner: Manner;
  readonly #hasTags: boolean;
  /** What the client has said so far, as far as an answer depends on it. */
  readonly #met = new Set<RegExp>();
  #command = '';

  constructor(manner: Manner, hasTags: boolean) {
    this.#manner = manner;
    this.#hasTags = hasTags;
  }

  /** Answers a command in its own way; false: ours is right. */
  async answer(session: LineSession, text: string): Promise<boolean> {
    const [, tag = '', line = ''] = this.#hasTags
      ? (/^(\S*) ?(.*)$/s.exec(text) ?? [])
      : ['', '', text];
    this.#command = line;
    const answers = this.#manner.answers ?? [];
    const odd = answers.find(
      ({ to, unless }) =>
        (typeof to === 'function' ? to(line) : to.test(line)) && !(unless && this.#met.has(unless)),
    );
    for (const { unless } of answers) if (unless?.test(line)) this.#met.add(unless);
    if (!odd) return false;
    await session.reply(odd.say.replaceAll('<tag>', () => tag));
    if (!odd.close) return true;
    await session.end();
    throw new SessionEnded('Closed, as its kind does.');
  }

  /** What goes out in place of our own words. */
  rewrite(octets: Buffer): Buffer {
    const says = (this.#manner.says ?? []).filter((odd) => odd.in?.test(this.#command) ?? true);
    if (says.length === 0) return octets;
    let text = octets.toString('latin1');
    for (const { what, instead } of says) text = text.replace(what, instead as string);
    return Buffer.from(text, 'latin1');
  }

  hides(capability: string, isLoggedIn: boolean): boolean {
    return !isLoggedIn && (this.#manner.hideBeforeLogin?.includes(capability) ?? false);
  }
}
