/** A directory listing, whatever its dialect: MLSD (RFC 3659 §7) by name, LIST by looking at its lines. */

import { isAscii } from 'node:buffer';
import { joinPath, prefixOf } from '../files/remote-path.js';
import { type Charset, type CharsetOptions, createCharset } from '../session/charset.js';
import { isHeading, isSum } from './around.js';
import type {
  Dialect,
  DialectContext,
  DialectFactory,
  DialectName,
  LineResult,
} from './dialect.js';
import { dos } from './dos.js';
import { type Draft, type Entry, ListingEntry, type ListingProblem } from './entry.js';
import { eplf } from './eplf.js';
import { LineSplitter } from './line-splitter.js';
import type { Place } from './lines-alike.js';
import { nonStop, zvm } from './mainframes.js';
import { mlsd } from './mlsx.js';
import { mvs } from './mvs.js';
import { netware } from './netware.js';
import { os2 } from './os2.js';
import { os400 } from './os400.js';
import { os9, vshell, vxworks, wfFtp } from './small-systems.js';
import { cisco, mcp, vos } from './stations.js';
import { unix } from './unix.js';
import { vms } from './vms.js';

export interface ParseListingOptions extends CharsetOptions {
  /** What SYST said, or a dialect's name. A hint for which dialect to try first. */
  system?: string;
  /** The clock by which a date without a year gets one. Default: now. */
  now?: Date;
  /** Minutes by which the server's wall clock is ahead of UTC. Default 0. MLSD and EPLF need none. */
  utcOffset?: number;
  /** The directory that was listed. `path` is each name below it; default: the name alone. */
  directory?: string;
  /** The longest line, in octets. A longer one is a problem, not an entry. Default 65,536. */
  lineOctets?: number;
}

export interface Listing {
  readonly entries: Entry[];
  readonly problems: ListingProblem[];
  /** `undefined` where no line told. */
  readonly dialect: DialectName | undefined;
}

// Each dialect's lines show whose they are, so the order only saves time.
const dialects: Record<DialectName, DialectFactory> = {
  unix,
  dos,
  mlsd,
  eplf,
  netware,
  vms,
  os400,
  os2,
  mvs,
  nonstop: nonStop,
  zvm,
  vshell,
  vxworks,
  os9,
  wfftp: wfFtp,
  vos,
  cisco,
  mcp,
};

const systems: readonly [mark: string, dialect: DialectName][] = [
  ['WINDOWS', 'dos'],
  ['NETWARE', 'netware'],
  ['OS/400', 'os400'],
  ['OS/2', 'os2'],
  ['VMS', 'vms'],
  ['Z/VM', 'zvm'],
  ['VM/', 'zvm'],
  ['VM IS', 'zvm'],
  ['NONSTOP', 'nonstop'],
  ['TANDEM', 'nonstop'],
  ['GUARDIAN', 'nonstop'],
  ['VXWORKS', 'vxworks'],
  ['OS-9', 'os9'],
  ['VOS', 'vos'],
  ['MVS', 'mvs'],
  ['Z/OS', 'mvs'],
  ['UNIX', 'unix'],
];

/** Dialects whose lines can be taken for no other's. */
const mixable: readonly DialectName[] = ['unix', 'dos', 'eplf'];

const problemLimit = 100;

/** What the client adds: it has a charset already, knows the directory in octets, and wants what is in it. */
interface InternalOptions {
  charset?: Charset;
  octetDirectory?: string;
  insideOnly?: boolean;
  /** The server is known to write paths with slashes. */
  hasSlashes?: boolean;
}

/**
 * Parses a whole listing. Never throws for what a server wrote: a line that can't be read is a problem, the rest stays.
 *
 * @param listing the octets as they came over the data connection
 */
export function parseListing(listing: Uint8Array, options: ParseListingOptions = {}): Listing {
  const parser = new ListingParser(options);
  const entries = parser.push(listing);
  for (const entry of parser.end()) entries.push(entry);
  return { entries, problems: parser.problems, dialect: parser.dialect };
}

/** The same, chunk by chunk. Memory is one line and the first hundred problems. */
export class ListingParser {
  /** The first hundred. */
  readonly problems: ListingProblem[] = [];
  readonly #context: DialectContext;
  readonly #charset: Charset;
  readonly #directory: string;
  readonly #directoryText: string;
  /** What a server writes ahead of names that wants to give whole paths. */
  readonly #inPlace: string;
  readonly #insideOnly: boolean;
  readonly #hasSlashes: boolean;
  readonly #lineOctets: number;
  readonly #splitter: LineSplitter;
  /** Those that may be it yet; the first is often the last that is needed. */
  #candidates: readonly DialectName[];
  readonly #made = new Map<DialectName, Dialect>();
  #settled: Dialect | undefined;
  #foreign: Dialect[] | undefined;
  #line = 0;
  #showsItself = false;
  /** Whether the rest is what another directory holds. */
  #isElsewhere = false;
  #isAfterBlank = false;
  /** Of the lines that are read now: where all octets are ASCII there is nothing to decode. */
  #decode: (octets: string) => string;
  /** Whether what has come of the entry that is not whole yet is ASCII. */
  #isTailAscii = true;

  constructor(options: ParseListingOptions & InternalOptions = {}) {
    this.#context = {
      now: (options.now ?? new Date()).getTime(),
      utcOffset: (options.utcOffset ?? 0) * 60_000,
      isMlsd: options.system === 'mlsd',
    };
    this.#charset = options.charset ?? createCharset(options);
    this.#directoryText = options.directory ?? '';
    this.#directory = options.octetDirectory ?? this.#charset.encode(this.#directoryText);
    this.#inPlace = `${this.#directory}/`;
    this.#decode = this.#charset.decode;
    this.#insideOnly = options.insideOnly ?? false;
    this.#hasSlashes = options.hasSlashes ?? false;
    this.#lineOctets = options.lineOctets ?? 65_536;
    this.#splitter = new LineSplitter(this.#lineOctets);
    this.#candidates = inOrder(options.system);
  }

  /** The dialect, as soon as a line has told it. */
  get dialect(): DialectName | undefined {
    return this.#settled?.name;
  }

  /** Whether a line was about the listed directory itself: then it is there, though nothing may be in it. */
  get showsItself(): boolean {
    return this.#showsItself;
  }

  push(chunk: Uint8Array): Entry[] {
    const isChunkAscii = isAscii(chunk);
    this.#decode = isChunkAscii && this.#isTailAscii ? same : this.#charset.decode;
    const lines = this.#splitter.push(chunk);
    const entries = this.#read(lines);
    // On VMS a name may stand on a line before its entry's.
    const isOver = lines.length > 0 && this.dialect !== undefined && this.dialect !== 'vms';
    this.#isTailAscii = isChunkAscii && (this.#isTailAscii || isOver);
    return entries;
  }

  end(): Entry[] {
    this.#decode = this.#isTailAscii ? same : this.#charset.decode;
    return this.#read(this.#splitter.end());
  }

  #read(lines: readonly string[]): Entry[] {
    const entries: Entry[] = [];
    const place = this.#place();
    for (let at = 0; at < lines.length && !this.#isElsewhere; at += 1) {
      const from = at;
      if (place !== undefined) at = this.#settled?.alike?.read(lines, from, place, entries) ?? from;
      this.#line += at - from;
      if (at === lines.length) break;
      const text = lines[at] as string;
      this.#line += 1;
      if (text.length > this.#lineOctets) this.#complain('the line is over-long', text);
      else if (isBlank(text)) this.#isAfterBlank = true;
      else {
        this.#readLine(text, entries);
        this.#isAfterBlank = false;
      }
    }
    return entries;
  }

  /** `undefined` where paths are more than a directory with a name behind it. */
  #place(): Place | undefined {
    const prefix = prefixOf(this.#directoryText, this.#hasSlashes);
    const octetPrefix = prefixOf(this.#directory, this.#hasSlashes);
    if (prefix === undefined || octetPrefix === undefined) return undefined;
    return { prefix, octetPrefix, decode: this.#decode, lineOctets: this.#lineOctets };
  }

  #readLine(text: string, entries: Entry[]): void {
    const found = this.#interpret(text);
    // `ls -R` shows directory after directory, blank lines between them.
    const isNext = found === undefined && this.#isAfterBlank && text.endsWith(':');
    const result = isNext && (this.dialect ?? 'unix') === 'unix' ? 'elsewhere' : found;
    if (result === 'header' || result === 'ignored') {
      this.#showsItself = true;
      return;
    }
    if (result === 'elsewhere') {
      this.#isElsewhere = true;
      this.#complain('another directory begins here, and what is in it is left out', text);
    } else if (result === undefined) {
      // With the first entry all other dialects are out.
      const isTalk = this.#candidates.length > 0 ? isHeading(text) : isSum(text);
      if (!isTalk) this.#complain('no known listing looks like this', text);
    } else if ('refusal' in result) this.#complain(result.refusal, text);
    else if (!this.#insideOnly || isInside(result)) entries.push(this.#entry(result, text));
    else this.#showsItself = true;
  }

  #entry(draft: Draft, text: string): Entry {
    // Some servers give whole paths where RFC 3659 §7.3 wants names.
    if (this.#directory !== '' && draft.name.startsWith(this.#inPlace)) {
      draft.name = draft.name.slice(this.#inPlace.length) || draft.name;
    }
    // `ls -F` and `ls -p` mark directories so; no name has one.
    if (draft.type === 'directory' && draft.name.length > 1 && draft.name.endsWith('/')) {
      draft.name = draft.name.slice(0, -1);
    }
    const decode = this.#decode;
    const name = decode(draft.name);
    const isDirectory = draft.type === 'directory';
    const path = joinPath(this.#directoryText, name, isDirectory, this.#hasSlashes);
    const octetPath = joinPath(this.#directory, draft.name, isDirectory, this.#hasSlashes);
    return new ListingEntry(draft, octetPath, name, path, text, decode);
  }

  #interpret(text: string): LineResult {
    if (this.#settled !== undefined) {
      const result = this.#settled.read(text);
      if (result !== undefined) {
        if (typeof result === 'object') this.#candidates = [];
        return result;
      }
    }
    for (const name of this.#candidates) {
      const dialect = this.#made.get(name) ?? dialects[name](this.#context);
      this.#made.set(name, dialect);
      if (dialect === this.#settled) continue;
      const result = dialect.read(text);
      if (result === undefined) continue;
      if (result === 'ignored') return result;
      // What only a heading told may still be another's (Nortel has that of DOS): its first entry decides.
      if (result === 'header' && this.#settled !== undefined) continue;
      this.#settled = dialect;
      if (result !== 'header') this.#candidates = [];
      return result;
    }
    return this.#settled === undefined ? undefined : this.#readForeign(text);
  }

  /** A line of another dialect in a listing that has one: mirrored and joined directories have such (`<DIR>` among `drwx`). */
  #readForeign(text: string): LineResult {
    this.#foreign ??= mixable.map((name) => dialects[name](this.#context));
    for (const dialect of this.#foreign) {
      if (dialect.name === this.#settled?.name) continue;
      const result = dialect.read(text);
      if (result !== undefined && typeof result === 'object') return result;
    }
    return undefined;
  }

  #complain(reason: string, text: string): void {
    if (this.problems.length >= problemLimit) return;
    this.problems.push({ line: this.#line, reason, text: shown(text) });
  }
}

function inOrder(system: string | undefined): DialectName[] {
  const names = Object.keys(dialects) as DialectName[];
  if (system === undefined) return names;
  const upper = system.toUpperCase();
  const exact = names.find((name) => name === system);
  const first = exact ?? systems.find(([mark]) => upper.includes(mark))?.[1];
  return first === undefined ? names : [first, ...names.filter((name) => name !== first)];
}

const same = (octets: string): string => octets;

function isInside({ name, self }: Draft): boolean {
  return !self && name !== '.' && name !== '..';
}

function isBlank(text: string): boolean {
  for (let i = 0; i < text.length; i += 1) if (text.charCodeAt(i) > 32) return false;
  return true;
}

function shown(text: string): string {
  return JSON.stringify(text.slice(0, 200)).slice(1, -1);
}
