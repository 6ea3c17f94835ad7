import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as tls from 'node:tls';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { createTlsContext, secure, systemRoots } from '../src/index.js';
import { readRoots } from '../src/trust-store.js';
import { issue, issueCa } from './certificates.js';
import { tlsServer } from './tls-server.js';

const [one, two, extra] = [issueCa('one'), issueCa('two'), issueCa('extra')];
let folder: string;
const inFolder = (name: string): string => join(folder, name);

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'fivewire-roots-'));
  writeFileSync(inFolder('bundle.pem'), `# a comment\n${one.cert}\n${two.cert}${one.cert}`);
  writeFileSync(inFolder('extra.pem'), extra.cert);
  writeFileSync(inFolder('empty.pem'), 'nothing here');
  mkdirSync(inFolder('certs'));
  writeFileSync(inFolder('certs/one.pem'), one.cert);
  writeFileSync(inFolder('certs/README'), 'no certificate');
  symlinkSync('one.pem', inFolder('certs/0a1b2c3d.0'));
  symlinkSync('gone.pem', inFolder('certs/dangling.0'));
  mkdirSync(inFolder('certs/java'));
  mkdirSync(inFolder('more'));
  writeFileSync(inFolder('more/two.crt'), two.cert);
});
afterAll(() => rmSync(folder, { recursive: true }));
afterEach(() => vi.unstubAllEnvs());

const subjects = (environment: NodeJS.ProcessEnv): string[] =>
  readRoots(environment).certificates.map((pem) =>
    pem.trim() === one.cert.trim()
      ? 'one'
      : pem.trim() === two.cert.trim()
        ? 'two'
        : pem.trim() === extra.cert.trim()
          ? 'extra'
          : 'other',
  );

test('this system has roots, each once, and all are certificates', () => {
  const { source, certificates } = readRoots({});
  expect(['system', 'bundled']).toContain(source);
  expect(certificates.length).toBeGreaterThan(50);
  expect(new Set(certificates.map((pem) => pem.replace(/\s/g, ''))).size).toBe(certificates.length);
  expect(createTlsContext({ ca: certificates as string[] }).trust).toBe('ca');
});

test('systemRoots() is a list of one’s own', () => {
  const roots = systemRoots();
  roots.push('mine');
  expect(systemRoots()).not.toContain('mine');
});

describe('the environment names other places', () => {
  test('a file, which is then the only one', () => {
    expect(subjects({ SSL_CERT_FILE: inFolder('bundle.pem') })).toEqual(['one', 'two']);
  });
  test('folders, with links, junk and subfolders in them', () => {
    expect(subjects({ SSL_CERT_DIR: inFolder('certs') })).toEqual(['one']);
    expect(subjects({ SSL_CERT_DIR: `${inFolder('certs')}:${inFolder('more')}` })).toEqual([
      'one',
      'two',
    ]);
  });
  test('both', () => {
    const both = { SSL_CERT_FILE: inFolder('bundle.pem'), SSL_CERT_DIR: inFolder('certs') };
    expect(subjects(both)).toEqual(['one', 'two']);
  });
  test('NODE_EXTRA_CA_CERTS adds to them, and to the system’s', () => {
    const added = { NODE_EXTRA_CA_CERTS: inFolder('extra.pem') };
    expect(subjects({ SSL_CERT_FILE: inFolder('bundle.pem'), ...added })).toEqual([
      'one',
      'two',
      'extra',
    ]);
    expect(subjects(added)).toContain('extra');
    expect(subjects(added).length).toBe(subjects({}).length + 1);
    expect(subjects({ NODE_EXTRA_CA_CERTS: inFolder('gone.pem') })).toEqual(subjects({}));
  });
  test.each(['SSL_CERT_FILE', 'SSL_CERT_DIR'])(
    '%s that cannot be read is an error, not a wider trust',
    (variable) => {
      expect(() => readRoots({ [variable]: inFolder('gone') })).toThrow(
        expect.objectContaining({
          code: 'ERR_ARGUMENT',
          argument: variable,
          hint: expect.stringContaining(variable),
        }),
      );
    },
  );
  test('a named place without certificates is an error as well: the bundled roots were not meant', () => {
    expect(() => readRoots({ SSL_CERT_FILE: inFolder('empty.pem') })).toThrow(
      expect.objectContaining({ code: 'ERR_ARGUMENT', argument: 'SSL_CERT_FILE' }),
    );
  });
  test('empty variables are none', () => {
    expect(readRoots({ SSL_CERT_FILE: '', SSL_CERT_DIR: '', NODE_EXTRA_CA_CERTS: '' })).toEqual(
      readRoots({}),
    );
  });
});

test('where no place has roots, Node’s knowledge of the system serves, else what it bundles', () => {
  const nowhere = {
    files: [inFolder('gone.pem'), inFolder('empty.pem')],
    folders: [inFolder('gone')],
  };
  const { source, certificates } = readRoots({}, nowhere);
  expect(source).toBe('getCACertificates' in tls ? 'system' : 'bundled');
  if (source === 'bundled') expect(certificates).toEqual(tls.rootCertificates);
  expect(readRoots({}, { ...nowhere, folders: [inFolder('gone'), inFolder('certs')] })).toEqual({
    source: 'system',
    certificates: [one.cert.trim()],
  });
});

test('a context without ca trusts what the environment names, by a real handshake', async () => {
  vi.stubEnv('SSL_CERT_FILE', inFolder('bundle.pem'));
  const context = createTlsContext();
  expect(context.trust).toBe('system');
  vi.unstubAllEnvs();
  const leaf = issue({ issuer: two, dns: ['a.example'] });
  const server = await tlsServer({ cert: leaf.cert, key: leaf.key });
  const options = { serverHostname: 'a.example', protocol: 'imap' } as const;
  const stream = await secure(await server.dial(), { context, ...options });
  expect(stream.security).toMatchObject({ verified: true, trust: 'system' });
  stream.destroy();
  const attempt = secure(await server.dial(), { context: createTlsContext(), ...options });
  await expect(attempt).rejects.toMatchObject({ code: 'ERR_CERTIFICATE_UNTRUSTED' });
  await server.close();
});
