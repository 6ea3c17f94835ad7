/**
 * What a partial download is a part of, kept beside it: without it this side could not tell whether the remote file is still the one that
 * the first octets came from.
 */
import { constants } from 'node:fs';
import { open, unlink } from 'node:fs/promises';

/** A remote file at one time. SIZE and MDTM as the server says them, RFC 3659 §3 and §4. */
export interface RemoteStamp {
  /** An octet string. */
  path: string;
  size: number;
  modified: string;
}

const noFollow = constants.O_NOFOLLOW ?? 0;
const longest = 65_536;

export class PartRecord {
  readonly #path: string;

  /** @param target the local file that the download is to become */
  constructor(target: string) {
    this.#path = `${target}.part.json`;
  }

  /** `undefined` where there is none, or none that can be read. */
  async read(): Promise<RemoteStamp | undefined> {
    try {
      const file = await open(this.#path, constants.O_RDONLY | noFollow);
      try {
        const { buffer, bytesRead } = await file.read(Buffer.alloc(longest), 0, longest, 0);
        return stampIn(JSON.parse(buffer.toString('utf8', 0, bytesRead)));
      } finally {
        await file.close();
      }
    } catch {
      return undefined;
    }
  }

  /** Best effort: without a record the next try begins anew, and that is no harm. */
  async write(stamp: RemoteStamp): Promise<void> {
    const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_TRUNC | noFollow;
    try {
      const file = await open(this.#path, flags, 0o666);
      try {
        await file.writeFile(`${JSON.stringify(stamp)}\n`);
      } finally {
        await file.close();
      }
    } catch {
      await this.remove();
    }
  }

  async remove(): Promise<void> {
    await unlink(this.#path).catch(() => {});
  }
}

function stampIn(value: unknown): RemoteStamp | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const { path, size, modified } = value as Record<string, unknown>;
  if (typeof path !== 'string' || typeof modified !== 'string') return undefined;
  return Number.isSafeInteger(size) ? { path, size: size as number, modified } : undefined;
}

/** Whether both are known and the same. */
export function sameStamp(a: RemoteStamp | undefined, b: RemoteStamp | undefined): boolean {
  if (a === undefined || b === undefined) return false;
  return a.path === b.path && a.size === b.size && a.modified === b.modified;
}
