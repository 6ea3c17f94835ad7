/** What a TlsContext demands, through every client and both ways to TLS: pins, revocation, versions, cipher suites. */
import type {
  IssuedCertificate,
  IssueOptions,
  ServerTlsOptions,
  ThrowawayCa,
} from '@fivewire/test-servers';
import { createThrowawayCa } from '@fivewire/test-servers';
import type { TlsContextOptions } from 'tls-context-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { rejection } from '../support/promises.js';
import { drivers, modes, startServers, visit, way } from './drivers.js';

interface World {
  authority: ThrowawayCa;
  stranger: ThrowawayCa;
  /** What the server presents. */
  presented: IssuedCertificate;
}

interface Row {
  title: string;
  /** What the server presents; default: a good certificate for 127.0.0.1. */
  certificate?: IssueOptions & { revoked?: true };
  server?: Omit<ServerTlsOptions, 'certificate'>;
  client: (world: World) => TlsContextOptions | Promise<TlsContextOptions>;
  verdict: { code: string; hint?: RegExp } | Record<string, unknown>;
}

const ca = ({ authority }: World) => ({ ca: authority.certificate });
const wrongPin = `sha256/${Buffer.alloc(32, 7).toString('base64')}`;
const untrusted = { code: 'ERR_CERTIFICATE_UNTRUSTED' };
const pinMismatch = { code: 'ERR_CERTIFICATE_PIN_MISMATCH', hint: /sha256\/[\w+/]{43}=/ };
const noHandshake = { code: 'ERR_TLS_HANDSHAKE' };
const aes = 'ECDHE-ECDSA-AES256-GCM-SHA384';
const chacha = 'ECDHE-ECDSA-CHACHA20-POLY1305';

// biome-ignore format: a table, a row a line
const rows: readonly Row[] = [
  { title: 'pins beside the chain, the key is one of them', client: (w) => ({ ...ca(w), pins: [wrongPin, `sha256/${w.presented.pin}`] }), verdict: { verified: true, trust: 'ca' } },
  { title: "pins beside the chain, in curl's form", client: (w) => ({ ...ca(w), pins: [`sha256//${w.presented.pin}`] }), verdict: { verified: true, trust: 'ca' } },
  { title: 'pins beside the chain, the key is none of them', client: (w) => ({ ...ca(w), pins: [wrongPin] }), verdict: pinMismatch },
  { title: 'pins beside a chain that is not trusted', client: (w) => ({ ca: w.stranger.certificate, pins: [w.presented.pin] }), verdict: untrusted },
  { title: 'pins in place of the chain, self-signed', certificate: { selfSigned: true }, client: (w) => ({ trust: 'pins', pins: [w.presented.pin] }), verdict: { verified: true, trust: 'pins', matchedName: '127.0.0.1' } },
  { title: 'pins in place of the chain, another key', certificate: { selfSigned: true }, client: () => ({ trust: 'pins', pins: [wrongPin] }), verdict: pinMismatch },
  { title: 'pins in place of the chain, another name', certificate: { selfSigned: true, names: ['elsewhere.test'] }, client: (w) => ({ trust: 'pins', pins: [w.presented.pin] }), verdict: { code: 'ERR_CERTIFICATE_HOSTNAME_MISMATCH' } },
  { title: 'pins in place of the chain, expired', certificate: { selfSigned: true, validity: 'expired' }, client: (w) => ({ trust: 'pins', pins: [w.presented.pin] }), verdict: { code: 'ERR_CERTIFICATE_EXPIRED' } },
  { title: 'pins in place of the chain, for clients only', certificate: { selfSigned: true, usage: 'client' }, client: (w) => ({ trust: 'pins', pins: [w.presented.pin] }), verdict: untrusted },
  { title: 'the same self-signed certificate without pins', certificate: { selfSigned: true }, client: ca, verdict: { ...untrusted, hint: /fingerprint|[0-9A-F]{2}:/ } },

  { title: 'a revocation list without it', client: async (w) => ({ ...ca(w), crl: await w.authority.crl() }), verdict: { verified: true } },
  { title: 'a revocation list with it', certificate: { revoked: true }, client: async (w) => ({ ...ca(w), crl: await w.authority.crl() }), verdict: { code: 'ERR_CERTIFICATE_REVOKED' } },
  { title: "a stranger's revocation list only", client: async (w) => ({ ...ca(w), crl: await w.stranger.crl() }), verdict: untrusted },
  { title: 'two lists, one of them with it', certificate: { revoked: true }, client: async (w) => ({ ...ca(w), crl: [await w.stranger.crl(), await w.authority.crl()] }), verdict: { code: 'ERR_CERTIFICATE_REVOKED' } },
  { title: 'it is revoked, and pins beside the chain hold it', certificate: { revoked: true }, client: async (w) => ({ ...ca(w), crl: await w.authority.crl(), pins: [w.presented.pin] }), verdict: { code: 'ERR_CERTIFICATE_REVOKED' } },

  { title: 'minVersion TLSv1.3 at a server of both', client: (w) => ({ ...ca(w), minVersion: 'TLSv1.3' }), verdict: { protocol: 'TLSv1.3' } },
  { title: 'minVersion TLSv1.3 at a server of TLS 1.2', server: { maxVersion: 'TLSv1.2' }, client: (w) => ({ ...ca(w), minVersion: 'TLSv1.3' }), verdict: { ...noHandshake, hint: /version/i } },
  { title: 'maxVersion TLSv1.2 at a server of both', client: (w) => ({ ...ca(w), maxVersion: 'TLSv1.2' }), verdict: { protocol: 'TLSv1.2' } },
  { title: 'maxVersion TLSv1.2 at a server of TLS 1.3', server: { minVersion: 'TLSv1.3' }, client: (w) => ({ ...ca(w), maxVersion: 'TLSv1.2' }), verdict: { ...noHandshake, hint: /version/i } },
  { title: 'the default at a server of TLS 1.1', server: { minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' }, client: ca, verdict: noHandshake },

  { title: 'ciphers of TLS 1.2, the one that is named', client: (w) => ({ ...ca(w), maxVersion: 'TLSv1.2', ciphers: chacha }), verdict: { cipher: 'TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256' } },
  { title: 'ciphers of TLS 1.3, the one that is named', client: (w) => ({ ...ca(w), minVersion: 'TLSv1.3', ciphers: 'TLS_CHACHA20_POLY1305_SHA256' }), verdict: { cipher: 'TLS_CHACHA20_POLY1305_SHA256' } },
  { title: 'ciphers that the server does not have', server: { maxVersion: 'TLSv1.2', ciphers: aes }, client: (w) => ({ ...ca(w), ciphers: chacha }), verdict: noHandshake },
];

describe.each(drivers)('$protocol', (driver) => {
  let authority: ThrowawayCa;
  let stranger: ThrowawayCa;
  beforeAll(async () => {
    authority = await createThrowawayCa();
    stranger = await createThrowawayCa();
  });

  describe.each(modes)('%s', (mode) => {
    it.each(rows)('$title', async ({ certificate = {}, server, client, verdict }) => {
      const { revoked, ...shape } = certificate;
      const presented = await authority.issue(shape);
      if (revoked) authority.revoke(presented);
      const servers = await startServers(driver.protocol, {
        ca: authority,
        certificate: presented,
        ...(server && { tls: server }),
      });
      try {
        const tls = await client({ authority, stranger, presented });
        const visiting = visit(driver, { ...way(servers, driver.protocol, mode), tls });
        if ('code' in verdict) {
          const { code, hint } = verdict as { code: string; hint?: RegExp };
          const error = await rejection(visiting);
          expect(error).toMatchObject({ name: 'TlsError', code, connection: 'closed' });
          expect(error.hint).toMatch(hint ?? /\w+ \w+/);
          expect(servers[driver.protocol].connections.at(-1)?.user).toBeUndefined();
        } else {
          expect(await visiting).toMatchObject(verdict);
        }
        expect(servers.problems).toEqual([]);
      } finally {
        await servers.close();
      }
    });

    const trusts = driver.poolResumes ? (['ca', 'pins'] as const) : [];
    it.each(trusts)(
      'pins beside or in place of the chain (trust: %s) hold on a resumed session, and a renewed key is refused',
      async (trust) => {
        const certificate = await authority.issue({});
        const servers = await startServers(driver.protocol, { ca: authority, certificate });
        const pins = [`sha256/${certificate.pin}`];
        const tls =
          trust === 'ca' ? { ca: authority.certificate, pins } : { trust: 'pins' as const, pins };
        const pool = driver.pool({
          ...way(servers, driver.protocol, mode),
          tls,
          maxConnections: 3,
        });
        try {
          await pool.use(async (first) => {
            await driver.command(first);
            await pool.use(async (second) => {
              await driver.command(second);
              expect(second.security).toMatchObject({ resumed: true, verified: true, trust });
              expect(second.security.fingerprint256).toBe(certificate.fingerprint256);
              servers[driver.protocol].useCertificate(await authority.issue({}));
              // The new key's context knows no old ticket: a full handshake, and another key.
              const error = await rejection(pool.use((third) => driver.command(third)));
              expect(error.code).toBe('ERR_CERTIFICATE_PIN_MISMATCH');
            });
          });
        } finally {
          await pool.close();
          await servers.close();
        }
      },
    );
  });
});
