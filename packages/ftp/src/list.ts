/** MLSD (RFC 3659 §7) or LIST (RFC 959 §4.1.3), streamed: an entry is there as soon as its line is. */
import {
  type CommandLine,
  type FivewireError,
  isFivewireError,
  type ServerReply,
  TransferError,
} from '@fivewire/line-protocol';
import { Box } from './box.js';
import { octetString } from './charset.js';
import { command, type Dialogue } from './dialogue.js';
import { saysEmpty, saysUnknown, tooDeep } from './failures.js';
import type { Entry, ListingProblem } from './listing/entry.js';
import { ListingParser } from './listing/parse-listing.js';
import { receive } from './movement.js';
import { notAnOption } from './remote-path.js';
import { hasFeature, type Session } from './session.js';
import { type Outcome, transfer } from './transfer.js';
import { listingType, setType } from './transfer-type.js';
import type { ListOptions } from './types.js';

/** What is below a directory, parents before what is in them. Symlinks are shown and not followed. */
export function list(
  session: Session,
  path: string,
  options: ListOptions,
): AsyncGenerator<Entry, void, undefined> {
  return options.recursive
    ? listTree(session, path, options)
    : listDirectory(session, path, options);
}

async function* listTree(
  session: Session,
  path: string,
  options: ListOptions,
): AsyncGenerator<Entry, void, undefined> {
  const directories: { path: string; depth: number }[] = [{ path, depth: 1 }];
  for (let next = directories.pop(); next !== undefined; next = directories.pop()) {
    const below: typeof directories = [];
    try {
      for await (const entry of listDirectory(session, next.path, options)) {
        if (entry.type === 'directory') {
          below.push({ path: octetString(entry.rawPath), depth: next.depth + 1 });
        }
        yield entry;
      }
    } catch (error) {
      if (next.depth === 1 || !isRefusal(error)) throw error;
      const directory = session.charset.decode(next.path);
      options.onProblem?.({ directory, line: 0, reason: error.message, text: '' });
    }
    if (below.length > 0 && next.depth >= session.limits.depth) {
      throw session.control.connection.locate(tooDeep(session.limits.depth));
    }
    directories.push(...below.reverse());
  }
}

/** What one directory holds, itself and its parent left out. */
export async function* listDirectory(
  session: Session,
  path: string,
  options: ListOptions,
): AsyncGenerator<Entry, void, undefined> {
  const { control } = session;
  const box = new Box<Entry>();
  const given = new AbortController();
  const signal = AbortSignal.any([given.signal, ...(options.signal ? [options.signal] : [])]);
  const hurry = (): void => box.hurry();
  control.whenAwaited.add(hurry);
  control
    .hold('LIST', { ...options, signal }, (dialogue) =>
      fetchListing(session, dialogue, path, { ...options, signal }, box),
    )
    .then(
      () => box.end(undefined),
      (error: unknown) => box.end(error),
    );
  try {
    for (let batch = await box.next(); batch !== undefined; batch = await box.next()) {
      for (const entry of batch) yield entry;
    }
  } finally {
    control.whenAwaited.delete(hurry);
    given.abort(); // of no effect where the listing is over
  }
}

async function fetchListing(
  session: Session,
  dialogue: Dialogue,
  path: string,
  options: ListOptions,
  box: Box<Entry>,
): Promise<void> {
  if (session.learned.mlsd && hasFeature(session, 'MLST')) {
    if (await fetchBy(session, dialogue, 'MLSD', path, options, box)) return;
    session.learned.mlsd = false; // announced and not understood: Serv-U in some states
  }
  await fetchBy(session, dialogue, 'LIST', path, options, box);
}

/** False where MLSD is not understood. */
async function fetchBy(
  session: Session,
  dialogue: Dialogue,
  verb: 'MLSD' | 'LIST',
  path: string,
  options: ListOptions,
  box: Box<Entry>,
): Promise<boolean> {
  await setType(session, dialogue, verb === 'LIST' ? listingType(session) : 'I');
  const line = listingCommand(verb, path, options.hidden ?? false);
  const reading = new Reading(session, verb, path, options, box);
  let outcome: Outcome;
  try {
    outcome = await transfer(session, dialogue, {
      ...options,
      line,
      observeCloseNotify: () => session.requireCloseNotify,
      octets: () => reading.octets,
      move: (stream, watch) => receive(stream, (piece) => reading.take(piece), watch),
    });
  } catch (error) {
    const answer = answerIn(error);
    if (answer !== undefined && saysEmpty(answer)) return true;
    if (answer !== undefined && verb === 'MLSD' && saysUnknown(answer)) return false;
    throw error;
  }
  if (!isWhole(session, outcome, reading.octets)) throw cut(session, outcome, line.masked);
  reading.end();
  return true;
}

/** The directory where the login begins is listed by no argument: not all servers take `.`. */
function listingCommand(verb: 'MLSD' | 'LIST', path: string, hidden: boolean): CommandLine {
  const options = verb === 'LIST' && hidden ? ['-a'] : [];
  const login = path === '' || path === '.';
  const target = login ? [] : [verb === 'LIST' ? notAnOption(path) : path];
  return command(verb, ...options, ...target);
}

/** From octets to entries in the box. */
class Reading {
  octets = 0;
  readonly #session: Session;
  readonly #options: ListOptions;
  readonly #box: Box<Entry>;
  readonly #parser: ListingParser;
  readonly #directory: string;
  #entries = 0;
  #problems = 0;

  constructor(
    session: Session,
    verb: 'MLSD' | 'LIST',
    path: string,
    options: ListOptions,
    box: Box<Entry>,
  ) {
    this.#session = session;
    this.#options = options;
    this.#box = box;
    this.#directory = session.charset.decode(path);
    this.#parser = new ListingParser({
      directory: this.#directory,
      octetDirectory: path,
      insideOnly: true,
      charset: session.charset,
      system: verb === 'MLSD' ? 'mlsd' : session.system,
      utcOffset: session.utcOffset,
      lineOctets: session.limits.listingLineOctets,
    });
  }

  take(piece: Buffer): Promise<void> | undefined {
    this.octets += piece.length;
    this.#give(this.#parser.push(piece));
    return this.#session.control.isAwaited ? undefined : this.#box.room();
  }

  end(): void {
    this.#give(this.#parser.end());
  }

  #give(entries: Entry[]): void {
    const { listingEntries } = this.#session.limits;
    this.#entries += entries.length;
    if (this.#entries > listingEntries) {
      throw this.#session.control.connection.exceeded('listingEntries', listingEntries);
    }
    if (entries.length > 0) this.#box.put(entries);
    const { problems } = this.#parser;
    for (; this.#problems < problems.length; this.#problems += 1) {
      const problem = problems[this.#problems] as ListingProblem;
      this.#options.onProblem?.({ ...problem, directory: this.#directory });
    }
  }
}

/** Without TLS the end of the connection is all there is. A server that opened nothing has nothing to show. */
function isWhole(
  { requireCloseNotify, transport }: Session,
  { opening, closedCleanly, broken }: Outcome,
  octets: number,
): boolean {
  if (opening === undefined && octets === 0) return true;
  if (transport.context !== undefined && requireCloseNotify) return closedCleanly === true;
  return broken === undefined || octets === 0; // some servers end an empty listing by a reset
}

function cut(session: Session, { broken }: Outcome, masked: string): TransferError {
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
      hint: 'Somebody cut the data connection, or the server never ends TLS properly: then `requireCloseNotify: false` takes what comes.',
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

function isRefusal(error: unknown): error is FivewireError {
  return isFivewireError(error) && error.connection === 'usable' && error.code !== 'ERR_ABORTED';
}
