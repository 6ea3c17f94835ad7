/** Several connections to one server with the surface of one client: each call takes a free one. */
import {
  checkOptions,
  createPool,
  type FivewireError,
  type GatheringReadable,
  knownDeadlock,
  type Lease,
  type Pool,
  type PoolOptions,
  splitPoolOptions,
  useLease,
} from '@fivewire/line-protocol';
import { pathArgument, type RemotePath } from './files/remote-path.js';
import { FtpCalls, seat } from './ftp-calls.js';
import { FtpClient, sessionOf } from './ftp-client.js';
import { Box } from './listing/box.js';
import type { Entry } from './listing/entry.js';
import { callRules, listRules, readStreamRules } from './options.js';
import type { Charset } from './session/charset.js';
import { openSession, resolveOptions } from './session/connect.js';
import { type Borrow, RemoteReadStream } from './transfer/read-stream.js';
import { copyTree, mirror, type TreeSide } from './trees/methods.js';
import type { MirrorOptions, TreeOptions, TreeResult } from './trees/types.js';
import type {
  CallOptions,
  CommandReply,
  DownloadOptions,
  DownloadTarget,
  FtpConnectOptions,
  HashAlgorithm,
  ListOptions,
  ReadStreamOptions,
  TransferOptions,
  TransferResult,
  UploadOptions,
  UploadSource,
} from './types.js';

/** `stream` and `signal` belong to one connection: a pool takes neither. */
export interface FtpPoolOptions extends Omit<FtpConnectOptions, 'stream' | 'signal'>, PoolOptions {}

/**
 * A pool of connections that are made when needed, at most `maxConnections` (default 4), fewer where the server takes
 * no more, and that are replaced when they die. They share one TlsContext; TLS sessions stay with each connection.
 *
 * @throws UsageError ERR_ARGUMENT, TlsError ERR_SERVER_HOSTNAME_…; nothing has been dialled
 */
export function createFtpPool(options: FtpPoolOptions): FtpPool {
  return new FtpPool(options);
}

/** Made by `createFtpPool`. Its methods are those of `FtpClient`, and those of every pool: `acquire` and `use`. */
export class FtpPool extends FtpCalls implements Pool<FtpClient> {
  readonly #pool: Pool<FtpClient>;
  readonly #charset: Charset;
  readonly #maxConnections: number;
  /** Calls that wait for a connection. */
  #waiting = 0;
  readonly #whenAwaited = new Set<() => void>();
  /** The clients that are lent now. */
  readonly #lent = new Set<FtpClient>();

  /** @internal Use `createFtpPool`. */
  constructor(options: FtpPoolOptions) {
    super();
    const { own, rest } = splitPoolOptions('ftp', options);
    const resolved = resolveOptions(rest);
    this.#charset = resolved.charset;
    seat(this, {
      charset: resolved.charset,
      run: (given, work) => this.#call(given, (client) => work(sessionOf(client))),
    });
    this.#maxConnections = own.maxConnections ?? 4;
    this.#pool = createPool(async () => new FtpClient(await openSession(resolved)), own);
  }

  /** Connections that are open or being made. */
  get size(): number {
    return this.#pool.size;
  }

  /** Waits for a free connection, or makes one. First come, first served. */
  async acquire(options: CallOptions = {}): Promise<Lease<FtpClient>> {
    checkOptions(options, callRules);
    const { signal, ...patience } = options;
    this.#waiting += 1;
    for (const tell of this.#whenAwaited) tell();
    const behind = this.#waitBehindLent(signal);
    try {
      const lease = await this.#pool.acquire({ ...patience, signal: behind.signal });
      const { client } = lease;
      this.#lent.add(client);
      const release = (): void => {
        this.#lent.delete(client);
        lease.release();
      };
      return { client, release, [Symbol.asyncDispose]: async () => release() };
    } catch (error) {
      throw behind.refusal() ?? error;
    } finally {
      behind.end();
      this.#waiting -= 1;
    }
  }

  /** Where all connections are lent, the call waits behind their transfers, and is refused when the last of them refuses it. */
  #waitBehindLent(signal: AbortSignal | undefined): {
    signal: AbortSignal;
    refusal(): unknown;
    end(): void;
  } {
    const refused = new AbortController();
    let refusal: FivewireError | undefined;
    const command = 'a call of the pool';
    const lent = this.#lent.size >= this.#maxConnections ? [...this.#lent] : [];
    let moving = lent.length;
    const ends = lent.map((client) => {
      const { calls, connection } = sessionOf(client).control;
      const refuse = (error: FivewireError): void => {
        moving -= 1;
        if (moving > 0) return;
        refusal = connection.locate(error);
        refused.abort(refusal);
      };
      const known = knownDeadlock(connection, command);
      if (known !== undefined) queueMicrotask(() => refuse(known));
      return calls.add({ command, refuse });
    });
    return {
      signal: signal === undefined ? refused.signal : AbortSignal.any([signal, refused.signal]),
      refusal: () => refusal,
      end: () => {
        for (const end of ends) end();
      },
    };
  }

  /** Lends one connection for a piece of work of several calls. */
  async session<T>(work: (client: FtpClient) => Promise<T>, options: CallOptions = {}): Promise<T> {
    return useLease(() => this.acquire(options), work);
  }

  /** {@link session}, by the name that it has in the pools of all clients. */
  use<T>(work: (client: FtpClient) => Promise<T>, options: CallOptions = {}): Promise<T> {
    return this.session(work, options);
  }

  /** As `FtpClient.list`. Its connection is free again as soon as the listing has come, however slow the loop is. */
  list(path: RemotePath = '.', options: ListOptions = {}): AsyncGenerator<Entry, void, undefined> {
    checkOptions(options, listRules);
    pathArgument(path, this.#charset);
    return this.#list(path, options);
  }

  async *#list(path: RemotePath, options: ListOptions): AsyncGenerator<Entry, void, undefined> {
    const box = new Box<Entry>();
    const given = new AbortController();
    const signal = AbortSignal.any([given.signal, ...(options.signal ? [options.signal] : [])]);
    const hurry = (): void => box.hurry();
    this.#whenAwaited.add(hurry);
    const fetching = this.session(
      async (client) => {
        for await (const entry of client.list(path, { ...options, signal })) {
          box.put([entry]);
          if (this.#waiting === 0) await box.room();
        }
      },
      { signal },
    ).then(
      () => box.end(),
      (error: unknown) => box.end(error),
    );
    try {
      for (let batch = await box.next(); batch !== undefined; batch = await box.next()) {
        yield* batch;
      }
      await fetching;
    } finally {
      this.#whenAwaited.delete(hurry);
      given.abort(); // of no effect where the listing is over
      box.hurry();
    }
  }

  /** As `FtpClient.createReadStream`; the connection is free again when the stream is over. */
  createReadStream(path: RemotePath, options: ReadStreamOptions = {}): GatheringReadable {
    checkOptions(options, readStreamRules);
    const borrow: Borrow = async (signal) => {
      const { client, release } = await this.acquire({ signal });
      return { session: sessionOf(client), giveBack: release };
    };
    return new RemoteReadStream(borrow, pathArgument(path, this.#charset), options);
  }

  /** As `FtpClient.stat`. */
  stat(path: RemotePath, options: CallOptions = {}): Promise<Entry | undefined> {
    return this.#call(options, (client) => client.stat(path, options));
  }

  /** As `FtpClient.download`. */
  download(
    path: RemotePath,
    target: DownloadTarget,
    options: DownloadOptions = {},
  ): Promise<TransferResult> {
    return this.#call(options, (client) => client.download(path, target, options));
  }

  /** As `FtpClient.upload`. */
  upload(
    source: UploadSource,
    path: RemotePath,
    options: UploadOptions = {},
  ): Promise<TransferResult> {
    return this.#call(options, (client) => client.upload(source, path, options));
  }

  /** As `FtpClient.append`. */
  append(
    source: UploadSource,
    path: RemotePath,
    options: TransferOptions = {},
  ): Promise<TransferResult> {
    return this.#call(options, (client) => client.append(source, path, options));
  }

  /** As `FtpClient.exists`. */
  exists(path: RemotePath, options: CallOptions = {}): Promise<boolean> {
    return this.#call(options, (client) => client.exists(path, options));
  }

  /** As `FtpClient.uploadTree`, over all connections. */
  uploadTree(
    local: string | URL,
    remote: RemotePath,
    options: TreeOptions = {},
  ): Promise<TreeResult> {
    return copyTree(this.#side, 'up', local, remote, options);
  }

  /** As `FtpClient.downloadTree`, over all connections. */
  downloadTree(
    remote: RemotePath,
    local: string | URL,
    options: TreeOptions = {},
  ): Promise<TreeResult> {
    return copyTree(this.#side, 'down', local, remote, options);
  }

  /** As `FtpClient.mirror`, over all connections. */
  mirror(local: string | URL, remote: RemotePath, options: MirrorOptions): Promise<TreeResult> {
    return mirror(this.#side, local, remote, options);
  }

  /** As `FtpClient.mkdir`. */
  mkdir(path: RemotePath, options: CallOptions & { parents?: boolean } = {}): Promise<void> {
    return this.#call(options, (client) => client.mkdir(path, options));
  }

  /** As `FtpClient.remove`. */
  remove(path: RemotePath, options: CallOptions & { recursive?: boolean } = {}): Promise<void> {
    return this.#call(options, (client) => client.remove(path, options));
  }

  /** As `FtpClient.rename`. */
  rename(
    from: RemotePath,
    to: RemotePath,
    options: CallOptions & { overwrite?: boolean } = {},
  ): Promise<void> {
    return this.#call(options, (client) => client.rename(from, to, options));
  }

  /** As `FtpClient.chmod`. */
  chmod(path: RemotePath, mode: number, options: CallOptions = {}): Promise<void> {
    return this.#call(options, (client) => client.chmod(path, mode, options));
  }

  /** As `FtpClient.setModified`. */
  setModified(path: RemotePath, time: Date, options: CallOptions = {}): Promise<void> {
    return this.#call(options, (client) => client.setModified(path, time, options));
  }

  /** As `FtpClient.hash`. */
  hash(
    path: RemotePath,
    algorithm: HashAlgorithm = 'sha256',
    options: CallOptions = {},
  ): Promise<string> {
    return this.#call(options, (client) => client.hash(path, algorithm, options));
  }

  /** As `FtpClient.workingDirectory`. */
  workingDirectory(options: CallOptions = {}): Promise<string> {
    return this.#call(options, (client) => client.workingDirectory(options));
  }

  /** As `FtpClient.command`, on whatever connection is free. */
  command(
    verb: string,
    args: readonly string[] = [],
    options: CallOptions = {},
  ): Promise<CommandReply> {
    return this.#call(options, (client) => client.command(verb, args, options));
  }

  /** Refuses new calls, waits for those under way, says goodbye on every connection. */
  close(): Promise<void> {
    return this.#pool.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  get #side(): TreeSide {
    const keepsTimes = () => this.session(async ({ capabilities }) => capabilities.has('MFMT'));
    const checkPath = (path: RemotePath) => void pathArgument(path, this.#charset, 'remote');
    return { ftp: this, connections: this.#maxConnections, keepsTimes, checkPath };
  }

  /** One call on one connection. */
  #call<T>(options: CallOptions, work: (client: FtpClient) => Promise<T>): Promise<T> {
    const { signal, timeout } = options ?? {};
    return this.session(work, {
      ...(signal === undefined ? {} : { signal }),
      ...(timeout === undefined ? {} : { timeout }),
    });
  }
}
