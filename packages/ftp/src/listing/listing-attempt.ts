/** One try at a directory: a command, its octets, and a verdict on what they say. */

import { createHash, type Hash } from 'node:crypto';
import {
  type CommandLine,
  type FivewireError,
  isFivewireError,
  type Reply,
  type ServerReply,
  SilenceTimer,
  serverReply,
  TransferError,
} from '@fivewire/line-protocol';
import { inside } from '../files/directory.js';
import { hasSlashes, notAnOption, splitPath } from '../files/remote-path.js';
import { octetString } from '../session/charset.js';
import { command, type Dialogue } from '../session/dialogue.js';
import { rejected, saysEmpty } from '../session/failures.js';
import { rememberLink } from '../session/server-traits.js';
import type { Session } from '../session/session.js';
import { receive } from '../transfer/data-flow.js';
import { type Outcome, transfer } from '../transfer/transfer.js';
import { listingType, setType } from '../transfer/transfer-type.js';
import type { ListOptions } from '../types.js';
import { BatchBuffer } from './batch-buffer.js';
import type { Entry, ListingProblem } from './entry.js';
import { ListingParser } from './parse-listing.js';

/** How a directory is asked for. */
export interface Way {
  readonly verb: 'MLSD' | 'LIST';
  /** `LIST -a`. */
  readonly all: boolean;
  /** `argument`: the path behind the verb. `inside`: CWD first and back afterwards. `bare`: the working directory itself. */
  readonly place: 'argument' | 'inside' | 'bare';
}

/** What two listings must share to be compared. */
export const commandOf = ({ verb, all }: Way): string => (all ? `${verb} -a` : verb);

/** What a try came to. Only with `whole` have entries been given. */
export type Verdict = { readonly way: Way } & (
  | {
      readonly kind: 'whole';
      readonly entries: number;
      /** Whether it may be the working directory that was listed: a part of the path is shown in it, or what another path showed. */
      readonly isSuspect: boolean;
      readonly print: string;
    }
  /** Nothing came, or nothing but the directory itself. */
  | { readonly kind: 'empty'; readonly showsItself: boolean }
  /** Lines came, and none could be read. */
  | { readonly kind: 'unread'; readonly problem: ListingProblem }
  /** One entry of the path's own name: the file itself, or what the directory holds. */
  | { readonly kind: 'own'; readonly entry: Entry }
  /** It may be the working directory that was listed. */
  | { readonly kind: 'suspect'; readonly print: string }
  | {
      readonly kind: 'refused';
      readonly error: FivewireError;
      readonly answer: ServerReply;
      readonly byCwd: boolean;
    }
  /** The directory can't be entered, for there would be no way back. */
  | { readonly kind: 'nowhere' }
);

/**
 * While it is not known whether the server obeys its argument, entries are held back until that can be told: so many, and the first of
 * them for so many milliseconds. What a far server sends in one piece takes it some round trips: half the time until its first entry.
 */
const heldWhileUnproven = { entries: 1_000, least: 30, most: 200 };

/** Gives the entries as they come, and returns what it makes of them. */
export async function* attempt(
  session: Session,
  path: string,
  way: Way,
  options: ListOptions,
  before: Verdict | undefined,
): AsyncGenerator<readonly Entry[], Verdict, undefined> {
  const { control } = session;
  const buffer = new BatchBuffer<Entry>();
  const given = new AbortController();
  const signal = AbortSignal.any([given.signal, ...(options.signal ? [options.signal] : [])]);
  let verdict: Verdict | undefined;
  control
    .hold(way.verb, { ...options, signal }, async (dialogue) => {
      const compares = before?.kind === 'suspect';
      const reading = new Reading(session, path, way, { ...options, signal }, buffer, compares);
      try {
        verdict = await fetch(session, dialogue, path, way, reading, { ...options, signal });
      } finally {
        reading.stop();
      }
    })
    .then(
      () => buffer.end(undefined),
      (error: unknown) => buffer.end(error),
    );
  try {
    for (let batch = await buffer.next(); batch !== undefined; batch = await buffer.next()) {
      yield batch;
    }
    return verdict as unknown as Verdict;
  } finally {
    given.abort(); // of no effect where the listing is over
  }
}

async function fetch(
  session: Session,
  dialogue: Dialogue,
  path: string,
  way: Way,
  reading: Reading,
  options: ListOptions,
): Promise<Verdict> {
  if (way.place !== 'inside') return receiveListing(session, dialogue, path, way, reading, options);
  const visit = await inside(session, dialogue, path, () =>
    receiveListing(session, dialogue, '', way, reading, options),
  );
  if (visit === 'no way back') return { kind: 'nowhere', way };
  if ('result' in visit) return visit.result;
  const error = session.control.connection.locate(rejected(visit.refusal, `CWD ${path}`));
  return { kind: 'refused', error, answer: answerOf(visit.refusal), byCwd: true, way };
}

const answerOf = (reply: Reply): ServerReply => serverReply(reply);

async function receiveListing(
  session: Session,
  dialogue: Dialogue,
  path: string,
  way: Way,
  reading: Reading,
  options: ListOptions,
): Promise<Verdict> {
  await setType(session, dialogue, way.verb === 'LIST' ? listingType(session) : 'I');
  const line = listingCommand(way, path);
  let outcome: Outcome;
  try {
    outcome = await transfer(session, dialogue, {
      ...options,
      line,
      observeCloseNotify: () => session.requireCloseNotify,
      octets: () => reading.octets,
      awaited: () => reading.goOn(),
      move: (stream, watch) => receive(stream, (piece) => reading.take(piece), watch),
    });
  } catch (error) {
    const answer = answerIn(error);
    if (answer === undefined || (error as FivewireError).command !== line.masked) throw error;
    if (saysEmpty(answer)) return { kind: 'empty', showsItself: false, way };
    if (!isAboutCommand(answer, way.verb)) throw error;
    const refusal = error as FivewireError;
    return { kind: 'refused', error: refusal, answer, byCwd: false, way };
  }
  if (!isWhole(session, outcome, reading.octets)) throw cut(session, outcome, line.masked);
  return reading.end();
}

/** The directory where the login begins is listed by no argument: not all servers take `.`. */
function listingCommand({ verb, all, place }: Way, path: string): CommandLine {
  const options = all ? ['-a'] : [];
  const target = place === 'argument' ? [verb === 'LIST' ? notAnOption(path) : path] : [];
  return command(verb, ...options, ...target);
}

/** From octets to entries in the buffer, and to a verdict. */
export class Reading {
  octets = 0;
  readonly #session: Session;
  readonly #way: Way;
  readonly #path: string;
  readonly #options: ListOptions;
  readonly #buffer: BatchBuffer<Entry>;
  readonly #parser: ListingParser;
  readonly #directory: string;
  readonly #print: Hash | undefined;
  #entries = 0;
  #problems = 0;
  /** Entries that wait until it is known what they are; `undefined` once that is known. */
  #held: Entry[] | undefined = [];
  /** Whether the server has to prove that it obeys its argument. */
  readonly #holds: boolean;
  readonly #parts: ReadonlySet<string>;
  #isSuspect = false;
  readonly #begun = performance.now();
  readonly #timer = new SilenceTimer();

  constructor(
    session: Session,
    path: string,
    way: Way,
    options: ListOptions,
    buffer: BatchBuffer<Entry>,
    compares: boolean,
  ) {
    this.#session = session;
    this.#way = way;
    this.#path = path;
    this.#options = options;
    this.#buffer = buffer;
    this.#directory = session.charset.decode(path);
    const isUnproven = way.place === 'argument' && session.traits.listArgument === 'unproven';
    if (isUnproven || compares) this.#print = createHash('sha1');
    this.#holds = isUnproven;
    this.#parts = new Set(this.#directory.split('/'));
    this.#parser = new ListingParser({
      directory: this.#directory,
      octetDirectory: path,
      insideOnly: true,
      hasSlashes: hasSlashes(session),
      charset: session.charset,
      system: way.verb === 'MLSD' ? 'mlsd' : session.system,
      utcOffset: session.utcOffset,
      lineOctets: session.limits.listingLineOctets,
    });
  }

  take(piece: Buffer): Promise<void> | undefined {
    this.octets += piece.length;
    this.#print?.update(piece);
    this.#give(this.#parser.push(piece));
    return this.#session.control.calls.any ? undefined : this.#buffer.room();
  }

  /** A call waits: reads on, whatever the caller has taken. */
  goOn(): void {
    this.#buffer.readOn();
  }

  end(): Verdict {
    this.#give(this.#parser.end());
    const way = this.#way;
    const held = this.#held ?? [];
    const problem = this.#parser.problems[0];
    if (this.#entries === 0) {
      if (problem !== undefined && !this.#parser.showsItself)
        return { kind: 'unread', problem, way };
      this.#tell();
      return { kind: 'empty', showsItself: this.#parser.showsItself, way };
    }
    const [first] = held;
    if (held.length === 1 && this.#entries === 1 && first !== undefined && this.#isOwn(first)) {
      return { kind: 'own', entry: first, way };
    }
    const print = this.#print?.digest('hex') ?? '';
    if (this.#holds && !this.#isSuspect) this.#isSuspect = this.#isAsBefore(print);
    if (this.#isSuspect && this.#held !== undefined) return { kind: 'suspect', print, way };
    this.#release();
    return { kind: 'whole', entries: this.#entries, isSuspect: this.#isSuspect, print, way };
  }

  /** No end comes any more. */
  stop(): void {
    this.#timer.close();
  }

  #give(entries: Entry[]): void {
    const { listingEntries } = this.#session.limits;
    this.#entries += entries.length;
    if (this.#entries > listingEntries) {
      throw this.#session.control.connection.exceeded('listingEntries', listingEntries);
    }
    for (const entry of entries) {
      if (entry.type === 'symlink') {
        rememberLink(this.#session.traits, octetString(entry.rawPath));
      }
    }
    if (this.#holds && !this.#isSuspect) this.#isSuspect = entries.some(this.#isPart);
    if (this.#held === undefined) {
      if (entries.length > 0) this.#buffer.put(entries);
      this.#tell();
      return;
    }
    for (const entry of entries) this.#held.push(entry);
    if (!this.#mayWait()) this.#release();
  }

  #mayWait(): boolean {
    const [first] = this.#held ?? [];
    if (first === undefined) return true;
    if (this.#way.place !== 'argument') return false;
    if (!this.#holds) return this.#entries === 1 && this.#isOwn(first);
    const { entries, least, most } = heldWhileUnproven;
    const span = Math.min(Math.max((performance.now() - this.#begun) / 2, least), most);
    if (!this.#timer.running) this.#timer.start(span, () => this.#release());
    return this.#entries <= entries;
  }

  #release(): void {
    this.stop();
    if (this.#held !== undefined && this.#held.length > 0) this.#buffer.put(this.#held);
    this.#held = undefined;
    this.#tell();
  }

  /** Problems are told once it is known that this listing is the one that counts. */
  #tell(): void {
    const { problems } = this.#parser;
    for (; this.#problems < problems.length; this.#problems += 1) {
      const problem = problems[this.#problems] as ListingProblem;
      this.#options.onProblem?.({ ...problem, directory: this.#directory });
    }
  }

  #isOwn(entry: Entry): boolean {
    if (entry.type === 'directory') return false;
    const shown = octetString(entry.rawPath);
    return splitPath(shown).name === splitPath(this.#path).name;
  }

  /** Another path has shown the very same. */
  #isAsBefore(print: string): boolean {
    const { listed } = this.#session.traits;
    if (listed === undefined || listed.command !== commandOf(this.#way)) return false;
    return listed.print === print && listed.path !== this.#path;
  }

  /** A server that ignores its argument lists the working directory, and in that the first part of the path is shown. */
  readonly #isPart = ({ name, type }: Entry): boolean => type !== 'file' && this.#parts.has(name);
}

/** Without TLS the end of the connection is all there is. A server that opened nothing has nothing to show. */
export function isWhole(
  { requireCloseNotify, securesData }: Session,
  { opening, closedCleanly, broken }: Outcome,
  octets: number,
): boolean {
  if (opening === undefined && octets === 0) return true;
  if (securesData && requireCloseNotify) return closedCleanly === true;
  return broken === undefined || octets === 0; // some servers end an empty listing by a reset
}

export function cut(session: Session, { broken }: Outcome, masked: string): TransferError {
  const why =
    broken instanceof Error
      ? `the data connection broke: ${broken.message}`
      : 'TLS ended without close_notify';
  return session.control.connection.locate(
    new TransferError('ERR_TRANSFER_INCOMPLETE', `The listing is not proven whole: ${why}.`, {
      command: masked,
      phase: 'transfer',
      ...(broken === undefined ? {} : { cause: broken }),
      connection: 'usable',
      retry: 'later',
      hint: 'The data connection was cut, or the server never ends TLS properly: then `requireCloseNotify: false` takes what comes.',
    }),
  );
}

/** What the server said, where it refused the command or sent nothing before it broke off. */
function answerIn(error: unknown): ServerReply | undefined {
  if (!isFivewireError(error)) return undefined;
  const { octets, cause } = error as { octets?: number; cause?: unknown };
  const source = error.code === 'ERR_TRANSFER_INCOMPLETE' && octets === 0 ? cause : error;
  return (source as { reply?: ServerReply } | undefined)?.reply;
}

/** Of the refusals, those that another way of asking may get around. */
function isAboutCommand({ code }: ServerReply, verb: Way['verb']): boolean {
  const codes = verb === 'MLSD' ? [...ofPaths, ...ofMlsd] : ofPaths;
  return codes.includes(Number(code));
}

const ofPaths = [202, 450, 451, 500, 501, 502, 503, 504, 550, 552, 553];
/** Servers whose MLSD is broken refuse it with whatever they have; LIST is tried before that is believed. */
const ofMlsd = [425, 426, 521, 522, 530, 532, 551, 554, 555];
