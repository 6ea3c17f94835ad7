/**
 * `fivewire tls`: who is there and how the connection is protected. A refused server's certificates are shown as well:
 * they say why.
 */
import { describeCertificate, isFivewireError, type TlsError } from 'tls-context-core';
import type { Args, Context } from '../context.js';
import { exitCodeOf, exitCodes, isFailure, usage } from '../exit-code.js';
import { wholeNumber } from '../global-options.js';
import { line } from '../output.js';
import { inParallel } from '../parallel.js';
import { resumes } from '../resumption.js';
import { withRetry } from '../retry.js';
import { withSession } from '../sessions.js';
import { resolveTarget, type Target } from '../target.js';
import type { ProbeResult } from '../tls-probe.js';
import { urlsOf } from '../url-list.js';

export const options = {
  'warn-days': { type: 'string', describe: 'Exit 1 where a certificate is valid for fewer days' },
  probe: {
    type: 'boolean',
    describe: 'Ask more: versions, resumption in each, commands smuggled behind STARTTLS',
  },
  list: { type: 'string', describe: 'File of URLs, one a line; - for stdin' },
  jobs: { type: 'string', alias: 'j', describe: 'Servers at once; default 8' },
} as const;

const day = 86_400_000;

const mostJobs = 64;

export async function run(args: Args, context: Context): Promise<number | undefined> {
  const warnDays = wholeNumber(args['warn-days'], '--warn-days');
  const jobs = wholeNumber(args.jobs, '--jobs') ?? 8;
  if (jobs < 1 || jobs > mostJobs) throw usage(`--jobs goes from 1 to ${mostJobs}`);
  const urls = await urlsOf(args);
  const look = (given: string): Promise<Seen> => lookAt(given, args.probe === true, context);
  if (urls.length === 1) return page(await look(urls[0] as string), warnDays, context);
  const width = Math.max(...urls.map((url) => url.length));
  let worst: number = exitCodes.ok;
  for await (const seen of inParallel(urls, jobs, (url) => look(url).catch(failed(url, context)))) {
    const { exit, text } = rowOf(seen, width, warnDays);
    await context.out.row(recordOf(seen), text);
    worst = Math.max(worst, exit);
  }
  return worst === exitCodes.ok ? undefined : worst;
}

interface Seen {
  url: string;
  finding: Finding;
  daysLeft: number | undefined;
}

async function lookAt(given: string, more: boolean, context: Context): Promise<Seen> {
  const target = await resolveTarget(given, context, {
    protocols: ['ftp', 'imap', 'pop3', 'smtp', 'nntp'],
    login: 'none',
  });
  const finding = await withRetry(context, () => examine(target, context));
  if (more && finding.refused === undefined)
    finding.probe = await (await import('../tls-probe.js')).probe(target, context);
  const dates = finding.path.map(({ validTo }) => Date.parse(validTo));
  const daysLeft =
    dates.length === 0 ? undefined : Math.floor((Math.min(...dates) - Date.now()) / day);
  return { url: shownUrl(target), finding, daysLeft };
}

/** One of many that cannot be looked at is a row as well. */
const failed =
  (url: string, { signal }: Context) =>
  (error: unknown): Seen => {
    if (signal.aborted || !(isFivewireError(error) || isFailure(error))) throw error;
    const { code, message, hint } = error;
    const refused = { code, message, hint };
    const nothing = { serverHostname: undefined, chain: [], path: [] };
    return { url, finding: { ...nothing, refused, exit: exitCodeOf(error) }, daysLeft: undefined };
  };

function recordOf({ url, finding, daysLeft }: Seen) {
  const { path: _, ...shown } = finding;
  return { type: 'tls', url, ...shown, daysLeft };
}

function rowOf(
  { url, finding, daysLeft }: Seen,
  width: number,
  warnDays: number | undefined,
): { exit: number; text: string } {
  const { refused, exit = exitCodes.ok, protocol = '-' } = finding;
  const isShort = warnDays !== undefined && daysLeft !== undefined && daysLeft < warnDays;
  const verdict = refused?.code ?? (isShort ? 'expires soon' : 'accepted');
  const days = daysLeft === undefined ? '-' : `${daysLeft} d`;
  return {
    exit: exit === exitCodes.ok && isShort ? exitCodes.partly : exit,
    text: `${url.padEnd(width)}  ${protocol.padEnd(7)}  ${days.padStart(6)}  ${line(verdict)}`,
  };
}

async function page(
  seen: Seen,
  warnDays: number | undefined,
  { out }: Context,
): Promise<number | undefined> {
  const { url, finding, daysLeft } = seen;
  await out.row(recordOf(seen), pageOf(url, finding, daysLeft));
  if (finding.refused !== undefined) {
    out.error(
      `${line(finding.refused.message)} (${finding.refused.code})`,
      line(finding.refused.hint),
    );
    return finding.exit;
  }
  if (warnDays === undefined || daysLeft === undefined || daysLeft >= warnDays) return undefined;
  out.warn(`${url}: a certificate is valid for ${daysLeft} more days only`);
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
  /** Of the key exchange; undefined where this Node does not tell. */
  group?: string | undefined;
  /** Whether what is recorded today stays secret from a quantum computer. */
  postQuantum?: boolean | undefined;
  trust?: string | undefined;
  resumes?: boolean | undefined;
  /** As sent. */
  chain: Certificate[];
  /** What the connection depends on: the verified path, or what there is of it. */
  path: Certificate[];
  probe?: ProbeResult;
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
    const { serverHostname, matchedName, protocol, cipher, alpn, group, trust } = security;
    const { peerCertificates, verifiedPath = peerCertificates.slice(0, 1) } = security;
    return {
      ...{ serverHostname, matchedName, protocol, cipher, alpn, group, trust },
      postQuantum: group === undefined ? undefined : isPostQuantum(group),
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
    rows.push(['tls', `${protocol} ${cipher}`], ['group', groupText(finding)]);
    rows.push(['alpn', alpn ?? 'none'], ['trust', `${trust}`]);
    rows.push([
      'resumption',
      finding.resumes === undefined ? 'unknown' : finding.resumes ? 'yes' : 'no',
    ]);
  }
  if (finding.probe !== undefined) rows.push(...probeRows(finding.probe));
  for (const [at, certificate] of chain.entries()) rows.push(...certificateRows(at, certificate));
  if (daysLeft !== undefined) rows.push(['days left', String(daysLeft)]);
  return [url, ...rows.map(([name, value]) => `  ${name.padEnd(12)}${line(value)}`)].join('\n');
}

/** X25519MLKEM768 and its kin (FIPS 203), and what came before the standard. */
export const isPostQuantum = (group: string): boolean => /MLKEM|KYBER/i.test(group);

const groupText = ({ group, postQuantum }: Omit<Finding, 'path'>): string =>
  group === undefined
    ? 'not asked: this Node does not tell'
    : `${group}, ${postQuantum ? 'post-quantum' : 'not post-quantum'}`;

const probeRows = ({ versions, ...rest }: ProbeResult): [string, string][] => [
  ...Object.entries(versions).map(([name, { accepted, resumes: again }]): [string, string] => [
    name,
    accepted === 'yes' ? `yes, resumption ${again}` : accepted,
  ]),
  ['smuggling', rest.smuggled],
  ['groups', rest.groups],
  ['ftp data', rest.ftpDataResumes],
];

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
