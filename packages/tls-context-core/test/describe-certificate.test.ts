import { X509Certificate } from 'node:crypto';
import { rootCertificates } from 'node:tls';
import { expect, test } from 'vitest';
import { readCertificate } from '../src/certificate.js';
import { createTlsContext, describeCertificate, secure } from '../src/index.js';
import { ed25519Keys, issue, issueCa, rsaKeys } from './certificates.js';
import { tlsServer } from './tls-server.js';

const ca = issueCa('Test CA');

test('says who it is, from a certificate and from its DER alike', () => {
  const notBefore = new Date('2025-01-02T03:04:05Z');
  const notAfter = new Date('2051-01-02T03:04:05Z');
  const { der } = issue({
    issuer: ca,
    commonName: 'leaf',
    dns: ['a.example', '*.b.example'],
    ip: ['192.0.2.1', '2001:db8::1'],
    notBefore,
    notAfter,
  });
  const description = describeCertificate(der);
  const node = new X509Certificate(der);
  expect(description).toEqual({
    subject: 'CN=leaf',
    issuer: 'CN=Test CA',
    names: ['a.example', '*.b.example', '192.0.2.1', '2001:db8::1'],
    validFrom: notBefore.toISOString(),
    validTo: notAfter.toISOString(),
    validity: 'valid',
    daysLeft: Math.floor((notAfter.getTime() - Date.now()) / 86_400_000),
    serialNumber: node.serialNumber,
    key: 'ec prime256v1',
    fingerprint256: node.fingerprint256,
    pin: expect.stringMatching(/^sha256\/[A-Za-z0-9+/]{43}=$/),
    selfIssued: false,
    authority: false,
  });
  expect(describeCertificate(node)).toEqual(description);
  expect(JSON.parse(JSON.stringify(description))).toEqual(description);
});

test('a chain: who issued whom, and where that is not so', () => {
  const middle = issueCa('Middle', ca);
  const leaf = issue({ issuer: middle, commonName: 'leaf', dns: ['a.example'] });
  const whole = describeCertificate([leaf.der, middle.der, ca.der]);
  expect(whole).toMatchObject({ subject: 'CN=leaf', authority: false, issuedByNext: true });
  expect(whole.chain).toMatchObject([
    { subject: 'CN=Middle', issuer: 'CN=Test CA', authority: true, issuedByNext: true },
    { subject: 'CN=Test CA', authority: true, selfIssued: true },
  ]);
  expect(whole.chain?.[1]).not.toHaveProperty('issuedByNext');
  // An authority of the same name has not signed it.
  const imposter = issueCa('Middle', ca);
  expect(describeCertificate([leaf.der, imposter.der]).issuedByNext).toBe(false);
  expect(describeCertificate([leaf.der, ca.der]).issuedByNext).toBe(false);
  expect(describeCertificate([leaf.der]).chain).toEqual([]);
  expect(describeCertificate(leaf.der)).not.toHaveProperty('chain');
  const long = Array.from({ length: 500 }, () => ca.der);
  expect(describeCertificate(long).chain?.length).toBe(19);
  expect(() => describeCertificate([])).toThrow(
    expect.objectContaining({ code: 'ERR_ARGUMENT', argument: 'certificate' }),
  );
});

test('what matched, and why not', () => {
  const { der } = issue({ issuer: ca, dns: ['*.example.org', 'imap.example.com'] });
  const match = (name: string) => describeCertificate(der, name).match;
  expect(match('Mail.Example.org.')).toEqual({
    serverHostname: 'mail.example.org',
    matchedName: '*.example.org',
  });
  expect(match('imap.example.con')).toEqual({
    serverHostname: 'imap.example.con',
    problem: 'the certificate is not for imap.example.con',
    hint: expect.stringContaining('rightly called imap.example.com'),
  });
  expect(describeCertificate(issue({ commonName: 'a.example' }).der, 'a.example').match).toEqual({
    serverHostname: 'a.example',
    problem: expect.any(String),
    hint: expect.stringContaining('common name does not count'),
  });
  expect(describeCertificate(der)).not.toHaveProperty('match');
  expect(() => describeCertificate(der, 'a b')).toThrow(
    expect.objectContaining({ code: 'ERR_SERVER_HOSTNAME_INVALID' }),
  );
});

test.each([
  ['valid', -1, 10, 9],
  ['expired', -10, -1, -1],
  ['not-yet-valid', 1, 10, 9],
])('validity: %s', (validity, from, to, daysLeft) => {
  const at = (days: number) => new Date(Date.now() + days * 86_400_000);
  const { der } = issue({ notBefore: at(from), notAfter: at(to) });
  const described = describeCertificate(der);
  expect(described.validity).toBe(validity);
  expect([daysLeft - 1, daysLeft]).toContain(described.daysLeft);
});

test('keys of other kinds, and roots', () => {
  expect(describeCertificate(issue({ keys: rsaKeys(), signature: 'rsaSha256' }).der).key).toBe(
    'rsa 2048',
  );
  expect(describeCertificate(issue({ keys: ed25519Keys(), signature: 'ed25519' }).der).key).toBe(
    'ed25519',
  );
  expect(describeCertificate(ca.der).selfIssued).toBe(true);
});

test('names cannot write to a terminal', () => {
  const { der } = issue({ commonName: '\u001b[2J\u202eevil\n', dns: ['\u0007bell.example'] });
  const { subject, names } = describeCertificate(der);
  expect(subject).toBe('CN=\\u{1b}[2J\\u{202e}evil\\u{a}');
  expect(names).toEqual(['\\u{7}bell.example']);
});

test('a pin from a description is one that a context takes', async () => {
  const leaf = issue({ dns: ['a.example'] });
  const server = await tlsServer({ cert: leaf.cert, key: leaf.key });
  const context = createTlsContext({ trust: 'pins', pins: [describeCertificate(leaf.der).pin] });
  const stream = await secure(await server.dial(), {
    context,
    serverHostname: 'a.example',
    protocol: 'pop3',
  });
  expect(stream.security.verified).toBe(true);
  stream.destroy();
  await server.close();
});

test('malformed and missing input has typed errors', () => {
  expect(() => describeCertificate(Buffer.from('no'))).toThrow(
    expect.objectContaining({ code: 'ERR_CERTIFICATE_UNTRUSTED' }),
  );
  expect(() => describeCertificate('pem' as unknown as Uint8Array)).toThrow(
    expect.objectContaining({ code: 'ERR_ARGUMENT', argument: 'certificate' }),
  );
});

test('a chain with what is no certificate is described all the same', () => {
  const junk = Buffer.from('3003020101', 'hex');
  const issued = issue({ dns: ['a.example'] });
  const { chain, issuedByNext, names } = describeCertificate([issued.der, junk, issued.der]);
  expect(names).toEqual(['a.example']);
  expect(issuedByNext).toBe(false);
  expect(chain?.map(({ validity }) => validity)).toEqual(['unreadable', 'valid']);
  expect(chain?.[0]?.fingerprint256).toMatch(/^([0-9A-F]{2}:){31}[0-9A-F]{2}$/);
});

test('our reader reads every root that Node bundles as OpenSSL does', () => {
  for (const pem of rootCertificates) {
    const node = new X509Certificate(pem);
    const ours = readCertificate(node.raw);
    expect(ours.notAfter).toBe(Date.parse(node.validTo));
    expect(ours.notBefore).toBe(Date.parse(node.validFrom));
    const spki = node.publicKey.export({ type: 'spki', format: 'der' });
    expect(Buffer.from(ours.publicKeyInfo).equals(spki)).toBe(true);
  }
});
