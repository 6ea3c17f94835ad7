/** How keys are agreed, and who is told them: RFC 9325 §4, the NSS key log. */

import { getDiffieHellman } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TlsOptions } from 'node:tls';
import { afterEach, describe, expect, test, vi } from 'vitest';
import {
  createTlsContext,
  type SecureOptions,
  type SecureStream,
  secure,
  type TlsContextOptions,
} from '../src/index.js';
import { toPem } from '../src/pem.js';
import { ed25519Keys, issue, issueCa, rsaKeys, sequence, tlv } from './certificates.js';
import { type TestServer, tlsServer } from './tls-server.js';

const name = 'imap.example.org';
const ca = issueCa();
const rsa = issue({ issuer: ca, dns: [name], keys: rsaKeys() });
const ec = issue({ issuer: ca, dns: [name] });

let server: TestServer | undefined;
afterEach(async () => {
  vi.unstubAllEnvs();
  await server?.close();
});

async function meet(
  served: TlsOptions,
  options: TlsContextOptions = {},
  more: Partial<SecureOptions> = {},
): Promise<SecureStream> {
  server = await tlsServer({ cert: rsa.cert, key: rsa.key, ...served }, (socket) =>
    socket.write('* OK\r\n'),
  );
  const stream = await secure(await server.dial(), {
    context: createTlsContext({ ca: ca.cert, ...options }),
    serverHostname: name,
    protocol: 'imap',
    ...more,
  });
  await once(stream, 'data');
  stream.destroy();
  return stream;
}

const refused = { code: expect.stringMatching(/^ERR_(TLS_HANDSHAKE|CONNECTION_CLOSED)$/) };
const tls12 = { maxVersion: 'TLSv1.2' } as const;

describe('key exchange', () => {
  const staticRsa = { ...tls12, ciphers: 'AES128-GCM-SHA256:@SECLEVEL=0' };
  const finiteField = (group: string): TlsOptions => ({
    ...tls12,
    ciphers: 'DHE-RSA-AES128-GCM-SHA256:@SECLEVEL=0',
    dhparam: dhParameters(group),
  });

  test('static RSA is not offered, but where the caller names it', async () => {
    await expect(meet(staticRsa)).rejects.toMatchObject(refused);
    await server?.close();
    const { security } = await meet(staticRsa, { ciphers: 'AES128-GCM-SHA256' });
    expect(security).toMatchObject({ cipher: 'TLS_RSA_WITH_AES_128_GCM_SHA256', group: undefined });
  });

  test('a finite field of 1024 bits is too small, of 2048 large enough', async () => {
    await expect(meet(finiteField('modp2'))).rejects.toMatchObject({
      code: 'ERR_TLS_HANDSHAKE',
      hint: expect.stringContaining('must update'),
    });
    await server?.close();
    const { security } = await meet(finiteField('modp14'));
    expect(security).toMatchObject({ group: 'DHE 2048', peerSignature: 'rsa' });
    await server?.close();
    const named = await meet(finiteField('modp2'), {
      ciphers: 'DHE-RSA-AES128-GCM-SHA256:@SECLEVEL=0',
    });
    expect(named.security.group).toBe('DHE 1024');
  });

  test('the group and the kind of signature are told', async () => {
    const served = { cert: ec.cert, key: ec.key, ecdhCurve: 'prime256v1' };
    const { security } = await meet({ ...served, ...tls12 });
    expect(security).toMatchObject({ group: 'prime256v1', peerSignature: 'ecdsa' });
    await server?.close();
    const newest = await meet({ ...served, ecdhCurve: 'X25519' });
    expect(newest.security).toMatchObject({ protocol: 'TLSv1.3', group: 'X25519' });
    await server?.close();
    const { cert, key } = issue({ issuer: ca, dns: [name], keys: ed25519Keys() });
    expect((await meet({ cert, key })).security.peerSignature).toBe('ed25519');
  });
});

describe('key log', () => {
  const line = /^[A-Z_0-9]+ [0-9a-f]{64} [0-9a-f]+\n$/;

  test.each<[string, (sink: (octets: Uint8Array) => void) => Parameters<typeof meet>]>([
    ['in the context', (keylog) => [{}, { keylog }]],
    ['for a connection', (keylog) => [{}, {}, { keylog }]],
  ])('a function %s is given each line', async (_, arguments_) => {
    const lines: string[] = [];
    await meet(...arguments_((octets) => lines.push(Buffer.from(octets).toString())));
    expect(lines.length).toBeGreaterThan(0);
    for (const one of lines) expect(one).toMatch(line);
  });

  test('SSLKEYLOGFILE is honoured where the caller says so, and only there', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'keylog-'));
    const file = join(folder, 'keys');
    vi.stubEnv('SSLKEYLOGFILE', file);
    try {
      await meet({});
      expect(() => readFileSync(file)).toThrow('ENOENT');
      await server?.close();
      await meet({}, { keylog: 'environment' });
      expect(readFileSync(file, 'latin1').split('\n')[0]).toMatch(/^[A-Z_0-9]+ [0-9a-f]{64} /);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  test('a file that can not be written to ends no connection', async () => {
    vi.stubEnv('SSLKEYLOGFILE', '/nowhere/at/all');
    expect((await meet({}, { keylog: 'environment' })).security.verified).toBe(true);
  });

  test('anything else is refused', () => {
    expect(() => createTlsContext({ keylog: '/tmp/keys' as never })).toThrow(
      expect.objectContaining({ code: 'ERR_ARGUMENT', argument: 'keylog' }),
    );
  });
});

/** DHParameter ::= SEQUENCE { prime INTEGER, base INTEGER }   (PKCS #3) */
function dhParameters(group: string): string {
  const prime = getDiffieHellman(group).getPrime();
  const integer = (octets: Uint8Array) => tlv(0x02, Buffer.concat([Buffer.from([0]), octets]));
  return toPem(sequence(integer(prime), tlv(0x02, Buffer.from([2]))), 'DH PARAMETERS');
}
