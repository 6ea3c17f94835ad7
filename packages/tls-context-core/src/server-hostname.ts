/**
 * The reference identity: who the peer must be. RFC 9525 §6.1, RFC 5890, UTS 46 (non-transitional).
 *
 * Parsed once at the border, so that what is dialled, sent as SNI, matched and used as a session's key is one name.
 */

import { domainToASCII } from 'node:url';
import { addErrorContext, type ErrorContext, isFivewireError, TlsError } from './errors.js';
import { escapeText } from './escape.js';
import { formatIpAddress, parseIpAddress } from './ip-address.js';
import { decodePunycode } from './punycode.js';
import type { ServerHostname } from './types.js';

/** Longer input is refused before it is looked at; 253 octets of A-labels can stem from no more than this. */
const inputLimit = 1024;
const nameLimit = 253;

/**
 * What can stand in no host name and would mislead a parser: C0, DEL, space, URL delimiters, wildcards.
 * `url.domainToASCII` would cut at `/`, decode `%41` and read `127.1` as an address.
 */
const forbidden = /[\u0000-\u0020\u007f%/\\?#@:*<>[\]]/u;
/**
 * Invisible: what the user reads is not what would be looked up. Lone surrogates are no characters at all. The joiners
 * U+200C and U+200D have their place in Persian and Indic scripts; UTS 46 refuses them elsewhere (CONTEXTJ, RFC 5892).
 */
const invisible = /(?![\u200c\u200d])[\p{Default_Ignorable_Code_Point}\p{Surrogate}]/u;
/** Letters, digits and hyphens, the last not at the ends (RFC 952, RFC 1123 §2.1), and the underscores of service names. */
const label = /^(?!-)[a-z0-9_-]{1,63}(?<!-)$/;
/** What a URL parser would take for (a part of) an IPv4 address: decimal, octal or hexadecimal. */
const numeric = /^(?:[0-9]+|0x[0-9a-f]*)$/;

/**
 * Parses a host name or IP address that the peer must prove to be.
 *
 * `'IMAP.Example.org.'` gives `{ kind: 'dns', name: 'imap.example.org', sni: 'imap.example.org' }`;
 * `'bücher.example'` gives its A-label; `'[::1]'` gives `{ kind: 'ip', name: '::1', sni: undefined }`.
 *
 * @throws TlsError `ERR_SERVER_HOSTNAME_REQUIRED` where it is empty or missing,
 * `ERR_SERVER_HOSTNAME_INVALID` where it is no host name: the verdict is the same on every Node line.
 */
export function parseServerHostname(name: string): ServerHostname {
  if (name === undefined || name === null || name === '') throw required();
  if (typeof name !== 'string') throw invalid(typeof name, 'it is no string');
  if (name.length > inputLimit) throw invalid(`${name.slice(0, 40)}…`, 'it is too long');
  const address = parseIpAddress(withoutBrackets(name));
  if (address) return identity('ip', formatIpAddress(address), undefined);
  const dnsName = toAsciiName(name);
  return identity('dns', dnsName, dnsName);
}

/** Takes a parsed identity too; it is parsed again, since anyone can write such an object by hand. */
export function toServerHostname(
  name: string | ServerHostname,
  context: ErrorContext = {},
): ServerHostname {
  try {
    return parseServerHostname(typeof name === 'object' && name !== null ? name.name : name);
  } catch (error) {
    throw isFivewireError(error) ? addErrorContext(error, context) : error;
  }
}

function toAsciiName(name: string): string {
  refuseMisleading(name);
  const ascii = isAscii(name) ? name.toLowerCase() : domainToASCII(withSmallSharpS(name));
  if (ascii === '') throw invalid(name, 'UTS 46 gives it no ASCII form');
  const bare = ascii.endsWith('.') ? ascii.slice(0, -1) : ascii;
  if (bare.length > nameLimit) throw invalid(name, `it has more than ${nameLimit} octets`);
  const labels = bare.split('.');
  for (const part of labels) refuseLabel(part, name);
  if (numeric.test(labels.at(-1) ?? '')) {
    throw invalid(name, 'its last label is a number, as in an abbreviated IP address');
  }
  return bare;
}

function refuseMisleading(name: string): void {
  if (/^\[?[\da-f:.]+%/i.test(name)) {
    throw invalid(name, 'a zone id belongs to an interface of this machine, to no identity');
  }
  const found = forbidden.exec(name) ?? invisible.exec(name);
  if (found) throw invalid(name, `it holds ${characterName(found[0])}`);
}

function refuseLabel(part: string, name: string): void {
  if (!label.test(part)) {
    throw invalid(name, 'its labels are not 1 to 63 letters, digits, underscores or inner hyphens');
  }
  if (part.startsWith('xn--') && !isALabel(part)) {
    throw invalid(name, `${part} is no A-label: it does not stand for a name`);
  }
}

/** True when it decodes to a name that UTS 46 encodes to just this label again. */
function isALabel(part: string): boolean {
  const unicode = decodePunycode(part.slice('xn--'.length));
  return unicode !== undefined && !isAscii(unicode) && domainToASCII(unicode) === part;
}

/** UTS 46 maps ẞ to ß since Unicode 15.1; Node 20 and 22 have older tables and would make it "ss", another name. */
const withSmallSharpS = (name: string): string => name.replaceAll('\u1e9e', '\u00df');

const isAscii = (text: string): boolean => /^[\u0000-\u007f]*$/.test(text);

const withoutBrackets = (name: string): string =>
  /^\[.*:.*\]$/.test(name) ? name.slice(1, -1) : name;

const identity = (
  kind: ServerHostname['kind'],
  name: string,
  sni: string | undefined,
): ServerHostname => Object.freeze({ kind, name, sni });

const required = (): TlsError =>
  new TlsError('ERR_SERVER_HOSTNAME_REQUIRED', 'serverHostname is missing', {
    hint: 'Say who the server must be: serverHostname is checked against its certificate and has no default.',
  });

const invalid = (name: string, why: string): TlsError =>
  new TlsError('ERR_SERVER_HOSTNAME_INVALID', `"${escapeText(name, 80)}" is no host name: ${why}`, {
    hint: 'Give a DNS name or an IP address alone, without scheme, port, path or wildcard.',
  });

const characterName = (character: string): string =>
  /[!-~]/.test(character)
    ? `"${character}"`
    : `U+${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}`;
