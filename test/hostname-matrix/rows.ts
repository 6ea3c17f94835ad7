/**
 * The matrix: who the server must be, what it presents, and the verdict. One table for all five clients, both ways to
 * TLS and all Node lines. RFC 9525, RFC 6125, RFC 5280, UTS 46.
 */
import type { Shape } from './certificates.js';
import type { Trust } from './trust.js';

/** How the client comes to its server. */
export type Way =
  /** It dials 127.0.0.1. */
  | 'IPv4'
  /** It dials ::1. */
  | 'IPv6'
  /** It dials a name that the resolver knows: `host`, which is also who the server must be, unless said otherwise. */
  | 'name'
  /** It is given a connected stream. */
  | 'stream'
  /** A Unix domain socket. */
  | 'socketPath'
  /** An HTTP proxy that resolves `host`. */
  | 'proxy';

export interface Row {
  title: string;
  /** What the server presents. */
  certificate: Shape;
  /** Default `'IPv4'`. */
  way?: Way;
  /** With the ways `name` and `proxy`. */
  host?: string;
  /** What the client is given; absent: nothing. */
  serverHostname?: string;
  /** Default `'authority'`. */
  trust?: Trust;
  /** Before this, the same TlsContext has made a verified connection to the same port under this name. */
  earlier?: string;
  verdict: Accepted | Refused;
}

/** The client is connected, logged in, and does its work. */
export interface Accepted {
  /** `client.security.serverHostname`. */
  serverHostname: string;
  /** `client.security.matchedName`. */
  matchedName: string | undefined;
  /** What the server saw as SNI. Default: `serverHostname`; `null`: none. */
  sni?: string | null;
  /** Default true. */
  verified?: boolean;
  /** Default `'ca'`. */
  trust?: string;
  /** The TLS version, where it matters. */
  protocol?: string;
}

/** `connect` throws. */
export interface Refused {
  code: string;
  /** What the hint says, where that matters; there always is one. */
  hint?: RegExp;
  /** The error's `serverHostname`. Default: what the row gives. */
  serverHostname?: string;
  /** True when it is refused before an octet leaves, and where there is no stream yet, before anything is dialled. */
  untouched?: true;
}

const a = 'a.example.test';
/** `bücher.example.test` and `ünïcode.example.test`, by RFC 3492. */
const buecher = 'xn--bcher-kva.example.test';
const unicode = 'xn--ncode-cta3g.example.test';

const named = (...names: string[]): Shape => ({ names });
const accepted = (name = a, matchedName: string | undefined = name): Accepted => ({
  serverHostname: name,
  matchedName,
});
const asIp = (name: string): Accepted => ({ ...accepted(name), sni: null });

const mismatch: Refused = { code: 'ERR_CERTIFICATE_HOSTNAME_MISMATCH' };
const untrusted: Refused = { code: 'ERR_CERTIFICATE_UNTRUSTED' };
const expired: Refused = { code: 'ERR_CERTIFICATE_EXPIRED' };
const wrongPin: Refused = { code: 'ERR_CERTIFICATE_PIN_MISMATCH', hint: /sha256\// };
const required: Refused = { code: 'ERR_SERVER_HOSTNAME_REQUIRED', untouched: true };
const invalid: Refused = { code: 'ERR_SERVER_HOSTNAME_INVALID', untouched: true };

// biome-ignore format: a table, a row a line
export const rows: readonly Row[] = [
  // ── The name is right. ─────────────────────────────────────────────────────────────────────────────────────
  { title: 'right name', certificate: named(a), serverHostname: a, verdict: accepted() },
  { title: 'the dialled name is the name', certificate: named(a), way: 'name', host: a, verdict: accepted() },
  { title: 'serverHostname comes before the dialled name', certificate: named(a), way: 'name', host: 'elsewhere.example.test', serverHostname: a, verdict: accepted() },
  { title: 'right name on a given stream', certificate: named(a), way: 'stream', serverHostname: a, verdict: accepted() },
  { title: 'right name through a Unix socket', certificate: named(a), way: 'socketPath', serverHostname: a, verdict: accepted() },
  { title: 'right name through a proxy', certificate: named(a), way: 'proxy', host: a, verdict: accepted() },
  { title: 'the last of many names', certificate: named('b.test', '192.0.2.1', '*.c.test', a), serverHostname: a, verdict: accepted() },
  { title: 'right name beside another CN', certificate: { names: [a], commonName: 'cn.example.test' }, serverHostname: a, verdict: accepted() },
  { title: 'right name over TLS 1.2', certificate: named(a), trust: 'TLS 1.2 only', serverHostname: a, verdict: { ...accepted(), protocol: 'TLSv1.2' } },
  { title: 'right name over TLS 1.3', certificate: named(a), trust: 'TLS 1.3 only', serverHostname: a, verdict: { ...accepted(), protocol: 'TLSv1.3' } },
  { title: 'right name without SNI', certificate: named(a), trust: 'without SNI', serverHostname: a, verdict: { ...accepted(), sni: null } },
  { title: 'intermediate sent', certificate: { names: [a], intermediate: 'sent' }, serverHostname: a, verdict: accepted() },
  { title: 'RSA certificate', certificate: { names: [a], keyType: 'rsa' }, serverHostname: a, verdict: accepted() },

  // ── One name in many spellings. ────────────────────────────────────────────────────────────────────────────
  { title: 'trailing dot', certificate: named(a), serverHostname: `${a}.`, verdict: accepted() },
  { title: 'trailing dot in the dialled name', certificate: named(a), way: 'name', host: `${a}.`, verdict: accepted() },
  { title: 'upper case', certificate: named(a), serverHostname: 'A.EXAMPLE.TEST', verdict: accepted() },
  { title: 'upper case in the certificate', certificate: named('A.EXAMPLE.Test'), serverHostname: a, verdict: accepted() },
  { title: 'upper case in a wildcard', certificate: named('*.EXAMPLE.Test'), serverHostname: a, verdict: accepted(a, '*.example.test') },
  { title: 'U-label', certificate: named(buecher), serverHostname: 'bücher.example.test', verdict: accepted(buecher) },
  { title: 'U-label in upper case', certificate: named(buecher), serverHostname: 'BÜCHER.Example.Test', verdict: accepted(buecher) },
  { title: 'U-label, decomposed', certificate: named(buecher), serverHostname: 'bu\u0308cher.example.test', verdict: accepted(buecher) },
  { title: 'U-label with two of them: ünïcode', certificate: named(unicode), serverHostname: 'ünïcode.example.test', verdict: accepted(unicode) },
  { title: 'A-label', certificate: named(buecher), serverHostname: buecher, verdict: accepted(buecher) },
  { title: 'A-label in upper case', certificate: named(buecher), serverHostname: 'XN--BCHER-KVA.example.test', verdict: accepted(buecher) },
  { title: 'A-label under a wildcard', certificate: named('*.example.test'), serverHostname: 'bücher.example.test', verdict: accepted(buecher, '*.example.test') },
  { title: 'fullwidth letters', certificate: named(a), serverHostname: 'ａ.ｅｘａｍｐｌｅ.test', verdict: accepted() },
  { title: 'ideographic full stop (U+3002) for a dot', certificate: named('a.b.example.test'), serverHostname: 'a。b.example.test', verdict: accepted('a.b.example.test') },
  { title: 'fullwidth full stop (U+FF0E) for a dot', certificate: named('a.b.example.test'), serverHostname: 'a．b.example.test', verdict: accepted('a.b.example.test') },
  { title: 'halfwidth full stop (U+FF61) for a dot', certificate: named('a.b.example.test'), serverHostname: 'a｡b.example.test', verdict: accepted('a.b.example.test') },
  { title: 'ideographic full stop (U+3002) at the end', certificate: named(a), serverHostname: 'a.example.test。', verdict: accepted() },
  { title: 'ideographic full stop (U+3002) is a dot to a wildcard too (CVE-2026-48618)', certificate: named('*.example.test'), serverHostname: 'a。b.example.test', verdict: { ...mismatch, serverHostname: 'a.b.example.test' } },

  // ── The name is wrong. ─────────────────────────────────────────────────────────────────────────────────────
  { title: 'wrong name', certificate: named('b.example.test'), serverHostname: a, verdict: { ...mismatch, hint: /b\.example\.test/ } },
  { title: 'wrong name over TLS 1.2', certificate: named('b.example.test'), trust: 'TLS 1.2 only', serverHostname: a, verdict: mismatch },
  { title: 'wrong name without SNI', certificate: named('b.example.test'), trust: 'without SNI', serverHostname: a, verdict: mismatch },
  { title: 'wrong name on a given stream', certificate: named('b.example.test'), way: 'stream', serverHostname: a, verdict: mismatch },
  { title: 'wrong name through a Unix socket', certificate: named('b.example.test'), way: 'socketPath', serverHostname: a, verdict: mismatch },
  { title: 'wrong name through a proxy', certificate: named('b.example.test'), way: 'proxy', host: a, verdict: { ...mismatch, serverHostname: a } },
  { title: 'the dialled name is the wrong one', certificate: named('b.example.test'), way: 'name', host: a, verdict: { ...mismatch, serverHostname: a } },
  { title: 'only the dialled name is right', certificate: named('b.example.test'), way: 'name', host: 'b.example.test', serverHostname: a, verdict: mismatch },
  { title: 'certificate for the parent', certificate: named('example.test'), serverHostname: a, verdict: mismatch },
  { title: 'certificate for a child', certificate: named('x.a.example.test'), serverHostname: a, verdict: mismatch },
  { title: 'certificate for a longer name', certificate: named('a.example.test.evil.test'), serverHostname: a, verdict: mismatch },
  { title: 'certificate for a name that ends alike', certificate: named('evila.example.test'), serverHostname: a, verdict: mismatch },
  { title: 'certificate for localhost, which nobody asked for', certificate: named('localhost', '127.0.0.1', '::1'), serverHostname: a, verdict: mismatch },
  { title: 'certificate for the A-label of another name', certificate: named(buecher), serverHostname: 'bucher.example.test', verdict: mismatch },
  { title: 'NUL in the certificate (CVE-2013-4238)', certificate: named('a.example.test\0.evil.test'), serverHostname: a, verdict: mismatch },
  { title: 'comma and DNS: in the certificate (CVE-2021-44532)', certificate: named('b.example.test, DNS:a.example.test'), serverHostname: a, verdict: mismatch },

  // ── Wildcards: the whole leftmost label, for exactly one label. RFC 9525 §6.3. ─────────────────────────────
  { title: 'wildcard', certificate: named('*.example.test'), serverHostname: a, verdict: accepted(a, '*.example.test') },
  { title: 'wildcard one label short', certificate: named('*.example.test'), serverHostname: 'a.b.example.test', verdict: mismatch },
  { title: 'wildcard for its own parent', certificate: named('*.example.test'), serverHostname: 'example.test', verdict: mismatch },
  { title: 'wildcard of another parent', certificate: named('*.example.org'), serverHostname: a, verdict: mismatch },
  { title: 'partial wildcard f*', certificate: named('f*.example.test'), serverHostname: 'foo.example.test', verdict: mismatch },
  { title: 'partial wildcard *b', certificate: named('*b.example.test'), serverHostname: 'ab.example.test', verdict: mismatch },
  { title: 'partial wildcard f*o', certificate: named('f*o.example.test'), serverHostname: 'foo.example.test', verdict: mismatch },
  { title: 'partial wildcard x* for an A-label', certificate: named('x*.example.test'), serverHostname: buecher, verdict: mismatch },
  { title: 'partial wildcard xn--* for an A-label', certificate: named('xn--*.example.test'), serverHostname: buecher, verdict: mismatch },
  { title: 'two stars in a label', certificate: named('**.example.test'), serverHostname: a, verdict: mismatch },
  { title: 'two wildcards', certificate: named('*.*.test'), serverHostname: a, verdict: mismatch },
  { title: 'wildcard in the second label', certificate: named('a.*.test'), serverHostname: a, verdict: mismatch },
  { title: 'wildcard for a top-level domain', certificate: named('*.test'), serverHostname: 'example.test', verdict: mismatch },
  { title: 'wildcard for everything', certificate: named('*'), serverHostname: 'localhost', verdict: mismatch },

  // ── Names in other places of the certificate. RFC 9525 §2. ─────────────────────────────────────────────────
  { title: 'CN only', certificate: { names: [], commonName: a }, serverHostname: a, verdict: { ...mismatch, hint: /common name does not count/ } },
  { title: 'CN right, SAN wrong', certificate: { names: ['b.example.test'], commonName: a }, serverHostname: a, verdict: mismatch },
  { title: 'CN right, an IP address as SAN', certificate: { names: ['127.0.0.1'], commonName: a }, serverHostname: a, verdict: mismatch },
  { title: 'URI SAN only (CVE-2021-44531)', certificate: { names: [], commonName: 'x', otherNames: [{ type: 'url', value: 'https://a.example.test/' }] }, serverHostname: a, verdict: mismatch },
  { title: 'email SAN only', certificate: { names: [], commonName: 'x', otherNames: [{ type: 'email', value: 'a@a.example.test' }] }, serverHostname: a, verdict: mismatch },

  // ── IP addresses: only against IP SANs, octet by octet. RFC 9525 §6.4. ─────────────────────────────────────
  { title: 'IP SAN', certificate: named('127.0.0.1'), serverHostname: '127.0.0.1', verdict: asIp('127.0.0.1') },
  { title: 'the dialled IP address is the name', certificate: named('127.0.0.1'), verdict: asIp('127.0.0.1') },
  { title: 'IP SAN wrong', certificate: named('127.0.0.2'), serverHostname: '127.0.0.1', verdict: { ...mismatch, hint: /127\.0\.0\.2/ } },
  { title: 'IP address as CN', certificate: { names: [], commonName: '127.0.0.1' }, serverHostname: '127.0.0.1', verdict: mismatch },
  { title: 'IP address dialled, certificate for a name', certificate: named(a), verdict: { ...mismatch, serverHostname: '127.0.0.1', hint: /serverHostname/ } },
  { title: 'name asked, certificate for the dialled IP address', certificate: named('127.0.0.1'), serverHostname: a, verdict: mismatch },
  { title: 'IP address under a wildcard', certificate: named('*.0.0.1'), serverHostname: '127.0.0.1', verdict: mismatch },
  { title: 'IPv6 literal', certificate: named('::1'), way: 'IPv6', verdict: asIp('::1') },
  { title: 'IPv6 literal in brackets', certificate: named('::1'), way: 'IPv6', serverHostname: '[::1]', verdict: asIp('::1') },
  { title: 'IPv6 literal in full', certificate: named('::1'), way: 'IPv6', serverHostname: '0:0:0:0:0:0:0:1', verdict: asIp('::1') },
  { title: 'IPv6 literal wrong', certificate: named('::2'), way: 'IPv6', verdict: { ...mismatch, serverHostname: '::1' } },
  { title: 'IPv6 literal, certificate for a name', certificate: named(a), way: 'IPv6', verdict: { ...mismatch, serverHostname: '::1' } },
  { title: 'IPv6 dialled, the name is right', certificate: named(a), way: 'IPv6', serverHostname: a, verdict: accepted() },
  { title: 'IPv4 address in IPv6 clothes', certificate: named('127.0.0.1'), serverHostname: '::ffff:127.0.0.1', verdict: { ...mismatch, serverHostname: '::ffff:7f00:1' } },

  // ── No name, or none that can be one: refused before an octet leaves. ──────────────────────────────────────
  { title: 'missing name on a given stream', certificate: named('localhost'), way: 'stream', verdict: required },
  { title: 'missing name through a Unix socket', certificate: named('localhost'), way: 'socketPath', verdict: required },
  { title: 'empty name', certificate: named('localhost'), serverHostname: '', verdict: required },
  { title: 'empty name on a given stream', certificate: named('localhost'), way: 'stream', serverHostname: '', verdict: required },
  { title: 'name with a port', certificate: named(a), serverHostname: `${a}:993`, verdict: invalid },
  { title: 'wildcard as the name', certificate: named('*.example.test'), serverHostname: '*.example.test', verdict: invalid },
  { title: 'abbreviated IP address', certificate: named('127.0.0.1'), serverHostname: '127.1', verdict: invalid },
  { title: 'percent-encoded name', certificate: named(a), serverHostname: '%61.example.test', verdict: invalid },
  { title: 'NUL in the name', certificate: named(a), serverHostname: `${a}\0.evil.test`, verdict: invalid },
  { title: 'two trailing dots', certificate: named(a), serverHostname: `${a}..`, verdict: invalid },
  { title: 'zone id', certificate: named('fe80::1'), serverHostname: 'fe80::1%lo', verdict: invalid },
  { title: 'invisible character', certificate: named(a), serverHostname: 'a\u200b.example.test', verdict: invalid },
  { title: 'A-label that stands for nothing', certificate: named('xn--a.example.test'), serverHostname: 'xn--a.example.test', verdict: invalid },
  { title: 'invalid name on a given stream', certificate: named(a), way: 'stream', serverHostname: 'a b', verdict: invalid },

  // ── The chain. ─────────────────────────────────────────────────────────────────────────────────────────────
  { title: 'untrusted CA', certificate: named(a), trust: 'stranger', serverHostname: a, verdict: { ...untrusted, hint: /\bca\b/ } },
  { title: 'untrusted CA over TLS 1.2', certificate: { ...named(a), intermediate: 'sent' }, trust: 'stranger', serverHostname: a, verdict: untrusted },
  { title: "CA that the system's roots don't know", certificate: named(a), trust: 'system', serverHostname: a, verdict: untrusted },
  { title: 'untrusted CA and wrong name', certificate: named('b.example.test'), trust: 'stranger', serverHostname: a, verdict: untrusted },
  { title: 'expired', certificate: { names: [a], validity: 'expired' }, serverHostname: a, verdict: { ...expired, hint: /renew/ } },
  { title: 'expired and wrong name', certificate: { names: ['b.example.test'], validity: 'expired' }, serverHostname: a, verdict: expired },
  { title: 'not yet valid', certificate: { names: [a], validity: 'not-yet-valid' }, serverHostname: a, verdict: { ...untrusted, hint: /clock/ } },
  { title: 'self-signed', certificate: { names: [a], selfSigned: true }, serverHostname: a, verdict: { ...untrusted, hint: /fingerprint.*pins/ } },
  { title: 'self-signed, given as ca', certificate: { names: [a], selfSigned: true }, trust: 'the certificate itself', serverHostname: a, verdict: accepted() },
  { title: 'self-signed, given as ca, wrong name', certificate: { names: ['b.example.test'], selfSigned: true }, trust: 'the certificate itself', serverHostname: a, verdict: mismatch },
  { title: 'missing intermediate', certificate: { names: [a], intermediate: 'missing' }, serverHostname: a, verdict: { ...untrusted, hint: /intermediate/ } },
  { title: 'certificate of a client', certificate: { names: [a], usage: 'client' }, serverHostname: a, verdict: untrusted },
  { title: 'revocation list without it', certificate: named(a), trust: 'a revocation list', serverHostname: a, verdict: accepted() },
  { title: 'revoked', certificate: { names: [a], revoked: true }, trust: 'a revocation list', serverHostname: a, verdict: { code: 'ERR_CERTIFICATE_REVOKED' } },
  { title: 'revoked, and no list given', certificate: { names: [a], revoked: true }, serverHostname: a, verdict: accepted() },
  { title: 'revocation list of another authority', certificate: named(a), trust: "a stranger's revocation list", serverHostname: a, verdict: untrusted },

  // ── Pins: beside chain and name, or instead of the chain. ──────────────────────────────────────────────────
  { title: 'pin', certificate: named(a), trust: 'a pin beside the authority', serverHostname: a, verdict: accepted() },
  { title: 'pin mismatch', certificate: named(a), trust: 'a wrong pin beside the authority', serverHostname: a, verdict: wrongPin },
  { title: 'pin and wrong name', certificate: named('b.example.test'), trust: 'a pin beside the authority', serverHostname: a, verdict: mismatch },
  { title: 'pin and expired', certificate: { names: [a], validity: 'expired' }, trust: 'a pin beside the authority', serverHostname: a, verdict: expired },
  { title: 'pin alone, self-signed', certificate: { names: [a], selfSigned: true }, trust: 'a pin alone', serverHostname: a, verdict: { ...accepted(), trust: 'pins' } },
  { title: 'pin alone, self-signed, wrong name', certificate: { names: ['b.example.test'], selfSigned: true }, trust: 'a pin alone', serverHostname: a, verdict: mismatch },
  { title: 'pin alone, self-signed, expired', certificate: { names: [a], selfSigned: true, validity: 'expired' }, trust: 'a pin alone', serverHostname: a, verdict: expired },
  { title: 'pin alone, mismatch', certificate: { names: [a], selfSigned: true }, trust: 'a wrong pin alone', serverHostname: a, verdict: wrongPin },

  // ── Sessions: what was verified under one name proves nothing under another (CVE-2026-48934). ──────────────
  { title: 'session saved under another name', certificate: named(a), earlier: a, serverHostname: 'b.example.test', verdict: mismatch },
  { title: 'session saved under another name, TLS 1.2', certificate: named(a), trust: 'TLS 1.2 only', earlier: a, serverHostname: 'b.example.test', verdict: mismatch },
  { title: 'session saved under another name without SNI', certificate: named(a), trust: 'without SNI', earlier: a, serverHostname: 'b.example.test', verdict: mismatch },
  { title: 'session saved under a name, then an IP address', certificate: named(a), earlier: a, serverHostname: '127.0.0.1', verdict: mismatch },
  { title: 'session saved under another name, both in the certificate', certificate: named(a, 'b.example.test'), earlier: a, serverHostname: 'b.example.test', verdict: accepted('b.example.test') },
  { title: 'session saved under another spelling of the name', certificate: named(a), earlier: 'A.EXAMPLE.TEST.', serverHostname: a, verdict: accepted() },

  // ── Switched off, in so many words: it shows. ──────────────────────────────────────────────────────────────
  { title: 'name check switched off', certificate: named('b.example.test'), trust: 'no name check', serverHostname: a, verdict: { ...accepted(a), matchedName: undefined, verified: false } },
  { title: 'name check switched off, untrusted CA', certificate: { names: [a], selfSigned: true }, trust: 'no name check', serverHostname: a, verdict: untrusted },
  { title: 'all checks switched off', certificate: { names: ['b.example.test'], selfSigned: true }, trust: 'no check at all', serverHostname: a, verdict: { ...accepted(a), matchedName: undefined, verified: false, trust: 'none' } },
];
