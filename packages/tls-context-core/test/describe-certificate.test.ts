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
    serialNumber: node.serialNumber,
    key: 'ec prime256v1',
    fingerprint256: node.fingerprint256,
    pin: expect.stringMatching(/^sha256\/[A-Za-z0-9+/]{43}=$/),
    selfIssued: false,
  });
  expect(describeCertificate(node)).toEqual(description);
  expect(JSON.parse(JSON.stringify(description))).toEqual(description);
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
