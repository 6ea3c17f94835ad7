/**
 * A message's parts in their places: mixed( alternative( text, AMP, related( HTML, images ), calendar ), attachments ).
 * RFC 2046 §5.1, RFC 2387, RFC 6047.
 */
import { basename } from 'node:path';
import { Readable } from 'node:stream';
import { lookup } from 'mrmime';
import { checkFieldName } from './check.js';
import { wrong } from './check-values.js';
import { givenField } from './given-field.js';
import { folded, parameter, withParameters } from './header-field.js';
import { contentId } from './message-id.js';
import type { Leaf, Part } from './mime-part.js';
import {
  Base64Encoder,
  type Encoder,
  encodingForText,
  IdentityEncoder,
  QuotedPrintableEncoder,
} from './transfer-encoding.js';
import type {
  Alternative,
  Attachment,
  Calendar,
  ComposeMessage,
  Content,
  HeaderFields,
  TransferEncoding,
} from './types.js';

export function messageParts(message: ComposeMessage): Part {
  const { attachments = [], calendar } = message;
  const all = attachments.map((attachment, i) => ({ attachment, argument: `attachments[${i}]` }));
  const inline = all.filter(({ attachment }) => message.html !== undefined && isInline(attachment));
  const attached = all.filter((one) => !inline.includes(one)).map(attachmentPart);
  if (calendar?.filename !== undefined) attached.push(calendarFile(calendar, calendar.filename));
  const content = contentParts(message, inline);
  if (attached.length === 0) return content ?? textPart('', 'plain');
  return {
    subtype: 'mixed',
    parts: content === undefined ? attached : [content, ...attached],
  };
}

/** The forms of the content, the plainest first: RFC 2046 §5.1.4. */
function contentParts(message: ComposeMessage, inline: readonly Attached[]): Part | undefined {
  const { text, amp, html, calendar, alternatives = [] } = message;
  const forms: Part[] = [];
  if (text !== undefined) forms.push(textPart(text, 'plain'));
  if (amp !== undefined) forms.push(textPart(amp, 'x-amp-html'));
  if (html !== undefined) {
    const page = textPart(html, 'html');
    forms.push(
      inline.length === 0
        ? page
        : {
            subtype: 'related',
            parameters: ['type="text/html"'],
            parts: [page, ...inline.map(attachmentPart)],
          },
    );
  }
  for (const [i, one] of alternatives.entries()) forms.push(alternativePart(one, i));
  if (calendar !== undefined)
    forms.push(textPart(calendar.content, 'calendar', [methodOf(calendar)]));
  return forms.length > 1 ? { subtype: 'alternative', parts: forms } : forms[0];
}

/** Shown within the HTML: what has a Content-ID, unless it says that it is an attachment. */
const isInline = ({ cid, disposition }: Attachment): boolean =>
  cid !== undefined && disposition !== 'attachment';

// ── text ───────────────────────────────────────────────────────────────────────────────────────────────────────

function textPart(content: Content, subtype: string, parameters: readonly string[] = []): Leaf {
  const type = withParameters('Content-Type', `text/${subtype}`, ['charset=utf-8', ...parameters]);
  if (content instanceof Readable)
    return leaf(type, content, 'quoted-printable', new QuotedPrintableEncoder());
  // A CR or LF that stands alone is no line end on the wire (RFC 5322 §2.3).
  const lines = octetsOf(content)
    .toString('latin1')
    .replace(/\r\n|\r|\n/g, '\r\n');
  const octets = Buffer.from(lines, 'latin1');
  const encoding = encodingForText(octets);
  return leaf(
    type,
    octets,
    encoding,
    encoding === '7bit' ? undefined : encoderFor(encoding, 'text'),
  );
}

const methodOf = ({ method = 'PUBLISH' }: Calendar): string => `method=${method.toUpperCase()}`;

// ── attachments and alternatives ───────────────────────────────────────────────────────────────────────────────

interface Attached {
  attachment: Attachment;
  /** Its place, for errors. */
  argument: string;
}

function attachmentPart({ attachment, argument }: Attached): Leaf {
  const { content, cid, headers } = attachment;
  const filename = filenameOf(attachment);
  const disposition = attachment.disposition ?? (cid === undefined ? 'attachment' : 'inline');
  const type = typeOfAttachment(attachment);
  const encoding = encodingOf(attachment, argument);
  const fields = [
    typeField(type),
    withParameters(
      'Content-Disposition',
      disposition,
      filename === undefined ? [] : parameter('filename', filename),
    ),
    cid === undefined ? '' : folded('Content-ID', [contentId(cid, `${argument}.cid`)]),
    headerFields(headers, `${argument}.headers`),
  ];
  return leaf(fields.join(''), source(content), encoding, encoderFor(encoding, argument));
}

function alternativePart(alternative: Alternative, i: number): Leaf {
  const argument = `alternatives[${i}]`;
  const { content, contentType, headers } = alternative;
  const fields = typeField(contentType) + headerFields(headers, `${argument}.headers`);
  const encoding = encodingOf(alternative, argument);
  return leaf(fields, source(content), encoding, encoderFor(encoding, argument));
}

/** How an attachment or alternative goes out. @throws UsageError for a message that is to be encoded */
export function encodingOf(
  given: Attachment | Alternative,
  argument = 'attachments',
): TransferEncoding {
  const { encoding, content } = given;
  if (!isMessage(typeOfAttachment(given))) return encoding ?? 'base64';
  if (encoding === 'base64' || encoding === 'quoted-printable')
    throw wrong(
      `${argument}.encoding`,
      `is ${encoding}, which a message in a message may not have (RFC 2046 §5.2)`,
      "Leave it out, or give contentType: 'application/octet-stream'.",
    );
  return encoding ?? messageEncoding(content);
}

const filenameOf = ({ filename, path }: Attachment): string | undefined => filename ?? nameOf(path);

export const typeOfAttachment = (given: Attachment): string =>
  given.contentType ?? typeByName(filenameOf(given), given.content);

const calendarFile = ({ content }: Calendar, filename: string): Leaf =>
  attachmentPart({
    attachment: { content, filename, contentType: 'application/ics' },
    argument: 'calendar',
  });

const nameOf = (path: string | undefined): string | undefined =>
  path === undefined ? undefined : basename(path);

/** Text that was given as a string goes out in UTF-8, and its type says so. */
function typeByName(filename: string | undefined, content: Content | undefined): string {
  const type = filename === undefined ? undefined : lookup(filename);
  if (type === undefined) return 'application/octet-stream';
  return type.startsWith('text/') && typeof content === 'string' ? `${type}; charset=utf-8` : type;
}

/** What may not be encoded: messages (RFC 2046 §5.2), reports (RFC 3464, RFC 8098, RFC 5965). */
const isMessage = (type: string): boolean =>
  /^message\/(?:rfc822|news|partial|external-body|delivery-status|disposition-notification|feedback-report)\s*(?:;|$)/i.test(
    type,
  );

/** What a stream holds is not known yet. */
const messageEncoding = (content: Content | undefined): '7bit' | '8bit' =>
  content === undefined ||
  content instanceof Readable ||
  /[\x80-\xff]/.test(octetsOf(content).toString('latin1'))
    ? '8bit'
    : '7bit';

const typeField = (type: string): string =>
  folded(
    'Content-Type',
    type.split('; ').map((token, i, all) => (i < all.length - 1 ? `${token};` : token)),
  );

export function headerFields(headers: HeaderFields | undefined, argument: string): string {
  let fields = '';
  for (const [name, value] of Object.entries(headers ?? {})) {
    checkFieldName(name, argument);
    for (const one of Array.isArray(value) ? value : [value as string])
      fields += givenField(name, one, `${argument}.${name}`);
  }
  return fields;
}

// ── contents ───────────────────────────────────────────────────────────────────────────────────────────────────

const leaf = (
  fields: string,
  content: Buffer | Readable,
  encoding: TransferEncoding,
  encoder: Encoder | undefined,
): Leaf => ({
  fields: `${fields}Content-Transfer-Encoding: ${encoding}\r\n`,
  content,
  ...(encoder === undefined ? {} : { encoder }),
});

function encoderFor(encoding: TransferEncoding, argument: string): Encoder {
  if (encoding === 'base64') return new Base64Encoder();
  if (encoding === 'quoted-printable') return new QuotedPrintableEncoder();
  return new IdentityEncoder(encoding === '7bit', (what) =>
    wrong(
      argument,
      what,
      "Encode it: encoding: 'base64'; a message goes as application/octet-stream.",
    ),
  );
}

const source = (content: Content | undefined): Buffer | Readable =>
  content instanceof Readable ? content : octetsOf(content ?? '');

export const octetsOf = (content: string | Uint8Array): Buffer =>
  typeof content === 'string'
    ? Buffer.from(content)
    : Buffer.from(content.buffer, content.byteOffset, content.byteLength);
