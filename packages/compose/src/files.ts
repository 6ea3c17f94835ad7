/** Attachments by path, within the one directory that the caller opened. */
import { createReadStream } from 'node:fs';
import { realpath, stat } from 'node:fs/promises';
import { basename, resolve, sep } from 'node:path';
import { Readable } from 'node:stream';
import { LocalError } from 'tls-context-core';
import { wrong } from './check-values.js';
import { filePieceOctets } from './composed-body.js';
import type { Attachment, ComposeMessage } from './types.js';

/** Puts a stream in the place of each path; a file is opened when it is read. */
export async function openFiles(
  message: ComposeMessage,
  allowFiles: string | undefined,
): Promise<ComposeMessage> {
  const { attachments } = message;
  if (allowFiles === undefined || attachments === undefined) return message;
  const directory = await real(allowFiles, 'allowFiles');
  const opened: Attachment[] = [];
  for (const [i, attachment] of attachments.entries()) {
    const { path, ...rest } = attachment;
    if (path === undefined) opened.push(attachment);
    else {
      const file = await fileWithin(directory, path, `attachments[${i}].path`);
      opened.push({ filename: basename(path), ...rest, content: contentOf(file) });
    }
  }
  return { ...message, attachments: opened };
}

/** Symbolic links are followed first: what counts is where the file lies. */
async function fileWithin(directory: string, path: string, argument: string): Promise<string> {
  const file = await real(resolve(directory, path), argument);
  const inside = directory.endsWith(sep) ? directory : directory + sep;
  if (!file.startsWith(inside))
    throw wrong(argument, 'lies outside the directory of allowFiles', 'Nothing of it was read.');
  if (!(await stat(file)).isFile()) throw wrong(argument, 'is no regular file');
  return file;
}

async function real(path: string, argument: string): Promise<string> {
  try {
    return await realpath(path);
  } catch (error) {
    throw new LocalError(
      'ERR_LOCAL_PATH',
      `${argument} can't be opened: ${(error as Error).message}`,
      {
        cause: error,
        hint: 'Check that it is there and readable.',
      },
    );
  }
}

/** Opened at the first read, so that a message that is never sent holds no file. */
function contentOf(path: string): Readable {
  return Readable.from(
    (async function* () {
      yield* createReadStream(path, { highWaterMark: filePieceOctets });
    })(),
    { objectMode: false },
  );
}
