/** Throwaway certificates and revocation lists, DER by hand on node:crypto: RFC 5280, nothing more than tests need. */

import { generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto';
import { parseIpAddress } from '../src/ip-address.js';
import { toPem } from '../src/pem.js';

export interface Issued {
  readonly cert: string;
  readonly key: string;
  readonly der: Buffer;
  readonly serial: Buffer;
  readonly subject: Buffer;
  readonly keys: KeyPair;
}

interface KeyPair {
  readonly publicKey: KeyObject;
  readonly privateKey: KeyObject;
}

export interface CertificateRequest {
  commonName?: string;
  /** Absent: self-signed. */
  issuer?: Issued;
  dns?: (string | Buffer)[];
  ip?: (string | Buffer)[];
  /** GeneralNames of other kinds: context tag and content. */
  otherNames?: [number, Buffer][];
  ca?: boolean;
  purposes?: ('serverAuth' | 'clientAuth' | 'emailProtection')[];
  notBefore?: Date;
  notAfter?: Date;
  keys?: KeyPair;
  signature?: keyof typeof signatures;
  /** More extensions, whole. */
  extensions?: Buffer[];
}

export const tlv = (tag: number, ...parts: Uint8Array[]): Buffer => {
  const content = Buffer.concat(parts);
  const { length } = content;
  const header =
    length < 0x80
      ? [tag, length]
      : length < 0x100
        ? [tag, 0x81, length]
        : [tag, 0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from(header), content]);
};

export const sequence = (...parts: Uint8Array[]): Buffer => tlv(0x30, ...parts);
const octets = (content: Uint8Array): Buffer => tlv(0x04, content);
const bits = (content: Uint8Array): Buffer => tlv(0x03, Buffer.from([0]), content);
const integer = (content: Uint8Array): Buffer => tlv(0x02, content);
const truth = Buffer.from([0x01, 0x01, 0xff]);
const nothing = Buffer.from([0x05, 0x00]);

export const oid = (dotted: string): Buffer => {
  const [first = 0, second = 0, ...rest] = dotted.split('.').map(Number);
  const base128 = (arc: number): number[] => {
    const digits = [arc & 0x7f];
    for (let left = Math.floor(arc / 128); left > 0; left = Math.floor(left / 128)) {
      digits.unshift((left & 0x7f) | 0x80);
    }
    return digits;
  };
  return tlv(0x06, Buffer.from([first * 40 + second, ...rest].flatMap(base128)));
};

/** Signature algorithms that tests need, with the key each wants. */
const signatures = {
  ecdsaSha256: { id: sequence(oid('1.2.840.10045.4.3.2')), hash: 'sha256' },
  ecdsaSha384: { id: sequence(oid('1.2.840.10045.4.3.3')), hash: 'sha384' },
  rsaSha1: { id: sequence(oid('1.2.840.113549.1.1.5'), nothing), hash: 'sha1' },
  rsaSha256: { id: sequence(oid('1.2.840.113549.1.1.11'), nothing), hash: 'sha256' },
  ed25519: { id: sequence(oid('1.3.101.112')), hash: null },
} as const;

const purposeOids = {
  serverAuth: '1.3.6.1.5.5.7.3.1',
  clientAuth: '1.3.6.1.5.5.7.3.2',
  emailProtection: '1.3.6.1.5.5.7.3.4',
} as const;

const day = 86_400_000;

export const ecKeys = (): KeyPair => generateKeyPairSync('ec', { namedCurve: 'P-256' });
export const rsaKeys = (): KeyPair => generateKeyPairSync('rsa', { modulusLength: 2048 });
export const ed25519Keys = (): KeyPair => generateKeyPairSync('ed25519');

export function issue(request: CertificateRequest = {}): Issued {
  const { issuer, commonName = 'Fivewire test', signature = 'ecdsaSha256' } = request;
  const keys = request.keys ?? ecKeys();
  const subject = distinguishedName(commonName);
  const serial = Buffer.concat([Buffer.from([1]), randomBytes(8)]);
  const { id, hash } = signatures[signature];
  const tbs = sequence(
    tlv(0xa0, integer(Buffer.from([2]))),
    integer(serial),
    id,
    issuer?.subject ?? subject,
    sequence(
      time(request.notBefore ?? new Date(Date.now() - day)),
      time(request.notAfter ?? new Date(Date.now() + 30 * day)),
    ),
    subject,
    keys.publicKey.export({ type: 'spki', format: 'der' }),
    tlv(0xa3, sequence(...extensionsOf(request))),
  );
  const signer = issuer?.keys.privateKey ?? keys.privateKey;
  const der = sequence(tbs, id, bits(sign(hash, tbs, signer)));
  const key = keys.privateKey.export({ type: 'pkcs8', format: 'pem' }) as string;
  return { cert: toPem(der, 'CERTIFICATE'), key, der, serial, subject, keys };
}

export const issueCa = (commonName = 'Fivewire test CA', issuer?: Issued): Issued =>
  issue({ commonName, ca: true, ...(issuer && { issuer }) });

/** A CRL of an authority. RFC 5280 §5.1. */
export function revoke(issuer: Issued, revoked: readonly Issued[], nextUpdate = day): string {
  const { id, hash } = signatures.ecdsaSha256;
  const now = time(new Date(Date.now() - day));
  const tbs = sequence(
    integer(Buffer.from([1])),
    id,
    issuer.subject,
    now,
    time(new Date(Date.now() + nextUpdate)),
    ...(revoked.length > 0
      ? [sequence(...revoked.map(({ serial }) => sequence(integer(serial), now)))]
      : []),
    tlv(0xa0, sequence(sequence(oid('2.5.29.20'), octets(integer(Buffer.from([1])))))),
  );
  return toPem(sequence(tbs, id, bits(sign(hash, tbs, issuer.keys.privateKey))), 'X509 CRL');
}

export const extension = (id: string, content: Buffer, critical = false): Buffer =>
  sequence(oid(id), ...(critical ? [truth] : []), octets(content));

function extensionsOf({
  dns = [],
  ip = [],
  otherNames = [],
  ca,
  purposes,
  ...more
}: CertificateRequest): Buffer[] {
  const names = [
    ...dns.map((name) => tlv(0x82, Buffer.from(name as string, 'latin1'))),
    ...ip.map((address) =>
      tlv(0x87, typeof address === 'string' ? (parseIpAddress(address) as Uint8Array) : address),
    ),
    ...otherNames.map(([tag, content]) => tlv(tag, content)),
  ];
  return [
    ...(ca ? [extension('2.5.29.19', sequence(truth), true)] : []),
    ...(names.length > 0 ? [extension('2.5.29.17', sequence(...names))] : []),
    ...(purposes
      ? [extension('2.5.29.37', sequence(...purposes.map((one) => oid(purposeOids[one]))))]
      : []),
    ...(more.extensions ?? []),
  ];
}

const distinguishedName = (commonName: string): Buffer =>
  sequence(tlv(0x31, sequence(oid('2.5.4.3'), tlv(0x0c, Buffer.from(commonName)))));

const time = (date: Date): Buffer =>
  tlv(0x18, Buffer.from(`${date.toISOString().replace(/\.\d+Z|[-:T]/g, '')}Z`));
