/** MODE Z: data travels deflated (draft-preston-ftpext-deflate), each transfer as one zlib stream. */
import type { Duplex } from 'node:stream';
import type { Deflate, Inflate } from 'node:zlib';
import { command, type Dialogue, noteReply } from '../session/dialogue.js';
import type { Session } from '../session/session.js';
import { zlib } from '../zlib.js';
import { above, isLeft } from './data-flow.js';

/** Whether data travels deflated from now on. A server that has no MODE Z goes on as it is. */
export async function askModeZ(
  dialogue: Dialogue,
  features: Session['features'],
): Promise<boolean> {
  const offered = (features.get('MODE') ?? []).some((modes) => /(?:^|[\s;,])Z/i.test(modes));
  if (!offered) return false;
  const reply = await dialogue.ask(command('MODE', 'Z'));
  if (reply.class !== 2) noteReply(dialogue.connection, reply);
  return reply.class === 2;
}

/** What is read from `stream`, inflated. It ends only where the zlib stream does. */
export function inflated(stream: Duplex): Duplex {
  const inflate = zlib().createInflate();
  above(stream, inflate);
  watchBeneath(stream, inflate);
  stream.pipe(inflate);
  return inflate;
}

/** What is written goes deflated to `stream`, and its end with it. */
export function deflated(stream: Duplex): { body: Duplex; flushed: Promise<void> } {
  const deflate = zlib().createDeflate();
  above(stream, deflate);
  watchBeneath(stream, deflate);
  stream.resume(); // as for any upload: nothing may lie unread when it ends
  deflate.on('data', (piece: Buffer) => {
    if (isLeft(stream) || stream.destroyed || stream.write(piece)) return;
    deflate.pause();
    stream.once('drain', () => deflate.resume());
  });
  const flushed = new Promise<void>((resolve, reject) => {
    deflate.once('end', () => {
      if (isLeft(stream) || stream.destroyed) resolve();
      else stream.end(resolve);
    });
    deflate.once('error', reject);
    stream.once('close', resolve); // whatever broke it is told by what was awaited first
  });
  flushed.catch(() => {});
  return { body: deflate, flushed };
}

function watchBeneath(stream: Duplex, zlib: Deflate | Inflate): void {
  stream.once('error', (error) => zlib.destroy(error));
  stream.once('close', () => {
    const over = zlib.readableEnded || zlib.writableEnded;
    if (!over) zlib.destroy(new Error('the data connection was closed'));
  });
  zlib.once('close', () => stream.unpipe());
}
