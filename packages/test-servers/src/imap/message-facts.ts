/** What SORT and THREAD compare, RFC 5256 §2.2, §3; read from a message once. */
import type { StoredMessage } from '../mailbox.js';
import { type Field, fieldsOf, fieldValue, splitMessage } from '../message.js';
import { parseAddressList } from './address-list.js';
import { type BaseSubject, baseSubject } from './base-subject.js';
import { decodeWords } from './encoded-words.js';

export interface MessageFacts {
  /** Mailbox part of the first address, upper case; empty where there is none. */
  from: string;
  to: string;
  cc: string;
  /** The name that is shown for the first address, upper case, RFC 5957. */
  displayFrom: string;
  displayTo: string;
  subject: BaseSubject;
  /** When it was sent, in milliseconds; when it was received where the message does not say. */
  sent: number;
  /** Without angle brackets. */
  messageId: string | undefined;
  /** The messages that it answers, the oldest first. */
  references: string[];
}

const known = new WeakMap<Buffer, MessageFacts>();

export function factsOf(message: StoredMessage): MessageFacts {
  let facts = known.get(message.octets);
  if (!facts) {
    facts = read(message);
    known.set(message.octets, facts);
  }
  return facts;
}

function read({ octets, internalDate }: StoredMessage): MessageFacts {
  const fields = fieldsOf(splitMessage(octets).header);
  const sent = new Date(fieldValue(fields, 'Date') ?? '').getTime();
  return {
    from: mailboxIn(fields, 'From'),
    to: mailboxIn(fields, 'To'),
    cc: mailboxIn(fields, 'Cc'),
    displayFrom: shownIn(fields, 'From'),
    displayTo: shownIn(fields, 'To'),
    subject: baseSubject(fieldValue(fields, 'Subject') ?? ''),
    sent: Number.isNaN(sent) ? internalDate.getTime() : sent,
    messageId: idsIn(fields, 'Message-ID')[0],
    references: referencesIn(fields),
  };
}

function mailboxIn(fields: readonly Field[], name: string): string {
  const [first] = parseAddressList(fieldValue(fields, name) ?? '');
  return (first?.mailbox ?? '').toUpperCase();
}

function shownIn(fields: readonly Field[], name: string): string {
  const [first] = parseAddressList(fieldValue(fields, name) ?? '');
  if (!first) return '';
  const shown = first.name ? decodeWords(first.name) : `${first.mailbox ?? ''}@${first.host ?? ''}`;
  return shown.toUpperCase();
}

/** Of In-Reply-To only the first counts, and only without References. */
function referencesIn(fields: readonly Field[]): string[] {
  const references = idsIn(fields, 'References');
  return references.length > 0 ? references : idsIn(fields, 'In-Reply-To').slice(0, 1);
}

const idsIn = (fields: readonly Field[], name: string): string[] =>
  [...(fieldValue(fields, name) ?? '').matchAll(/<([^<>\s]+)>/g)].map(([, id]) => id as string);
