/** The calls that a client and a pool have in common, word for word: each is made on one session, wherever that comes from. */
import { checkOptions, UsageError } from '@fivewire/line-protocol';
import { algorithmOf } from './files/attributes.js';
import { changeCreated, changeFacts, timeDigits, writeFacts } from './files/facts.js';
import { hashes } from './files/hashes.js';
import { judging } from './files/judged.js';
import { pathArgument, type RemotePath } from './files/remote-path.js';
import { space } from './files/space.js';
import { makeSymlink } from './files/symlink.js';
import { callRules } from './options.js';
import type { Charset } from './session/charset.js';
import type { Session } from './session/session.js';
import type { CallOptions, HashAlgorithm, Space } from './types.js';

/** Where calls are made: on the client's session, or on one that the pool lends. */
export interface Seat {
  readonly charset: Charset;
  run<T>(options: CallOptions, work: (session: Session) => Promise<T>): Promise<T>;
}

const seats = new WeakMap<FtpCalls, Seat>();

/** Called once, in the constructor. */
export function seat(calls: FtpCalls, its: Seat): void {
  seats.set(calls, its);
}

export abstract class FtpCalls {
  /**
   * How much room there is (AVBL, else XQUOTA).
   *
   * @param path a directory; quotas of servers that know only XQUOTA are the login's
   * @throws CommandError ERR_EXTENSION_REQUIRED
   */
  async space(path: RemotePath = '.', options: CallOptions = {}): Promise<Space> {
    const { at, octets } = this.#on(path, options);
    return at.run(options, (session) => space(session, octets, options));
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
    const { at, octets } = this.#on(path, options);
    const pointed = pathArgument(target, at.charset, 'target');
    return at.run(options, (session) => makeSymlink(session, pointed, octets, options));
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
    if (!Array.isArray(paths)) {
      throw new UsageError('ERR_ARGUMENT', 'The paths are no list.', {
        protocol: 'ftp',
        argument: 'paths',
      });
    }
    algorithmOf(algorithm);
    const at = seats.get(this) as Seat;
    const all = paths.map((path) => pathArgument(path, at.charset, 'paths'));
    return at.run(options, (session) => hashes(session, all, algorithm, options));
  }

  #on(path: RemotePath, options: CallOptions): { at: Seat; octets: string } {
    checkOptions(options, callRules);
    const at = seats.get(this) as Seat;
    return { at, octets: pathArgument(path, at.charset) };
  }

  #judging<T>(
    path: RemotePath,
    options: CallOptions,
    work: (session: Session, octets: string) => Promise<T>,
  ): Promise<T> {
    const { at, octets } = this.#on(path, options);
    return at.run(options, (session) =>
      judging(session, octets, options, () => work(session, octets)),
    );
  }
}
