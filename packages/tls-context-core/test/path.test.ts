/** What was sent is not what was verified: the path to an anchor of ours decides. RFC 5280 §6, by real handshakes. */

import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import {
  createSessionScope,
  createTlsContext,
  type FivewireError,
  type SecureOptions,
  type SecureStream,
  secure,
  type TlsContextOptions,
  type TlsError,
} from '../src/index.js';
import {
  type CertificateRequest,
  ecKeys,
  extension,
  type Issued,
  issue,
  issueCa,
  oid,
  revoke,
  rsaKeys,
  sequence,
  tlv,
} from './certificates.js';
import { type TestServer, tlsServer } from './tls-server.js';

const name = 'imap.example.org';
const day = 86_400_000;
const past = { notBefore: new Date(Date.now() - 2 * day), notAfter: new Date(Date.now() - day) };

const root = issueCa('Root');
const middle = issueCa('Middle', root);
const leaf = issue({ issuer: middle, dns: [name] });
/** Of another authority altogether. */
const stranger = issueCa('Stranger');

const servers: TestServer[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) await server.close();
});

async function serve(sent: readonly (Issued | string)[]): Promise<TestServer> {
  const cert = sent.map((one) => (typeof one === 'string' ? one : one.cert)).join('\n');
  const server = await tlsServer({ cert, key: (sent[0] as Issued).key }, (socket) =>
    socket.write('* OK\r\n'),
  );
  servers.push(server);
  return server;
}

type Trusting = TlsContextOptions & Partial<Omit<SecureOptions, 'tls'>>;
const perConnection = ['srvId', 'tlsa', 'serverHostname', 'sessions', 'context'] as const;

async function connect(server: TestServer, trusting: Trusting): Promise<SecureStream> {
  const connection: Record<string, unknown> = {};
  const options: Record<string, unknown> = { ...trusting };
  for (const key of perConnection) {
    if (key in options) connection[key] = options[key];
    delete options[key];
  }
  return secure(await server.dial(), {
    context: createTlsContext(options as TlsContextOptions),
    serverHostname: name,
    protocol: 'imap',
    ...connection,
  });
}

const accepted = 'accepted';

/** `accepted`, or the code and the reason of the refusal. */
async function verdict(sent: readonly (Issued | string)[], trusting: Trusting): Promise<string> {
  try {
    const stream = await connect(await serve(sent), trusting);
    stream.destroy();
    return stream.security.verified ? accepted : 'not verified';
  } catch (error) {
    const { code, reason } = error as TlsError;
    return [code, reason].filter(Boolean).join(' ');
  }
}

const refusal = async (sent: readonly Issued[], trusting: Trusting): Promise<FivewireError> =>
  connect(await serve(sent), trusting).then(
    () => expect.unreachable(),
    (error) => error,
  );

const untrusted = expect.stringContaining('ERR_CERTIFICATE_UNTRUSTED');

const nameConstraints = (tag: number, ...names: string[]): Buffer =>
  extension(
    '2.5.29.30',
    sequence(tlv(tag, ...names.map((one) => sequence(tlv(0x82, Buffer.from(one)))))),
    true,
  );
const permitting = (...names: string[]) => nameConstraints(0xa0, ...names);
const excluding = (...names: string[]) => nameConstraints(0xa1, ...names);
const authority = (request: CertificateRequest) => issue({ ca: true, ...request });

const srvName = (text: string): [number, Buffer] => [
  0xa0,
  Buffer.concat([oid('1.3.6.1.5.5.7.8.7'), tlv(0xa0, tlv(0x16, Buffer.from(text)))]),
];

/** PKCS#12 as OpenSSL's own tool writes it. */
function pkcs12(client: Issued, others: readonly Issued[], ...options: string[]): Buffer {
  const folder = mkdtempSync(join(tmpdir(), 'pkcs12-'));
  const file = (text: string, as: string): string => {
    writeFileSync(join(folder, as), text);
    return join(folder, as);
  };
  try {
    const out = join(folder, 'client.p12');
    const certificates = others.map(({ cert }) => cert).join('\n');
    execFileSync('openssl', [
      ...['pkcs12', '-export', '-passout', 'pass:secret', ...options, '-out', out],
      ...['-inkey', file(client.key, 'key.pem'), '-in', file(client.cert, 'client.pem')],
      ...(certificates === '' ? [] : ['-certfile', file(certificates, 'others.pem')]),
    ]);
    return readFileSync(out);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

describe('who we are never changes whom we trust', () => {
  const strangeMiddle = issueCa('Stranger Middle', stranger);
  const client = issue({ issuer: strangeMiddle, commonName: 'client' });
  const impostor = issue({ issuer: strangeMiddle, dns: [name] });
  const pfx = {
    pfx: pkcs12(client, [strangeMiddle, stranger]),
    passphrase: 'secret',
  };
  const cert = {
    cert: [client, strangeMiddle, stranger].map((one) => one.cert).join('\n'),
    key: client.key,
  };

  describe.each([
    ['PKCS#12', pfx],
    ['cert and key', cert],
  ])('%s', (_, mine) => {
    test.each([
      ['a private root', { ca: root.cert }],
      ["the system's roots", {}],
    ])('beside %s', async (_roots, trusted) => {
      const options = { ...trusted, ...mine };
      expect(await verdict([impostor, strangeMiddle, stranger], options)).toEqual(untrusted);
      expect(await verdict([impostor, strangeMiddle], options)).toEqual(untrusted);
      expect(await verdict([impostor], options)).toEqual(untrusted);
      expect(await verdict([client, strangeMiddle], options)).toEqual(untrusted);
    });

    test('the roots that were meant go on to count', async () => {
      expect(await verdict([leaf, middle], { ca: root.cert, ...mine })).toBe(accepted);
      const both = { ca: [root.cert, stranger.cert], ...mine };
      expect(await verdict([impostor, strangeMiddle], both)).toBe(accepted);
    });
  });

  test('an intermediate of a PKCS#12 is no link of the path either', async () => {
    const other = issueCa('Other middle', root);
    const own = issue({ issuer: other, commonName: 'client' });
    const mine = { pfx: pkcs12(own, [other]), passphrase: 'secret', ca: root.cert };
    const below = issue({ issuer: other, dns: [name] });
    expect(await verdict([below], mine)).toEqual(untrusted);
    expect(await verdict([below, other], mine)).toBe(accepted);
  });

  test('a PKCS#12 that only old programs can read is told from a wrong passphrase', () => {
    const old = pkcs12(client, [], '-legacy');
    const make = (options: TlsContextOptions) => () => createTlsContext(options);
    expect(make({ pfx: old, passphrase: 'secret' })).toThrow(
      expect.objectContaining({ code: 'ERR_ARGUMENT', hint: expect.stringContaining('-legacy') }),
    );
    expect(make({ pfx: pfx.pfx, passphrase: 'no' })).toThrow(
      expect.objectContaining({ hint: expect.stringContaining('passphrase') }),
    );
  });
});

describe('what was sent beside the path does not count', () => {
  const keys = ecKeys();
  const oldRoot = issueCa('Old root');
  /** One authority under two roots, as Let's Encrypt's was. */
  const crossed = (issuer: Issued, more: CertificateRequest = {}) =>
    authority({ commonName: 'Crossed', issuer, keys, ...more });
  const good = crossed(root);
  const expired = crossed(oldRoot, past);
  const end = issue({ issuer: good, dns: [name] });
  /** OpenSSL reads it; it is no certificate by RFC 5280, which has no times like this. */
  const unreadable = issue({
    commonName: 'Odd',
    issuer: root,
    ca: true,
    extensions: [extension('1.2.3.4', sequence()), extension('1.2.3.4', sequence())],
  });
  const namesake = issueCa('Middle', stranger);
  const crowd = Array.from({ length: 40 }, () => issueCa('Middle', stranger));

  test.each<[string, Issued[]]>([
    ['in order', [leaf, middle]],
    ['with the root', [leaf, middle, root]],
    ['out of order', [leaf, root, middle]],
    ['twice', [leaf, leaf, middle, middle]],
    ['with a stranger between', [leaf, stranger, middle]],
    ['with a namesake of the authority in front', [leaf, namesake, middle]],
    ['with forty namesakes in front', [leaf, ...crowd, middle]],
    ['with one that our reader refuses', [leaf, unreadable, middle]],
    ['with an expired stranger', [leaf, middle, authority({ commonName: 'Old', ...past })]],
    ['cross-signed, the expired one last', [end, good, expired, oldRoot]],
    ['cross-signed, the expired one first', [end, expired, good, oldRoot]],
    [
      'cross-signed by an authority that excludes the name',
      [
        end,
        crossed(authority({ commonName: 'Narrow', issuer: root, extensions: [excluding(name)] })),
        good,
      ],
    ],
  ])('%s', async (_, sent) => {
    expect(await verdict(sent, { ca: root.cert })).toBe(accepted);
  });

  test('a session is resumed until the path ends, whatever else has expired', async () => {
    const server = await serve([end, good, expired]);
    const context = createTlsContext({ ca: root.cert });
    const identity = { context, serverHostname: name, protocol: 'imap' } as const;
    const sessions = createSessionScope(identity);
    const visit = async (): Promise<boolean> => {
      const stream = await secure(await server.dial(), { ...identity, sessions });
      for await (const _greeting of stream) break; // a TLS 1.3 ticket comes with the first octets
      stream.destroy();
      return stream.security.resumed;
    };
    expect(await visit()).toBe(false);
    expect(await visit()).toBe(true);
  });

  test('the path is shown beside what was sent', async () => {
    const stream = await connect(await serve([end, stranger, expired, good]), { ca: root.cert });
    stream.destroy();
    expect(stream.peerCertificates.length).toBe(4);
    expect(stream.verifiedPath?.map((der) => Buffer.from(der))).toEqual(
      [end, good, root].map(({ der }) => der),
    );
  });

  test.each<[string, Issued[]]>([
    ['an expired leaf', [issue({ issuer: middle, dns: [name], ...past }), middle]],
    ['an expired authority', [end, expired]],
  ])('%s is in the path, and refused', async (_, sent) => {
    const trusting = { ca: [root.cert, oldRoot.cert] };
    expect(await verdict(sent, trusting)).toBe('ERR_CERTIFICATE_EXPIRED CERT_HAS_EXPIRED');
  });

  test.each<[string, string, () => Issued[]]>([
    [
      'a leaf that issues',
      'Leaf',
      () => {
        const between = issue({ commonName: 'Leaf', issuer: middle, dns: ['a.example'] });
        return [issue({ issuer: between, dns: [name] }), between, middle];
      },
    ],
    [
      'an authority that may only sign mail',
      'Mail',
      () => {
        const mail = authority({ commonName: 'Mail', issuer: root, purposes: ['emailProtection'] });
        return [issue({ issuer: mail, dns: [name] }), mail];
      },
    ],
    [
      'an authority below one that allows none',
      'Below',
      () => {
        const none = sequence(Buffer.from([1, 1, 0xff]), tlv(0x02, Buffer.from([0])));
        const last = issue({
          commonName: 'Last',
          issuer: root,
          extensions: [extension('2.5.29.19', none, true)],
        });
        const below = issueCa('Below', last);
        return [issue({ issuer: below, dns: [name] }), below, last];
      },
    ],
    [
      'an authority whose key may not sign certificates',
      'Mute',
      () => {
        const mute = authority({
          commonName: 'Mute',
          issuer: root,
          extensions: [extension('2.5.29.15', Buffer.from([3, 2, 7, 0x80]), true)],
        });
        return [issue({ issuer: mute, dns: [name] }), mute];
      },
    ],
    [
      'a critical extension that is not understood',
      'Middle',
      () => {
        const odd = extension('1.2.3.4', sequence(), true);
        return [issue({ issuer: middle, dns: [name], extensions: [odd] }), middle];
      },
    ],
  ])('%s makes no path, whatever OpenSSL finds in a PKCS#12', async (_, commonName, make) => {
    // The client's own authority vouches for the same keys: OpenSSL has a path of its own and is content.
    const sent = make();
    const double = (sent[1] as Issued).keys;
    const twin = authority({ commonName, keys: double });
    const mine = pkcs12(issue({ commonName: 'client' }), [twin]);
    expect(await verdict(sent, { ca: root.cert })).toEqual(untrusted);
    expect(await verdict(sent, { ca: root.cert, pfx: mine, passphrase: 'secret' })).toEqual(
      untrusted,
    );
  });
});

describe('limits of the anchor count, sent or not', () => {
  const limited = authority({
    commonName: 'Limited',
    extensions: [permitting('corp.example.net')],
  });
  const srv = issue({
    issuer: limited,
    dns: ['host.corp.example.net'],
    otherNames: [srvName('_imaps.victim.example')],
  });
  const forged = {
    ca: limited.cert,
    serverHostname: 'evil.example',
    srvId: '_imaps.victim.example',
  };

  test('an SRV-ID below a root with limits', async () => {
    expect(await verdict([srv], forged)).toMatch(/^ERR_/);
    expect(await verdict([srv, limited], forged)).toMatch(/^ERR_/);
    const free = issue({ issuer: root, otherNames: [srvName('_imaps.victim.example')] });
    expect(await verdict([free], { ...forged, ca: root.cert })).toBe(accepted);
  });

  test.each<[string, Issued, (of: Issued) => Issued[]]>([
    [
      'a root',
      authority({ commonName: 'Narrow', extensions: [excluding('bank.example.org')] }),
      () => [],
    ],
    [
      'an intermediate in ca',
      authority({
        commonName: 'Narrow',
        issuer: root,
        extensions: [excluding('bank.example.org')],
      }),
      () => [],
    ],
    [
      'a root that is sent',
      authority({ commonName: 'Narrow', extensions: [excluding('bank.example.org')] }),
      (narrow) => [narrow],
    ],
  ])('%s that excludes what a wildcard stands for', async (_, narrow, more) => {
    const wild = issue({ issuer: narrow, dns: ['*.example.org'] });
    const sent = [wild, ...more(narrow)];
    const ask = (serverHostname: string) => verdict(sent, { ca: narrow.cert, serverHostname });
    expect(await ask('bank.example.org')).toBe('ERR_CERTIFICATE_UNTRUSTED EXCLUDED_VIOLATION');
    expect(await ask('shop.example.org')).toBe(accepted);
  });

  test('the refusal names the constraint, and does not offer to trust the certificate', async () => {
    const outside = issue({ issuer: limited, dns: [name] });
    const permitted = await refusal([outside], { ca: limited.cert });
    expect(permitted).toMatchObject({ reason: 'PERMITTED_VIOLATION' });
    expect(permitted.hint).toMatch(/permit corp\.example\.net only, and not imap\.example\.org/);
    const narrow = authority({ commonName: 'Narrow', extensions: [excluding('example.org')] });
    const excluded = await refusal([issue({ issuer: narrow, dns: [name] })], { ca: narrow.cert });
    expect(excluded.hint).toMatch(/exclude example\.org, and so imap\.example\.org/);
    for (const { hint } of [permitted, excluded])
      expect(hint).not.toMatch(/fingerprint|pins|as ca/);
  });

  test('constraints of other kinds are obeyed', async () => {
    const constrained = (tag: number, kind: number, base: Buffer) =>
      authority({
        commonName: 'Kinds',
        extensions: [extension('2.5.29.30', sequence(tlv(tag, sequence(tlv(kind, base)))), true)],
      });
    const rdn = (text: string) =>
      sequence(tlv(0x31, sequence(oid('2.5.4.3'), tlv(0x0c, Buffer.from(text)))));
    const rows: [number, Buffer, CertificateRequest, boolean][] = [
      [0x87, Buffer.from([192, 0, 2, 0, 255, 255, 255, 0]), { ip: ['192.0.2.7'] }, true],
      [0x87, Buffer.from([192, 0, 2, 0, 255, 255, 255, 0]), { ip: ['198.51.100.7'] }, false],
      [0xa4, rdn('good'), { commonName: 'GOOD ' }, true],
      [0xa4, rdn('good'), { commonName: 'bad' }, false],
      [
        0x81,
        Buffer.from('example.org'),
        { otherNames: [[0x81, Buffer.from('a@example.org')]] },
        true,
      ],
      [
        0x81,
        Buffer.from('example.org'),
        { otherNames: [[0x81, Buffer.from('a@else.org')]] },
        false,
      ],
      [
        0x86,
        Buffer.from('.example.org'),
        { otherNames: [[0x86, Buffer.from('http://a.example.org/')]] },
        true,
      ],
      [
        0x86,
        Buffer.from('.example.org'),
        { otherNames: [[0x86, Buffer.from('http://example.org/')]] },
        false,
      ],
    ];
    for (const [kind, base, request, within] of rows) {
      for (const [tag, right] of [
        [0xa0, within],
        [0xa1, !within],
      ] as const) {
        const issuer = constrained(tag, kind, base);
        const end = issue({ issuer, dns: [name], ...request });
        const expected = right ? accepted : untrusted;
        expect(await verdict([end], { ca: issuer.cert }), JSON.stringify(request)).toEqual(
          expected,
        );
      }
    }
  });
});

describe('revocation is looked up by ourselves', () => {
  const expiredLeaf = issue({ issuer: middle, dns: [name], ...past });
  const dane = (of: Issued) => ({
    tlsa: [{ usage: 3, selector: 0, matching: 0, data: of.der }],
  });
  const revoked = 'ERR_CERTIFICATE_REVOKED CERT_REVOKED';

  test.each<[string, Issued[], Trusting]>([
    [
      'and the root is known',
      [leaf, middle],
      { ca: root.cert, crl: [revoke(middle, [leaf]), revoke(root, [])] },
    ],
    [
      'and the leaf is expired',
      [expiredLeaf, middle],
      { ca: root.cert, crl: revoke(middle, [expiredLeaf]) },
    ],
    ['and the issuer is unknown', [leaf], { ca: stranger.cert, crl: revoke(middle, [leaf]) }],
    [
      'and the list is stale',
      [leaf, middle],
      { ca: root.cert, crl: revoke(middle, [leaf], -day / 2) },
    ],
    [
      'and DANE-EE vouches for it',
      [leaf, middle],
      { ca: root.cert, crl: revoke(middle, [leaf]), ...dane(leaf) },
    ],
    [
      'and DANE-EE vouches for it, expired',
      [expiredLeaf, middle],
      { crl: revoke(middle, [expiredLeaf]), ...dane(expiredLeaf) },
    ],
    [
      'and DANE-EE vouches for it, its issuer unknown',
      [leaf],
      { crl: revoke(middle, [leaf]), ...dane(leaf) },
    ],
    [
      'an authority',
      [leaf, middle],
      { ca: root.cert, crl: [revoke(middle, []), revoke(root, [middle])] },
    ],
  ])('revoked, %s', async (_, sent, trusting) => {
    expect(await verdict(sent, trusting)).toBe(revoked);
  });

  test('what is not revoked is not refused for it', async () => {
    const lists = [revoke(middle, [expiredLeaf]), revoke(root, [])];
    expect(await verdict([leaf, middle], { ca: root.cert, crl: lists })).toBe(accepted);
    const namesake = issueCa('Namesake');
    const other = revoke(namesake, [leaf]);
    expect(await verdict([leaf, middle], { crl: other, ...dane(leaf) })).toBe(accepted);
  });

  test('a list that is broken is refused at once', () => {
    expect(() => createTlsContext({ ca: root.cert, crl: Buffer.from([0x30, 0]) })).toThrow(
      expect.objectContaining({ code: 'ERR_ARGUMENT' }),
    );
  });
});

describe('anchors are what was given', () => {
  test('an intermediate', async () => {
    expect(await verdict([leaf], { ca: middle.cert })).toBe(accepted);
    expect(await verdict([leaf, middle], { ca: middle.cert })).toBe(accepted);
    expect(await verdict([leaf, middle, root], { ca: middle.cert })).toBe(accepted);
    const list = { ca: middle.cert, crl: revoke(middle, []) };
    expect(await verdict([leaf, middle], list)).toBe(accepted);
    const sibling = issue({ issuer: root, dns: [name] });
    expect(await verdict([sibling, root], { ca: middle.cert })).toEqual(untrusted);
  });

  test('a leaf that an authority issued, and it alone', async () => {
    expect(await verdict([leaf, middle], { ca: leaf.cert })).toBe(accepted);
    expect(await verdict([leaf], { ca: leaf.cert })).toBe(accepted);
    const sister = issue({ issuer: middle, dns: [name] });
    expect(await verdict([sister, middle], { ca: leaf.cert })).toEqual(untrusted);
    const below = issue({ issuer: leaf, dns: [name] });
    expect(await verdict([below, leaf], { ca: leaf.cert })).toEqual(untrusted);
    expect(await verdict([leaf], { ca: leaf.cert, serverHostname: 'else.example' })).toMatch(
      /^ERR_CERTIFICATE_HOSTNAME_MISMATCH/,
    );
    const old = issue({ issuer: middle, dns: [name], ...past });
    expect(await verdict([old], { ca: old.cert })).toMatch(/^ERR_CERTIFICATE_EXPIRED/);
  });

  test('a strength that the caller asks for is judged by OpenSSL, whose word then stands', async () => {
    const weak = authority({ commonName: 'Weak', issuer: root, keys: rsaKeys() });
    const below = issue({ issuer: weak, dns: [name], signature: 'rsaSha256' });
    expect(await verdict([below], { ca: weak.cert })).toBe(accepted);
    const demanding = { ca: weak.cert, ciphers: 'DEFAULT:@SECLEVEL=3' };
    expect(await verdict([below], demanding)).toMatch(/^ERR_/);
  });

  test('names are compared as RFC 5280 has it: case, spaces and string types do not count', async () => {
    const spaced = {
      ...root,
      subject: sequence(tlv(0x31, sequence(oid('2.5.4.3'), tlv(0x13, Buffer.from(' rOOt '))))),
    };
    expect(await verdict([issue({ issuer: spaced, dns: [name] })], { ca: root.cert })).toBe(
      accepted,
    );
  });
});

describe('DANE-TA', () => {
  const record = (of: Issued, selector: number): Trusting => ({
    ca: stranger.cert,
    tlsa: [
      {
        usage: 2,
        selector,
        matching: 0,
        data: selector === 0 ? of.der : of.keys.publicKey.export({ type: 'spki', format: 'der' }),
      },
    ],
  });

  test.each<[string, Issued[]]>([
    ['in order', [leaf, middle, root]],
    ['out of order', [leaf, root, middle]],
    ['with junk', [leaf, stranger, root, leaf, middle]],
    ['without the anchor', [leaf, middle]],
  ])('%s', async (_, sent) => {
    expect(await verdict(sent, record(root, 0))).toBe(accepted);
    expect(await verdict(sent, record(root, 1))).toBe(accepted);
    expect(await verdict(sent, record(stranger, 0))).toEqual(untrusted);
    expect(await verdict(sent, record(stranger, 1))).toEqual(untrusted);
  });

  test('limits of its anchor count too', async () => {
    const narrow = authority({ commonName: 'Narrow', extensions: [excluding('bank.example.org')] });
    const wild = issue({ issuer: narrow, dns: ['*.example.org'] });
    const ask = (serverHostname: string) =>
      verdict([wild], { ...record(narrow, 0), serverHostname });
    expect(await ask('bank.example.org')).toBe('ERR_CERTIFICATE_UNTRUSTED EXCLUDED_VIOLATION');
    expect(await ask('shop.example.org')).toBe(accepted);
  });
});

test('a crowd of namesakes costs a bounded number of signatures', async () => {
  const crowd = Array.from({ length: 150 }, () => issueCa('Middle', stranger));
  expect(await verdict([leaf, ...crowd, middle], { ca: root.cert })).toEqual(untrusted);
});
