/**
 * What may stand in a message. RFC 5322 §2.2: a CR or LF inside a field would be a second field, so nothing that goes
 * into a header may hold one; unknown keys are refused because they could be nodemailer's `path` or `raw`.
 */
import { Readable } from 'node:stream';
import addressparser from 'nodemailer/lib/addressparser';
import { UsageError } from 'tls-context-core';
import type { AddressInput, Attachment, ComposeMessage } from './types.js';

const messageKeys = [
  'from', 'to', 'cc', 'bcc', 'replyTo', 'subject', 'text', 'html', 'attachments', 'messageId', 'date', 'inReplyTo',
  'references', 'headers',
]; // biome-ignore format: one list
const attachmentKeys = ['content', 'filename', 'contentType', 'cid', 'disposition'];
const addressKeys = ['name', 'address'];

/** Fields that have an option of their own, or that only the transport may write. */
const ownFields = [
  'from', 'to', 'cc', 'bcc', 'reply-to', 'subject', 'message-id', 'date', 'in-reply-to', 'references', 'mime-version',
  'content-type', 'content-transfer-encoding', 'dkim-signature', 'return-path', 'received',
]; // biome-ignore format: one list

/** @throws UsageError `ERR_ARGUMENT`, whose `argument` names the field */
export function checkMessage(message: ComposeMessage): void {
  checkKeys(message, messageKeys, 'message');
  if (message.from === undefined) throw wrong('from', 'is missing', 'Say who sends the message.');
  for (const field of ['from', 'to', 'cc', 'bcc', 'replyTo'] as const) {
    const value = message[field];
    if (value !== undefined) checkAddresses(value, field);
  }
  for (const field of ['subject', 'messageId', 'inReplyTo'] as const) {
    if (message[field] !== undefined) checkLine(message[field], field);
  }
  for (const [i, id] of (message.references ?? []).entries()) checkLine(id, `references[${i}]`);
  for (const field of ['text', 'html'] as const) {
    if (message[field] !== undefined) checkContent(message[field], field);
  }
  if (message.date !== undefined && Number.isNaN(message.date.getTime()))
    throw wrong('date', 'is no valid Date');
  for (const [i, attachment] of (message.attachments ?? []).entries())
    checkAttachment(attachment, `attachments[${i}]`);
  for (const [name, value] of Object.entries(message.headers ?? {})) checkField(name, value);
}

/** Refuses what is no string, and what would break out of a header field. */
export function checkLine(value: unknown, argument: string): void {
  if (typeof value !== 'string') throw wrong(argument, `must be a string, not ${typeof value}`);
  if (/[\r\n\0]/.test(value)) throw wrong(argument, 'holds CR, LF or NUL');
  if (/\p{Surrogate}/u.test(value)) throw wrong(argument, 'holds half a surrogate pair');
}

function checkAddresses(value: AddressInput, argument: string): void {
  if (typeof value === 'string') {
    checkLine(value, argument);
    for (const { name, address } of addressparser(value, { flatten: true }))
      checkAddress(address, name ?? '', argument);
  } else if (Array.isArray(value))
    value.forEach((one, i) => {
      checkAddresses(one, `${argument}[${i}]`);
    });
  else {
    checkKeys(value as object, addressKeys, argument);
    const { name, address } = value as { name?: string; address: string };
    if (name !== undefined) checkLine(name, `${argument}.name`);
    checkLine(address, `${argument}.address`);
    checkAddress(address, address, argument);
  }
}

/** nodemailer drops what is no address: a recipient would be left out and nobody told. */
function checkAddress(address: string | undefined, shown: string, argument: string): void {
  if (address !== undefined && /^[^@\s]+@[^@\s]+$/.test(address)) return;
  throw wrong(
    argument,
    `holds ${JSON.stringify(address || shown)}, which is no address`,
    'Write it as alice@example.org or Alice <alice@example.org>.',
  );
}

function checkAttachment(attachment: Attachment, argument: string): void {
  checkKeys(attachment, attachmentKeys, argument);
  checkContent(attachment.content, `${argument}.content`);
  for (const key of ['filename', 'contentType', 'cid'] as const) {
    if (attachment[key] !== undefined) checkLine(attachment[key], `${argument}.${key}`);
  }
  const { disposition } = attachment;
  if (disposition !== undefined && disposition !== 'attachment' && disposition !== 'inline')
    throw wrong(`${argument}.disposition`, "is neither 'attachment' nor 'inline'");
}

function checkContent(value: unknown, argument: string): void {
  if (typeof value === 'string' || value instanceof Uint8Array || value instanceof Readable) return;
  throw wrong(
    argument,
    'is neither text, octets nor a Readable',
    'Open a file with createReadStream(): paths and URLs are not followed.',
  );
}

function checkField(name: string, value: unknown): void {
  if (!/^[\x21-\x39\x3b-\x7e]{1,76}$/.test(name))
    throw wrong('headers', `has ${JSON.stringify(name)}, which is no field name`);
  if (ownFields.includes(name.toLowerCase()))
    throw wrong(
      `headers.${name}`,
      'cannot be given here',
      'It has an option of its own, or the mail system writes it.',
    );
  checkLine(value, `headers.${name}`);
}

function checkKeys(value: unknown, keys: readonly string[], argument: string): void {
  if (typeof value !== 'object' || value === null) throw wrong(argument, 'must be an object');
  const unknown = Object.keys(value).find((key) => !keys.includes(key));
  if (unknown !== undefined)
    throw wrong(`${argument}.${unknown}`, 'is no option', `Known: ${keys.join(', ')}.`);
}

export const wrong = (argument: string, what: string, hint = ''): UsageError =>
  new UsageError('ERR_ARGUMENT', `${argument} ${what}`, { argument, hint });
