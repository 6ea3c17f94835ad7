/** Passwords in a keyring: kept, used, removed; one that is absent, closed, or has no entry says so. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable, Writable } from 'node:stream';
import { startTestServers, type TestServers } from '@fivewire/test-servers';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type Keyring, keyring } from '../src/keyring.js';
import { run } from '../src/run.js';

let folder: string;
let servers: TestServers;
const stdin = Object.getOwnPropertyDescriptor(process, 'stdin') as PropertyDescriptor;
const { load } = keyring;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'keyring-'));
  servers = await startTestServers({ protocols: ['imap'], users: { alice: 'hunter2' } });
  writeFileSync(join(folder, 'ca.pem'), servers.ca.certificate);
});
afterAll(async () => {
  await servers.close();
  rmSync(folder, { recursive: true });
});
afterEach(() => {
  keyring.load = load;
  Object.defineProperty(process, 'stdin', stdin);
});

/** One in memory. */
function inMemory(entries: Record<string, string> = {}): {
  entries: Record<string, string>;
  asked: number;
} {
  const seen = { entries, asked: 0 };
  class AsyncEntry {
    readonly #key: string;
    constructor(service: string, user: string) {
      this.#key = `${user}@${service}`;
    }
    async getPassword() {
      seen.asked++;
      return entries[this.#key] ?? null;
    }
    async setPassword(password: string) {
      entries[this.#key] = password;
    }
    async deletePassword() {
      const isThere = this.#key in entries;
      delete entries[this.#key];
      return isThere;
    }
  }
  keyring.load = async () => ({ AsyncEntry });
  return seen;
}

async function fivewire(args: readonly string[], input = '') {
  Object.defineProperty(process, 'stdin', {
    value: Readable.from(input === '' ? [] : [Buffer.from(input)]),
    configurable: true,
  });
  const said = { out: '', err: '' };
  const into = (name: 'out' | 'err') =>
    new Writable({
      write(octets, _, done) {
        said[name] += octets;
        done();
      },
    });
  const status = await run(args, { stdout: into('out'), stderr: into('err') });
  expect(said.out + said.err).not.toContain('hunter2');
  return { status, stdout: said.out, stderr: said.err };
}

const url = () => `imaps://alice@LOCALHOST:${servers.ports.imap['implicit-tls']}`;
const ls = (...more: string[]) => ['ls', url(), '--ca', join(folder, 'ca.pem'), ...more];
const account = ['--user', 'alice', '--host', 'localhost'];

describe('--keyring', () => {
  it('logs in with what login keyring has kept, until it is forgotten', async () => {
    const { entries } = inMemory();
    expect(await fivewire(['login', 'keyring', ...account], 'hunter2\nmore\n')).toEqual({
      status: 0,
      stdout: '',
      stderr: '',
    });
    expect(entries).toEqual({ 'alice@localhost': 'hunter2' });
    expect(await fivewire(ls('--keyring'))).toMatchObject({ status: 0, stderr: '' });
    expect((await fivewire(['login', 'forget', ...account])).status).toBe(0);
    expect(entries).toEqual({});
    expect((await fivewire(['login', 'forget', ...account])).status).toBe(66);
    const none = await fivewire(ls('--keyring'));
    expect(none).toMatchObject({ status: 64, stdout: '' });
    expect(none.stderr).toMatch(
      /The keyring has none: fivewire login keyring --user alice --host LOCALHOST/i,
    );
  });

  it('is a key of a profile, and stands before a netrc file and behind a command', async () => {
    const seen = inMemory({ 'alice@localhost': 'hunter2' });
    const config = join(folder, 'config.yaml');
    const profile = (more: string) =>
      writeFileSync(config, `profiles:\n  a:\n    imap: ${url()}\n    ca: ca.pem\n${more}`);
    profile('    keyring: true\n');
    const byProfile = ['ls', '--profile', 'a', '--config', config];
    expect(await fivewire(byProfile)).toMatchObject({ status: 0, stderr: '' });
    expect((await fivewire(['config', 'check', '--config', config])).status).toBe(0);
    expect(seen.asked).toBe(1);
    profile('    keyring: true\n    passwordCommand: echo wrong\n');
    expect((await fivewire(byProfile)).status).toBe(77);
    expect(seen.asked).toBe(1);
    profile('    keyring: yes please\n');
    expect((await fivewire(byProfile)).status).toBe(78);
    writeFileSync(join(folder, 'netrc'), 'machine localhost login alice password wrong\n', {
      mode: 0o600,
    });
    const both = ls('--keyring', '--netrc-file', join(folder, 'netrc'));
    expect(await fivewire(both)).toMatchObject({ status: 0, stderr: '' });
  });

  it('one that is closed is 78; without its package it is 69; what is no account is 64', async () => {
    keyring.load = async () =>
      ({
        AsyncEntry: class {
          getPassword = () => Promise.reject(new Error('AccessDenied'));
          setPassword = this.getPassword;
          deletePassword = this.getPassword;
        },
      }) as unknown as Keyring;
    const closed = await fivewire(ls('--keyring'));
    expect(closed).toMatchObject({ status: 78, stdout: '' });
    expect(closed.stderr).toMatch(/^fivewire: The keyring cannot be read: AccessDenied$/m);
    expect((await fivewire(['login', 'keyring', ...account], 'hunter2\n')).status).toBe(78);
    keyring.load = () =>
      Promise.reject(Object.assign(new Error('none'), { code: 'ERR_MODULE_NOT_FOUND' }));
    const absent = await fivewire(ls('--keyring'));
    expect(absent).toMatchObject({ status: 69, stdout: '' });
    expect(absent.stderr).toContain('npm install --global @napi-rs/keyring');
    inMemory();
    for (const [args, input] of [
      [['login', 'keyring', '--user', 'alice'], 'hunter2\n'],
      [['login', 'keyring', ...account], ''],
      [['login', 'keyring', ...account], '\n'],
      [['login', 'token', ...account], ''],
    ] as const)
      expect((await fivewire(args, input)).status, args.join(' ')).toBe(64);
  });
});
