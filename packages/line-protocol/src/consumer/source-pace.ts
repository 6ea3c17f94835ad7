/** An upload holds the connection for its source: the calls that wait meanwhile, and those that the source makes itself. */
import { runsCallersCode, type Transfer, whileAwaited } from './inside-transfer.js';
import type { PendingCalls } from './pending-calls.js';

/** What is uploaded, on which connection, and who waits behind it. */
export interface Upload extends Transfer {
  calls: PendingCalls;
}

/** Given to `bodyOctets`, which pulls by it. Before `begin` and after `end` the source keeps no connection. */
export class SourcePace {
  #upload: Upload | undefined;
  #pulling = false;

  /** The connection is held for this source from now on. */
  begin(upload: Upload): void {
    this.#upload = upload;
    upload.calls.hold(upload);
    if (this.#pulling) upload.calls.paused();
  }

  /** The last octet of the source has been taken, or it is given up. */
  end(): void {
    this.#upload?.calls.hold(undefined);
    this.#upload = undefined;
  }

  /** The next piece of a source. */
  async pull<T>(source: object, pieces: AsyncIterator<T>): Promise<IteratorResult<T, unknown>> {
    const upload = this.#upload;
    this.#pulling = true;
    upload?.calls.paused();
    try {
      return await (upload !== undefined && runsCallersCode(source)
        ? whileAwaited(upload, () => pieces.next())
        : pieces.next());
    } finally {
      this.#pulling = false;
      this.#upload?.calls.moved();
    }
  }
}
