/** Several connections to one server with the surface of one client: each call takes a free one. */
import {
  type CallOptions,
  type ClientPool,
  checkOptions,
  createPool,
  type PoolOptions,
  Rows,
  rowsAhead,
  splitPoolOptions,
  type Ways,
  withClientMethods,
} from '@fivewire/line-protocol';
import { callChecks, type OverAll } from './call-checks.js';
import { again, downloadAgain, uploadAgain } from './files/again.js';
import { callOf } from './files/call-of.js';
import { checkTarget } from './files/download.js';
import { pathArgument } from './files/remote-path.js';
import { checkSegments, downloadSegments } from './files/segments.js';
import { checkUpload } from './files/upload.js';
import { sessionOf } from './ftp-calls.js';
import { FtpClient } from './ftp-client.js';
import { callRules, downloadRules, listRules, readStreamRules, uploadRules } from './options.js';
import { openSession, resolveOptions } from './session/connect.js';
import { lendingInTurn } from './session/lending.js';
import { hasFeature } from './session/session.js';
import { type Borrow, RemoteReadStream } from './transfer/read-stream.js';
import { copyTree, mirror, type TreeSide } from './trees/methods.js';
import type { FtpConnectOptions } from './types.js';

/** `stream` and `signal` belong to one connection: a pool takes neither. */
export interface FtpPoolOptions extends Omit<FtpConnectOptions, 'stream' | 'signal'>, PoolOptions {}

/** Every pool's methods, and those of `FtpClient`; trees go over all its connections. */
export type FtpPool = ClientPool<FtpClient> & {
  /** Lends one connection for a piece of work of several calls: `use`, by FTP's own word. */
  session<T>(work: (client: FtpClient) => Promise<T>, options?: CallOptions): Promise<T>;
};

/**
 * A pool of connections that are made when needed, at most `maxConnections` (default 4), fewer where the server takes
 * no more, and that are replaced when they die. They share one TlsContext; TLS sessions stay with each connection.
 *
 * @throws UsageError ERR_ARGUMENT, TlsError ERR_SERVER_HOSTNAME_…; nothing has been dialled
 */
export function createFtpPool(options: FtpPoolOptions): FtpPool {
  const { own, rest } = splitPoolOptions('ftp', options);
  const resolved = resolveOptions(rest);
  const { charset } = resolved;
  const { maxConnections = 4 } = own;
  const pool = lendingInTurn(
    createPool(async () => new FtpClient(await openSession(resolved)), own),
    maxConnections,
    (client) => sessionOf(client).control,
  );
  const overAll: Pick<FtpPool, OverAll | 'session'> = {
    session: (work, given) => pool.use(work, given),
    list(path = '.', given = {}) {
      checkOptions(given, listRules);
      pathArgument(path, charset);
      const { signal } = given;
      const wait = signal === undefined ? {} : { signal };
      return new Rows(() => rowsAhead(pool, (client) => client.list(path, given), wait));
    },
    async download(path, target, given = {}) {
      checkOptions(given, downloadRules);
      const octets = pathArgument(path, charset);
      const { segments = 1, ...whole } = given;
      if (segments > 1) {
        checkSegments(target, whole);
        const file = target as string | URL;
        const result = await downloadSegments(pool, octets, file, { ...whole, segments });
        if (result !== undefined) return result;
      }
      const each = downloadAgain(target, whole);
      checkTarget(target, each);
      return again(whole.retry ?? 0, whole.signal, true, () =>
        pool.use((client) => client.download(path, target, each), callOf(whole)),
      );
    },
    async upload(source, path, given = {}) {
      checkOptions(given, uploadRules);
      pathArgument(path, charset);
      const each = uploadAgain(source, given);
      checkUpload(source, each);
      return again(given.retry ?? 0, given.signal, true, () =>
        pool.use((client) => client.upload(source, path, each), callOf(given)),
      );
    },
    listNames(path = '.', given = {}) {
      checkOptions(given, callRules);
      pathArgument(path, charset);
      const { signal } = given;
      const wait = signal === undefined ? {} : { signal };
      return new Rows(() => rowsAhead(pool, (client) => client.listNames(path, given), wait));
    },
    createReadStream(path, given = {}) {
      checkOptions(given, readStreamRules);
      const borrow: Borrow = async (signal) => {
        const { client, release } = await pool.acquire({ signal });
        return { session: sessionOf(client), giveBack: release };
      };
      return new RemoteReadStream(borrow, pathArgument(path, charset), given);
    },
    uploadTree: (local, remote, given = {}) => copyTree(side, 'up', local, remote, given),
    downloadTree: (remote, local, given = {}) => copyTree(side, 'down', local, remote, given),
    mirror: (local, remote, given) => mirror(side, local, remote, given),
  };
  const ways = Object.fromEntries(
    Object.entries(callChecks(charset)).map(([name, check]) => [name, { way: 'call', check }]),
  ) as Ways<FtpClient, OverAll>;
  const whole = withClientMethods<FtpClient, FtpPool>(Object.assign(pool, overAll), ways);
  const side: TreeSide = {
    ftp: whole,
    connections: maxConnections,
    keepsTimes: ({ signal }) =>
      pool.use(
        async (client) => hasFeature(sessionOf(client), 'MFMT'),
        signal === undefined ? {} : { signal },
      ),
    checkPath: (path) => void pathArgument(path, charset, 'remote'),
  };
  return whole;
}
