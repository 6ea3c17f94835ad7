/**
 * What may stand in a message. Unknown keys are refused, and those of other libraries are answered with ours: an option
 * that is not known would be left out without anyone being told.
 */
import {
  checkContent,
  checkFlag,
  checkKeys,
  checkLine,
  checkList,
  checkOneOf,
  type Hints,
  typeOf,
  wrong,
} from './check-values.js';
import type { Alternative, Attachment, Calendar, ComposeMessage, ListFields } from './types.js';

const messageKeys = [
  'from', 'sender', 'to', 'cc', 'bcc', 'replyTo', 'subject', 'text', 'html', 'textFromHtml', 'amp', 'calendar',
  'alternatives', 'attachments', 'list', 'priority', 'messageId', 'date', 'inReplyTo', 'references', 'headers',
  'envelope',
]; // biome-ignore format: one list
const rawKeys = ['raw', 'from', 'to', 'cc', 'bcc', 'envelope'];
const encodings = ['7bit', '8bit', 'quoted-printable', 'base64'];

const messageHints: Hints = {
  icalEvent: 'Use `calendar: { method, content, filename }`.',
  watchHtml: 'Use `alternatives: [{ contentType, content }]`.',
  markdown: "Use `alternatives: [{ contentType: 'text/markdown; charset=utf-8', content }]`.",
  textEncoding: 'The encoding of text is chosen by what it holds.',
  encoding: 'The encoding of text is chosen by what it holds.',
  xMailer: "Use `headers: { 'X-Mailer': … }`.",
  _dkim: 'Give `dkim` in the second argument: `compose(message, { dkim })`.',
  otp: "Use `headers: { 'OTP-Token': … }`.",
  maxRecipients: 'Count them before: all that are named get the message.',
  ses: "What Amazon's API takes beside the message has no place in SMTP.",
  dkim: 'Give it in the second argument: `compose(message, { dkim })`.',
  attachDataUrls: 'Give images as attachments with a `cid`.',
  disableFileAccess: 'It is so: paths are followed only within `allowFiles`.',
  disableUrlAccess: 'It is so: URLs are never followed.',
  normalizeHeaderKey: 'Field names stay as they are given.',
  newline: 'Line ends are CRLF: RFC 5322 §2.1.',
  dsn: 'It belongs to the envelope: `send({ …envelope, dsn }, body)`, or `sendMail(…, { envelope: { dsn } })`.',
  reply_to: 'Use `replyTo`.',
  'reply-to': 'Use `replyTo`.',
  cid: 'It belongs to an attachment.',
  signal: 'It belongs to the sending: `sendMail(pool, message, { signal })`.',
  requireTLSExtensionEnabled:
    'It belongs to the envelope: `sendMail(…, { envelope: { requireTls: true } })`.',
  auth: 'Who logs in is said to `SmtpClient.connect` or `createSmtpPool`.',
  generateTextFromHTML: 'Use `textFromHtml: true`.',
  charset: 'Text is sent as UTF-8.',
  baseBoundary: 'Boundaries are drawn by lot.',
  boundaryPrefix: 'Boundaries are drawn by lot.',
  ical: 'Use `calendar: { method, content, filename }`.',
  attachment: 'Use `attachments`.',
  body: 'Use `text` or `html`.',
};

const attachmentHints: Hints = {
  href: 'URLs are never followed: fetch it, and give its octets as `content`.',
  contentDisposition: 'Use `disposition`.',
  contentTransferEncoding: 'Use `encoding`.',
  raw: 'Give `content`, `contentType` and `headers`.',
  httpHeaders: 'URLs are never followed.',
  tls: 'URLs are never followed.',
  name: 'Use `filename`.',
  fileName: 'Use `filename`.',
  filePath: 'Use `path`, within `allowFiles`.',
  type: 'Use `contentType`.',
  mimeType: 'Use `contentType`.',
  data: 'Use `content`.',
};

/** @throws UsageError `ERR_ARGUMENT`, whose `argument` names the field */
export function checkMessage(message: ComposeMessage, files: boolean): void {
  checkKeys(message, messageKeys, 'message', messageHints);
  if (message.subject !== undefined) checkLine(message.subject, 'subject');
  for (const field of ['text', 'html', 'amp'] as const) {
    if (message[field] !== undefined) checkContent(message[field], field);
  }
  checkFlag(message.textFromHtml, 'textFromHtml');
  checkOneOf(message.priority, ['high', 'normal', 'low'], 'priority');
  if (message.calendar !== undefined) checkCalendar(message.calendar);
  eachOf(message.alternatives, 'alternatives', checkAlternative);
  eachOf(message.attachments, 'attachments', (one, argument) =>
    checkAttachment(one, argument, files),
  );
  checkContentIds(message.attachments ?? []);
  if (message.list !== undefined) checkListFields(message.list);
  if (message.headers !== undefined) checkFields(message.headers, 'headers');
}

/** @throws UsageError `ERR_ARGUMENT` */
export function checkRaw(message: { raw: unknown }): void {
  const beside = Object.keys(message).find(
    (key) => messageKeys.includes(key) && !rawKeys.includes(key),
  );
  if (beside !== undefined)
    throw wrong(
      'message.raw',
      `and ${beside} exclude each other`,
      'A finished message goes alone: beside it only from, to, cc, bcc and envelope.',
    );
  checkKeys(message, rawKeys, 'message', messageHints);
  checkContent(message.raw, 'raw');
}

function eachOf<T>(
  list: readonly T[] | undefined,
  argument: string,
  check: (one: T, argument: string) => void,
): void {
  if (list === undefined) return;
  checkList(list, argument);
  for (const [i, one] of list.entries()) check(one as T, `${argument}[${i}]`);
}

/** One of two would be shown in the place of the other: RFC 2045 §7. */
function checkContentIds(attachments: readonly Attachment[]): void {
  const known = new Map<string, number>();
  for (const [i, { cid }] of attachments.entries()) {
    if (cid === undefined) continue;
    const id = cid.trim().replace(/^<(.*)>$/, '$1');
    const first = known.get(id);
    if (first !== undefined)
      throw wrong(
        `attachments[${i}].cid`,
        `is that of attachments[${first}]`,
        'Name each its own.',
      );
    known.set(id, i);
  }
}

function checkAttachment(attachment: Attachment, argument: string, files: boolean): void {
  checkKeys(
    attachment,
    ['content', 'path', 'filename', 'contentType', 'cid', 'disposition', 'encoding', 'headers'],
    argument,
    attachmentHints,
  );
  const { content, path, contentType } = attachment;
  if (path !== undefined) {
    if (!files)
      throw wrong(
        `${argument}.path`,
        'is not followed',
        /^data:/i.test(String(path))
          ? "Give its octets: content: Buffer.from(data, 'base64'), and contentType."
          : 'Open the file with createReadStream() and give it as content, or name its directory in allowFiles.',
      );
    if (typeof path !== 'string')
      throw wrong(`${argument}.path`, `must be a string, not ${typeOf(path)}`);
    if (content !== undefined) throw wrong(`${argument}.path`, 'and content exclude each other');
  } else checkContent(content, `${argument}.content`);
  for (const key of ['filename', 'cid'] as const) {
    if (attachment[key] !== undefined) checkLine(attachment[key], `${argument}.${key}`);
  }
  if (contentType !== undefined) checkType(contentType, `${argument}.contentType`);
  checkOneOf(attachment.disposition, ['attachment', 'inline'], `${argument}.disposition`);
  checkEncoding(attachment, argument);
  if (attachment.headers !== undefined) checkFields(attachment.headers, `${argument}.headers`);
}

function checkAlternative(alternative: Alternative, argument: string): void {
  checkKeys(
    alternative,
    ['content', 'contentType', 'headers', 'encoding'],
    argument,
    attachmentHints,
  );
  checkContent(alternative.content, `${argument}.content`);
  checkType(alternative.contentType, `${argument}.contentType`);
  checkEncoding(alternative, argument);
  if (alternative.headers !== undefined) checkFields(alternative.headers, `${argument}.headers`);
}

/**
 * How it goes out. To nodemailer `encoding` says how a text is to be read, and `'base64'` means both: it would arrive encoded
 * twice.
 */
function checkEncoding({ encoding, content }: Attachment | Alternative, argument: string): void {
  const name = `${argument}.encoding`;
  if (typeof content === 'string' && typeof encoding === 'string' && Buffer.isEncoding(encoding))
    throw wrong(
      name,
      `is ${encoding}, and the content is a text`,
      `What is written in ${encoding} goes in as octets: Buffer.from(content, '${encoding}'). Base64 on the wire is the default.`,
    );
  checkOneOf(encoding, encodings, name);
}

function checkCalendar(calendar: Calendar): void {
  checkKeys(calendar, ['content', 'method', 'filename'], 'calendar', attachmentHints);
  checkContent(calendar.content, 'calendar.content');
  if (calendar.filename !== undefined) {
    checkLine(calendar.filename, 'calendar.filename');
    if (typeof calendar.content !== 'string' && !(calendar.content instanceof Uint8Array))
      throw wrong('calendar.content', 'is a stream, which can be read once', 'Leave out filename.');
  }
  const { method } = calendar;
  if (method !== undefined && !(typeof method === 'string' && /^[A-Za-z-]{1,30}$/.test(method)))
    throw wrong(
      'calendar.method',
      'is no method',
      "Such as 'REQUEST', 'REPLY' or 'CANCEL' (RFC 5546).",
    );
}

/** What the caller writes into Content-Type. @throws UsageError `ERR_ARGUMENT` */
function checkType(value: unknown, argument: string): void {
  checkLine(value, argument);
  if (!/^[\w!#$&.+^-]{1,80}\/[\w!#$&.+^-]{1,80}(?:;[\x20-\x7e]{1,700})?$/.test(value as string))
    throw wrong(argument, 'is no media type', 'Such as text/csv; charset=utf-8.');
  if (/^multipart\//i.test(value as string))
    throw wrong(argument, 'is multipart', 'Give its parts as attachments or alternatives.');
}

function checkListFields(list: ListFields): void {
  const urls = ['help', 'unsubscribe', 'subscribe', 'post', 'owner', 'archive'] as const;
  checkKeys(list, ['id', 'oneClick', ...urls], 'list', {
    unsubscribePost: 'Use `oneClick: true`.',
  });
  if (typeof list.id === 'object' && list.id !== null)
    checkKeys(list.id, ['name', 'id'], 'list.id', {
      url: 'Use `id: { name, id }`.',
      comment: 'Use `id: { name, id }`.',
    });
  checkFlag(list.oneClick, 'list.oneClick');
  for (const field of urls) {
    const value = list[field];
    if (value === undefined) continue;
    for (const one of Array.isArray(value) ? value : [value]) {
      if (typeof one === 'object' && one !== null)
        throw wrong(`list.${field}`, 'holds an object', 'Give the URL alone, or a list of URLs.');
      checkLine(one, `list.${field}`);
    }
  }
}

// ── header fields ──────────────────────────────────────────────────────────────────────────────────────────────

/** Fields that have an option of their own, or that only the mail system writes. */
const ownFields = [
  'from', 'sender', 'to', 'cc', 'bcc', 'reply-to', 'subject', 'message-id', 'date', 'in-reply-to', 'references',
  'mime-version', 'content-type', 'content-transfer-encoding', 'content-disposition', 'content-id', 'dkim-signature',
  'return-path', 'received', 'resent-bcc',
]; // biome-ignore format: one list

function checkFields(headers: unknown, argument: string): void {
  if (Array.isArray(headers))
    throw wrong(
      argument,
      'must be a plain object',
      "Such as { 'X-A': 'one', 'X-B': ['one', 'another'] }.",
    );
  checkKeys(headers, Object.keys(headers ?? {}), argument);
  for (const [name, value] of Object.entries(headers as object)) {
    checkFieldName(name, argument);
    for (const one of Array.isArray(value) ? value : [value]) {
      if (typeof one === 'object' && one !== null && 'prepared' in one)
        throw wrong(
          `${argument}.${name}`,
          'is an object',
          'Give the value alone: it is folded here.',
        );
      checkLine(one, `${argument}.${name}`);
    }
  }
}

// field-name = 1*ftext, RFC 5322 §3.6.8
export function checkFieldName(name: string, argument: string): void {
  if (!/^[\x21-\x39\x3b-\x7e]{1,76}$/.test(name))
    throw wrong(argument, `has ${JSON.stringify(name)}, which is no field name`);
  if (ownFields.includes(name.toLowerCase()))
    throw wrong(
      `${argument}.${name}`,
      'cannot be given here',
      /bcc$/i.test(name)
        ? 'Use `bcc`, or `envelope.to`: all recipients would see it here.'
        : 'It has an option of its own, or the mail system writes it.',
    );
}
