/** Which paths of a tree are meant: `*.html`, `docs/**`, `**\/node_modules`. */
import { UsageError } from '@fivewire/line-protocol';

export type Selects = (path: string) => boolean;

/**
 * `*` and `?` stay within one name, `**` goes over any number of directories. A pattern without a slash is about names at any depth,
 * one with a slash about the whole path below the root.
 *
 * @throws UsageError ERR_ARGUMENT
 */
export function globs(patterns: readonly string[] | undefined, argument: string): Selects[] {
  return (patterns ?? []).map((pattern) => glob(pattern, argument));
}

function glob(pattern: string, argument: string): Selects {
  if (typeof pattern !== 'string' || pattern === '' || pattern.length > 1_000) {
    throw new UsageError(
      'ERR_ARGUMENT',
      `A pattern in ${argument} is empty, too long or no text.`,
      {
        protocol: 'ftp',
        argument,
      },
    );
  }
  const isPath = pattern.includes('/');
  const expression = new RegExp(`^${translated(pattern.replace(/^\.?\//, ''))}$`, 'su');
  return (path) => expression.test(isPath ? path : path.slice(path.lastIndexOf('/') + 1));
}

function translated(pattern: string): string {
  let text = '';
  for (let at = 0; at < pattern.length; at += 1) {
    const letter = pattern.charAt(at);
    if (pattern.startsWith('**/', at)) {
      text += '(?:[^/]+/)*';
      at += 2;
    } else if (pattern.startsWith('**', at)) {
      text += '.*';
      at += 1;
    } else if (letter === '*') text += '[^/]*';
    else if (letter === '?') text += '[^/]';
    else text += letter.replace(/[\\^$.|?*+()[\]{}/-]/, '\\$&');
  }
  return text;
}
