/** Client certificates: PEM with and without a passphrase, PKCS#12, and the login that they stand for (RFC 4422 EXTERNAL). */
import { execFileSync } from 'node:child_process';
import { createPrivateKey } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FtpClient } from '@fivewire/ftp';
import {
  createThrowawayCa,
  type IssuedCertificate,
  type TestServers,
  type ThrowawayCa,
} from '@fivewire/test-servers';
import { createTlsContext, type TlsContextOptions } from 'tls-context-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { file } from '../hostname-matrix/protocols/ftp.js';
import { user } from '../support/credentials.js';
import { rejection } from '../support/promises.js';
import { drivers, modes, startServers, visit, way } from './drivers.js';

const passphrase = 'a key to a key';

let authority: ThrowawayCa;
/** Beneath an intermediate, so that the chain has to be sent too. */
let mine: IssuedCertificate;
let strangers: IssuedCertificate;
let encryptedKey: string;
/** Undefined where there is no `openssl` command to make it. */
let pfx: Buffer | undefined;

beforeAll(async () => {
  authority = await createThrowawayCa();
  const ask = { usage: 'client', names: [], commonName: user } as const;
  mine = await authority.issue({ ...ask, intermediate: 'sent' });
  strangers = await (await createThrowawayCa()).issue(ask);
  encryptedKey = createPrivateKey(mine.key)
    .export({ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase })
    .toString();
  pfx = makePfx(mine);
});

/** Only the command makes PKCS#12: neither Node nor the CA of the tests writes it. */
function makePfx({ chain, key }: IssuedCertificate): Buffer | undefined {
  const folder = mkdtempSync(join(tmpdir(), 'pfx-'));
  try {
    writeFileSync(join(folder, 'all.pem'), chain + key);
    const out = join(folder, 'client.p12');
    const command = ['pkcs12', '-export', '-in', join(folder, 'all.pem'), '-out', out];
    execFileSync('openssl', [...command, '-passout', `pass:${passphrase}`], { stdio: 'pipe' });
    return readFileSync(out);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    console.warn('\n!!! NOT TESTED: PKCS#12, for there is no openssl command to make it\n');
    return undefined;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

interface Form {
  title: string;
  /** Undefined where it can't be made here. */
  options: () => TlsContextOptions | undefined;
}

const forms: readonly Form[] = [
  { title: 'PEM', options: () => ({ cert: mine.chain, key: mine.key }) },
  {
    title: 'PEM octets',
    options: () => ({ cert: Buffer.from(mine.chain), key: Buffer.from(mine.key) }),
  },
  {
    title: 'PEM with a passphrase',
    options: () => ({ cert: mine.chain, key: encryptedKey, passphrase }),
  },
  { title: 'PKCS#12', options: () => pfx && { pfx, passphrase } },
];

describe('a context refuses at once', () => {
  it.each<[string, () => TlsContextOptions | undefined]>([
    ['a wrong passphrase', () => ({ cert: mine.chain, key: encryptedKey, passphrase: 'no' })],
    ['a missing passphrase', () => ({ cert: mine.chain, key: encryptedKey })],
    ["another's key", () => ({ cert: mine.chain, key: strangers.key })],
    ['PKCS#12 with a wrong passphrase', () => pfx && { pfx, passphrase: 'no' }],
    ['PKCS#12 cut in half', () => pfx && { pfx: pfx.subarray(0, pfx.length / 2), passphrase }],
    ['octets that are no PKCS#12', () => ({ pfx: Buffer.from('no'), passphrase })],
    ['a certificate without its key', () => ({ cert: mine.chain })],
    ['PKCS#12 beside PEM', () => ({ pfx: Buffer.from('no'), cert: mine.chain, key: mine.key })],
  ])('%s', (_, make) => {
    const options = make();
    if (options === undefined) return expect(pfx).toBeUndefined();
    let thrown: unknown;
    try {
      createTlsContext(options);
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toMatchObject({ name: 'UsageError', code: 'ERR_ARGUMENT' });
    expect(JSON.stringify(thrown) + String(thrown)).not.toContain(passphrase);
  });
});

describe.each(drivers)('$protocol', (driver) => {
  let servers: TestServers;
  beforeAll(async () => {
    servers = await startServers(driver.protocol, {
      ca: authority,
      tls: { clientCa: authority.certificate, requireClientCertificate: true },
    });
  });
  afterAll(() => servers.close());
  const ca = () => ({ ca: authority.certificate });
  const record = () => servers[driver.protocol].connections.at(-1);

  describe.each(modes)('%s', (mode) => {
    it.each(forms)('$title', async ({ options }) => {
      const given = options();
      if (given === undefined) return expect(pfx).toBeUndefined();
      const tls = { ...ca(), ...given };
      const security = await visit(driver, { ...way(servers, driver.protocol, mode), tls });
      expect(security).toMatchObject({ verified: true, mode });
      expect(record()?.tls?.clientName).toBe(user);
      expect(servers.problems).toEqual([]);
    });

    const withSasl = driver.protocol === 'ftp' ? [] : forms;
    it.each(withSasl)('$title, and SASL EXTERNAL logs in by it alone', async ({ options }) => {
      const given = options();
      if (given === undefined) return expect(pfx).toBeUndefined();
      const tls = { ...ca(), ...given };
      const there = { ...way(servers, driver.protocol, mode), tls };
      const auth = { external: true } as unknown as typeof there.auth;
      await visit(driver, { ...there, auth });
      expect(record()?.user).toBe(user);
    });

    it.each<[string, () => TlsContextOptions]>([
      ['TLS 1.3', () => ({ minVersion: 'TLSv1.3' })],
      ['TLS 1.2', () => ({ maxVersion: 'TLSv1.2' })],
    ])('none under %s: refused, and the hint names cert and key', async (_, options) => {
      const tls = { ...ca(), ...options() };
      const there = way(servers, driver.protocol, mode);
      const error = await rejection(visit(driver, { ...there, tls }));
      expect(error).toMatchObject({ code: 'ERR_TLS_HANDSHAKE', connection: 'closed' });
      expect(error.hint).toMatch(/cert and key/);
      expect(record()?.user).toBeUndefined();
    });

    it("a stranger's is refused", async () => {
      const tls = { ...ca(), cert: strangers.chain, key: strangers.key };
      const there = way(servers, driver.protocol, mode);
      const error = await rejection(visit(driver, { ...there, tls }));
      // A server in Node sends no alert here, it just leaves.
      expect(error).toMatchObject({ code: 'ERR_CONNECTION_CLOSED', connection: 'closed' });
      expect(record()?.user).toBeUndefined();
    });
  });
});

describe('ftp', () => {
  it.each(modes)('over %s the data connection shows the certificate as well', async (mode) => {
    const servers = await startServers('ftp', {
      ca: authority,
      tls: { clientCa: authority.certificate, requireClientCertificate: true },
    });
    const tls = { ca: authority.certificate, cert: mine.chain, key: encryptedKey, passphrase };
    try {
      const ftp = await FtpClient.connect({ ...way(servers, 'ftp', mode), tls });
      const chunks: Buffer[] = [];
      for await (const chunk of ftp.createReadStream(file.path)) chunks.push(chunk as Buffer);
      expect(Buffer.concat(chunks).toString()).toBe(file.content);
      await ftp.quit();
      expect(servers.problems).toEqual([]);
    } finally {
      await servers.close();
    }
  });
});
