/**
 * A field of the caller's, by what it holds: addresses, a value with a grammar of its own, or text (RFC 5322 §2.2). An
 * encoded-word stands for text alone: in an address or a URL it would break what it encodes (RFC 2047 §5).
 */
import { wrong } from './check-values.js';
import { addressField, foldable, folded, longestWord, unstructured } from './header-field.js';
import { readAddresses } from './recipients.js';

const addressFields = new Set([
  'disposition-notification-to', 'return-receipt-to', 'x-confirm-reading-to', 'errors-to', 'mail-followup-to',
  'mail-reply-to', 'abuse-reports-to', 'resent-from', 'resent-sender', 'resent-to', 'resent-cc', 'resent-reply-to',
]); // biome-ignore format: one list

const structuredFields = new Set([
  'list-help', 'list-unsubscribe', 'list-unsubscribe-post', 'list-subscribe', 'list-post', 'list-owner', 'list-archive',
  'list-id', 'archived-at', 'resent-message-id', 'resent-date', 'original-message-id', 'obsoletes', 'supersedes',
  'auto-submitted', 'precedence', 'importance', 'priority', 'x-priority', 'x-msmail-priority', 'sensitivity',
  'content-language', 'content-location', 'content-base', 'content-md5', 'content-duration', 'accept-language',
  'disposition-notification-options', 'deferred-delivery', 'expires', 'expiry-date', 'reply-by', 'tls-required',
  'mt-priority', 'require-recipient-valid-since', 'autocrypt', 'openpgp', 'authentication-results', 'received-spf',
  'arc-seal', 'arc-message-signature', 'arc-authentication-results',
]); // biome-ignore format: one list

/** @throws UsageError `ERR_ARGUMENT` for addresses that can't be read, and for what its grammar has no place for */
export function givenField(name: string, value: string, argument: string): string {
  const key = name.toLowerCase();
  if (addressFields.has(key)) {
    const entries = readAddresses(value, argument);
    if (entries.length === 0) throw wrong(argument, 'holds no address');
    return addressField(name, entries);
  }
  if (!structuredFields.has(key)) return unstructured(name, value);
  if (!/^[\x20-\x7e]*$/.test(value))
    throw wrong(
      argument,
      'holds more than printable ASCII, which this field has no form for',
      'A URL is percent-encoded, its host in A-labels; the name of a list goes into list.id.',
    );
  const words = foldable(value);
  if (words.some((word) => word.length > longestWord))
    throw wrong(argument, `has a word of more than ${longestWord} characters`, 'Shorten it.');
  return folded(name, words);
}
