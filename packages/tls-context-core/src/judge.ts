/**
 * The verdict on a peer: chain, name, pins, ALPN, in this order. Pure, so that each rule can be tested without a wire.
 */

import type { Certificate } from './certificate.js';
import { chainError } from './chain-error.js';
import { type ErrorContext, isFivewireError, TlsError } from './errors.js';
import { isExcluded } from './excluded-names.js';
import { matchIdentity, parseCertificate, printableNames } from './identity-check.js';
import { pinOf } from './pins.js';
import { matchTlsa, tlsaKey } from './tlsa.js';
import type { ServerHostname, TlsaRecord, TlsContext } from './types.js';

/** What a connection must show. */
export interface Demands {
  readonly context: TlsContext;
  readonly identity: ServerHostname;
  readonly pins: ReadonlySet<string>;
  /** The SRV-ID that serves as well, in lower case. */
  readonly srvId?: string | undefined;
  /** TLSA records in place of the trusted roots. */
  readonly tlsa?: readonly TlsaRecord[] | undefined;
  /** The ALPN name that was offered. */
  readonly alpn: string | undefined;
  readonly errorContext: ErrorContext;
}

/** What a full handshake showed. */
export interface Evidence {
  /** OpenSSL's name for what is wrong with the chain; `undefined` where it accepts it. */
  readonly chainFault: string | undefined;
  /** DER, leaf first. */
  readonly chain: readonly Uint8Array[];
  readonly fingerprint256: string;
}

/** What was proven, and is remembered beside a session. */
export interface Proof {
  /** Not read where nothing of it is judged. */
  readonly leaf: Certificate | undefined;
  readonly chain: readonly Uint8Array[];
  readonly fingerprint256: string;
  readonly matchedName: string | undefined;
  /** When the first certificate of the chain expires, in milliseconds since 1970. */
  readonly validUntil: number;
  /** The TLSA records that took the place of the roots. */
  readonly tlsa?: string | undefined;
}

/** Judges a full handshake. Throws a `TlsError`, which carries the chain whatever was wrong: tools show who was there. */
export function judgeHandshake(evidence: Evidence, demands: Demands): Proof {
  try {
    return judge(evidence, demands);
  } catch (error) {
    if (isFivewireError(error) && !('chain' in error)) {
      Object.defineProperty(error, 'chain', { value: evidence.chain }); // not enumerable: long
    }
    throw error;
  }
}

function judge(evidence: Evidence, demands: Demands): Proof {
  const { context, pins, errorContext } = demands;
  const { chain, fingerprint256 } = evidence;
  const [leafDer, ...issuers] = chain;
  if (!leafDer) throw withoutCertificate(errorContext);
  if (context.verifyMode === 'none' && pins.size === 0 && !context.checkHostname) {
    const validUntil = Number.POSITIVE_INFINITY;
    return { leaf: undefined, chain, fingerprint256, matchedName: undefined, validUntil };
  }
  const leaf = parseCertificate(leafDer, errorContext);
  if (demands.tlsa) return judgeByTlsa(leaf, evidence, demands);
  judgeChain(leaf, evidence, demands);
  const matchedName = judgeLeaf(leaf, fingerprint256, withinLimits(issuers, demands));
  judgeWildcard(leaf, matchedName, evidence, demands);
  const validUntil = earliestEnd(leaf, issuers, context);
  return { leaf, chain, fingerprint256, matchedName, validUntil };
}

/** Judges a resumed session by the leaf that was verified when it began. Throws a `TlsError`. */
export function judgeResumption(remembered: Proof, demands: Demands): Proof {
  const { leaf, chain, fingerprint256, validUntil } = remembered;
  if (!leaf) return remembered;
  if (validUntil <= Date.now()) {
    const refused = { leaf, chain, fingerprint256 };
    throw chainError('CERT_HAS_EXPIRED', refused, demands.errorContext);
  }
  // What the same records vouched for then, they vouch for now; whether names count, they say again.
  if (demands.tlsa)
    return judgeByTlsa(leaf, { chain, fingerprint256, chainFault: undefined }, demands);
  return { ...remembered, matchedName: judgeLeaf(leaf, fingerprint256, demands) };
}

/** "Another one selected = error; none selected = accepted": most servers know no ALPN (RFC 7301 §3.2, ALPACA). */
export function judgeAlpn(selected: string | undefined, demands: Demands): void {
  if (selected === undefined || selected === demands.alpn) return;
  throw new TlsError('ERR_TLS_ALPN', `the server selected "${selected}", which was not offered`, {
    ...demands.errorContext,
    hint: 'Another service answers here: connections may be redirected across protocols (ALPACA).',
  });
}

function judgeChain(
  leaf: Certificate,
  evidence: Evidence,
  { context, errorContext }: Demands,
): void {
  if (context.verifyMode === 'none') return;
  const fault = context.trust === 'pins' ? leafFault(leaf) : evidence.chainFault;
  if (fault !== undefined) throw chainError(fault, { leaf, ...evidence }, errorContext);
}

/** A name that the certificate spells out is within its authorities' limits, or OpenSSL had refused the chain. */
function judgeWildcard(
  leaf: Certificate,
  matchedName: string | undefined,
  evidence: Evidence,
  { context, identity, errorContext }: Demands,
): void {
  const [, ...issuers] = evidence.chain;
  if (context.verifyMode === 'none' || context.trust === 'pins') return;
  if (matchedName?.startsWith('*.') && isExcluded(identity.name, issuers)) {
    throw chainError('EXCLUDED_VIOLATION', { leaf, ...evidence }, errorContext);
  }
}

/** DANE (RFC 7671 §5): the records stand in place of the roots; what is revoked stays so, and pins hold as ever. */
function judgeByTlsa(leaf: Certificate, evidence: Evidence, demands: Demands): Proof {
  const { tlsa = [], errorContext } = demands;
  const { chain, fingerprint256, chainFault } = evidence;
  const refused = { leaf, ...evidence };
  if (chainFault === 'CERT_REVOKED') throw chainError(chainFault, refused, errorContext);
  const vouched = matchTlsa(tlsa, chain);
  if (vouched === undefined) throw tlsaMismatch(evidence, leaf, errorContext);
  const proof = { leaf, chain, fingerprint256, tlsa: tlsaKey(tlsa) };
  if (vouched === 'endEntity') {
    judgePins(leaf, fingerprint256, demands);
    return { ...proof, matchedName: undefined, validUntil: Number.POSITIVE_INFINITY };
  }
  const unfit = leafFault(leaf);
  if (unfit !== undefined) throw chainError(unfit, refused, errorContext);
  const matchedName = judgeLeaf(leaf, fingerprint256, demands);
  return { ...proof, matchedName, validUntil: leaf.notAfter };
}

const serverAuth = '1.3.6.1.5.5.7.3.1';
const anyPurpose = '2.5.29.37.0';

/** What OpenSSL would say about the leaf, were its issuer trusted; its own verdict stops at the issuer. */
function leafFault({ notBefore, notAfter, purposes }: Certificate): string | undefined {
  const now = Date.now();
  if (now < notBefore) return 'CERT_NOT_YET_VALID';
  if (now > notAfter) return 'CERT_HAS_EXPIRED';
  const forServers = !purposes || purposes.includes(serverAuth) || purposes.includes(anyPurpose);
  return forServers ? undefined : 'INVALID_PURPOSE';
}

function judgeLeaf(
  leaf: Certificate,
  fingerprint256: string,
  demands: Demands,
): string | undefined {
  const { context, identity, srvId, errorContext } = demands;
  const matchedName = context.checkHostname
    ? matchIdentity(leaf, identity, errorContext, srvId)
    : undefined;
  judgePins(leaf, fingerprint256, demands);
  return matchedName;
}

/**
 * An authority that is limited to some names could still name any service: OpenSSL holds a limit on DNS names against
 * those only. So below such an authority no SRV-ID counts.
 */
function withinLimits(issuers: readonly Uint8Array[], demands: Demands): Demands {
  const limited =
    demands.srvId !== undefined && issuers.some((der) => parseCertificate(der).constrainsNames);
  return limited ? { ...demands, srvId: undefined } : demands;
}

function judgePins(
  leaf: Certificate,
  fingerprint256: string,
  { pins, errorContext }: Demands,
): void {
  const pin = pins.size > 0 ? pinOf(leaf.publicKeyInfo) : undefined;
  if (pin !== undefined && !pins.has(pin)) throw pinMismatch(pin, fingerprint256, errorContext);
}

function earliestEnd(
  leaf: Certificate,
  issuers: readonly Uint8Array[],
  { trust }: TlsContext,
): number {
  if (trust === 'pins' || trust === 'none') return leaf.notAfter;
  return Math.min(leaf.notAfter, ...issuers.map((der) => parseCertificate(der).notAfter));
}

const withoutCertificate = (context: ErrorContext): TlsError =>
  new TlsError('ERR_CERTIFICATE_UNTRUSTED', 'the server showed no certificate', {
    ...context,
    hint: 'Anonymous cipher suites prove nothing: take them out of ciphers.',
  });

const tlsaMismatch = (
  { chain, fingerprint256 }: Evidence,
  leaf: Certificate,
  context: ErrorContext,
): TlsError =>
  new TlsError('ERR_CERTIFICATE_UNTRUSTED', 'no TLSA record matches the certificate', {
    ...context,
    reason: 'TLSA',
    names: printableNames(leaf.names),
    fingerprint256,
    chain,
    hint: 'DNS vouches for another key: the operator may have renewed the certificate and not the record, or someone stands in between. Try again later.',
    retry: 'later',
  });

const pinMismatch = (pin: string, fingerprint256: string, context: ErrorContext): TlsError =>
  new TlsError('ERR_CERTIFICATE_PIN_MISMATCH', 'the key of the server is not one of the pins', {
    ...context,
    fingerprint256,
    hint: `The server's key is sha256/${pin}: if it was renewed on purpose, add that to pins.`,
  });
