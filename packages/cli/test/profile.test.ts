/** A profile that is wrong is said to be wrong where it is written, whenever that is found out. Nothing is dialled. */
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { run } from '../src/run.js';

const folder = mkdtempSync(join(tmpdir(), 'fivewire-profile-'));
const config = join(folder, 'config.yaml');
writeFileSync(join(folder, 'x.pem'), 'x');

/** With `account` as the lines of a profile that is otherwise right. */
async function ls(account: string, ...more: string[]) {
  const said: Buffer[] = [];
  const stderr = new Writable({
    write(chunk, _, done) {
      said.push(Buffer.from(chunk));
      done();
    },
  });
  const url = /^imap:/m.test(account) ? '' : 'imap: imap://127.0.0.1:1\n';
  const lines = `${url}${account}`.split('\n').map((one) => `    ${one}\n`);
  writeFileSync(config, `profiles:\n  a:\n${lines.join('')}`, { mode: 0o600 });
  const status = await run(['ls', '--config', config, '--profile', 'a', ...more], { stderr });
  return { status, stderr: Buffer.concat(said).toString() };
}

describe('what a profile says', () => {
  it.each([
    'timeout: .inf',
    'timeout: 1e12',
    'timeout: .nan',
    'timeout: "30"',
    'timeout: 0',
    'pin: []',
    'pin: x',
    'ca: []',
    'ca: x.pem',
    'cert: x.pem\nkey: x.pem',
    'proxy: x',
    'proxy: ftp://x',
    'serverHostname: a b',
    'user: 7',
    'user:',
    'passwordCommand: [pass]',
    'imap: imaps://alice@127.0.0.1:0x1',
    'imap: imaps://alice@127.0.0.1:65536',
    'imap: imaps://alice:x@127.0.0.1',
    'imap: pop3s://127.0.0.1',
    'imap: imaps://[::1',
    'imap: imaps://127.0.0.1/?x',
  ])('%j is 78, and the file is named', async (account) => {
    const { status, stderr } = await ls(account);
    expect([status, stderr]).toEqual([78, expect.stringContaining(`${config}: profiles.a`)]);
    expect(stderr).not.toMatch(/--(pin|proxy|ca|cert|server-hostname) /);
  });

  it('an option of the command line is to blame where there is one', async () => {
    expect(await ls('proxy: socks5://127.0.0.1:1', '--proxy', 'x')).toMatchObject({ status: 64 });
    expect(await ls('pin: x', '--pin', 'y')).toMatchObject({
      status: 64,
      stderr: expect.not.stringContaining(config),
    });
  });
});
