/** What the path of a URL names, by protocol. */
import type { RemotePath } from '@fivewire/ftp';
import { usage } from './exit-code.js';
import { line } from './output.js';
import { decodePath } from './target.js';

/** RFC 1738 §3.2.2: relative to the login directory; `//` or `/%2F` after the host begins an absolute path. */
export const ftpPath = (path: string): string => (path === '' ? '.' : decodePath(path));

export interface FtpName {
  /** Octets where they are no UTF-8: RFC 1738 has them as octets, and knows no charset. */
  path: RemotePath;
  /** For people: as the URL has it where it is no UTF-8. */
  name: string;
}

/** @throws Failure 64 for a percent sign that begins nothing */
export function ftpName(path: string): FtpName {
  const octets = /%(?![0-9a-f]{2})/i.test(path) ? undefined : octetsOf(path);
  const isText = octets === undefined || Buffer.from(octets.toString('utf8')).equals(octets);
  if (isText) return { path: ftpPath(path), name: ftpPath(path) };
  return { path: new Uint8Array(octets), name: path };
}

const octetsOf = (path: string): Buffer =>
  Buffer.concat(
    path
      .split(/%([0-9a-f]{2})/i)
      .map((part, at) => Buffer.from(part, at % 2 === 1 ? 'hex' : 'utf8')),
  );

/** For people; what is no UTF-8 is shown with a mark in its place. */
export const textOf = (path: RemotePath): string =>
  typeof path === 'string' ? path : Buffer.from(path).toString('utf8');

export interface ImapPath {
  mailbox: string | undefined;
  uidValidity: number | undefined;
  /** A sequence set: `5`, `1:9`, `7:*`. */
  uids: string | undefined;
  /** A body part: `1.2`, `HEADER`. */
  section: string | undefined;
}

// RFC 5092: enc-mailbox [";UIDVALIDITY=" nz-number] ["/;UID=" uid] ["/;SECTION=" enc-section]
const imapPattern =
  /^(?<mailbox>[^;]*?)(?:;UIDVALIDITY=(?<validity>\d+))?(?:(?:\/|^);UID=(?<uids>[\d:,*]+))?(?:\/;SECTION=(?<section>[^;/]+))?\/?$/i;

export function imapPath(path: string): ImapPath {
  const { mailbox = '', validity, uids, section } = imapPattern.exec(path)?.groups ?? {};
  if (!imapPattern.test(path))
    throw usage(
      `${line(path)} is no IMAP path`,
      'Write MAILBOX, or MAILBOX/;UID=5, or MAILBOX/;UID=5/;SECTION=2.',
    );
  if (uids?.split(/[:,]/).some((uid) => uid !== '*' && !(Number(uid) > 0 && Number(uid) < 2 ** 32)))
    throw usage(
      `${line(uids)} are no UIDs`,
      'UIDs are written 5, 1:9, 7:* or 1,4:6, and are below 2^32.',
    );
  return {
    mailbox: mailbox === '' ? undefined : decodePath(mailbox),
    uidValidity: validity === undefined ? undefined : Number(validity),
    uids,
    section: section === undefined ? undefined : decodePath(section),
  };
}

/** Of a URL that is about a mailbox, and about no message of it. @throws Failure 64 */
export function mailboxPath(path: string, hint: string): string | undefined {
  const { mailbox, uids, section, uidValidity } = imapPath(path);
  if (uids === undefined && section === undefined && uidValidity === undefined) return mailbox;
  throw usage(`${line(path)} names more than a mailbox`, hint);
}

export interface NewsPath {
  group: string | undefined;
  /** A number in the group, or a message-id with its brackets. */
  article: number | string | undefined;
}

// RFC 5538 §4: newsgroup-name ["/" article-number], or a message-id, which has an "@"
export function newsPath(path: string): NewsPath {
  const [first = '', second, ...more] = path.split('/').map(decodePath);
  if (more.length > 0)
    throw usage(`${line(path)} is no news path`, 'Write GROUP, GROUP/NUMBER, or a message-id.');
  if (first.includes('@')) return { group: undefined, article: `<${first.replace(/^<|>$/g, '')}>` };
  if (second === undefined || second === '')
    return { group: first === '' ? undefined : first, article: undefined };
  if (second.includes('@')) return { group: first, article: `<${second.replace(/^<|>$/g, '')}>` };
  if (!/^\d{1,15}$/.test(second))
    throw usage(
      `${line(second)} is no article number`,
      'Write nntps://host/GROUP/12; fivewire news over --last 10 shows the newest of a group.',
    );
  return { group: first, article: Number(second) };
}

/** A message number (RFC 1939), or nothing for the whole mailbox. */
export function pop3Path(path: string): number | undefined {
  const number = decodePath(path);
  if (number === '') return undefined;
  if (/^[1-9]\d{0,8}$/.test(number)) return Number(number);
  throw usage(
    `${line(number)} is no message number`,
    'Write pop3s://user@host/3 for the third message.',
  );
}
