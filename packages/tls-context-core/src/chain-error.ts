/** From OpenSSL's verdict on a chain to a code and a sentence that helps; never to "disable verification". */

import { attempt } from './attempt.js';
import { type Certificate, readCertificate } from './certificate.js';
import { shortName } from './distinguished-name.js';
import { type ErrorContext, TlsError, type TlsErrorCode } from './errors.js';
import { printableNames } from './identity-check.js';
import type { PathFault } from './path-rules.js';
import { pinOf } from './pins.js';

/** What is known about the peer's certificate when its chain was refused. */
export interface Refused {
  readonly leaf: Certificate;
  readonly fingerprint256: string;
  readonly chain: readonly Uint8Array[];
}

interface ChainVerdict {
  readonly reason: RegExp;
  readonly code: TlsErrorCode;
  readonly message: string;
  readonly hint: (refused: Refused, fault: PathFault) => string;
}

const trustIt = ({ leaf, fingerprint256 }: Refused): string =>
  `Its SHA-256 fingerprint is ${fingerprint256}. If you have compared that with the server's, give its certificate as ca, or pins: ['sha256/${pinOf(leaf.publicKeyInfo)}'] with trust: 'pins'.`;

const issuerOf = ({ leaf }: Refused): string => `"${shortName(leaf.issuer)}"`;
/** Where no path tells: the first that has expired among what was sent; else the leaf. */
function expiredIn({ leaf, chain }: Refused): Certificate {
  const sent = chain.flatMap((der) => attempt(() => readCertificate(der)) ?? []);
  return sent.find(({ notAfter }) => notAfter < Date.now()) ?? leaf;
}

const day = (milliseconds: number): string => new Date(milliseconds).toISOString().slice(0, 10);

const otherAuthority =
  'the operator must get a certificate from another authority, or one without that name.';

/** First match wins. */
const chainVerdicts: readonly ChainVerdict[] = [
  {
    reason: /^CERT_HAS_EXPIRED$/,
    code: 'ERR_CERTIFICATE_EXPIRED',
    message: 'the certificate, or one that it depends on, has expired',
    hint: (refused, { culprit = expiredIn(refused) }) => {
      const { subject, notAfter } = culprit;
      return `"${shortName(subject)}" was valid until ${day(notAfter)}: the server's operator must renew it. If that day is not past, this machine's clock is wrong.`;
    },
  },
  {
    reason: /^CERT_NOT_YET_VALID$/,
    code: 'ERR_CERTIFICATE_UNTRUSTED',
    message: 'the certificate is not valid yet',
    hint: ({ leaf }, { culprit }) =>
      `It is valid from ${day((culprit ?? leaf).notBefore)} on: is this machine's clock right?`,
  },
  {
    reason: /^CERT_REVOKED$/,
    code: 'ERR_CERTIFICATE_REVOKED',
    message: 'the certificate has been revoked by its issuer',
    hint: () =>
      'Do not go on: its key may be in wrong hands. The operator must install a new certificate.',
  },
  {
    reason: /^DEPTH_ZERO_SELF_SIGNED_CERT$/,
    code: 'ERR_CERTIFICATE_UNTRUSTED',
    message: 'the certificate is self-signed',
    hint: trustIt,
  },
  {
    reason: /^SELF_SIGNED_CERT_IN_CHAIN$/,
    code: 'ERR_CERTIFICATE_UNTRUSTED',
    message: 'the chain ends in a root that is not trusted',
    hint: (refused) =>
      `The server's authority is private or unknown here: give its root as ca. ${trustIt(refused)}`,
  },
  {
    reason: /^UNABLE_TO_VERIFY_LEAF_SIGNATURE$/,
    code: 'ERR_CERTIFICATE_UNTRUSTED',
    message: 'the issuer of the certificate is unknown',
    hint: (refused) =>
      `The server sent its own certificate only. Either it leaves out the intermediate ${issuerOf(refused)}, which its operator should add to the chain, or that is a private root: give it as ca.`,
  },
  {
    reason: /^UNABLE_TO_GET_ISSUER_CERT(_LOCALLY)?$/,
    code: 'ERR_CERTIFICATE_UNTRUSTED',
    message: 'the chain leads to no trusted root',
    hint: (refused) =>
      `The root above ${issuerOf(refused)} is private or missing here: give it as ca, beside the system's with [...systemRoots(), root] if you need both.`,
  },
  {
    reason: /CRL/,
    code: 'ERR_CERTIFICATE_UNTRUSTED',
    message: 'the revocation list needed for the certificate is missing or not valid',
    hint: () => 'With crl given, each authority of the chain needs a current list in it.',
  },
  {
    reason: /^INVALID_PURPOSE$/,
    code: 'ERR_CERTIFICATE_UNTRUSTED',
    message: 'the certificate is not meant for servers',
    hint: () =>
      'The operator must get a certificate whose extended key usage allows server authentication.',
  },
  {
    reason: /^EXCLUDED_VIOLATION$/,
    code: 'ERR_CERTIFICATE_UNTRUSTED',
    message: 'an authority of the chain may not vouch for this name',
    hint: (_, { violation }) =>
      `Its name constraints exclude ${violation?.constraint}, and so ${violation?.name}: ${otherAuthority}`,
  },
  {
    reason: /^PERMITTED_VIOLATION$/,
    code: 'ERR_CERTIFICATE_UNTRUSTED',
    message: 'an authority of the chain may not vouch for this name',
    hint: (_, { violation }) =>
      `Its name constraints permit ${violation?.constraint} only, and not ${violation?.name}: ${otherAuthority}`,
  },
  {
    reason: /^UNSUPPORTED_CONSTRAINT$/,
    code: 'ERR_CERTIFICATE_UNTRUSTED',
    message: 'an authority of the chain limits names in a way that is not understood',
    hint: (_, { violation }) =>
      `Its name constraints say: ${violation?.constraint}. ${otherAuthority}`,
  },
  {
    reason: /^(?:INVALID_CA|PATH_LENGTH_EXCEEDED)$/,
    code: 'ERR_CERTIFICATE_UNTRUSTED',
    message: 'a certificate of the chain may not issue others, or not as deep',
    hint: ({ leaf }, { culprit }) =>
      `"${shortName((culprit ?? leaf).subject)}" is no authority for what stands below it: the operator must get a certificate from one that is.`,
  },
  {
    reason: /WEAK|TOO_SMALL/,
    code: 'ERR_CERTIFICATE_UNTRUSTED',
    message: 'the certificate has too weak a key or hash',
    hint: () =>
      'The operator must get a certificate with a key of today: RSA of 2048 bits, or P-256, and SHA-256.',
  },
  {
    reason: /(?:)/,
    code: 'ERR_CERTIFICATE_UNTRUSTED',
    message: 'the certificate is not trusted',
    hint: trustIt,
  },
];

/** The error for a chain that was refused, the reason in OpenSSL's words. */
export function chainError(fault: PathFault, refused: Refused, context: ErrorContext): TlsError {
  const { reason } = fault;
  const verdict = chainVerdicts.find((row) => row.reason.test(reason)) as ChainVerdict;
  return new TlsError(verdict.code, `${verdict.message} (${reason})`, {
    ...context,
    reason,
    names: printableNames(refused.leaf.names),
    fingerprint256: refused.fingerprint256,
    chain: refused.chain,
    hint: verdict.hint(refused, fault),
  });
}
