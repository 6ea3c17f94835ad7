/** An article to post, RFC 5536: composed, checked, written out. */
import { randomUUID } from 'node:crypto';
import { checkArgument } from '@fivewire/line-protocol';
import { groupName, messageId, wrong } from './arguments.js';
import { cancelKey, cancelLock } from './cancel-lock.js';
import { encodeHeader } from './header-text.js';

export interface ArticleFields {
  /** `Alice <alice@example.org>`. */
  from: string;
  newsgroups: string | readonly string[];
  subject: string;
  /** Text; line ends are made CRLF. Octets go out as they are, with no MIME header of ours. */
  body: string | Uint8Array;
  /** With angle brackets. Default: a new one. It lets you ask whether an article arrived before you post it again. */
  messageId?: string;
  /** Default: now. */
  date?: Date;
  /** Message-ids of the thread, the oldest first. */
  references?: readonly string[];
  followupTo?: string | readonly string[];
  /**
   * Takes the place of this earlier article of yours (RFC 5536 §3.2.12), which carries a lock of the same `cancelSecret`.
   */
  supersedes?: string;
  /** Gives the article a Cancel-Lock, and with `supersedes` the Cancel-Key (RFC 8315). At least 32 octets, the same for all your articles. */
  cancelSecret?: string | Uint8Array;
  /** Further headers, such as `Organization`, in this order. */
  headers?: Readonly<Record<string, string>>;
}

/** What is wrong is refused at once, so that a made Article is one that a server can take. */
export class Article {
  readonly messageId: string;
  readonly newsgroups: readonly string[];
  readonly subject: string;
  readonly from: string;
  readonly date: Date;
  #fields: ArticleFields;

  /** @throws UsageError ERR_ARGUMENT */
  constructor(fields: ArticleFields) {
    checkArgument(fields.from, 'from');
    checkArgument(fields.subject, 'subject');
    const mailbox = parseMailbox(fields.from);
    if (mailbox === undefined) {
      throw wrong('from', 'from needs an ASCII address, as in Alice <alice@example.org>');
    }
    if (fields.subject.trim() === '') throw wrong('subject', 'An article needs a subject');
    this.newsgroups = groups(fields.newsgroups, 'newsgroups');
    if (fields.followupTo !== undefined && fields.followupTo !== 'poster') {
      groups(fields.followupTo, 'followupTo');
    }
    for (const reference of fields.references ?? []) messageId(reference);
    if (fields.supersedes !== undefined) messageId(fields.supersedes);
    for (const [name, value] of Object.entries(fields.headers ?? {})) checkHeader(name, value);
    if (typeof fields.body === 'string') {
      if (/\0/.test(fields.body)) throw wrong('body', 'An article must not contain NUL');
    } else if (!(fields.body instanceof Uint8Array)) {
      throw wrong('body', 'body must be a string or octets');
    }
    this.date = fields.date ?? new Date();
    if (Number.isNaN(this.date.getTime())) throw wrong('date', 'date must be a valid Date');
    this.from = fields.from;
    this.subject = fields.subject;
    this.messageId = messageId(fields.messageId ?? `<${randomUUID()}@${domain(mailbox.address)}>`);
    if (fields.cancelSecret !== undefined) cancelLock(fields.cancelSecret, this.messageId);
    this.#fields = fields;
  }

  /**
   * An article that takes back an earlier one of yours (RFC 5537 §5.3), proven by its Cancel-Key.
   * @param target the message-id of the earlier one
   * @throws UsageError ERR_ARGUMENT
   */
  static cancel(
    target: string,
    {
      reason = 'Cancelled by its author.',
      cancelSecret,
      headers,
      ...fields
    }: Pick<
      ArticleFields,
      'from' | 'newsgroups' | 'cancelSecret' | 'headers' | 'messageId' | 'date'
    > & {
      reason?: string;
    },
  ): Article {
    const article = new Article({
      ...fields,
      subject: `cmsg cancel ${messageId(target)}`,
      body: `${reason}\n`,
      ...(cancelSecret === undefined ? {} : { cancelSecret }),
      ...(headers === undefined ? {} : { headers }),
    });
    article.#control = { Control: `cancel ${target}`, ...keyFor(cancelSecret, target) };
    return article;
  }

  #control: Readonly<Record<string, string>> = {};

  /** The article with CRLF line ends, not dot-stuffed. */
  toBuffer(): Buffer {
    const { references = [], followupTo, headers = {}, body } = this.#fields;
    const lines: [name: string, value: string][] = [
      ['From', encodeMailbox(parseMailbox(this.from) as Mailbox)],
      ['Newsgroups', this.newsgroups.join(',')],
      ['Subject', encodeHeader(this.subject)],
      ['Date', rfc5322Date(this.date)],
      ['Message-ID', this.messageId],
    ];
    if (references.length > 0) lines.push(['References', references.join(' ')]);
    if (followupTo !== undefined) {
      lines.push([
        'Followup-To',
        typeof followupTo === 'string' ? followupTo : followupTo.join(','),
      ]);
    }
    const { supersedes, cancelSecret } = this.#fields;
    if (supersedes !== undefined) lines.push(['Supersedes', supersedes]);
    const control = { ...this.#control, ...(supersedes && keyFor(cancelSecret, supersedes)) };
    for (const [name, value] of Object.entries(control)) lines.push([name, value]);
    if (cancelSecret !== undefined)
      lines.push(['Cancel-Lock', cancelLock(cancelSecret, this.messageId)]);
    for (const [name, value] of Object.entries(headers)) lines.push([name, encodeHeader(value)]);
    if (typeof body === 'string') {
      lines.push(['MIME-Version', '1.0']);
      lines.push(['Content-Type', 'text/plain; charset=UTF-8']);
      lines.push(['Content-Transfer-Encoding', '8bit']);
    }
    const header = lines.map(([name, value]) => fold(`${name}: ${value}`)).join('\r\n');
    return Buffer.concat([
      Buffer.from(`${header}\r\n\r\n`),
      typeof body === 'string' ? Buffer.from(body.replace(/\r\n|\r|\n/g, '\r\n')) : body,
    ]);
  }
}

/** What this class writes itself, and what only servers may write (RFC 5536 §3.2, RFC 5537 §3.4). */
const own = [
  'from', 'newsgroups', 'subject', 'date', 'message-id', 'references', 'followup-to', 'mime-version', 'content-type',
  'content-transfer-encoding', 'path', 'xref', 'injection-date', 'injection-info', 'supersedes', 'control',
]; // biome-ignore format: one list

const keyFor = (secret: string | Uint8Array | undefined, target: string): Record<string, string> =>
  secret === undefined ? {} : { 'Cancel-Key': cancelKey(secret, target) };

function checkHeader(name: string, value: string): void {
  if (!/^[\x21-\x39\x3b-\x7e]{1,76}$/.test(name))
    throw wrong('headers', `${JSON.stringify(name)} is no header name`);
  if (own.includes(name.toLowerCase())) throw wrong('headers', `${name} can't be given in headers`);
  checkArgument(value, `headers.${name}`);
  if (value.trim() === '') throw wrong('headers', `${name} is empty, which RFC 5536 forbids`);
}

function groups(names: string | readonly string[], argument: string): readonly string[] {
  const all = typeof names === 'string' ? names.split(',').map((name) => name.trim()) : [...names];
  if (all.length === 0) throw wrong(argument, 'An article needs a newsgroup');
  return all.map(groupName);
}

interface Mailbox {
  /** As it was written, quotes and all; '' where there is none. */
  name: string;
  address: string;
  /** `alice@example.org (Alice)`, the form of old. */
  comment: string;
}

/** mailbox of RFC 5322 §3.4, as far as articles have it. */
function parseMailbox(text: string): Mailbox | undefined {
  const [, name = '', angled, bare, comment = ''] =
    /^(?:([^<>]*)<([^<>\s]*)>|([^<>\s()]+)(?:\s*\(([^()]*)\))?)$/.exec(text.trim()) ?? [];
  const address = angled ?? bare ?? '';
  if (!/^[\x21-\x7e]+@[\x21-\x7e]+$/.test(address)) return undefined;
  return { name: name.trim(), address, comment };
}

/** The address itself is never encoded (RFC 2047 §5). */
function encodeMailbox({ name, address, comment }: Mailbox): string {
  if (comment !== '') return `${address} (${encodeHeader(comment)})`;
  if (name === '') return address;
  const plain = encodeHeader(name);
  const encoded = plain === name ? name : encodeHeader(name.replace(/^"(.*)"$/, '$1'));
  return `${encoded} <${address}>`;
}

/** The right side of a message-id must be ASCII without brackets (RFC 5536 §3.1.3). */
const domain = (address: string): string => {
  const right = address.slice(address.lastIndexOf('@') + 1);
  return /^[A-Za-z0-9.-]{1,190}$/.test(right) ? right : 'fivewire.invalid';
};

/**
 * Breaks at spaces, so that lines have at most 76 octets where they can (RFC 2047 §2). Never after the name: a content line that is
 * empty or blank is forbidden (RFC 5536 §2.2), and INN refuses it.
 */
function fold(line: string): string {
  const [name = '', first, ...rest] = line.split(' ');
  const lines: string[] = [];
  let current = first === undefined ? name : `${name} ${first}`;
  for (const word of rest) {
    const breakable = word !== '' && current.trim() !== '' && !current.endsWith(' ');
    if (breakable && current.length + 1 + word.length > 76) {
      lines.push(current);
      current = ` ${word}`;
    } else current += ` ${word}`;
  }
  return [...lines, current].join('\r\n');
}

/** date-time of RFC 5322 §3.3, in UTC. */
const rfc5322Date = (date: Date): string => date.toUTCString().replace('GMT', '+0000');
