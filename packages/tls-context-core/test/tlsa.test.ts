/** DANE: RFC 6698 §2.1, RFC 7671 §5, as SMTP uses it (RFC 7672 §3). */

import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { attempt } from '../src/attempt.js';
import { readCertificate } from '../src/certificate.js';
import {
  createSessionScope,
  createTlsContext,
  isUsableTlsa,
  type SecureOptions,
  secure,
  type TlsaRecord,
  type TlsSecurity,
} from '../src/index.js';
import { findPath } from '../src/path.js';
import { isEndEntity, tlsaAnchors } from '../src/tlsa.js';
import {
  type CertificateRequest,
  extension,
  type Issued,
  issue,
  issueCa,
  oid,
  rsaKeys,
  sequence,
  tlv,
} from './certificates.js';
import { tlsServer } from './tls-server.js';

const name = 'mx.example.org';
const root = issueCa('Root');
const middle = issueCa('Middle', root);
const leaf = issue({ issuer: middle, dns: [name] });
const chain = [leaf.der, middle.der, root.der];

const hashes = [undefined, 'sha256', 'sha512'];
const spki = ({ keys }: Issued): Buffer => keys.publicKey.export({ type: 'spki', format: 'der' });

/** The record that an operator would publish of a certificate. */
function record(of: Issued, usage: number, selector: number, matching: number): TlsaRecord {
  const selected = selector === 0 ? of.der : spki(of);
  const hash = hashes[matching];
  const data = hash === undefined ? selected : createHash(hash).update(selected).digest();
  return { usage, selector, matching, data };
}

/** Which usage a chain satisfies. */
function matchTlsa(
  records: readonly TlsaRecord[],
  [leafDer, ...sent]: readonly Uint8Array[],
): 'endEntity' | 'trustAnchor' | undefined {
  const end = attempt(() => readCertificate(leafDer as Uint8Array));
  if (!end) return undefined;
  if (isEndEntity(records, end)) return 'endEntity';
  const anchors = tlsaAnchors(records, end, sent);
  const verdict = anchors && findPath(end, sent, anchors, { now: Date.now(), strict: true });
  return verdict && 'path' in verdict ? 'trustAnchor' : undefined;
}

const forms = [0, 1].flatMap((selector) => [0, 1, 2].map((matching) => [selector, matching]));

describe.each(forms as [number, number][])(
  'selector %i, matching type %i',
  (selector, matching) => {
    const matched = (of: Issued, usage: number, given = chain) =>
      matchTlsa([record(of, usage, selector, matching)], given);

    test('usage 3 is met by the leaf, and by nothing else', () => {
      expect(matched(leaf, 3)).toBe('endEntity');
      expect(matched(middle, 3)).toBeUndefined();
      expect(matched(issue({ dns: [name] }), 3)).toBeUndefined();
    });

    test('usage 2 is met by an issuer in the chain, and not by the leaf', () => {
      expect(matched(middle, 2)).toBe('trustAnchor');
      expect(matched(root, 2)).toBe('trustAnchor');
      expect(matched(leaf, 2)).toBeUndefined();
      // A record that holds it whole stands in for what is not sent (RFC 7671 §5.2).
      const unsent = matched(root, 2, [leaf.der, middle.der]);
      expect(unsent).toBe(matching === 0 ? 'trustAnchor' : undefined);
    });

    test('usages 0 and 1 are met by nothing', () => {
      expect(matched(root, 0)).toBeUndefined();
      expect(matched(leaf, 1)).toBeUndefined();
    });

    test('one octet of difference is enough', () => {
      const good = record(leaf, 3, selector, matching);
      fc.assert(
        fc.property(fc.nat(good.data.length - 1), fc.integer({ min: 1, max: 255 }), (at, flip) => {
          const data = Buffer.from(good.data);
          data[at] = (data[at] ?? 0) ^ flip;
          expect(matchTlsa([{ ...good, data }], chain)).toBeUndefined();
          expect(matchTlsa([{ ...good, data }, good], chain)).toBe('endEntity');
        }),
        { numRuns: 30 },
      );
    });
  },
);

describe('the path below a trust anchor is verified', () => {
  const below = (anchor: Issued, request: CertificateRequest) => {
    const end = issue({ issuer: anchor, dns: [name], ...request });
    return matchTlsa([record(anchor, 2, 1, 1)], [end.der, anchor.der]);
  };
  const authority = (request: CertificateRequest) =>
    issue({ commonName: 'A', ca: true, ...request });
  const past = new Date(Date.now() - 1_000);
  const soon = new Date(Date.now() + 60_000);

  test('a good one', () => expect(below(authority({}), {})).toBe('trustAnchor'));
  test.each<[string, () => unknown]>([
    ['an expired leaf', () => below(authority({}), { notAfter: past })],
    ['a leaf of tomorrow', () => below(authority({}), { notBefore: soon })],
    ['an expired anchor', () => below(authority({ notAfter: past }), {})],
    ['an anchor that is no authority', () => below(issue({ commonName: 'A' }), {})],
    [
      'an anchor with limits on names',
      () => below(authority({ extensions: [extension('2.5.29.30', sequence())] }), {}),
    ],
    [
      'a critical extension that is unknown',
      () => below(authority({}), { extensions: [extension('1.2.3.4', sequence(), true)] }),
    ],
    [
      'a signature with SHA-1',
      () => below(authority({ keys: rsaKeys(), signature: 'rsaSha256' }), { signature: 'rsaSha1' }),
    ],
    [
      'a chain longer than the anchor allows',
      () => {
        // BasicConstraints with pathLenConstraint 0.
        const limit = sequence(Buffer.from([1, 1, 0xff]), tlv(0x02, Buffer.from([0])));
        const top = issue({ commonName: 'Top', extensions: [extension('2.5.29.19', limit, true)] });
        const below = issueCa('Below', top);
        const end = issue({ issuer: below, dns: [name] });
        return matchTlsa([record(top, 2, 1, 1)], [end.der, below.der, top.der]);
      },
    ],
    [
      'an anchor that signed nothing of it',
      () => matchTlsa([record(root, 2, 1, 1)], [issue({ dns: [name] }).der, root.der]),
    ],
    [
      "another's signature under its name",
      () =>
        matchTlsa(
          [record(root, 2, 1, 1)],
          [issue({ issuer: issueCa('Root'), dns: [name] }).der, root.der],
        ),
    ],
    [
      'an authority without keyCertSign',
      () =>
        below(
          authority({ extensions: [extension('2.5.29.15', Buffer.from([3, 2, 7, 0x80]), true)] }),
          {},
        ),
    ],
    [
      'no certificate at all',
      () => matchTlsa([record(root, 2, 1, 1)], [Buffer.from('x'), root.der]),
    ],
  ])('%s is refused', (_, match) => expect(match()).toBeUndefined());

  test('a key usage with keyCertSign is understood', () => {
    const usage = extension('2.5.29.15', Buffer.from([3, 2, 2, 0x04]), true);
    expect(below(authority({ extensions: [usage] }), {})).toBe('trustAnchor');
    expect(oid('2.5.29.15').length).toBe(5);
  });
});

test('usable is what can be held against a certificate', () => {
  const data = Buffer.alloc(32, 1);
  for (const usage of [0, 1, 2, 3, 4, 255]) {
    expect(isUsableTlsa({ usage, selector: 1, matching: 1, data })).toBe(
      usage === 2 || usage === 3,
    );
  }
  expect(isUsableTlsa({ usage: 3, selector: 2, matching: 1, data })).toBe(false);
  expect(isUsableTlsa({ usage: 3, selector: 1, matching: 3, data })).toBe(false);
  expect(isUsableTlsa({ usage: 3, selector: 1, matching: 2, data })).toBe(false);
  expect(isUsableTlsa({ usage: 3, selector: 1, matching: 0, data: Buffer.alloc(0) })).toBe(false);
});

describe('over a handshake', () => {
  const serve = (certificate: Issued, more: readonly Issued[] = []) =>
    tlsServer(
      { cert: [certificate, ...more].map(({ cert }) => cert).join(''), key: certificate.key },
      (socket) => socket.write('220\r\n'),
    );
  const strangers = createTlsContext({ ca: issueCa('Stranger').cert });
  const connect = async (
    presented: readonly Issued[],
    options: Partial<SecureOptions>,
  ): Promise<TlsSecurity> => {
    const [end, ...more] = presented as [Issued, ...Issued[]];
    const server = await serve(end, more);
    try {
      const stream = await secure(await server.dial(), {
        context: strangers,
        serverHostname: name,
        protocol: 'smtp',
        mode: 'starttls',
        ...options,
      });
      stream.destroy();
      return stream.security;
    } finally {
      await server.close();
    }
  };
  const expired = { notBefore: new Date(1e12), notAfter: new Date(1.1e12) };

  test('usage 3: neither roots nor name nor dates count', async () => {
    const odd = issue({ dns: ['elsewhere.test'], ...expired });
    const security = await connect([odd], { tlsa: [record(odd, 3, 1, 1)] });
    expect(security).toMatchObject({
      verified: true,
      trust: 'dane',
      matchedName: undefined,
      serverHostname: name,
    });
  });

  test('usage 2: roots do not count, name and dates do', async () => {
    const tlsa = [record(middle, 2, 0, 1)];
    expect(await connect([leaf, middle], { tlsa })).toMatchObject({
      verified: true,
      trust: 'dane',
      matchedName: name,
    });
    const elsewhere = issue({ issuer: middle, dns: ['elsewhere.test'] });
    await expect(connect([elsewhere, middle], { tlsa })).rejects.toMatchObject({
      code: 'ERR_CERTIFICATE_HOSTNAME_MISMATCH',
    });
    const old = issue({ issuer: middle, dns: [name], ...expired });
    await expect(connect([old, middle], { tlsa })).rejects.toMatchObject({
      code: 'ERR_CERTIFICATE_EXPIRED',
    });
    const mine = issue({ issuer: middle, dns: [name], purposes: ['clientAuth'] });
    await expect(connect([mine, middle], { tlsa })).rejects.toMatchObject({
      code: 'ERR_CERTIFICATE_UNTRUSTED',
      reason: 'INVALID_PURPOSE',
    });
  });

  test('usage 2: a name of the record will do as well, and no other', async () => {
    const names = ['next-hop.test', 'its-alias.test'];
    const tlsa = [{ ...record(middle, 2, 0, 1), names }];
    for (const other of [...names, name]) {
      const presented = [issue({ issuer: middle, dns: [other] }), middle];
      expect(await connect(presented, { tlsa })).toMatchObject({ matchedName: other });
    }
    const wild = [issue({ issuer: middle, dns: ['*.test'] }), middle];
    await expect(connect(wild, { tlsa })).rejects.toMatchObject({ code: 'ERR_CERTIFICATE_HOSTNAME_MISMATCH' });
    const third = [issue({ issuer: middle, dns: ['third.test'] }), middle];
    await expect(connect(third, { tlsa })).rejects.toMatchObject({ code: 'ERR_CERTIFICATE_HOSTNAME_MISMATCH' });
    // Names of a record of usage 3 say nothing: its own certificate is another.
    const mine = { ...record(leaf, 3, 1, 1), names: ['third.test'] };
    await expect(connect(third, { tlsa: [record(middle, 2, 0, 1), mine] })).rejects.toMatchObject({
      code: 'ERR_CERTIFICATE_HOSTNAME_MISMATCH',
    });
  }); // biome-ignore format: one line a fact

  test('usage 2: a session proven by a name of the record is resumed under the same names only', async () => {
    const presented = issue({ issuer: middle, dns: ['next-hop.test'] });
    const server = await serve(presented, [middle]);
    const peer = { context: strangers, serverHostname: name, protocol: 'smtp' } as const;
    const sessions = createSessionScope(peer);
    const go = async (names?: string[]): Promise<boolean> => {
      const tlsa = [{ ...record(middle, 2, 0, 1), ...(names && { names }) }];
      const stream = await secure(await server.dial(), { ...peer, sessions, tlsa });
      await new Promise((resolve) => stream.once('data', resolve));
      stream.destroy();
      return stream.security.resumed;
    };
    try {
      expect(await go(['next-hop.test'])).toBe(false);
      expect(await go(['next-hop.test'])).toBe(true);
      await expect(go()).rejects.toMatchObject({ code: 'ERR_CERTIFICATE_HOSTNAME_MISMATCH' });
    } finally {
      await server.close();
    }
  });

  test('no record matches: refused, though the roots would trust it', async () => {
    const context = createTlsContext({ ca: root.cert });
    expect((await connect([leaf, middle], { context })).verified).toBe(true);
    const dialled = connect([leaf, middle], { context, tlsa: [record(middle, 3, 1, 1)] });
    await expect(dialled).rejects.toMatchObject({
      code: 'ERR_CERTIFICATE_UNTRUSTED',
      reason: 'TLSA',
      retry: 'later',
      names: [name],
    });
  });

  test('pins hold beside records', async () => {
    const pins = [Buffer.alloc(32, 7).toString('base64')];
    const context = createTlsContext({ ca: root.cert, pins });
    const dialled = connect([leaf, middle], { context, tlsa: [record(leaf, 3, 1, 1)] });
    await expect(dialled).rejects.toMatchObject({ code: 'ERR_CERTIFICATE_PIN_MISMATCH' });
  });

  test('a session proven by records is resumed under the same records only', async () => {
    const server = await serve(leaf, [middle]);
    const peer = { context: strangers, serverHostname: name, protocol: 'smtp' } as const;
    const sessions = createSessionScope(peer);
    const tlsa = [record(leaf, 3, 1, 1)];
    const go = async (options: Partial<SecureOptions>): Promise<boolean> => {
      const stream = await secure(await server.dial(), { ...peer, sessions, ...options });
      await new Promise((resolve) => stream.once('data', resolve));
      stream.destroy();
      return stream.security.resumed;
    };
    try {
      expect(await go({ tlsa })).toBe(false);
      expect(await go({ tlsa })).toBe(true);
      expect(await go({ tlsa: [record(leaf, 3, 0, 1)] })).toBe(false);
      expect(await go({ tlsa })).toBe(false);
      await expect(go({})).rejects.toMatchObject({ code: 'ERR_CERTIFICATE_UNTRUSTED' });
    } finally {
      await server.close();
    }
  });

  test.each<[string, unknown]>([
    ['an empty list', []],
    ['usage 1', [record(leaf, 1, 1, 1)]],
    ['a digest that is too short', [{ ...record(leaf, 3, 1, 1), data: Buffer.alloc(31) }]],
    ['text', 'TLSA 3 1 1'],
    ['nothing in the list', [undefined]],
    ['a name that is none', [{ ...record(leaf, 2, 1, 1), names: ['a b'] }]],
    ['a name in place of a list', [{ ...record(leaf, 2, 1, 1), names: 'a.test' }]],
    ['too many', Array.from({ length: 101 }, () => record(leaf, 3, 1, 1))],
  ])('%s is refused before anything is sent', async (_, tlsa) => {
    await expect(connect([leaf], { tlsa: tlsa as readonly TlsaRecord[] })).rejects.toMatchObject({
      code: 'ERR_ARGUMENT',
      argument: 'tlsa',
    });
  });

  test("with verifyMode: 'none' records would be for show", async () => {
    const context = createTlsContext({ verifyMode: 'none', checkHostname: false });
    const dialled = connect([leaf], { context, tlsa: [record(leaf, 3, 1, 1)] });
    await expect(dialled).rejects.toMatchObject({ code: 'ERR_ARGUMENT', argument: 'tlsa' });
  });
});
