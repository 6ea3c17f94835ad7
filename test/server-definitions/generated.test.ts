// The real servers' compose.yaml and Dockerfiles are made of the definitions in test/servers; they must not drift apart.
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { readDefinitions } from '../servers/definitions.mjs';

const generator = fileURLToPath(new URL('../servers/generate.mjs', import.meta.url));

test('compose.yaml and the Dockerfiles match the definitions', async () => {
  const checked = promisify(execFile)(process.execPath, [generator, '--check']);
  await expect(checked).resolves.toMatchObject({ stderr: '' });
});

test('no two servers ask for one port', () => {
  const asked = readDefinitions().flatMap(({ name, ports }) =>
    Object.entries(ports).flatMap(([what, { port, count = 1 }]) =>
      Array.from({ length: count }, (_, i) => ({ port: port + i, by: `${name} ${what}` })),
    ),
  );
  const first = new Map<number, string>();
  for (const { port, by } of asked) {
    expect(first.get(port), `${port}, asked for by ${by}`).toBeUndefined();
    first.set(port, by);
  }
});
