/**
 * A message that is finished, on disk or coming by stdin: who it is from and to, and its octets without Bcc
 * (RFC 5322 §3.6.3). stdin goes to a temporary file, so that the header is known before anybody is dialled and an
 * attempt can be made again.
 */
import { createReadStream, createWriteStream } from 'node:fs';
import { mkdtemp, open, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { exitCodes, Failure } from '../exit-code.js';
import { unreadable, unwritable } from '../local-files.js';
import { line } from '../output.js';
import { takeStdin } from '../stdin.js';
import { addressFields, type HeaderField } from './header-envelope.js';
import { addressesIn } from './recipients.js';

export interface ReadyMessage {
  from: string | undefined;
  /** It was resent: what addresses it are its newest Resent- fields. */
  resent: boolean;
  /** The addresses of To, Cc and Bcc, or of the newest Resent-To, -Cc and -Bcc. */
  recipients: string[];
  /** The names of its header fields, in lower case. */
  fields: ReadonlySet<string>;
  /** Octets as they are read. */
  size: number;
  read(): AsyncGenerator<Uint8Array, void, undefined>;
  close(): Promise<void>;
}

const headerLimit = 1 << 20;

export interface ReadyOptions {
  /** Completes addresses that are a local part alone. */
  domain?: string | undefined;
  /** What it is called in errors. Default: its path. */
  name?: string;
  /** Text without a header is the body of a message without one, as sendmail takes it. */
  bodyAlone?: boolean;
}

/** @throws Failure 66 where it cannot be read; 65 where it is no message */
export async function readyMessage(
  path: string,
  { domain, name = path === '-' ? 'stdin' : path, bodyAlone = false }: ReadyOptions = {},
): Promise<ReadyMessage> {
  const { file, close } = await asFile(path, 'the message');
  try {
    const { header, rest, size } = await readHeader(file, name, bodyAlone);
    const { fields, body } = fieldsOf(header);
    if (body !== '' && !bodyAlone)
      throw new Failure(
        exitCodes.badData,
        `${name} is no message: ${line(JSON.stringify(/^[^\r\n]*/.exec(body)?.[0]))} is no header field`,
        { hint: 'RFC 5322: header fields, an empty line, the body.' },
      );
    // What is no field begins the body, as sendmail has it, and the empty line before it was forgotten.
    const end = body === '' ? '' : `\r\n${body}`;
    const kept = Buffer.from(
      fields.filter((field) => !unsent.test(field)).join('') + end,
      'latin1',
    );
    const named = fields.map((field) => {
      const colon = field.indexOf(':');
      return { name: field.slice(0, colon).trim(), value: field.slice(colon + 1) };
    });
    const addresses = ({ name, value }: HeaderField): string[] =>
      addressesIn(Buffer.from(value, 'latin1').toString('utf8'), name, domain);
    const { senders, recipients, resent } = addressFields(named);
    return {
      from: firstOf(senders, addresses),
      resent,
      recipients: [...new Set(recipients.flatMap(addresses))],
      fields: new Set(named.map(({ name }) => name.toLowerCase())),
      size: kept.length + size - rest,
      async *read() {
        yield kept;
        yield* createReadStream(file, { start: rest }) as AsyncIterable<Uint8Array>;
      },
      close,
    };
  } catch (error) {
    await close();
    throw unreadable(name, 'the message', error);
  }
}

/**
 * A line end is CRLF, or CR or LF alone: each goes out as CRLF, so each ends a field here.
 *
 * @returns the fields, folds included, and what is none, with all behind it
 */
function fieldsOf(header: string): { fields: string[]; body: string } {
  const lines =
    header.match(/^[^\r\n]*(?:(?:\r\n?|\n)[ \t][^\r\n]*)*(?:\r\n?|\n)?/gm)?.filter(Boolean) ?? [];
  const end = lines.findIndex((one) => one.trim() !== '' && !fieldName.test(one));
  if (end < 0) return { fields: lines, body: '' };
  return { fields: lines.slice(0, end), body: lines.slice(end).join('') };
}

/** RFC 5322 §3.6.8, and the blanks of §4.5. */
const fieldName = /^[\x21-\x39\x3b-\x7e]+[ \t]*:/;

/** One after the other, so that a From that nobody needs may be what it is. */
function firstOf(
  fields: readonly HeaderField[],
  addresses: (field: HeaderField) => string[],
): string | undefined {
  for (const field of fields) {
    const [address] = addresses(field);
    if (address !== undefined) return address;
  }
  return undefined;
}

/** Hidden recipients (RFC 5322 §3.6.3), and what only the last server may write (RFC 5321 §4.4). */
const unsent = /^(?:(?:resent-)?bcc|return-path)\s*:/i;

/** What the fields are called that address a message: for people who have to write one of them. */
export const fieldNames = ({
  resent,
}: Pick<ReadyMessage, 'resent'>): { sender: string; recipients: string } =>
  resent
    ? { sender: 'Resent-From', recipients: 'Resent-To, Resent-Cc or Resent-Bcc' }
    : { sender: 'From', recipients: 'To, Cc or Bcc' };

/** The header, and the offset of the empty line behind it. */
async function readHeader(
  path: string,
  name: string,
  bodyAlone: boolean,
): Promise<{ header: string; rest: number; size: number }> {
  const file = await open(path, 'r');
  try {
    const { size } = await file.stat();
    const { buffer, bytesRead } = await file.read({
      buffer: Buffer.alloc(Math.min(size, headerLimit)),
      position: 0,
    });
    const start = postmark(buffer.subarray(0, bytesRead));
    const text = buffer.toString('latin1', start, bytesRead);
    const isHeader = fieldName.test(text);
    if (bodyAlone && !isHeader)
      return { header: /^(\r?\n|$)/.test(text) ? '' : '\n', rest: start, size };
    const end = /(?:\r\n|\r(?!\n)|\n)(?=[\r\n])/.exec(text);
    const length = end === null ? text.length : end.index + end[0].length;
    const header = text.slice(0, length);
    const rest = start + length;
    if (!isHeader || (end === null && size > bytesRead))
      throw new Failure(
        exitCodes.badData,
        `${name} is no message: it does not begin with a header field`,
        {
          hint: 'RFC 5322: header fields, an empty line, the body.',
        },
      );
    return { header, rest, size };
  } finally {
    await file.close();
  }
}

/** Where it begins: behind the `From ` line of an mbox. @throws Failure 66 where it cannot be read; 65 where it is no message */
export async function startOfMessage(path: string, name: string): Promise<number> {
  try {
    const { header, rest } = await readHeader(path, name, false);
    return rest - header.length;
  } catch (error) {
    throw unreadable(path, 'the message', error);
  }
}

/** The `From ` line of an mbox before a message (RFC 4155), which mail tools hand on with it. It is no part of the message. */
function postmark(octets: Buffer): number {
  if (octets.toString('latin1', 0, 5) !== 'From ') return 0;
  return octets.indexOf('\n') + 1;
}

export interface SpooledInput {
  file: string;
  close: () => Promise<void>;
}

/**
 * What can be read again for another attempt: the file itself; or a copy of stdin (`-`), and of what can be read once, such as a
 * fifo or the `<(command)` of a shell.
 *
 * @throws Failure 66 where it cannot be read
 */
export async function asFile(path: string, what: string): Promise<SpooledInput> {
  if (path === '-') return spoolStdin(what);
  const about = await stat(path).catch((error) => {
    throw unreadable(path, what, error);
  });
  if (about.isFile() || about.isDirectory()) return { file: path, close: async () => {} };
  return spool([readOnce(path, what)]);
}

const readOnce = (path: string, what: string): Readable =>
  Readable.from(
    (async function* () {
      try {
        yield* createReadStream(path) as AsyncIterable<Buffer>;
      } catch (error) {
        throw unreadable(path, what, error);
      }
    })(),
    { objectMode: false },
  );

/** stdin as a file. `through`: what it passes on its way. */
export const spoolStdin = (what: string, through?: NodeJS.ReadWriteStream): Promise<SpooledInput> =>
  spool([takeStdin(what), ...(through === undefined ? [] : [through])]);

async function spool(source: readonly NodeJS.ReadableStream[]): Promise<SpooledInput> {
  const directory = await mkdtemp(join(tmpdir(), 'fivewire-send-'));
  const close = (): Promise<void> => rm(directory, { recursive: true, force: true });
  const file = join(directory, 'message');
  try {
    const kept = createWriteStream(file, { mode: 0o600 });
    await pipeline([...source, kept] as never);
    return { file, close };
  } catch (error) {
    await close();
    throw unwritable(file, error);
  }
}
