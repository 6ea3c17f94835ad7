/** COMPRESS=DEFLATE, RFC 4978: everything after the OK is compressed, both ways. */
import { Duplex } from 'node:stream';
import { constants, createDeflateRaw, createInflateRaw } from 'node:zlib';
import type { CallOptions } from '../command.js';
import type { CommandRunner } from '../command-runner.js';
import { syntax } from '../grammar/encoder.js';

/** @returns false where the server does not have it, or says no */
export async function compress(runner: CommandRunner, options?: CallOptions): Promise<boolean> {
  if (!runner.session.capabilities.has('COMPRESS=DEFLATE')) return false;
  const { response } = await runner.runAnyway(
    { verb: 'COMPRESS', args: [syntax('DEFLATE')], stopsReader: true },
    options,
  );
  if (response.status === 'OK') {
    runner.connection.swap(deflated);
    runner.session.compressed = true;
  }
  runner.start();
  return response.status === 'OK';
}

/** Each write is flushed, so that a command never waits in the compressor (RFC 4978 §4). */
function deflated(stream: Duplex): Duplex {
  const inflate = createInflateRaw();
  const deflate = createDeflateRaw({ flush: constants.Z_SYNC_FLUSH });
  const both = Duplex.from({ readable: inflate, writable: deflate });
  for (const half of [inflate, deflate]) half.on('error', (error) => both.destroy(error));
  stream.on('error', (error) => both.destroy(error));
  stream.on('close', () => both.destroy());
  both.on('close', () => stream.destroy());
  stream.pipe(inflate);
  deflate.pipe(stream);
  return both;
}
