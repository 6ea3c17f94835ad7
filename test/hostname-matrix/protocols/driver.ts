/** What differs between the five clients, in the eyes of the matrix. */
import type { SecurityInfo, TransportOptions } from '@fivewire/line-protocol';
import type { TestProtocol, TestServer, TestServerOptions } from '@fivewire/test-servers';

export interface Client {
  readonly security: SecurityInfo;
  quit(): Promise<unknown>;
  close(): void;
}

export interface Driver<C extends Client = Client> {
  protocol: TestProtocol;
  /** The ALPN name that IANA has registered. */
  alpn: string | undefined;
  /** The only lines that may travel in clear, and only under `starttls`. */
  inClear: RegExp;
  start(options: TestServerOptions): Promise<TestServer>;
  connect(options: TransportOptions & { auth: { user: string; password: string } }): Promise<C>;
  /** One real command, which fails where the client is not logged in. */
  command(client: C): Promise<unknown>;
}
