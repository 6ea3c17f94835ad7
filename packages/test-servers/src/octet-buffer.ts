/** Octets that have arrived and wait to be read. */

const empty = Buffer.alloc(0);

export class OctetBuffer {
  #chunks: Buffer[] = [];
  #length = 0;

  get length(): number {
    return this.#length;
  }

  push(chunk: Buffer): void {
    this.#chunks.push(chunk);
    this.#length += chunk.length;
  }

  unshift(chunk: Buffer): void {
    this.#chunks.unshift(chunk);
    this.#length += chunk.length;
  }

  /** The first `count` octets, which must be there. */
  shift(count: number): Buffer {
    const all = this.#joined();
    this.#length -= count;
    this.#chunks = count < all.length ? [all.subarray(count)] : [];
    return all.subarray(0, count);
  }

  indexOf(wanted: string | number): number {
    return this.#joined().indexOf(wanted);
  }

  #joined(): Buffer {
    if (this.#chunks.length > 1) this.#chunks = [Buffer.concat(this.#chunks)];
    return this.#chunks[0] ?? empty;
  }
}
