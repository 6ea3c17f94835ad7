#!/usr/bin/env node
/** The servers by themselves, as the environment says: what the container image runs. Ends well by SIGINT and SIGTERM. */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { readEnvironment } from './environment.js';
import { startTestServers } from './start-test-servers.js';
import { createThrowawayCa, loadThrowawayCa, type ThrowawayCa } from './throwaway-ca.js';

async function main(): Promise<void> {
  const { options, caDirectory, names } = readEnvironment(process.env);
  const ca = await authorityIn(caDirectory);
  const certificate = await ca.issue({ names });
  const servers = await startTestServers({ ...options, ca, certificate });
  const end = () => void servers.close().then(() => process.exit(0));
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, end);
  const lines = Object.entries(servers.ports).flatMap(([protocol, modes]) =>
    Object.entries(modes).map(([mode, port]) => `${protocol} ${mode} ${servers.host} ${port}`),
  );
  for (const line of [...lines, `web ${servers.web?.url}`, 'ready'])
    process.stdout.write(`${line}\n`);
}

/** The authority that lies there, or a new one, which is put there: who trusts it once goes on trusting it. */
async function authorityIn(directory: string | undefined): Promise<ThrowawayCa> {
  if (directory === undefined) return createThrowawayCa();
  const [certificateFile, keyFile] = [join(directory, 'ca.pem'), join(directory, 'ca.key')];
  try {
    const [certificate, key] = await Promise.all([
      readFile(certificateFile, 'utf8'),
      readFile(keyFile, 'utf8'),
    ]);
    return await loadThrowawayCa({ certificate, key });
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code !== 'ENOENT' && message !== 'The authority has expired.') throw error;
  }
  const ca = await createThrowawayCa();
  await mkdir(directory, { recursive: true });
  await writeFile(keyFile, await ca.exportKey(), { mode: 0o600 });
  await writeFile(certificateFile, ca.certificate);
  return ca;
}

main().catch((error) => {
  process.stderr.write(`${error instanceof Error ? error.message : error}\n`);
  process.exit(1);
});
