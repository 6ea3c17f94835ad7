/** The README's first example, run as it stands, but for the address of the server. */

import * as events from 'node:events';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import * as net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test, vi } from 'vitest';
import * as ours from '../src/index.js';
import { issue, issueCa } from './certificates.js';
import { tlsServer } from './tls-server.js';

const modules: Record<string, object> = {
  'node:events': events,
  'node:net': net,
  'tls-context-core': ours,
};

test('it connects, verifies and prints', async () => {
  const readme = readFileSync(fileURLToPath(new URL('../README.md', import.meta.url)), 'utf8');
  const example = /```js\n([\s\S]*?)```/.exec(readme)?.[1] ?? '';
  const ca = issueCa();
  const leaf = issue({ issuer: ca, dns: ['imap.example.org'] });
  const server = await tlsServer({ cert: leaf.cert, key: leaf.key }, (s) =>
    s.write('* OK ready\r\n'),
  );
  const roots = join(tmpdir(), `fivewire-readme-${process.pid}.pem`);
  writeFileSync(roots, ca.cert);
  vi.stubEnv('SSL_CERT_FILE', roots);
  const printed: unknown[] = [];
  const console = {
    log: (...all: unknown[]) => printed.push(...all),
    error: (...all: unknown[]) => printed.push(...all),
  };
  const body = example
    .replace(
      /^import (\{.*\}) from '(.*)';$/gm,
      (_line, names, from) => `const ${names} = modules['${from}'];`,
    )
    .replace("connect(993, 'imap.example.org')", `connect(${server.port}, '127.0.0.1')`);
  expect(body).not.toContain('import ');
  const run = Object.getPrototypeOf(async () => undefined).constructor;
  await new run('modules', 'console', body)(modules, console);
  expect(printed).toEqual([
    'imap.example.org',
    'TLSv1.3',
    expect.stringMatching(/^TLS_/),
    '* OK ready\r\n',
  ]);
  vi.unstubAllEnvs();
  rmSync(roots);
  await server.close();
});
