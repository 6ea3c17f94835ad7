/** The five clients, as the hostname matrix drives them, and what the policies ask of each. */
import type { SecurityInfo, TransportOptions } from '@fivewire/line-protocol';
import {
  startTestServers,
  type TestProtocol,
  type TestServers,
  type TestServersOptions,
} from '@fivewire/test-servers';
import type { ConnectOptions, Driver } from '../hostname-matrix/protocols/driver.js';
import { file, ftp } from '../hostname-matrix/protocols/ftp.js';
import { imap } from '../hostname-matrix/protocols/imap.js';
import { nntp } from '../hostname-matrix/protocols/nntp.js';
import { pop3 } from '../hostname-matrix/protocols/pop3.js';
import { smtp } from '../hostname-matrix/protocols/smtp.js';
import { password, user } from '../support/credentials.js';

// biome-ignore lint/suspicious/noExplicitAny: each driver knows its own client, the tables need none of it
export const drivers: readonly Driver<any>[] = [ftp, imap, pop3, smtp, nntp];

export const modes = ['implicit-tls', 'starttls'] as const;
export type Mode = (typeof modes)[number];

/** One protocol's server, on loopback, for `user`, with what the drivers look for in it. */
export function startServers(
  protocol: TestProtocol,
  options: TestServersOptions = {},
): Promise<TestServers> {
  return startTestServers({
    users: { [user]: password },
    protocols: [protocol],
    files: { [file.path]: file.content },
    groups: ['test.matrix'],
    nntp: { requireAuth: true },
    ...options,
  });
}

/** Where that server is and who logs in. */
export function way(
  servers: TestServers,
  protocol: TestProtocol,
  security: 'implicit-tls' | 'starttls' | 'cleartext',
): ConnectOptions & { security: NonNullable<TransportOptions['security']> } {
  const port = servers.ports[protocol][security];
  return { host: '127.0.0.1', port, security, auth: { user, password } };
}

/** Connects, does something real, leaves; gives what protected it. */
export async function visit(driver: Driver, options: ConnectOptions): Promise<SecurityInfo> {
  const client = await driver.connect(options);
  try {
    await driver.command(client);
    return client.security;
  } finally {
    await client.quit();
  }
}
