/** A Maildir as it lies there: which messages it has, under which names, with which flags. */
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { exitCodes, Failure, isSystemError } from '../exit-code.js';
import { makeDirectory, unwritable } from '../local-files.js';
import { splitName } from './maildir-flags.js';

export interface MaildirFile {
  /** Below the Maildir: `cur/1852.fivewire:2,S`. */
  path: string;
  info: string;
}

export class Maildir {
  readonly path: string;
  /** By unique name. */
  readonly files: Map<string, MaildirFile> = new Map();

  /** Makes it where it is not there. @throws Failure 73 or 74 */
  static async make(path: string): Promise<Maildir> {
    for (const part of ['', 'tmp', 'new', 'cur']) await makeDirectory(join(path, part));
    const maildir = new Maildir(path);
    await maildir.look();
    return maildir;
  }

  /** @throws Failure 66 where there is none: an absent one is not an empty one */
  static async open(path: string): Promise<Maildir> {
    const maildir = new Maildir(path);
    await maildir.look();
    return maildir;
  }

  private constructor(path: string) {
    this.path = path;
  }

  /** Reads the names anew: a mail reader may have given other ones. */
  async look(): Promise<void> {
    this.files.clear();
    try {
      for (const part of ['new', 'cur']) {
        for (const name of await readdir(join(this.path, part))) {
          if (name.startsWith('.')) continue;
          const { unique, info } = splitName(name);
          this.files.set(unique, { path: join(part, name), info });
        }
      }
    } catch (error) {
      if (isAbsent(error)) throw noMaildir(this.path);
      throw unwritable(this.path, error);
    }
  }

  /** @returns undefined where there is no such message, or no more */
  async locate(unique: string): Promise<(MaildirFile & { full: string }) | undefined> {
    for (const isSecond of [false, true]) {
      const file = this.files.get(unique);
      const full = file && join(this.path, file.path);
      if (file && full && (await stat(full).catch(() => undefined))) return { ...file, full };
      if (!isSecond) await this.look();
    }
    return undefined;
  }
}

const isAbsent = (error: unknown): boolean =>
  isSystemError(error) && ['ENOENT', 'ENOTDIR'].includes(error.code ?? '');

const noMaildir = (path: string): Failure =>
  new Failure(exitCodes.notFound, `${path} is no Maildir: it has no new and cur`, {
    hint: 'Nothing was done. An absent Maildir is not taken for an empty one.',
    code: 'ENOENT',
  });

/**
 * Maildir++: the mailboxes of an account below one path, `INBOX` the path itself, `Sent/2026` in `.Sent.2026`. What a level may
 * not have in it is percent-encoded.
 */
export function maildirPlusPath(root: string, levels: readonly string[]): string {
  if (levels.length === 1 && levels[0]?.toUpperCase() === 'INBOX') return root;
  return join(root, `.${levels.map(encodeLevel).join('.')}`);
}

/** The mailboxes that lie below it, as levels. */
export async function maildirPlusBoxes(root: string): Promise<string[][]> {
  const names = await readdir(root, { withFileTypes: true }).catch((error) => {
    throw isAbsent(error) ? noMaildir(root) : unwritable(root, error);
  });
  const boxes = names
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name)
    .sort();
  const found = boxes.includes('cur') ? [['INBOX']] : [];
  for (const name of boxes) {
    if (!/^\.[^.]/.test(name)) continue;
    if ((await stat(join(root, name, 'cur')).catch(() => undefined)) === undefined) continue;
    found.push(name.slice(1).split('.').map(decodeLevel));
  }
  if (found.length === 0) throw noMaildir(root);
  return found;
}

const unfit = /[\x00-\x1f\x7f./\\%]/g;

/** An empty level would name a directory above. */
const encodeLevel = (level: string): string =>
  level === ''
    ? '%'
    : level.replace(
        unfit,
        (one) => `%${one.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`,
      );

const decodeLevel = (level: string): string =>
  level === '%'
    ? ''
    : level.replace(/%([0-9A-F]{2})/g, (_, hex: string) =>
        String.fromCharCode(Number.parseInt(hex, 16)),
      );
