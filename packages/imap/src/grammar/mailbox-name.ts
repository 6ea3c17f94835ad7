/** Mailbox names: modified UTF-7 (RFC 3501 §5.1.3) both ways, and plain UTF-8 (RFC 6855, RFC 9051 §5.1). */
import { decodeText } from '@fivewire/line-protocol';
import { UsageError } from 'tls-context-core';

/**
 * A mailbox as a caller names it: its name as text, or an entry of `list()`, whose `raw` octets are then used as they
 * came. Servers hold names that no text decodes to and back.
 */
export type MailboxName = string | { readonly raw: string };

/**
 * The octets of a name, each a character.
 * @param utf8 whether UTF8=ACCEPT or IMAP4rev2 is enabled: names then go as UTF-8
 * @throws UsageError `ERR_ARGUMENT` for an empty name, NUL, CR, LF, or half a surrogate pair
 */
export function encodeMailboxName(name: MailboxName, utf8 = false): string {
  if (typeof name === 'object' && name !== null && typeof name.raw === 'string') {
    if (!/^[\x01-\xff]+$/.test(name.raw)) throw wrongName('made of octets, where it is raw');
    return name.raw;
  }
  if (typeof name !== 'string' || name === '')
    throw wrongName('a non-empty string, or an entry of list()');
  if (/[\0\r\n]/.test(name)) throw wrongName('free of NUL, CR and LF');
  if (!isWellFormed(name)) throw wrongName('well-formed Unicode, without half surrogate pairs');
  if (/^inbox$/i.test(name)) return 'INBOX';
  if (utf8) return Buffer.from(name, 'utf8').toString('latin1');
  return name.replace(/&|[^\x20-\x7e]+/g, (run) => (run === '&' ? '&-' : `&${utf7(run)}-`));
}

/**
 * A name as text. Octets above 127 are UTF-8, where they are valid UTF-8; otherwise the name is modified UTF-7. A name
 * that breaks its rules stays as it came. INBOX is INBOX in any case (RFC 9051 §5.1).
 */
export function decodeMailboxName(raw: string): string {
  if (/^inbox$/i.test(raw)) return 'INBOX';
  if (/[\x80-\xff]/.test(raw)) return decodeText(raw);
  if (!raw.includes('&')) return raw;
  let valid = true;
  const name = raw.replace(/&([^-&]*)(-?)/g, (_run, base64: string, end: string) => {
    if (end === '') valid = false;
    if (base64 === '') return '&';
    const text = fromUtf7(base64);
    if (text === undefined) valid = false;
    return text ?? '';
  });
  return valid ? name : raw;
}

/**
 * Whether what a server says about `told` can be about `asked`, both in octets: servers answer in another case, another normal form or
 * encoding, with or without the prefix of a namespace, or with a delimiter at the end. Where neither is so it is another mailbox.
 */
export function mayBeSame(told: string, asked: string): boolean {
  if (told === asked) return true;
  const [one, other] = [comparable(told), comparable(asked)];
  return one === other || endsWithName(one, other) || endsWithName(other, one);
}

const comparable = (raw: string): string =>
  decodeMailboxName(raw)
    .normalize('NFKC')
    .toLowerCase()
    .replace(/(.)[/.\\]+$/, '$1');

/** `INBOX.Sent` and `Sent`: the shorter one stands behind a delimiter. */
const endsWithName = (long: string, short: string): boolean =>
  short !== '' &&
  long.endsWith(short) &&
  /[/.\\^|:]/.test(long.charAt(long.length - short.length - 1));

function utf7(text: string): string {
  const octets = Buffer.from(text, 'utf16le').swap16();
  return octets.toString('base64').replace(/=+$/, '').replaceAll('/', ',');
}

function fromUtf7(base64: string): string | undefined {
  if (!/^[A-Za-z0-9+,]+$/.test(base64)) return undefined;
  const octets = Buffer.from(base64.replaceAll(',', '/'), 'base64');
  if (octets.length === 0 || octets.length % 2 !== 0) return undefined;
  const text = octets.swap16().toString('utf16le');
  return isWellFormed(text) ? text : undefined;
}

const isWellFormed = (text: string): boolean => !/\p{Surrogate}/u.test(text);

const wrongName = (what: string): UsageError =>
  new UsageError('ERR_ARGUMENT', `A mailbox name must be ${what}`, { argument: 'name' });
