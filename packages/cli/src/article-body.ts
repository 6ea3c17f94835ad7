/** An article whole, as it is kept: its header, an empty line, its body. */
import { Readable } from 'node:stream';
import type { RetrievedArticle } from '@fivewire/nntp';

export function articleBody({ headers, body }: RetrievedArticle): Readable {
  async function* whole(): AsyncGenerator<Uint8Array> {
    yield headers.octets;
    yield Buffer.from('\r\n');
    yield* body as AsyncIterable<Uint8Array>;
  }
  return Readable.from(whole(), { objectMode: false });
}
