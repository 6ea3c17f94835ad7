/** The FTP client: one control connection with a queue before it. RFC 959, 2228, 2389, 2428, 2640, 3659, 4217. */
import {
  type Closed,
  checkOptions,
  dispose,
  type GatheringReadable,
  type LineConnection,
  type Notice,
  type Reply,
  type Rows,
  securityInfo,
  UsageError,
} from '@fivewire/line-protocol';
import { again, downloadAgain, uploadAgain } from './files/again.js';
import { algorithmOf, changeMode, hash } from './files/attributes.js';
import { hashOrReread } from './files/digest.js';
import { download } from './files/download.js';
import { changeModified } from './files/facts.js';
import { judging } from './files/judged.js';
import { pathArgument, type RemotePath } from './files/remote-path.js';
import { stat } from './files/stat.js';
import { makeDirectory, removePath, renamePath } from './files/tree.js';
import { append, upload } from './files/upload.js';
import { FtpCalls } from './ftp-calls.js';
import type { Entry } from './listing/entry.js';
import { list } from './listing/list.js';
import {
  callRules,
  downloadRules,
  hashRules,
  listRules,
  makeRules,
  readStreamRules,
  removeRules,
  renameRules,
  transferRules,
  uploadRules,
} from './options.js';
import { openSession, optionsOf, resolveOptions } from './session/connect.js';
import { command } from './session/dialogue.js';
import { createQuit } from './session/quit.js';
import { rawCommand } from './session/raw-command.js';
import { workingDirectoryIn } from './session/reply-text.js';
import { hasFeature, type Session } from './session/session.js';
import { RemoteReadStream } from './transfer/read-stream.js';
import { copyTree, mirror, type TreeSide } from './trees/methods.js';
import type { MirrorOptions, TreeOptions, TreeResult } from './trees/types.js';
import type {
  CallOptions,
  CommandReply,
  DownloadOptions,
  DownloadTarget,
  FtpConnectOptions,
  FtpSecurity,
  FtpUrlOptions,
  HashAlgorithm,
  ListOptions,
  ReadStreamOptions,
  TransferOptions,
  TransferResult,
  UploadOptions,
  UploadSource,
} from './types.js';

/**
 * One connection to one server. Calls made at once wait for each other; more connections are `createFtpPool`.
 * Paths are absolute, or relative to the directory where the login begins: nothing ever changes the directory.
 *
 * Every method that talks may throw, besides what it names: CommandError ERR_COMMAND_REJECTED or ERR_NOT_FOUND,
 * ConnectionError, TimeoutError, AbortError, RemoteProtocolError, UsageError ERR_ARGUMENT (before an octet leaves).
 */
export class FtpClient extends FtpCalls {
  readonly #session: Session;
  readonly #quit: (options: CallOptions) => Promise<void>;

  /**
   * Dials, secures, logs in. Resolves when files can be moved.
   *
   * Takes options, or a URL (`ftps://user@host` for implicit TLS, `ftp://user@host` for AUTH TLS) and options.
   * @throws TlsError, StartTlsError, AuthenticationError, ConnectionError, TimeoutError, AbortError, UsageError;
   * then nothing stays open
   */
  static async connect(options: FtpConnectOptions): Promise<FtpClient>;
  static async connect(url: string | URL, options?: FtpUrlOptions): Promise<FtpClient>;
  static async connect(
    target: FtpConnectOptions | string | URL,
    options?: FtpUrlOptions,
  ): Promise<FtpClient> {
    return new FtpClient(await openSession(resolveOptions(optionsOf(target, options))));
  }

  /** @internal Use `FtpClient.connect`. */
  constructor(session: Session) {
    super(session);
    this.#session = session;
    this.#quit = createQuit(session.control);
  }

  /** What FEAT announced under TLS (RFC 2389): names in upper case, and what follows them on each of their lines. */
  get capabilities(): ReadonlyMap<string, readonly string[]> {
    return this.#session.features;
  }

  /** What protects the control connection. Data connections are protected alike, and proven to be the same server. */
  get security(): FtpSecurity {
    const { transport, securesData, isInClear } = this.#session;
    const info = securityInfo(transport, this.#connection);
    const dataProtection = securesData ? 'private' : 'clear';
    const own = {
      dataProtection: { value: dataProtection, enumerable: true },
      ...(isInClear ? { controlProtection: { value: 'clear', enumerable: true } } : {}),
    };
    const all = { ...Object.getOwnPropertyDescriptors(info), ...own };
    return Object.freeze(Object.defineProperties({}, all)) as FtpSecurity;
  }

  /** Settles when the connection is over; never rejects. */
  get closed(): Promise<Closed> {
    return this.#connection.closed;
  }

  /** What the server says without being asked, and its welcome. */
  get notices(): AsyncIterable<Notice> {
    return this.#session.control.notices;
  }

  /**
   * What is in a directory, as it comes. MLSD (RFC 3659 §7), else LIST in fourteen dialects. A file is its own one entry.
   *
   * Calls made inside the loop work: the rest of the listing is then read at once.
   *
   * @param path default: the login directory
   * @throws TransferError ERR_TRANSFER_INCOMPLETE at the end, where the listing is not proven whole
   */
  list(path: RemotePath = '.', options: ListOptions = {}): Rows<Entry> {
    checkOptions(options, listRules);
    return list(this.#session, this.#path(path), options);
  }

  /**
   * What a path is: by MLST, else SIZE and MDTM, else the listing above it.
   *
   * @returns `undefined` where nothing is there
   */
  async stat(path: RemotePath, options: CallOptions = {}): Promise<Entry | undefined> {
    checkOptions(options, callRules);
    return stat(this.#session, this.#path(path), options);
  }

  /**
   * A file to a local path or into a Writable (RETR).
   *
   * @throws TransferError ERR_TRANSFER_INCOMPLETE where it is not proven whole; LocalError
   */
  async download(
    path: RemotePath,
    target: DownloadTarget,
    options: DownloadOptions = {},
  ): Promise<TransferResult> {
    checkOptions(options, downloadRules);
    const octets = this.#path(path);
    if ((options.segments ?? 1) > 1) throw onePerClient();
    const each = downloadAgain(target, options);
    return again(options.retry ?? 0, options.signal, false, () =>
      judging(this.#session, octets, options, () => download(this.#session, octets, target, each)),
    );
  }

  /**
   * A file as a Readable. It begins at the first read, goes at the reader's pace, and ends only when the file is
   * proven whole; destroying it gives the transfer up and keeps the session. While it runs, other calls wait.
   */
  createReadStream(path: RemotePath, options: ReadStreamOptions = {}): GatheringReadable {
    checkOptions(options, readStreamRules);
    const session = this.#session;
    const borrow = async () => ({ session, giveBack: () => {} });
    return new RemoteReadStream(borrow, this.#path(path), options, session.control);
  }

  /**
   * Writes a file (STOR), in place of what is there.
   *
   * @param source content (a string is content too), a stream, or `{ file: './local' }`
   * @throws TransferError ERR_TRANSFER_INCOMPLETE where the server has not got all of it; LocalError
   */
  async upload(
    source: UploadSource,
    path: RemotePath,
    options: UploadOptions = {},
  ): Promise<TransferResult> {
    checkOptions(options, uploadRules);
    const octets = this.#path(path);
    const each = uploadAgain(source, options);
    return again(options.retry ?? 0, options.signal, false, () =>
      upload(this.#session, source, octets, each),
    );
  }

  /** Writes behind what a file has, or a new one (APPE). The proof is the final reply. */
  async append(
    source: UploadSource,
    path: RemotePath,
    options: TransferOptions = {},
  ): Promise<TransferResult> {
    checkOptions(options, transferRules);
    return append(this.#session, source, this.#path(path), options);
  }

  /** Whether something is there, a link to nothing included. */
  async exists(path: RemotePath, options: CallOptions = {}): Promise<boolean> {
    return (await this.stat(path, options)) !== undefined;
  }

  /**
   * A directory of this side and all in it to the server. Files that are there are replaced; nothing is removed.
   *
   * @param remote the directory that becomes as `local` is; made where it is missing
   * @throws TransferError ERR_TRANSFER_INCOMPLETE at the end, where some of it failed: `errors` has one for each path, `result` the
   * rest; LocalError; UsageError
   */
  uploadTree(
    local: string | URL,
    remote: RemotePath,
    options: TreeOptions = {},
  ): Promise<TreeResult> {
    return copyTree(this.#side, 'up', local, remote, options);
  }

  /**
   * A directory of the server and all in it to this side. A name that would lead out of `local` is refused and reported, links are
   * neither followed nor made.
   *
   * @throws as {@link uploadTree}; CommandError ERR_NOT_FOUND
   */
  downloadTree(
    remote: RemotePath,
    local: string | URL,
    options: TreeOptions = {},
  ): Promise<TreeResult> {
    return copyTree(this.#side, 'down', local, remote, options);
  }

  /**
   * Makes one tree as the other is: transfers what differs, and with `delete` removes what the original has not. A run that was
   * killed is made good by the next.
   *
   * @throws as {@link uploadTree}; UsageError ERR_STATE where more would be removed than `mostDeletions`
   */
  mirror(local: string | URL, remote: RemotePath, options: MirrorOptions): Promise<TreeResult> {
    return mirror(this.#side, local, remote, options);
  }

  /** Makes a directory (MKD). With `parents` also those above it, and one that is there already is no error. */
  async mkdir(path: RemotePath, options: CallOptions & { parents?: boolean } = {}): Promise<void> {
    checkOptions(options, makeRules);
    return makeDirectory(this.#session, this.#path(path), options);
  }

  /**
   * Removes a file, a symlink or an empty directory (DELE, RMD). With `recursive` a directory and all in it;
   * symlinks in it go, what they point at stays, whatever a listing shows them as. Never `/`, `.` or `..`.
   */
  async remove(
    path: RemotePath,
    options: CallOptions & { recursive?: boolean } = {},
  ): Promise<void> {
    checkOptions(options, removeRules);
    return removePath(this.#session, this.#path(path), options);
  }

  /**
   * Renames or moves (RNFR, RNTO). Most servers replace a file that is there under the new name, some refuse to. `overwrite: true`
   * replaces it on those too; `false` looks first, and refuses where something is there. Default: as the server does it.
   */
  async rename(
    from: RemotePath,
    to: RemotePath,
    options: CallOptions & { overwrite?: boolean } = {},
  ): Promise<void> {
    checkOptions(options, renameRules);
    return renamePath(this.#session, this.#path(from, 'from'), this.#path(to, 'to'), options);
  }

  /** Sets permission bits (SITE CHMOD, else MFF). @param mode `0o644` */
  async chmod(path: RemotePath, mode: number, options: CallOptions = {}): Promise<void> {
    checkOptions(options, callRules);
    const octets = this.#path(path);
    return judging(this.#session, octets, options, () =>
      changeMode(this.#session, octets, mode, options),
    );
  }

  /** Sets the modification time, to the second (MFMT, else MDTM or SITE UTIME). @throws CommandError ERR_EXTENSION_REQUIRED */
  async setModified(path: RemotePath, time: Date, options: CallOptions = {}): Promise<void> {
    checkOptions(options, callRules);
    const octets = this.#path(path);
    return judging(this.#session, octets, options, () =>
      changeModified(this.#session, octets, time, options),
    );
  }

  /**
   * A hash as the server computes it (HASH, or XSHA256 and its kin). With `reread` a server that has none gives the file, and this side
   * computes it.
   *
   * @returns hex, lower case
   * @throws CommandError ERR_EXTENSION_REQUIRED
   */
  async hash(
    path: RemotePath,
    algorithm: HashAlgorithm = 'sha256',
    options: CallOptions & { reread?: boolean } = {},
  ): Promise<string> {
    checkOptions(options, hashRules);
    algorithmOf(algorithm);
    const octets = this.#path(path);
    const work = options.reread === true ? hashOrReread : hash;
    return judging(this.#session, octets, options, () =>
      work(this.#session, octets, algorithm, options),
    );
  }

  /** The directory that relative paths begin at (PWD). */
  async workingDirectory(options: CallOptions = {}): Promise<string> {
    checkOptions(options, callRules);
    const { control, charset } = this.#session;
    const reply: Reply = await control.demand(command('PWD'), options);
    const path = workingDirectoryIn(reply.lines[0] ?? '');
    if (path !== undefined) return charset.decode(path);
    throw this.#connection.unreadable('a path in quotes', reply.text, 'PWD');
  }

  /**
   * Sends a command that has no method here, such as `command('SITE', ['UMASK', '022'])`. Commands that carry credentials,
   * open data connections or change the session's state are refused.
   *
   * @throws CommandError for 4yz and 5yz; UsageError for a refused verb
   */
  async command(
    verb: string,
    args: readonly string[] = [],
    options: CallOptions = {},
  ): Promise<CommandReply> {
    checkOptions(options, callRules);
    return rawCommand(this.#session, verb, args, options);
  }

  /**
   * Says goodbye after the calls that are under way, and closes. A server that leaves without its last word is no
   * failure: nothing depends on it.
   *
   * @throws AbortError ERR_ABORTED, with the connection as it was; UsageError
   */
  async quit(options: CallOptions = {}): Promise<void> {
    checkOptions(options, callRules);
    return this.#quit(options);
  }

  /** Closes at once. Calls under way reject with ERR_CONNECTION_CLOSED. */
  close(): void {
    this.#connection.close();
  }

  /** `quit()`, but no longer than `timeouts.close`. */
  [Symbol.asyncDispose](): Promise<void> {
    return dispose(this.#connection, () => this.quit());
  }

  get #side(): TreeSide {
    const session = this.#session;
    return {
      ftp: this,
      connections: 1,
      keepsTimes: async () => hasFeature(session, 'MFMT'),
      checkPath: (path) => void this.#path(path, 'remote'),
    };
  }

  get #connection(): LineConnection {
    return this.#session.control.connection;
  }

  #path(path: RemotePath, argument?: string): string {
    return pathArgument(path, this.#session.charset, argument);
  }
}

const onePerClient = (): UsageError =>
  new UsageError('ERR_ARGUMENT', 'One client is one connection: it has no segments.', {
    protocol: 'ftp',
    argument: 'segments',
    hint: 'Make a pool (`createFtpPool`), and let that download.',
  });
