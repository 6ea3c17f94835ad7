/**
 * The attachments of each message as files. A stranger chose their names: the last part alone is used, of harmless
 * characters, behind a key of the message, so that two messages never write the same file, and one message twice does.
 */
import { join } from 'node:path';
import { makeDirectory } from '../local-files.js';
import { saveFile } from '../save-file.js';
import { sweepParts } from '../sweep-parts.js';
import type { Destination } from './destination.js';
import { parseMessage } from './parsed.js';

export async function openAttachments(directory: string): Promise<Destination> {
  await makeDirectory(directory);
  await sweepParts(directory);
  return {
    async deliver({ key, id, box, body }) {
      const paths: string[] = [];
      await parseMessage(body, async ({ filename, content }) => {
        const path = join(
          directory,
          `${key.slice(0, 12)}-${paths.length + 1}-${harmless(filename)}`,
        );
        await saveFile(path, content, { durable: true });
        paths.push(path);
      });
      return { record: { type: 'message', box, id, paths }, text: paths.join('\n') };
    },
    async close() {},
  };
}

export function harmless(filename: string | undefined): string {
  const last = (filename ?? '').split(/[/\\]/).at(-1) ?? '';
  const plain = last.replace(/[^\p{L}\p{N}._-]+/gu, '_').replace(/^\.+/, '_');
  return plain === '' ? 'unnamed' : [...plain].slice(0, 80).join('');
}
