/** A message made ready to go: every argument checked, every extension asked for, before an octet leaves. */
import { CommandError, checkOptions, commandText, UsageError } from '@fivewire/line-protocol';
import { type MailAddress, parseAddress } from './address.js';
import { checkFlag, checkKeys, checkOneOf, wrong } from './arguments.js';
import type { BodySource } from './body-source.js';
import { limitOf, requireExtension, sizeLimit } from './extensions.js';
import { sendRules } from './options.js';
import type { Session } from './session.js';
import type { Envelope, Extensions, Recipient, SendOptions } from './types.js';
import { wishesOf } from './wishes.js';

export interface OutgoingMessage {
  /** MAIL as it goes out, without its CRLF. */
  readonly mail: string;
  /** With RCPT as it goes out. */
  readonly recipients: readonly { address: string; line: string }[];
  readonly source: BodySource;
  /** `bdat-binary` goes out octet for octet. */
  readonly framing: 'data' | 'bdat' | 'bdat-binary';
  /** No octet above 127 may go out: the server did not agree to any, or the caller promised that there is none. */
  readonly sevenBit: boolean;
  readonly dropped: string[];
  /** Whether the next message may be written before this one's fate is known. */
  readonly grouped: boolean;
  readonly options: SendOptions;
  /** Where the server fetches the message (BURL), in place of the body. */
  readonly url?: string;
  /** MAIL says SMTPUTF8. */
  readonly utf8: boolean;
  /** The header decides whether it has to. */
  readonly looksAtHeader: boolean;
}

/** MAIL and RCPT with all their parameters: RFC 5321 allows 510, RFC 1870, 3461, 6531 and others add to it. */
const pathCommandLimit = 2_000;

const envelopeKeys = [
  'from', 'to', 'size', 'body', 'smtpUtf8', 'requireTls', 'dsn', 'auth', 'deliverBy', 'hold', 'priority', 'optional',
  'unqualified',
]; // biome-ignore format: one list
const recipientKeys = ['address', 'notify', 'originalRecipient', 'validSince'];

/** @throws UsageError `ERR_ARGUMENT`; CommandError `ERR_EXTENSION_REQUIRED` */
export function prepareMessage(
  session: Session,
  envelope: Envelope,
  source: BodySource,
  options: SendOptions,
  grouped: boolean,
): OutgoingMessage {
  checkKeys(envelope, envelopeKeys, 'envelope');
  checkFlag(envelope.smtpUtf8, 'envelope.smtpUtf8');
  checkFlag(envelope.requireTls, 'envelope.requireTls');
  checkFlag(envelope.unqualified, 'envelope.unqualified');
  checkOptions(options, sendRules);
  const { extensions, lmtp } = session;
  const from =
    envelope.from === null
      ? undefined
      : parseAddress(envelope.from, 'envelope.from', envelope.unqualified);
  const recipients = recipientsOf(envelope, lmtp);
  checkRecipientLimits(extensions, recipients);

  const looksAtHeader = envelope.smtpUtf8 === undefined;
  const utf8Path = from?.utf8 === true || recipients.some(({ path }) => path.utf8);
  const utf8Header = envelope.smtpUtf8 ?? source.utf8Header === true;
  if (utf8Path) requireExtension(extensions, 'SMTPUTF8', 'An address of the envelope');
  if (utf8Header) requireExtension(extensions, 'SMTPUTF8', utf8HeaderNeed);
  const wishes = wishesOf(session, envelope, recipients);
  const kind = contentKind(session, envelope, source);

  const utf8 = utf8Path || utf8Header ? 'SMTPUTF8' : undefined;
  const size = sizeParameter(session, envelope, source);
  const requireTls = requireTlsParameter(session, envelope);
  const parameters: string[] = [];
  for (const one of [size, kind.parameter, utf8, requireTls])
    if (one !== undefined) parameters.push(one);
  parameters.push(...wishes.mail);
  const lines: { address: string; line: string }[] = [];
  for (let i = 0; i < recipients.length; i++) {
    const { address, path } = recipients[i] as CheckedRecipient;
    const line = pathCommand('RCPT', `TO:<${path.text}>`, wishes.recipients[i] ?? none);
    lines.push({ address, line });
  }
  return {
    mail: pathCommand('MAIL', `FROM:<${from?.text ?? ''}>`, parameters),
    recipients: lines,
    source,
    framing: kind.framing,
    sevenBit: kind.sevenBit,
    dropped: wishes.dropped,
    grouped,
    options,
    utf8: utf8 !== undefined,
    looksAtHeader,
  };
}

/** @throws UsageError `ERR_ARGUMENT`; CommandError `ERR_EXTENSION_REQUIRED` where the server knows no BURL */
export function messageByUrl(
  session: Session,
  message: OutgoingMessage,
  url: unknown,
): OutgoingMessage {
  if (typeof url !== 'string' || !/^imaps?:\/\/[\x21-\x7e]+$/i.test(url))
    throw wrong('url', 'is no IMAP URL', 'One with URLAUTH (RFC 4467), from the IMAP server.');
  requireExtension(session.extensions, 'BURL', 'sendUrl()');
  return { ...message, url };
}

/**
 * What the header of a stream asks for, once it has come and before anything is written.
 *
 * @throws CommandError `ERR_EXTENSION_REQUIRED`
 */
export function judgeHeader({ extensions }: Session, message: OutgoingMessage): OutgoingMessage {
  const { source, sevenBit, utf8, looksAtHeader, mail } = message;
  if (source.whole !== undefined) return message;
  if (sevenBit && !source.beginsInAscii) throw eightBitFound('usable');
  if (utf8 || !looksAtHeader || source.utf8Header !== true) return message;
  requireExtension(extensions, 'SMTPUTF8', utf8HeaderNeed);
  return { ...message, utf8: true, mail: commandText(mail, ['SMTPUTF8'], pathCommandLimit) };
}

const utf8HeaderNeed = 'A header with UTF-8';

const none: readonly string[] = [];

const pathCommand = (verb: string, path: string, parameters: readonly string[]): string =>
  commandText(verb, parameters.length === 0 ? [path] : [path, ...parameters], pathCommandLimit);

export interface CheckedRecipient {
  /** As the caller gave it. */
  address: string;
  path: MailAddress;
  /** Where it may have wishes of its own. */
  recipient: Recipient | undefined;
}

function recipientsOf({ to, unqualified = false }: Envelope, lmtp: boolean): CheckedRecipient[] {
  const list = (Array.isArray(to) ? to : [to]) as readonly (string | Recipient)[];
  if (list.length === 0) throw wrong('envelope.to', 'names no recipient');
  const checked: CheckedRecipient[] = [];
  for (let i = 0; i < list.length; i++)
    checked.push(recipientOf(list[i] as string | Recipient, i, lmtp || unqualified));
  return checked;
}

function recipientOf(entry: string | Recipient, i: number, bare: boolean): CheckedRecipient {
  const argument = `envelope.to[${i}]`;
  if (typeof entry !== 'object' || entry === null) {
    const path = parseAddress(entry, argument, bare);
    return { address: entry, path, recipient: undefined };
  }
  checkKeys(entry, recipientKeys, argument);
  const path = parseAddress(entry.address, `${argument}.address`, bare);
  return { address: entry.address, path, recipient: entry };
}

// ── SIZE, RFC 1870 ─────────────────────────────────────────────────────────────────────────────────────────────

function sizeParameter(
  { extensions }: Session,
  { size }: Envelope,
  { whole }: BodySource,
): string | undefined {
  if (size !== undefined && (!Number.isSafeInteger(size) || size < 0))
    throw wrong('envelope.size', `is ${String(size)}; give whole octets`);
  const octets = size ?? whole?.length;
  checkSizeLimit(extensions, octets);
  return octets !== undefined && extensions.has('SIZE') ? `SIZE=${octets}` : undefined;
}

/** RFC 1870 §4: the limit that the server announced; 0 or none is no limit. */
function checkSizeLimit(extensions: Extensions, octets: number | undefined): void {
  const limit = sizeLimit(extensions);
  if (octets === undefined || octets <= limit) return;
  throw new CommandError(
    'ERR_EXTENSION_REQUIRED',
    `The message has ${octets} octets; the server takes ${limit}`,
    { phase: 'command', hint: 'Send less, or a link to where the rest can be had.' },
  );
}

/** RFC 9422 §4.2 and §4.3: more recipients, or more of their domains, than the server takes at once. */
function checkRecipientLimits(
  extensions: Extensions,
  recipients: readonly CheckedRecipient[],
): void {
  if (!extensions.has('LIMITS')) return;
  const most = limitOf(extensions, 'RCPTMAX');
  if (recipients.length > most) throw tooMany(`${recipients.length} recipients`, most);
  const domains = new Set(
    recipients.map(({ path: { text } }) => text.slice(text.lastIndexOf('@') + 1).toLowerCase()),
  );
  const mostDomains = limitOf(extensions, 'RCPTDOMAINMAX');
  if (domains.size > mostDomains)
    throw tooMany(`recipients at ${domains.size} domains`, mostDomains);
}

const tooMany = (what: string, limit: number): CommandError =>
  new CommandError(
    'ERR_EXTENSION_REQUIRED',
    `The message has ${what}; the server takes ${limit} at once`,
    { phase: 'command', hint: 'Send it several times, to some of them each.' },
  );

// ── BODY, RFC 6152 and RFC 3030 ────────────────────────────────────────────────────────────────────────────────

type ContentKind = Pick<OutgoingMessage, 'framing' | 'sevenBit'> & {
  parameter: string | undefined;
};

function contentKind(session: Session, { body }: Envelope, source: BodySource): ContentKind {
  checkOneOf(body, ['7bit', '8bit', 'binary'], 'envelope.body');
  const { extensions } = session;
  const framing = session.chunking ? 'bdat' : 'data';
  const { ascii } = source;
  if (body === 'binary') {
    requireExtension(extensions, 'BINARYMIME', "body: 'binary'");
    requireExtension(extensions, 'CHUNKING', "body: 'binary'");
    return { framing: 'bdat-binary', sevenBit: false, parameter: 'BODY=BINARYMIME' };
  }
  if (body === '7bit') {
    if (ascii === false) throw wrong('body', "holds octets above 127, but envelope.body is '7bit'");
    return { framing, sevenBit: ascii === undefined, parameter: undefined };
  }
  if (ascii === true) return { framing, sevenBit: false, parameter: undefined };
  if (ascii === false || body === '8bit')
    requireExtension(extensions, '8BITMIME', 'A body with octets above 127');
  const agreed = extensions.has('8BITMIME');
  return { framing, sevenBit: !agreed, parameter: agreed ? 'BODY=8BITMIME' : undefined };
}

/** For a stream, which could not be looked at before: such an octet ends the message. */
export const eightBitFound = (connection: 'usable' | 'closed'): CommandError =>
  new CommandError(
    'ERR_EXTENSION_REQUIRED',
    'The body holds octets above 127, which this message may not',
    {
      phase: 'transfer',
      connection,
      hint: "Encode the body as quoted-printable or base64, or, where the server offers 8BITMIME, leave out body: '7bit'.",
    },
  );

// ── REQUIRETLS, RFC 8689 ───────────────────────────────────────────────────────────────────────────────────────

function requireTlsParameter(
  { connection, extensions }: Session,
  { requireTls }: Envelope,
): string | undefined {
  if (!requireTls) return undefined;
  if (!connection.secureStream?.security.verified) {
    throw new UsageError('ERR_STATE', 'requireTls needs a connection whose TLS is verified', {
      argument: 'envelope.requireTls',
      hint: "Connect with security: 'implicit-tls' or 'starttls'.",
    });
  }
  requireExtension(extensions, 'REQUIRETLS', 'requireTls');
  return 'REQUIRETLS';
}
