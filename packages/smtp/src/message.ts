/** A message made ready to go: every argument checked, every extension asked for, before an octet leaves. */
import {
  CommandError,
  type CommandLine,
  checkArgument,
  checkOptions,
  commandLine,
  escapeText,
  UsageError,
} from '@fivewire/line-protocol';
import { type MailAddress, parseAddress } from './address.js';
import type { BodySource } from './body-source.js';
import { requireExtension } from './extensions.js';
import { sendRules } from './options.js';
import type { Session } from './session.js';
import type { Envelope, Recipient, SendOptions } from './types.js';

export interface OutgoingMessage {
  readonly mail: CommandLine;
  readonly recipients: readonly { address: string; line: CommandLine }[];
  readonly source: BodySource;
  /** `bdat-binary` goes out octet for octet. */
  readonly framing: 'data' | 'bdat' | 'bdat-binary';
  /** No octet above 127 may go out: the server did not agree to any, or the caller promised that there is none. */
  readonly sevenBit: boolean;
  readonly dropped: string[];
  /** Whether the next message may be written before this one's fate is known. */
  readonly grouped: boolean;
  readonly options: SendOptions;
}

/** MAIL and RCPT with all their parameters: RFC 5321 allows 510, RFC 1870, 3461, 6531 and others add to it. */
const pathCommandLimit = 2_000;

const envelopeKeys = ['from', 'to', 'size', 'body', 'smtpUtf8', 'requireTls', 'dsn'];
const recipientKeys = ['address', 'notify', 'originalRecipient'];

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
  checkOptions(options, sendRules);
  const { extensions, lmtp } = session;
  const from = envelope.from === null ? undefined : parseAddress(envelope.from, 'envelope.from');
  const recipients = recipientsOf(envelope, lmtp);

  const utf8 =
    envelope.smtpUtf8 === true || from?.utf8 || recipients.some(({ path }) => path.utf8) || false;
  if (utf8) requireExtension(extensions, 'SMTPUTF8', 'The envelope');
  const dsn = useDsn(session, envelope, recipients);
  const kind = contentKind(session, envelope, source);

  const parameters = [
    ...sizeParameter(session, envelope, source),
    ...kind.parameters,
    ...(utf8 ? ['SMTPUTF8'] : []),
    ...requireTlsParameter(session, envelope),
    ...(dsn === 'use' ? mailDsn(envelope) : []),
  ];
  return {
    mail: pathCommand('MAIL', `FROM:<${from?.text ?? ''}>`, parameters),
    recipients: recipients.map(({ recipient, path }, i) => ({
      address: recipient.address,
      line: pathCommand(
        'RCPT',
        `TO:<${path.text}>`,
        dsn === 'use' ? recipientDsn(recipient, path, `envelope.to[${i}]`) : [],
      ),
    })),
    source,
    framing: kind.framing,
    sevenBit: kind.sevenBit,
    dropped: dsn === 'drop' ? ['DSN'] : [],
    grouped,
    options,
  };
}

const pathCommand = (verb: string, path: string, parameters: readonly string[]): CommandLine =>
  commandLine(verb, [path, ...parameters], { limit: pathCommandLimit });

interface CheckedRecipient {
  recipient: Recipient;
  path: MailAddress;
}

function recipientsOf({ to }: Envelope, lmtp: boolean): CheckedRecipient[] {
  const list = Array.isArray(to) ? (to as readonly (string | Recipient)[]) : [to];
  if (list.length === 0) throw wrong('envelope.to', 'names nobody');
  return list.map((entry, i) => {
    const argument = `envelope.to[${i}]`;
    if (typeof entry !== 'object' || entry === null) {
      const path = parseAddress(entry, argument, lmtp);
      return { recipient: { address: entry as string }, path };
    }
    const recipient = entry as Recipient;
    checkKeys(recipient, recipientKeys, argument);
    return { recipient, path: parseAddress(recipient.address, `${argument}.address`, lmtp) };
  });
}

// ── SIZE, RFC 1870 ─────────────────────────────────────────────────────────────────────────────────────────────

function sizeParameter(
  { extensions }: Session,
  { size }: Envelope,
  { whole }: BodySource,
): string[] {
  if (size !== undefined && (!Number.isSafeInteger(size) || size < 0))
    throw wrong('envelope.size', `is ${String(size)}; give whole octets`);
  const octets = size ?? whole?.length;
  return octets !== undefined && extensions.has('SIZE') ? [`SIZE=${octets}`] : [];
}

// ── BODY, RFC 6152 and RFC 3030 ────────────────────────────────────────────────────────────────────────────────

type ContentKind = Pick<OutgoingMessage, 'framing' | 'sevenBit'> & { parameters: string[] };

function contentKind(session: Session, { body }: Envelope, source: BodySource): ContentKind {
  checkOneOf(body, ['7bit', '8bit', 'binary'], 'envelope.body');
  const { extensions } = session;
  const framing = session.chunking ? 'bdat' : 'data';
  const { ascii } = source;
  if (body === 'binary') {
    requireExtension(extensions, 'BINARYMIME', "body: 'binary'");
    requireExtension(extensions, 'CHUNKING', "body: 'binary'");
    return { framing: 'bdat-binary', sevenBit: false, parameters: ['BODY=BINARYMIME'] };
  }
  if (body === '7bit') {
    if (ascii === false) throw wrong('body', "holds octets above 127, but envelope.body is '7bit'");
    return { framing, sevenBit: ascii === undefined, parameters: [] };
  }
  if (ascii === true) return { framing, sevenBit: false, parameters: [] };
  if (ascii === false || body === '8bit')
    requireExtension(extensions, '8BITMIME', 'A body with octets above 127');
  const agreed = extensions.has('8BITMIME');
  return { framing, sevenBit: !agreed, parameters: agreed ? ['BODY=8BITMIME'] : [] };
}

/** For a stream, in which nobody could look before: such an octet ends the message. */
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
): string[] {
  if (!requireTls) return [];
  if (!connection.secureStream?.security.verified) {
    throw new UsageError('ERR_STATE', 'requireTls needs a connection whose TLS is verified', {
      argument: 'envelope.requireTls',
      hint: "Connect with security: 'implicit-tls' or 'starttls'.",
    });
  }
  requireExtension(extensions, 'REQUIRETLS', 'requireTls');
  return ['REQUIRETLS'];
}

// ── DSN, RFC 3461 and RFC 6533 ─────────────────────────────────────────────────────────────────────────────────

function useDsn(
  { extensions }: Session,
  { dsn }: Envelope,
  recipients: readonly CheckedRecipient[],
): 'use' | 'drop' | 'none' {
  if (dsn !== undefined) {
    checkKeys(dsn, ['return', 'envelopeId', 'optional'], 'envelope.dsn');
    checkFlag(dsn.optional, 'envelope.dsn.optional');
  }
  const wished =
    dsn?.return !== undefined ||
    dsn?.envelopeId !== undefined ||
    recipients.some(
      ({ recipient: { notify, originalRecipient } }) =>
        notify !== undefined || originalRecipient !== undefined,
    );
  if (!wished) return 'none';
  if (dsn?.optional && !extensions.has('DSN')) return 'drop';
  requireExtension(extensions, 'DSN', 'A delivery status notification');
  return 'use';
}

function mailDsn({ dsn = {} }: Envelope): string[] {
  checkOneOf(dsn.return, ['full', 'headers'], 'envelope.dsn.return');
  const parameters = [];
  if (dsn.return !== undefined) parameters.push(dsn.return === 'full' ? 'RET=FULL' : 'RET=HDRS');
  if (dsn.envelopeId !== undefined) {
    const id = xtext(dsn.envelopeId, 'envelope.dsn.envelopeId');
    if (id === '' || id.length > 100)
      throw wrong('envelope.dsn.envelopeId', 'must have 1 to 100 characters as xtext');
    parameters.push(`ENVID=${id}`);
  }
  return parameters;
}

const moments = ['success', 'failure', 'delay'] as const;

function recipientDsn(
  { notify, originalRecipient }: Recipient,
  path: MailAddress,
  argument: string,
): string[] {
  const parameters = [];
  if (notify === 'never') parameters.push('NOTIFY=NEVER');
  else if (notify !== undefined) {
    if (!Array.isArray(notify) || notify.length === 0)
      throw wrong(`${argument}.notify`, "is neither 'never' nor a list");
    for (const moment of notify) checkOneOf(moment, moments, `${argument}.notify`);
    parameters.push(`NOTIFY=${[...new Set(notify)].join(',').toUpperCase()}`);
  }
  if (originalRecipient !== undefined) {
    const original = parseAddress(originalRecipient, `${argument}.originalRecipient`);
    parameters.push(
      original.utf8 || path.utf8
        ? `ORCPT=utf-8;${unicodeXtext(original.text)}`
        : `ORCPT=rfc822;${xtext(original.text, argument)}`,
    );
  }
  return parameters;
}

// xtext = *( xchar / hexchar ); hexchar = "+" 2(%x30-39 / %x41-46)
function xtext(text: string, argument: string): string {
  checkArgument(text, argument);
  if (!/^[\x20-\x7e]*$/.test(text))
    throw wrong(argument, 'has characters other than printable ASCII');
  return text.replace(/[ +=]/g, (c) => `+${hex(c)}`);
}

// EmbeddedUnicodeChar = "\x{" HEXPOINT "}", the form of RFC 6533 §3 that needs no 8-bit octets
const unicodeXtext = (text: string): string =>
  text.replace(/[^!-*,-<>-[\]-~]/gu, (c) => `\\x{${hex(c)}}`);

const hex = (c: string): string =>
  (c.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(2, '0');

// ── arguments ──────────────────────────────────────────────────────────────────────────────────────────────────

function checkKeys(value: object, keys: readonly string[], argument: string): void {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw wrong(argument, 'must be an object');
  const unknown = Object.keys(value).find((key) => !keys.includes(key));
  if (unknown !== undefined)
    throw wrong(`${argument}.${unknown}`, 'is no option', `Known: ${keys.join(', ')}.`);
}

function checkFlag(value: unknown, argument: string): void {
  if (value !== undefined && typeof value !== 'boolean')
    throw wrong(argument, 'must be true or false');
}

function checkOneOf(value: string | undefined, allowed: readonly string[], argument: string): void {
  if (value !== undefined && !allowed.includes(value))
    throw wrong(
      argument,
      `is ${escapeText(String(value), 40)}`,
      `Use one of ${allowed.join(', ')}.`,
    );
}

const wrong = (argument: string, what: string, hint = ''): UsageError =>
  new UsageError('ERR_ARGUMENT', `${argument} ${what}`, { argument, hint });
