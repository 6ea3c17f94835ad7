/**
 * `fivewire tls`: who is there and how the connection is protected. A refused server's certificates are shown as well:
 * they say why.
 */
import { describeCertificate, isFivewireError, type TlsError } from 'tls-context-core';
import { type Args, type Context, text } from '../context.js';
import { exitCodeOf, exitCodes } from '../exit-code.js';
import { wholeNumber } from '../global-options.js';
import { line } from '../output.js';
import { resumes } from '../resumption.js';
import { withRetry } from '../retry.js';
import { withSession } from '../sessions.js';
import { resolveTarget, type Target } from '../target.js';

export const options = {
  'warn-days': { type: 'string', describe: 'Exit 1 where a certificate is valid for fewer days' },
} as const;

const day = 86_400_000;

export async function run(args: Args, context: Context): Promise<number | undefined> {
  const warnDays = wholeNumber(args['warn-days'], '--warn-days');
  const target = await resolveTarget(text(args.url), context, {
    protocols: ['ftp', 'imap', 'pop3', 'smtp', 'nntp'],
    login: 'none',
  });
  const url = shownUrl(target);
  const { path, ...finding } = await withRetry(context, () => examine(target, context));
  const dates = path.map(({ validTo }) => Date.parse(validTo));
  const daysLeft =
    dates.length === 0 ? undefined : Math.floor((Math.min(...dates) - Date.now()) / day);
  await context.out.row({ type: 'tls', url, ...finding, daysLeft }, pageOf(url, finding, daysLeft));
  if (finding.refused !== undefined) {
    context.out.error(
      `${line(finding.refused.message)} (${finding.refused.code})`,
      line(finding.refused.hint),
    );
    return finding.exit;
  }
  if (warnDays === undefined || daysLeft === undefined || daysLeft >= warnDays) return undefined;
  context.out.warn(`${url}: a certificate is valid for ${daysLeft} more days only`);
  return exitCodes.partly;
}

/** An account's name says nothing of how it is secured; here that matters. */
const shownUrl = ({ account, connect }: Target): string =>
  connect.security === 'implicit-tls' ? account.replace('://', 's://') : account;

type Certificate = ReturnType<typeof describeCertificate>;

interface Finding {
  serverHostname: string | undefined;
  matchedName?: string | undefined;
  protocol?: string | undefined;
  cipher?: string | undefined;
  alpn?: string | undefined;
  trust?: string | undefined;
  resumes?: boolean | undefined;
  /** As sent. */
  chain: Certificate[];
  /** What the connection depends on: the verified path, or what there is of it. */
  path: Certificate[];
  refused?: { code: string; message: string; hint: string };
  exit?: number;
}

async function examine(target: Target, context: Context): Promise<Finding> {
  try {
    const security = await withSession(
      target.protocol,
      target,
      context,
      async (client) => client.security,
    );
    const { serverHostname, matchedName, protocol, cipher, alpn, trust } = security;
    const { peerCertificates, verifiedPath = peerCertificates.slice(0, 1) } = security;
    return {
      ...{ serverHostname, matchedName, protocol, cipher, alpn, trust },
      resumes: await resumes(target, context),
      chain: readable(peerCertificates),
      path: readable(verifiedPath),
    };
  } catch (error) {
    const { chain } = error as TlsError;
    if (!isFivewireError(error) || chain === undefined) throw error;
    const { code, message, hint } = error;
    return {
      serverHostname: target.connect.serverHostname ?? target.connect.host,
      chain: readable(chain),
      path: readable(chain),
      refused: { code, message, hint },
      exit: exitCodeOf(error),
    };
  }
}

/** A server may have sent certificates that are none. */
function readable(chain: readonly Uint8Array[]): Certificate[] {
  return chain.flatMap((der) => {
    try {
      return [describeCertificate(der)];
    } catch {
      return [];
    }
  });
}

function pageOf(url: string, finding: Omit<Finding, 'path'>, daysLeft: number | undefined): string {
  const {
    serverHostname = '-',
    matchedName,
    protocol,
    cipher,
    alpn,
    trust,
    refused,
    chain,
  } = finding;
  const rows: [string, string][] = [
    ['verdict', refused === undefined ? 'accepted' : `refused: ${refused.code}`],
    [
      'name',
      matchedName === undefined
        ? `${serverHostname} not proven`
        : `${serverHostname} matches ${matchedName}`,
    ],
  ];
  if (refused !== undefined) rows.push(['why', refused.hint]);
  else {
    rows.push(['tls', `${protocol} ${cipher}`], ['alpn', alpn ?? 'none'], ['trust', `${trust}`]);
    rows.push([
      'resumption',
      finding.resumes === undefined ? 'unknown' : finding.resumes ? 'yes' : 'no',
    ]);
  }
  for (const [at, certificate] of chain.entries()) rows.push(...certificateRows(at, certificate));
  if (daysLeft !== undefined) rows.push(['days left', String(daysLeft)]);
  return [url, ...rows.map(([name, value]) => `  ${name.padEnd(12)}${line(value)}`)].join('\n');
}

const certificateRows = (
  at: number,
  { subject, issuer, names, validFrom, validTo, key, fingerprint256, pin }: Certificate,
): [string, string][] => [
  [`chain ${at}`, subject === '' ? '(no subject)' : subject],
  ['  names', names.length === 0 ? 'none' : names.join(', ')],
  ['  issuer', issuer],
  ['  valid', `${validFrom} to ${validTo}`],
  ['  key', key],
  ['  sha256', fingerprint256],
  ['  pin', pin],
];
