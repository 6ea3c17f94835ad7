/**
 * OpenSSL's side of a context, and whom it trusts: made once for equal options. Each store of the system's roots takes
 * 20 ms of CPU and 440 kB, and a program may well make a context for each connection.
 */

import { constants, createHash } from 'node:crypto';
import { createSecureContext, type SecureContext } from 'node:tls';
import { DerError } from './der.js';
import { isFivewireError, UsageError } from './errors.js';
import { memoise } from './memoise.js';
import { badInput, certificatesIn, crlsIn, fromPem } from './pem.js';
import { type RevocationLists, readRevocationLists } from './revocation.js';
import { createTrust, type Trust } from './trust.js';
import type { TlsContextOptions } from './types.js';

/** What contexts with equal options have in common. */
export interface OpensslContext {
  /**
   * Built when first needed.
   *
   * @param group the key exchange group that a server is known to choose, as Node names it. Where another one would be offered
   * first, and the server would ask for a second hello (RFC 8446 §4.1.4), it is.
   */
  readonly secureContext: (group?: string) => SecureContext;
  readonly trust: Trust;
}

/** What only OpenSSL can judge, and must judge when the context is made. */
const judgedAtOnce = ['ca', 'cert', 'key', 'passphrase', 'pfx', 'crl', 'ciphers'] as const;

const shared = new Map<string, WeakRef<OpensslContext>>();
const forgotten = new FinalizationRegistry<string>((key) => {
  if (!shared.get(key)?.deref()) shared.delete(key);
});

/**
 * @param roots PEM; the same array for the same roots.
 * @throws UsageError `ERR_ARGUMENT` for what OpenSSL does not take.
 */
export function opensslContext(
  options: TlsContextOptions,
  roots: readonly string[],
): OpensslContext {
  const key = keyOf(options, roots);
  let context = shared.get(key)?.deref();
  if (!context) {
    const plain = memoise(() => build(options, roots));
    const preferring = new Map<string, SecureContext>();
    context = {
      secureContext(group) {
        const groups = group === undefined ? undefined : groupsFirst.get(group);
        if (groups === undefined) return plain();
        const known = preferring.get(groups) ?? build(options, roots, groups);
        preferring.set(groups, known);
        return known;
      },
      trust: createTrust(roots, listsIn(options.crl), beyondStrong.test(options.ciphers ?? '')),
    };
    shared.set(key, new WeakRef(context));
    forgotten.register(context, key);
  }
  if (judgedAtOnce.some((name) => options[name] !== undefined)) context.secureContext();
  return context;
}

/** A digest, so that no key or passphrase stays in memory for it. */
function keyOf(options: TlsContextOptions, roots: readonly string[]): string {
  const hash = createHash('sha256').update(digestOf(roots));
  const { cert, key, passphrase, pfx, crl, ciphers, minVersion, maxVersion } = options;
  const versions = [minVersion ?? 'TLSv1.2', maxVersion ?? 'TLSv1.3'];
  const parts = [cert, key, passphrase, pfx, crl, ciphers, ...versions].map((part) =>
    part === undefined ? [] : Array.isArray(part) ? part : [part],
  );
  for (const part of parts) {
    hash.update(`${part.length};`);
    for (const one of part) hash.update(`${typeof one} ${one.length};`).update(one);
  }
  return hash.digest('base64');
}

const digests = new WeakMap<readonly string[], string>();

function digestOf(roots: readonly string[]): string {
  let digest = digests.get(roots);
  if (digest === undefined) {
    digest = createHash('sha256').update(roots.join('\n')).digest('base64');
    digests.set(roots, digest);
  }
  return digest;
}

/** Without static RSA, which keeps no secret once the server's key is known (RFC 9325 §4.1). */
const defaultCiphers = `${constants.defaultCoreCipherList}:!kRSA`;

/** Level 2 is what a path must have anyhow where OpenSSL's verdict does not count. */
const beyondStrong = /@SECLEVEL=[3-9]/i;

/** OpenSSL's own order begins with X25519, alone or in a hybrid: those need no other. */
const groupsFirst = new Map([
  ['prime256v1', 'P-256:X25519:P-384:P-521'],
  ['secp384r1', 'P-384:X25519:P-256:P-521'],
  ['secp521r1', 'P-521:X25519:P-256:P-384'],
]);

/** Every default that a command-line flag or a global of `node:tls` could weaken is spelled out. */
function build(
  options: TlsContextOptions,
  roots: readonly string[],
  groups?: string,
): SecureContext {
  const { cert, key, passphrase, pfx, crl } = options;
  try {
    return createSecureContext({
      ca: [...roots],
      ...(cert !== undefined && { cert: certificatesIn(cert, 'cert').join('\n') }),
      ...(key !== undefined && { key: typeof key === 'string' ? key : Buffer.from(key) }),
      ...(pfx !== undefined && { pfx: Buffer.from(pfx) }),
      ...(passphrase !== undefined && { passphrase }),
      ...(crl !== undefined && { crl: crlsIn(crl) }),
      ciphers: options.ciphers ?? defaultCiphers,
      minVersion: options.minVersion ?? 'TLSv1.2',
      maxVersion: options.maxVersion ?? 'TLSv1.3',
      secureOptions: constants.SSL_OP_NO_RENEGOTIATION,
      ...(groups !== undefined && { ecdhCurve: groups }),
    });
  } catch (cause) {
    if (isFivewireError(cause)) throw cause;
    const { message } = cause as Error;
    throw new UsageError('ERR_ARGUMENT', `OpenSSL refuses the context: ${message}`, {
      ...(pfx !== undefined && { argument: 'pfx' }),
      hint: hintFor(message, pfx !== undefined),
      cause,
    });
  }
}

/** First match wins. */
const pfxHints: readonly [RegExp, string][] = [
  [
    /unsupported|invalid.*(?:cipher|digest)|unknown cipher/i,
    'The PKCS#12 file is encrypted as old programs did (RC2 or 3DES), which OpenSSL 3 no longer reads. Write it anew: openssl pkcs12 -legacy -in old.p12 -nodes -out all.pem, then openssl pkcs12 -export -in all.pem -out new.p12; or give the two parts of all.pem as cert and key.',
  ],
  [/mac verify|password/i, 'The passphrase is not that of the PKCS#12 file, or is missing.'],
  [/./, 'Give the octets of a PKCS#12 file (.p12, .pfx); PEM goes into cert and key.'],
];

function hintFor(message: string, isPfx: boolean): string {
  const hint = isPfx ? pfxHints.find(([pattern]) => pattern.test(message))?.[1] : undefined;
  return (
    hint ??
    'Check that cert and key belong together, that the passphrase is right and that ciphers names real ones.'
  );
}

function listsIn(crl: TlsContextOptions['crl']): RevocationLists | undefined {
  if (crl === undefined) return undefined;
  const lists = crlsIn(crl).map(fromPem);
  try {
    return readRevocationLists(lists);
  } catch (cause) {
    if (!(cause instanceof DerError)) throw cause;
    throw badInput('crl', 'holds a list that is broken', cause);
  }
}
