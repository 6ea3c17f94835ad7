/**
 * Sessions: what a TlsContext, a scope or a pool may resume, and for whom. Node 20 resumes any session under any name
 * and checks nothing (CVE-2026-48934); so a session never gets there.
 */
import type { ProtocolName } from 'tls-context-core';
import type { Shape } from './certificates.js';

export interface SessionRow {
  title: string;
  /** What the server presents, first and later. */
  certificate: Shape;
  later?: Shape;
  /** Who the scope is made for; it is filled by a connection under this name. */
  scope: string;
  /** Who the second connection, which is given that scope, must be. */
  next: string;
  /** What of the scope is another than the connection's. */
  other?: 'port' | 'protocol' | 'context';
  /** The scope is cleared in between. */
  cleared?: true;
  verdict: { resumed: boolean } | { code: string };
}

const a = 'a.example.test';
const b = 'b.example.test';
/** A certificate for both: the name alone can keep a session from being resumed. */
const both: Shape = { names: [a, b, '127.0.0.1', 'xn--bcher-kva.example.test'] };
const resumed = { resumed: true };
const full = { resumed: false };
const refused = { code: 'ERR_ARGUMENT' };
const mismatch = { code: 'ERR_CERTIFICATE_HOSTNAME_MISMATCH' };

// biome-ignore format: a table, a row a line
export const sessionRows: readonly SessionRow[] = [
  { title: 'same name', certificate: both, scope: a, next: a, verdict: resumed },
  { title: 'same name, IP address', certificate: both, scope: '127.0.0.1', next: '127.0.0.1', verdict: resumed },
  { title: 'same name in upper case and with a trailing dot', certificate: both, scope: 'A.EXAMPLE.TEST.', next: a, verdict: resumed },
  { title: 'same name as U-label and A-label', certificate: both, scope: 'bücher.example.test', next: 'xn--bcher-kva.example.test', verdict: resumed },
  { title: 'same name, cleared', certificate: both, scope: a, next: a, cleared: true, verdict: full },
  { title: 'same name, another certificate for it', certificate: both, later: { ...both, copy: 1 }, scope: a, next: a, verdict: full },
  { title: 'same name, another certificate, for another name', certificate: both, later: { names: [b] }, scope: a, next: a, verdict: mismatch },
  { title: 'another name', certificate: both, scope: a, next: b, verdict: refused },
  { title: 'another name that is not in the certificate', certificate: both, scope: a, next: 'c.example.test', verdict: refused },
  { title: 'a name, then an IP address', certificate: both, scope: a, next: '127.0.0.1', verdict: refused },
  { title: 'another port', certificate: both, scope: a, next: a, other: 'port', verdict: refused },
  { title: 'another protocol', certificate: both, scope: a, next: a, other: 'protocol', verdict: refused },
  { title: 'another context', certificate: both, scope: a, next: a, other: 'context', verdict: refused },
];

/** Any protocol but the given one. */
export const otherProtocol = (protocol: ProtocolName): ProtocolName =>
  protocol === 'smtp' ? 'lmtp' : 'smtp';
