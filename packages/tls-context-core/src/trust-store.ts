/**
 * Which certificate authorities to trust when the caller names none: those of the operating system,
 * else the ones that Node bundles.
 *
 * Linux and the BSDs keep them in a file that we read on each Node line alike (Node ≥ 22 would give every
 * certificate up to four times, Node 20 none). Windows and macOS keep them in an API that Node 22 reaches.
 */

import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import * as tls from 'node:tls';
import { attempt } from './attempt.js';
import { UsageError } from './errors.js';
import { certificateBlock, pemBlocks } from './pem.js';

/** Trusted roots and where they came from. */
export interface Roots {
  readonly source: 'system' | 'bundled';
  /** PEM, each once. */
  readonly certificates: readonly string[];
}

const separator = process.platform === 'win32' ? ';' : ':';

/** Where roots may lie: in one file, or in many. The first place that has any is taken. */
interface Places {
  readonly files: readonly string[];
  readonly folders: readonly string[];
}

const commonPlaces: Places = {
  files: [
    '/etc/ssl/certs/ca-certificates.crt', // Debian, Ubuntu, Arch, Alpine
    '/etc/pki/tls/certs/ca-bundle.crt', // Fedora, RHEL
    '/etc/ssl/ca-bundle.pem', // openSUSE
    '/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem', // RHEL 7 and later
    '/etc/ssl/cert.pem', // Alpine, OpenBSD, FreeBSD
    '/usr/local/etc/ssl/cert.pem', // FreeBSD
    '/usr/local/share/certs/ca-root-nss.crt', // FreeBSD, DragonFly
    '/etc/openssl/certs/ca-certificates.crt', // NetBSD
    '/etc/certs/ca-certificates.crt', // illumos
  ],
  folders: ['/etc/ssl/certs', '/etc/pki/tls/certs', '/system/etc/security/cacerts'],
};

/**
 * The roots that a context without `ca` trusts, PEM; for adding to them: `ca: [...systemRoots(), mine]`.
 *
 * The system's, or the bundled ones where the system has none (and on Node 20 on Windows and macOS).
 * `SSL_CERT_FILE` and `SSL_CERT_DIR` name other places, which are then the only ones;
 * the certificates in `NODE_EXTRA_CA_CERTS` are added.
 *
 * @throws UsageError `ERR_ARGUMENT` where one of those variables names what can't be read.
 */
export function systemRoots(): string[] {
  return [...currentRoots().certificates];
}

let kept: { readonly stamp: string; readonly roots: Roots } | undefined;

/** {@link systemRoots}, and which they are: kept for the process, and read anew once their files or names change. */
export function currentRoots(): Roots {
  const stamp = stampOf(process.env, commonPlaces);
  if (kept?.stamp !== stamp) kept = { stamp, roots: readRoots() };
  return kept.roots;
}

/** Equal as long as the same places hold the same, as far as their times and sizes tell; a folder's are of its entries. */
function stampOf(environment: NodeJS.ProcessEnv, { files, folders }: Places): string {
  const { SSL_CERT_FILE, SSL_CERT_DIR, NODE_EXTRA_CA_CERTS } = environment;
  const named = (SSL_CERT_DIR ?? '').split(separator).filter((dir) => dir !== '');
  const ours = SSL_CERT_FILE || SSL_CERT_DIR ? [] : [...files, ...folders];
  const states = [SSL_CERT_FILE, ...named, NODE_EXTRA_CA_CERTS, ...ours].map((place) => {
    const state = place && attempt(() => statSync(place, { throwIfNoEntry: false }));
    return state ? `${state.dev} ${state.ino} ${state.mtimeMs} ${state.size}` : '';
  });
  return JSON.stringify([SSL_CERT_FILE, SSL_CERT_DIR, NODE_EXTRA_CA_CERTS, ...states]);
}

/** What {@link currentRoots} keeps, read. */
export function readRoots(
  environment: NodeJS.ProcessEnv = process.env,
  places: Places = commonPlaces,
): Roots {
  const system = namedRoots(environment) ?? platformRoots(places);
  const own = system.length > 0 ? system : tls.rootCertificates;
  return {
    source: system.length > 0 ? 'system' : 'bundled',
    certificates: once([...own, ...extraRoots(environment)]),
  };
}

/** What `SSL_CERT_FILE` and `SSL_CERT_DIR` name: nothing less, for it is meant, and nothing beside. */
function namedRoots({
  SSL_CERT_FILE: file,
  SSL_CERT_DIR: dirs,
}: NodeJS.ProcessEnv): string[] | undefined {
  if (!file && !dirs) return undefined;
  const fromFile = file ? readNamed('SSL_CERT_FILE', file, readBundle) : [];
  const fromDirs = (dirs ?? '')
    .split(separator)
    .filter((dir) => dir !== '')
    .flatMap((dir) => readNamed('SSL_CERT_DIR', dir, readFolder));
  return [...fromFile, ...fromDirs];
}

/** Node itself warns at its start about a file that it can't read, and goes on; so do we, for it only ever adds. */
function extraRoots({ NODE_EXTRA_CA_CERTS: file }: NodeJS.ProcessEnv): string[] {
  return file ? (attempt(() => readBundle(file)) ?? []) : [];
}

function platformRoots({ files, folders }: Places): string[] {
  const inFiles = process.platform !== 'win32' && process.platform !== 'darwin';
  const found = inFiles
    ? (firstWithRoots(files, readBundle) ?? firstWithRoots(folders, readFolder))
    : undefined;
  return found ?? nodeSystemRoots();
}

/** A place that is absent or closed to us is no error while we look for one that serves. */
function firstWithRoots(
  places: readonly string[],
  read: (place: string) => string[],
): string[] | undefined {
  for (const place of places) {
    const found = attempt(() => read(place));
    if (found && found.length > 0) return found;
  }
  return undefined;
}

/** `tls.getCACertificates` came with Node 22.15; @types/node of our floor does not know it. */
function nodeSystemRoots(): string[] {
  const { getCACertificates } = tls as { getCACertificates?: (type: 'system') => string[] };
  return (getCACertificates && attempt(() => getCACertificates('system'))) ?? [];
}

const readBundle = (file: string): string[] =>
  pemBlocks(readFileSync(file, 'latin1'), certificateBlock);

/** Hash links and files stand side by side in such folders; {@link once} drops the doubles. */
function readFolder(folder: string): string[] {
  return readdirSync(folder).flatMap((name) => attempt(() => readBundle(join(folder, name))) ?? []);
}

function readNamed(variable: string, place: string, read: (place: string) => string[]): string[] {
  const refuse = (problem: string, cause?: unknown): UsageError =>
    new UsageError('ERR_ARGUMENT', `${variable} names ${place}, which ${problem}`, {
      argument: variable,
      hint: `Correct or unset the environment variable ${variable}, or give the roots as ca.`,
      ...(cause !== undefined && { cause }),
    });
  let found: string[];
  try {
    found = read(place);
  } catch (cause) {
    throw refuse("can't be read", cause);
  }
  if (found.length === 0) throw refuse('holds no certificate');
  return found;
}

/** A certificate is the same whatever the line width of its PEM. */
function once(certificates: readonly string[]): string[] {
  const seen = new Map<string, string>();
  for (const pem of certificates) {
    const key = pem.replace(/-----[^-]+-----|\s/g, '');
    if (!seen.has(key)) seen.set(key, pem);
  }
  return [...seen.values()];
}
