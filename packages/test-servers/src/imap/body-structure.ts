/** ENVELOPE, BODY and BODYSTRUCTURE, RFC 9051 §7.5.2. */
import { fieldValue } from '../message.js';
import { type Address, parseAddressList } from './address-list.js';
import { encodeNString, encodeString } from './encode.js';
import { type Part, parseParameters } from './mime.js';

export function envelope({ fields }: Part): string {
  const text = (name: string) => encodeNString(fieldValue(fields, name));
  const from = addresses(fieldValue(fields, 'From'));
  // Sender and Reply-To default to From.
  const orFrom = (name: string) => {
    const own = addresses(fieldValue(fields, name));
    return own === 'NIL' ? from : own;
  };
  const own = (name: string) => addresses(fieldValue(fields, name));
  return `(${[
    text('Date'),
    text('Subject'),
    from,
    orFrom('Sender'),
    orFrom('Reply-To'),
    own('To'),
    own('Cc'),
    own('Bcc'),
    text('In-Reply-To'),
    text('Message-ID'),
  ].join(' ')})`;
}

function addresses(value: string | undefined): string {
  const list = parseAddressList(value ?? '');
  return list.length === 0 ? 'NIL' : `(${list.map(address).join('')})`;
}

function address({ name, mailbox, host }: Address): string {
  return `(${encodeNString(name)} NIL ${encodeNString(mailbox)} ${encodeNString(host)})`;
}

/** BODYSTRUCTURE, or BODY without the extension fields. */
export function bodyStructure(part: Part, extended: boolean): string {
  const fields = part.parts.length > 0 ? multipart(part, extended) : single(part, extended);
  return `(${fields.join(' ')})`;
}

function multipart(part: Part, extended: boolean): string[] {
  const parts = part.parts.map((child) => bodyStructure(child, extended)).join('');
  const extension = [
    parameters(part.parameters),
    disposition(part),
    language(part),
    location(part),
  ];
  return [parts, encodeString(part.subtype), ...(extended ? extension : [])];
}

function single(part: Part, extended: boolean): string[] {
  const value = (name: string) => fieldValue(part.fields, name);
  const lines = String(part.body.toString('latin1').split('\n').length - 1);
  const extension = [
    encodeNString(value('Content-MD5')),
    disposition(part),
    language(part),
    location(part),
  ];
  return [
    encodeString(part.type),
    encodeString(part.subtype),
    parameters(part.parameters),
    encodeNString(value('Content-ID')),
    encodeNString(value('Content-Description')),
    encodeString((value('Content-Transfer-Encoding') ?? '7bit').trim()),
    String(part.body.length),
    ...(part.message ? [envelope(part.message), bodyStructure(part.message, extended)] : []),
    ...(part.type === 'text' || part.message ? [lines] : []),
    ...(extended ? extension : []),
  ];
}

function parameters(map: ReadonlyMap<string, string>): string {
  if (map.size === 0) return 'NIL';
  return `(${[...map].map(([name, value]) => `${encodeString(name)} ${encodeString(value)}`).join(' ')})`;
}

function disposition({ fields }: Part): string {
  const value = fieldValue(fields, 'Content-Disposition');
  if (value === undefined) return 'NIL';
  const parsed = parseParameters(value);
  return `(${encodeString(parsed.value)} ${parameters(parsed.parameters)})`;
}

function language({ fields }: Part): string {
  const tags = (fieldValue(fields, 'Content-Language') ?? '').split(/[\s,]+/).filter(Boolean);
  if (tags.length === 0) return 'NIL';
  return tags.length === 1
    ? encodeString(tags[0] as string)
    : `(${tags.map(encodeString).join(' ')})`;
}

function location({ fields }: Part): string {
  return encodeNString(fieldValue(fields, 'Content-Location'));
}
