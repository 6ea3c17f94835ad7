import { X509Certificate } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { describe, expect, test, vi } from 'vitest';
import {
  createTlsContext,
  defaultTlsContext,
  isTlsContext,
  systemRoots,
  type TlsContextOptions,
} from '../src/index.js';
import { refuseIgnored } from '../src/runtime.js';
import { contextParts } from '../src/tls-context.js';
import { currentRoots } from '../src/trust-store.js';
import { ecKeys, issue, issueCa, revoke } from './certificates.js';

const ca = issueCa();
const client = issue({ issuer: ca, commonName: 'client' });
const pin = `sha256/${'A'.repeat(43)}=`;

const refusal = (options: unknown) => {
  try {
    createTlsContext(options as TlsContextOptions);
  } catch (error) {
    return error as { code: string; argument: string; hint: string; message: string };
  }
  throw new Error('it was taken');
};

test('the default verifies chain and name by TLS 1.2 or newer', () => {
  expect(createTlsContext()).toEqual({
    trust: 'system',
    verifyMode: 'required',
    checkHostname: true,
    minVersion: 'TLSv1.2',
  });
});

test('the process-wide context is built once', () => {
  expect(defaultTlsContext()).toBe(defaultTlsContext());
  const { secureContext } = contextParts(defaultTlsContext());
  expect(secureContext()).toBe(secureContext());
});

test('contexts with equal options share what is heavy, and only they', () => {
  const heavy = (options?: TlsContextOptions) => {
    const { secureContext, trust } = contextParts(createTlsContext(options));
    return { secureContext: secureContext(), trust };
  };
  const plain = heavy();
  for (const alike of [
    { minVersion: 'TLSv1.2' },
    { pins: [pin] },
    { alpn: false },
    { sni: false },
  ]) {
    const { secureContext, trust } = heavy({
      ...(alike as TlsContextOptions),
      maxVersion: 'TLSv1.3',
    });
    const again = heavy({ ...(alike as TlsContextOptions), maxVersion: 'TLSv1.3' });
    expect(again.secureContext).toBe(secureContext);
    expect(again.trust).toBe(trust);
  }
  expect(heavy({ pins: [pin] })).toEqual(plain);
  const others: TlsContextOptions[] = [
    { ca: ca.cert },
    { ca: [ca.cert, issueCa('Other').cert] },
    { cert: client.cert, key: client.key },
    { ca: ca.cert, crl: revoke(ca, []) },
    { ciphers: 'ECDHE-ECDSA-AES128-GCM-SHA256' },
    { minVersion: 'TLSv1.3' },
    { trust: 'pins', pins: [pin] },
  ];
  const seen = [plain, ...others.map(heavy)];
  expect(new Set(seen.map(({ secureContext }) => secureContext)).size).toBe(seen.length);
  expect(new Set(seen.map(({ trust }) => trust)).size).toBe(seen.length);
});

test('an option that the runtime does not look at is refused', () => {
  refuseIgnored({ ciphers: 'DEFAULT' });
  refuseIgnored({ ciphers: undefined }, ['ciphers']);
  expect(() => refuseIgnored({ ca: 'x', ciphers: 'DEFAULT' }, ['ciphers'])).toThrow(
    expect.objectContaining({ code: 'ERR_ARGUMENT', argument: 'ciphers' }),
  );
});

test('the roots are read once, and again when the file has changed', () => {
  const folder = mkdtempSync(join(tmpdir(), 'roots-'));
  const file = join(folder, 'roots.pem');
  const roots = (): string[] => {
    createTlsContext();
    return systemRoots();
  };
  vi.stubEnv('SSL_CERT_FILE', file);
  vi.stubEnv('SSL_CERT_DIR', '');
  vi.stubEnv('NODE_EXTRA_CA_CERTS', '');
  try {
    writeFileSync(file, ca.cert);
    expect(roots()).toEqual([ca.cert.trim()]);
    expect(currentRoots()).toBe(currentRoots());
    const other = issueCa('Other root of another length');
    writeFileSync(file, other.cert);
    expect(roots()).toEqual([other.cert.trim()]);
  } finally {
    vi.unstubAllEnvs();
    rmSync(folder, { recursive: true });
  }
  expect(roots().length).toBeGreaterThan(10);
});

test('a context is frozen and shows no secret', () => {
  const context = createTlsContext({
    ca: ca.cert,
    cert: client.cert,
    key: client.key,
    passphrase: 'hunter2',
  });
  expect(Object.isFrozen(context)).toBe(true);
  const shown = inspect(context, { showHidden: true, depth: 9 }) + JSON.stringify(context);
  expect(shown).not.toMatch(/hunter2|PRIVATE KEY|BEGIN/);
  expect(Object.getOwnPropertySymbols(context)).toEqual([]);
});

test('what is done to the options later changes nothing', () => {
  const options: TlsContextOptions = {};
  const context = createTlsContext(options);
  options.ciphers = 'NO-SUCH-CIPHER';
  expect(() => contextParts(context).secureContext()).not.toThrow();
});

test('isTlsContext knows its own', () => {
  expect(isTlsContext(createTlsContext())).toBe(true);
  for (const other of [{ ...createTlsContext() }, {}, null, undefined, 'context', 5]) {
    expect(isTlsContext(other)).toBe(false);
  }
});

describe('trust says where the roots came from', () => {
  test.each<[TlsContextOptions, string]>([
    [{ ca: ca.cert }, 'ca'],
    [{ ca: [...systemRoots(), ca.cert] }, 'ca'],
    [{ trust: 'roots', ca: ca.cert }, 'ca'],
    [{ trust: 'pins', pins: [pin] }, 'pins'],
    [{ verifyMode: 'none', checkHostname: false }, 'none'],
  ])('%#', (options, trust) => {
    expect(createTlsContext(options).trust).toBe(trust);
  });
});

describe('certificates come as PEM text, PEM octets, DER, lists and bundles', () => {
  test.each<[string, TlsContextOptions['ca']]>([
    ['text', ca.cert],
    ['PEM octets', Buffer.from(ca.cert)],
    ['DER', ca.der],
    ['DER as Uint8Array', new Uint8Array(ca.der)],
    ['a list', [ca.der, ca.cert]],
    ['a bundle with comments', `# one\n${ca.cert}\n# two\r\n${client.cert}`],
    ['what X509Certificate gives', new X509Certificate(ca.cert).raw],
  ])('%s', (_what, input) => {
    expect(createTlsContext({ ca: input as string }).trust).toBe('ca');
  });
  test('client certificate and revocation list likewise', () => {
    createTlsContext({ cert: client.der, key: Buffer.from(client.key) });
    createTlsContext({ cert: `${client.cert}${ca.cert}`, key: client.key, crl: revoke(ca, []) });
  });
});

describe('names from elsewhere are refused, and the hint names ours', () => {
  test.each([
    ['rejectUnauthorized', /verifyMode: 'none' together with checkHostname: false/],
    ['servername', /serverHostname/],
    ['serverHostname', /beside the context/],
    ['checkServerIdentity', /pins/],
    ['ALPNProtocols', /alpn/],
    ['secureProtocol', /minVersion/],
    ['session', /SessionScope/],
    ['check_hostname', /checkHostname/],
    ['verifyMod', /verifyMode/],
    ['toString', /The options are/],
    ['constructor', /The options are/],
  ])('%s', (key, hint) => {
    expect(refusal({ [key]: undefined })).toMatchObject({ code: 'ERR_ARGUMENT', argument: key });
    expect(refusal({ [key]: false }).hint).toMatch(hint);
  });
});

describe('what is wrong is refused at once', () => {
  test.each<[string, unknown, string]>([
    ['no object', 'tls', 'options'],
    ['null', null, 'options'],
    ['verifyMode none alone', { verifyMode: 'none' }, 'verifyMode'],
    [
      'verifyMode none with the name checked',
      { verifyMode: 'none', checkHostname: true },
      'verifyMode',
    ],
    ['an unknown verifyMode', { verifyMode: 'optional' }, 'verifyMode'],
    ['verifyMode null', { verifyMode: null, checkHostname: false }, 'verifyMode'],
    ['checkHostname as text', { checkHostname: 'false' }, 'checkHostname'],
    ['checkHostname 0', { checkHostname: 0 }, 'checkHostname'],
    ['an old version', { minVersion: 'TLSv1.1' }, 'minVersion'],
    ['versions crossed', { minVersion: 'TLSv1.3', maxVersion: 'TLSv1.2' }, 'minVersion'],
    ['no pins', { pins: [] }, 'pins'],
    ['a pin that is none', { pins: ['sha256/short='] }, 'pins'],
    ['a pin as text', { pins: pin }, 'pins'],
    ['trust by pins without any', { trust: 'pins' }, 'trust'],
    [
      'trust by pins and none',
      { trust: 'pins', pins: [pin], verifyMode: 'none', checkHostname: false },
      'trust',
    ],
    ['pins instead of the chain, and ca', { trust: 'pins', pins: [pin], ca: ca.cert }, 'ca'],
    [
      'pins instead of the chain, and crl',
      { trust: 'pins', pins: [pin], crl: revoke(ca, []) },
      'crl',
    ],
    [
      'no verification, and crl',
      { verifyMode: 'none', checkHostname: false, crl: revoke(ca, []) },
      'crl',
    ],
    ['a path as ca', { ca: '/etc/ssl/certs/ca-certificates.crt' }, 'ca'],
    ['an empty ca', { ca: '' }, 'ca'],
    ['an empty list', { ca: [] }, 'ca'],
    ['a key as ca', { ca: client.key }, 'ca'],
    ['one bad of two', { ca: [ca.cert, 'garbage'] }, 'ca'],
    ['cert without key', { cert: client.cert }, 'cert'],
    ['key without cert', { key: client.key }, 'cert'],
    ['cert and pfx', { cert: client.cert, key: client.key, pfx: Buffer.from('x') }, 'pfx'],
    ['a certificate as revocation list', { crl: ca.cert }, 'crl'],
    ['sni as text', { sni: 'imap.example.org' }, 'sni'],
  ])('%s', (_what, options, argument) => {
    const error = refusal(options);
    expect(error).toMatchObject({ code: 'ERR_ARGUMENT', argument, name: 'UsageError' });
    expect(error.hint).not.toBe('');
  });

  test.each<[string, TlsContextOptions]>([
    [
      'a certificate that is broken',
      { ca: ca.cert.replace(/[A-Z]/g, 'A').replaceAll('AAAAA A', 'BEGIN C') },
    ],
    ['broken DER', { ca: ca.der.subarray(0, 100) }],
    ['a key of another certificate', { cert: client.cert, key: issue().key }],
    ['a key that is none', { cert: client.cert, key: 'secret' }],
    ['a PKCS#12 that is none', { pfx: Buffer.from('not PKCS#12') }],
    ['ciphers that do not exist', { ciphers: 'NO-SUCH-CIPHER' }],
  ])('%s', (_what, options) => {
    expect(refusal(options)).toMatchObject({ code: 'ERR_ARGUMENT', name: 'UsageError' });
  });

  test('an encrypted key needs its passphrase, and no error tells it', () => {
    const keys = ecKeys();
    const { cert } = issue({ keys });
    const key = keys.privateKey.export({
      type: 'pkcs8',
      format: 'pem',
      cipher: 'aes-256-cbc',
      passphrase: 'hunter2',
    }) as string;
    createTlsContext({ cert, key, passphrase: 'hunter2' });
    for (const passphrase of ['hunter3', undefined]) {
      const error = refusal({ cert, key, ...(passphrase && { passphrase }) });
      expect(error.code).toBe('ERR_ARGUMENT');
      expect(inspect(error, { depth: 9 })).not.toMatch(/hunter/);
    }
  });
});
