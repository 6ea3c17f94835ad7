/** Where a password comes from. Never from the command line or a URL: others see both. */
import { execFile } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Context } from './context.js';
import { misconfigured, usage } from './exit-code.js';
import { line } from './output.js';
import { takeStdin } from './stdin.js';

export interface PasswordAuth {
  user: string;
  password: string;
}

/** A password, or an OAuth access token (RFC 7628). */
export type Auth = PasswordAuth | { user: string; accessToken: string };

export interface Login {
  protocol: string;
  host: string;
  port: number;
  user: string | undefined;
  /** Log in as FTP's guest where no user is named (RFC 1635). */
  guest: boolean;
}

/**
 * In this order: `--password-stdin`, `--token-command`, `--password-command`, the profile's token and password commands, the
 * keyring, the netrc file.
 *
 * @returns nothing where no user is named, and no netrc entry fits
 * @throws Failure 64 where a user is named and no password is to be had; 78 where its source fails
 */
export async function credentialsFor(
  login: Login,
  { settings, profile, signal, sources }: Context,
): Promise<Auth | undefined> {
  const { user, host } = login;
  if (user !== undefined) {
    if (settings.passwordStdin) return { user, password: await passwordFromStdin(sources) };
    const asking = { signal, sources, timeout: settings.timeout };
    const isOwn = settings.tokenCommand !== undefined || settings.passwordCommand !== undefined;
    const tokenCommand = settings.tokenCommand ?? (isOwn ? undefined : profile?.tokenCommand);
    if (tokenCommand !== undefined) {
      if (!tokenProtocols.has(login.protocol))
        throw usage(
          `${login.protocol} knows no tokens`,
          'Use --password-command, --password-stdin or --netrc.',
        );
      return { user, accessToken: await firstLine('token', tokenCommand, login, asking) };
    }
    const command = settings.passwordCommand ?? profile?.passwordCommand;
    if (command !== undefined)
      return {
        user,
        password: await firstLine('password', command, login, asking),
      };
    if (settings.keyring || (settings.netrc === undefined && profile?.keyring === true)) {
      const password = await fromKeyring({ user, host }, asking);
      if (password !== undefined) return { user, password };
    }
  }
  const file = settings.netrc ?? profile?.netrc;
  if (file !== undefined) {
    const { readNetrc } = await import('./netrc.js');
    const entry = await readNetrc(file, host, user);
    if (entry !== undefined) return entry;
  }
  if (user === undefined) {
    // RFC 1635: an address of the user is expected; this one identifies nobody.
    return login.guest ? { user: 'anonymous', password: 'anonymous@' } : undefined;
  }
  throw usage(
    `No password for ${line(user)}@${line(host)}`,
    file === undefined
      ? settings.keyring || profile?.keyring === true
        ? `The keyring has none: fivewire login keyring --user ${line(user)} --host ${line(host)} keeps it there.`
        : 'Use --password-command, --password-stdin, --keyring, --netrc or a profile.'
      : `${file} has no entry for that host and user.`,
  );
}

/** RFC 7628 is for SASL, which FTP and queues do not speak. */
const tokenProtocols: ReadonlySet<string> = new Set(['imap', 'pop3', 'smtp', 'nntp']);

/** What one run has asked for: stdin is read once, a command is run once a host and user. */
export interface PasswordSources {
  fromStdin?: Promise<string>;
  readonly fromCommands: Map<string, Promise<string>>;
  readonly fromKeyring: Map<string, Promise<string | undefined>>;
}

/** Read once, for all servers of this command. */
export function passwordFromStdin(sources: PasswordSources): Promise<string> {
  sources.fromStdin ??= new Promise((resolve, reject) => {
    const lines = createInterface({ input: takeStdin('the password') });
    lines.once('line', (first) => {
      resolve(first);
      lines.close();
      process.stdin.pause();
    });
    lines.once('close', () =>
      reject(usage('stdin holds no password', '--password-stdin reads its first line.')),
    );
  });
  return sources.fromStdin;
}

interface Asking {
  signal: AbortSignal;
  sources: PasswordSources;
  /** Milliseconds. */
  timeout: number | undefined;
}

/** Asked once a host and user. */
async function fromKeyring(
  account: { user: string; host: string },
  { signal, sources, timeout }: Asking,
): Promise<string | undefined> {
  const { keyringPassword } = await import('./keyring.js');
  const key = JSON.stringify(['keyring', account]);
  const found = sources.fromKeyring.get(key);
  if (found !== undefined) return found;
  // It may wait for somebody to unlock it.
  const end =
    timeout === undefined ? signal : AbortSignal.any([signal, AbortSignal.timeout(timeout)]);
  const password = keyringPassword(account, end);
  sources.fromKeyring.set(key, password);
  return password;
}

/** The first line that a shell command prints. */
function firstLine(
  what: 'password' | 'token',
  command: string,
  { protocol, host, user = '' }: Login,
  { signal, sources, timeout = 0 }: Asking,
): Promise<string> {
  const key = JSON.stringify([command, protocol, host, user]);
  const found = sources.fromCommands.get(key);
  if (found !== undefined) return found;
  const env = {
    ...process.env,
    FIVEWIRE_PROTOCOL: protocol,
    FIVEWIRE_HOST: host,
    FIVEWIRE_USER: user,
  };
  const password = new Promise<string>((resolve, reject) => {
    execFile(
      '/bin/sh',
      ['-c', command],
      { env, signal, timeout, maxBuffer: 65_536 },
      (error, stdout) => {
        const first = stdout.split(/\r?\n/, 1)[0] ?? '';
        // Neither what it printed nor its own text goes into the message: each may hold the secret.
        if (error?.killed === true && timeout > 0)
          reject(
            misconfigured(
              `The ${what} command took more than ${timeout / 1_000} s`,
              'Run it by hand: it may wait for somebody to type. --timeout gives it more time.',
            ),
          );
        else if (error !== null)
          reject(
            misconfigured(
              `The ${what} command failed: ${error.signal ?? `exit status ${error.code}`}`,
              'Run it by hand to see what it says.',
            ),
          );
        else if (first === '') reject(misconfigured(`The ${what} command printed nothing`));
        else resolve(first);
      },
    );
  });
  sources.fromCommands.set(key, password);
  return password;
}
