/**
 * Accounts of the configuration file:
 *
 *     profiles:
 *       work:
 *         imap: imaps://alice@imap.example.org
 *         smtp: smtps://alice@smtp.example.org
 *         passwordCommand: pass show mail/work
 *         from: Alice <alice@example.org>
 */
import { open } from 'node:fs/promises';
import { dirname } from 'node:path';
import { parseConnectUrl } from '@fivewire/line-protocol';
import { isFivewireError } from 'tls-context-core';
import type { Args } from './context.js';
import { isFailure, misconfigured } from './exit-code.js';
import { reasonOf } from './local-files.js';
import { line } from './output.js';
import { defaultConfigPath, pathBeside } from './paths.js';
import { saidOf } from './report.js';
import { readStdin } from './stdin.js';
import type { Protocol } from './target.js';
import { parseYaml } from './yaml-file.js';

export interface Profile {
  name: string;
  file: string;
  urls: Partial<Record<Protocol, string>>;
  user?: string;
  from?: string;
  passwordCommand?: string;
  tokenCommand?: string;
  netrc?: string;
  /** The password is in the system's keyring. */
  keyring?: boolean;
  security?: 'implicit-tls' | 'starttls' | 'cleartext';
  serverHostname?: string;
  ca?: readonly string[];
  pins?: readonly string[];
  cert?: string;
  key?: string;
  minVersion?: 'TLSv1.2' | 'TLSv1.3';
  proxy?: string;
  /** Path of the key that signs what is sent. */
  dkimKey?: string;
  dkimDomain?: string;
  dkimSelector?: string;
  /** Milliseconds. */
  timeout?: number;
}

const protocols: readonly Protocol[] = ['ftp', 'imap', 'pop3', 'smtp', 'nntp'];

/** @throws Failure 78 */
export async function loadProfile(
  name: string,
  path: string = defaultConfigPath(),
): Promise<Profile> {
  const profiles = await loadProfiles(path);
  const found = profiles.find((profile) => profile.name === name);
  if (found !== undefined) return found;
  throw misconfigured(
    `${path} has no profile ${JSON.stringify(name)}`,
    profiles.length === 0
      ? 'It has none at all.'
      : `It has ${profiles.map((one) => one.name).join(', ')}.`,
  );
}

/** All profiles, checked. @throws Failure 78 */
export async function loadProfiles(path: string): Promise<Profile[]> {
  let source: string;
  try {
    source =
      path === '-' ? (await readStdin('the configuration')).toString('utf8') : await readOwn(path);
  } catch (error) {
    if (isFailure(error)) throw error;
    throw misconfigured(
      `Cannot read the configuration file ${path}: ${reasonOf(error as NodeJS.ErrnoException)}`,
      'Name another one with --config.',
    );
  }
  let document: unknown;
  try {
    document = parseYaml(source);
  } catch (error) {
    throw misconfigured(`${path} is no YAML: ${line((error as Error).message)}`);
  }
  const { profiles } = section(document ?? {}, path, ['profiles']);
  const accounts = section(profiles ?? {}, `${path}: profiles`);
  return Object.entries(accounts).map(([name, account]) => readProfile(path, name, account));
}

/** A user who may write to it may have commands run as us (`passwordCommand`). Looked at and read through one handle. */
async function readOwn(path: string): Promise<string> {
  const file = await open(path, 'r');
  try {
    const { mode, uid } = await file.stat();
    const user = process.getuid?.();
    const isForeign = user !== undefined && uid !== user && uid !== 0;
    if (process.platform !== 'win32' && ((mode & 0o022) !== 0 || isForeign))
      throw misconfigured(
        `${path} can be written by others: ${isForeign ? 'it belongs to another user' : `its mode is ${(mode & 0o777).toString(8)}`}`,
        `It names commands that are run: run chmod go-w ${path}, or use a file of your own.`,
      );
    return await file.readFile('utf8');
  } finally {
    await file.close();
  }
}

/** Which option of the command line says the same, and what the clients call it. */
const checkedLate: Readonly<Record<string, { option: string; key: keyof Profile & string }>> = {
  proxy: { option: 'proxy', key: 'proxy' },
  pins: { option: 'pin', key: 'pins' },
  serverHostname: { option: 'server-hostname', key: 'serverHostname' },
  ca: { option: 'ca', key: 'ca' },
  cert: { option: 'cert', key: 'cert' },
  key: { option: 'key', key: 'key' },
};

/**
 * What a client refuses of a profile's values is a mistake of the configuration, and no option of the command line that was never
 * given.
 */
export function ofProfile(error: unknown, profile: Profile | undefined, args: Args): unknown {
  if (!isFivewireError(error)) return error;
  const isName = error.code === 'ERR_SERVER_HOSTNAME_INVALID';
  const { argument = '' } = error as { argument?: string };
  const late = checkedLate[isName ? 'serverHostname' : argument.replace(/^tls\./, '')];
  if (profile === undefined || late === undefined) return error;
  if (args[late.option] !== undefined || profile[late.key] === undefined) return error;
  const { message, hint } = saidOf(error);
  const where = `${profile.file}: profiles.${profile.name}`;
  return misconfigured(`${where}: ${asKeys(message)}`, asKeys(hint));
}

const asKeys = (text: string): string =>
  text.replace(/--(ca|cert|key|pin|proxy)\b/g, '$1').replace('--server-hostname', 'serverHostname');

type Reader = (value: unknown, where: string, directory: string) => object;

const string =
  (key: string): Reader =>
  (value, where) => ({ [key]: asString(value, where) });

const file =
  (key: string): Reader =>
  (value, where, directory) => ({ [key]: pathBeside(directory, asString(value, where)) });

/** What an account may say, and what each becomes. */
const readers: Readonly<Record<string, Reader>> = {
  user: string('user'),
  from: string('from'),
  passwordCommand: string('passwordCommand'),
  tokenCommand: string('tokenCommand'),
  serverHostname: string('serverHostname'),
  proxy: string('proxy'),
  dkimDomain: string('dkimDomain'),
  dkimSelector: string('dkimSelector'),
  dkimKey: file('dkimKey'),
  netrc: file('netrc'),
  keyring: (value, where) => {
    if (typeof value === 'boolean') return { keyring: value };
    throw misconfigured(`${where} must be true or false`);
  },
  cert: file('cert'),
  key: file('key'),
  ca: (value, where, directory) => ({
    ca: asStrings(value, where).map((path) => pathBeside(directory, path)),
  }),
  pin: (value, where) => ({ pins: asStrings(value, where) }),
  security: (value, where) => ({
    security: oneOf(value, ['implicit-tls', 'starttls', 'cleartext'], where),
  }),
  tlsMin: (value, where) => ({ minVersion: `TLSv${oneOf(String(value), ['1.2', '1.3'], where)}` }),
  timeout: (value, where) => {
    // As of --timeout: what no timer can hold would be none at all.
    if (typeof value === 'number' && value > 0 && value < 1e6) return { timeout: value * 1_000 };
    throw misconfigured(`${where} must be a number of seconds above 0, and below a million`);
  },
};

function readProfile(path: string, name: string, account: unknown): Profile {
  const where = `${path}: profiles.${name}`;
  const fields = section(account, where, [...protocols, ...Object.keys(readers)]);
  const urls: Partial<Record<Protocol, string>> = {};
  let profile: Profile = { name, file: path, urls };
  for (const [key, value] of Object.entries(fields)) {
    const reader = readers[key];
    if (reader !== undefined)
      profile = { ...profile, ...reader(value, `${where}.${key}`, dirname(path)) };
    else urls[key as Protocol] = serverUrl(key, value, `${where}.${key}`);
  }
  if (Object.keys(urls).length === 0)
    throw misconfigured(`${where} names no server`, `Add a line such as imap: imaps://alice@host.`);
  return profile;
}

function serverUrl(protocol: string, value: unknown, where: string): string {
  const url = asString(value, where);
  const [, user = ''] = /^[^:]*:\/\/([^@/]*)@/.exec(url) ?? [];
  if (user.includes(':'))
    throw misconfigured(`${where} holds a password`, 'Use passwordCommand or netrc instead.');
  if (!new RegExp(`^${protocol}s?://[^/]+`).test(url))
    throw misconfigured(`${where} is no ${protocol}s:// or ${protocol}:// URL`);
  try {
    parseConnectUrl({ schemes: { [`${protocol}s`]: 'implicit-tls', [protocol]: 'starttls' } }, url);
    return url;
  } catch (error) {
    if (!isFivewireError(error)) throw error;
    throw misconfigured(`${where}: ${line(error.message)}`, error.hint);
  }
}

function section(value: unknown, where: string, keys?: readonly string[]): Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw misconfigured(`${where} must be a mapping`);
  const unknown = Object.keys(value).find((key) => keys !== undefined && !keys.includes(key));
  if (unknown !== undefined)
    throw misconfigured(
      `${where} has an unknown key ${JSON.stringify(unknown)}`,
      /^pass(word)?$/i.test(unknown)
        ? 'Passwords do not belong into that file: use passwordCommand, keyring or netrc.'
        : `Known: ${keys?.join(', ')}.`,
    );
  return value as Record<string, unknown>;
}

function asString(value: unknown, where: string): string {
  if (typeof value === 'string' && value !== '') return value;
  throw misconfigured(`${where} must be a text`);
}

/** Nothing in a list would be no pin and no authority at all, where somebody meant some. */
function asStrings(value: unknown, where: string): string[] {
  const list = Array.isArray(value) ? value : [value];
  if (list.length === 0) throw misconfigured(`${where} is empty`, 'Leave it out.');
  return list.map((one) => asString(one, where));
}

function oneOf(value: unknown, allowed: readonly string[], where: string): string {
  if (typeof value === 'string' && allowed.includes(value)) return value;
  throw misconfigured(`${where} must be one of ${allowed.join(', ')}`);
}
