/** Several connections to one server with the surface of one client: each call takes a free one. */
import type { Readable } from 'node:stream';
import {
  createPool,
  createTlsContext,
  isTlsContext,
  type Lease,
  type Pool,
  type PoolOptions,
  UsageError,
} from '@fivewire/line-protocol';
import { Box } from './box.js';
import { type Charset, createCharset } from './charset.js';
import { FtpClient, sessionOf } from './ftp-client.js';
import type { Entry } from './listing/entry.js';
import { type Borrow, RemoteReadStream } from './read-stream.js';
import { isInsideTransfer } from './reentrance.js';
import { pathArgument, type RemotePath } from './remote-path.js';
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

export interface FtpPoolOptions extends FtpConnectOptions, PoolOptions {}

/**
 * A pool of connections that are made when needed, at most `maxConnections` (default 4), fewer where the server takes
 * no more, and that are replaced when they die. They share one TlsContext; TLS sessions stay with each connection.
 */
export function createFtpPool(options: FtpPoolOptions): FtpPool {
  return new FtpPool(options);
}

/** Made by `createFtpPool`. Its methods are those of `FtpClient`. */
export class FtpPool {
  readonly #pool: Pool<FtpClient>;
  readonly #charset: Charset;
  readonly #maxConnections: number | undefined;
  /** Calls that wait for a connection. */
  #waiting = 0;
  readonly #whenAwaited = new Set<() => void>();
  /** The connection lent last: in a pool of one, the one. */
  #lent: FtpClient | undefined;

  /** @internal Use `createFtpPool`. */
  constructor(options: FtpPoolOptions) {
    const { maxConnections, idleTimeout, maxAge, maxUses, ...rest } = options;
    if (rest.stream !== undefined) {
      throw new UsageError('ERR_ARGUMENT', 'A pool needs more than one stream.', {
        protocol: 'ftp',
        argument: 'stream',
        hint: 'Give `dial` instead.',
      });
    }
    this.#charset = createCharset(rest);
    this.#maxConnections = maxConnections;
    const shared = withSharedContext(rest);
    const limits = { maxConnections, idleTimeout, maxAge, maxUses };
    this.#pool = createPool(
      () => FtpClient.connect(shared),
      Object.fromEntries(Object.entries(limits).filter(([, value]) => value !== undefined)),
    );
  }

  /** Connections that are open or being made. */
  get size(): number {
    return this.#pool.size;
  }

  /** Lends one connection for a piece of work of several calls. */
  async session<T>(
    work: (client: FtpClient) => Promise<T>,
    options: { signal?: AbortSignal } = {},
  ): Promise<T> {
    const lease = await this.#acquire(options.signal);
    try {
      return await work(lease.client);
    } finally {
      lease.release();
    }
  }

  /** As `FtpClient.list`. Its connection is free again as soon as the listing has come, however slow the loop is. */
  async *list(
    path: RemotePath = '.',
    options: ListOptions = {},
  ): AsyncGenerator<Entry, void, undefined> {
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
  createReadStream(path: RemotePath, options: ReadStreamOptions = {}): Readable {
    const borrow: Borrow = async (signal) => {
      const { client, release } = await this.#acquire(signal);
      return { session: sessionOf(client), giveBack: release };
    };
    return new RemoteReadStream(borrow, pathArgument(path, this.#charset), options);
  }

  /** As `FtpClient.stat`. */
  stat(path: RemotePath, options: CallOptions = {}): Promise<Entry | undefined> {
    return this.session((client) => client.stat(path, options), options);
  }

  /** As `FtpClient.download`. */
  download(
    path: RemotePath,
    target: DownloadTarget,
    options: DownloadOptions = {},
  ): Promise<TransferResult> {
    return this.session((client) => client.download(path, target, options), options);
  }

  /** As `FtpClient.upload`. */
  upload(
    source: UploadSource,
    path: RemotePath,
    options: UploadOptions = {},
  ): Promise<TransferResult> {
    return this.session((client) => client.upload(source, path, options), options);
  }

  /** As `FtpClient.append`. */
  append(
    source: UploadSource,
    path: RemotePath,
    options: TransferOptions = {},
  ): Promise<TransferResult> {
    return this.session((client) => client.append(source, path, options), options);
  }

  /** As `FtpClient.mkdir`. */
  mkdir(path: RemotePath, options: CallOptions & { parents?: boolean } = {}): Promise<void> {
    return this.session((client) => client.mkdir(path, options), options);
  }

  /** As `FtpClient.remove`. */
  remove(path: RemotePath, options: CallOptions & { recursive?: boolean } = {}): Promise<void> {
    return this.session((client) => client.remove(path, options), options);
  }

  /** As `FtpClient.rename`. */
  rename(from: RemotePath, to: RemotePath, options: CallOptions = {}): Promise<void> {
    return this.session((client) => client.rename(from, to, options), options);
  }

  /** As `FtpClient.chmod`. */
  chmod(path: RemotePath, mode: number, options: CallOptions = {}): Promise<void> {
    return this.session((client) => client.chmod(path, mode, options), options);
  }

  /** As `FtpClient.setModified`. */
  setModified(path: RemotePath, time: Date, options: CallOptions = {}): Promise<void> {
    return this.session((client) => client.setModified(path, time, options), options);
  }

  /** As `FtpClient.hash`. */
  hash(
    path: RemotePath,
    algorithm: HashAlgorithm = 'sha256',
    options: CallOptions = {},
  ): Promise<string> {
    return this.session((client) => client.hash(path, algorithm, options), options);
  }

  /** As `FtpClient.workingDirectory`. */
  workingDirectory(options: CallOptions = {}): Promise<string> {
    return this.session((client) => client.workingDirectory(options), options);
  }

  /** As `FtpClient.command`, on whatever connection is free. */
  command(
    verb: string,
    args: readonly string[] = [],
    options: CallOptions = {},
  ): Promise<CommandReply> {
    return this.session((client) => client.command(verb, args, options), options);
  }

  /** Refuses new calls, waits for those under way, says goodbye on every connection. */
  close(): Promise<void> {
    return this.#pool.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #acquire(signal: AbortSignal | undefined): Promise<Lease<FtpClient>> {
    if (this.#maxConnections === 1 && this.#lent !== undefined) refuseDeadlock(this.#lent);
    this.#waiting += 1;
    for (const tell of this.#whenAwaited) tell();
    try {
      const lease = await this.#pool.acquire(signal === undefined ? {} : { signal });
      this.#lent = lease.client;
      return lease;
    } finally {
      this.#waiting -= 1;
    }
  }
}

/** One connection, and the caller is what its transfer waits for. */
function refuseDeadlock(client: FtpClient): void {
  if (!isInsideTransfer(sessionOf(client).control)) return;
  throw new UsageError(
    'ERR_WOULD_DEADLOCK',
    'This call would wait for a transfer that waits for its caller.',
    {
      protocol: 'ftp',
      hint: 'Finish reading the stream first, or let the pool have more connections.',
    },
  );
}

/** A context for all connections: trusted roots are parsed once. */
function withSharedContext(options: FtpConnectOptions): FtpConnectOptions {
  const { tls, sni, ...rest } = options;
  if (options.security === 'cleartext' || tls === undefined || isTlsContext(tls)) return options;
  return { ...rest, tls: createTlsContext({ ...tls, ...(sni === undefined ? {} : { sni }) }) };
}
