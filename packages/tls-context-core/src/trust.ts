/** Whom a context trusts, and the verdict on a chain: a path of our own, with OpenSSL as a second judge of it. */

import { anchorsOf, type BySubject } from './anchors.js';
import type { Certificate } from './certificate.js';
import { nameKey } from './name-key.js';
import { findPath, type PathVerdict, type TrustAnchors, type VerifiedPath } from './path.js';
import type { PathFault } from './path-rules.js';
import type { RevocationLists } from './revocation.js';
import { demandsLists } from './runtime.js';

/** The roots that were meant, and the lists that were given. Shared by contexts with equal options. */
export interface Trust {
  readonly anchors: TrustAnchors;
  readonly lists: RevocationLists | undefined;
  /** The caller asked for keys and signatures beyond our own minimum, which OpenSSL alone can judge. */
  readonly beyondStrong: boolean;
  /** Paths that were found, by leaf and name. */
  readonly found: Map<string, Found>;
}

interface Found extends VerifiedPath {
  readonly sent: readonly Uint8Array[];
  readonly alone: boolean;
}

/** What a handshake showed of a chain. */
export interface Chain {
  readonly leaf: Certificate;
  readonly fingerprint256: string;
  /** DER, as sent, without the leaf. */
  readonly sent: readonly Uint8Array[];
  /** OpenSSL's name for what is wrong with it, if anything. */
  readonly chainFault: string | undefined;
}

/** @param roots PEM; the same array for the same roots, so that they are indexed once. */
export function createTrust(
  roots: readonly string[],
  lists: RevocationLists | undefined,
  beyondStrong: boolean,
): Trust {
  let index: BySubject | undefined;
  const issuers = (): BySubject => {
    index ??= anchorsOf(roots);
    return index;
  };
  const anchors: TrustAnchors = {
    get issuers() {
      return issuers();
    },
    isAnchor: ({ subject, der }) =>
      issuers()
        .get(nameKey(subject))
        ?.some((anchor) => Buffer.compare(anchor, der) === 0) ?? false,
  };
  return { anchors, lists, beyondStrong, found: new Map() };
}

/**
 * What OpenSSL may say of the path that it tried, whereas ours was found to be sound in just that: it does not turn
 * back where its first path fails, takes no intermediate for an anchor, and trusts what came with a PKCS#12.
 */
const ofItsPath =
  /^(?:UNABLE_TO_GET_ISSUER_CERT(?:_LOCALLY)?|UNABLE_TO_VERIFY_LEAF_SIGNATURE|SELF_SIGNED_CERT_IN_CHAIN|DEPTH_ZERO_SELF_SIGNED_CERT|CERT_SIGNATURE_FAILURE|CERT_HAS_EXPIRED|CERT_NOT_YET_VALID|CERT_REVOKED|INVALID_CA|PATH_LENGTH_EXCEEDED|CERT_CHAIN_TOO_LONG|UNABLE_TO_GET_CRL|CRL_HAS_EXPIRED|CRL_NOT_YET_VALID)$/;

/**
 * Judges a chain: the verdict is the path's. Where OpenSSL objects to what may be another path, ours must stand alone.
 *
 * @param meant the name that a wildcard of the leaf stands for.
 */
export function verifyChain(
  { leaf, fingerprint256, sent, chainFault }: Chain,
  trust: Trust,
  meant: string | undefined,
): PathVerdict {
  const { anchors, lists, found } = trust;
  const now = Date.now();
  const alone = chainFault !== undefined;
  const key = `${fingerprint256} ${meant ?? ''}`;
  const known = found.get(key);
  const isKnown = known && (known.alone || !alone) && isCurrent(known, now) && isSame(known, sent);
  const verdict = isKnown
    ? known
    : findPath(leaf, sent, anchors, {
        now,
        lists,
        meant,
        strict: alone,
        listed: alone || !demandsLists,
      });
  if ('fault' in verdict) return { fault: tellingFault(verdict.fault, chainFault) };
  if (!isOverruled(chainFault, verdict, trust)) return { fault: theirs(chainFault) };
  if (!isKnown) remember(found, key, { ...verdict, sent, alone });
  return verdict;
}

function isOverruled(
  chainFault: string | undefined,
  { passedOver }: VerifiedPath,
  { beyondStrong }: Trust,
): boolean {
  if (chainFault === undefined) return true;
  if (beyondStrong) return false; // its last complaint may hide one about strength
  // Node has no name for violated name constraints; it has none for much else.
  const hasSeenThem = chainFault === 'UNSPECIFIED' && passedOver?.violation !== undefined;
  return hasSeenThem || ofItsPath.test(chainFault);
}

/** Ours says more than OpenSSL's last complaint, but about lists, which it tells apart, and keys that did not sign. */
function tellingFault(ours: PathFault | undefined, chainFault: string | undefined): PathFault {
  const vague = /^(?:UNABLE_TO_GET_CRL|CERT_SIGNATURE_FAILURE)$/;
  const useTheirs = !ours || (chainFault !== undefined && vague.test(ours.reason));
  return useTheirs ? theirs(chainFault) : ours;
}

/** Where OpenSSL is content, it trusts an anchor that was not meant. */
const theirs = (chainFault = 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY'): { reason: string } => ({
  reason: chainFault,
});

const isCurrent = ({ validFrom, validUntil }: VerifiedPath, now: number): boolean =>
  validFrom <= now && now <= validUntil;

const isSame = (known: Found, sent: readonly Uint8Array[]): boolean =>
  known.sent.length === sent.length &&
  known.sent.every((der, at) => Buffer.compare(der, sent[at] as Uint8Array) === 0);

/** As many chains as a mailer or a crawler meets at once; a path costs less than a millisecond to find again. */
const foundLimit = 100;

/** Octets of a chain; those of the longest honest ones are fewer. */
const rememberedOctets = 1 << 15;

function remember(found: Map<string, Found>, key: string, path: Found): void {
  found.delete(key);
  if (path.sent.reduce((sum, { length }) => sum + length, 0) > rememberedOctets) return;
  for (const oldest of found.keys()) {
    if (found.size < foundLimit) break;
    found.delete(oldest);
  }
  found.set(key, path);
}
