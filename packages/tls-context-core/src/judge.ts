/**
 * The verdict on a peer: chain, name, pins, ALPN, in this order. Pure, so that each rule can be tested without a wire.
 */

import type { Certificate } from './certificate.js';
import { chainError } from './chain-error.js';
import { type ErrorContext, isFivewireError, TlsError } from './errors.js';
import { findMatch, matchIdentity, parseCertificate, printableNames } from './identity-check.js';
import { findPath, type VerifiedPath } from './path.js';
import { soloFault } from './path-rules.js';
import { pinOf } from './pins.js';
import { isEndEntity, namesBeside, tlsaAnchors, tlsaKey } from './tlsa.js';
import { type Trust, verifyChain } from './trust.js';
import type { ServerHostname, TlsaRecord, TlsContext } from './types.js';

/** What a connection must show. */
export interface Demands {
  readonly context: TlsContext;
  readonly trust: Trust;
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
  /** What was verified of it, and the anchor; absent where nothing but the leaf was. */
  readonly path?: readonly Certificate[] | undefined;
  readonly fingerprint256: string;
  readonly matchedName: string | undefined;
  /** When the first certificate of the path expires, in milliseconds since 1970. */
  readonly validUntil: number;
  /** The TLSA records that took the place of the roots. */
  readonly tlsa?: string | undefined;
  /** The group of the key exchange, as far as Node tells. */
  readonly group?: string | undefined;
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
  const [leafDer] = chain;
  if (!leafDer) throw withoutCertificate(errorContext);
  if (context.verifyMode === 'none' && pins.size === 0 && !context.checkHostname) {
    const validUntil = Number.POSITIVE_INFINITY;
    return { leaf: undefined, chain, fingerprint256, matchedName: undefined, validUntil };
  }
  const leaf = parseCertificate(leafDer, errorContext);
  if (demands.tlsa) return judgeByTlsa(leaf, evidence, demands);
  const verified = judgeChain(leaf, evidence, demands);
  const path = verified?.path;
  const matchedName = judgeLeaf(leaf, fingerprint256, withinLimits(path, demands));
  const validUntil = verified?.validUntil ?? leaf.notAfter;
  return { leaf, chain, path, fingerprint256, matchedName, validUntil };
}

/** Judges a resumed session by the leaf that was verified when it began. Throws a `TlsError`. */
export function judgeResumption(remembered: Proof, demands: Demands): Proof {
  const { leaf, chain, path, fingerprint256, validUntil } = remembered;
  if (!leaf) return remembered;
  if (validUntil <= Date.now()) {
    const refused = { leaf, chain, fingerprint256 };
    throw chainError({ reason: 'CERT_HAS_EXPIRED' }, refused, demands.errorContext);
  }
  // What the same records vouched for then, they vouch for now; whether names count, they say again.
  if (demands.tlsa)
    return judgeByTlsa(leaf, { chain, fingerprint256, chainFault: undefined }, demands);
  const matchedName = judgeLeaf(leaf, fingerprint256, withinLimits(path, demands));
  return { ...remembered, matchedName };
}

/** "Another one selected = error; none selected = accepted": most servers know no ALPN (RFC 7301 §3.2, ALPACA). */
export function judgeAlpn(selected: string | undefined, demands: Demands): void {
  if (selected === undefined || selected === demands.alpn) return;
  throw new TlsError('ERR_TLS_ALPN', `the server selected "${selected}", which was not offered`, {
    ...demands.errorContext,
    hint: 'Another service answers here: connections may be redirected across protocols (ALPACA).',
  });
}

/** The path that vouches for the leaf; none where it is not asked for. */
function judgeChain(
  leaf: Certificate,
  evidence: Evidence,
  demands: Demands,
): VerifiedPath | undefined {
  const { context, trust, errorContext } = demands;
  const refused = { leaf, ...evidence };
  if (context.verifyMode === 'none') return undefined;
  if (context.trust === 'pins') {
    const fault = soloFault(leaf, Date.now());
    if (fault) throw chainError(fault, refused, errorContext);
    return undefined;
  }
  const { chain, fingerprint256, chainFault } = evidence;
  const shown = { leaf, fingerprint256, sent: chain.slice(1), chainFault };
  const verdict = verifyChain(shown, trust, wildcardFor(leaf, demands));
  if ('path' in verdict) return verdict;
  throw chainError(verdict.fault ?? nothing, refused, errorContext);
}

const nothing = { reason: 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY' };

/** The name that is meant, where a wildcard of the leaf stands for it. */
function wildcardFor(leaf: Certificate, { context, identity }: Demands): string | undefined {
  const matched = context.checkHostname ? findMatch(leaf.names, identity) : undefined;
  return matched?.startsWith('*.') ? identity.name : undefined;
}

/** DANE (RFC 7671 §5): the records stand in place of the roots; what is revoked stays so, and pins hold as ever. */
function judgeByTlsa(leaf: Certificate, evidence: Evidence, demands: Demands): Proof {
  const { tlsa = [], trust, errorContext } = demands;
  const { chain, fingerprint256, chainFault } = evidence;
  const { lists } = trust;
  const refused = { leaf, ...evidence };
  if (chainFault === 'CERT_REVOKED' || lists?.isRevoked(leaf)) {
    throw chainError({ reason: 'CERT_REVOKED' }, refused, errorContext);
  }
  const proof = { leaf, chain, fingerprint256, tlsa: tlsaKey(tlsa) };
  if (isEndEntity(tlsa, leaf)) {
    judgePins(leaf, fingerprint256, demands);
    return { ...proof, matchedName: undefined, validUntil: Number.POSITIVE_INFINITY };
  }
  const sent = chain.slice(1);
  const anchors = tlsaAnchors(tlsa, leaf, sent);
  if (!anchors) throw tlsaMismatch(evidence, leaf, errorContext);
  const named = [demands.identity, ...namesBeside(tlsa)].find((one) => findMatch(leaf.names, one));
  const meant = { ...demands, identity: named ?? demands.identity };
  const rules = { now: Date.now(), lists, meant: wildcardFor(leaf, meant), strict: true };
  const verdict = findPath(leaf, sent, anchors, rules);
  if ('fault' in verdict) {
    throw verdict.fault && verdict.fault.reason !== 'CERT_SIGNATURE_FAILURE'
      ? chainError(verdict.fault, refused, errorContext)
      : tlsaMismatch(evidence, leaf, errorContext);
  }
  const { path, validUntil } = verdict;
  const matchedName = judgeLeaf(leaf, fingerprint256, withinLimits(path, meant));
  return { ...proof, path, matchedName, validUntil };
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
function withinLimits(path: readonly Certificate[] | undefined, demands: Demands): Demands {
  const limited = path?.slice(1).some(({ nameConstraints }) => nameConstraints !== undefined);
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
