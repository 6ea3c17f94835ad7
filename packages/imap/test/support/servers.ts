/** An IMAP server in memory with a certificate that this test trusts. */
import {
  createThrowawayCa,
  type ImapServer,
  type ImapServerOptions,
  startImapServer,
  type ThrowawayCa,
} from '@fivewire/test-servers';
import { ImapClient } from '../../src/index.js';
import type { ImapOptions } from '../../src/types.js';

export interface MailServer {
  server: ImapServer;
  ca: ThrowawayCa;
  /** Logged in as alice over implicit TLS, unless `options` say otherwise. */
  connect(options?: Partial<ImapOptions>): Promise<ImapClient>;
  optionsFor(security: 'implicit-tls' | 'starttls' | 'cleartext'): ImapOptions;
  close(): Promise<void>;
}

export async function mailServer(options: ImapServerOptions = {}): Promise<MailServer> {
  const ca = await createThrowawayCa();
  const certificate = await ca.issue({ names: ['localhost', '127.0.0.1'] });
  const server = await startImapServer({ users: { alice: 'secret' }, certificate, ...options });
  const optionsFor: MailServer['optionsFor'] = (security) => ({
    host: '127.0.0.1',
    port: server.ports[security],
    security,
    serverHostname: 'localhost',
    tls: { ca: ca.certificate },
    auth: { user: 'alice', password: 'secret' },
    timeouts: {
      connect: 2_000,
      greeting: 2_000,
      tls: 2_000,
      reply: 2_000,
      stall: 2_000,
      close: 500,
    },
  });
  return {
    server,
    ca,
    optionsFor,
    connect: (more = {}) =>
      ImapClient.connect({ ...optionsFor(more.security ?? 'implicit-tls'), ...more }),
    close: () => server.close(),
  };
}

/** A message of about `size` octets with CRLF line ends. */
export function message(subject: string, size = 0): string {
  const head = `From: bob@example.org\r\nTo: alice@example.org\r\nSubject: ${subject}\r\n\r\n`;
  return head + `${'x'.repeat(70)}\r\n`.repeat(Math.ceil(size / 72));
}
