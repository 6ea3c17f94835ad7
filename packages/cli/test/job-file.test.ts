/** What a file of jobs says: each word as it stands there, no secret, and which job does the same thing twice when it is run twice. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readJobs } from '../src/jobs/job-file.js';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'jobs-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const read = (text: string) => {
  const path = join(folder, 'jobs');
  writeFileSync(path, text);
  return readJobs(path);
};

describe('repeatable', () => {
  it.each([
    ['get ftps://h/x', true],
    ['send smtps://h --to a@b', false],
    ['send smtps://h --to a@b --dry-run', true],
    ['send smtps://h --each=rows.csv', true],
    ['send smtps://h --to a@b --subject --dry-run', false],
    ['send smtps://h --to a@b -- --each', false],
    ['--profile work send --to a@b', false],
    ['--json --timeout 5 append m imaps://h', false],
    ['-v copy imaps://h/I/;UID=1 B', false],
    ['-- mv ftps://h/a b', false],
    ['news post nntps://h f', false],
    ['news --subject s post nntps://h --text t --from a@b', false],
    ['--profile post news groups', true],
    ['news -- post nntps://h f', false],
    ['news archive nntps://h/post mbox:x', true],
    ['rm ftps://h/x', true],
    ['rm imaps://h/INBOX/;UID=5', true],
    ['rm pop3s://h/3', false],
    ['rm --retry 2 pop3://h/3', false],
    ['rm 3 --profile work', false],
    ['sendmail a@b', false],
    ['queue flush out', true],
  ])('%s: %s', async (command, repeatable) => {
    expect(await read(JSON.stringify({ run: command }))).toMatchObject([{ repeatable }]);
  });
});

it.each([
  ['- [get, 007, 2026.10]', ['get', '007', '2026.10']],
  ['- [get, 1e3, 0x1F]', ['get', '1e3', '0x1F']],
  [
    '- [get, yes, ~, null, 2026-11-30, 12:30:00]',
    ['get', 'yes', '~', 'null', '2026-11-30', '12:30:00'],
  ],
  ['- [get, "a\\tb", \'c d\', ]', ['get', 'a\tb', 'c d']],
  ['["get",7,"007"]', ['get', '7', '007']],
])('%s is taken as it stands there', async (text, argv) => {
  expect(await read(text)).toMatchObject([{ argv }]);
});

it.each([
  ['- ls ftps://h\n- get ftps://h/x --frob', /job 2: get has no option --frob/],
  ['- ls ftps://h --no-clobber', /job 1: ls has no option --no-clobber/],
  ['- --profil work ls', /job 1: it names no command|has no option --profil/],
])('%j is refused before any job is run', async (text, said) => {
  await expect(read(text)).rejects.toMatchObject({
    exit: 65,
    message: expect.stringMatching(said),
  });
});

it.each([
  'get ftps://h/x -- --frob',
  'send smtps://h --subject --frob --to a@b',
  'sendmail -t --queue-dir x',
  'fetch imaps://h x --exec "grep --frob x"',
])('%s has no option that is none', async (command) => {
  expect(await read(JSON.stringify({ run: command }))).toHaveLength(1);
});

it.each(['["get",2026.5]', '["get",1e30]', '["get",null]', '["get",true]'])(
  '%s is no command: JSON would have another text of it',
  async (text) => {
    await expect(read(text)).rejects.toMatchObject({ exit: 65 });
  },
);

it.each([
  '- get ftps://alice:hunter2@h/x',
  '- get ftps://h/x --proxy http://alice:hunter2@proxy',
  '- get ftps://h/x --proxy=http://alice:hunter2@proxy',
  '["get","ftps://h/x","--proxy=socks5://a:hunter2@proxy:1080"]',
])('%s holds a password, which is not repeated', async (text) => {
  const error = await read(text).catch((one) => one);
  expect(error).toMatchObject({ exit: 65 });
  expect(`${error.message} ${error.hint}`).not.toContain('hunter2');
});
