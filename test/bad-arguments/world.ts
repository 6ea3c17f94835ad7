/** The five servers, and options with which each client gets in. */
import { type ConnectionRecord, startTestServers, type TestServers } from '@fivewire/test-servers';
import { password, user } from '../support/credentials.js';

export type Protocol = 'ftp' | 'imap' | 'pop3' | 'smtp' | 'nntp';

export const message =
  'From: a@example.org\r\nSubject: One\r\nMessage-ID: <1@example.org>\r\n\r\nHello.\r\n';

export async function startWorld(...protocols: Protocol[]): Promise<TestServers> {
  const servers = await startTestServers({
    protocols,
    modes: ['implicit-tls'],
    users: { [user]: password },
    files: { '/file.txt': 'content\n' },
    groups: ['test.group'],
  });
  if (protocols.includes('imap') || protocols.includes('pop3')) servers.mail.deliver(user, message);
  return servers;
}

/** What every client needs to get in. */
export function wayIn(servers: TestServers, protocol: Protocol) {
  return {
    host: servers.host,
    port: servers.ports[protocol]['implicit-tls'],
    serverHostname: 'localhost',
    tls: { ca: servers.ca.certificate },
    auth: { user, password },
  };
}

export const newest = (connections: readonly ConnectionRecord[]): ConnectionRecord =>
  connections[connections.length - 1] as ConnectionRecord;
