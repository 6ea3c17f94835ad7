/** A message, RFC 5322 and MIME: checked, laid out by nodemailer's MailComposer, streamed. */
import { Readable } from 'node:stream';
import MailComposer from 'nodemailer/lib/mail-composer';
import { checkMessage, wrong } from './check.js';
import { applySign, type DkimKey, dkimSigner, plain, type Sign } from './sign.js';
import type { Attachment, ComposeMessage, Content } from './types.js';

export interface ComposeOptions {
  /** Signs with an RSA key (RFC 6376). */
  dkim?: DkimKey;
  /** Signs in your own way, instead of `dkim`. */
  sign?: Sign;
}

export interface Composed {
  /** For `SmtpClient.send`: every address of to, cc and bcc once. */
  envelope: { from: string; to: string[] };
  /** The message with CRLF line ends, streamed: attachments are read as it is. Bcc is not in it. */
  body: Readable;
}

/**
 * Composes a message. Nothing is read from streams before the body is read.
 *
 * @throws UsageError `ERR_ARGUMENT`: a missing or malformed address, CR or LF in a header, an unknown key; then streams
 * that were given are left as they are
 */
export async function compose(
  message: ComposeMessage,
  { dkim, sign }: ComposeOptions = {},
): Promise<Composed> {
  checkMessage(message);
  if (dkim !== undefined && sign !== undefined)
    throw wrong('sign', 'and dkim exclude each other', 'One signer signs.');
  const { attachments = [], references, text, html, ...fields } = message;
  const layout = new MailComposer({
    ...(fields as object),
    ...(references === undefined ? {} : { references: [...references] }),
    ...(text === undefined ? {} : { text: lines(text) }),
    ...(html === undefined ? {} : { html: lines(html) }),
    attachments: attachments.map(part),
    newline: 'win',
    disableFileAccess: true,
    disableUrlAccess: true,
  }).compile();
  const envelope = addresses(layout.getEnvelope());
  const signer = dkim === undefined ? plain : dkimSigner(dkim);
  const raw = layout.createReadStream();
  return { envelope, body: sign === undefined ? signer(raw) : applySign(sign, raw) };
}

function addresses({ from, to }: { from: string | false; to: string[] }): Composed['envelope'] {
  if (!from) throw wrong('from', 'holds no address', 'Write it as Alice <alice@example.org>.');
  if (to.length === 0)
    throw wrong('to', 'holds no address', 'Name at least one recipient in to, cc or bcc.');
  return { from, to };
}

function part({ disposition, content: what, ...rest }: Attachment) {
  return {
    ...rest,
    content: content(what),
    ...(disposition === undefined ? {} : { contentDisposition: disposition }),
  };
}

/** A CR or LF that stands alone is no line end on the wire (RFC 5322 §2.3). */
const lines = (value: Content): string | Buffer | Readable =>
  typeof value === 'string' ? value.replace(/\r\n|\r|\n/g, '\r\n') : content(value);

const content = (value: Content): string | Buffer | Readable =>
  typeof value === 'string' || value instanceof Readable
    ? value
    : Buffer.from(value.buffer, value.byteOffset, value.byteLength);
