/**
 * Nearly all lines of a listing look like one before it, but for a few values. An expression made from that one reads them at a fraction
 * of what the general ways cost (`unix.ts`, `mlsx.ts`), and must come to the same.
 *
 * All is in one loop, and calls what is compiled already: most listings are over before compiling more has paid.
 */
import { type Draft, type Entry, ListingEntry } from './entry.js';

/** What lines that look alike have in common, and where in the expression's parts their values are. */
export interface Likeness {
  readonly line: RegExp;
  readonly name: number;
  /** 0 where lines of this kind have none, here and below. */
  readonly size: number;
  readonly unique: number;
  readonly time: number;
  /** Milliseconds since 1970 from what is shown; `undefined` where that is no time, and the line is none of this kind. */
  readonly readTime: (shown: string) => number | undefined;
  /** The values of the others. */
  readonly draft: Draft;
}

/** What the entries of one directory have in common. */
export interface Place {
  /** What stands ahead of names in paths, as text and in octets. */
  readonly prefix: string;
  readonly octetPrefix: string;
  readonly decode: (octets: string) => string;
  /** No longer line is read. */
  readonly lineOctets: number;
}

/** Files and directories, in a few modes and of a few owners. */
const mostKinds = 12;

export class LinesAlike {
  /** So many have been read. */
  taken = 0;
  readonly #kinds: Likeness[] = [];

  /**
   * Reads from line `from` on as long as lines are like others before them.
   *
   * @returns the first that is not
   */
  read(lines: readonly string[], from: number, place: Place, entries: Entry[]): number {
    const { prefix, octetPrefix, decode, lineOctets } = place;
    let kind: Likeness | undefined = this.#kinds[0];
    if (kind === undefined) return from;
    let shown = '';
    let modified: number | undefined;
    let at = from;
    for (; at < lines.length; at += 1) {
      const line = lines[at] as string;
      if (line.length > lineOctets) break;
      let parts = kind.line.exec(line);
      if (parts === null) {
        kind = this.#kindOf(line);
        if (kind === undefined) break;
        parts = kind.line.exec(line) as RegExpExecArray;
      }
      const { draft } = kind;
      if (kind.time > 0) {
        const time = parts[kind.time] as string;
        // What was written in one go has one time, line after line.
        if (time !== shown) {
          modified = kind.readTime(time);
          shown = time;
        }
        if (modified === undefined) break;
        draft.modified = new Date(modified);
      }
      if (kind.size > 0) draft.size = Number(parts[kind.size]);
      if (kind.unique > 0) draft.unique = parts[kind.unique] as string;
      const octets = parts[kind.name] as string;
      const name = decode(octets);
      const path = prefix + name;
      const isText = name === octets && prefix === octetPrefix;
      entries.push(
        new ListingEntry(draft, isText ? path : octetPrefix + octets, name, path, line, decode),
      );
    }
    this.taken += at - from;
    return at;
  }

  #kindOf(line: string): Likeness | undefined {
    return this.#kinds.find(({ line: expected }) => expected.test(line));
  }

  /** From now on lines like this one are read, of which that is known. */
  learn(line: string, kind: Likeness | undefined): void {
    if (kind === undefined || !kind.line.test(line)) return;
    if (this.#kinds.length === mostKinds) this.#kinds.pop();
    this.#kinds.unshift(kind);
  }
}

/** What is left to the general way: paths in place of names, names with a mark of `ls -F`, and the directory itself. */
export const plainName = '(?!\\.\\.?$)[^/]+';

/** An expression for just this text. */
export const literally = (text: string): string => text.replace(/[\\^$.|?*+()[\]{}/-]/g, '\\$&');
