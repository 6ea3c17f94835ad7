/**
 * Passwords in the system's keyring (Keychain, Credential Manager, Secret Service): under the host as the service, and the user. The
 * package that reaches them is native, and no part of this one.
 */
import { exitCodes, Failure, misconfigured } from './exit-code.js';
import { line } from './output.js';

/** What is used of `@napi-rs/keyring`. */
export interface Keyring {
  AsyncEntry: new (
    service: string,
    user: string,
  ) => {
    getPassword(signal?: AbortSignal): Promise<string | null | undefined>;
    setPassword(password: string, signal?: AbortSignal): Promise<void>;
    deletePassword(signal?: AbortSignal): Promise<boolean>;
  };
}

export interface Account {
  user: string;
  host: string;
}

const name = '@napi-rs/keyring';

/** Stands in a table so that tests can have a keyring of their own. */
export const keyring: { load: () => Promise<Keyring> } = { load: () => import(name) };

/** @returns undefined where it has none for that account. @throws Failure 69 without the package, 78 where it cannot be read */
export async function keyringPassword(
  account: Account,
  signal: AbortSignal,
): Promise<string | undefined> {
  const found = await use(account, 'read', (entry) => entry.getPassword(signal));
  return found ?? undefined;
}

/** @throws Failure 69 and 78 */
export const keepPassword = (
  account: Account,
  password: string,
  signal: AbortSignal,
): Promise<void> => use(account, 'written', (entry) => entry.setPassword(password, signal));

/** @returns false where there was none. @throws Failure 69 and 78 */
export const dropPassword = (account: Account, signal: AbortSignal): Promise<boolean> =>
  use(account, 'written', (entry) => entry.deletePassword(signal));

async function use<T>(
  { user, host }: Account,
  what: 'read' | 'written',
  work: (entry: InstanceType<Keyring['AsyncEntry']>) => Promise<T>,
): Promise<T> {
  const { AsyncEntry } = await keyring.load().catch((cause) => {
    throw notInstalled(cause);
  });
  try {
    return await work(new AsyncEntry(host.toLowerCase(), user));
  } catch (cause) {
    throw misconfigured(
      `The keyring cannot be ${what}: ${line((cause as Error).message)}`,
      'It is that of a session of yours, which has to be open: cron and ssh mostly have none. --password-command and --netrc need no session.',
    );
  }
}

const notInstalled = (cause: unknown): unknown =>
  (cause as NodeJS.ErrnoException).code === 'ERR_MODULE_NOT_FOUND'
    ? new Failure(exitCodes.unavailable, `The keyring needs the package ${name}`, {
        hint: `Install it beside this one: npm install --global ${name}`,
        cause,
      })
    : cause;
