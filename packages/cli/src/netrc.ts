/**
 * ~/.netrc, as ftp(1) of GNU inetutils and curl read it: `machine NAME login USER password WORD`, `default`, `macdef`,
 * comments after `#`, and values in double quotes with `\"`, `\\`, `\n`, `\r`, `\t`.
 */
import { open } from 'node:fs/promises';
import type { PasswordAuth } from './credentials.js';
import { misconfigured } from './exit-code.js';
import { unreadable } from './local-files.js';
import { readStdin } from './stdin.js';

export interface NetrcEntry {
  /** Undefined: `default`, for every host. */
  machine: string | undefined;
  login: string | undefined;
  password: string | undefined;
}

/**
 * The first entry for that host, and that user where one is given.
 *
 * @throws Failure 78 where the file can be read by others, 66 where it cannot be read
 */
export async function readNetrc(
  file: string,
  host: string,
  user: string | undefined,
): Promise<PasswordAuth | undefined> {
  const entries = parseNetrc(await readPrivate(file), file);
  const fitting = entries.find(
    ({ machine, login }) =>
      (machine === undefined || machine.toLowerCase() === host.toLowerCase()) &&
      (user === undefined || login === undefined || login === user),
  );
  const login = user ?? fitting?.login;
  if (fitting?.password === undefined || login === undefined) return undefined;
  return { user: login, password: fitting.password };
}

/** Reads a file that holds passwords. Looked at and read through one handle, so that no other file takes its place. */
export async function readPrivate(path: string, what = 'the netrc file'): Promise<string> {
  if (path === '-') return (await readStdin(what)).toString('utf8');
  try {
    const file = await open(path, 'r');
    try {
      const { mode, uid } = await file.stat();
      const foreign = process.getuid !== undefined && uid !== process.getuid();
      if (process.platform !== 'win32' && ((mode & 0o077) !== 0 || foreign))
        throw misconfigured(
          `${path} holds passwords and ${foreign ? 'belongs to another user' : `its mode is ${(mode & 0o777).toString(8)}`}`,
          `Run chmod 600 ${path}${foreign ? ' as its owner, or use your own file' : ''}.`,
        );
      return await file.readFile('utf8');
    } finally {
      await file.close();
    }
  } catch (error) {
    throw unreadable(path, what, error);
  }
}

/** `default` counts last, wherever it stands. @throws Failure 78 */
export function parseNetrc(text: string, file = 'netrc'): NetrcEntry[] {
  const words = tokens(text);
  const entries: NetrcEntry[] = [];
  let entry: NetrcEntry | undefined;
  const value = (what: string): string => {
    const word = words.shift();
    if (word === undefined) throw misconfigured(`${file}: ${what} has no value`);
    return word;
  };
  for (let word = words.shift(); word !== undefined; word = words.shift()) {
    if (word === 'machine' || word === 'default') {
      entry = {
        machine: word === 'machine' ? value(word) : undefined,
        login: undefined,
        password: undefined,
      };
      entries.push(entry);
    } else if (word === 'login' || word === 'user') {
      if (entry !== undefined) entry.login = value(word);
    } else if (word === 'password') {
      if (entry !== undefined) entry.password = value(word);
    } else if (word === 'account') value(word);
    // Others write words of their own into it; what they mean is not for us, and the entries are.
  }
  return [
    ...entries.filter(({ machine }) => machine !== undefined),
    ...entries.filter(({ machine }) => machine === undefined),
  ];
}

const escapes: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t' };

// token = quoted / 1*VCHAR; a macro runs from `macdef NAME` to the next empty line
function tokens(text: string): string[] {
  const withoutMacros = text.replace(
    /(^|\s)macdef[ \t]+\S+[^\n]*\n(?:[^\n]*\S[^\n]*(?:\n|$))*/g,
    '$1',
  );
  return [...withoutMacros.matchAll(/(?:^|(?<=\s))#[^\n]*|"((?:[^"\\]|\\.)*)"|(\S+)/gs)]
    .filter(
      ([all, quoted, bare]) => quoted !== undefined || (bare !== undefined && !all.startsWith('#')),
    )
    .map(([, quoted, bare]) =>
      quoted === undefined
        ? (bare as string)
        : quoted.replace(/\\(.)/gs, (_, c: string) => escapes[c] ?? c),
    );
}
