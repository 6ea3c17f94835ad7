import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { readEnvironment } from '../src/environment.js';
import { createThrowawayCa, loadThrowawayCa, startFtpServer } from '../src/index.js';
import { Client } from './client.js';

it('has an answer to everything that the environment does not say', () => {
  const { options, caDirectory, names } = readEnvironment({ PATH: '/bin' });
  expect(options).toMatchObject({
    host: '127.0.0.1',
    users: { alice: 'secret' },
    web: { host: '127.0.0.1', port: 3080 },
    smtp: { ports: { cleartext: 3025, starttls: 3587, 'implicit-tls': 3465 } },
    ftp: { ports: { starttls: 3021 }, passivePorts: [3200, 3219] },
  });
  expect(options.newcomerPassword).toBeUndefined();
  expect(caDirectory).toBeUndefined();
  expect(names).toEqual(['localhost', '127.0.0.1', '::1']);
});

it('takes users, ports, names and the rest from it', () => {
  const { options, caDirectory, names } = readEnvironment({
    FIVEWIRE_USERS: 'alice:a:b, bob@example.org:',
    FIVEWIRE_NEWCOMER_PASSWORD: 'welcome',
    FIVEWIRE_GROUPS: 'a.b,c.d',
    FIVEWIRE_HOST: '0.0.0.0',
    FIVEWIRE_NAMES: 'mail,news',
    FIVEWIRE_CA_DIRECTORY: '/ca',
    FIVEWIRE_WEB_PORT: '80',
    FIVEWIRE_TOKEN: 't',
    FIVEWIRE_LIKE: 'gmail',
    FIVEWIRE_PASSIVE_PORTS: '5000-5001',
    FIVEWIRE_PASSIVE_HOST: '192.0.2.1',
    FIVEWIRE_IMAP_IMPLICIT_TLS_PORT: '993',
  });
  expect(options).toMatchObject({
    users: { alice: 'a:b', 'bob@example.org': '' },
    newcomerPassword: 'welcome',
    groups: ['a.b', 'c.d'],
    like: 'gmail',
    web: { host: '0.0.0.0', port: 80, token: 't' },
    imap: { ports: { 'implicit-tls': 993, starttls: 3144 } },
    ftp: { passivePorts: [5_000, 5_001], passiveHost: '192.0.2.1' },
  });
  expect(caDirectory).toBe('/ca');
  expect(names).toContain('news');
});

it.each([
  ['FIVEWIRE_USER', 'x', /FIVEWIRE_USER means nothing here; there are FIVEWIRE_USERS/],
  ['FIVEWIRE_USERS', 'alice', /name:password/],
  ['FIVEWIRE_WEB_PORT', '65536', /65536 is no port/],
  ['FIVEWIRE_SMTP_STARTTLS_PORT', 'x', /SMTP_STARTTLS_PORT: x is no port/],
  ['FIVEWIRE_PASSIVE_PORTS', '9-8', /ends before it begins/],
  ['FIVEWIRE_PASSIVE_PORTS', '9', /no port/],
])('refuses %s=%s', (name, value, complaint) => {
  expect(() => readEnvironment({ [name]: value })).toThrow(complaint);
});

it('an authority that was kept is the same one again', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'fivewire-ca-'));
  try {
    const ca = await createThrowawayCa();
    writeFileSync(join(folder, 'ca.key'), await ca.exportKey(), { mode: 0o600 });
    expect(statSync(join(folder, 'ca.key')).mode & 0o77).toBe(0);
    const key = readFileSync(join(folder, 'ca.key'), 'utf8');
    const again = await loadThrowawayCa({ certificate: ca.certificate, key });
    expect(again.certificate).toBe(ca.certificate);
    const server = await startFtpServer({ certificate: await again.issue() });
    const client = await Client.dialTls(server.ports['implicit-tls'], {
      ca: ca.certificate,
      ALPNProtocols: ['ftp'],
    });
    expect(await client.line()).toMatch(/^220/);
    client.close();
    await server.close();
    const other = await createThrowawayCa();
    await expect(loadThrowawayCa({ certificate: other.certificate, key })).rejects.toThrow(
      "The key is not the authority's.",
    );
  } finally {
    rmSync(folder, { recursive: true });
  }
});

it('FTP’s passive ports stay in their range, and none is free when all are taken', async () => {
  const probe = await startFtpServer({ modes: ['cleartext'] });
  const first = probe.ports.cleartext;
  await probe.close();
  const server = await startFtpServer({
    users: { alice: 'secret' },
    modes: ['cleartext'],
    passivePorts: [first, first],
  });
  const login = async () => {
    const client = await Client.dial(server.ports.cleartext);
    await client.line();
    await client.ask('USER alice');
    await client.ask('PASS secret');
    return client;
  };
  const [one, two] = [await login(), await login()];
  expect(await one.ask('EPSV')).toBe(`229 Entering Extended Passive Mode (|||${first}|)`);
  expect(await two.ask('EPSV')).toBe('425 No port is free');
  expect(await two.ask('PASV')).toBe('425 No port is free');
  for (const client of [one, two]) client.close();
  await server.close();
  expect(server.problems).toEqual([]);
});
