/**
 * A message that is finished, on disk or coming by stdin: who it is from and to, and its octets without Bcc
 * (RFC 5322 §3.6.3). stdin goes to a temporary file, so that the header is known before anybody is dialled and an
 * attempt can be made again.
 */
import { createReadStream } from 'node:fs';
import { mkdtemp, open, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { exitCodes, Failure } from './exit-code.js';
import { unreadable, unwritable } from './local-files.js';

export interface ReadyMessage {
  from: string | undefined;
  /** The addresses of To, Cc and Bcc. */
  recipients: string[];
  /** Octets as they are read. */
  size: number;
  read(): AsyncGenerator<Uint8Array, void, undefined>;
  close(): Promise<void>;
}

const headerLimit = 1 << 20;

/** @throws Failure 66 where it cannot be read; 65 where it is no message */
export async function readyMessage(path: string): Promise<ReadyMessage> {
  const spool = path === '-' ? await spoolStdin() : undefined;
  const file = spool?.file ?? path;
  const close = spool?.close ?? (async () => {});
  try {
    const { header, rest, size } = await readHeader(file);
    const fields =
      header.match(/^[^\r\n]*(?:\r?\n[ \t][^\r\n]*)*(?:\r?\n)?/gm)?.filter(Boolean) ?? [];
    const kept = Buffer.from(fields.filter((field) => !/^bcc\s*:/i.test(field)).join(''), 'latin1');
    const values = (name: RegExp) =>
      fields.filter((field) => name.test(field)).map((field) => field.replace(/^[^:]*:/, ''));
    const recipients = values(/^(?:to|cc|bcc)\s*:/i).flatMap(addressesIn);
    return {
      from: values(/^from\s*:/i).flatMap(addressesIn)[0],
      recipients: [...new Set(recipients)],
      size: kept.length + size - rest,
      async *read() {
        yield kept;
        yield* createReadStream(file, { start: rest }) as AsyncIterable<Uint8Array>;
      },
      close,
    };
  } catch (error) {
    await close();
    throw unreadable(file, 'the message', error);
  }
}

/** The header, and the offset of the empty line behind it. */
async function readHeader(path: string): Promise<{ header: string; rest: number; size: number }> {
  const file = await open(path, 'r');
  try {
    const { size } = await file.stat();
    const { buffer, bytesRead } = await file.read({
      buffer: Buffer.alloc(Math.min(size, headerLimit)),
      position: 0,
    });
    const text = buffer.toString('latin1', 0, bytesRead);
    const end = /\r?\n(?=\r?\n)/.exec(text);
    const rest = end === null ? bytesRead : end.index + end[0].length;
    const header = text.slice(0, rest);
    if (!/^[\x21-\x39\x3b-\x7e]+[ \t]*:/.test(header) || (end === null && size > bytesRead))
      throw new Failure(
        exitCodes.badData,
        `${path} is no message: it does not begin with a header field`,
        {
          hint: 'RFC 5322: header fields, an empty line, the body.',
        },
      );
    return { header, rest, size };
  } finally {
    await file.close();
  }
}

async function spoolStdin(): Promise<{ file: string; close: () => Promise<void> }> {
  const directory = await mkdtemp(join(tmpdir(), 'fivewire-send-'));
  const close = (): Promise<void> => rm(directory, { recursive: true, force: true });
  const file = join(directory, 'message');
  try {
    const { createWriteStream } = await import('node:fs');
    await pipeline(process.stdin, createWriteStream(file, { mode: 0o600 }));
    return { file, close };
  } catch (error) {
    await close();
    throw unwritable(file, error);
  }
}

/** Angle brackets first, else what has an `@`; comments and quoted names count for nothing. */
function addressesIn(field: string): string[] {
  const plain = field
    .replace(/"(?:[^"\\]|\\.)*"(?!@)/g, '')
    .replace(/\([^()]*\)/g, '')
    .replace(/\r?\n/g, '');
  return plain
    .split(/[,;]/)
    .map((one) => (/<([^<>]*)>/.exec(one)?.[1] ?? one.replace(/^[^:]*:/, '')).trim())
    .filter((one) => one.includes('@'));
}
