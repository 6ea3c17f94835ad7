/** RFC 9266 and RFC 5929 §4, against the other end of the same connection and against plain hashes. */

import { createHash } from 'node:crypto';
import { once } from 'node:events';
import type { TLSSocket } from 'node:tls';
import { afterEach, describe, expect, test } from 'vitest';
import { tlsServerEndPoint } from '../src/channel-binding.js';
import { readDer } from '../src/der.js';
import { createSessionScope, createTlsContext, type SecureStream, secure } from '../src/index.js';
import {
  type CertificateRequest,
  ecKeys,
  ed25519Keys,
  issue,
  issueCa,
  oid,
  rsaKeys,
  sequence,
  tlv,
} from './certificates.js';
import { type TestServer, tlsServer } from './tls-server.js';

const name = 'imap.example.org';
const ca = issueCa();
const leaf = issue({ issuer: ca, dns: [name] });
const context = createTlsContext({ ca: ca.cert });
const identity = { context, serverHostname: name, protocol: 'imap' } as const;

let server: TestServer;
afterEach(() => server?.close());

/** A stream, and what the server exports for it. */
async function both(version: 'TLSv1.2' | 'TLSv1.3', sessions = createSessionScope(identity)) {
  let exported: Buffer | undefined;
  server = await tlsServer(
    { cert: leaf.cert, key: leaf.key, maxVersion: version },
    (socket: TLSSocket) => {
      exported = socket.exportKeyingMaterial(32, 'EXPORTER-Channel-Binding', Buffer.alloc(0));
      socket.write('hello');
    },
  );
  const connect = async (): Promise<SecureStream> => {
    const stream = await secure(await server.dial(), { ...identity, sessions });
    await once(stream, 'data');
    return stream;
  };
  return { connect, exported: () => exported };
}

describe('tls-exporter', () => {
  test('is what the server exports, on resumed sessions too, and new each time', async () => {
    const { connect, exported } = await both('TLSv1.3');
    const seen = new Set<string>();
    for (const resumed of [false, true]) {
      const stream = await connect();
      expect(stream.security.resumed).toBe(resumed);
      const bound = stream.channelBinding('tls-exporter');
      expect(bound).toEqual(exported());
      expect(bound).toHaveLength(32);
      seen.add(Buffer.from(bound ?? []).toString('hex'));
      stream.destroy();
      expect(stream.channelBinding('tls-exporter')).toBeUndefined();
    }
    expect(seen.size).toBe(2);
  });
  test('is not offered on TLS 1.2, where Node hides whether it would be safe', async () => {
    const { connect } = await both('TLSv1.2');
    const stream = await connect();
    expect(stream.channelBinding('tls-exporter')).toBeUndefined();
    stream.destroy();
  });
});

describe('tls-unique', () => {
  test('is our Finished of a full TLS 1.2 handshake; not on a resumed session, where it proves nothing', async () => {
    const { connect } = await both('TLSv1.2');
    const seen = new Set<string>();
    for (const resumed of [false, true]) {
      const stream = await connect();
      expect(stream.security.resumed).toBe(resumed);
      const bound = stream.channelBinding('tls-unique');
      if (bound !== undefined) seen.add(Buffer.from(bound).toString('hex'));
      expect(bound === undefined).toBe(resumed);
      stream.destroy();
      expect(stream.channelBinding('tls-unique')).toBeUndefined();
    }
    expect([...seen].map((hex) => hex.length)).toEqual([24]);
  });
  test('TLS 1.3 has none', async () => {
    const stream = await (await both('TLSv1.3')).connect();
    expect(stream.channelBinding('tls-unique')).toBeUndefined();
    stream.destroy();
  });
});

describe('tls-server-end-point', () => {
  test.each(['TLSv1.2', 'TLSv1.3'] as const)(
    'is the hash of the leaf, remembered when resumed (%s)',
    async (version) => {
      const { connect } = await both(version);
      for (const resumed of [false, true]) {
        const stream = await connect();
        expect(stream.security.resumed).toBe(resumed);
        const hash = createHash('sha256').update(leaf.der).digest();
        expect(stream.channelBinding('tls-server-end-point')).toEqual(hash);
        expect(stream.channelBinding('tls-other' as 'tls-exporter')).toBeUndefined();
        stream.destroy();
      }
    },
  );

  const rsa = rsaKeys();
  test.each<[string, CertificateRequest, string | undefined]>([
    ['ECDSA with SHA-256', { keys: ecKeys() }, 'sha256'],
    ['ECDSA with SHA-384', { keys: ecKeys(), signature: 'ecdsaSha384' }, 'sha384'],
    ['RSA with SHA-256', { keys: rsa, signature: 'rsaSha256' }, 'sha256'],
    ['RSA with SHA-1, which gives way to SHA-256', { keys: rsa, signature: 'rsaSha1' }, 'sha256'],
    ['Ed25519, which has no hash', { keys: ed25519Keys(), signature: 'ed25519' }, undefined],
  ])('%s', (_what, request, hash) => {
    const { der } = issue({ dns: [name], ...request });
    expect(tlsServerEndPoint(der)).toEqual(hash && createHash(hash).update(der).digest());
  });

  const sha384 = '2.16.840.1.101.3.4.2.2';
  test.each([
    ['RSASSA-PSS with SHA-384', [tlv(0xa0, sequence(oid(sha384)))], 'sha384'],
    ['RSASSA-PSS by default, SHA-1', [], 'sha256'],
    ['RSASSA-PSS with a hash from elsewhere', [tlv(0xa0, sequence(oid('1.2.3.4')))], undefined],
  ])('%s', (_what, parameters, hash) => {
    const algorithm = sequence(oid('1.2.840.113549.1.1.10'), sequence(...parameters));
    const der = withAlgorithm(issue({ dns: [name] }).der, algorithm);
    expect(tlsServerEndPoint(der)).toEqual(hash && createHash(hash).update(der).digest());
  });

  test('what is no certificate has none', () => {
    expect(tlsServerEndPoint(Buffer.from('no DER'))).toBeUndefined();
  });
});

/** The certificate with another signature algorithm on its outside; the signature is not checked here. */
function withAlgorithm(der: Buffer, algorithm: Buffer): Buffer {
  const [tbs] = readDer(der).children;
  return sequence(tbs?.whole ?? Buffer.alloc(0), algorithm, tlv(0x03, Buffer.alloc(9)));
}
