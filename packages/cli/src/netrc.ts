/**
 * ~/.netrc, as ftp(1) of GNU inetutils and curl read it: `machine NAME login USER password WORD`, `default`, `macdef`,
 * comments after a `#` in place of a keyword, and values in double quotes with `\"`, `\\`, `\n`, `\r`, `\t`.
 */
import { open } from 'node:fs/promises';
import type { PasswordAuth } from './credentials.js';
import { misconfigured } from './exit-code.js';
import { unreadable } from './local-files.js';
import { line } from './output.js';
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
    ({ machine, login, password }) =>
      password !== undefined &&
      (machine === undefined || machine.toLowerCase() === host.toLowerCase()) &&
      (user === undefined || login === undefined || login === user),
  );
  const login = user ?? fitting?.login;
  if (fitting?.password === undefined || login === undefined) return undefined;
  if (fitting.password === '' || login === '')
    throw misconfigured(`${file}: the entry for ${line(host)} has an empty value`);
  return { user: login, password: fitting.password };
}

/** Reads a file that holds passwords. Looked at and read through one handle, so that no other file takes its place. */
export async function readPrivate(path: string, what = 'the netrc file'): Promise<string> {
  if (path === '-') return (await readStdin(what)).toString('utf8');
  try {
    const file = await open(path, 'r');
    try {
      const what = await file.stat();
      if (what.isDirectory()) throw misconfigured(`${path} is a directory, and no file`);
      const { mode, uid } = what;
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
  const words = new Words(text, file);
  const entries: NetrcEntry[] = [];
  let entry: NetrcEntry | undefined;
  for (let word = words.keyword(); word !== undefined; word = words.keyword()) {
    const keyword = word.toLowerCase();
    if (keyword === 'machine' || keyword === 'default') {
      const machine = keyword === 'machine' ? words.value(keyword) : undefined;
      entry = { machine, login: undefined, password: undefined };
      entries.push(entry);
    } else if (keyword === 'login' || keyword === 'user') {
      const login = words.value(keyword);
      if (entry !== undefined) entry.login = login;
    } else if (keyword === 'password') {
      const password = words.value(keyword);
      if (entry !== undefined) entry.password = password;
    } else if (keyword === 'account') words.value(keyword);
    else if (keyword === 'macdef') words.skipMacro();
    // Others write words of their own into it; what they mean is not for us, and the entries are.
  }
  return [
    ...entries.filter(({ machine }) => machine !== undefined),
    ...entries.filter(({ machine }) => machine === undefined),
  ];
}

const escapes: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t' };

// word = quoted / 1*VCHAR; a comment stands where a keyword could; a macro runs from `macdef NAME` to the next empty line
class Words {
  readonly #text: string;
  readonly #file: string;
  #at = 0;

  constructor(text: string, file: string) {
    this.#text = text;
    this.#file = file;
  }

  keyword(): string | undefined {
    this.#take(/(?:\s+|#[^\n]*)*/y);
    return this.#word();
  }

  /** It may begin with `#`. */
  value(what: string): string {
    const word = this.#word();
    if (word === undefined) throw misconfigured(`${this.#file}: ${what} has no value`);
    return word;
  }

  skipMacro(): void {
    this.#take(/[^\n]*(?:\n[^\n]*\S[^\n]*)*/y);
  }

  #word(): string | undefined {
    this.#take(/\s*/y);
    const quoted = this.#take(/"((?:[^"\\]|\\.)*)"/sy);
    if (quoted !== undefined)
      return quoted.slice(1, -1).replace(/\\(.)/gs, (_, c: string) => escapes[c] ?? c);
    const bare = this.#take(/\S+/y);
    if (bare?.startsWith('"')) throw misconfigured(`${this.#file}: a quotation mark is not closed`);
    return bare;
  }

  #take(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#text)?.[0];
    this.#at += found?.length ?? 0;
    return found;
  }
}
