/** Paths on the server's side: what may be sent, and how a name joins a directory. RFC 959 §4.1.2, RFC 3659 §2.2. */
import { UsageError } from 'tls-context-core';
import { type Charset, octetString } from '../session/charset.js';

/** A path: text, or octets where the server's charset is not known. An `Entry` gives both. */
export type RemotePath = string | Uint8Array;

const limit = 8192;
const loneSurrogate = /\p{Surrogate}/u;

/**
 * The octets of a path, as an octet string, that can go into a command.
 * @throws UsageError ERR_ARGUMENT for CR, LF, NUL, lone surrogates, an empty path, or more than 8,192 octets.
 */
export function pathArgument(path: RemotePath, charset: Charset, argument = 'path'): string {
  const octets = octetsOf(path, charset, argument);
  if (octets === '') throw refusal(argument, 'is empty', 'Use `.` for the login directory.');
  if (octets.length > limit) throw refusal(argument, `is longer than ${limit} octets`);
  for (let i = 0; i < octets.length; i += 1) {
    const code = octets.charCodeAt(i);
    if (code === 0 || code === 10 || code === 13) {
      throw refusal(
        argument,
        'has a CR, LF or NUL in it',
        'FTP has no way to send such a name; rename the file on the server.',
      );
    }
  }
  return octets;
}

function octetsOf(path: RemotePath, charset: Charset, argument: string): string {
  if (path instanceof Uint8Array) {
    return octetString(path);
  }
  if (typeof path !== 'string') throw refusal(argument, 'is neither text nor octets');
  if (loneSurrogate.test(path)) throw refusal(argument, 'has a lone surrogate in it');
  return charset.encode(path);
}

function refusal(argument: string, what: string, hint?: string): UsageError {
  return new UsageError('ERR_ARGUMENT', `The ${argument} ${what}.`, {
    protocol: 'ftp',
    argument,
    ...(hint === undefined ? {} : { hint }),
  });
}

/**
 * A name below a directory, in the directory's own writing: `/a/b`, `[A.B]NAME.TXT` (VMS), `'HLQ.LIB(NAME)'` (MVS).
 *
 * @param hasSlashes the server is known to write paths with slashes, where `[c]` is a name like another
 */
export function joinPath(
  directory: string,
  name: string,
  isDirectory: boolean,
  hasSlashes = false,
): string {
  const prefix = prefixOf(directory, hasSlashes);
  if (prefix !== undefined) return prefix + name;
  if (directory.endsWith("'")) return joinDataSet(directory, name);
  return isDirectory ? `${directory.slice(0, -1)}.${name}]` : directory + name;
}

/** What stands before the names in a directory where they are simply put behind it; `undefined` for VMS and MVS. */
export function prefixOf(directory: string, hasSlashes = false): string | undefined {
  if (directory === '' || directory === '.') return '';
  if (!hasSlashes && otherWriting.test(directory)) return undefined;
  return directory.endsWith('/') ? directory : `${directory}/`;
}

/** Whether the server says that it is of a kind whose paths have slashes: there `[c]` is a name like another. */
export const hasSlashes = ({ system }: { readonly system: string }): boolean =>
  /UNIX|WINDOWS/i.test(system);

/** `DISK:[A.B]` and `'HLQ.LIB'`: neither has a slash. */
const otherWriting = /^(?:[^/]*\[[^/]*\]|'[^/]*')$/;

/** z/OS shows whole data set names under a qualifier that ends in a dot, and members of a library without one. */
function joinDataSet(directory: string, name: string): string {
  const qualifier = directory.slice(1, -1);
  if (!qualifier.endsWith('.')) return `'${qualifier}(${name})'`;
  return name.startsWith(qualifier) ? `'${name}'` : `'${qualifier}${name}'`;
}

/** The last part of a path, and what stands before it. Slashes at the end do not count. */
export function splitPath(path: string): { parent: string; name: string } {
  let end = path.length;
  while (end > 1 && path.charCodeAt(end - 1) === 47) end -= 1;
  const slash = path.lastIndexOf('/', end - 1);
  if (slash < 0) return { parent: '', name: path.slice(0, end) };
  return { parent: slash === 0 ? '/' : path.slice(0, slash), name: path.slice(slash + 1, end) };
}

/** The directories from the top down to `path` itself: `/a`, `/a/b`, `/a/b/c`. */
export function ancestry(path: string): string[] {
  const steps: string[] = [];
  let at = 0;
  while (at < path.length) {
    const slash = path.indexOf('/', at);
    const end = slash < 0 ? path.length : slash;
    if (end > at && path.slice(at, end) !== '.') steps.push(path.slice(0, end));
    at = end + 1;
  }
  return steps;
}

/** With a step upwards in it, by either separator, a name is a place elsewhere: what is done to it would be done there. */
export const leadsOut = (name: string): boolean =>
  name.includes('..') && name.split(/[\\/]/).includes('..');

/** LIST takes a path that begins with `-` for options. */
export function notAnOption(path: string): string {
  return path.startsWith('-') ? `./${path}` : path;
}

/** Whether no command can name it: listings may show a name with a NUL or a CR in it, and nothing goes on a command's line with one. */
export const isUnspeakable = (octetPath: string): boolean => /[\0\r\n]/.test(octetPath);
