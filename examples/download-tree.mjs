// Downloads a directory tree by FTP over TLS. Each file is written under a temporary name and proven whole.
//
//   npm install @fivewire/ftp
//   MAIL_PASSWORD=… node examples/download-tree.mjs ftp://alice@ftp.example.org /pub ./pub
import { mkdir } from 'node:fs/promises';
import { dirname, join, relative, resolve, sep } from 'node:path';
import { createFtpPool } from '@fivewire/ftp';

const [url, remote, local] = process.argv.slice(2);
const root = resolve(local);
const { hostname: host, username: user } = new URL(url.replace(/^ftps?/, 'http'));

// Four connections; each file takes whichever is free.
const pool = createFtpPool({
  host,
  security: url.startsWith('ftps') ? 'implicit-tls' : 'starttls',
  auth: { user, password: process.env.MAIL_PASSWORD },
  maxConnections: 4,
});
try {
  const downloads = [];
  for await (const entry of pool.list(remote, { recursive: true })) {
    if (entry.type !== 'file') continue;
    const target = resolve(root, relative(remote, entry.path));
    if (!target.startsWith(root + sep)) throw new Error(`${entry.path} would leave ${root}`);
    downloads.push(
      mkdir(dirname(target), { recursive: true })
        .then(() => pool.download(entry.path, target))
        .then(({ octets, proof }) =>
          console.log(
            `${join(local, relative(root, target))} ${octets} octets, proven by ${proof}`,
          ),
        ),
    );
  }
  await Promise.all(downloads);
} finally {
  await pool.close();
}
