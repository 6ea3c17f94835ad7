/**
 * Where the mail of a domain goes, and who must be there: MX (RFC 5321 §5.1, RFC 7505), guarded by MTA-STS (RFC 8461) and
 * DANE (RFC 7672) where asked for.
 *
 * Each target demands STARTTLS and a proof of its name, with or without a policy: nothing here tries anything weaker
 * than it names. A policy adds that the name itself can be believed.
 */
import { randomInt } from 'node:crypto';
import { resolveMx as systemResolveMx } from 'node:dns/promises';
import {
  ConnectionError,
  checkOptions,
  createTlsContext,
  escapeText,
  type FivewireError,
  isFivewireError,
  isText,
  isTlsContext,
  type LookupOptions,
  lookUp,
  parseServerHostname,
  type Rules,
  rules,
  type TlsaRecord,
  UsageError,
} from '@fivewire/line-protocol';
import type { SmtpOptions } from '../types.js';
import { type DaneOptions, tlsaRecords } from './dane.js';
import {
  findMtaStsPolicy,
  type MtaStsFinding,
  type MtaStsOptions,
  mtaStsRules,
} from './mta-sts.js';
import { allowsMx } from './mta-sts-policy.js';
import { ask, hostIn, parseResolver, type TrustedResolver } from './trusted-resolver.js';

/** One MX record, as Node's `dns.resolveMx` gives it. */
export interface MxRecord {
  exchange: string;
  priority: number;
}

/** `timeout` is for each lookup. */
export interface DeliveryOptions extends LookupOptions {
  /** Obey the domain's MTA-STS policy. `true`: with the defaults. Default: off. */
  mtaSts?: boolean | Omit<MtaStsOptions, 'signal'>;
  /** Obey the domain's TLSA records. Needs a validating resolver, which then answers for MX too. Default: off. */
  dane?: DaneOptions;
  /** In place of the system's resolver. Rejects with a `code` of ENODATA or ENOTFOUND where there is no record. Not with `dane`. */
  resolveMx?: (domain: string) => Promise<readonly MxRecord[]>;
  /** Default 25. */
  port?: number;
}

export interface DeliveryTarget {
  /** To be spread into `SmtpClient.connect`. */
  connect: Required<Pick<SmtpOptions, 'host' | 'port' | 'security' | 'serverHostname'>> &
    Pick<SmtpOptions, 'tlsa'>;
  /** Lower is to be tried first. The list is in order already. */
  preference: number;
  /**
   * What vouches for the host: `'dane'`, DNSSEC and its TLSA records; `'mta-sts'`, the domain's policy; `'none'`: DNS
   * alone says that this is the domain's exchanger, so its proof is worth no more than that.
   */
  protection: 'dane' | 'mta-sts' | 'none';
  /** A policy in testing names other hosts: it would be refused if the policy were enforced (RFC 8461 §5). */
  violation?: true;
}

export interface DeliveryPlan {
  /** The domain, as A-labels. */
  domain: string;
  /** At least one, in the order in which to try them. */
  targets: DeliveryTarget[];
  /** With `mtaSts`: what was found. */
  mtaSts?: MtaStsFinding;
  /** Hosts that may not be used now, and why. */
  problems: { host: string; error: FivewireError }[];
}

/** The first of them, by preference: more need not be tried. */
const mxLimit = 50;
/** How many of them are asked about at once. */
const askedAtOnce = 10;

/** Of DANE's and MTA-STS's options as of ours, each that is unknown or of the wrong type is refused. */
const deliveryRules: Rules<DeliveryOptions> = {
  ...rules.callRules,
  mtaSts: [(value) => typeof value === 'boolean' || isObject(value), 'true, false or an object'],
  dane: rules.object,
  resolveMx: rules.callback,
  port: [
    (value) => Number.isInteger(value) && (value as number) > 0 && (value as number) < 65_536,
    'a port from 1 to 65535',
  ],
};
const daneRules: Rules<DaneOptions> = { resolver: [isText, 'an address, with or without a port'] };
const { signal: _, ...mtaStsOwnRules } = mtaStsRules;

function checkDeliveryOptions(options: DeliveryOptions): void {
  checkOptions(options, deliveryRules);
  const { dane, mtaSts } = options;
  if (dane !== undefined) checkOptions(dane, daneRules);
  if (!isObject(mtaSts)) return;
  checkOptions(mtaSts, mtaStsOwnRules);
  const { tls } = mtaSts;
  if (tls !== undefined && !isTlsContext(tls)) createTlsContext(tls);
}

const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null;

/**
 * Finds the mail exchangers of a domain.
 *
 * ```js
 * const { targets } = await deliveryTargets('example.net', { mtaSts: true, dane: { resolver: '127.0.0.1:53' } });
 * const smtp = await SmtpClient.connect({ ...targets[0].connect, clientName: 'mail.example.org' });
 * ```
 *
 * @param domain what follows the @ of the recipient's address.
 * @throws ConnectionError `ERR_DIAL_FAILED`: the domain takes no mail (null MX; `retry: 'never'`), DNS fails, or no
 * exchanger may be used (`'later'`); TimeoutError; AbortError; RemoteProtocolError; TlsError
 * `ERR_SERVER_HOSTNAME_INVALID`; UsageError `ERR_ARGUMENT`.
 */
export async function deliveryTargets(
  domain: string,
  options: DeliveryOptions = {},
): Promise<DeliveryPlan> {
  checkDeliveryOptions(options);
  const { kind, name } = parseServerHostname(domain);
  if (kind !== 'dns') throw wrong('domain', 'is an address; a domain name is needed');
  const { port = 25, dane, resolveMx } = options;
  if (dane && resolveMx) throw wrong('resolveMx', 'excludes dane, whose resolver answers for MX');
  const resolver = dane && parseResolver(dane.resolver);

  const mtaSts = options.mtaSts ? await findMtaStsPolicy(name, policyOptions(options)) : undefined;
  const { records, authenticated, end } = resolver
    ? await askForMx(resolver, name, options)
    : { records: await lookUpMx(name, options), authenticated: false, end: name };
  const names = [...new Set([name, end])];
  const signedBy = authenticated ? resolver : undefined; // only a proven MX makes its host's records count (RFC 7672 §2.2.1)
  const judged: Outcome[] = [];
  for (const some of inParts(exchangersIn(records, name), askedAtOnce)) {
    const part = some.map((record) => judge(record, port, mtaSts, signedBy, names, options));
    judged.push(...(await Promise.all(part)));
  }
  const targets = judged.flatMap((outcome) => ('connect' in outcome ? [outcome] : []));
  const problems = judged.flatMap((outcome) => ('error' in outcome ? [outcome] : []));
  if (targets.length === 0) throw noneUsable(name, problems);
  return { domain: name, targets, problems, ...(mtaSts && { mtaSts }) };
}

function* inParts<T>(all: readonly T[], size: number): Iterable<readonly T[]> {
  for (let at = 0; at < all.length; at += size) yield all.slice(at, at + size);
}

type Outcome = DeliveryTarget | DeliveryPlan['problems'][number];

async function judge(
  { exchange, priority }: MxRecord,
  port: number,
  mtaSts: MtaStsFinding | undefined,
  resolver: TrustedResolver | undefined,
  names: readonly string[],
  options: LookupOptions,
): Promise<Outcome> {
  const target = underPolicy(exchange, priority, port, mtaSts);
  if (resolver === undefined || 'error' in target) return target;
  try {
    const found = await tlsaRecords(resolver, exchange, port, options);
    const { records: tlsa, name: serverHostname = exchange } = found;
    if (tlsa.length === 0) return target;
    const connect = { ...target.connect, serverHostname, tlsa: tlsa.map(alsoFor(names)) };
    return { ...target, connect, protection: 'dane' };
  } catch (error) {
    if (!isFivewireError(error) || fatal.has(error.code)) throw error;
    return { host: exchange, error };
  }
}

/** RFC 7672 §3.2.2: under DANE-TA the certificate may be the domain's as well as the host's, since DNSSEC proves the step between. */
const alsoFor =
  (names: readonly string[]) =>
  (record: TlsaRecord): TlsaRecord =>
    record.usage === 2 ? { ...record, names } : record;

/** The caller's own doing. */
const fatal = new Set(['ERR_ABORTED', 'ERR_ARGUMENT']);

/** RFC 8461 §5: enforced, a policy excludes; in testing, it is noted; "none" is none. */
function underPolicy(
  host: string,
  preference: number,
  port: number,
  mtaSts: MtaStsFinding | undefined,
): Outcome {
  const connect = { host, port, security: 'starttls', serverHostname: host } as const;
  const policy = mtaSts?.policy;
  if (policy === undefined || policy.mode === 'none')
    return { connect, preference, protection: 'none' };
  const allowed = allowsMx(policy, host);
  if (policy.mode === 'testing')
    return { connect, preference, protection: 'none', ...(!allowed && { violation: true }) };
  return allowed
    ? { connect, preference, protection: 'mta-sts' }
    : { host, error: notAllowed(host) };
}

function policyOptions({ mtaSts, signal }: DeliveryOptions): MtaStsOptions {
  return { ...(typeof mtaSts === 'object' ? mtaSts : {}), ...(signal && { signal }) };
}

async function lookUpMx(domain: string, options: DeliveryOptions): Promise<MxRecord[]> {
  const { resolveMx = systemResolveMx } = options;
  const records = (await lookUp(`MX ${domain}`, async () => resolveMx(domain), options)) ?? [];
  if (!Array.isArray(records)) throw wrong('resolveMx', 'must give a list of records');
  return records;
}

async function askForMx(
  resolver: TrustedResolver,
  domain: string,
  options: LookupOptions,
): Promise<{ records: MxRecord[]; authenticated: boolean; end: string }> {
  const { records, authenticated, name } = await ask(resolver, domain, 'MX', options);
  const read = (data: unknown): MxRecord => {
    const { exchange, preference } = Object(data) as { exchange?: unknown; preference?: unknown };
    return { exchange: String(exchange ?? ''), priority: Number(preference ?? 0) };
  };
  return { records: records.map(read), authenticated, end: hostIn(name) ?? domain };
}

/**
 * The hosts to try, the lowest preference first, equals in random order (RFC 5321 §5.1). No record at all: the domain
 * itself. The one record "." (RFC 7505): no mail.
 */
function exchangersIn(records: readonly MxRecord[], domain: string): MxRecord[] {
  if (records.length === 0) return [{ exchange: domain, priority: 0 }];
  const usable = records.flatMap((record) => {
    const exchange = hostIn(record?.exchange);
    const { priority } = Object(record) as MxRecord;
    return exchange !== undefined && Number.isInteger(priority) ? [{ exchange, priority }] : [];
  });
  if (usable.length === 0)
    throw records.every(namesTheRoot) ? takesNoMail(domain) : namesNoHost(domain, records);
  const drawn = usable.map((record) => ({ record, lot: randomInt(0x10000) }));
  drawn.sort((a, b) => a.record.priority - b.record.priority || a.lot - b.lot);
  return drawn.slice(0, mxLimit).map(({ record }) => record);
}

/** "." (RFC 7505), which Node writes as the empty name. */
const namesTheRoot = (record: MxRecord): boolean => /^\.?$/.test(record?.exchange ?? '?');

/** Not to be read is not to be absent: the operator may mend it while the message waits. */
const namesNoHost = (domain: string, records: readonly MxRecord[]): ConnectionError =>
  new ConnectionError('ERR_DIAL_FAILED', `No MX record of ${domain} names a host`, {
    host: domain,
    phase: 'dial',
    retry: 'later',
    addresses: records.slice(0, 10).map((one) => escapeText(String(one?.exchange), 80)),
    hint: "The domain's operator must mend its MX records, which name hosts and no addresses (RFC 5321 §5.1).",
  });

const notAllowed = (host: string): ConnectionError =>
  new ConnectionError('ERR_DIAL_FAILED', `The domain's MTA-STS policy does not name ${host}`, {
    host,
    phase: 'dial',
    retry: 'later',
    hint: 'DNS names an exchanger that the policy does not: an attack, or a change that the operator has not made in both.',
  });

const takesNoMail = (domain: string): ConnectionError =>
  new ConnectionError('ERR_DIAL_FAILED', `${domain} takes no mail`, {
    host: domain,
    phase: 'dial',
    retry: 'never',
    hint: 'Its MX record says so (RFC 7505): check the address.',
  });

const noneUsable = (domain: string, problems: DeliveryPlan['problems']): ConnectionError =>
  new ConnectionError(
    'ERR_DIAL_FAILED',
    `None of the mail exchangers of ${domain} may be used: ${problems[0]?.error.message ?? ''}`,
    {
      host: domain,
      phase: 'dial',
      retry: 'later',
      cause: problems[0]?.error,
      addresses: problems.map(({ host }) => host),
      hint: problems[0]?.error.hint ?? '',
    },
  );

const wrong = (argument: string, what: string): UsageError =>
  new UsageError('ERR_ARGUMENT', `${argument} ${what}`, { argument });
