/**
 * Mailbox = Local-part "@" ( Domain / address-literal ), RFC 5321 §4.1.2 and §4.5.3.1, with UTF-8 by RFC 6531 §3.3.
 *
 * An envelope takes exact addresses. Nothing is parsed out of a text, since what a parser drops or reads otherwise
 * than the server does has delivered mail to strangers (GHSA-mm7p-fcc7-pg87).
 */
import { isIPv4, isIPv6 } from 'node:net';
import {
  checkArgument,
  escapeText,
  parseServerHostname,
  UsageError,
} from '@fivewire/line-protocol';

export interface MailAddress {
  /** As it goes out, without angle brackets. The domain is in A-labels. */
  readonly text: string;
  /** The local part holds more than ASCII: it can only travel with SMTPUTF8. */
  readonly utf8: boolean;
}

/** Octets, RFC 5321 §4.5.3.1.1 to .3 (the path of 256 counts its angle brackets). */
const localLimit = 64;
const mailboxLimit = 254;

// Dot-string = Atom *( "." Atom ); beyond ASCII all but the C1 controls and the line and paragraph separators
const beyondAscii = '\\u{a0}-\\u{2027}\\u{202a}-\\u{10ffff}';
const atom = `[\\w!#$%&'*+/=?^\`{|}~\\-${beyondAscii}]+`;
const dotString = new RegExp(`^${atom}(?:\\.${atom})*$`, 'u');
// Quoted-string = DQUOTE *( qtextSMTP / quoted-pairSMTP ) DQUOTE, without angle brackets, which servers cut at
const quotedString = new RegExp(`^"(?:[ !#-;=?-\\[\\]-~${beyondAscii}]|\\\\[ -;=?-~])*"$`, 'u');
// sub-domain = Let-dig [ Ldh-str ]; the underscore is no letter, but names with one exist
const label = /^[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?$/i;

/**
 * Blanks beyond ASCII, and characters that show nothing: two addresses that look alike must not be two mailboxes. Two of them
 * (U+200C and U+200D) join letters in living scripts.
 */
const invisible = /(?![ \u200c\u200d])[\p{Zs}\p{Cf}\p{Default_Ignorable_Code_Point}]/u;

/**
 * Brackets beyond ASCII, and what in another width or script looks like one of the characters that part addresses (RFC 5322 §3.2.3): these
 * are left over from a text around or between addresses, and a mailbox of that name would be a stranger's.
 */
const likeSpecials =
  /[\p{Ps}\p{Pe}\u00ab\u00bb\u02c2\u02c3\u037e\u2039\u203a\u3001\ufe10\ufe13\ufe14\ufe50\ufe51\ufe54\ufe55\ufe64\ufe65\ufe68\ufe6b\uff02\uff0c\uff1a\uff1b\uff1c\uff1e\uff20\uff3c\uff64]/u;

/** No letters, marks or digits (RFC 5892 §2), but for those that it takes by name, and for emoji, which have domains. */
const notInNames =
  /(?![\u00b7\u05f3\u05f4\u0f0b\u3002\u30fb])[^\0-\x7f\p{L}\p{M}\p{N}\p{So}\p{Cf}]/u;

/**
 * Reads an exact address: `name@example.org`, `"a b"@example.org`, `name@[192.0.2.1]`, without angle brackets and display name.
 *
 * @param argument names the value in errors: `envelope.from`.
 * @param bare a local part alone will do: LMTP to a server's own users, and `Postmaster`.
 * @throws UsageError `ERR_ARGUMENT`
 */
export function parseAddress(value: unknown, argument = 'address', bare = false): MailAddress {
  const known = bare ? undefined : knownAddress(value);
  if (known !== undefined) return known;
  const address = parse(value, argument, bare);
  if (!bare) remember(value as string, address);
  return address;
}

/** What {@link parseAddress} made of it lately. */
export const knownAddress = (value: unknown): MailAddress | undefined =>
  parsed.get(value as string);

/** The same addresses come again and again: a sender of many messages, a list's members. */
const parsed = new Map<string, MailAddress>();
const rememberedAddresses = 1_000;

function remember(value: string, address: MailAddress): void {
  if (parsed.size >= rememberedAddresses) parsed.clear();
  parsed.set(value, Object.freeze(address));
}

function parse(value: unknown, argument: string, bare: boolean): MailAddress {
  checkArgument(value, argument);
  const address = value as string;
  const fault = (why: string, hint = ''): UsageError =>
    new UsageError('ERR_ARGUMENT', `${argument} "${escapeText(address, 80)}" ${why}`, {
      argument,
      hint,
    });

  if (address === '') throw fault('is empty');
  if (/[\x00-\x1f\x7f-\x9f]/.test(address)) throw fault('holds a control character');
  if (invisible.test(address)) throw fault('holds a character that is not seen');
  if (/[<>]/.test(address)) {
    throw fault(
      'holds an angle bracket',
      'Give the address alone, name@example.org; the display name belongs in the header.',
    );
  }
  if (!isAscii(address) && likeSpecials.test(withoutAscii(address)))
    throw fault('holds a character that is none of <>()[]:;@," and looks like one');
  if (Buffer.byteLength(address) > mailboxLimit)
    throw fault(`is longer than ${mailboxLimit} octets`);

  const at = address.lastIndexOf('@');
  if (at < 0 && !bare && !/^postmaster$/i.test(address)) throw fault('has no @');
  const local = at < 0 ? address : address.slice(0, at);
  if (Buffer.byteLength(local) > localLimit)
    throw fault(`has a local part longer than ${localLimit} octets`);
  if (!dotString.test(local) && !quotedString.test(local)) {
    throw fault(
      'has a malformed local part',
      'Spaces, commas, doubled or outer dots and the like must stand in quotes: "a b"@example.org.',
    );
  }
  const utf8 = !isAscii(local);
  if (at < 0) return { text: local, utf8 };

  const domain = asciiDomain(address.slice(at + 1));
  if (domain === undefined) throw fault('has a malformed domain');
  const text = `${local}@${domain}`;
  if (Buffer.byteLength(text) > mailboxLimit) throw fault(`is longer than ${mailboxLimit} octets`);
  return { text, utf8 };
}

/** What EHLO may say of us, and what stands behind the @: a domain or an address literal. `undefined`: neither. */
export function asciiDomain(domain: string): string | undefined {
  if (domain.startsWith('[')) return isAddressLiteral(domain) ? domain : undefined;
  const ascii = isAscii(domain) ? domain : toALabels(domain);
  const valid =
    ascii !== undefined && ascii.length <= 253 && ascii.split('.').every((one) => label.test(one));
  return valid ? ascii : undefined;
}

// address-literal = "[" ( IPv4-address-literal / IPv6-address-literal ) "]"
function isAddressLiteral(text: string): boolean {
  const inside = /^\[(IPv6:)?([0-9a-f:.]+)\]$/i.exec(text);
  if (inside === null) return false;
  return inside[1] === undefined ? isIPv4(inside[2] as string) : isIPv6(inside[2] as string);
}

function toALabels(domain: string): string | undefined {
  if (notInNames.test(domain.normalize('NFKC'))) return undefined;
  try {
    const { kind, name } = parseServerHostname(domain);
    // RFC 5891 §4.2.3.1 has no hyphen at either end of a label, which its A-label no longer shows.
    const malformed = /(?:^|[.。．｡])-|-(?:[.。．｡]|$)|[.。．｡]$/.test(domain);
    return kind === 'dns' && !malformed ? name : undefined;
  } catch {
    return undefined;
  }
}

const withoutAscii = (text: string): string => text.replace(/[\x00-\x7f]+/g, '');

const isAscii = (text: string): boolean => /^[\x00-\x7f]*$/.test(text);
