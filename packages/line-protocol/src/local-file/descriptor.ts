/** An open file by its descriptor: the handles of `fs/promises` cost more than the work of a small file. */
import { close, fstat, ftruncate, open, type Stats, writev } from 'node:fs';
import { promisify } from 'node:util';

const opened = promisify(open);
const stated = promisify(fstat);
const truncated = promisify(ftruncate);
const written = promisify(writev);
const closed = promisify(close);

export class Descriptor {
  readonly #fd: number;

  private constructor(fd: number) {
    this.#fd = fd;
  }

  /** @throws what the system says */
  static async open(path: string, flags: string | number, mode: number): Promise<Descriptor> {
    return new Descriptor(await opened(path, flags, mode));
  }

  stat(): Promise<Stats> {
    return stated(this.#fd);
  }

  truncate(octets: number): Promise<void> {
    return truncated(this.#fd, octets);
  }

  /** May write less than all. @returns how much @param position at the current one where it is not given */
  async write(pieces: readonly Uint8Array[], position?: number): Promise<number> {
    const { bytesWritten } = await (position === undefined
      ? written(this.#fd, pieces)
      : written(this.#fd, pieces, position));
    return bytesWritten;
  }

  close(): Promise<void> {
    return closed(this.#fd);
  }
}
