/** A certificate authority for tests: it issues certificates of any shape, RFC 5280. Nothing it makes is worth keeping. */
import 'reflect-metadata';
import {
  createHash,
  createPrivateKey,
  randomBytes,
  type webcrypto,
  X509Certificate,
} from 'node:crypto';
import { isIP } from 'node:net';
import * as x509 from '@peculiar/x509';

/** Elliptic keys (P-256) take a millisecond; RSA keys (2048 bits) are made once a process and shared. */
export type KeyType = 'ecdsa' | 'rsa';

/** What a certificate is to look like. Every field is optional; the default is good for loopback. */
export interface IssueOptions {
  /**
   * Subject alternative names: what parses as an IP address becomes an IP-ID, all else a DNS-ID, verbatim.
   * An empty array leaves the extension out. Default `['localhost', '127.0.0.1', '::1']`.
   */
  names?: readonly string[];
  /** Subject alternative names of the other kinds, beside `names`. */
  otherNames?: readonly { type: 'email' | 'url'; value: string }[];
  /** Subject CN. Default: the first of `names`, else `'throwaway'`. */
  commonName?: string;
  /** A shorthand for the dates below. Default `'valid'`: from a day ago to a year ahead. */
  validity?: 'valid' | 'expired' | 'not-yet-valid';
  notBefore?: Date;
  notAfter?: Date;
  keyType?: KeyType;
  /** Extended key usage. Default `'server'`. */
  usage?: 'server' | 'client';
  /** Sign with the certificate's own key, so that no authority vouches for it. */
  selfSigned?: boolean;
  /**
   * Put an intermediate authority between this one and the certificate, and let the server send it,
   * or forget to. Default: the authority signs the certificate itself.
   */
  intermediate?: 'sent' | 'missing';
}

/** A certificate with its private key, as a server or client presents it. */
export interface IssuedCertificate {
  /** The certificate alone, PEM. */
  readonly certificate: string;
  /** What goes on the wire: the certificate and the intermediates that are sent, PEM. */
  readonly chain: string;
  /** The private key, PEM (PKCS#8). A throwaway. */
  readonly key: string;
  /** Hexadecimal, as a revocation list names it. */
  readonly serialNumber: string;
  /** SHA-256 of the certificate, as Node prints it: `AB:CD:…`. */
  readonly fingerprint256: string;
  /** SHA-256 of the SubjectPublicKeyInfo, base64: what `pins` takes. */
  readonly pin: string;
}

/** Make one with `createThrowawayCa()`. */
export interface ThrowawayCa {
  /** The authority's own certificate, PEM: what a client gives as `ca`. */
  readonly certificate: string;
  /** Its private key, PEM (PKCS#8), for `loadThrowawayCa`. Its holder can be any server to those who trust the authority. */
  exportKey(): Promise<string>;
  issue(options?: IssueOptions): Promise<IssuedCertificate>;
  /** An authority beneath this one. What it issues sends the intermediate along, unless told otherwise. */
  createIntermediate(options?: { commonName?: string; keyType?: KeyType }): Promise<ThrowawayCa>;
  /** Puts a certificate that this authority issued on its revocation list. */
  revoke(certificate: IssuedCertificate): void;
  /** The revocation list of now, PEM. Valid for a day. */
  crl(): Promise<string>;
}

/** Makes a new authority. It takes some milliseconds. */
export async function createThrowawayCa(
  options: { commonName?: string; keyType?: KeyType } = {},
): Promise<ThrowawayCa> {
  const keys = await createKeys(options.keyType ?? 'ecdsa');
  const name = distinguishedName(options.commonName ?? `Throwaway CA ${serial().slice(0, 8)}`);
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: serial(),
    name,
    keys,
    ...dates({}),
    signingAlgorithm: signingAlgorithm(keys.privateKey),
    extensions: await authorityExtensions(keys.publicKey),
  });
  return authority({ certificate, keys, above: [] });
}

/**
 * An authority that was made before, of its certificate and key as PEM (ECDSA): what trusted it goes on trusting it.
 * @throws Error where the two are no pair, or the certificate has expired
 */
export async function loadThrowawayCa(saved: {
  certificate: string;
  key: string;
}): Promise<ThrowawayCa> {
  const certificate = new x509.X509Certificate(saved.certificate);
  if (certificate.notAfter < new Date()) throw new Error('The authority has expired.');
  const privateKey = createPrivateKey(saved.key);
  if (!new X509Certificate(saved.certificate).checkPrivateKey(privateKey))
    throw new Error("The key is not the authority's.");
  const der = privateKey.export({ type: 'pkcs8', format: 'der' });
  const keys = {
    privateKey: await crypto.subtle.importKey(
      'pkcs8',
      new Uint8Array(der),
      algorithms.ecdsa,
      true,
      ['sign'],
    ),
    publicKey: await certificate.publicKey.export(algorithms.ecdsa, ['verify']),
  };
  return authority({ certificate, keys, above: [] });
}

interface Authority {
  certificate: x509.X509Certificate;
  keys: webcrypto.CryptoKeyPair;
  /** The intermediates from this authority up to, but without, the root. */
  above: readonly string[];
}

function authority(self: Authority): ThrowawayCa {
  const revoked: { serialNumber: string; revocationDate: Date }[] = [];
  const ca: ThrowawayCa = {
    certificate: pem(self.certificate),
    exportKey: () => privateKeyPem(self.keys.privateKey),

    async issue(options = {}) {
      if (options.intermediate) {
        const { intermediate, ...rest } = options;
        const issued = await (await ca.createIntermediate()).issue(rest);
        return intermediate === 'sent' ? issued : { ...issued, chain: issued.certificate };
      }
      return issue(self, options);
    },

    async createIntermediate(options = {}) {
      const keys = await createKeys(options.keyType ?? 'ecdsa');
      const certificate = await x509.X509CertificateGenerator.create({
        serialNumber: serial(),
        subject: distinguishedName(
          options.commonName ?? `Throwaway intermediate ${serial().slice(0, 8)}`,
        ),
        issuer: self.certificate.subjectName,
        publicKey: keys.publicKey,
        signingKey: self.keys.privateKey,
        ...dates({}),
        signingAlgorithm: signingAlgorithm(self.keys.privateKey),
        extensions: [
          ...(await authorityExtensions(keys.publicKey)),
          await x509.AuthorityKeyIdentifierExtension.create(self.keys.publicKey),
        ],
      });
      return authority({ certificate, keys, above: [pem(certificate), ...self.above] });
    },

    revoke({ serialNumber }) {
      revoked.push({ serialNumber, revocationDate: new Date(Date.now() - 60_000) });
    },

    async crl() {
      const list = await x509.X509CrlGenerator.create({
        issuer: self.certificate.subjectName,
        thisUpdate: new Date(Date.now() - hour),
        nextUpdate: new Date(Date.now() + day),
        entries: revoked,
        signingKey: self.keys.privateKey,
        signingAlgorithm: signingAlgorithm(self.keys.privateKey),
        extensions: [await x509.AuthorityKeyIdentifierExtension.create(self.keys.publicKey)],
      });
      // RFC 7468 §6 and OpenSSL call it "X509 CRL".
      return `${list.toString('pem')}\n`.replace(/(?<=BEGIN |END )CRL/g, 'X509 CRL');
    },
  };
  return ca;
}

async function issue(issuer: Authority, options: IssueOptions): Promise<IssuedCertificate> {
  const names = options.names ?? ['localhost', '127.0.0.1', '::1'];
  const keys = await createKeys(options.keyType ?? 'ecdsa');
  const signer = options.selfSigned ? keys : issuer.keys;
  const subject = distinguishedName(options.commonName ?? names[0] ?? 'throwaway');
  const usage = options.usage === 'client' ? 'clientAuth' : 'serverAuth';
  const certificate = await x509.X509CertificateGenerator.create({
    serialNumber: serial(),
    subject,
    issuer: options.selfSigned ? subject : issuer.certificate.subjectName,
    publicKey: keys.publicKey,
    signingKey: signer.privateKey,
    ...dates(options),
    signingAlgorithm: signingAlgorithm(signer.privateKey),
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage[usage]]),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
      await x509.AuthorityKeyIdentifierExtension.create(signer.publicKey),
      ...alternativeNames(names, options.otherNames ?? []),
    ],
  });
  const text = pem(certificate);
  const parsed = new X509Certificate(text);
  const issued = {
    certificate: text,
    chain: options.selfSigned ? text : text + issuer.above.join(''),
    key: await privateKeyPem(keys.privateKey),
    serialNumber: certificate.serialNumber,
    fingerprint256: parsed.fingerprint256,
    pin: createHash('sha256')
      .update(parsed.publicKey.export({ type: 'spki', format: 'der' }))
      .digest('base64'),
  };
  issuedHere.add(issued);
  return issued;
}

const issuedHere = new WeakSet<IssuedCertificate>();

/** True for a certificate with its own key, as `issue` gave it. */
export const wasIssuedHere = (certificate: IssuedCertificate): boolean =>
  issuedHere.has(certificate);

function alternativeNames(
  names: readonly string[],
  others: readonly { type: 'email' | 'url'; value: string }[],
): x509.Extension[] {
  if (names.length + others.length === 0) return [];
  return [
    new x509.SubjectAlternativeNameExtension([
      ...names.map((value) => ({ type: isIP(value) ? ('ip' as const) : ('dns' as const), value })),
      ...others,
    ]),
  ];
}

async function authorityExtensions(publicKey: webcrypto.CryptoKey): Promise<x509.Extension[]> {
  const { keyCertSign, cRLSign } = x509.KeyUsageFlags;
  return [
    new x509.BasicConstraintsExtension(true, undefined, true),
    new x509.KeyUsagesExtension(keyCertSign | cRLSign, true),
    await x509.SubjectKeyIdentifierExtension.create(publicKey),
  ];
}

const hour = 3_600_000;
const day = 24 * hour;

/** Days from now at which a certificate begins and ends. */
const validities = {
  valid: [-1, 365],
  expired: [-30, -1],
  'not-yet-valid': [30, 365],
} as const;

function dates(options: Pick<IssueOptions, 'validity' | 'notBefore' | 'notAfter'>) {
  const [from, to] = validities[options.validity ?? 'valid'];
  return {
    notBefore: options.notBefore ?? new Date(Date.now() + from * day),
    notAfter: options.notAfter ?? new Date(Date.now() + to * day),
  };
}

const algorithms = {
  ecdsa: { name: 'ECDSA', namedCurve: 'P-256' },
  rsa: {
    name: 'RSASSA-PKCS1-v1_5',
    hash: 'SHA-256',
    publicExponent: new Uint8Array([1, 0, 1]),
    modulusLength: 2048,
  },
} as const;

let sharedRsaKeys: Promise<webcrypto.CryptoKeyPair> | undefined;

function createKeys(type: KeyType): Promise<webcrypto.CryptoKeyPair> {
  if (type === 'ecdsa') return generate(algorithms.ecdsa);
  sharedRsaKeys ??= generate(algorithms.rsa);
  return sharedRsaKeys;
}

async function generate(algorithm: (typeof algorithms)[KeyType]): Promise<webcrypto.CryptoKeyPair> {
  return (await crypto.subtle.generateKey(algorithm, true, [
    'sign',
    'verify',
  ])) as webcrypto.CryptoKeyPair;
}

function signingAlgorithm(key: webcrypto.CryptoKey) {
  return { name: key.algorithm.name, hash: 'SHA-256' };
}

/** A positive serial number of 16 octets, hexadecimal, whose first octet is not zero. */
function serial(): string {
  const octets = randomBytes(16);
  octets[0] = ((octets[0] ?? 0) & 0x3f) | 0x40;
  return octets.toString('hex');
}

// As JSON, the name needs no escaping.
const distinguishedName = (commonName: string): x509.Name => new x509.Name([{ CN: [commonName] }]);

const pem = (certificate: x509.X509Certificate): string => `${certificate.toString('pem')}\n`;

async function privateKeyPem(key: webcrypto.CryptoKey): Promise<string> {
  const der = Buffer.from(await crypto.subtle.exportKey('pkcs8', key));
  const lines = der.toString('base64').match(/.{1,64}/g) ?? [];
  return `-----BEGIN PRIVATE KEY-----\n${lines.join('\n')}\n-----END PRIVATE KEY-----\n`;
}
