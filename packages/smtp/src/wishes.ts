/**
 * What a message asks of the server beyond being delivered, as parameters of MAIL and RCPT, a row each.
 *
 * A wish that the server can't fulfil fails before MAIL, unless the envelope calls it optional: then the result's `dropped`
 * names it.
 */
import { checkArgument } from '@fivewire/line-protocol';
import { type MailAddress, parseAddress } from './address.js';
import { checkFlag, checkKeys, checkOneOf, wrong } from './arguments.js';
import { numberOf, requireExtension } from './extensions.js';
import type { CheckedRecipient } from './message.js';
import type { Session } from './session.js';
import type { Envelope, Extensions, OptionalExtension, Recipient } from './types.js';

interface Wish {
  extension: OptionalExtension;
  /** For errors. */
  what: string;
  /** Parameters of MAIL; `undefined`: not wished for here. @throws UsageError */
  mail(envelope: Envelope, extensions: Extensions): string[] | undefined;
  /** Parameters of RCPT; likewise. */
  recipient?(
    recipient: Omit<Recipient, 'address'>,
    path: MailAddress,
    argument: string,
    envelope: Envelope,
  ): string[] | undefined;
}

export interface Wishes {
  mail: readonly string[];
  /** Shorter than the list of recipients where none wishes anything. */
  recipients: readonly (readonly string[])[];
  /** The caller's own: it goes into the result. */
  dropped: string[];
}

const nothing: readonly never[] = [];
const noWishes: Omit<Recipient, 'address'> = {};

export function wishesOf(
  { extensions }: Session,
  envelope: Envelope,
  recipients: readonly CheckedRecipient[],
): Wishes {
  if (!wishesAnything(envelope, recipients))
    return { mail: nothing, recipients: nothing, dropped: [] };
  const optional = optionalOnes(envelope);
  const wishes = {
    mail: [] as string[],
    recipients: recipients.map((): string[] => []),
    dropped: [] as string[],
  };
  for (const { extension, what, mail, recipient: each } of table) {
    const forMail = mail(envelope, extensions);
    const forRecipients = recipients.map(({ recipient, path }, i) =>
      each?.(recipient ?? noWishes, path, `envelope.to[${i}]`, envelope),
    );
    const wished = forMail ?? forRecipients.find((one) => one !== undefined);
    if (wished === undefined) continue;
    if (optional.has(extension) && !extensions.has(extension)) {
      wishes.dropped.push(extension);
      continue;
    }
    requireExtension(extensions, extension, what);
    wishes.mail.push(...(forMail ?? []));
    for (const [i, one] of forRecipients.entries()) wishes.recipients[i]?.push(...(one ?? []));
  }
  return wishes;
}

/** Most messages do not: they are not to pay for a walk through the table. */
function wishesAnything(envelope: Envelope, recipients: readonly CheckedRecipient[]): boolean {
  const { dsn, auth, deliverBy, hold, priority, optional } = envelope;
  for (const one of [dsn, auth, deliverBy, hold, priority, optional])
    if (one !== undefined) return true;
  for (const { recipient } of recipients) if (recipient !== undefined) return true;
  return false;
}

function optionalOnes({ optional, dsn }: Envelope): ReadonlySet<string> {
  if (optional !== undefined && !Array.isArray(optional))
    throw wrong('envelope.optional', 'must be a list');
  for (const one of optional ?? [])
    checkOneOf(
      one,
      table.map(({ extension }) => extension),
      'envelope.optional',
    );
  return new Set([...(optional ?? []), ...(dsn?.optional ? ['DSN'] : [])]);
}

// ── DSN, RFC 3461 and RFC 6533 ─────────────────────────────────────────────────────────────────────────────────

function mailDsn({ dsn }: Envelope): string[] | undefined {
  if (dsn === undefined) return undefined;
  checkKeys(dsn, ['return', 'envelopeId', 'notify', 'optional'], 'envelope.dsn');
  checkFlag(dsn.optional, 'envelope.dsn.optional');
  checkOneOf(dsn.return, ['full', 'headers'], 'envelope.dsn.return');
  const parameters = [];
  if (dsn.return !== undefined) parameters.push(dsn.return === 'full' ? 'RET=FULL' : 'RET=HDRS');
  if (dsn.envelopeId !== undefined) {
    const id = xtext(dsn.envelopeId, 'envelope.dsn.envelopeId');
    if (id === '' || id.length > 100)
      throw wrong('envelope.dsn.envelopeId', 'must have 1 to 100 characters as xtext');
    parameters.push(`ENVID=${id}`);
  }
  return parameters.length === 0 ? undefined : parameters;
}

const moments = ['success', 'failure', 'delay'] as const;

function recipientDsn(
  { notify, originalRecipient }: Omit<Recipient, 'address'>,
  path: MailAddress,
  argument: string,
  { dsn }: Envelope,
): string[] | undefined {
  const parameters = [];
  if (notify !== undefined) parameters.push(notifyParameter(notify, `${argument}.notify`));
  else if (dsn?.notify !== undefined)
    parameters.push(notifyParameter(dsn.notify, 'envelope.dsn.notify'));
  if (originalRecipient !== undefined) {
    const original = parseAddress(originalRecipient, `${argument}.originalRecipient`);
    parameters.push(
      original.utf8 || path.utf8
        ? `ORCPT=utf-8;${unicodeXtext(original.text)}`
        : `ORCPT=rfc822;${xtext(original.text, argument)}`,
    );
  }
  return parameters.length === 0 ? undefined : parameters;
}

function notifyParameter(notify: Recipient['notify'], argument: string): string {
  if (notify === 'never') return 'NOTIFY=NEVER';
  if (!Array.isArray(notify) || notify.length === 0)
    throw wrong(argument, "is neither 'never' nor a list");
  for (const moment of notify) checkOneOf(moment, moments, argument);
  return `NOTIFY=${[...new Set(notify)].join(',').toUpperCase()}`;
}

// ── AUTH=, RFC 4954 §5 ─────────────────────────────────────────────────────────────────────────────────────────

function mailAuth({ auth }: Envelope): string[] | undefined {
  if (auth === undefined) return undefined;
  if (auth === null) return ['AUTH=<>'];
  return [`AUTH=${xtext(parseAddress(auth, 'envelope.auth').text, 'envelope.auth')}`];
}

// ── DELIVERBY, RFC 2852 ────────────────────────────────────────────────────────────────────────────────────────

// by-value = by-time ";" by-mode [by-trace]; by-time = ["-" / "+"] 1*9DIGIT
function mailDeliverBy({ deliverBy }: Envelope, extensions: Extensions): string[] | undefined {
  if (deliverBy === undefined) return undefined;
  checkKeys(deliverBy, ['seconds', 'otherwise', 'trace'], 'envelope.deliverBy');
  const { seconds, otherwise, trace } = deliverBy;
  checkWhole(seconds, -999_999_999, 999_999_999, 'envelope.deliverBy.seconds');
  if (otherwise !== 'return' && otherwise !== 'notify')
    throw wrong('envelope.deliverBy.otherwise', "is neither 'return' nor 'notify'");
  checkFlag(trace, 'envelope.deliverBy.trace');
  // §4: with mode R the time is positive, and not shorter than what the server announced.
  const shortest = Math.max(1, numberOf(extensions, 'DELIVERBY') ?? 0);
  if (otherwise === 'return' && seconds < shortest)
    throw wrong(
      'envelope.deliverBy.seconds',
      `is ${seconds}; for 'return' the server takes ${shortest} and more`,
    );
  return [`BY=${seconds};${otherwise === 'return' ? 'R' : 'N'}${trace === true ? 'T' : ''}`];
}

// ── FUTURERELEASE, RFC 4865 ────────────────────────────────────────────────────────────────────────────────────

function mailHold({ hold }: Envelope, extensions: Extensions): string[] | undefined {
  if (hold === undefined) return undefined;
  checkKeys(hold, ['seconds', 'until'], 'envelope.hold');
  const { seconds, until } = hold as { seconds?: number; until?: Date };
  if ((seconds === undefined) === (until === undefined))
    throw wrong('envelope.hold', 'is neither { seconds } nor { until }');
  if (seconds !== undefined) {
    const most = numberOf(extensions, 'FUTURERELEASE') ?? 999_999_999;
    checkWhole(seconds, 1, most, 'envelope.hold.seconds');
    return [`HOLDFOR=${seconds}`];
  }
  const time = dateTime(until, 'envelope.hold.until');
  const [, latest = ''] = extensions.get('FUTURERELEASE') ?? [];
  if (Date.parse(latest) < Date.parse(time))
    throw wrong('envelope.hold.until', `is after ${latest}, the latest that the server takes`);
  return [`HOLDUNTIL=${time}`];
}

// ── MT-PRIORITY, RFC 6710 ──────────────────────────────────────────────────────────────────────────────────────

function mailPriority({ priority }: Envelope): string[] | undefined {
  if (priority === undefined) return undefined;
  checkWhole(priority, -9, 9, 'envelope.priority');
  return [`MT-PRIORITY=${priority}`];
}

// ── RRVS, RFC 7293 ─────────────────────────────────────────────────────────────────────────────────────────────

const recipientRrvs = (
  { validSince }: Omit<Recipient, 'address'>,
  _path: MailAddress,
  argument: string,
): string[] | undefined =>
  validSince === undefined ? undefined : [`RRVS=${dateTime(validSince, `${argument}.validSince`)}`];

const table: readonly Wish[] = [
  {
    extension: 'DSN',
    what: 'A delivery status notification',
    mail: mailDsn,
    recipient: recipientDsn,
  },
  { extension: 'AUTH', what: 'envelope.auth', mail: mailAuth },
  { extension: 'DELIVERBY', what: 'envelope.deliverBy', mail: mailDeliverBy },
  { extension: 'FUTURERELEASE', what: 'envelope.hold', mail: mailHold },
  { extension: 'MT-PRIORITY', what: 'envelope.priority', mail: mailPriority },
  { extension: 'RRVS', what: 'validSince', mail: () => undefined, recipient: recipientRrvs },
];

// ── values ─────────────────────────────────────────────────────────────────────────────────────────────────────

// xtext = *( xchar / hexchar ); hexchar = "+" 2(%x30-39 / %x41-46)
export function xtext(text: string, argument: string): string {
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

/** RFC 3339, in UTC and whole seconds. */
function dateTime(value: unknown, argument: string): string {
  const year = value instanceof Date ? value.getUTCFullYear() : Number.NaN;
  if (!(value instanceof Date) || !(year >= 0 && year <= 9999))
    throw wrong(argument, 'is no valid Date', 'RFC 3339 has four digits for the year.');
  return value.toISOString().replace(/\.\d+Z$/, 'Z');
}

function checkWhole(value: unknown, least: number, most: number, argument: string): void {
  if (Number.isInteger(value) && (value as number) >= least && (value as number) <= most) return;
  throw wrong(argument, `is ${String(value)}; give a whole number from ${least} to ${most}`);
}
