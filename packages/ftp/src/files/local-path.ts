/** A name from a server as a name on this side. The server may be hostile: it never chooses the directory. */
import { join } from 'node:path';
import { LocalError } from 'tls-context-core';

const windowsDevice = /^(?:con|prn|aux|nul|conin\$|conout\$|com[0-9¹²³]|lpt[0-9¹²³])(?:\.|$)/i;

/**
 * The path of a server's name below a directory of ours.
 *
 * @param directory the directory that the result is directly in
 * @param name one part of a path, as an `Entry` calls it
 * @param platform whose rules hold; default: this machine's
 * @throws LocalError ERR_LOCAL_PATH for `..`, slashes, NUL, and on Windows for device names, drives, streams and what it strips
 */
export function localPath(
  directory: string,
  name: string,
  platform: NodeJS.Platform = process.platform,
): string {
  const reason = refusalOf(name, platform === 'win32');
  if (reason === undefined) return join(directory, name);
  throw new LocalError('ERR_LOCAL_PATH', `The server's name ${JSON.stringify(name)} ${reason}.`, {
    protocol: 'ftp',
    path: name,
    hint: 'Download it alone and choose the local name yourself.',
  });
}

function refusalOf(name: string, windows: boolean): string | undefined {
  if (name === '' || name === '.' || name === '..') return 'names a directory, not a thing in it';
  if (name.includes('/')) return 'has a slash in it';
  if (name.includes('\0')) return 'has a NUL in it';
  if (!windows) return undefined;
  if (/[\\:*?"<>|\x01-\x1f]/.test(name))
    return 'has a character that Windows gives a meaning of its own';
  if (/[. ]$/.test(name)) return 'ends in a dot or blank, which Windows would strip';
  if (windowsDevice.test(name.replace(/ +(?=\.|$)/, ''))) return 'is a device of Windows';
  return undefined;
}
