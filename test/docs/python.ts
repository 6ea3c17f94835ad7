/** Python for the pages that begin with it: names of example.org lead to the test servers there, too. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Loaded by Python at its start. */
const redirect = `
import json, os, socket
ports = json.loads(os.environ['FIVEWIRE_TEST_PORTS'])
real = socket.create_connection
def create_connection(address, *args, **kwargs):
    host, port = address
    if host.endswith('.example.org') or host == '127.0.0.1':
        address = ('127.0.0.1', ports.get(str(port), port))
    return real(address, *args, **kwargs)
socket.create_connection = create_connection
`;

export function pythonFor(home: string, env: Record<string, string>) {
  const folder = join(home, 'python');
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'sitecustomize.py'), redirect);
  let version: string | undefined;
  try {
    version = execFileSync('python3', ['-c', 'import sys, nntplib; print(sys.version)'], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    });
  } catch {
    console.warn(
      '!!! no python3 with nntplib (3.12 or older): what the pages say of it is NOT CHECKED',
    );
  }
  const { NODE_EXTRA_CA_CERTS: ca = '' } = env;
  return {
    version,
    env: { ...env, PYTHONPATH: folder, PYTHONWARNINGS: 'ignore', SSL_CERT_FILE: ca },
  };
}
