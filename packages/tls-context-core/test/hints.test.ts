/** What OpenSSL and Node say, and what we make of it: the codes of four Node lines. */

import { once } from 'node:events';
import { afterEach, describe, expect, test } from 'vitest';
import { readCertificate } from '../src/certificate.js';
import { chainError } from '../src/chain-error.js';
import { createTlsContext, explainTlsError, secure, type TlsScene } from '../src/index.js';
import { issue, issueCa } from './certificates.js';
import { type TestServer, tlsServer } from './tls-server.js';

const scene = (more: Partial<TlsScene> = {}): TlsScene => ({
  mode: 'implicit-tls',
  protocol: 'smtp',
  port: 587,
  host: 'mail.example.org',
  serverHostname: 'mail.example.org',
  ...more,
});

const raw = (code: string, message = code): Error => Object.assign(new Error(message), { code });

describe('handshakes', () => {
  test.each([
    [
      'ERR_SSL_WRONG_VERSION_NUMBER',
      'ERR_TLS_HANDSHAKE',
      /Port 587 speaks plaintext first: use security 'starttls', or port 465/,
    ],
    ['ERR_SSL_PACKET_LENGTH_TOO_LONG', 'ERR_TLS_HANDSHAKE', /plaintext first/],
    ['ERR_SSL_ENCRYPTED_LENGTH_TOO_LONG', 'ERR_TLS_HANDSHAKE', /plaintext first/],
    ['ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION', 'ERR_TLS_HANDSHAKE', /TLS 1\.2 is the oldest/],
    ['ERR_SSL_UNSUPPORTED_PROTOCOL', 'ERR_TLS_HANDSHAKE', /TLS 1\.2 is the oldest/],
    ['ERR_SSL_SSLV3_ALERT_HANDSHAKE_FAILURE', 'ERR_TLS_HANDSHAKE', /client certificate/],
    ['ERR_SSL_SSL/TLS_ALERT_HANDSHAKE_FAILURE', 'ERR_TLS_HANDSHAKE', /client certificate/],
    ['ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED', 'ERR_TLS_HANDSHAKE', /cert and key/],
    ['ERR_SSL_TLSV1_ALERT_UNKNOWN_CA', 'ERR_TLS_HANDSHAKE', /cert and key/],
    ['ERR_SSL_SSLV3_ALERT_BAD_CERTIFICATE', 'ERR_TLS_HANDSHAKE', /cert and key/],
    ['ERR_SSL_TLSV1_UNRECOGNIZED_NAME', 'ERR_TLS_HANDSHAKE', /sni: false/],
    ['ERR_SSL_TLSV1_ALERT_NO_APPLICATION_PROTOCOL', 'ERR_TLS_ALPN', /alpn: false/],
    ['ERR_SSL_DH_KEY_TOO_SMALL', 'ERR_TLS_HANDSHAKE', /update its TLS settings/],
    ['ERR_TLS_DH_PARAM_SIZE', 'ERR_TLS_HANDSHAKE', /update its TLS settings/],
    ['ERR_SSL_SOMETHING_NEW', 'ERR_TLS_HANDSHAKE', /ERR_SSL_SOMETHING_NEW/],
    ['ECONNRESET', 'ERR_CONNECTION_CLOSED', /without a TLS answer/],
    ['EPIPE', 'ERR_CONNECTION_CLOSED', /without a TLS answer/],
  ])('%s under implicit TLS', (name, code, hint) => {
    const cause = raw(name);
    const error = explainTlsError(cause, scene());
    expect(error).toMatchObject({
      code,
      phase: 'tls',
      protocol: 'smtp',
      port: 587,
      host: 'mail.example.org',
      serverHostname: 'mail.example.org',
      connection: 'closed',
      cause,
    });
    expect(error.hint).toMatch(hint);
  });

  test.each([
    ['ERR_SSL_WRONG_VERSION_NUMBER', 'ERR_STARTTLS_INJECTION'],
    ['ERR_SSL_UNEXPECTED_MESSAGE', 'ERR_STARTTLS_INJECTION'],
    ['ERR_SSL_BAD_CHANGE_CIPHER_SPEC', 'ERR_STARTTLS_INJECTION'],
    ['ERR_SSL_SSLV3_ALERT_UNEXPECTED_MESSAGE', 'ERR_TLS_HANDSHAKE'],
    ['ERR_SSL_SSLV3_ALERT_HANDSHAKE_FAILURE', 'ERR_TLS_HANDSHAKE'],
    ['ECONNRESET', 'ERR_CONNECTION_CLOSED'],
  ])('%s after STARTTLS never speaks of starttls as a remedy', (name, code) => {
    const error = explainTlsError(raw(name), scene({ mode: 'starttls' }));
    expect(error.code).toBe(code);
    expect(error.hint).not.toMatch(/use security 'starttls'/);
    expect(error.hint).not.toBe('');
  });

  test('what is no Error is explained too', () => {
    for (const odd of ['text', undefined, null, 7, {}]) {
      expect(explainTlsError(odd, scene()).code).toBe('ERR_TLS_HANDSHAKE');
    }
  });
});

describe('chains', () => {
  const leaf = issue({ issuer: issueCa('Some CA'), dns: ['a.example'] });
  const refused = {
    leaf: readCertificate(leaf.der),
    fingerprint256: 'AA:BB',
    chain: [leaf.der],
  };
  test.each([
    ['CERT_HAS_EXPIRED', 'ERR_CERTIFICATE_EXPIRED', /was valid until \d{4}-/],
    ['CERT_NOT_YET_VALID', 'ERR_CERTIFICATE_UNTRUSTED', /clock/],
    ['CERT_REVOKED', 'ERR_CERTIFICATE_REVOKED', /Do not go on/],
    [
      'DEPTH_ZERO_SELF_SIGNED_CERT',
      'ERR_CERTIFICATE_UNTRUSTED',
      /fingerprint is AA:BB.*ca, or pins: \['sha256\/.{44}'\] with trust: 'pins'/,
    ],
    ['SELF_SIGNED_CERT_IN_CHAIN', 'ERR_CERTIFICATE_UNTRUSTED', /give its root as ca/],
    ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'ERR_CERTIFICATE_UNTRUSTED', /intermediate "Some CA"/],
    ['UNABLE_TO_GET_ISSUER_CERT_LOCALLY', 'ERR_CERTIFICATE_UNTRUSTED', /root above "Some CA"/],
    ['UNABLE_TO_GET_ISSUER_CERT', 'ERR_CERTIFICATE_UNTRUSTED', /root above "Some CA"/],
    ['UNABLE_TO_GET_CRL', 'ERR_CERTIFICATE_UNTRUSTED', /crl/],
    ['CRL_HAS_EXPIRED', 'ERR_CERTIFICATE_UNTRUSTED', /crl/],
    ['INVALID_PURPOSE', 'ERR_CERTIFICATE_UNTRUSTED', /extended key usage/],
    ['CA_MD_TOO_WEAK', 'ERR_CERTIFICATE_UNTRUSTED', /key of today/],
    ['EE_KEY_TOO_SMALL', 'ERR_CERTIFICATE_UNTRUSTED', /key of today/],
    ['SOMETHING_NEW', 'ERR_CERTIFICATE_UNTRUSTED', /fingerprint/],
  ])('%s', (reason, code, hint) => {
    const error = chainError({ reason }, refused, { protocol: 'imap' });
    expect(error).toMatchObject({
      code,
      reason,
      names: ['a.example'],
      fingerprint256: 'AA:BB',
      protocol: 'imap',
    });
    expect(error.hint).toMatch(hint);
    expect(error.hint).not.toMatch(/disabl|rejectUnauthorized|verifyMode/i);
    expect(error.chain).toEqual([leaf.der]);
    expect(JSON.stringify(error)).not.toContain('"chain"');
  });
});

test('an expired chain names the certificate that is to blame', () => {
  const past = new Date(Date.UTC(2020, 1, 3));
  const middle = issue({ commonName: 'Old Middle', ca: true, notAfter: past });
  const leaf = issue({ issuer: middle, commonName: 'Young Leaf', dns: ['a.example'] });
  const refused = {
    leaf: readCertificate(leaf.der),
    fingerprint256: 'AA',
    chain: [leaf.der, middle.der],
  };
  expect(chainError({ reason: 'CERT_HAS_EXPIRED' }, refused, {}).hint).toContain(
    '"Old Middle" was valid until 2020-02-03',
  );
});

describe('after the handshake', () => {
  let server: TestServer;
  afterEach(() => server.close());

  test('a TLS 1.3 server that misses our certificate says so late; it can be explained', async () => {
    const ca = issueCa();
    const leaf = issue({ issuer: ca, dns: ['a.example'] });
    server = await tlsServer({
      cert: leaf.cert,
      key: leaf.key,
      ca: ca.cert,
      requestCert: true,
      rejectUnauthorized: true,
    });
    const stream = await secure(await server.dial(), {
      context: createTlsContext({ ca: ca.cert }),
      serverHostname: 'a.example',
      protocol: 'smtp',
    });
    stream.resume();
    const [cause] = (await once(stream, 'error')) as [Error];
    const error = explainTlsError(cause, scene());
    expect(error.code).toBe('ERR_TLS_HANDSHAKE');
    expect(error.hint).toMatch(/cert and key/);
  });
});
