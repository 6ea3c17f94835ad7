/** Whom to trust: made once, shared by all connections, without a name in it. */

import type { SecureContext } from 'node:tls';
import { UsageError } from './errors.js';
import { keylogRule } from './keylog.js';
import { memoise } from './memoise.js';
import { opensslContext } from './openssl-context.js';
import {
  badOption,
  checkOptions,
  isFlag,
  isOctets,
  isText,
  oneOf,
  type Rule,
  type Rules,
} from './option-check.js';
import { certificatesIn } from './pem.js';
import { parsePin } from './pins.js';
import { refuseIgnored } from './runtime.js';
import type { Trust } from './trust.js';
import { currentRoots } from './trust-store.js';
import type { TlsContext, TlsContextOptions } from './types.js';

/** What a {@link TlsContext} knows and does not show. */
export interface ContextParts {
  /** Node's side, built when first needed: the system's roots cost 20 ms of CPU. */
  readonly secureContext: (group?: string) => SecureContext;
  /** Our roots and lists, which what `pfx` brings never joins. */
  readonly trust: Trust;
  /** Bits that a finite-field Diffie-Hellman key must have: 2048 (RFC 9325 §4.4), but where the caller names ciphers. */
  readonly minDhBits: number;
  /** SHA-256 digests of SubjectPublicKeyInfos, base64; empty: none demanded. */
  readonly pins: ReadonlySet<string>;
  readonly keylog: TlsContextOptions['keylog'];
  readonly alpn: boolean;
  readonly sni: boolean;
}

const partsOf = new WeakMap<TlsContext, ContextParts>();
/** Contexts that stand for another, which may change: those that can be reloaded. */
const stoodFor = new WeakMap<TlsContext, () => TlsContext>();

/**
 * Makes a context: verifies chain and name against the system's trust store, TLS 1.2 or newer, unless told otherwise.
 * Share it: its construction costs more than a handshake, and sessions can be resumed only within one.
 *
 * @throws UsageError `ERR_ARGUMENT` for unknown keys (the hint names ours), options that contradict each other,
 * and certificates, keys or ciphers that OpenSSL does not take.
 */
export function createTlsContext(given: TlsContextOptions = {}): TlsContext {
  checkOptions(given, tlsContextRules);
  refuseIgnored(given);
  const options = { ...given }; // what is done to the caller's object later changes nothing
  refuseContradictions(options);
  const verifyMode = options.verifyMode ?? 'required';
  const { source, ca } = chooseRoots(options);
  const context: TlsContext = Object.freeze({
    trust: source,
    verifyMode,
    checkHostname: options.checkHostname ?? true,
    minVersion: options.minVersion ?? 'TLSv1.2',
  });
  const { secureContext, trust } = opensslContext(options, ca);
  partsOf.set(context, {
    secureContext,
    trust,
    minDhBits: options.ciphers === undefined ? 2048 : 1024,
    pins: new Set(options.pins?.map(parsePin)),
    keylog: options.keylog,
    alpn: options.alpn ?? true,
    sni: options.sni ?? true,
  });
  return context;
}

/** The context of a caller who gives no options: one for the whole process, built when first asked for. */
export const defaultTlsContext: () => TlsContext = memoise(() => createTlsContext());

/** What is behind a context. Throws where the object is none of ours. */
export function contextParts(context: TlsContext): ContextParts {
  const parts = partsOf.get(currentContext(context));
  if (parts) return parts;
  throw new UsageError(
    'ERR_ARGUMENT',
    'context is no TlsContext of this copy of tls-context-core',
    {
      argument: 'context',
      hint: 'Make it with createTlsContext(); if you did, two versions of tls-context-core are installed: see `npm ls tls-context-core`.',
    },
  );
}

/** True for an object that {@link createTlsContext} made. */
export function isTlsContext(value: unknown): value is TlsContext {
  return partsOf.has(value as TlsContext) || stoodFor.has(value as TlsContext);
}

/** Makes `context` stand for what `current` gives at each handshake. */
export function substitute(context: TlsContext, current: () => TlsContext): void {
  stoodFor.set(context, current);
}

/** What a context stands for now: itself, unless it can be reloaded. */
export function currentContext(context: TlsContext): TlsContext {
  return stoodFor.get(context)?.() ?? context;
}

function chooseRoots(options: TlsContextOptions): {
  source: TlsContext['trust'];
  ca: readonly string[];
} {
  if (options.verifyMode === 'none') return { source: 'none', ca: noRoots };
  if (options.trust === 'pins') return { source: 'pins', ca: noRoots };
  if (options.ca !== undefined) return { source: 'ca', ca: certificatesIn(options.ca, 'ca') };
  const { source, certificates } = currentRoots();
  return { source, ca: certificates };
}

const noRoots: readonly string[] = [];

const isInput = (value: unknown): boolean => isText(value) || isOctets(value);
const isInputs = (value: unknown): boolean =>
  isInput(value) || (Array.isArray(value) && value.length > 0 && value.every(isInput));
const flag: Rule = [isFlag, 'true or false'];
const input: Rule = [isInput, 'PEM text, or octets'];
const inputs: Rule = [isInputs, 'PEM text or PEM or DER octets, or a list of such'];
const version = oneOf('TLSv1.2', 'TLSv1.3');

export const tlsContextRules: Rules<TlsContextOptions> = {
  ca: inputs,
  cert: input,
  key: input,
  passphrase: [isText, 'text'],
  pfx: [isOctets, 'octets of PKCS#12'],
  pins: [(value) => Array.isArray(value) && value.length > 0, 'a list of at least one pin'],
  trust: oneOf('roots', 'pins'),
  crl: inputs,
  minVersion: version,
  maxVersion: version,
  ciphers: [isText, "a cipher list of OpenSSL's"],
  verifyMode: oneOf('required', 'none'),
  checkHostname: flag,
  keylog: keylogRule,
  alpn: flag,
  sni: flag,
};

/** What each option may be alone can still be nonsense together. */
function refuseContradictions(options: TlsContextOptions): void {
  for (const [broken, argument, problem] of contradictions(options)) {
    if (broken) throw badOption(argument, problem);
  }
}

function contradictions(options: TlsContextOptions): [boolean, string, string][] {
  const { verifyMode, checkHostname, trust, pins, ca, crl, cert, key, pfx } = options;
  return [
    [
      verifyMode === 'none' && checkHostname !== false,
      'verifyMode',
      "'none' trusts anybody, which makes the name worthless: say checkHostname: false as well",
    ],
    [trust === 'pins' && !pins, 'trust', "'pins' needs pins"],
    [trust === 'pins' && verifyMode === 'none', 'trust', "'pins' and verifyMode 'none' contradict"],
    [
      trust === 'pins' && ca !== undefined,
      'ca',
      "has no meaning with trust: 'pins', which replaces the chain",
    ],
    [
      trust === 'pins' && crl !== undefined,
      'crl',
      "has no meaning with trust: 'pins', which replaces the chain",
    ],
    [verifyMode === 'none' && crl !== undefined, 'crl', "has no meaning with verifyMode: 'none'"],
    [(cert === undefined) !== (key === undefined), 'cert', 'and key belong together'],
    [pfx !== undefined && cert !== undefined, 'pfx', 'stands instead of cert and key'],
    [
      options.minVersion === 'TLSv1.3' && options.maxVersion === 'TLSv1.2',
      'minVersion',
      'is above maxVersion',
    ],
  ];
}
