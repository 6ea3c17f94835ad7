/** `client.security` on all five clients: the same fields, frozen, and what each way to connect shows. */
import type { SecurityInfo } from '@fivewire/line-protocol';
import {
  createThrowawayCa,
  type IssuedCertificate,
  type TestServers,
  type ThrowawayCa,
} from '@fivewire/test-servers';
import { describeCertificate, type TlsContextOptions } from 'tls-context-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Driver } from '../hostname-matrix/protocols/driver.js';
import { drivers, modes, startServers, visit, way } from './drivers.js';

const fields = [
  'alpn', 'channelBinding', 'cipher', 'fingerprint256', 'group', 'matchedName', 'mode', 'peerSignature', 'protocol', 'resumed', 'serverHostname', 'trust', 'verified',
]; // biome-ignore format: one list

/** FTP also says what protects the data connections. */
const own: Readonly<Record<string, object>> = {
  ftp: { dataProtection: 'private' },
};
const fieldsOf = ({ protocol }: Driver): string[] =>
  [...fields, ...Object.keys(own[protocol] ?? {})].sort();

interface Row {
  title: string;
  tls: (certificate: IssuedCertificate) => TlsContextOptions;
  shows: Partial<SecurityInfo>;
}

let authority: ThrowawayCa;
let certificate: IssuedCertificate;
beforeAll(async () => {
  authority = await createThrowawayCa();
  certificate = await authority.issue({ names: ['*.example.test', '127.0.0.1'] });
});

const ca = () => ({ ca: authority.certificate });

// biome-ignore format: a table, a row a line
const rows: readonly Row[] = [
  { title: 'TLS 1.3', tls: ca, shows: { verified: true, matchedName: '*.example.test', protocol: 'TLSv1.3', cipher: 'TLS_AES_256_GCM_SHA384', trust: 'ca' } },
  { title: 'TLS 1.2', tls: () => ({ ...ca(), maxVersion: 'TLSv1.2' }), shows: { verified: true, matchedName: '*.example.test', protocol: 'TLSv1.2', trust: 'ca' } },
  { title: 'pins in place of the chain', tls: ({ pin }) => ({ trust: 'pins', pins: [pin] }), shows: { verified: true, matchedName: '*.example.test', trust: 'pins' } },
  { title: 'pins beside the chain', tls: ({ pin }) => ({ ...ca(), pins: [pin] }), shows: { verified: true, matchedName: '*.example.test', trust: 'ca' } },
  { title: 'no name check', tls: () => ({ ...ca(), checkHostname: false }), shows: { verified: false, matchedName: undefined, trust: 'ca' } },
  { title: 'pins without a name check', tls: ({ pin }) => ({ trust: 'pins', pins: [pin], checkHostname: false }), shows: { verified: false, matchedName: undefined, trust: 'pins' } },
  { title: 'no check at all', tls: () => ({ verifyMode: 'none', checkHostname: false }), shows: { verified: false, matchedName: undefined, trust: 'none' } },
  { title: 'without ALPN', tls: () => ({ ...ca(), alpn: false }), shows: { verified: true, alpn: undefined } },
];

describe.each(drivers)('$protocol', (driver) => {
  let servers: TestServers;
  beforeAll(async () => {
    servers = await startServers(driver.protocol, { ca: authority, certificate });
  });
  afterAll(() => servers.close());

  describe.each(modes)('%s', (mode) => {
    it.each(rows)('$title', async ({ tls, shows }) => {
      const security = await visit(driver, {
        ...way(servers, driver.protocol, mode),
        serverHostname: 'A.Example.Test.',
        tls: tls(certificate),
      });
      expect(Object.keys(security).sort()).toEqual(fieldsOf(driver));
      expect(Object.isFrozen(security)).toBe(true);
      expect(security).toMatchObject({
        mode,
        serverHostname: 'a.example.test',
        alpn: driver.alpn,
        resumed: false,
        fingerprint256: certificate.fingerprint256,
        ...own[driver.protocol],
        ...shows,
      });
      expect(security.cipher).toMatch(/^TLS_/);
      const [leaf] = security.peerCertificates;
      expect(leaf && describeCertificate(leaf, 'a.example.test')).toMatchObject({
        fingerprint256: certificate.fingerprint256,
        match: { matchedName: '*.example.test' },
      });
    });

    it('resumed: all that the first one showed', async () => {
      const pool = driver.pool({
        ...way(servers, driver.protocol, mode),
        serverHostname: 'a.example.test',
        tls: ca(),
        maxConnections: 2,
      });
      try {
        const [first, second] = await pool.use(async (one): Promise<SecurityInfo[]> => {
          await driver.command(one);
          return pool.use(async (other): Promise<SecurityInfo[]> => {
            await driver.command(other);
            return [one.security, other.security];
          });
        });
        expect(second).toEqual({ ...first, resumed: driver.poolResumes });
        expect(Object.isFrozen(second)).toBe(true);
      } finally {
        await pool.close();
      }
    });
  });

  it('cleartext: nothing is claimed', async () => {
    const security = await visit(driver, {
      ...way(servers, driver.protocol, 'cleartext'),
      allowCleartextAuth: true,
    });
    expect(Object.keys(security).sort()).toEqual(fieldsOf(driver));
    expect(Object.isFrozen(security)).toBe(true);
    expect(security.peerCertificates).toEqual([]);
    expect(security).toEqual({
      mode: 'cleartext',
      verified: false,
      serverHostname: '127.0.0.1',
      matchedName: undefined,
      protocol: undefined,
      channelBinding: 'none',
      cipher: undefined,
      group: undefined,
      peerSignature: undefined,
      alpn: undefined,
      resumed: false,
      trust: undefined,
      fingerprint256: undefined,
      ...(driver.protocol === 'ftp' ? { dataProtection: 'clear' } : {}),
    });
  });
});
