/** Where the user's own files are. */
import { homedir } from 'node:os';
import { isAbsolute, join, resolve } from 'node:path';

export const homePath = (...parts: string[]): string => join(homedir(), ...parts);

/** XDG base directories: `$XDG_CONFIG_HOME`, where it is absolute, else `~/.config`. */
export function defaultConfigPath(): string {
  const configured = process.env.XDG_CONFIG_HOME;
  const home = configured && isAbsolute(configured) ? configured : homePath('.config');
  return join(home, 'fivewire', 'config.yaml');
}

/** A path as a configuration file names it: `~/` is the home directory, what is relative lies beside the file. */
export const pathBeside = (directory: string, path: string): string =>
  path.startsWith('~/') ? homePath(path.slice(2)) : resolve(directory, path);

/** The same for state: `$XDG_STATE_HOME`, where it is absolute, else `~/.local/state`. */
export function stateDirectory(): string {
  const configured = process.env.XDG_STATE_HOME;
  const home = configured && isAbsolute(configured) ? configured : homePath('.local', 'state');
  return join(home, 'fivewire');
}
