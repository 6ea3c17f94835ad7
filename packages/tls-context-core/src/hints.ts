/**
 * From what OpenSSL and Node call it to a code and a sentence that helps. Node's lines name the same alert
 * differently (`SSLV3_ALERT_HANDSHAKE_FAILURE`, `SSL/TLS_ALERT_HANDSHAKE_FAILURE`), so patterns match, not names.
 */

import type { Certificate } from './certificate.js';
import { shortName } from './distinguished-name.js';
import {
  ConnectionError,
  type ErrorContext,
  type FivewireError,
  StartTlsError,
  TlsError,
  type TlsErrorCode,
} from './errors.js';
import { printableNames } from './identity-check.js';
import { pinOf } from './pins.js';
import { protocols } from './protocols.js';

/** Where a handshake failed. */
export interface Scene extends ErrorContext {
  readonly mode: 'implicit-tls' | 'starttls';
}

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
  readonly hint: (refused: Refused) => string;
}

const trustIt = ({ leaf, fingerprint256 }: Refused): string =>
  `Its SHA-256 fingerprint is ${fingerprint256}. If you have compared that with the server's, give its certificate as ca, or pins: ['sha256/${pinOf(leaf.publicKeyInfo)}'] with trust: 'pins'.`;

const issuerOf = ({ leaf }: Refused): string => `"${shortName(leaf.issuer)}"`;
const day = (milliseconds: number): string => new Date(milliseconds).toISOString().slice(0, 10);

/** First match wins. */
const chainVerdicts: readonly ChainVerdict[] = [
  {
    reason: /^CERT_HAS_EXPIRED$/,
    code: 'ERR_CERTIFICATE_EXPIRED',
    message: 'the certificate, or one that it depends on, has expired',
    hint: ({ leaf }) =>
      `The server's certificate was valid until ${day(leaf.notAfter)}; its operator must renew it, and its chain, or this machine's clock is wrong.`,
  },
  {
    reason: /^CERT_NOT_YET_VALID$/,
    code: 'ERR_CERTIFICATE_UNTRUSTED',
    message: 'the certificate is not valid yet',
    hint: ({ leaf }) =>
      `It is valid from ${day(leaf.notBefore)} on: is this machine's clock right?`,
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

/** The error for a chain that OpenSSL refused, by its own name for the reason. */
export function chainError(reason: string, refused: Refused, context: ErrorContext): TlsError {
  const verdict = chainVerdicts.find((row) => row.reason.test(reason)) as ChainVerdict;
  return new TlsError(verdict.code, `${verdict.message} (${reason})`, {
    ...context,
    reason,
    names: printableNames(refused.leaf.names),
    fingerprint256: refused.fingerprint256,
    chain: refused.chain,
    hint: verdict.hint(refused),
  });
}

interface HandshakeVerdict {
  readonly reason: RegExp;
  readonly code?: TlsErrorCode;
  readonly message: string;
  readonly hint: string;
}

/** Octets that are no TLS, as OpenSSL's record layer and state machine name them. */
const notTls =
  /WRONG_VERSION_NUMBER|UNEXPECTED_MESSAGE|PACKET_LENGTH_TOO_LONG|RECORD_TOO_SMALL|RECORD_LAYER_FAILURE|HTTP_REQUEST|HTTPS_PROXY_REQUEST|BAD_RECORD_TYPE|UNKNOWN_PROTOCOL|INVALID_RECORD|UNEXPECTED_RECORD|LENGTH_TOO_SHORT|LENGTH_MISMATCH/;
/** An alert is TLS, whatever its name: the peer's own words, not octets that OpenSSL could not read. */
const alert = /ALERT/;

const handshakeVerdicts: readonly HandshakeVerdict[] = [
  {
    reason: /NO_APPLICATION_PROTOCOL/,
    code: 'ERR_TLS_ALPN',
    message: 'the server refuses the application protocol',
    hint: 'Its ALPN list lacks the name of this protocol: is it another service? alpn: false leaves the extension out.',
  },
  {
    reason: /ALERT_PROTOCOL_VERSION|UNSUPPORTED_PROTOCOL|NO_PROTOCOLS_AVAILABLE/,
    message: 'no TLS version in common',
    hint: 'The server offers only old versions, or minVersion and maxVersion leave none: TLS 1.2 is the oldest here.',
  },
  {
    reason: /UNRECOGNIZED_NAME/,
    message: 'the server does not know the name',
    hint: 'It refuses the SNI: is serverHostname right? sni: false leaves the name out and still checks it.',
  },
  {
    reason:
      /CERTIFICATE_REQUIRED|BAD_CERTIFICATE|CERTIFICATE_UNKNOWN|ALERT_UNKNOWN_CA|CERTIFICATE_EXPIRED|CERTIFICATE_REVOKED|ACCESS_DENIED/,
    message: 'the server refuses our certificate, or misses one',
    hint: 'Give the client certificate that the server expects as cert and key (or pfx), with its intermediates.',
  },
  {
    reason: /HANDSHAKE_FAILURE|NO_SHARED_CIPHER|INSUFFICIENT_SECURITY/,
    message: 'the server found nothing in common',
    hint: 'Either no cipher suite is shared (its key or its TLS may be too old), or it demands a client certificate: cert and key.',
  },
  {
    reason:
      /DH_KEY_TOO_SMALL|DH_PARAM_SIZE|UNSAFE_LEGACY_RENEGOTIATION|WRONG_SIGNATURE_TYPE|INVALID_DIGEST/,
    message: 'the server offers parameters that are too weak',
    hint: 'Its operator must update its TLS settings; ciphers may exclude what it is weak in.',
  },
];

const closedEarly =
  /^(?:ECONNRESET|EPIPE|ECONNABORTED|ERR_STREAM_PREMATURE_CLOSE|ERR_STREAM_DESTROYED)$/;

/**
 * What `node:tls` threw or emitted, as an error of this suite with a hint. For the handshake, and for what comes
 * after it: a TLS 1.3 server refuses a client certificate only when the handshake is over.
 */
export function explainTlsError(raw: unknown, scene: Scene): FivewireError {
  const { mode, ...context } = { phase: 'tls' as const, ...scene };
  const { code = '', message = String(raw) } = raw as { code?: string; message?: string };
  const name = `${code} ${message}`;
  if (closedEarly.test(code)) return closedError(scene, raw);
  if (notTls.test(name) && !alert.test(name)) return notTlsError(scene, raw);
  const verdict = handshakeVerdicts.find(({ reason }) => reason.test(name));
  return new TlsError(
    verdict?.code ?? 'ERR_TLS_HANDSHAKE',
    verdict ? `${verdict.message} (${code || message})` : `the TLS handshake failed: ${message}`,
    {
      ...context,
      reason: code || message,
      hint: verdict?.hint ?? `OpenSSL calls it ${code || message}; the server's log may know more.`,
      cause: raw,
    },
  );
}

/** The peer left in the middle of the handshake. */
export function closedError(scene: Scene, cause?: unknown): ConnectionError {
  const { mode, ...context } = { phase: 'tls' as const, ...scene };
  return new ConnectionError(
    'ERR_CONNECTION_CLOSED',
    'the connection closed during the TLS handshake',
    {
      ...context,
      hint:
        mode === 'starttls'
          ? 'The server agreed to TLS and left: its own TLS settings or a box in between may be broken.'
          : `The server left without a TLS answer. ${portHint(scene)}`,
      ...(cause !== undefined && { cause }),
    },
  );
}

/** Plaintext in a TLS place: an attack after STARTTLS, else most often the wrong port. */
function notTlsError(scene: Scene, cause: unknown): FivewireError {
  const { mode, ...context } = { phase: 'tls' as const, ...scene };
  const { code = '', message } = cause as { code?: string; message?: string };
  if (mode === 'starttls') return injectionError(scene, undefined, cause);
  return new TlsError('ERR_TLS_HANDSHAKE', 'the server answers without TLS', {
    ...context,
    reason: code || (message ?? ''),
    hint: portHint(scene),
    cause,
  });
}

/** Octets after the go-ahead of STARTTLS that are no TLS (the class of CVE-2021-22947 and CVE-2026-41319). */
export function injectionError(scene: Scene, octets?: number, cause?: unknown): StartTlsError {
  const { mode, ...context } = { phase: 'tls' as const, ...scene };
  return new StartTlsError('ERR_STARTTLS_INJECTION', 'cleartext came after the go-ahead for TLS', {
    ...context,
    hint: "Someone between here and the server may be injecting replies, or the server is broken; try the implicit TLS port (security: 'implicit-tls').",
    ...(octets !== undefined && { octets }),
    ...(cause !== undefined && { cause }),
  });
}

/** Why nothing came: TLS on a port that waits for plaintext is met by silence. */
export function silenceHint(scene: Scene): string {
  return scene.mode === 'starttls'
    ? 'The server agreed to TLS and then fell silent: a box in between may hold the octets back, or a forged record waits for its end.'
    : `A port that expects plaintext just waits. ${portHint(scene)}`;
}

/** "587 speaks plaintext first: use security 'starttls', or port 465". */
function portHint({ protocol, port }: Scene): string {
  const known = protocol && protocols[protocol];
  const here = port === undefined ? 'This port' : `Port ${port}`;
  if (!known) return `${here} seems to speak plaintext first: use security 'starttls'.`;
  if (port !== undefined && port === known.implicitPort) {
    return `${here} should speak TLS from the first octet and does not: is it really ${protocol.toUpperCase()} there? Otherwise use security 'starttls' on port ${known.startTlsPort}.`;
  }
  const other =
    known.implicitPort === undefined ? '' : `, or port ${known.implicitPort} for implicit TLS`;
  return `${here} speaks plaintext first: use security 'starttls'${other}.`;
}
