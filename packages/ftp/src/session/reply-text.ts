/** What replies say in their text, where a program has to read it. Pure; `undefined` where the text says nothing. */

import { isDigit, wholeNumber } from '../listing/dialect.js';
import { readTimeVal, type TimeVal } from '../listing/time-val.js';

/** RFC 959 appendix II: `257 "/a ""quoted"" name" is current directory.` */
export function quotedPath(text: string): string | undefined {
  const open = text.indexOf('"');
  if (open < 0) return undefined;
  let path = '';
  for (let at = open + 1; at < text.length; at += 1) {
    if (text.charCodeAt(at) === 34) {
      if (text.charCodeAt(at + 1) !== 34) return path;
      at += 1;
    }
    path += text.charAt(at);
  }
  return undefined;
}

/**
 * PWD's answer; some servers leave the quotes out. Where a path without them ends before other words than these, it can't be told: half
 * of it would be another directory.
 */
export function workingDirectoryIn(text: string): string | undefined {
  const quoted = quotedPath(text);
  if (quoted !== undefined || !text.startsWith('/')) return quoted;
  const end = text.search(/ is (?:(?:the|your) )?(?:current|working|default)\b/i);
  const path = end < 0 ? text.trimEnd() : text.slice(0, end);
  return end < 0 && /\s/.test(path) ? undefined : path;
}

/**
 * The port of a 227 or 229. The host of a 227 is not read: data goes to where control went
 * (CVE-2021-4189, CVE-2020-8284: a server that names another host makes a client scan for it).
 *
 * RFC 2428 §3: `(|||6446|)`. RFC 959 §4.1.2: `(h1,h2,h3,h4,p1,p2)`, whose parentheses are custom, not rule.
 * Either may come where the other was asked for.
 */
export function passivePort(text: string): number | undefined {
  return extendedPort(text) ?? addressPort(text);
}

function extendedPort(text: string): number | undefined {
  const most = Math.min(text.length, mostOfPort);
  for (let at = 0; at < most; at += 1) {
    const port = portInFields(text, at);
    if (port !== undefined) return port;
  }
  return undefined;
}

/** So much is looked through: what opens may have its end far away, each time. */
const mostOfPort = 2_000;

/**
 * The port of `|||6446|` at `from`, with or without what servers set around it. The first two of three fields are empty; a server that
 * fills them in names a host, and that is not read either: then a parenthesis has to show where they begin.
 */
function portInFields(text: string, from: number): number | undefined {
  const delimiter = text.charCodeAt(from); // `!` on OS/400
  if (Number.isNaN(delimiter) || delimiter <= 32 || isDigit(delimiter)) return undefined;
  let at = from;
  if (text.charCodeAt(at + 1) === delimiter && text.charCodeAt(at + 2) === delimiter) at += 3;
  else {
    if (text.charAt(from - 1) !== '(') return undefined;
    for (let seen = 1; seen < 3; seen += 1) {
      at = text.indexOf(text.charAt(from), at + 1);
      if (at < 0) return undefined;
    }
    at += 1;
  }
  if (text.charCodeAt(at) === 32) at += 1;
  const start = at;
  while (isDigit(text.charCodeAt(at))) at += 1;
  const port = portNumber(text.slice(start, at));
  if (text.charCodeAt(at) === 32) at += 1;
  return text.charCodeAt(at) === delimiter ? port : undefined;
}

function addressPort(text: string): number | undefined {
  for (let at = 0; at < text.length; at += 1) {
    if (!isDigit(text.charCodeAt(at)) || isDigit(text.charCodeAt(at - 1))) continue;
    if (/\d ?, ?$/.test(text.slice(Math.max(0, at - 4), at))) continue; // in the middle of others
    const numbers = sixNumbers(text, at);
    if (numbers !== undefined)
      return portNumber(String((numbers[4] ?? 0) * 256 + (numbers[5] ?? 0)));
  }
  return undefined;
}

/** Six numbers of an octet each, joined by commas. Blanks may stand around a comma. Reads at most 40 characters, so a search with it is linear. */
function sixNumbers(text: string, from: number): number[] | undefined {
  const numbers: number[] = [];
  let at = from;
  while (numbers.length < 6) {
    let end = at;
    while (end < at + 4 && isDigit(text.charCodeAt(end))) end += 1;
    const number = wholeNumber(text.slice(at, end));
    if (number === undefined || number > 255) return undefined;
    numbers.push(number);
    if (numbers.length < 6 && text.charCodeAt(end) === 32) end += 1;
    if (numbers.length < 6 && text.charCodeAt(end) !== 44) return undefined;
    at = text.charCodeAt(end + 1) === 32 ? end + 2 : end + 1;
  }
  // A longer run is no address and port of this kind (RFC 1639).
  return text.charCodeAt(at - 1) === 44 && isDigit(text.charCodeAt(at)) ? undefined : numbers;
}

function portNumber(text: string): number | undefined {
  const port = wholeNumber(text);
  return port !== undefined && port >= 1 && port <= 65_535 ? port : undefined;
}

/**
 * FEAT, RFC 2389 §3.2: a feature a line between the first and the last. Keys in upper case; a server may give one key
 * on several lines (`AUTH TLS`, `AUTH SSL`), and some repeat the code at the start of each.
 */
export function readFeatures(lines: readonly string[]): Map<string, string[]> {
  const features = new Map<string, string[]>();
  for (const line of lines.slice(1, -1)) {
    const feature = line.replace(/^211[- ]/, '').trim();
    if (feature === '') continue;
    const blank = feature.indexOf(' ');
    const key = (blank < 0 ? feature : feature.slice(0, blank)).toUpperCase();
    const values = features.get(key) ?? [];
    values.push(blank < 0 ? '' : feature.slice(blank + 1));
    features.set(key, values);
  }
  return features;
}

/** SIZE, RFC 3659 §4.2: all of the text is the number. Octets beyond 2^53−1 are none that we can count. */
export function sizeOf(text: string): number | undefined {
  return wholeNumber(text.trim());
}

/** MDTM, RFC 3659 §3.2: all of the text is the time. */
export function timeOf(text: string): TimeVal | undefined {
  return readTimeVal(text);
}

/**
 * `150 Opening BINARY mode data connection for a.bin (384 bytes).` Custom since BSD, and a promise where it stands. The last one: what
 * stands before it may be a name.
 */
export function announcedSize(text: string): number | undefined {
  const last = [...text.slice(-200).matchAll(/\((\d{1,16}) bytes\)/gi)].at(-1);
  return last === undefined ? undefined : wholeNumber(last[1] ?? '');
}

/**
 * HASH (draft-bryan-ftpext-hash): `SHA-256 0-49 <hex> name`; XSHA256 and its kin: the hex alone, or with the name. A name may look like
 * a hash, too: where two words could be it, and neither is of the path, it can't be told.
 *
 * @param algorithm as HASH calls it: a reply that names another one has none of this
 */
export function hashOf(
  text: string,
  hexLength: number,
  path: string,
  algorithm: string,
): string | undefined {
  const words = text.split(/[\s"]+/).filter((word) => word !== '');
  const [named = '', range = ''] = words;
  const isOther = bare(named) !== bare(algorithm);
  const isOfPart = /^0*[1-9]\d*-\d+$/.test(range); // what it begins with is left out
  if (kindOfHash.test(named) && (isOther || isOfPart)) return undefined;
  const found = words
    .map((word) => word.replace(/^0x/i, ''))
    .filter((word) => word.length === hexLength && /^[0-9a-f]+$/i.test(word))
    .map((word) => word.toLowerCase());
  const names = new Set(path.toLowerCase().split(/[\s"/]+/));
  const distinct = [...new Set(found)];
  const left = distinct.length > 1 ? distinct.filter((word) => !names.has(word)) : distinct;
  return left.length === 1 ? left[0] : undefined;
}

const kindOfHash = /^(?:sha|md|crc)[-_]?\d[-_\d/]*$/i;
const bare = (name: string): string => name.toLowerCase().replace(/[-_]/g, '');
