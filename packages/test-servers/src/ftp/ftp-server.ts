/** An FTP server over a tree in memory, RFC 959, with TLS (RFC 4217), EPSV (RFC 2428) and MLSD (RFC 3659). */

import type { ConnectionRecord } from '../connection-record.js';
import type { FaultPlan } from '../faults.js';
import { FileTree } from '../file-tree.js';
import { startLineServer, type TestServer, type TestServerOptions } from '../line-server.js';
import { withManner } from '../manners/table.js';
import { createTlsAcceptor, type TlsAcceptor } from '../server-tls.js';
import type { IssuedCertificate } from '../throwaway-ca.js';
import { FtpSession } from './ftp-session.js';

export interface FtpServerOptions extends TestServerOptions {
  /** What is served, to everybody the same. Default: an empty tree. */
  files?: FileTree;
  /** Where a login begins. Default `'/'`. */
  home?: string;
  /** Refuse data connections that do not resume the control connection's TLS session (522), as vsftpd does. */
  requireSessionReuse?: boolean;
  /** Refuse transfers under PROT C once the control connection is under TLS (521). Default false. */
  requireProtectedData?: boolean;
  /** Answer PORT and EPRT, for the client's own address only. Default false. */
  activeMode?: boolean;
  /** Where EPSV and PASV listen, first and last: for firewalls and containers. Default: whatever is free. */
  passivePorts?: readonly [number, number];
  /** The host that PASV names. Default: the server's own. */
  passiveHost?: string;
  /** How LIST's lines look: as `ls -l` prints them (default), or as `dir` does. */
  listing?: 'unix' | 'dos';
  /** The refusal that stands for the listing of a folder with nothing in it. Default: a listing with no lines. */
  emptyListing?: string;
  /** Octets that an upload may have. Default 256 MiB. */
  maxFileOctets?: number;
  /** What data connections suffer, by their number from 0. */
  dataFaults?: FaultPlan;
}

export interface FtpServer extends TestServer {
  readonly files: FileTree;
  /** Every data connection so far; the newest 1,000. */
  readonly dataConnections: readonly ConnectionRecord[];
  /** What later data connections suffer. Assign at any time. */
  dataFaults: FaultPlan | undefined;
  /**
   * Presents this on later data connections, which then can't resume the control connection's session; `undefined`:
   * what the control connection presents, as servers do.
   */
  useDataCertificate(certificate: IssuedCertificate | undefined): void;
}

/** The part of a running server that its sessions share. */
export interface FtpShared {
  readonly files: FileTree;
  readonly options: FtpServerOptions;
  readonly dataConnections: ConnectionRecord[];
  dataFaults: FaultPlan | undefined;
  dataTls: TlsAcceptor | undefined;
  dataCount: number;
}

export async function startFtpServer(given: FtpServerOptions = {}): Promise<FtpServer> {
  const options = withManner('ftp', given);
  const shared: FtpShared = {
    files: options.files ?? new FileTree(),
    options,
    dataConnections: [],
    dataFaults: options.dataFaults,
    dataTls: undefined,
    dataCount: 0,
  };
  const server = await startLineServer('ftp', options, (session, context) =>
    new FtpSession(session, context, shared).run(),
  );
  const { files, dataConnections } = shared;
  const useDataCertificate = (certificate: IssuedCertificate | undefined) => {
    shared.dataTls =
      certificate && createTlsAcceptor({ alpn: ['ftp'], ...options.tls, certificate });
  };
  return Object.defineProperty(
    Object.assign(server, {
      files,
      dataConnections,
      useDataCertificate,
      dataFaults: shared.dataFaults,
    }),
    'dataFaults',
    {
      enumerable: true,
      get: () => shared.dataFaults,
      set: (plan: FaultPlan | undefined) => {
        shared.dataFaults = plan;
      },
    },
  );
}
