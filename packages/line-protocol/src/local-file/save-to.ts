/** A body into a file of this side: whole under its name, or the file stays as it was. */
import type { Readable } from 'node:stream';
import { type Rules, UsageError } from 'tls-context-core';
import { flag } from '../call-options.js';
import { FileSink } from './file-sink.js';
import { localFailure, pathOf } from './local-failure.js';

export interface SaveOptions {
  /**
   * Written beside the file and renamed when it is whole, with the mode and the owner of the file that was there. Default
   * `true`. A file with several names keeps them, and gets the content when that is whole. Devices and fifos are always written
   * through, and links keep their place.
   */
  atomic?: boolean;
}

export const saveRules: Rules<SaveOptions> = { atomic: flag };

/** @returns the octets written */
export async function saveTo(
  body: Readable,
  path: string | URL,
  { atomic = true }: SaveOptions,
): Promise<number> {
  const target = pathOf(path);
  refuseRead(body);
  let sink: FileSink;
  try {
    sink = await FileSink.open(target, { atomic, resume: false });
  } catch (error) {
    body.destroy();
    throw error;
  }
  try {
    refuseRead(body); // meanwhile
    const octets = await moveAll(body, sink);
    await sink.finish();
    return octets;
  } catch (error) {
    body.destroy();
    await sink.abandon();
    throw error;
  }
}

function refuseRead(body: Readable): void {
  if (!body.readableDidRead && body.readableFlowing === null) return;
  throw new UsageError('ERR_STATE', 'The body is being read already', {
    hint: 'Call saveTo() in place of reading it.',
  });
}

/** At the pace of the file: its promise pauses the body. */
function moveAll(body: Readable, sink: FileSink): Promise<number> {
  return new Promise((resolve, reject) => {
    let octets = 0;
    let begun: Promise<void> | undefined;
    const wait = (pause: Promise<void>): void => {
      body.pause();
      pause.then(() => body.resume(), reject);
    };
    const take = (piece: Buffer): void => {
      octets += piece.length;
      try {
        if (begun === undefined) {
          // Emptied first: what is written while a file is being emptied would be gone.
          begun = sink.begin().then(() => sink.take(piece));
          wait(begun);
          return;
        }
        const pause = sink.take(piece);
        if (pause !== undefined) wait(pause);
      } catch (error) {
        reject(error);
      }
    };
    body.on('error', reject).on('data', take);
    body.on('end', () => {
      (begun ?? sink.begin()).then(() => resolve(octets), reject);
    });
    const onClose = (): void => {
      if (!body.readableEnded)
        reject(body.errored ?? localFailure(new Error('the body was destroyed')));
    };
    body.on('close', onClose);
    if (body.destroyed) onClose();
  });
}
