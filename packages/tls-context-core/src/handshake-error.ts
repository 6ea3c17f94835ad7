/**
 * From what OpenSSL and Node call a failed handshake to a code and a sentence that helps. Node's lines name the same
 * alert differently (`SSLV3_ALERT_HANDSHAKE_FAILURE`, `SSL/TLS_ALERT_HANDSHAKE_FAILURE`), so patterns match, not names.
 */

import {
  ConnectionError,
  type ErrorContext,
  type FivewireError,
  isFivewireError,
  StartTlsError,
  TlsError,
  type TlsErrorCode,
} from './errors.js';
import { protocols } from './protocols.js';

/** Where a handshake failed. */
export interface Scene extends ErrorContext {
  readonly mode: 'implicit-tls' | 'starttls';
}

interface HandshakeVerdict {
  readonly reason: RegExp;
  readonly code?: TlsErrorCode;
  readonly message: string;
  readonly hint: string;
}

/** First match wins. */
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
/** Octets that are no TLS, as the record layers of OpenSSL 3.0 and 3.5 name them. */
const notTls =
  /WRONG_VERSION_NUMBER|UNEXPECTED_MESSAGE|(?:PACKET|DATA|ENCRYPTED)_LENGTH_TOO_LONG|BAD_CHANGE_CIPHER_SPEC|BAD_RECORD_TYPE|RECORD_LAYER_FAILURE|HTTPS?_(?:PROXY_)?REQUEST|UNKNOWN_PROTOCOL/;
/** An alert is TLS, whatever its name: the peer's own words, not octets that OpenSSL could not read. */
const alert = /ALERT/;

/**
 * What `node:tls` threw or emitted, as an error of this suite with a hint. For the handshake, and for what comes
 * after it: a TLS 1.3 server refuses a client certificate only when the handshake is over.
 */
export function explainTlsError(raw: unknown, scene: Scene): FivewireError {
  if (isFivewireError(raw)) return raw;
  const { code, reason } = nameOf(raw);
  if (closedEarly.test(code)) return closedError(scene, raw);
  if (notTls.test(code) && !alert.test(code)) {
    return scene.mode === 'starttls'
      ? injectionError(scene, undefined, raw)
      : plaintextError(scene, code, raw);
  }
  const verdict = handshakeVerdicts.find((row) => row.reason.test(code));
  return new TlsError(
    verdict?.code ?? 'ERR_TLS_HANDSHAKE',
    `${verdict?.message ?? 'TLS failed'} (${reason})`,
    {
      ...contextOf(scene),
      reason,
      hint: verdict?.hint ?? `OpenSSL calls it ${reason}; the server's log may know more.`,
      cause: raw,
    },
  );
}

/** The peer left in the middle of the handshake. */
export function closedError(scene: Scene, cause?: unknown): ConnectionError {
  const hint =
    scene.mode === 'starttls'
      ? 'The server agreed to TLS and left: its own TLS settings or a device in between may be broken.'
      : `The server left without a TLS answer. ${portHint(scene)}`;
  return new ConnectionError(
    'ERR_CONNECTION_CLOSED',
    'the connection closed during the TLS handshake',
    { ...contextOf(scene), hint, cause },
  );
}

/** Octets after the go-ahead of STARTTLS that are no TLS (the class of CVE-2021-22947 and CVE-2026-41319). */
export function injectionError(scene: Scene, octets?: number, cause?: unknown): StartTlsError {
  return new StartTlsError('ERR_STARTTLS_INJECTION', 'cleartext came after the go-ahead for TLS', {
    ...contextOf(scene),
    hint: "Someone between here and the server may be injecting replies, or the server is broken; try the implicit TLS port (security: 'implicit-tls').",
    ...(octets !== undefined && { octets }),
    cause,
  });
}

/** Why nothing came: TLS on a port that waits for plaintext is met by silence. */
export function silenceHint(scene: Scene): string {
  return scene.mode === 'starttls'
    ? 'The server agreed to TLS and then fell silent: a device in between may hold the octets back, or a forged record waits for its end.'
    : `A port that expects plaintext just waits. ${portHint(scene)}`;
}

/** Plaintext where TLS should be: most often the wrong port. */
function plaintextError(scene: Scene, reason: string, cause: unknown): TlsError {
  return new TlsError('ERR_TLS_HANDSHAKE', `the server answers without TLS (${reason})`, {
    ...contextOf(scene),
    reason,
    hint: portHint(scene),
    cause,
  });
}

/** "587 speaks plaintext first: use security 'starttls', or port 465". */
function portHint({ protocol, port }: Scene): string {
  const known = protocol && protocols[protocol];
  const here = port === undefined ? 'This port' : `Port ${port}`;
  if (!known) return `${here} seems to speak plaintext first: use security 'starttls'.`;
  if (known.startTlsPort === undefined) return `${here} does not speak TLS: is it the right one?`;
  if (port !== undefined && port === known.implicitPort) {
    return `${here} should speak TLS from the first octet and does not: is it really ${protocol.toUpperCase()} there? Otherwise use security 'starttls' on port ${known.startTlsPort}.`;
  }
  const other =
    known.implicitPort === undefined ? '' : `, or port ${known.implicitPort} for implicit TLS`;
  return `${here} speaks plaintext first: use security 'starttls'${other}.`;
}

const contextOf = ({ mode, ...context }: Scene): ErrorContext => ({ phase: 'tls', ...context });

/** The code by which verdicts match, and the short text by which people know it. */
function nameOf(raw: unknown): { code: string; reason: string } {
  const { code, message } = Object(raw) as { code?: unknown; message?: unknown };
  if (typeof code === 'string' && code !== '') return { code, reason: code };
  return { code: '', reason: typeof message === 'string' ? message : String(raw) };
}
