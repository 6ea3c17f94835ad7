/** From a domain to its MTA-STS policy, by DNS and HTTPS, with a memory: RFC 8461 §3.3, §5.1. */
import { resolveTxt as systemResolveTxt } from 'node:dns/promises';
import type { LookupFunction } from 'node:net';
import {
  checkOptions,
  createTlsContext,
  type Dial,
  defaultTlsContext,
  escapeText,
  type FivewireError,
  isFivewireError,
  isText,
  isTlsContext,
  lookUp,
  parseServerHostname,
  RemoteProtocolError,
  type Rules,
  rules,
  type TlsContext,
  type TlsContextOptions,
  UsageError,
} from '@fivewire/line-protocol';
import { type HttpResponse, httpsGet } from './https-get.js';
import { type MtaStsPolicy, parseMtaStsPolicy, parseMtaStsRecord } from './mta-sts-policy.js';

/** A policy as it is remembered. Plain JSON. */
export interface CachedMtaStsPolicy extends MtaStsPolicy {
  /** Of the TXT record: another id, another policy. */
  id: string;
  /** Milliseconds since 1970. */
  fetchedAt: number;
}

/** A `Map` is one. What outlives the process protects better: an attacker who silences DNS once can't undo what is known. */
export interface MtaStsCache {
  get(domain: string): CachedMtaStsPolicy | undefined | Promise<CachedMtaStsPolicy | undefined>;
  set(domain: string, policy: CachedMtaStsPolicy): unknown;
}

export interface MtaStsOptions {
  /** Default: one in memory for the whole process, of at most 1,000 domains. */
  cache?: MtaStsCache;
  /** In place of the system's resolver. Rejects with a `code` of ENODATA or ENOTFOUND where there is no record. */
  resolveTxt?: (name: string) => Promise<readonly (readonly string[])[]>;
  /** Whom to trust for the web server. Default: the system's roots. */
  tls?: TlsContextOptions | TlsContext;
  /** Another way to the web server, as of `connect`. */
  dial?: Dial;
  lookup?: LookupFunction;
  proxy?: string;
  signal?: AbortSignal;
  /** For each lookup, and for all of the fetch, in milliseconds. Default 60,000 (§3.3). */
  timeout?: number;
}

/** What is known of a domain. */
export interface MtaStsFinding {
  /** Absent: the domain has none, or none that could be had. */
  policy?: CachedMtaStsPolicy;
  /** Why a policy could not be had, or not be renewed. */
  problem?: FivewireError;
}

const policyOctets = 65_536; // §3.2: "a reasonable limit"
const defaultTimeout = 60_000;
const remembered = new Map<string, CachedMtaStsPolicy>();
const rememberedLimit = 1_000;

const sharedCache: MtaStsCache = {
  get: (domain) => remembered.get(domain),
  set(domain, policy) {
    remembered.delete(domain);
    remembered.set(domain, policy);
    const [oldest] = remembered.keys();
    if (remembered.size > rememberedLimit && oldest !== undefined) remembered.delete(oldest);
  },
};

/**
 * The policy that holds for a domain now: a remembered one while its id is that of DNS, or while DNS or the web server
 * can't be had and it has not expired; else a fresh one.
 *
 * @throws AbortError, UsageError, TlsError `ERR_SERVER_HOSTNAME_INVALID`; whatever else goes wrong is a `problem` (§3.3: as though there were no policy)
 */
export async function findMtaStsPolicy(
  mailDomain: string,
  options: MtaStsOptions = {},
): Promise<MtaStsFinding> {
  checkOptions(options, mtaStsRules);
  const { kind, name: domain } = parseServerHostname(mailDomain);
  if (kind !== 'dns')
    throw new UsageError('ERR_ARGUMENT', 'domain is an address; a domain name is needed', {
      argument: 'domain',
    });
  const { cache = sharedCache } = options;
  const known = stillValid(await cache.get(domain));
  const finding = (more: MtaStsFinding): MtaStsFinding => ({
    ...(known && { policy: known }),
    ...more,
  });
  try {
    const id = await currentId(domain, options);
    if (id === undefined || id === known?.id) return finding({});
    const policy = { ...(await fetchPolicy(domain, options)), id, fetchedAt: Date.now() };
    await cache.set(domain, policy);
    return { policy };
  } catch (problem) {
    if (!isFivewireError(problem) || fatal.has(problem.code)) throw problem;
    return finding({ problem });
  }
}

/** The caller's own doing, which no memory makes up for. */
const fatal = new Set(['ERR_ABORTED', 'ERR_ARGUMENT']);

/** A cache may be a file, and a file may be broken: what is no policy is not remembered. */
function stillValid(policy: CachedMtaStsPolicy | undefined): CachedMtaStsPolicy | undefined {
  if (!isPolicy(policy)) return undefined;
  const age = Date.now() - policy.fetchedAt;
  return age >= 0 && age < policy.maxAge * 1_000 ? policy : undefined;
}

const isPolicy = (value: unknown): value is CachedMtaStsPolicy => {
  const { mode, mx, maxAge, id, fetchedAt } = Object(value) as Partial<CachedMtaStsPolicy>;
  return (
    ['enforce', 'testing', 'none'].includes(String(mode)) &&
    Array.isArray(mx) &&
    mx.every((pattern) => typeof pattern === 'string') &&
    [maxAge, fetchedAt].every(Number.isFinite) &&
    typeof id === 'string'
  );
};

async function currentId(domain: string, options: MtaStsOptions): Promise<string | undefined> {
  const { resolveTxt = systemResolveTxt, timeout = defaultTimeout, signal } = options;
  const name = `_mta-sts.${domain}`;
  const wait = { timeout, ...(signal === undefined ? {} : { signal }) };
  const records = await lookUp(`TXT ${name}`, async () => resolveTxt(name), wait);
  return parseMtaStsRecord(records ?? []);
}

const { callback, object } = rules;
const isCache = (value: unknown): boolean =>
  ['get', 'set'].every((method) => typeof Object(value)[method] === 'function');

/** For `checkOptions`. */
export const mtaStsRules: Rules<MtaStsOptions> = {
  ...rules.callRules,
  cache: [isCache, 'a cache with get and set'],
  resolveTxt: callback,
  tls: object,
  dial: callback,
  lookup: callback,
  proxy: [isText, 'text'],
};

async function fetchPolicy(domain: string, options: MtaStsOptions): Promise<MtaStsPolicy> {
  const { tls, timeout = defaultTimeout, signal, dial, lookup, proxy } = options;
  const response = await httpsGet(`mta-sts.${domain}`, '/.well-known/mta-sts.txt', {
    context:
      tls === undefined ? defaultTlsContext() : isTlsContext(tls) ? tls : createTlsContext(tls),
    timeout,
    limit: policyOctets,
    ...(signal === undefined ? {} : { signal }),
    ...(dial === undefined ? {} : { dial }),
    ...(lookup === undefined ? {} : { lookup }),
    ...(proxy === undefined ? {} : { proxy }),
  });
  return parseMtaStsPolicy(textOf(response));
}

/** §3.3: a 200, no redirect, text/plain. */
function textOf({ status, headers, body }: HttpResponse): string {
  if (status !== 200) throw unexpected('status 200', String(status));
  const type = headers.get('content-type') ?? '';
  if (!/^text\/plain(?:[ \t]*;|$)/i.test(type)) throw unexpected('text/plain', type);
  const coding = headers.get('content-encoding') ?? 'identity';
  if (coding.toLowerCase() !== 'identity') throw unexpected('no content-encoding', coding);
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(body);
  } catch {
    throw unexpected('UTF-8', Buffer.from(body).toString('latin1'));
  }
}

function unexpected(expected: string, value: string): RemoteProtocolError {
  const got = escapeText(value, 80);
  return new RemoteProtocolError(
    'ERR_MALFORMED_RESPONSE',
    `The policy's web server answers with "${got}" where ${expected} is expected`,
    {
      expected,
      got,
      hint: "The domain's operator must mend its MTA-STS web server (RFC 8461 §3.3).",
    },
  );
}
