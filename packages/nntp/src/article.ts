/** An article to post, RFC 5536: composed, checked, written out. */
import { randomUUID } from 'node:crypto';
import { checkArgument, unknownOption } from '@fivewire/line-protocol';
import { groupName, messageId, wrong } from './arguments.js';
import { cancelKey, cancelLock } from './cancel-lock.js';
import { encodeHeader } from './header-text.js';
import { encodeMailbox, type Mailbox, parseMailbox, parseMailboxes } from './mailbox.js';
import { quotedPrintable } from './quoted-printable.js';

export interface ArticleFields {
  /** `Alice <alice@example.org>`. */
  from: string;
  newsgroups: string | readonly string[];
  subject: string;
  /** Text; line ends are made CRLF, and lines of more than 998 octets quoted-printable. Octets go out as they are, with no MIME header of ours. */
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
  /**
   * Gives the article a Cancel-Lock, and with `supersedes` the Cancel-Key (RFC 8315). At least 32 octets, the same for all your articles. Of
   * several secrets each gives a lock and a key: an old one and its successor, an author's and a moderator's.
   */
  cancelSecret?: CancelSecret;
  /** Further headers, such as `Organization`, in this order. Those with addresses (`Reply-To`, `Sender`, `Approved`) take mailboxes. */
  headers?: Readonly<Record<string, string>>;
}

/** One secret, or several. */
export type CancelSecret = string | Uint8Array | readonly (string | Uint8Array)[];

const fieldNames = [
  'from', 'newsgroups', 'subject', 'body', 'messageId', 'date', 'references', 'followupTo', 'supersedes', 'cancelSecret', 'headers',
] satisfies (keyof ArticleFields)[]; // biome-ignore format: one list

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
    const unknown = Object.keys(fields).find((name) => !(fieldNames as string[]).includes(name));
    if (unknown !== undefined) throw unknownOption(unknown, fieldNames);
    checkArgument(fields.from, 'from');
    checkArgument(fields.subject, 'subject');
    const mailbox = parseMailbox(fields.from);
    if (mailbox === undefined) {
      throw wrong('from', 'from needs an ASCII address, as in Alice <alice@example.org>');
    }
    if (fields.subject.trim() === '') throw wrong('subject', 'An article needs a subject');
    this.newsgroups = newsgroupList(fields.newsgroups, 'newsgroups');
    for (const reference of fields.references ?? []) messageId(reference, 'references');
    if (fields.supersedes !== undefined) messageId(fields.supersedes, 'supersedes');
    checkHeaders(fields.headers ?? {}, fields.cancelSecret);
    const { body } = fields;
    if (typeof body !== 'string' && !(body instanceof Uint8Array))
      throw wrong('body', 'body must be a string or octets');
    if (typeof body === 'string' ? body.includes('\0') : body.includes(0))
      throw wrong('body', 'An article must not contain NUL', 'yenc.encode() writes any octets.');
    if (typeof body === 'string' && /\p{Surrogate}/u.test(body))
      throw wrong('body', 'body has half a surrogate pair, which has no UTF-8 form');
    this.date = fields.date ?? new Date();
    checkDate(this.date);
    this.from = fields.from;
    this.subject = fields.subject;
    this.messageId = ownId(fields.messageId ?? `<${randomUUID()}@${domain(mailbox.address)}>`);
    if (fields.supersedes === this.messageId)
      throw wrong('supersedes', 'An article takes the place of an earlier one, not of itself');
    this.#fields = fields;
    this.#header(); // what can't be written is refused here
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
      subject: `cmsg cancel ${messageId(target, 'target')}`,
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
    const { body } = this.#fields;
    if (typeof body !== 'string')
      return Buffer.concat([Buffer.from(`${this.#header()}\r\n\r\n`), body]);
    const text = body.replace(/\r\n|\r|\n/g, '\r\n');
    const isLong = text.split('\r\n').some((line) => Buffer.byteLength(line) > lineOctets);
    const [encoding, encoded] = isLong
      ? (['quoted-printable', quotedPrintable(text)] as const)
      : (['8bit', text] as const);
    return Buffer.from(`${this.#header(encoding)}\r\n\r\n${encoded}`);
  }

  /** @param encoding of a body that is text */
  #header(encoding?: '8bit' | 'quoted-printable'): string {
    const { references = [], followupTo, headers = {} } = this.#fields;
    const lines: [name: string, value: string][] = [
      ['From', encodeMailbox(parseMailbox(this.from) as Mailbox)],
      ['Newsgroups', this.newsgroups.join(',')],
      ['Subject', encodeHeader(this.subject)],
      ['Date', rfc5322Date(this.date)],
      ['Message-ID', this.messageId],
    ];
    if (references.length > 0) lines.push(['References', references.join(' ')]);
    if (followupTo !== undefined) lines.push(['Followup-To', followups(followupTo)]);
    const { supersedes, cancelSecret } = this.#fields;
    if (supersedes !== undefined) lines.push(['Supersedes', supersedes]);
    const control = { ...this.#control, ...(supersedes && keyFor(cancelSecret, supersedes)) };
    for (const [name, value] of Object.entries(control)) lines.push([name, value]);
    if (cancelSecret !== undefined) {
      const locks = secrets(cancelSecret).map((secret) => cancelLock(secret, this.messageId));
      lines.push(['Cancel-Lock', locks.join(' ')]);
    }
    for (const [name, value] of Object.entries(headers))
      lines.push([name, encodeValue(name, value)]);
    if (encoding !== undefined) {
      lines.push(['MIME-Version', '1.0']);
      lines.push(['Content-Type', 'text/plain; charset=UTF-8']);
      lines.push(['Content-Transfer-Encoding', encoding]);
    }
    return lines.map(([name, value]) => folded(name, value)).join('\r\n');
  }
}

/** The most of one line, its end not counted (RFC 5536 §2.2). */
const lineOctets = 998;

/** What this class writes itself, what only servers may write (RFC 5536 §3.2, RFC 5537 §3.4), and what old servers act on as on Control. */
const own = [
  'from', 'newsgroups', 'subject', 'date', 'message-id', 'references', 'followup-to', 'mime-version', 'content-type',
  'content-transfer-encoding', 'path', 'xref', 'injection-date', 'injection-info', 'supersedes', 'control', 'also-control',
]; // biome-ignore format: one list

/** An article has one of each (RFC 8315 §2): both are written from the secrets, where there are any. */
const fromSecrets = ['cancel-lock', 'cancel-key'];

const secrets = (given: CancelSecret): readonly (string | Uint8Array)[] => {
  const all = typeof given === 'string' || given instanceof Uint8Array ? [given] : given;
  if (Array.isArray(all) && all.length > 0) return all;
  throw wrong('cancelSecret', 'A secret is a string or octets, and not empty');
};

const keyFor = (given: CancelSecret | undefined, target: string): Record<string, string> =>
  given === undefined
    ? {}
    : {
        'Cancel-Key': secrets(given)
          .map((secret) => cancelKey(secret, target))
          .join(' '),
      };

function checkHeaders(
  headers: Readonly<Record<string, string>>,
  secret: CancelSecret | undefined,
): void {
  const seen = new Set<string>();
  for (const [name, value] of Object.entries(headers)) {
    const lower = name.toLowerCase();
    if (!/^[\x21-\x39\x3b-\x7e]{1,76}$/.test(name))
      throw wrong('headers', `${JSON.stringify(name)} is no header name`);
    if (own.includes(lower)) throw wrong('headers', `${name} can't be given in headers`);
    if (secret !== undefined && fromSecrets.includes(lower))
      throw wrong(
        'headers',
        `${name} is made from cancelSecret`,
        'Give several secrets as a list.',
      );
    if (seen.has(lower)) throw wrong('headers', `${name} is there twice`);
    seen.add(lower);
    checkArgument(value, `headers.${name}`);
    if (value.trim() === '') throw wrong('headers', `${name} is empty, which RFC 5536 forbids`);
  }
}

const withMailboxes = ['reply-to', 'sender', 'approved', 'mail-copies-to'];

function encodeValue(name: string, value: string): string {
  const lower = name.toLowerCase();
  // Mail-Copies-To has words of its own: nobody, poster.
  const isWord = lower === 'mail-copies-to' && /^\s*\w+\s*$/.test(value);
  if (!withMailboxes.includes(lower) || isWord) return encodeHeader(value);
  const all = parseMailboxes(value);
  if (all !== undefined) return all.map(encodeMailbox).join(', ');
  throw wrong('headers', `${name} needs ASCII addresses, as in Alice <alice@example.org>`);
}

// newsgroup-list = newsgroup-name *("," newsgroup-name); newsgroup-name = component *("." component)

/** Each once. Names beyond ASCII are taken: some servers have them. */
function newsgroupList(names: string | readonly string[], argument: string): readonly string[] {
  const all = typeof names === 'string' ? names.split(',').map((name) => name.trim()) : names;
  if (!Array.isArray(all) || all.length === 0)
    throw wrong(argument, 'An article needs a newsgroup');
  for (const name of all) {
    groupName(name, argument);
    if (/[:;"()<>@]/.test(name) || name.split('.').includes(''))
      throw wrong(argument, `${name} is no newsgroup that an article can name (RFC 5536 §3.1.4)`);
    if (/^poster$/i.test(name))
      throw wrong(argument, 'poster is no newsgroup', "It is the whole of followupTo: 'poster'.");
  }
  return [...new Set(all)];
}

/** RFC 5536 §3.2.6. */
const followups = (given: string | readonly string[]): string =>
  /^poster$/i.test(String(given)) ? 'poster' : newsgroupList(given, 'followupTo').join(',');

/** RFC 5536 §3.1.3, in which the one @ has something on either side. */
function ownId(id: string): string {
  if (/^<[^<>@\s]+@[^<>@\s]+>$/.test(messageId(id, 'messageId'))) return id;
  throw wrong('messageId', 'The message-id of an article is <left@right>, with one @');
}

function checkDate(date: Date): void {
  const year = date instanceof Date ? date.getUTCFullYear() : Number.NaN;
  if (year >= 1900 && year <= 9999) return;
  throw wrong('date', 'date must be a valid Date, of the years 1900 to 9999');
}

/** The right side of a message-id must be ASCII without brackets (RFC 5536 §3.1.3). */
const domain = (address: string): string => {
  const right = address.slice(address.lastIndexOf('@') + 1);
  return /^[A-Za-z0-9.-]{1,190}$/.test(right) ? right : 'fivewire.invalid';
};

/** @throws UsageError ERR_ARGUMENT for what no line holds */
function folded(name: string, value: string): string {
  const text = fold(`${name}: ${value}`);
  if (text.split('\r\n').every((line) => Buffer.byteLength(line) <= lineOctets)) return text;
  throw wrong(
    name === 'Newsgroups' ? 'newsgroups' : 'headers',
    `${name} has a line of more than 998 octets, which RFC 5536 forbids`,
  );
}

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
