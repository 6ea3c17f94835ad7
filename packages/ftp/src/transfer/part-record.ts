/**
 * What a partial download is a part of, kept beside it: without it this side could not tell whether the remote file is still the one that
 * the first octets came from.
 */
import { constants } from 'node:fs';
import { open, rename, unlink } from 'node:fs/promises';

/** A remote file at one time. SIZE and MDTM as the server says them, RFC 3659 §3 and §4. */
export interface RemoteStamp {
  /** An octet string. */
  path: string;
  size: number;
  modified: string;
  /** Of a part that comes in segments: what has not come yet, each from an octet up to but not including another. */
  left?: readonly Range[];
}

export type Range = [at: number, end: number];

const noFollow = constants.O_NOFOLLOW ?? 0;
const longest = 65_536;

export class PartRecord {
  readonly #path: string;

  /** @param target the local file that the download is to become */
  constructor(target: string) {
    this.#path = `${target}.part.json`;
  }

  get #fresh(): string {
    return `${this.#path}.new`;
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

  /**
   * Best effort: without a record the next try begins anew, and that is no harm. Written beside and renamed, so that a process that is
   * killed in the middle leaves the one before.
   */
  async write(stamp: RemoteStamp): Promise<void> {
    const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_TRUNC | noFollow;
    try {
      const file = await open(this.#fresh, flags, 0o666);
      try {
        await file.writeFile(`${JSON.stringify(stamp)}\n`);
      } finally {
        await file.close();
      }
      await rename(this.#fresh, this.#path);
    } catch {
      await this.remove();
    }
  }

  async remove(): Promise<void> {
    await unlink(this.#path).catch(() => {});
    await unlink(this.#fresh).catch(() => {});
  }
}

function stampIn(value: unknown): RemoteStamp | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const { path, size, modified, left } = value as Record<string, unknown>;
  if (typeof path !== 'string' || typeof modified !== 'string') return undefined;
  if (!Number.isSafeInteger(size)) return undefined;
  const stamp: RemoteStamp = { path, size: size as number, modified };
  if (left === undefined) return stamp;
  return isRanges(left, stamp.size) ? { ...stamp, left } : undefined;
}

function isRanges(value: unknown, size: number): value is Range[] {
  const isRange = (one: unknown): boolean => {
    const [at, end] = Array.isArray(one) ? (one as unknown[]) : [];
    const areNumbers = Number.isSafeInteger(at) && Number.isSafeInteger(end);
    return (
      areNumbers &&
      0 <= (at as number) &&
      (at as number) <= (end as number) &&
      (end as number) <= size
    );
  };
  return Array.isArray(value) && value.every(isRange);
}

/** Whether both are known and the same. A part that came in segments has holes: it is no beginning. */
export function sameStamp(a: RemoteStamp | undefined, b: RemoteStamp | undefined): boolean {
  if (a === undefined || b === undefined || a.left !== undefined) return false;
  return a.path === b.path && a.size === b.size && a.modified === b.modified;
}
