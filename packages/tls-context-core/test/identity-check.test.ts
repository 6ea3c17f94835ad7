import { X509Certificate } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { checkIdentity, isFivewireError, parseServerHostname } from '../src/index.js';
import { parseIpAddress } from '../src/ip-address.js';
import {
  type CertificateRequest,
  ecKeys,
  extension,
  issue,
  sequence,
  tlv,
} from './certificates.js';
import { corpus } from './corpora.js';
import { modelMatches } from './rfc9525-model.js';

const keys = ecKeys(); // one pair for all: names are what is tested
const certify = (request: CertificateRequest): Buffer => issue({ keys, ...request }).der;

const verdict = (der: Uint8Array, name: string): string => {
  try {
    return checkIdentity(der, name).matchedName;
  } catch (error) {
    return isFivewireError(error) ? error.code : String(error);
  }
};

const mismatch = 'ERR_CERTIFICATE_HOSTNAME_MISMATCH';

describe('what matches', () => {
  const der = certify({
    dns: ['Mail.Example.org', '*.wild.example', 'xn--bcher-kva.example', 'under_score.example'],
    ip: ['192.0.2.1', '2001:db8::1', '::1'],
  });
  test.each([
    ['mail.example.org', 'mail.example.org'],
    ['MAIL.example.ORG.', 'mail.example.org'],
    ['a.wild.example', '*.wild.example'],
    ['xn--53h.wild.example', '*.wild.example'],
    ['a。wild.example', '*.wild.example'],
    ['bücher.example', 'xn--bcher-kva.example'],
    ['under_score.example', 'under_score.example'],
    ['192.0.2.1', '192.0.2.1'],
    ['2001:DB8:0::0:1', '2001:db8::1'],
    ['[::1]', '::1'],
  ])('%s by %s', (name, matched) => {
    expect(verdict(der, name)).toBe(matched);
    expect(verdict(der, parseServerHostname(name).name)).toBe(matched);
  });
  test('an X509Certificate as well as its DER, an identity as well as a name', () => {
    const identity = parseServerHostname('mail.example.org');
    expect(checkIdentity(new X509Certificate(der), identity)).toEqual({
      matchedName: 'mail.example.org',
    });
  });
});

describe('what does not match', () => {
  const table: [string, CertificateRequest, string][] = [
    ['another name', { dns: ['mail.example.org'] }, 'imap.example.org'],
    ['a parent', { dns: ['mail.example.org'] }, 'example.org'],
    ['a child', { dns: ['example.org'] }, 'mail.example.org'],
    ['a wildcard for two labels', { dns: ['*.wild.example'] }, 'a.b.wild.example'],
    ['a wildcard for a dotted label that was none', { dns: ['*.example.com'] }, 'a。b.example.com'],
    ['a wildcard for no label', { dns: ['*.wild.example'] }, 'wild.example'],
    ['a wildcard for a top-level domain', { dns: ['*.example'] }, 'mail.example'],
    ['a wildcard alone', { dns: ['*'] }, 'localhost'],
    ['a partial wildcard, front', { dns: ['f*.wild.example'] }, 'foo.wild.example'],
    ['a partial wildcard, back', { dns: ['*o.wild.example'] }, 'foo.wild.example'],
    ['a partial wildcard, middle', { dns: ['f*o.wild.example'] }, 'foo.wild.example'],
    ['a partial wildcard in an A-label', { dns: ['xn--*.wild.example'] }, 'xn--53h.wild.example'],
    ['a wildcard that is not leftmost', { dns: ['mail.*.example'] }, 'mail.wild.example'],
    ['two wildcards', { dns: ['*.*.example'] }, 'mail.wild.example'],
    ['a trailing dot in the certificate', { dns: ['mail.example.org.'] }, 'mail.example.org'],
    ['an empty name', { dns: [''] }, 'mail.example.org'],
    ['the common name', { commonName: 'mail.example.org' }, 'mail.example.org'],
    ['the common name beside others', { commonName: 'a.example', dns: ['b.example'] }, 'a.example'],
    ['NUL and a tail', { dns: ['mail.example.org\0.evil.example'] }, 'mail.example.org'],
    ['spaces around', { dns: [' mail.example.org'] }, 'mail.example.org'],
    ['a U-label in the certificate', { dns: [Buffer.from('bücher.example')] }, 'bücher.example'],
    ['U+212A for k', { dns: [Buffer.from('\u212Aelvin.example')] }, 'kelvin.example'],
    [
      'a list in one name (CVE-2021-44532)',
      { dns: ['evil.example, DNS:mail.example.org'] },
      'mail.example.org',
    ],
    [
      'a URI (CVE-2021-44531)',
      { otherNames: [[0x86, Buffer.from('https://mail.example.org/')]] },
      'mail.example.org',
    ],
    [
      'an e-mail address',
      { otherNames: [[0x81, Buffer.from('mail.example.org')]] },
      'mail.example.org',
    ],
    ['an IP address as dNSName', { dns: ['192.0.2.1'] }, '192.0.2.1'],
    ['an IP wildcard', { dns: ['*.0.2.1'] }, '192.0.2.1'],
    [
      'a URI with the IP address',
      { otherNames: [[0x86, Buffer.from('https://192.0.2.1/')]] },
      '192.0.2.1',
    ],
    ['another IP address', { ip: ['192.0.2.2'] }, '192.0.2.1'],
    ['the IPv4-mapped form', { ip: ['192.0.2.1'] }, '::ffff:192.0.2.1'],
    ['an IP address of 5 octets', { ip: [Buffer.from([192, 0, 2, 1, 0])] }, '192.0.2.1'],
    [
      'an IP address with its mask',
      { ip: [Buffer.from([192, 0, 2, 1, 255, 255, 255, 255])] },
      '192.0.2.1',
    ],
    ['an IP SAN with the name as text', { ip: [Buffer.from('abcd')] }, 'abcd.example'],
  ];
  test.each(table)('%s', (_what, request, name) => {
    expect(verdict(certify(request), name)).toBe(mismatch);
  });
});

describe('malformed certificates are untrusted, never matched', () => {
  const san = (content: Buffer): Buffer =>
    certify({ extensions: [extension('2.5.29.17', content)] });
  const good = tlv(0x82, Buffer.from('mail.example.org'));
  test.each([
    [
      'two subjectAltNames',
      certify({ dns: ['mail.example.org'], extensions: [extension('2.5.29.17', sequence(good))] }),
    ],
    ['a SAN that runs over', san(Buffer.concat([Buffer.from([0x30, 0x40]), good]))],
    ['octets after the SAN', san(Buffer.concat([sequence(good), Buffer.from([0])]))],
    [
      'a SAN of indefinite length',
      san(Buffer.concat([Buffer.from([0x30, 0x80]), good, Buffer.from([0, 0])])),
    ],
    [
      'octets after the certificate',
      Buffer.concat([certify({ dns: ['mail.example.org'] }), Buffer.from([0])]),
    ],
    ['a certificate cut short', certify({ dns: ['mail.example.org'] }).subarray(0, -1)],
    ['nothing', Buffer.alloc(0)],
  ])('%s', (_what, der) => {
    expect(verdict(der, 'mail.example.org')).toBe('ERR_CERTIFICATE_UNTRUSTED');
  });
  test('what is no certificate at all is the mistake of the caller', () => {
    for (const wrong of ['pem', null, undefined, {}]) {
      expect(() => checkIdentity(wrong as unknown as Uint8Array, 'a.example')).toThrow(
        expect.objectContaining({ code: 'ERR_ARGUMENT', argument: 'certificate' }),
      );
    }
  });
});

describe('hints', () => {
  const hintFor = (request: CertificateRequest, name: string) => {
    try {
      checkIdentity(certify(request), name);
    } catch (error) {
      return error as { hint: string; names: string[]; serverHostname: string };
    }
    throw new Error('it matched');
  };
  test('list the names and propose the nearest', () => {
    const error = hintFor(
      { dns: ['www.example.org', 'imap.example.org'], ip: ['192.0.2.1'] },
      'imap.exampel.org',
    );
    expect(error.hint).toContain('www.example.org, imap.example.org, 192.0.2.1');
    expect(error.hint).toContain('rightly called imap.example.org');
    expect(error).toMatchObject({
      names: ['www.example.org', 'imap.example.org', '192.0.2.1'],
      serverHostname: 'imap.exampel.org',
    });
  });
  test('say what to do when an IP address was dialled', () => {
    expect(hintFor({ dns: ['imap.example.org'] }, '192.0.2.1').hint).toContain(
      'give the name as serverHostname',
    );
  });
  test('say that the common name does not count', () => {
    expect(hintFor({ commonName: 'imap.example.org' }, 'imap.example.org').hint).toContain(
      'RFC 9525',
    );
  });
  test('stay short and printable, whatever the certificate says', () => {
    const dns = [...Array(500).keys()].map((i) => `n${i}.example`);
    const error = hintFor({ dns: [`\u001b[2J${'x'.repeat(1000)}`, ...dns] }, 'imap.example.org');
    expect(error.hint).toContain('and 491 more');
    expect(error.hint.length).toBeLessThan(1000);
    expect(error.hint).not.toContain('\u001b');
  });
});

describe('published tables, by the rules of RFC 9525', () => {
  interface Case {
    id: string;
    host: string;
    cn?: string[];
    dns: string[];
    ip: string[];
    ok: boolean;
  }
  /** Accepted there, refused here, and why. Nothing else may differ. */
  const falseRejects: Record<string, string> = {
    'go-x509-matchhostnames#12': 'an empty label is no host name',
    'go-x509-matchhostnames#23': 'a dNSName has no trailing dot (RFC 5280 §4.2.1.6)',
    'go-x509-matchhostnames#26': 'no wildcard for a whole top-level domain',
    'go-x509-matchhostnames#27': 'no wildcard for a whole top-level domain',
    'go-x509-matchhostnames#28': 'a colon is in no host name',
    'curl-unit1397#7':
      'compares raw octets: the reference becomes an A-label, the dNSName is no ASCII',
    'curl-unit1397#12': 'an IP address matches no dNSName',
    'curl-unit1397#20': 'a space is in no host name',
    'curl-unit1397#22': 'an asterisk is in no host name',
    'curl-unit1397#23': 'an asterisk is in no host name',
    'curl-unit1397#24': 'a label has 63 octets at most',
    'curl-unit1397#26': 'a dNSName has no trailing dot (RFC 5280 §4.2.1.6)',
    'curl-unit1397#27': 'a dNSName has no trailing dot (RFC 5280 §4.2.1.6)',
    'curl-unit1397#45': 'an IP address matches no dNSName',
    'python-match-hostname#16': 'NUL is in no host name',
  };
  const reference = (host: string): string => {
    try {
      return checkedName(host);
    } catch {
      return '';
    }
  };
  const checkedName = (host: string): string => parseServerHostname(host).name;

  /** `strict`: common names moved into the SAN, so that Python's rows say something here. */
  const run = (cases: Case[], strict: boolean): { falseAccepts: string[]; refused: string[] } => {
    const falseAccepts: string[] = [];
    const refused: string[] = [];
    for (const { id, host, cn = [], dns, ip, ok } of cases) {
      const names = strict && dns.length === 0 && ip.length === 0 ? cn : dns;
      const der = certify({ dns: names, ip, ...(cn[0] !== undefined && { commonName: cn[0] }) });
      const accepted = !verdict(der, host).startsWith('ERR_');
      const presented = { dns: names, ip: ip.map((one) => parseIpAddress(one) as Uint8Array) };
      const address = parseIpAddress(reference(host));
      const bymodel = modelMatches(presented, address ? { ip: address } : reference(host) || '\0');
      if (accepted && !(ok && bymodel)) falseAccepts.push(id);
      if (!accepted && ok) refused.push(id);
    }
    return { falseAccepts, refused };
  };

  test.each(['go-x509-matchhostnames', 'curl-unit1397', 'python-match-hostname'])('%s', (file) => {
    const table = corpus<{ cases: Case[] }>(`tls/${file}.json`);
    if (!table) return;
    expect(table.cases.length).toBeGreaterThan(30);
    const { falseAccepts, refused } = run(table.cases, true);
    expect(falseAccepts).toEqual([]);
    expect(refused).toEqual(Object.keys(falseRejects).filter((id) => id.startsWith(file)));
  });

  test('python-match-hostname with the common name left where it is: no row matches by it', () => {
    const table = corpus<{ cases: Case[] }>('tls/python-match-hostname.json');
    if (!table) return;
    const { falseAccepts, refused } = run(table.cases, false);
    expect(falseAccepts).toEqual([]);
    const byCommonName = table.cases.filter(
      ({ ok, dns, ip }) => ok && dns.length + ip.length === 0,
    );
    expect(refused).toEqual(byCommonName.map(({ id }) => id));
  });
});

describe('properties', () => {
  const labels = fc.constantFrom(
    'a',
    'b',
    'mail',
    'xn--53h',
    '*',
    'm*',
    '',
    'A',
    'a_b',
    '-',
    'x y',
    '\0',
    'é',
  );
  const presented = fc
    .array(labels, { minLength: 1, maxLength: 4 })
    .map((parts) => parts.join('.'));
  const wanted = fc
    .array(fc.constantFrom('a', 'b', 'mail', 'xn--53h', 'a_b', 'org'), {
      minLength: 1,
      maxLength: 4,
    })
    .map((parts) => parts.join('.'));

  test('the slow matcher from the RFC agrees', () => {
    fc.assert(
      fc.property(fc.array(presented, { maxLength: 3 }), wanted, (dns, name) => {
        const matched = !verdict(certify({ dns }), name).startsWith('ERR_');
        expect(matched).toBe(modelMatches({ dns, ip: [] }, name));
      }),
      { numRuns: 1500 },
    );
  });

  test('an address matches itself and no other', () => {
    const octets = fc.oneof(
      fc.uint8Array({ minLength: 4, maxLength: 4 }),
      fc.uint8Array({ minLength: 16, maxLength: 16 }),
    );
    fc.assert(
      fc.property(octets, octets, (one, other) => {
        const der = certify({ ip: [Buffer.from(one)] });
        const text = (ip: Uint8Array) =>
          ip.length === 4
            ? ip.join('.')
            : Buffer.from(ip)
                .toString('hex')
                .replace(/....(?=.)/g, '$&:');
        expect(verdict(der, text(one))).toBe(parseServerHostname(text(one)).name);
        const same = Buffer.compare(one, other) === 0;
        expect(verdict(der, text(other)) === mismatch).toBe(!same);
      }),
    );
  });

  test('a certificate with octets changed gives a verdict or a typed error, and never the wrong name', () => {
    const der = certify({ dns: ['mail.example.org'], ip: ['192.0.2.1'] });
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat(der.length - 1), fc.nat(255)), { minLength: 1, maxLength: 4 }),
        (changes) => {
          const broken = Buffer.from(der);
          for (const [at, octet] of changes) broken[at] = octet;
          expect(verdict(broken, 'other.example.net')).toMatch(/^ERR_CERTIFICATE_/);
        },
      ),
      { numRuns: 1000 },
    );
  });
});
