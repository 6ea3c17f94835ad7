/** The header of a message: RFC 5322 §3.6, RFC 2369, RFC 2919, RFC 8058. */
import { parseAddress } from '@fivewire/smtp';
import { checkLine, wrong } from './check-values.js';
import { addressField, commaSeparated, folded, phrase, unstructured } from './header-field.js';
import { messageId, messageIds, newMessageId } from './message-id.js';
import { headerFields } from './message-parts.js';
import { type CheckedMailbox, mailboxesOf, type Parties } from './recipients.js';
import type { ComposeMessage, ListFields } from './types.js';

export interface Header {
  /** Fields, each with its CRLF; those of the MIME entity follow. */
  fields: string;
  messageId: string;
}

export function messageHeader(
  message: ComposeMessage,
  parties: Parties,
  replyTo: Parties['to'],
): Header {
  const { from, sender, to, cc } = parties;
  const id =
    message.messageId === undefined
      ? newMessageId(domainOf(sender ?? (mailboxesOf(from)[0] as CheckedMailbox)))
      : messageId(message.messageId, 'messageId');
  const addresses = (name: string, entries: Parties['to']): string =>
    entries.length === 0 ? '' : addressField(name, entries);
  const ids = (name: string, value: string | readonly string[] | undefined, argument: string) => {
    const list = value === undefined ? [] : messageIds(value, argument);
    return list.length === 0 ? '' : folded(name, list);
  };
  const fields = [
    addresses('From', from),
    addresses('Sender', sender === undefined ? [] : [sender]),
    addresses('To', to),
    addresses('Cc', cc),
    addresses('Reply-To', replyTo),
    message.subject === undefined ? '' : unstructured('Subject', message.subject),
    `Date: ${dateTime(message.date)}\r\n`,
    `Message-ID: ${id}\r\n`,
    ids('In-Reply-To', message.inReplyTo, 'inReplyTo'),
    ids('References', message.references, 'references'),
    listFields(message.list),
    priorityFields(message.priority),
    headerFields(message.headers, 'headers'),
    'MIME-Version: 1.0\r\n',
  ];
  return { fields: fields.join(''), messageId: id };
}

const domainOf = ({ headerAddress }: CheckedMailbox): string =>
  headerAddress.slice(headerAddress.lastIndexOf('@') + 1);

// date-time = [ day-of-week "," ] date time, RFC 5322 §3.3, in UTC
function dateTime(value: ComposeMessage['date']): string {
  const types = ['string', 'number', 'undefined'];
  if (!(value instanceof Date) && !types.includes(typeof value))
    throw wrong('date', 'is neither a Date, a string nor a number');
  if (typeof value === 'string') checkLine(value, 'date'); // what stands behind a NUL is not read
  const date = value === undefined ? new Date() : new Date(value);
  const year = date.getUTCFullYear();
  if (!(year >= 1900 && year <= 9999)) throw wrong('date', 'is no valid date');
  return date.toUTCString().replace('GMT', '+0000');
}

function priorityFields(priority: ComposeMessage['priority']): string {
  if (priority === undefined || priority === 'normal') return '';
  const [x, importance, word] =
    priority === 'high' ? ['1', 'high', 'urgent'] : ['5', 'low', 'non-urgent'];
  return `X-Priority: ${x}\r\nImportance: ${importance}\r\nPriority: ${word}\r\n`;
}

// ── mailing lists ──────────────────────────────────────────────────────────────────────────────────────────────

const urlFields = [
  ['List-Help', 'help'],
  ['List-Unsubscribe', 'unsubscribe'],
  ['List-Subscribe', 'subscribe'],
  ['List-Post', 'post'],
  ['List-Owner', 'owner'],
  ['List-Archive', 'archive'],
] as const;

function listFields(list: ListFields | undefined): string {
  if (list === undefined) return '';
  let fields = list.id === undefined ? '' : listId(list.id);
  for (const [name, key] of urlFields) {
    const value = list[key];
    if (value === undefined) continue;
    const urls = (Array.isArray(value) ? value : [value as string]).map((one) => listUrl(one, key));
    if (urls.length === 0) throw wrong(`list.${key}`, 'is an empty list');
    fields += folded(name, commaSeparated(urls));
  }
  if (list.oneClick !== true) return fields;
  // RFC 8058 §3.1: one HTTPS URL that takes the POST.
  const leave = [list.unsubscribe ?? []].flat();
  if (!leave.some((url) => /^https:/i.test(url)))
    throw wrong('list.oneClick', 'needs an https: URL in list.unsubscribe');
  return `${fields}List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n`;
}

/** `<URL>`; an address alone is written as its `mailto:` URL. `NO` for List-Post: RFC 2369 §3.4. */
function listUrl(value: string, key: string): string {
  const argument = `list.${key}`;
  if (key === 'post' && value === 'NO') return value;
  const url = /^[^\s:/?#]+@[^\s:/?#]+(?:\?\S*)?$/.test(value) ? `mailto:${value}` : value;
  if (url.startsWith('mailto:')) parseAddress(mailtoAddress(url, argument), argument);
  if (!/^[a-z][a-z0-9+.-]*:[\x21-\x3b=\x3f-\x7e]{1,900}$/i.test(url) || !URL.canParse(url))
    throw wrong(argument, `holds ${JSON.stringify(value.slice(0, 80))}, which is no URL`, urlHint);
  return `<${url}>`;
}

function mailtoAddress(url: string, argument: string): string {
  try {
    return decodeURIComponent(/^mailto:([^?]*)/.exec(url)?.[1] ?? '');
  } catch {
    throw wrong(argument, 'holds a broken percent-encoding', urlHint);
  }
}

const urlHint = 'Such as https://example.org/leave?u=1 or leave@example.org, in ASCII.';

// list-id-header = "List-ID:" [phrase] "<" list-id ">", RFC 2919 §3
function listId(value: NonNullable<ListFields['id']>): string {
  const { name, id } =
    typeof value === 'object' && value !== null ? value : { name: undefined, id: value };
  checkLine(id, 'list.id');
  if (!/^[\w!#$%&'*+/=?^`{|}~-]+(?:\.[\w!#$%&'*+/=?^`{|}~-]+)+$/.test(id))
    throw wrong('list.id', 'is no list identifier', 'Such as news.example.org.');
  if (name === undefined) return folded('List-Id', [`<${id}>`]);
  checkLine(name, 'list.id.name');
  return folded('List-Id', [...phrase(name), `<${id}>`]);
}
