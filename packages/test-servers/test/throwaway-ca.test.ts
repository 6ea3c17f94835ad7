import { X509Certificate } from 'node:crypto';
import { type ConnectionOptions, connect } from 'node:tls';
import { afterEach, describe, expect, it } from 'vitest';
import {
  createThrowawayCa,
  type IssueOptions,
  startImapServer,
  type TestServer,
} from '../src/index.js';
import { Client } from './client.js';

// Node judges the certificates over a real handshake.

let server: TestServer | undefined;
afterEach(() => server?.close());

/** `undefined` where Node accepts the certificate for that name, else its error's code. */
async function verdict(
  issue: IssueOptions,
  { servername = 'localhost', ...more }: ConnectionOptions = {},
): Promise<string | undefined> {
  const ca = await createThrowawayCa();
  const certificate = await ca.issue(issue);
  server = await startImapServer({ certificate, modes: ['implicit-tls'] });
  return dial(server, { ca: ca.certificate, servername, ...more });
}

function dial({ ports }: TestServer, options: ConnectionOptions): Promise<string | undefined> {
  return new Promise((resolve) => {
    const socket = connect({ port: ports['implicit-tls'], host: '127.0.0.1', ...options }, () => {
      socket.destroy();
      resolve(undefined);
    });
    socket.once('error', (error: NodeJS.ErrnoException) => resolve(error.code));
  });
}

describe('a certificate', () => {
  it.each([
    ['by default', {}, undefined],
    ['with an RSA key', { keyType: 'rsa' }, undefined],
    ['for another name', { names: ['elsewhere.example'] }, 'ERR_TLS_CERT_ALTNAME_INVALID'],
    ['with a wildcard', { names: ['*.localhost'] }, 'ERR_TLS_CERT_ALTNAME_INVALID'],
    ['of yesterday', { validity: 'expired' }, 'CERT_HAS_EXPIRED'],
    ['of next month', { validity: 'not-yet-valid' }, 'CERT_NOT_YET_VALID'],
    ['with dates', { notBefore: new Date(0), notAfter: new Date(1e12) }, 'CERT_HAS_EXPIRED'],
    ['signed by itself', { selfSigned: true }, 'DEPTH_ZERO_SELF_SIGNED_CERT'],
    ['with an intermediate', { intermediate: 'sent' }, undefined],
    ['without its intermediate', { intermediate: 'missing' }, 'UNABLE_TO_VERIFY_LEAF_SIGNATURE'],
    ['for clients', { usage: 'client' }, 'INVALID_PURPOSE'],
  ] satisfies [string, IssueOptions, string | undefined][])(
    '%s',
    async (_what, issue, expected) => {
      expect(await verdict(issue)).toBe(expected);
    },
  );

  it('holds DNS names, IP addresses and the other kinds, each as what it is', async () => {
    const ca = await createThrowawayCa();
    const { certificate } = await ca.issue({
      names: ['a.example', '127.0.0.1', '::1'],
      otherNames: [
        { type: 'url', value: 'https://b.example/' },
        { type: 'email', value: 'c@d.example' },
      ],
    });
    expect(new X509Certificate(certificate).subjectAltName).toBe(
      'DNS:a.example, IP Address:127.0.0.1, IP Address:0:0:0:0:0:0:0:1, URI:https://b.example/, email:c@d.example',
    );
  });

  it('may have a common name and nothing else', async () => {
    const ca = await createThrowawayCa();
    const { certificate } = await ca.issue({ names: [], commonName: 'localhost' });
    const parsed = new X509Certificate(certificate);
    expect(parsed.subjectAltName).toBeUndefined();
    expect(parsed.subject).toBe('CN=localhost');
  });

  it('tells its fingerprint, serial number and pin as Node and OpenSSL do', async () => {
    const issued = await (await createThrowawayCa()).issue();
    const parsed = new X509Certificate(issued.certificate);
    expect(issued.fingerprint256).toBe(parsed.fingerprint256);
    expect(issued.serialNumber.toUpperCase()).toBe(parsed.serialNumber);
    expect(issued.pin).toMatch(/^[A-Za-z0-9+/]{43}=$/);
  });

  it('once revoked is refused by whoever has the list', async () => {
    const ca = await createThrowawayCa();
    const [good, bad] = [await ca.issue(), await ca.issue()];
    ca.revoke(bad);
    const crl = await ca.crl();
    server = await startImapServer({ certificate: good, modes: ['implicit-tls'] });
    const trust = { ca: ca.certificate, crl, servername: 'localhost' };
    expect(await dial(server, trust)).toBeUndefined();
    server.useCertificate(bad);
    expect(await dial(server, trust)).toBe('CERT_REVOKED');
  });
});

it('presents a certificate by the name that the client asks for', async () => {
  const ca = await createThrowawayCa();
  server = await startImapServer({
    certificate: await ca.issue(),
    tls: { certificates: { 'other.example': await ca.issue({ names: ['other.example'] }) } },
  });
  for (const servername of ['localhost', 'other.example']) {
    const client = await Client.dialTls(server.ports['implicit-tls'], {
      ca: ca.certificate,
      servername,
    });
    expect(await client.line()).toContain('ready');
    client.close();
  }
  expect(server.connections.map(({ tls }) => tls?.servername)).toEqual([
    'localhost',
    'other.example',
  ]);
});
