/** PEM in and out, RFC 7468. OpenSSL skips silently what is none, so that a typo would mean "trust no authority"; we say so. */

import { X509Certificate } from 'node:crypto';
import { UsageError } from './errors.js';
import type { CertificateInput } from './types.js';

const block = (label: string): RegExp =>
  new RegExp(`-----BEGIN ${label}-----[A-Za-z0-9+/=\\s]+-----END ${label}-----`, 'g');

export const certificateBlock: RegExp = block('(?:X509 )?CERTIFICATE');
const crlBlock: RegExp = block('X509 CRL');

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

/**
 * Whatever a user gives as certificates, as single PEM blocks.
 *
 * @throws UsageError `ERR_ARGUMENT` where there is none in it, or a broken one.
 */
export function certificatesIn(
  input: CertificateInput | readonly CertificateInput[],
  argument: 'ca' | 'cert',
): string[] {
  const blocks = blocksIn(input, argument, 'CERTIFICATE', certificateBlock);
  for (const pem of blocks) {
    try {
      new X509Certificate(pem);
    } catch (cause) {
      throw badInput(argument, 'holds a certificate that is broken', cause);
    }
  }
  return blocks;
}

/** The same for certificate revocation lists; OpenSSL complains by itself about broken ones. */
export const crlsIn = (input: CertificateInput | readonly CertificateInput[]): string[] =>
  blocksIn(input, 'crl', 'X509 CRL', crlBlock);

function blocksIn(
  input: CertificateInput | readonly CertificateInput[],
  argument: string,
  label: string,
  pattern: RegExp,
): string[] {
  const inputs: readonly CertificateInput[] = Array.isArray(input) ? input : [input];
  return inputs.flatMap((one) => {
    if (isDer(one)) return [toPem(one, label)];
    const text = typeof one === 'string' ? one : Buffer.from(one).toString('latin1');
    const blocks = pemBlocks(text, pattern);
    if (blocks.length === 0) throw badInput(argument, `holds no ${label} in PEM or DER`);
    return blocks;
  });
}

export const badInput = (argument: string, problem: string, cause?: unknown): UsageError =>
  new UsageError('ERR_ARGUMENT', `${argument} ${problem}`, {
    argument,
    hint: `Give the contents of the file, not its path: ${argument}: readFileSync('${argument}.pem').`,
    ...(cause !== undefined && { cause }),
  });

/** DER of both kinds begins with a SEQUENCE; PEM text begins with a printable character. */
const isDer = (input: CertificateInput): input is Uint8Array =>
  typeof input !== 'string' && input[0] === 0x30;

/** The DER octets of one PEM block. */
export const fromPem = (pem: string): Buffer =>
  Buffer.from(pem.replace(/-----[^-]+-----/g, ''), 'base64');
