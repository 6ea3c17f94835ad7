// The real servers' compose.yaml and Dockerfiles are made of the definitions in test/servers; they must not drift apart.
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';

const generator = fileURLToPath(new URL('../servers/generate.mjs', import.meta.url));

test('compose.yaml and the Dockerfiles match the definitions', async () => {
  const checked = promisify(execFile)(process.execPath, [generator, '--check']);
  await expect(checked).resolves.toMatchObject({ stderr: '' });
});
