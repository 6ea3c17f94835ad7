/** What a server can do, from its reply to EHLO: RFC 5321 §4.1.1.1. And what a message asks of it. */
import { CommandError, type Reply } from '@fivewire/line-protocol';
import type { Extensions } from './types.js';

// ehlo-line = ehlo-keyword *( SP ehlo-param ). Some old servers write "AUTH=LOGIN PLAIN" beside or instead of "AUTH", or "SIZE=1000".
const withEquals = new Set(['AUTH', 'SIZE']);
const ehloLine = /^([A-Za-z0-9][A-Za-z0-9-]*)(?:$|[ \t=])/;

/** The first line is the server's name and greeting, whatever it says. */
export function parseExtensions({ lines }: Reply, disable: ReadonlySet<string>): Extensions {
  const extensions = new Map<string, readonly string[]>();
  for (const given of lines.slice(1)) {
    const line = given.replace(/^[ \t]+/, '');
    const keyword = ehloLine.exec(line)?.[1];
    if (keyword === undefined) continue;
    const name = keyword.toUpperCase();
    if (line[keyword.length] === '=' && !withEquals.has(name)) continue;
    if (disable.has(name)) continue;
    const parameters = line
      .slice(keyword.length + 1)
      .split(/[ \t]+/)
      .filter((word) => word !== '');
    extensions.set(name, [...(extensions.get(name) ?? []), ...parameters]);
  }
  return extensions;
}

export const noExtensions: Extensions = new Map();

/**
 * The number that stands behind a keyword: octets of SIZE (RFC 1870 §3), seconds of DELIVERBY (RFC 2852 §2) and FUTURERELEASE (RFC 4865 §4).
 *
 * @returns `undefined` without one, or with one that can't be read
 */
export function numberOf(
  extensions: Extensions,
  name: 'SIZE' | 'DELIVERBY' | 'FUTURERELEASE',
): number | undefined {
  const [first = ''] = extensions.get(name) ?? [];
  return (name === 'SIZE' ? /^\d{1,20}$/ : /^\d{1,9}$/).test(first) ? Number(first) : undefined;
}

/** Octets of a message that the server takes at most; 0, or nothing that can be read: no limit. */
export const sizeLimit = (extensions: Extensions): number =>
  numberOf(extensions, 'SIZE') || Infinity;

/** What the server says it takes at most, RFC 9422 §4; without a word, or with one that can't be read: no limit. */
export function limitOf(
  extensions: Extensions,
  name: 'MAILMAX' | 'RCPTMAX' | 'RCPTDOMAINMAX',
): number {
  for (const limit of extensions.get('LIMITS') ?? []) {
    const [, key, value] = /^([A-Z]+)=([1-9]\d{0,5})$/i.exec(limit) ?? [];
    if (key?.toUpperCase() === name) return Number(value);
  }
  return Infinity;
}

/** @throws CommandError `ERR_EXTENSION_REQUIRED` where the server does not offer `name`. Nothing has been sent. */
export function requireExtension(extensions: Extensions, name: string, what: string): void {
  if (extensions.has(name)) return;
  throw new CommandError(
    'ERR_EXTENSION_REQUIRED',
    `${what} needs ${name}, which the server does not offer`,
    { phase: 'command', hint: hints[name] ?? '' },
  );
}

const hints: Readonly<Record<string, string>> = {
  SMTPUTF8:
    'The server takes no UTF-8 in local parts or headers: use an ASCII address, and encode the header (RFC 2047).',
  AUTH: 'Leave out envelope.auth.',
  ETRN: 'The server keeps no queue that is asked for.',
  XCLIENT: 'The server does not trust this client to speak for others.',
  BURL: 'Send the message itself.',
  DELIVERBY: "Leave out deliverBy, or add 'DELIVERBY' to envelope.optional.",
  FUTURERELEASE: 'Send it when it is due.',
  'MT-PRIORITY': "Leave out priority, or add 'MT-PRIORITY' to envelope.optional.",
  RRVS: "Leave out validSince, or add 'RRVS' to envelope.optional.",
  '8BITMIME': 'Encode the body as quoted-printable or base64.',
  BINARYMIME: "Encode the body as base64 and leave out body: 'binary'.",
  CHUNKING: "Encode the body as base64 and leave out body: 'binary'.",
  DSN: 'Leave out dsn, notify and originalRecipient, or set dsn.optional to send without.',
  REQUIRETLS:
    'The server can not promise TLS all the way; without requireTls it goes as far as it can.',
};
