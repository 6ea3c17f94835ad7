/** `connect('imaps://alice@imap.example.org', { … })`: the scheme names protocol and security. Cleartext has no scheme. */
import { UsageError } from 'tls-context-core';
import {
  forProtocol,
  type ProtocolProfile,
  type Security,
  type TransportOptions,
} from './transport.js';

export interface ConnectUrl {
  host: string;
  port: number | undefined;
  security: Security;
  user: string | undefined;
  /** Percent-encoded, as it stands in the URL, without the leading slash; `''` when there is none. */
  path: string;
}

/** @throws UsageError `ERR_ARGUMENT`: no URL, another scheme, a password in it. The password is never repeated. */
export function parseConnectUrl(
  profile: Pick<ProtocolProfile, 'schemes'>,
  url: string | URL,
): ConnectUrl {
  const text = String(url);
  const scheme = /^([a-z][a-z0-9+.-]*):/i.exec(text)?.[1]?.toLowerCase() ?? '';
  const security = profile.schemes[scheme];
  const known = Object.keys(profile.schemes).map((name) => `${name}://`);
  if (security === undefined)
    throw wrong(
      `has ${scheme === '' ? 'no scheme' : `the scheme ${scheme}:`}`,
      `Use ${known.join(' or ')}.`,
    );
  let parsed: URL;
  try {
    // Only with a special scheme does URL check the host; http shares no default port with ours.
    parsed = new URL(text.replace(/^[^:]*/, 'http'));
  } catch {
    throw wrong('is malformed', `Write it as ${known[0]}user@host:port.`);
  }
  if (parsed.password !== '') {
    throw wrong(
      'holds a password',
      'Others see URLs (process lists, logs): give it as auth.password.',
    );
  }
  if (parsed.hash !== '' || parsed.search !== '')
    throw wrong('has a query or fragment', 'Leave it out.');
  // `:80` is http's default and would be dropped.
  const port =
    parsed.port === ''
      ? /^[^:]*:\/\/[^/]*:80(\/|$)/.test(text)
        ? 80
        : undefined
      : Number(parsed.port);
  return {
    host: hostOf(text),
    port,
    security,
    user: parsed.username === '' ? undefined : decode(parsed.username),
    path: parsed.pathname.slice(1),
  };
}

/**
 * The options for a client's `connect(url, options)`. A user in the URL completes `auth`; what the options name wins
 * over nothing: saying one thing twice is an error.
 */
export function optionsFromUrl<O extends TransportOptions & { auth?: object }>(
  profile: ProtocolProfile,
  url: string | URL,
  options: O,
): O {
  return forProtocol(profile.protocol, () => withUrl(profile, url, options));
}

function withUrl<O extends TransportOptions & { auth?: object }>(
  profile: ProtocolProfile,
  url: string | URL,
  options: O,
): O {
  const { host, port, security, user, path } = parseConnectUrl(profile, url);
  if (typeof options !== 'object' || options === null) {
    throw new UsageError('ERR_ARGUMENT', 'The options beside a URL must be an object', {
      argument: 'options',
    });
  }
  if (path !== '')
    throw wrong('has a path', 'Connect to the server, then name the path in the call.');
  for (const key of ['host', 'port', 'security'] as const) {
    if (options[key] !== undefined) throw wrong(`and options both say ${key}`, 'Say it once.');
  }
  const auth =
    user === undefined
      ? {}
      : options.auth === undefined
        ? noSecret()
        : { auth: { user, ...options.auth } };
  return { ...options, host, security, ...(port === undefined ? {} : { port }), ...auth };
}

/** The host as the user wrote it: URL would turn `127.1` into an address before our own check sees it. */
function hostOf(text: string): string {
  const authority = /^[^:]*:\/\/([^/]*)/.exec(text)?.[1] ?? '';
  const host = authority.slice(authority.lastIndexOf('@') + 1).replace(/:\d*$/, '');
  if (host === '') throw wrong('names no host', '');
  return host.replace(/^\[|\]$/g, '');
}

function noSecret(): never {
  throw wrong(
    'names a user, but no password was given',
    'Add auth: { password } or auth: { accessToken } to the options.',
  );
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw wrong('has a user name that is not percent-encoded UTF-8', '');
  }
}

const wrong = (what: string, hint: string): UsageError =>
  new UsageError('ERR_ARGUMENT', `The URL ${what}`, { argument: 'url', hint });
