/** A wildcard does not reach names that an authority above it may not vouch for. RFC 5280 §4.2.1.10. */

import { afterEach, describe, expect, test } from 'vitest';
import { createTlsContext, secure } from '../src/index.js';
import { extension, type Issued, issue, issueCa, sequence, tlv } from './certificates.js';
import { type TestServer, tlsServer } from './tls-server.js';

const root = issueCa();
const context = createTlsContext({ ca: root.cert });

/** NameConstraints with excluded DNS names. */
const excluding = (...names: string[]): Buffer =>
  extension(
    '2.5.29.30',
    sequence(tlv(0xa1, ...names.map((name) => sequence(tlv(0x82, Buffer.from(name)))))),
    true,
  );

const authority = (...names: string[]): Issued =>
  issue({ issuer: root, commonName: 'Limited', ca: true, extensions: [excluding(...names)] });

let server: TestServer;
afterEach(() => server.close());

async function verdict(leaf: Issued, issuers: Issued[], serverHostname: string): Promise<string> {
  const cert = [leaf, ...issuers].map((issued) => issued.cert).join('\n');
  server = await tlsServer({ cert, key: leaf.key });
  const attempt = secure(await server.dial(), { context, serverHostname, protocol: 'imap' });
  return attempt.then(
    (stream) => {
      stream.destroy();
      return stream.security.matchedName ?? '';
    },
    ({ code, reason }) => `${code} ${reason}`,
  );
}

const refused = 'ERR_CERTIFICATE_UNTRUSTED EXCLUDED_VIOLATION';

describe('a wildcard below an authority with exclusions', () => {
  test.each<[string[], string, string]>([
    [['imap.example.org'], 'imap.example.org', refused],
    [['IMAP.Example.ORG'], 'imap.example.org', refused],
    [['other.example', 'imap.example.org'], 'imap.example.org', refused],
    [['.imap.example.org'], 'imap.example.org', refused],
    [['imap.example.org'], 'pop.example.org', '*.example.org'],
    [['map.example.org'], 'imap.example.org', '*.example.org'],
    [['deep.imap.example.org'], 'imap.example.org', '*.example.org'],
  ])('excluding %j, asked for %s: %s', async (names, asked, expected) => {
    const limited = authority(...names);
    const leaf = issue({ issuer: limited, dns: ['*.example.org'] });
    expect(await verdict(leaf, [limited], asked)).toBe(expected);
  });

  test('is not helped by a crowd in front of that authority', async () => {
    const limited = authority('imap.example.org');
    const leaf = issue({ issuer: limited, dns: ['*.example.org'] });
    const crowd = Array.from({ length: 30 }, (_, i) => issueCa(`Crowd ${i}`));
    expect(await verdict(leaf, [...crowd, limited], 'imap.example.org')).toBe(refused);
  });

  test('is taken by a caller who does not ask for the name', async () => {
    const limited = authority('imap.example.org');
    const leaf = issue({ issuer: limited, dns: ['*.example.org'] });
    server = await tlsServer({ cert: `${leaf.cert}${limited.cert}`, key: leaf.key });
    const nameless = createTlsContext({ ca: root.cert, checkHostname: false });
    const options = {
      context: nameless,
      serverHostname: 'imap.example.org',
      protocol: 'imap',
    } as const;
    const stream = await secure(await server.dial(), options);
    expect(stream.security.matchedName).toBeUndefined();
    stream.destroy();
  });
});

test('a name that is spelled out is OpenSSL’s to refuse', async () => {
  const limited = authority('imap.example.org');
  const leaf = issue({ issuer: limited, dns: ['imap.example.org'] });
  expect(await verdict(leaf, [limited], 'imap.example.org')).toMatch(/^ERR_CERTIFICATE_UNTRUSTED /);
});
