/**
 * DANE: a certificate is held against TLSA records in place of the trusted roots. RFC 6698, RFC 7671.
 *
 * Who gives records vouches that they came authenticated by DNSSEC and are of the host and port that is dialled.
 */

import { createHash, createPublicKey, type KeyObject } from 'node:crypto';
import { bySubject } from './anchors.js';
import { attempt } from './attempt.js';
import { type Certificate, readCertificate } from './certificate.js';
import type { TrustAnchors } from './path.js';
import { parseServerHostname } from './server-hostname.js';
import type { ServerHostname, TlsaRecord } from './types.js';

/** PKIX-TA(0) and PKIX-EE(1) are no use: RFC 7672 §3.1.3 forbids them to SMTP, and no other protocol publishes any. */
const usages = { trustAnchor: 2, endEntity: 3 } as const;
/** By matching type: what the data is of the certificate or key, and how long. */
const matchings: Readonly<Record<number, { hash?: string; octets?: number }>> = {
  0: {},
  1: { hash: 'sha256', octets: 32 },
  2: { hash: 'sha512', octets: 64 },
};
const recordLimit = 100;

/** Whether this suite can hold a certificate against the record (RFC 7671 §4.2 calls it "usable"). */
export function isUsableTlsa({ usage, selector, matching, data }: TlsaRecord): boolean {
  const known = matchings[matching];
  const rightLength = known?.octets === undefined ? data?.length > 0 : data.length === known.octets;
  return (
    (usage === 2 || usage === 3) && (selector === 0 || selector === 1) && !!known && rightLength
  );
}

/** Rule for the option `tlsa`. */
export const isTlsaSet = (value: unknown): boolean =>
  Array.isArray(value) &&
  value.length > 0 &&
  value.length <= recordLimit &&
  value.every(
    (record) =>
      record?.data instanceof Uint8Array && isUsableTlsa(record) && areNames(record.names ?? []),
  );

const nameLimit = 10;
const areNames = (names: unknown): boolean =>
  Array.isArray(names) &&
  names.length <= nameLimit &&
  names.every((name) => attempt(() => parseServerHostname(name)) !== undefined);

/** Whom a certificate under usage 2 may name beside the host. */
export const namesBeside = (records: readonly TlsaRecord[]): ServerHostname[] =>
  records
    .filter(({ usage }) => usage === usages.trustAnchor)
    .flatMap(({ names = [] }) => names.map(parseServerHostname));

/** One text for equal sets, to tell whether a session was proven by the same records. */
export const tlsaKey = (records: readonly TlsaRecord[] | undefined): string | undefined =>
  records
    ?.map(({ usage, selector, matching, data, names = [] }) =>
      [usage, selector, matching, Buffer.from(data).toString('base64'), ...names].join(' '),
    )
    .sort()
    .join('\n');

/** Whether the leaf's own key is vouched for, so that names and dates do not count (RFC 7671 §5.1). */
export const isEndEntity = (records: readonly TlsaRecord[], leaf: Certificate): boolean =>
  records.some((record) => record.usage === usages.endEntity && matches(record, leaf.der));

/**
 * The issuers that are vouched for: among what was sent, and those that a record holds whole, which need not be sent
 * (RFC 7671 §5.2). Nothing where there are none.
 */
export function tlsaAnchors(
  records: readonly TlsaRecord[],
  leaf: Certificate,
  sent: readonly Uint8Array[],
): TrustAnchors | undefined {
  const issuing = records.filter(({ usage }) => usage === usages.trustAnchor);
  const whole = issuing.filter(({ matching }) => matching === 0);
  const certificates = [
    ...whole.filter(({ selector }) => selector === 0).map(({ data }) => data),
    ...sent.filter((der) => issuing.some((record) => matches(record, der))),
  ].filter((der) => Buffer.compare(der, leaf.der) !== 0);
  const keys = whole
    .filter(({ selector }) => selector === 1)
    .flatMap(({ data }) => attempt(() => publicKeyOf(data)) ?? []);
  if (certificates.length + keys.length === 0) return undefined;
  const isAnchor = ({ der }: Certificate): boolean =>
    certificates.some((one) => Buffer.compare(one, der) === 0);
  return { issuers: bySubject(certificates), isAnchor, keys };
}

const publicKeyOf = (data: Uint8Array): KeyObject =>
  createPublicKey({ key: Buffer.from(data), format: 'der', type: 'spki' });

function matches({ selector, matching, data }: TlsaRecord, der: Uint8Array): boolean {
  const selected = selector === 0 ? der : attempt(() => readCertificate(der).publicKeyInfo);
  const hash = matchings[matching]?.hash;
  if (!selected) return false;
  const presented = hash === undefined ? selected : createHash(hash).update(selected).digest();
  return Buffer.compare(presented, data) === 0;
}
