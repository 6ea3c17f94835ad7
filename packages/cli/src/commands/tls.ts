/**
 * `fivewire tls`: who is there and how the connection is protected. A refused server's certificates are shown as well:
 * they say why.
 */
import {
  describeCertificate,
  isFivewireError,
  parseServerHostname,
  type TlsError,
} from 'tls-context-core';
import { type Args, type Context, optionalText } from '../context.js';
import { exitCodeOf, exitCodes, isFailure, usage } from '../exit-code.js';
import { wholeNumber } from '../global-options.js';
import { line } from '../output.js';
import { inParallel } from '../parallel.js';
import { saidOf } from '../report.js';
import { resumes } from '../resumption.js';
import { withRetry } from '../retry.js';
import { withSession } from '../sessions.js';
import { resolveTarget, type Target } from '../target.js';
import type { DaneVerdict, MtaStsVerdict } from '../tls-policies.js';
import type { ProbeResult } from '../tls-probe.js';
import { urlsOf } from '../url-list.js';

export const options = {
  'warn-days': { type: 'string', describe: 'Exit 1 where a certificate is valid for fewer days' },
  probe: {
    type: 'boolean',
    describe:
      'Ask more: versions, resumption in each, commands smuggled behind STARTTLS; with a login, FTP’s data connections',
  },
  resolver: {
    type: 'string',
    describe:
      'Validating resolver that you trust, as 127.0.0.1:53: hold its TLSA records (DANE) against the server',
  },
  domain: {
    type: 'string',
    describe: 'Mail domain of an SMTP server: does its MTA-STS policy name the server',
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
  const questions = await questionsOf(args);
  const look = (given: string): Promise<Seen> => lookAt(given, questions, context);
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

interface Questions {
  probe: boolean;
  resolver: string | undefined;
  domain: string | undefined;
}

/** @throws UsageError, Failure 64: for all servers the same, so it is no row of one. */
async function questionsOf(args: Args): Promise<Questions> {
  const resolver = optionalText(args.resolver);
  const domain = optionalText(args.domain);
  if (resolver !== undefined) (await import('@fivewire/smtp')).parseResolver(resolver);
  if (domain === undefined) return { probe: args.probe === true, resolver, domain };
  const { kind, name } = parseServerHostname(domain);
  if (kind !== 'dns') throw usage(`--domain ${domain} is an address`, 'Name a mail domain.');
  return { probe: args.probe === true, resolver, domain: name };
}

interface Seen {
  url: string;
  finding: Finding;
  daysLeft: number | undefined;
}

const protocols = ['ftp', 'imap', 'pop3', 'smtp', 'nntp'] as const;

async function lookAt(
  given: string,
  { probe, resolver, domain }: Questions,
  context: Context,
): Promise<Seen> {
  const target = await resolveTarget(given, context, { protocols, login: 'none' });
  const finding = await withRetry(context, () => examine(target, context));
  const policies = await import('../tls-policies.js');
  finding.dane = await policies.daneOf(target, resolver, context);
  finding.mtaSts = await policies.mtaStsOf(target, domain, context);
  if (probe && finding.refused === undefined) {
    // Nobody logs in but for what only a login shows.
    const account = target.protocol === 'ftp' ? await withLogin(given, context) : undefined;
    finding.probe = await (await import('../tls-probe.js')).probe(target, account, context);
  }
  const dates = finding.path.map(({ validTo }) => Date.parse(validTo));
  const daysLeft =
    dates.length === 0 ? undefined : Math.floor((Math.min(...dates) - Date.now()) / day);
  return { url: shownUrl(target), finding, daysLeft };
}

/** Nothing where nobody is named, or no password is to be had. */
async function withLogin(given: string, context: Context): Promise<Target | undefined> {
  try {
    const target = await resolveTarget(given, context, { protocols });
    return target.connect.auth === undefined ? undefined : target;
  } catch (error) {
    if (isFailure(error) && error.exit === exitCodes.usage) return undefined;
    throw error;
  }
}

/** One of many that cannot be looked at is a row as well. */
const failed =
  (url: string, { signal }: Context) =>
  (error: unknown): Seen => {
    if (signal.aborted || !(isFivewireError(error) || isFailure(error))) throw error;
    const nothing = { serverHostname: undefined, chain: [], path: [] };
    const finding = { ...nothing, refused: saidOf(error), exit: exitCodeOf(error) };
    return { url, finding, daysLeft: undefined };
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
  const [complaint] = complaintsOf(finding);
  const verdict = refused?.code ?? (isShort ? 'expires soon' : (complaint ?? 'accepted'));
  const isPartly = isShort || complaint !== undefined;
  const days = daysLeft === undefined ? '-' : `${daysLeft} d`;
  return {
    exit: exit === exitCodes.ok && isPartly ? exitCodes.partly : exit,
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
  const warnings = complaintsOf(finding);
  if (warnDays !== undefined && daysLeft !== undefined && daysLeft < warnDays)
    warnings.push(`a certificate is valid for ${daysLeft} more days only`);
  for (const warning of warnings) out.warn(`${url}: ${warning}`);
  return warnings.length === 0 ? undefined : exitCodes.partly;
}

/** What those who obey DNS and the policy would not accept, whatever the authorities say. */
function complaintsOf({ dane, mtaSts }: Finding): string[] {
  return [
    ...(dane?.result === 'mismatch' ? ['no TLSA record matches'] : []),
    ...(mtaSts?.result === 'not named' ? ['the MTA-STS policy does not name it'] : []),
  ];
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
  dane?: DaneVerdict;
  mtaSts?: MtaStsVerdict;
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
    return {
      serverHostname: target.connect.serverHostname ?? target.connect.host,
      chain: readable(chain),
      path: readable(chain),
      refused: saidOf(error),
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
  rows.push(...policyRows(finding));
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

const policyRows = ({ dane, mtaSts }: Omit<Finding, 'path'>): [string, string][] => [
  ...(dane === undefined ? [] : [['dane', explained(dane)] as [string, string]]),
  ...(dane?.records ?? []).map((record): [string, string] => ['  tlsa', record]),
  ...(mtaSts === undefined ? [] : [['mta-sts', mtaStsText(mtaSts)] as [string, string]]),
];

const explained = ({ result, why }: { result: string; why?: string }): string =>
  why === undefined ? result : `${result}: ${why}`;

const mtaStsText = ({ policy, ...verdict }: MtaStsVerdict): string =>
  policy === undefined || policy.mode === 'none'
    ? explained(verdict)
    : `${explained(verdict)}, ${policy.mode}: ${policy.mx.join(', ')}`;

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
