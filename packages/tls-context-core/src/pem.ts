/** PEM in and out, RFC 7468. OpenSSL skips silently what is none, so that a typo would mean "trust nobody"; we say so. */

import { UsageError } from './errors.js';
import type { CertificateInput } from './types.js';

const block = (label: string): RegExp =>
  new RegExp(`-----BEGIN ${label}-----[A-Za-z0-9+/=\\s]+-----END ${label}-----`, 'g');

export const certificateBlock: RegExp = block('(?:X509 )?CERTIFICATE');
export const crlBlock: RegExp = block('X509 CRL');

/** Each PEM block of a text, in order. */
export const pemBlocks = (text: string, pattern: RegExp): string[] => text.match(pattern) ?? [];

/** DER octets as a PEM block. */
export function toPem(der: Uint8Array, label: string): string {
  const lines =
    Buffer.from(der)
      .toString('base64')
      .match(/.{1,64}/g) ?? [];
  return [`-----BEGIN ${label}-----`, ...lines, `-----END ${label}-----`, ''].join('\n');
}

/** The octets of one PEM block. */
export const fromPem = (pem: string): Buffer =>
  Buffer.from(pem.replace(/-----[^-]+-----|\s/g, ''), 'base64');

/**
 * Whatever a user gives as certificates or revocation lists, as single PEM blocks.
 *
 * @throws UsageError `ERR_ARGUMENT` where there is none in it.
 */
export function toPemBlocks(
  input: CertificateInput | readonly CertificateInput[],
  argument: 'ca' | 'cert' | 'crl',
): string[] {
  const label = argument === 'crl' ? 'X509 CRL' : 'CERTIFICATE';
  const pattern = argument === 'crl' ? crlBlock : certificateBlock;
  const inputs: readonly CertificateInput[] = Array.isArray(input) ? input : [input];
  return inputs.flatMap((one) => {
    if (isDer(one)) return [toPem(one, label)];
    const text = typeof one === 'string' ? one : Buffer.from(one).toString('latin1');
    const blocks = pemBlocks(text, pattern);
    if (blocks.length > 0) return blocks;
    throw new UsageError('ERR_ARGUMENT', `${argument} holds no ${label} in PEM or DER`, {
      argument,
      hint: `Give the contents of the file, not its path: ${argument}: readFileSync('${argument}.pem').`,
    });
  });
}

/** DER of both kinds begins with a SEQUENCE; PEM text begins with a printable character. */
const isDer = (input: CertificateInput): input is Uint8Array =>
  typeof input !== 'string' && input[0] === 0x30;
