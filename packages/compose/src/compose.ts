/** A message, RFC 5322 and MIME: checked, laid out, streamed. */
import { isAscii } from 'node:buffer';
import { Readable } from 'node:stream';
import { hasUtf8Header } from '@fivewire/smtp';
import { checkMessage, checkRaw } from './check.js';
import { checkContent, checkKeys, wrong } from './check-values.js';
import { ComposedBody, streamedOctets } from './composed-body.js';
import { type DkimKey, dkimSigner } from './dkim.js';
import { openFiles } from './files.js';
import { messageHeader } from './message-header.js';
import { encodingOf, messageParts, octetsOf, typeOfAttachment } from './message-parts.js';
import { type Segment, segments } from './mime-part.js';
import { checkEnvelope, envelopeOf, mailboxesOf, readAddresses } from './recipients.js';
import { textFromHtml } from './text-from-html.js';
import { IdentityEncoder } from './transfer-encoding.js';
import type { Alternative, Attachment, ComposeMessage, Content, RawMessage } from './types.js';

/** Takes the composed message and gives the signed one. For ARC, S/MIME, OpenPGP, or a key that lies elsewhere. */
export type Sign = (
  message: Readable,
) => AsyncIterable<Uint8Array> | Promise<AsyncIterable<Uint8Array>>;

export interface ComposeOptions {
  /** Signs by DKIM (RFC 6376), once for each key. */
  dkim?: DkimKey | readonly DkimKey[];
  /** Signs in your own way, instead of `dkim`. */
  sign?: Sign;
  /** The directory in which `path` of attachments may lie. Default: none, and `path` is refused. */
  allowFiles?: string;
}

export interface Composed {
  /**
   * For `SmtpClient.send`: every address of to, cc and bcc once, as written. `smtpUtf8` and `body` stand there where the message
   * needs SMTPUTF8 or 8BITMIME, and `size` where it is streamed and its octets are known.
   */
  envelope: { from: string | null; to: string[]; smtpUtf8?: true; body?: '8bit'; size?: number };
  /** The message with CRLF line ends, streamed: attachments are read as it is. Bcc is not in it. */
  body: Readable;
  /** With its angle brackets; `undefined` for a `raw` message. */
  messageId: string | undefined;
}

/**
 * Composes a message. Nothing is read from streams before the body is read.
 *
 * @throws UsageError `ERR_ARGUMENT`: an address that can't be read whole, CR or LF in a header, an unknown key, a key that
 * can't sign; then streams that were given are left as they are
 */
export async function compose(
  message: ComposeMessage | RawMessage,
  options: ComposeOptions = {},
): Promise<Composed> {
  checkKeys(options, ['dkim', 'sign', 'allowFiles'], 'options');
  const { dkim, sign, allowFiles } = options;
  if (sign !== undefined && typeof sign !== 'function') throw wrong('sign', 'must be a function');
  if (sign !== undefined && dkim !== undefined)
    throw wrong(
      'sign',
      'and dkim exclude each other',
      'Sign by your function first, then compose({ raw: signed, envelope }, { dkim }).',
    );
  if (allowFiles !== undefined && (typeof allowFiles !== 'string' || allowFiles === ''))
    throw wrong('allowFiles', 'must be the path of a directory');
  const signer = dkim === undefined ? undefined : dkimSigner(dkim);
  const raw = typeof message === 'object' && message !== null && 'raw' in message;
  const { envelope, parts, messageId } = raw
    ? rawMessage(message)
    : await made(message, allowFiles);
  const size = sign === undefined && signer === undefined ? streamedOctets(parts) : undefined;
  if (size !== undefined) envelope.size = size;
  return { envelope, body: new ComposedBody(parts, sign, signer), messageId };
}

interface Made {
  envelope: Composed['envelope'];
  parts: Segment[];
  messageId: string | undefined;
}

async function made(given: ComposeMessage, allowFiles: string | undefined): Promise<Made> {
  checkMessage(given, allowFiles !== undefined);
  const from = readAddresses(given.from, 'from');
  if (given.from === undefined) throw wrong('from', 'is missing', 'Say who sends the message.');
  const [sender, ...others] = mailboxesOf(readAddresses(given.sender, 'sender'));
  if (others.length > 0) throw wrong('sender', 'holds several addresses', 'Name one.');
  const parties = { from, sender, ...recipients(given) };
  const replyTo = readAddresses(given.replyTo, 'replyTo');
  const envelope =
    given.envelope === undefined ? envelopeOf(parties) : checkEnvelope(given.envelope);
  if (mailboxesOf(from).length === 0) throw wrong('from', 'holds no address');

  const header = messageHeader(given, parties, replyTo);
  const message = await openFiles(await textFromHtml(given), allowFiles);
  const all = [...segments(messageParts(message))];
  const fields = Buffer.from(header.fields);
  return {
    envelope: {
      ...envelope,
      ...(needsUtf8(message, [fields, ...all]) ? { smtpUtf8: true } : {}),
      ...(needsEightBit(message) ? { body: '8bit' } : {}),
    },
    parts: [fields, ...all],
    messageId: header.messageId,
  };
}

/**
 * RFC 6532: an address with UTF-8 in its local part stands in a header as it is, all else is encoded. So do the headers of
 * messages within.
 */
const needsUtf8 = (
  { attachments = [], alternatives = [] }: ComposeMessage,
  parts: readonly Segment[],
): boolean =>
  parts.some((part) => Buffer.isBuffer(part) && !isAscii(part)) ||
  [...attachments, ...alternatives].some(holdsUtf8Header);

const holdsUtf8Header = (part: Attachment | Alternative): boolean =>
  /^message\/(?:rfc822|news|global)\b/i.test(typeOfAttachment(part)) &&
  part.content !== undefined &&
  !(part.content instanceof Readable) &&
  encodingOf(part) === '8bit' &&
  hasUtf8Header(octetsOf(part.content));

const needsEightBit = ({ attachments = [], alternatives = [] }: ComposeMessage): boolean =>
  [...attachments, ...alternatives].some((one) => encodingOf(one) === '8bit');

const recipients = (given: ComposeMessage | RawMessage) => ({
  to: readAddresses(given.to, 'to'),
  cc: readAddresses(given.cc, 'cc'),
  bcc: readAddresses(given.bcc, 'bcc'),
});

function rawMessage(given: RawMessage): Made {
  checkRaw(given);
  const { raw } = given;
  checkContent(raw, 'raw');
  const from = readAddresses(given.from, 'from');
  const envelope =
    given.envelope === undefined
      ? envelopeOf({ from, sender: undefined, ...recipients(given) })
      : checkEnvelope(given.envelope);
  const encoder = new IdentityEncoder(false, (what) => wrong('raw', what));
  const content = rawContent(raw);
  const eightBit = Buffer.isBuffer(content) && !isAscii(content);
  return {
    envelope: {
      ...envelope,
      ...(eightBit && hasUtf8Header(content) ? { smtpUtf8: true } : {}),
      ...(eightBit ? { body: '8bit' } : {}),
    },
    parts: [{ content, encoder }],
    messageId: undefined,
  };
}

const rawContent = (raw: Content): Buffer | Readable =>
  raw instanceof Readable ? raw : octetsOf(raw);
