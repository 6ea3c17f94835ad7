// The command line: what a start costs, what it adds to the library, and mail at a distance beside mbsync (Debian: isync).
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MailStore, startImapServer, startTestServers } from '@fivewire/test-servers';
import { startRelay } from '../relay.mjs';

const users = { alice: 'secret' };
const roundTrip = 20;

const hasMbsync = existsSync('/usr/bin/mbsync');
if (!hasMbsync) process.stderr.write('NOT MEASURED: mbsync is not installed (Debian: isync)\n');

const folder = () => mkdtempSync(join(tmpdir(), 'fivewire-bench-'));

export default [
  {
    work: 'a start: --version, 5 times',
    serve: async () => ({ input: { times: 5 }, close: async () => {} }),
    contenders: { node: ['cli', 'bareNode'], 'fivewire --version': ['cli', 'version'] },
    reference: 'node',
    targets: [{ contender: 'fivewire --version', peer: 'node', most: 1.3 }],
  },
  {
    work: 'FTP over TLS, one file of 300 MB to the disk (--full: 1 GB)',
    async serve({ full }) {
      const home = folder();
      const octets = full ? 1 << 30 : 300 << 20;
      const files = { '/big.bin': Buffer.alloc(octets, 'fivewire') };
      const server = await startTestServers({ users, files });
      const ca = join(home, 'ca.pem');
      writeFileSync(ca, server.ca.certificate);
      return {
        input: { port: server.ports.ftp['implicit-tls'], ca, to: join(home, 'big.bin') },
        close: async () => {
          await server.close();
          rmSync(home, { recursive: true });
        },
      };
    },
    contenders: { library: ['cli', 'download'], 'fivewire get': ['cli', 'get'] },
    reference: 'library',
    targets: [{ contender: 'fivewire get', peer: 'library', most: 1.1 }],
  },
  {
    work: `IMAP to a Maildir at ${roundTrip} ms, 4,000 messages (--full: 20,000)`,
    async serve({ full }) {
      const count = full ? 20_000 : 4_000;
      const mail = new MailStore();
      const text = 'The quick brown fox jumps over the lazy dog.\r\n'.repeat(50);
      for (let i = 0; i < count; i++)
        mail.deliver('alice', `From: bob@example.org\r\nSubject: ${i}\r\n\r\n${text}`);
      const server = await startImapServer({ mail, users });
      const target = { host: server.host, port: server.ports.cleartext };
      const relay = await startRelay(target, { roundTrip });
      return {
        input: { host: relay.host, port: relay.port, count },
        close: async () => {
          await relay.close();
          await server.close();
        },
      };
    },
    contenders: {
      ...(hasMbsync ? { mbsync: ['cli', 'mbsync'] } : {}),
      'fivewire sync': ['cli', 'sync'],
    },
    reference: hasMbsync ? 'mbsync' : 'fivewire sync',
    targets: hasMbsync ? [{ contender: 'fivewire sync', peer: 'mbsync', most: 1, by: 'wall' }] : [],
  },
];
