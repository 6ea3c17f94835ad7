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
  if (!(await isSigned(resolver, host, options))) return { signed: false, records: [] };
  const answer = await ask(resolver, `_${port}._tcp.${host}`, 'TLSA', options);
  if (!answer.authenticated) return { signed: false, records: [] };
  const records = answer.records.slice(0, recordLimit).map(toTlsa).filter(isUsableTlsa);
  return { signed: true, records };
}

async function isSigned(
  resolver: TrustedResolver,
  host: string,
  options: QuestionOptions,
): Promise<boolean> {
  const v4 = await ask(resolver, host, 'A', options);
  if (v4.records.length > 0) return v4.authenticated;
  const v6 = await ask(resolver, host, 'AAAA', options);
  return v4.authenticated && v6.authenticated;
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
