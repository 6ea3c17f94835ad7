/** TLSA records of a mail exchanger, where DNSSEC proves them: RFC 7672 §2.2, §3. */
import { isUsableTlsa, type TlsaRecord } from '@fivewire/line-protocol';
import { ask, type QuestionOptions, type TrustedResolver } from './trusted-resolver.js';

export interface DaneOptions {
  /**
   * A validating resolver that you trust, as `127.0.0.1:53` or `[::1]:53`: its AD bit is taken for the truth, so no one
   * may stand between it and you.
   */
  resolver: string;
}

const recordLimit = 100;

/**
 * The records that can be held against a certificate; empty: DANE does not apply to this host, for its zone is not
 * signed, or has none.
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
): Promise<TlsaRecord[]> {
  if (!(await isSigned(resolver, host, options))) return [];
  const answer = await ask(resolver, `_${port}._tcp.${host}`, 'TLSA', options);
  if (!answer.authenticated) return [];
  return answer.records.slice(0, recordLimit).map(toTlsa).filter(isUsableTlsa);
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
