/** COMPRESS DEFLATE, RFC 8054: after its 206 everything is compressed, both ways. */
import { Duplex, type Readable } from 'node:stream';
import { constants, createDeflateRaw, createInflateRaw } from 'node:zlib';
import { commandLine } from '@fivewire/line-protocol';
import type { Session } from './session.js';
import { askForZipping } from './zipped.js';

/** Nothing is asked where the server does not offer it, and a refusal leaves all as it was. */
export async function compress(session: Session): Promise<void> {
  const { connection, limits, capabilities } = session;
  if (!capabilities.has('COMPRESS', 'DEFLATE')) return askForZipping(session);
  const line = commandLine('COMPRESS', ['DEFLATE']);
  await session.queue.run(
    async (turn) => {
      connection.send(line);
      await turn.toRead();
      const reply = await session.readReply(session.wait(line.masked, 'capabilities', undefined));
      if (reply.code !== 206) return;
      const exceeded = (): Error => connection.exceeded('inflationRatio', limits.inflationRatio);
      connection.swap((stream) => new Deflated(stream, limits.inflationRatio, exceeded));
      session.to('compress-accepted');
    },
    { phase: 'capabilities', command: line.masked },
  );
}

/** Few octets may become many by right: a ratio is judged only beyond this. */
const alwaysAllowed = 16 * 2 ** 20;

class Deflated extends Duplex {
  #stream: Duplex;
  #inflate = createInflateRaw();
  #deflate = createDeflateRaw({ flush: constants.Z_SYNC_FLUSH }); // a command never waits in the compressor

  constructor(stream: Duplex, ratio: number, exceeded: () => Error) {
    super();
    this.#stream = stream;
    const inflate = this.#inflate;
    const deflate = this.#deflate;
    let [came, made] = [0, 0];
    stream.on('data', (octets: Buffer) => {
      came += octets.length;
      if (!inflate.write(octets)) stream.pause();
    });
    inflate.on('drain', () => stream.resume());
    inflate.on('data', (octets: Buffer) => {
      made += octets.length;
      if (made > alwaysAllowed && made > came * ratio) this.destroy(exceeded());
      else if (!this.push(octets)) inflate.pause();
    });
    deflate.on('data', (octets: Buffer) => stream.write(octets));
    deflate.on('end', () => stream.end());
    stream.on('end', () => inflate.end());
    inflate.on('end', () => this.push(null));
    for (const each of [stream as Readable, inflate, deflate])
      each.on('error', (error: Error) => this.destroy(error));
    stream.on('close', () => {
      if (!stream.readableEnded) this.destroy();
    });
    stream.resume();
  }

  override _read(): void {
    this.#inflate.resume();
  }

  override _write(octets: Buffer, _: string, callback: (error?: Error | null) => void): void {
    this.#deflate.write(octets);
    if (!this.#stream.writableNeedDrain) callback();
    else this.#stream.once('drain', callback);
  }

  override _final(callback: (error?: Error | null) => void): void {
    this.#deflate.end(callback);
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    this.#inflate.destroy();
    this.#deflate.destroy();
    this.#stream.destroy();
    callback(error);
  }
}
