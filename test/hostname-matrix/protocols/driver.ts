/** What differs between the five clients, in the eyes of the matrix. */
import type { Notice, SecurityInfo, TransportOptions } from '@fivewire/line-protocol';
import type { TestProtocol, TestServer, TestServerOptions } from '@fivewire/test-servers';

export interface Client {
  readonly security: SecurityInfo;
  readonly notices: AsyncIterable<Notice>;
  quit(): Promise<unknown>;
  close(): void;
}

export type ConnectOptions = TransportOptions & { auth: { user: string; password: string } };

/** What the five pools have in common. */
export interface Pooled<C extends Client> {
  /** Lends a connection to `work`. Within `work`, a second loan is a second connection. */
  use<T>(work: (client: C) => Promise<T>): Promise<T>;
  close(): Promise<void>;
}

export interface Driver<C extends Client = Client> {
  protocol: TestProtocol;
  /** The ALPN name that IANA has registered. */
  alpn: string | undefined;
  /** The only lines that may travel in clear, and only under `starttls`. */
  inClear: RegExp;
  start(options: TestServerOptions): Promise<TestServer>;
  connect(options: ConnectOptions): Promise<C>;
  pool(options: ConnectOptions & { maxConnections: number }): Pooled<C>;
  /** Whether connections of a pool resume each other's TLS sessions. FTP's keep them for their data connections. */
  poolResumes: boolean;
  /** One real command, which fails where the client is not logged in. */
  command(client: C): Promise<unknown>;
}
