/** Calls of the client that few need every day; those of every day are in `ftp-client.ts`. */
import { checkOptions, type Rows } from '@fivewire/line-protocol';
import { algorithmOf } from './files/attributes.js';
import { changeCreated, changeFacts, timeDigits, writeFacts } from './files/facts.js';
import { checkPaths, hashes } from './files/hashes.js';
import { judging } from './files/judged.js';
import { pathArgument, type RemotePath } from './files/remote-path.js';
import { space } from './files/space.js';
import { sweep } from './files/sweep.js';
import { makeSymlink } from './files/symlink.js';
import { uploadUnique } from './files/upload-unique.js';
import { listNames } from './listing/names.js';
import { callRules, sweepRules, transferRules } from './options.js';
import type { Session } from './session/session.js';
import type {
  CallOptions,
  HashAlgorithm,
  ListedName,
  Space,
  TransferOptions,
  UniqueResult,
  UploadSource,
} from './types.js';

const sessions = new WeakMap<FtpCalls, Session>();

/** The inside of a client. */
export const sessionOf = (calls: FtpCalls): Session => sessions.get(calls) as Session;

export abstract class FtpCalls {
  constructor(session: Session) {
    sessions.set(this, session);
  }

  /**
   * Names in a directory, and nothing else of them (NLST): for servers whose other listings can't be read.
   *
   * @param path default: the login directory
   * @throws TransferError ERR_TRANSFER_INCOMPLETE at the end, where the listing is not proven whole
   */
  listNames(path: RemotePath = '.', options: CallOptions = {}): Rows<ListedName> {
    const { session, octets } = this.#on(path, options);
    return listNames(session, octets, options);
  }

  /**
   * Writes a file under a name that the server chooses (STOU); without STOU, under a random one.
   *
   * @param directory default: the login directory
   */
  async uploadUnique(
    source: UploadSource,
    directory: RemotePath = '.',
    options: TransferOptions = {},
  ): Promise<UniqueResult> {
    checkOptions(options, transferRules);
    const session = sessionOf(this);
    const octets = pathArgument(directory, session.charset, 'directory');
    return uploadUnique(session, source, octets, options);
  }

  /**
   * Removes from a directory what `atomic` uploads that were killed have left there.
   *
   * @param options `olderThan`: milliseconds; what is younger may be under way. Default: what has no writer any more, as `mirror` finds
   * it: its process on this machine has died, or it is another machine's and nothing was written to it for two days
   * @returns the paths of what is gone
   */
  async sweep(
    path: RemotePath = '.',
    options: CallOptions & { olderThan?: number } = {},
  ): Promise<string[]> {
    checkOptions(options, sweepRules);
    const { olderThan, ...call } = options;
    const session = sessionOf(this);
    return sweep(session, pathArgument(path, session.charset), olderThan, call);
  }

  /**
   * How much room there is (AVBL, else XQUOTA).
   *
   * @param path a directory; quotas of servers that know only XQUOTA are the login's
   * @throws CommandError ERR_EXTENSION_REQUIRED
   */
  async space(path: RemotePath = '.', options: CallOptions = {}): Promise<Space> {
    const { session, octets } = this.#on(path, options);
    return space(session, octets, options);
  }

  /** Sets the time of creation, to the second (MFCT, else MFF). @throws CommandError ERR_EXTENSION_REQUIRED */
  async setCreated(path: RemotePath, time: Date, options: CallOptions = {}): Promise<void> {
    const digits = timeDigits(time);
    return this.#judging(path, options, (session, octets) =>
      changeCreated(session, octets, digits, options),
    );
  }

  /**
   * Changes facts of a file (MFF), such as `{ 'UNIX.mode': 0o644, modify: new Date() }`.
   *
   * @param facts names as the server announces them. A Date is written in UTC, a number for a mode in octal
   * @throws CommandError ERR_EXTENSION_REQUIRED
   */
  async setFacts(
    path: RemotePath,
    facts: Readonly<Record<string, string | number | Date>>,
    options: CallOptions = {},
  ): Promise<void> {
    const written = writeFacts(facts);
    return this.#judging(path, options, (session, octets) =>
      changeFacts(session, octets, written, options),
    );
  }

  /**
   * Makes a symbolic link (SITE SYMLINK; ProFTPD).
   *
   * @param target what it points at, as the server is to write it
   * @throws UsageError ERR_ARGUMENT where either has a blank in it: the command can't tell such names apart
   */
  async symlink(target: RemotePath, path: RemotePath, options: CallOptions = {}): Promise<void> {
    const { session, octets } = this.#on(path, options);
    const pointed = pathArgument(target, session.charset, 'target');
    return makeSymlink(session, pointed, octets, options);
  }

  /**
   * Hashes of several files as the server computes them: MMD5 for many at once, else one after the other.
   *
   * @returns hex, lower case, in the order of the paths
   * @throws CommandError ERR_EXTENSION_REQUIRED
   */
  async hashAll(
    paths: readonly RemotePath[],
    algorithm: HashAlgorithm = 'sha256',
    options: CallOptions = {},
  ): Promise<string[]> {
    checkOptions(options, callRules);
    checkPaths(paths);
    algorithmOf(algorithm);
    const session = sessionOf(this);
    const all = paths.map((path) => pathArgument(path, session.charset, 'paths'));
    return hashes(session, all, algorithm, options);
  }

  #on(path: RemotePath, options: CallOptions): { session: Session; octets: string } {
    checkOptions(options, callRules);
    const session = sessionOf(this);
    return { session, octets: pathArgument(path, session.charset) };
  }

  #judging<T>(
    path: RemotePath,
    options: CallOptions,
    work: (session: Session, octets: string) => Promise<T>,
  ): Promise<T> {
    const { session, octets } = this.#on(path, options);
    return judging(session, octets, options, () => work(session, octets));
  }
}
