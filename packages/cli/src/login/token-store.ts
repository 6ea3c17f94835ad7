/** What `login` has got: a file of mode 0600 for each user, below the state directory. */
import { createHash } from 'node:crypto';
import { mkdir, rename, unlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { exitCodes, Failure } from '../exit-code.js';
import { syncDirectory, unwritable } from '../local-files.js';
import { lockFile } from '../lock-file.js';
import { readPrivate } from '../netrc.js';
import { line } from '../output.js';
import { stateDirectory } from '../paths.js';
import type { Client, Provider, Tokens } from './oauth.js';

export interface StoredLogin {
  user: string;
  provider: Provider;
  client: Client;
  tokens: Tokens;
}

const directory = (): string => join(stateDirectory(), 'tokens');

const pathOf = (user: string): string =>
  join(directory(), `${createHash('sha256').update(user).digest('hex').slice(0, 32)}.json`);

/** @throws Failure 77 where nobody has logged in, 78 where others can read it */
export async function readLogin(user: string): Promise<StoredLogin> {
  const path = pathOf(user);
  let text: string;
  try {
    text = await readPrivate(path, 'the tokens');
  } catch (error) {
    if ((error as Failure).code !== 'ENOENT') throw error;
    throw new Failure(exitCodes.permission, `${line(user)} has not logged in`, {
      hint: `Run fivewire login google --user ${line(user)} --client-id ID, or another provider.`,
    });
  }
  try {
    return JSON.parse(text);
  } catch {
    throw new Failure(exitCodes.config, `${path} holds no tokens`, {
      hint: 'Remove it, and run fivewire login once more.',
    });
  }
}

/** It is there whole or as it was. @throws Failure 73 or 74 */
export async function writeLogin(login: StoredLogin): Promise<void> {
  const path = pathOf(login.user);
  try {
    await mkdir(directory(), { recursive: true, mode: 0o700 });
    await writeFile(`${path}.new`, JSON.stringify(login), { mode: 0o600, flush: true });
    await rename(`${path}.new`, path);
    await syncDirectory(directory());
  } catch (error) {
    throw unwritable(path, error);
  }
}

/** @returns false where there was none */
export async function removeLogin(user: string): Promise<boolean> {
  try {
    await unlink(pathOf(user));
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
    throw unwritable(pathOf(user), error);
  }
}

/** A refresh token may be good for one use: one run at a time refreshes. */
export const lockLogin = (user: string): Promise<() => Promise<void>> =>
  lockFile(`${pathOf(user)}.lock`, `the login of ${line(user)}`, 30_000);
