/** What every command gets: the options that are the same everywhere, checked, and where to talk. */
import type { PasswordSources } from './credentials.js';
import type { Output } from './output.js';
import type { Profile } from './profile.js';

export type SecurityChoice = 'implicit-tls' | 'starttls' | 'cleartext';

export interface Settings {
  security: SecurityChoice | undefined;
  serverHostname: string | undefined;
  /** Paths of PEM files. */
  ca: readonly string[];
  pins: readonly string[];
  cert: string | undefined;
  key: string | undefined;
  minVersion: 'TLSv1.2' | 'TLSv1.3' | undefined;
  proxy: string | undefined;
  /** Milliseconds. */
  timeout: number | undefined;
  /** How often a command that failed for a while is run again. */
  retries: number;
  /** Octets a second. */
  limitRate: number | undefined;
  user: string | undefined;
  /** The netrc file to look passwords up in; undefined: none. */
  netrc: string | undefined;
  passwordCommand: string | undefined;
  tokenCommand: string | undefined;
  passwordStdin: boolean;
  /** Look the password up in the system's keyring. */
  keyring: boolean;
  allowCleartextAuth: boolean;
  trace: boolean;
}

export interface Context {
  readonly settings: Settings;
  readonly profile: Profile | undefined;
  readonly out: Output;
  readonly signal: AbortSignal;
  /**
   * An earlier try of this command line was cut off, and may have done what it says: what is not there any more counts as removed,
   * a file that holds what comes as got.
   */
  readonly repeats: boolean;
  /** Passwords that this run has asked for. */
  readonly sources: PasswordSources;
}

/** A command's own options as yargs gives them; each command states and checks what it takes. */
export type Args = Readonly<Record<string, unknown>>;

export interface CommandModule {
  options: Readonly<Record<string, OptionSpec>>;
  /** @returns the exit code; nothing is 0 */
  run(args: Args, context: Context): Promise<number | undefined>;
}

export interface OptionSpec {
  type: 'string' | 'boolean' | 'count';
  describe: string;
  alias?: string;
  /** May be given several times. */
  array?: boolean;
  choices?: readonly string[];
  /** A file that is written, or kept beside others: `-` would be stdout, and is refused. */
  noDash?: boolean;
  /** An empty value means something. Otherwise it is refused: `--option "$UNSET"` must not count as left out. */
  mayBeEmpty?: boolean;
}

/** For arguments of which yargs has seen to it that they are there. */
export const text = (value: unknown): string => String(value);
export const optionalText = (value: unknown): string | undefined =>
  value === undefined ? undefined : String(value);
export const texts = (value: unknown): string[] =>
  value === undefined ? [] : (Array.isArray(value) ? value : [value]).map(String);
