/** nodemailer's message and `envelope` read for ours: nobody whom nodemailer would write to is left out, and nobody else is written to. */
import { type Envelope, parseAddress, type Recipient } from '@fivewire/smtp';
import { checkKeys, typeOf, wrong } from './check-values.js';
import type { CompiledNode } from './prepared-fields.js';
import { checkEnvelope, envelopeOf, mailboxesOf, readAddresses } from './recipients.js';
import type { AddressInput } from './types.js';

/** The part of nodemailer's MimeNode that says who gets the message. */
export interface CompiledMessage extends CompiledNode {
  /** As nodemailer reads it. */
  getEnvelope?(): { from?: unknown; to?: unknown };
  /** What `setEnvelope()` was given: `envelope` of the message, or a plugin's. */
  _envelope?: unknown;
}

type Data = Readonly<Record<string, unknown>>;

/** @throws UsageError `ERR_ARGUMENT` for addresses that can't be read whole, and for what would be left out without a word */
export function envelopeFor(data: Data, message: CompiledMessage): Envelope {
  if (data.auth)
    throw wrong(
      'auth',
      'is not taken with a message',
      'Who logs in is said to createSmtpPool() or SmtpClient.connect(): give each login a transport of its own.',
    );
  const read = readerOf(data, message);
  const given = data.envelope || message._envelope;
  const { from, to, size, ...own } = given ? ofEnvelope(given) : ofHeader(read);
  checkNobodyForgotten({ from, to }, message);
  const utf8 = ['from', 'sender', 'to', 'cc', 'replyTo'].some((field) =>
    read(field).some((one) => one.utf8),
  );
  const requireTls = data.requireTLSExtensionEnabled || own.requireTLSExtensionEnabled;
  return {
    from,
    ...(size === undefined ? {} : { size }),
    ...withDsn(to, data.dsn || own.dsn),
    ...(utf8 ? { smtpUtf8: true } : {}),
    ...(requireTls ? { requireTls: true } : {}),
  };
}

type Reader = (field: string) => ReturnType<typeof mailboxesOf>;

/** What a compiled message says of itself counts: `headers: { Bcc: … }` and plugins name recipients too. */
function readerOf(data: Data, { _headers: fields }: CompiledMessage): Reader {
  return (field) => {
    const key = field === 'replyTo' ? 'reply-to' : field;
    const values = Array.isArray(fields)
      ? fields.filter((one) => String(one?.key).toLowerCase() === key).map(({ value }) => value)
      : [data[field]];
    return values.flatMap((value) => mailboxesOf(readAddresses(addressesIn(value), field)));
  };
}

/** In our words. Objects of theirs may hold more than an address; a field that is empty in any way is none. */
function addressesIn(given: unknown): AddressInput | undefined {
  if (!given) return undefined;
  if (Array.isArray(given))
    return given.map((one) => (isObject(one) ? addressesIn(one) : one) as AddressInput);
  if (!isObject(given)) return given as AddressInput;
  const { name, address, group, prepared, value } = given as Readonly<Record<string, unknown>>;
  if (prepared) return typeof value === 'string' ? unfolded(value) : (value as AddressInput);
  const named = typeof name === 'string' ? { name } : {};
  if (Array.isArray(group) && !address)
    return { name: '', ...named, group: addressesIn(group) as AddressInput[] };
  if (typeof address !== 'string') return given as AddressInput; // its error says what is wrong
  return { ...named, address };
}

const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null;
const unfolded = (value: string): string => value.replace(/\r?\n(?=[ \t])/g, '');

interface Parties {
  from: string | null;
  to: string[];
  size?: number;
  dsn?: unknown;
  requireTLSExtensionEnabled?: unknown;
}

/** Failures are reported to the author, as nodemailer has it, and not to `sender`, as `compose` has it. */
function ofHeader(read: Reader): Parties {
  const authors = read('from');
  return envelopeOf({
    from: authors,
    sender: authors[0],
    to: read('to'),
    cc: read('cc'),
    bcc: read('bcc'),
  });
}

const envelopeKeys = [
  'from', 'to', 'cc', 'bcc', 'size', 'use8BitMime', 'dsn', 'requireTLSExtensionEnabled',
]; // biome-ignore format: one list

/** nodemailer's `envelope`: lists of addresses as in a header, all of which are recipients. */
function ofEnvelope(given: unknown): Parties {
  checkKeys(given, envelopeKeys, 'envelope');
  const { from, to, cc, bcc, size, use8BitMime, ...own } = given as Data; // BODY=8BITMIME is said by itself
  const read = (value: unknown, field: string) =>
    mailboxesOf(readAddresses(addressesIn(value), `envelope.${field}`));
  const [sender] = from === '<>' ? [] : read(from, 'from');
  const all = Object.entries({ to, cc, bcc }).flatMap(([field, value]) => read(value, field));
  const envelope = checkEnvelope({
    from: sender?.address ?? null,
    to: all.map(({ address }) => address),
  });
  return { ...envelope, ...(size ? { size: Number(size) } : {}), ...own };
}

/**
 * What nodemailer would send by its own transport, whatever way it came to that. It may forget someone whom we do not, but must not know
 * of someone whom we don't, nor of another sender.
 */
function checkNobodyForgotten({ from, to }: Parties, message: CompiledMessage): void {
  const theirs = message.getEnvelope?.();
  if (theirs === undefined) return;
  const ours = new Set(to.map(plain));
  const left = [theirs.to ?? []].flat().filter((one) => !ours.has(plain(one)));
  const sender = theirs.from ? plain(theirs.from) : '';
  if (left.length > 0 || sender !== (from === null ? '' : plain(from)))
    throw wrong(
      'envelope',
      `is for ${[sender, ...left].join(', ')} as nodemailer reads it, and not as the message says`,
      'What a plugin changes is told by message.setEnvelope(), in a message that has no envelope of its own.',
    );
}

/** One writing for what is one mailbox: nodemailer writes domains in A-labels, and takes off quotes that are not needed. */
function plain(address: unknown): string {
  const text = String(address);
  const at = text.lastIndexOf('@');
  const local = text.slice(0, at).replace(/^"(.*)"$/s, '$1');
  return `${local.replace(/\\(.)/gs, '$1')}@${domainOf(text.slice(at + 1))}`;
}

function domainOf(domain: string): string {
  try {
    return parseAddress(`x@${domain}`).text.slice(2).toLowerCase();
  } catch {
    return domain;
  }
}

const dsnKeys = ['id', 'envid', 'return', 'ret', 'notify', 'recipient', 'orcpt'];

/** nodemailer's `dsn: { id, return, notify, recipient }`, for all recipients alike. */
function withDsn(to: string[], given: unknown): Pick<Envelope, 'to' | 'dsn'> {
  if (!given) return { to };
  checkKeys(given, dsnKeys, 'dsn');
  const {
    id, envid = id, return: wanted, ret = wanted, notify, recipient, orcpt = recipient,
  } = given as Record<string, unknown>; // biome-ignore format: one list
  const wishes = { ...notifyOf(notify), ...originalOf(orcpt) };
  return {
    to:
      Object.keys(wishes).length === 0
        ? to
        : to.map((address): Recipient => ({ address, ...wishes })),
    dsn: {
      ...(envid ? { envelopeId: word(envid, 'dsn.id') } : {}),
      ...(ret ? { return: returnOf(word(ret, 'dsn.return')) } : {}),
    },
  };
}

function notifyOf(given: unknown): Pick<Recipient, 'notify'> {
  const moments = [given ?? []]
    .flat()
    .flatMap((one) =>
      word(one, 'dsn.notify')
        .toLowerCase()
        .split(/[\s,]+/),
    )
    .filter((one) => one !== '');
  if (moments.length === 0) return {};
  return { notify: moments.includes('never') ? 'never' : moments } as Pick<Recipient, 'notify'>;
}

/** An address, perhaps with its type before it: `rfc822;bob@example.net`. */
function originalOf(given: unknown): Pick<Recipient, 'originalRecipient'> {
  if (!given) return {};
  return { originalRecipient: word(given, 'dsn.recipient').replace(/^\s*rfc822\s*;\s*/i, '') };
}

/** nodemailer makes a string of anything. */
function word(given: unknown, argument: string): string {
  if (typeof given === 'string' || typeof given === 'number') return String(given);
  throw wrong(argument, `must be a string, not ${typeOf(given)}`);
}

function returnOf(given: string): 'full' | 'headers' {
  if (/^(?:hdrs|headers)$/i.test(given)) return 'headers';
  if (/^(?:full|body)$/i.test(given)) return 'full';
  throw wrong('dsn.return', `is "${given}"`, "Use 'headers' or 'full'.");
}
