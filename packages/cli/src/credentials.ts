/** Where a password comes from. Never from the command line or a URL: others see both. */
import { execFile } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Context } from './context.js';
import { misconfigured, usage } from './exit-code.js';
import { line } from './output.js';

export interface PasswordAuth {
  user: string;
  password: string;
}

export interface Login {
  protocol: string;
  host: string;
  port: number;
  user: string | undefined;
  /** Log in as FTP's guest where nobody is named (RFC 1635). */
  guest: boolean;
}

/**
 * In this order: `--password-stdin`, `--password-command`, the profile's command, the netrc file.
 *
 * @returns nothing where nobody is named, and no netrc entry fits
 * @throws Failure 64 where somebody is named and no password is to be had; 78 where its source fails
 */
export async function credentialsFor(
  login: Login,
  { settings, profile, signal }: Context,
): Promise<PasswordAuth | undefined> {
  const { user, host } = login;
  if (user !== undefined) {
    if (settings.passwordStdin) return { user, password: await passwordFromStdin() };
    const command = settings.passwordCommand ?? profile?.passwordCommand;
    if (command !== undefined)
      return { user, password: await passwordFrom(command, login, signal) };
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
      ? 'Use --password-command, --password-stdin, --netrc or a profile.'
      : `${file} has no entry for that host and user.`,
  );
}

let fromStdin: Promise<string> | undefined;

/** Read once, for all servers of this command. */
function passwordFromStdin(): Promise<string> {
  fromStdin ??= new Promise((resolve, reject) => {
    const lines = createInterface({ input: process.stdin });
    lines.once('line', (first) => {
      resolve(first);
      lines.close();
      process.stdin.pause();
    });
    lines.once('close', () =>
      reject(usage('stdin holds no password', '--password-stdin reads its first line.')),
    );
  });
  return fromStdin;
}

const running = new Map<string, Promise<string>>();

/** The first line that a shell command prints. It is run once a host and user. */
function passwordFrom(
  command: string,
  { protocol, host, user = '' }: Login,
  signal: AbortSignal,
): Promise<string> {
  const key = JSON.stringify([command, protocol, host, user]);
  const found = running.get(key);
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
      { env, signal, maxBuffer: 65_536 },
      (error, stdout, stderr) => {
        const first = stdout.split(/\r?\n/, 1)[0] ?? '';
        // Neither its output nor its text goes into the message: either may hold the secret.
        if (error !== null)
          reject(
            misconfigured(
              `The password command failed: ${line(stderr.trim().split('\n').at(-1) ?? '') || `exit status ${error.code}`}`,
            ),
          );
        else if (first === '') reject(misconfigured('The password command printed nothing'));
        else resolve(first);
      },
    );
  });
  running.set(key, password);
  return password;
}
