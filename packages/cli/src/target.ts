/** A URL, with the options and the profile around it, becomes what a client's `connect` takes. */
import { parseConnectUrl, type WireEvent } from '@fivewire/line-protocol';
import type { TlsContextOptions } from 'tls-context-core';
import type { Context, SecurityChoice } from './context.js';
import { type Auth, credentialsFor } from './credentials.js';
import { type Failure, misconfigured, usage } from './exit-code.js';
import { readLocal } from './local-files.js';
import { line } from './output.js';
import type { Profile } from './profile.js';

export type Protocol = 'ftp' | 'imap' | 'pop3' | 'smtp' | 'nntp';

/** What the five clients' `connect` share. */
export interface ConnectOptions {
  host: string;
  port?: number;
  security: SecurityChoice;
  serverHostname?: string;
  tls?: TlsContextOptions;
  proxy?: string;
  timeouts?: Record<
    'connect' | 'greeting' | 'tls' | 'reply' | 'stall' | 'dataEnd' | 'finalReply',
    number
  >;
  auth?: Auth;
  mechanisms?: readonly string[];
  allowCleartextAuth?: boolean;
  log?: (event: WireEvent) => void;
  signal: AbortSignal;
}

export interface Target {
  protocol: Protocol;
  /**
   * `imap://alice@imap.example.org`: for people, and the account's name in state files. However it is secured it is the
   * same account; on a port that is not one of the protocol's it is another one.
   */
  account: string;
  /** The URL's path, percent-encoded, without its first slash. */
  path: string;
  connect: ConnectOptions;
}

/** Scheme → protocol and security. Cleartext has no scheme. */
const schemes: Readonly<Record<string, readonly [Protocol, SecurityChoice]>> = {
  ftps: ['ftp', 'implicit-tls'],
  ftp: ['ftp', 'starttls'],
  imaps: ['imap', 'implicit-tls'],
  imap: ['imap', 'starttls'],
  pop3s: ['pop3', 'implicit-tls'],
  pop3: ['pop3', 'starttls'],
  smtps: ['smtp', 'implicit-tls'],
  smtp: ['smtp', 'starttls'],
  nntps: ['nntp', 'implicit-tls'],
  nntp: ['nntp', 'starttls'],
};

const securityByScheme = Object.fromEntries(
  Object.entries(schemes).map(([scheme, [, security]]) => [scheme, security]),
);

export const standardPorts: Readonly<Record<Protocol, Readonly<Record<SecurityChoice, number>>>> = {
  ftp: { 'implicit-tls': 990, starttls: 21, cleartext: 21 },
  imap: { 'implicit-tls': 993, starttls: 143, cleartext: 143 },
  pop3: { 'implicit-tls': 995, starttls: 110, cleartext: 110 },
  smtp: { 'implicit-tls': 465, starttls: 587, cleartext: 25 },
  nntp: { 'implicit-tls': 563, starttls: 119, cleartext: 119 },
};

export interface TargetRules {
  /** Which protocols the command speaks; in a profile that has several, the first of these. */
  protocols: readonly Protocol[];
  /** Which the command speaks as well, though not this part of it: for the error. */
  others?: readonly Protocol[];
  /** `anonymous`: FTP's guest where the URL names no user. `none`: nobody logs in. Default: the user that is named. */
  login?: 'anonymous' | 'none';
}

/**
 * @param given a URL; or, with a profile, a path on its server, or nothing
 * @throws Failure 64 and 78; UsageError for a malformed URL
 */
export async function resolveTarget(
  given: string | undefined,
  context: Context,
  { protocols, others = [], login }: TargetRules,
): Promise<Target> {
  const { settings, profile } = context;
  const url = urlOf(given, profile, protocols);
  const scheme = /^[a-z0-9+.-]+/i.exec(url)?.[0].toLowerCase() ?? '';
  const parsed = parseConnectUrl({ schemes: securityByScheme }, url);
  const [protocol, schemeSecurity] = schemes[scheme] as (typeof schemes)[string];
  if (!protocols.includes(protocol))
    throw usage(
      `${scheme}:// does not fit here`,
      `This command takes ${[...protocols, ...others].map((name) => `${name}s:// and ${name}://`).join(', ')}.`,
    );
  const known = profile === undefined ? undefined : accountOf(profile, protocol, parsed.host);
  const security = chosenSecurity(scheme, schemeSecurity, settings.security ?? profile?.security);
  const port = parsed.port ?? known?.port ?? standardPorts[protocol][security];
  const named = loginOf(protocol, parsed.user);
  const user = settings.user ?? named.user ?? known?.user ?? profile?.user;
  const auth =
    login === 'none'
      ? undefined
      : await credentialsFor(
          {
            protocol,
            host: parsed.host,
            port,
            user,
            guest: login === 'anonymous' && protocol === 'ftp',
          },
          context,
        );
  const tls = await tlsOptions(context);
  const serverHostname = settings.serverHostname ?? profile?.serverHostname;
  const proxy = settings.proxy ?? profile?.proxy;
  const timeout = settings.timeout ?? profile?.timeout;
  const { out } = context;
  return {
    protocol,
    account: accountName(protocol, auth?.user, parsed.host, port),
    path: pathOf(protocol, parsed.path),
    connect: {
      host: parsed.host,
      port,
      security,
      signal: context.signal,
      ...(serverHostname === undefined ? {} : { serverHostname }),
      ...(tls === undefined ? {} : { tls }),
      ...(proxy === undefined ? {} : { proxy }),
      ...(timeout === undefined ? {} : { timeouts: allTimeouts(timeout) }),
      ...(auth === undefined ? {} : { auth }),
      ...(named.mechanisms === undefined ? {} : { mechanisms: named.mechanisms }),
      ...(settings.allowCleartextAuth ? { allowCleartextAuth: true } : {}),
      ...(settings.trace
        ? { log: ({ type, text }: WireEvent) => out.trace(`${arrows[type]} ${text}`) }
        : {}),
    },
  };
}

/** `alice;AUTH=PLAIN` (RFC 5092 §3.2, RFC 2384 §5): `*` is whatever both sides can. */
function loginOf(
  protocol: Protocol,
  user: string | undefined,
): { user: string | undefined; mechanisms?: readonly string[] } {
  const [all, mechanism = ''] =
    protocol === 'imap' || protocol === 'pop3' ? (/;AUTH=([^;]*)$/i.exec(user ?? '') ?? []) : [];
  if (user === undefined || all === undefined) return { user };
  const name = user.slice(0, -all.length);
  return {
    user: name === '' ? undefined : name,
    ...(mechanism === '*' ? {} : { mechanisms: [mechanism.replace(/^\+/, '').toUpperCase()] }),
  };
}

/** What a path says beside a name. */
function pathOf(protocol: Protocol, path: string): string {
  if (protocol === 'smtp' && path !== '')
    throw usage(`An SMTP URL has no path: ${line(path)}`, 'Write smtps://user@host.');
  if (protocol !== 'ftp') return path;
  // RFC 1738 §3.2.2; a name with a semicolon is written %3B.
  const [all, type = ''] = /;type=([^;/]*)$/i.exec(path) ?? [];
  if (all === undefined) return path;
  if (/^[id]$/i.test(type)) return path.slice(0, -all.length);
  throw usage(
    `;type=${line(type)} is no transfer that there is here`,
    'Files travel as they are, which is ;type=i. A name with a semicolon is written %3B.',
  );
}

function accountName(
  protocol: Protocol,
  user: string | undefined,
  host: string,
  port: number,
): string {
  const login = user === undefined ? '' : `${encodeURIComponent(user)}@`;
  const usual = Object.values(standardPorts[protocol]).includes(port);
  return `${protocol}://${login}${host.includes(':') ? `[${host}]` : host.toLowerCase()}${usual ? '' : `:${port}`}`;
}

const arrows: Readonly<Record<WireEvent['type'], string>> = {
  open: '--',
  send: 'C:',
  receive: 'S:',
  tls: '--',
  auth: '--',
  close: '--',
};

/** Percent-decoded; `what` names it where it is malformed. */
export function decodePath(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    throw usage(`The URL's path is not percent-encoded UTF-8: ${line(path)}`, 'Write % as %25.');
  }
}

const hasScheme = (given: string): boolean => /^[a-z][a-z0-9+.-]*:\/\//i.test(given);

function urlOf(
  given: string | undefined,
  profile: Profile | undefined,
  protocols: readonly Protocol[],
): string {
  if (given !== undefined && hasScheme(given)) return given;
  if (profile === undefined)
    throw usage(
      given === undefined ? 'Which server?' : `${JSON.stringify(given)} is no URL`,
      `Write it as ${protocols[0]}s://user@host/path, or name a --profile.`,
    );
  const url = protocols.map((protocol) => profile.urls[protocol]).find((one) => one !== undefined);
  if (url === undefined)
    throw misconfigured(
      `Profile ${profile.name} has no ${protocols.join(', ')} server`,
      `Add a line such as "${protocols[0]}: ${protocols[0]}s://alice@host" to ${profile.file}.`,
    );
  return given === undefined
    ? url
    : `${/^[^:]*:\/\/[^/]*/.exec(url)?.[0]}/${given.replaceAll('?', '%3F').replaceAll('#', '%23')}`;
}

/** A profile's credentials go to its own hosts and to no other. */
function accountOf(profile: Profile, protocol: Protocol, host: string) {
  const url = profile.urls[protocol];
  const parsed =
    url === undefined ? undefined : parseConnectUrl({ schemes: securityByScheme }, url);
  if (parsed?.host.toLowerCase() === host.toLowerCase()) return parsed;
  throw misconfigured(
    `Profile ${profile.name} names no ${protocol} server ${line(host)}`,
    'A profile’s password goes to the hosts that it names and to no other.',
  );
}

function chosenSecurity(
  scheme: string,
  byScheme: SecurityChoice,
  wanted: SecurityChoice | undefined,
): SecurityChoice {
  if (wanted === undefined || wanted === byScheme) return byScheme;
  if (byScheme !== 'implicit-tls') return wanted;
  throw usage(
    `${scheme}:// is implicit TLS, and --security says ${wanted}`,
    `Write ${scheme.slice(0, -1)}:// with --security ${wanted}.`,
  );
}

/** Whom to trust and who we are, of the options and the profile. */
export async function tlsOptions({
  settings,
  profile,
}: Context): Promise<TlsContextOptions | undefined> {
  const ca = settings.ca.length > 0 ? settings.ca : (profile?.ca ?? []);
  const pins = settings.pins.length > 0 ? settings.pins : (profile?.pins ?? []);
  // The two are a pair: the key of a profile is none for another certificate.
  const cert = settings.cert ?? profile?.cert;
  const key = settings.key ?? (settings.cert === undefined ? profile?.key : undefined) ?? cert;
  const isOfProfile = settings.key === undefined && settings.cert === undefined;
  if (settings.key !== undefined && cert === undefined)
    throw usage('--key goes with --cert', 'Name the certificate of that key.');
  const minVersion = settings.minVersion ?? profile?.minVersion;
  const options: TlsContextOptions = {
    ...(ca.length === 0 ? {} : { ca: await Promise.all(ca.map((path) => pem(path, '--ca'))) }),
    ...(pins.length === 0 ? {} : { pins }),
    ...(cert === undefined ? {} : { cert: await pem(cert, '--cert') }),
    ...(cert === undefined || key === undefined
      ? {}
      : { key: await keyPem(key, isOfProfile ? profile : undefined) }),
    ...(minVersion === undefined ? {} : { minVersion }),
  };
  return Object.keys(options).length === 0 ? undefined : options;
}

const pem = async (path: string, option: string): Promise<string> =>
  (await readLocal(path, `the file of ${option}`)).toString('latin1');

async function keyPem(path: string, profile: Profile | undefined): Promise<string> {
  const text = await pem(path, '--key');
  const bad = (message: string, hint: string): Failure =>
    profile === undefined
      ? usage(message, hint)
      : misconfigured(
          `${profile.file}: profiles.${profile.name}: ${message}`,
          hint.replace('--key', 'key'),
        );
  if (/^-----BEGIN ENCRYPTED |^Proc-Type: .*ENCRYPTED/m.test(text))
    throw bad(
      `the key in ${path} is encrypted`,
      'Write it without its passphrase into a file of mode 600: openssl pkey -in KEY -out NEW.',
    );
  if (/^-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY-----/m.test(text)) return text;
  if (!text.includes('-----BEGIN ')) return text; // no certificate either, which is told of the certificate
  throw bad(`${path} holds no key`, 'Name the file of the key, in PEM, with --key.');
}

/** The longest single wait, whatever for. */
const allTimeouts = (milliseconds: number) => ({
  connect: milliseconds,
  greeting: milliseconds,
  tls: milliseconds,
  reply: milliseconds,
  stall: milliseconds,
  dataEnd: milliseconds,
  finalReply: milliseconds,
});
