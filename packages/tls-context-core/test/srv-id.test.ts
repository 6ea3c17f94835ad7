/** SRV-ID: RFC 4985, RFC 9525 §6.5, RFC 7817 §3. */

import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readCertificate } from '../src/certificate.js';
import { checkIdentity, createSessionScope, createTlsContext, secure } from '../src/index.js';
import { parseSrvId } from '../src/srv-id.js';
import { extension, type Issued, issue, issueCa, oid, sequence, tlv } from './certificates.js';
import { type TestServer, tlsServer } from './tls-server.js';

const dnsSrv = oid('1.3.6.1.5.5.7.8.7');
const ia5 = (text: string, tag = 0x16) => tlv(tag, Buffer.from(text, 'latin1'));
/** The content of an otherName: type and value. */
const srvName = (text: string, type = dnsSrv, tag = 0x16): [number, Buffer] => [
  0xa0,
  Buffer.concat([type, tlv(0xa0, ia5(text, tag))]),
];

const ca = issueCa();
const issued = (...names: string[]): Issued =>
  issue({ issuer: ca, otherNames: names.map((name) => srvName(name)) });

describe('an SRV-ID is parsed once', () => {
  test.each([
    ['_imaps.example.org', '_imaps.example.org'],
    ['_IMAPS.Example.org.', '_imaps.example.org'],
    ['_submissions.bücher.example', '_submissions.xn--bcher-kva.example'],
  ])('%s', (text, parsed) => expect(parseSrvId(text)).toBe(parsed));

  test.each([
    'imaps.example.org',
    '_imaps',
    '_imaps.',
    '_.example.org',
    '_im aps.example.org',
    '_-imaps.example.org',
    '_averyveryverylongservice.example.org',
    '_imaps.*.example.org',
    '_imaps.192.0.2.1',
    '_imaps.exa\nmple.org',
    '_imaps.\ud800',
    '',
  ])('%j is none', (text) => {
    expect(() => parseSrvId(text)).toThrow(
      expect.objectContaining({
        code: expect.stringMatching(/^ERR_(ARGUMENT|SERVER_HOSTNAME_\w+)$/),
      }),
    );
  });

  test('and parsing what was parsed changes nothing', () => {
    fc.assert(
      fc.property(fc.domain(), fc.stringMatching(/^[a-z]{1,15}$/), (domain, service) => {
        const once = parseSrvId(`_${service}.${domain}`);
        expect(parseSrvId(once.toUpperCase())).toBe(once);
      }),
    );
  });
});

describe('matching', () => {
  const check = (certificate: Issued, name: string, srvId?: string) =>
    checkIdentity(certificate.der, name, srvId === undefined ? {} : { srvId });

  test('service and domain must both be right, without regard to case', () => {
    const certificate = issued('_IMAPS.Example.org');
    expect(check(certificate, 'example.org', '_imaps.example.org')).toEqual({
      matchedName: '_imaps.example.org',
    });
    for (const srvId of ['_imap.example.org', '_imaps.mail.example.org', '_imaps.example.com']) {
      expect(() => check(certificate, 'example.org', srvId)).toThrow(
        expect.objectContaining({
          code: 'ERR_CERTIFICATE_HOSTNAME_MISMATCH',
          names: ['_IMAPS.Example.org'],
        }),
      );
    }
  });

  test('no caller matches an SRV-ID who did not ask for one', () => {
    for (const name of ['example.org', '_imaps.example.org', 'imaps.example.org']) {
      expect(() => check(issued('_imaps.example.org'), name)).toThrow(
        expect.objectContaining({ code: 'ERR_CERTIFICATE_HOSTNAME_MISMATCH' }),
      );
    }
  });

  test('a DNS name that looks like one is none', () => {
    const certificate = issue({ issuer: ca, dns: ['_imaps.example.org'] });
    expect(() => check(certificate, 'mail.example.org', '_imaps.example.org')).toThrow(
      expect.objectContaining({ code: 'ERR_CERTIFICATE_HOSTNAME_MISMATCH' }),
    );
  });

  test('no wildcard stands for a domain, and no NUL cuts a name', () => {
    for (const name of ['_imaps.*.example.org', '_*.example.org', '_imaps.example.org\0.evil.test'])
      expect(() => check(issued(name), 'x.test', '_imaps.example.org')).toThrow(
        expect.objectContaining({ code: 'ERR_CERTIFICATE_HOSTNAME_MISMATCH' }),
      );
  });

  test('an otherName of another type is skipped, a malformed SRVName is no certificate', () => {
    const upn = issue({
      otherNames: [srvName('_imaps.example.org', oid('1.3.6.1.4.1.311.20.2.3'))],
    });
    expect(readCertificate(upn.der).names.srv).toEqual([]);
    const utf8 = issue({ otherNames: [srvName('_imaps.example.org', dnsSrv, 0x0c)] });
    expect(() => check(utf8, 'example.org', '_imaps.example.org')).toThrow(
      expect.objectContaining({ code: 'ERR_CERTIFICATE_UNTRUSTED' }),
    );
    const bare = issue({ otherNames: [[0xa0, dnsSrv]] });
    expect(() => check(bare, 'example.org')).toThrow(
      expect.objectContaining({ code: 'ERR_CERTIFICATE_UNTRUSTED' }),
    );
  });
});

describe('over a handshake', () => {
  const context = createTlsContext({ ca: ca.cert });
  let server: TestServer;
  beforeAll(async () => {
    const leaf = issued('_imaps.example.org');
    server = await tlsServer({ cert: leaf.cert, key: leaf.key }, (socket) =>
      socket.write('* OK\r\n'),
    );
  });
  afterAll(() => server.close());
  const peer = { context, serverHostname: 'example.org', protocol: 'imap' } as const;

  test('proves the peer to those who ask for it, and is resumed by them only', async () => {
    const sessions = createSessionScope(peer);
    const srvId = '_imaps.example.org';
    for (const resumed of [false, true]) {
      const stream = await secure(await server.dial(), { ...peer, srvId, sessions });
      expect(stream.security).toMatchObject({ verified: true, matchedName: srvId, resumed });
      await new Promise((resolve) => stream.once('data', resolve)); // behind its tickets
      stream.destroy();
    }
    await expect(secure(await server.dial(), { ...peer, sessions })).rejects.toMatchObject({
      code: 'ERR_CERTIFICATE_HOSTNAME_MISMATCH',
    });
  });

  test('an authority that is limited to some names names no services', async () => {
    // NameConstraints ::= SEQUENCE { permittedSubtrees [0] … }: DNS names below example.net only.
    const permitted = sequence(tlv(0xa0, sequence(tlv(0x82, Buffer.from('example.net')))));
    const limited = issue({
      commonName: 'limited',
      issuer: ca,
      ca: true,
      extensions: [extension('2.5.29.30', permitted, true)],
    });
    const leaf = issue({ issuer: limited, otherNames: [srvName('_imaps.example.org')] });
    const other = await tlsServer({ cert: leaf.cert + limited.cert, key: leaf.key });
    const dialled = secure(await other.dial(), { ...peer, srvId: '_imaps.example.org' });
    await expect(dialled).rejects.toMatchObject({ code: 'ERR_CERTIFICATE_HOSTNAME_MISMATCH' });
    await other.close();
  });

  test.each(['imaps.example.org', 7 as unknown as string])('srvId %j is refused', async (srvId) => {
    const socket = await server.dial();
    await expect(secure(socket, { ...peer, srvId })).rejects.toMatchObject({
      code: 'ERR_ARGUMENT',
      argument: 'srvId',
    });
    socket.destroy();
  });
});
