/**
 * From a mail domain to its servers, by SRV records: RFC 6186, RFC 8314 §5.1, RFC 2782; who they must prove to be:
 * RFC 6186 §6, RFC 7817 §3.
 *
 * DNS may lie. So the domain that the user named stays the reference identity: a target's own name counts only where
 * it lies in that domain, or where the caller says that the answer is authenticated.
 */
import { randomInt } from 'node:crypto';
import { resolveSrv as systemResolveSrv } from 'node:dns/promises';
import { ConnectionError, parseServerHostname, UsageError } from 'tls-context-core';
import { type LookupOptions, lookUp } from './dns-lookup.js';
import type { Security } from './transport.js';

/** What RFC 6186 and RFC 8314 register, implicit TLS first: it is to be preferred (RFC 8314 §5.1). */
const services = {
  imap: [
    ['imaps', 'implicit-tls'],
    ['imap', 'starttls'],
  ],
  pop3: [
    ['pop3s', 'implicit-tls'],
    ['pop3', 'starttls'],
  ],
  submission: [
    ['submissions', 'implicit-tls'],
    ['submission', 'starttls'],
  ],
} as const;

export type DiscoverableService = keyof typeof services;

/** One SRV record, as Node's `dns.resolveSrv` gives it. */
export interface ServiceRecord {
  name: string;
  port: number;
  priority: number;
  weight: number;
}

/** `timeout` is for each lookup. */
export interface DiscoverOptions extends LookupOptions {
  /** Only this way to TLS. Default: both, implicit TLS first. */
  security?: 'implicit-tls' | 'starttls';
  /** In place of the system's resolver. Rejects with a `code` of ENODATA or ENOTFOUND where there is no record. */
  resolveSrv?: (name: string) => Promise<readonly ServiceRecord[]>;
  /** The answers are authenticated (DNSSEC, by a resolver that you trust): targets in other domains count by their own names. */
  authenticated?: boolean;
}

/** Where a service is and who it must prove to be: to be spread into the options of a client's `connect`. */
export interface DiscoveredServer {
  host: string;
  port: number;
  security: Extract<Security, 'implicit-tls' | 'starttls'>;
  /** The target's name where it may be trusted, else the domain that was asked about. */
  serverHostname: string;
  /** The service's own identity in that domain: a certificate that holds it will do as well (RFC 4985). */
  srvId: string;
}

/** Records beyond this many are not looked at: no domain has use for more. */
const recordLimit = 100;

/**
 * Finds the servers of a mail domain, the one to try first in front.
 *
 * ```js
 * for (const server of await discover('example.org', 'imap')) {
 *   return await ImapClient.connect({ ...server, auth });
 * }
 * ```
 *
 * @param domain what follows the @ of a mail address.
 * @throws ConnectionError `ERR_DIAL_FAILED` where the domain offers no such service (`retry: 'never'`) or DNS fails
 * (`'later'`: a lookup that fails is never taken for a service that is not there); TimeoutError; AbortError;
 * TlsError `ERR_SERVER_HOSTNAME_INVALID`; UsageError `ERR_ARGUMENT`.
 */
export async function discover(
  domain: string,
  service: DiscoverableService,
  options: DiscoverOptions = {},
): Promise<DiscoveredServer[]> {
  const source = parseServerHostname(domain);
  if (source.kind !== 'dns') throw wrong('domain', 'is an address; a domain name is needed');
  if (!Object.hasOwn(services, service))
    throw wrong('service', `must be one of ${Object.keys(services).join(', ')}`);
  const ways = services[service].filter(
    ([, security]) => options.security === undefined || options.security === security,
  );
  if (ways.length === 0) throw wrong('security', "must be 'implicit-tls' or 'starttls'");
  const found = await Promise.all(
    ways.map(async ([label, security]) => {
      const records = await recordsOf(`_${label}._tcp.${source.name}`, options);
      return inOrder(records).flatMap((record) => {
        const target = targetOf(record, source.name, options.authenticated === true);
        return target ? [{ ...target, security, srvId: `_${label}.${source.name}` }] : [];
      });
    }),
  );
  const servers = found.flat();
  if (servers.length === 0) throw notOffered(source.name, service);
  return servers;
}

/**
 * RFC 2782: the lowest priority first; among equals, each place is drawn by weight. A weight of 0 has a small chance
 * beside others.
 *
 * @param draw gives a whole number from 0 up to, but without, its argument.
 */
export function inOrder<R extends Pick<ServiceRecord, 'priority' | 'weight'>>(
  records: readonly R[],
  draw: (below: number) => number = (below) => randomInt(below),
): R[] {
  const ordered: R[] = [];
  const priorities = [...new Set(records.map(({ priority }) => priority))].sort((a, b) => a - b);
  for (const priority of priorities) {
    const left = records
      .filter((record) => record.priority === priority)
      .sort((a, b) => Number(a.weight > 0) - Number(b.weight > 0));
    while (left.length > 0) {
      const total = left.reduce((sum, { weight }) => sum + weight, 0);
      let mark = draw(total + 1);
      const drawn = left.findIndex(({ weight }) => {
        mark -= weight;
        return mark <= 0;
      });
      ordered.push(...left.splice(drawn, 1));
    }
  }
  return ordered;
}

/** Nothing for a target that is none: "." means that the service is not offered (RFC 6186 §3.4). */
function targetOf(
  { name, port }: ServiceRecord,
  source: string,
  authenticated: boolean,
): Pick<DiscoveredServer, 'host' | 'port' | 'serverHostname'> | undefined {
  const host = hostIn(name);
  if (host === undefined || port === 0) return undefined;
  const trusted = authenticated || host === source || host.endsWith(`.${source}`);
  return { host, port, serverHostname: trusted ? host : source };
}

function hostIn(name: string): string | undefined {
  try {
    const { kind, name: host } = parseServerHostname(name);
    return kind === 'dns' ? host : undefined;
  } catch {
    return undefined; // '', '.' or garbage
  }
}

async function recordsOf(name: string, options: DiscoverOptions): Promise<ServiceRecord[]> {
  const { resolveSrv = systemResolveSrv } = options;
  const records = (await lookUp(`SRV ${name}`, async () => resolveSrv(name), options)) ?? [];
  if (!Array.isArray(records)) throw wrong('resolveSrv', 'must give a list of records');
  return records.slice(0, recordLimit).filter(isRecord);
}

const isShort = (value: unknown): boolean =>
  Number.isInteger(value) && (value as number) >= 0 && (value as number) <= 0xffff;
const isRecord = (record: ServiceRecord): boolean =>
  typeof record?.name === 'string' && [record.port, record.priority, record.weight].every(isShort);

const notOffered = (domain: string, service: string): ConnectionError =>
  new ConnectionError('ERR_DIAL_FAILED', `${domain} names no server for ${service} in DNS`, {
    phase: 'dial',
    retry: 'never',
    hint: `Its operator publishes no SRV records (RFC 6186), or says that there is no such service: ask for the server's name, and give it as host.`,
  });

const wrong = (argument: string, what: string): UsageError =>
  new UsageError('ERR_ARGUMENT', `${argument} ${what}`, { argument });
