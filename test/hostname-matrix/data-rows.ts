/**
 * FTP's data connections: the control connection has proven who the server is, and now something answers at the port
 * that it named. RFC 4217 §7 and §10.
 */
import type { Shape } from './certificates.js';
import type { Refused, Way } from './rows.js';
import type { Trust } from './trust.js';

export interface DataRow {
  title: string;
  /** What the control connection presents. Default: a certificate for the name. */
  control?: Shape;
  /** What the data connection presents. `'same'`: what the control connection does. */
  data: Shape | 'same';
  /** Default `'proxy'`, through which data goes as well, past a tap. */
  way?: Way;
  /** Default `'a.example.test'`. */
  host?: string;
  serverHostname?: string;
  /** Default `'authority'`. */
  trust?: Trust;
  verdict: DataAccepted | Refused;
}

/** The transfer succeeds. */
export interface DataAccepted {
  /** Whether the data connection resumes the control connection's session. */
  resumed: boolean;
}

const a = 'a.example.test';
/** `bücher.example.test`, by RFC 3492. */
const buecher = 'xn--bcher-kva.example.test';

const named = (...names: string[]): Shape => ({ names });
const resumed: DataAccepted = { resumed: true };
const proven: DataAccepted = { resumed: false };
const mismatch: Refused = { code: 'ERR_CERTIFICATE_HOSTNAME_MISMATCH' };
const untrusted: Refused = { code: 'ERR_CERTIFICATE_UNTRUSTED' };

// biome-ignore format: a table, a row a line
export const dataRows: readonly DataRow[] = [
  // ── Right. ─────────────────────────────────────────────────────────────────────────────────────────────────
  { title: 'same certificate', data: 'same', verdict: resumed },
  { title: 'same certificate, TLS 1.2', data: 'same', trust: 'TLS 1.2 only', verdict: resumed },
  { title: 'same certificate, TLS 1.3', data: 'same', trust: 'TLS 1.3 only', verdict: resumed },
  { title: 'same certificate, dialled by address', data: 'same', way: 'IPv4', serverHostname: a, verdict: resumed },
  { title: 'same certificate, dialled by name', data: 'same', way: 'name', verdict: resumed },
  { title: 'same certificate, U-label', control: named(buecher), data: 'same', serverHostname: 'Bücher.example.test.', verdict: resumed },
  { title: 'same certificate, pinned', data: 'same', trust: 'a pin beside the authority', verdict: resumed },
  { title: 'same certificate, without SNI', data: 'same', trust: 'without SNI', verdict: resumed },
  { title: 'another certificate for the name', data: { names: [a], copy: 1 }, verdict: proven },
  { title: 'another certificate for the name, TLS 1.2', data: { names: [a], copy: 1 }, trust: 'TLS 1.2 only', verdict: proven },
  { title: 'wildcard', data: named('*.example.test'), verdict: proven },
  { title: 'intermediate sent', data: { names: [a], intermediate: 'sent' }, verdict: proven },
  { title: 'IP SAN', control: named('127.0.0.1'), data: { names: ['127.0.0.1'], copy: 1 }, way: 'IPv4', verdict: proven },
  { title: 'IPv6 literal', control: named('::1'), data: { names: ['::1'], copy: 1 }, way: 'IPv6', verdict: proven },
  { title: 'IPv6 literal, same certificate', control: named('::1'), data: 'same', way: 'IPv6', verdict: resumed },
  { title: 'name check switched off', data: named('b.example.test'), trust: 'no name check', verdict: proven },

  // ── Wrong, though the control connection was right. ────────────────────────────────────────────────────────
  { title: 'wrong name', data: named('b.example.test'), verdict: { ...mismatch, hint: /b\.example\.test/ } },
  { title: 'wrong name, TLS 1.2', data: named('b.example.test'), trust: 'TLS 1.2 only', verdict: mismatch },
  { title: 'wrong name, TLS 1.3', data: named('b.example.test'), trust: 'TLS 1.3 only', verdict: mismatch },
  { title: 'wrong name, dialled by address', data: named('b.example.test'), way: 'IPv4', serverHostname: a, verdict: mismatch },
  { title: 'wrong name, dialled by name', data: named('b.example.test'), way: 'name', verdict: { ...mismatch, serverHostname: a } },
  { title: 'certificate for the address that was dialled', data: named('127.0.0.1', 'localhost'), way: 'IPv4', serverHostname: a, verdict: mismatch },
  { title: 'certificate for the dialled name, which is not serverHostname', data: named('dialled.example.test'), way: 'name', host: 'dialled.example.test', serverHostname: a, verdict: mismatch },
  { title: 'wildcard one label short', control: named('a.b.example.test'), data: named('*.example.test'), serverHostname: 'a.b.example.test', verdict: mismatch },
  { title: 'partial wildcard', data: named('a*.example.test'), verdict: mismatch },
  { title: 'CN only', data: { names: [], commonName: a }, verdict: { ...mismatch, hint: /common name does not count/ } },
  { title: 'IP SAN wrong', control: named('127.0.0.1'), data: named('127.0.0.2'), way: 'IPv4', verdict: { ...mismatch, serverHostname: '127.0.0.1' } },
  { title: 'IPv6 literal wrong', control: named('::1'), data: named('::2'), way: 'IPv6', verdict: { ...mismatch, serverHostname: '::1' } },
  { title: 'ideographic full stop (U+3002) under a wildcard', control: named('a.b.example.test'), data: named('*.example.test'), serverHostname: 'a。b.example.test', verdict: { ...mismatch, serverHostname: 'a.b.example.test' } },
  { title: 'untrusted CA', data: { names: [a], stranger: true }, verdict: untrusted },
  { title: 'expired', data: { names: [a], validity: 'expired' }, verdict: { code: 'ERR_CERTIFICATE_EXPIRED' } },
  { title: 'not yet valid', data: { names: [a], validity: 'not-yet-valid' }, verdict: untrusted },
  { title: 'self-signed', data: { names: [a], selfSigned: true }, verdict: untrusted },
  { title: 'missing intermediate', data: { names: [a], intermediate: 'missing' }, verdict: untrusted },
  { title: 'certificate of a client', data: { names: [a], usage: 'client' }, verdict: untrusted },
  { title: 'revoked', data: { names: [a], revoked: true }, trust: 'a revocation list', verdict: { code: 'ERR_CERTIFICATE_REVOKED' } },
  { title: 'pin mismatch', data: { names: [a], copy: 1 }, trust: 'a pin beside the authority', verdict: { code: 'ERR_CERTIFICATE_PIN_MISMATCH' } },
  { title: 'pin alone, mismatch', control: { names: [a], selfSigned: true }, data: { names: [a], copy: 1, selfSigned: true }, trust: 'a pin alone', verdict: { code: 'ERR_CERTIFICATE_PIN_MISMATCH' } },
];
