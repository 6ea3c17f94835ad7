/**
 * What DNS and the web say of a server's certificate, beside the authorities: DANE (RFC 6698, RFC 7672) and MTA-STS (RFC 8461).
 * Asked where the command line names whom to ask; nothing is taken for "no" that was not asked.
 */
import type { MtaStsPolicy, TlsaFinding } from '@fivewire/smtp';
import { isFivewireError, parseServerHostname } from 'tls-context-core';
import type { Context } from './context.js';
import { withSession } from './sessions.js';
import type { Target } from './target.js';

export interface DaneVerdict {
  /** `none`: signed, and no record that could be held against a certificate. `unsigned`: DNSSEC proves nothing here, so DANE does not apply. */
  result: 'match' | 'mismatch' | 'none' | 'unsigned' | 'unknown' | 'not asked';
  why?: string;
  /** As in a zone file: `3 1 1 0a1b…`. */
  records?: string[];
}

export interface MtaStsVerdict {
  /** Whether the policy lets the domain's mail go to this host. */
  result: 'named' | 'not named' | 'none' | 'unknown' | 'not asked';
  why?: string;
  policy?: MtaStsPolicy;
}

/** Who the server must be, which is not always who is dialled. */
const identityOf = ({ connect: { host, serverHostname = host } }: Target) =>
  parseServerHostname(serverHostname);

/** By a further connection that trusts the records alone. */
export async function daneOf(
  target: Target,
  resolver: string | undefined,
  context: Context,
): Promise<DaneVerdict> {
  if (resolver === undefined)
    return { result: 'not asked', why: '--resolver names a validating resolver' };
  const { connect } = target;
  const { kind, name: host } = identityOf(target);
  if (kind === 'ip') return { result: 'not asked', why: 'an address has no TLSA records' };
  let found: TlsaFinding;
  try {
    const { findTlsa } = await import('@fivewire/smtp');
    const { timeout } = context.settings;
    found = await findTlsa(host, connect.port ?? 0, {
      resolver,
      signal: context.signal,
      ...(timeout === undefined ? {} : { timeout }),
    });
  } catch (error) {
    const { argument } = Object(error) as { argument?: unknown };
    if (argument === 'dns-packet') return { result: 'not asked', why: (error as Error).message };
    return unknown(error, context);
  }
  const { signed, records: tlsa } = found;
  if (!signed) return { result: 'unsigned' };
  if (tlsa.length === 0) return { result: 'none' };
  const records = tlsa.map(
    ({ usage, selector, matching, data }) =>
      `${usage} ${selector} ${matching} ${Buffer.from(data).toString('hex')}`,
  );
  const { pins: _, ...tls } = connect.tls ?? {}; // a pin is not what is asked about
  const alone = { ...target, connect: { ...connect, tls, tlsa } };
  try {
    await withSession(target.protocol, alone, context, async () => {});
    return { result: 'match', records };
  } catch (error) {
    const isJudged = isFivewireError(error) && 'chain' in error && error.chain !== undefined;
    if (!isJudged) return { ...unknown(error, context), records };
    return { result: 'mismatch', why: error.message, records };
  }
}

/** The policy as it is now: what an earlier run has seen does not count. */
export async function mtaStsOf(
  target: Target,
  domain: string | undefined,
  context: Context,
): Promise<MtaStsVerdict> {
  if (target.protocol !== 'smtp') return { result: 'not asked', why: 'it is for SMTP' };
  if (domain === undefined) return { result: 'not asked', why: '--domain names the mail domain' };
  const { allowsMx, findMtaStsPolicy } = await import('@fivewire/smtp');
  const { tls, proxy } = target.connect;
  // Pins and a client's certificate are for the mail server.
  const { ca, minVersion } = tls ?? {};
  const { timeout } = context.settings;
  try {
    const { policy, problem } = await findMtaStsPolicy(domain, {
      cache: new Map(),
      signal: context.signal,
      tls: {
        ...(ca === undefined ? {} : { ca }),
        ...(minVersion === undefined ? {} : { minVersion }),
      },
      ...(proxy === undefined ? {} : { proxy }),
      ...(timeout === undefined ? {} : { timeout }),
    });
    if (problem !== undefined) return unknown(problem, context);
    if (policy === undefined) return { result: 'none' };
    if (policy.mode === 'none') return { result: 'none', why: 'the policy says so', policy };
    return { result: allowsMx(policy, identityOf(target).name) ? 'named' : 'not named', policy };
  } catch (error) {
    return unknown(error, context);
  }
}

/** What fails is no finding. @throws what is no failure of a peer, or the end of the run */
function unknown(error: unknown, { signal }: Context): { result: 'unknown'; why: string } {
  if (!isFivewireError(error) || signal.aborted) throw error;
  return { result: 'unknown', why: error.message };
}
