/** TLSA records of a mail exchanger, where DNSSEC proves them: RFC 7672 §2.2, §3. */
import {
  checkOptions,
  isUsableTlsa,
  parseServerHostname,
  rules,
  type TlsaRecord,
  UsageError,
} from '@fivewire/line-protocol';
import {
  ask,
  hostIn,
  parseResolver,
  type QuestionOptions,
  type TrustedResolver,
} from './trusted-resolver.js';

export interface DaneOptions {
  /**
   * A validating resolver that you trust, as `127.0.0.1:53` or `[::1]:53`: its AD bit is taken for the truth, so no one
   * may stand between it and you.
   */
  resolver: string;
}

/** What DNS says of the TLSA records of a server. */
export interface TlsaFinding {
  /** Whether DNSSEC proves it. `false`: DANE does not apply, and no record is told. */
  signed: boolean;
  /** Those that can be held against a certificate, for `tlsa` of `connect`; empty: DANE does not apply. */
  records: TlsaRecord[];
  /**
   * Where the server's name is an alias and the records are those of the name at its end: that name, the `serverHostname` to demand
   * (RFC 7672 §2.2.2).
   */
  name?: string;
}

const recordLimit = 100;

/**
 * Asks for the TLSA records of a server. {@link deliveryTargets} does so by itself.
 *
 * @throws ConnectionError `ERR_DIAL_FAILED`, `retry: 'later'`: DNS fails; TimeoutError; AbortError; RemoteProtocolError; TlsError
 * `ERR_SERVER_HOSTNAME_INVALID`; UsageError `ERR_ARGUMENT`.
 */
export async function findTlsa(
  host: string,
  port: number,
  { resolver, ...options }: DaneOptions & QuestionOptions,
): Promise<TlsaFinding> {
  checkOptions(options, rules.callRules);
  const { kind, name } = parseServerHostname(host);
  if (kind !== 'dns') throw badArgument('host', 'is an address, and has no TLSA records');
  if (!Number.isInteger(port) || port < 1 || port > 65_535)
    throw badArgument('port', 'must be a port from 1 to 65535');
  return tlsaRecords(parseResolver(resolver), name, port, options);
}

const badArgument = (argument: string, what: string): UsageError =>
  new UsageError('ERR_ARGUMENT', `${argument} ${what}`, { argument });

/**
 * The records, where DNSSEC proves them.
 *
 * The address is looked at first (RFC 7672 §2.2.2): servers of unsigned zones often fail on the very question.
 *
 * @throws where DNS fails: then an attacker who silences it could do away with the records, so the host must not be used.
 */
export async function tlsaRecords(
  resolver: TrustedResolver,
  host: string,
  port: number,
  options: QuestionOptions,
): Promise<TlsaFinding> {
  let signed = false;
  for (const name of await baseDomains(resolver, host, options)) {
    const answer = await ask(resolver, `_${port}._tcp.${name}`, 'TLSA', options);
    if (!answer.authenticated) continue;
    signed = true;
    if (answer.records.length === 0) continue;
    const records = answer.records.slice(0, recordLimit).map(toTlsa).filter(isUsableTlsa);
    return { signed, records, ...(name !== host && { name }) };
  }
  return { signed, records: [] };
}

/**
 * Below which names the records may stand, the first that has some counts: where DNSSEC proves each alias and the address, the name at
 * the end and then the host's own; where it proves the host's alias alone, the host's own. RFC 7672 §2.2.2.
 */
async function baseDomains(
  resolver: TrustedResolver,
  host: string,
  options: QuestionOptions,
): Promise<readonly string[]> {
  const { signed, name } = await addressOf(resolver, host, options);
  const end = hostIn(name);
  if (end === host) return signed ? [host] : [];
  if (signed) return end === undefined ? [host] : [end, host];
  const alias = await ask(resolver, host, 'CNAME', options);
  return alias.authenticated && alias.records.length > 0 ? [host] : [];
}

/** Whether DNSSEC proves the address, aliases on the way to it included, and of which name it is. */
async function addressOf(
  resolver: TrustedResolver,
  host: string,
  options: QuestionOptions,
): Promise<{ signed: boolean; name: string }> {
  const v4 = await ask(resolver, host, 'A', options);
  if (v4.records.length > 0) return { signed: v4.authenticated, name: v4.name };
  const v6 = await ask(resolver, host, 'AAAA', options);
  return { signed: v4.authenticated && v6.authenticated, name: v6.name };
}

function toTlsa(data: unknown): TlsaRecord {
  const { usage, selector, matchingType, certificate } = data as {
    usage: number;
    selector: number;
    matchingType: number;
    certificate: Buffer;
  };
  return { usage, selector, matching: matchingType, data: new Uint8Array(certificate) };
}
