/**
 * Wildcards and the names that an authority may not vouch for. RFC 5280 §4.2.1.10, RFC 9525 §6.3.
 *
 * OpenSSL compares an excluded name with the wildcard as text and finds them different, though the wildcard stands for
 * that name as well (the class of CVE-2025-61727). What it stands for is known here alone: the name that we mean.
 */

import { parseCertificate } from './identity-check.js';

/** Whether one of these authorities excludes the name. A base of no octets excludes every name. */
export function isExcluded(name: string, issuers: readonly Uint8Array[]): boolean {
  return issuers
    .flatMap((der) => parseCertificate(der).excludedDns)
    .map((base) => base.toLowerCase().replace(/^\./, ''))
    .some((base) => base === '' || `.${name}`.endsWith(`.${base}`));
}
