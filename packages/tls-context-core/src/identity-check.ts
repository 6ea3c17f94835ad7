/**
 * Whether a certificate is that of the host we mean. RFC 9525 §6.
 *
 * DNS-ID and IP-ID only: the common name is no identity (§2). A wildcard is the whole leftmost label and stands for
 * exactly one label (§6.3). IP addresses match IP SANs octet by octet (§6.4), never a text that looks like one.
 */

import { X509Certificate } from 'node:crypto';
import { type Certificate, type PresentedNames, readCertificate } from './certificate.js';
import { DerError } from './der.js';
import { type ErrorContext, TlsError, UsageError } from './errors.js';
import { escapeText } from './escape.js';
import { formatIpAddress, parseIpAddress } from './ip-address.js';
import { nearest } from './nearest.js';
import { toServerHostname } from './server-hostname.js';
import { parseSrvId } from './srv-id.js';
import type { ServerHostname } from './types.js';

/**
 * Checks a certificate's names against the reference identity; the chain is OpenSSL's to judge.
 *
 * @param certificate an X509Certificate, or its DER.
 * @param options `srvId`: a service's own identity, such as `_imaps.example.org`, which serves as well (RFC 4985).
 * @returns the name in the certificate that matched, in lower case.
 * @throws TlsError `ERR_CERTIFICATE_HOSTNAME_MISMATCH`, whose hint lists the names and the nearest;
 * `ERR_CERTIFICATE_UNTRUSTED` where the certificate is malformed; `ERR_SERVER_HOSTNAME_INVALID`.
 */
export function checkIdentity(
  certificate: X509Certificate | Uint8Array,
  serverHostname: string | ServerHostname,
  { srvId }: { srvId?: string } = {},
): { matchedName: string } {
  const identity = toServerHostname(serverHostname);
  const wanted = srvId === undefined ? undefined : parseSrvId(srvId);
  const parsed = parseCertificate(toDer(certificate));
  return { matchedName: matchIdentity(parsed, identity, {}, wanted) };
}

/** {@link checkIdentity} on what is parsed already. */
export function matchIdentity(
  certificate: Certificate,
  identity: ServerHostname,
  context: ErrorContext = {},
  srvId?: string,
): string {
  const matched = findMatch(certificate.names, identity) ?? findSrv(certificate.names, srvId);
  if (matched !== undefined) return matched;
  throw mismatch(certificate, identity, context);
}

/** A certificate from DER; malformed is untrusted. */
export function parseCertificate(der: Uint8Array, context: ErrorContext = {}): Certificate {
  try {
    return readCertificate(der);
  } catch (cause) {
    if (!(cause instanceof DerError)) throw cause;
    throw new TlsError(
      'ERR_CERTIFICATE_UNTRUSTED',
      `the certificate is malformed: ${cause.message}`,
      {
        ...context,
        hint: 'The server must get a certificate that follows RFC 5280.',
        cause,
      },
    );
  }
}

/** The names in a certificate as text, DNS before IP before SRV, safe to print. */
export function printableNames({ dns, ip, srv }: PresentedNames): string[] {
  const text = (name: string): string => escapeText(name);
  return [...dns.map(text), ...ip.map(formatIpAddress), ...srv.map(text)];
}

/** Throws a UsageError for what is neither. */
export function toDer(certificate: X509Certificate | Uint8Array): Uint8Array {
  if (certificate instanceof X509Certificate) return certificate.raw;
  if (certificate instanceof Uint8Array) return certificate;
  throw new UsageError('ERR_ARGUMENT', 'certificate is neither an X509Certificate nor DER octets', {
    argument: 'certificate',
    hint: 'Turn PEM into DER with new X509Certificate(pem).',
  });
}

/** The DNS or IP name of a certificate that is the identity or stands for it. */
export function findMatch(
  names: PresentedNames,
  { kind, name }: ServerHostname,
): string | undefined {
  if (kind === 'ip') {
    const octets = parseIpAddress(name);
    const found = names.ip.some((ip) => octets !== undefined && Buffer.compare(ip, octets) === 0);
    return found ? name : undefined;
  }
  return names.dns
    .map((presented) => presented.toLowerCase()) // Latin-1: nothing beyond ASCII becomes ASCII
    .find((presented) => matchesDns(presented, name));
}

/** RFC 9525 §6.5: service and domain both, without regard to case; no wildcard stands for a service's domain. */
function findSrv({ srv }: PresentedNames, srvId: string | undefined): string | undefined {
  return srv.map((presented) => presented.toLowerCase()).find((presented) => presented === srvId);
}

const plainName = /^[a-z0-9_-]{1,63}(?:\.[a-z0-9_-]{1,63})*$/;
const wildcardName = /^\*\.[a-z0-9_-]{1,63}(?:\.[a-z0-9_-]{1,63})+$/;

/** `*.com` matches nothing: no certificate speaks for a whole top-level domain. */
function matchesDns(presented: string, name: string): boolean {
  if (plainName.test(presented)) return presented === name;
  if (!wildcardName.test(presented)) return false;
  const firstDot = name.indexOf('.');
  return firstDot > 0 && name.slice(firstDot) === presented.slice(1);
}

const namesShown = 10;

function mismatch(
  certificate: Certificate,
  identity: ServerHostname,
  context: ErrorContext,
): TlsError {
  const names = printableNames(certificate.names);
  return new TlsError(
    'ERR_CERTIFICATE_HOSTNAME_MISMATCH',
    `the certificate is not for ${identity.name}`,
    { ...context, serverHostname: identity.name, names, hint: mismatchHint(names, identity) },
  );
}

function mismatchHint(names: readonly string[], { kind, name }: ServerHostname): string {
  if (names.length === 0) {
    return 'The certificate holds no DNS name or IP address, and its common name does not count (RFC 9525): it must be issued anew with a subjectAltName.';
  }
  const shown = names.slice(0, namesShown).join(', ');
  const more = names.length > namesShown ? ` and ${names.length - namesShown} more` : '';
  const advice =
    kind === 'ip'
      ? 'dial the IP address as host, and give the name as serverHostname'
      : `if the server is rightly called ${nearest(name, names)}, give that as serverHostname`;
  return `The certificate is for ${shown}${more}: ${advice}.`;
}
