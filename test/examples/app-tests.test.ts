/** The tests of an imaginary app in examples/app-tests, each run by its own runner. */
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';

const run = promisify(execFile);
const folder = fileURLToPath(new URL('../../examples/app-tests', import.meta.url));
const modules = fileURLToPath(new URL('../../node_modules', import.meta.url));

const node = async (...args: string[]): Promise<string> => {
  // Our own runner's variables would make the others believe that they are inside of it.
  const env = { PATH: process.env.PATH, HOME: process.env.HOME, NO_COLOR: '1' };
  const { stdout, stderr } = await run(process.execPath, args, { cwd: folder, env });
  return stdout + stderr;
};

it('node:test', async () => {
  const said = await node('--test', '--test-reporter=tap', 'node.test.mjs');
  expect(said).toMatch(/# pass 1\n# fail 0/);
});

it('vitest', async () => {
  const said = await node(
    `${modules}/vitest/vitest.mjs`,
    'run',
    '--root',
    folder,
    'vitest.test.mjs',
  );
  expect(said).toMatch(/Tests +4 passed/);
});

it('jest', async () => {
  const said = await node(
    '--experimental-vm-modules',
    `${modules}/jest/bin/jest.js`,
    '--config',
    JSON.stringify({ rootDir: folder, transform: {}, testMatch: ['**/jest.test.mjs'] }),
  );
  expect(said).toMatch(/Tests: +1 passed, 1 total/);
});
