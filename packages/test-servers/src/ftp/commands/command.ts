/** What a command is, and how all of them are found. */
import type { FtpSession } from '../ftp-session.js';

export interface Command {
  /** Allowed before the login. */
  beforeLogin?: true;
  run(at: FtpSession, argument: string): Promise<void>;
}

/** By name, upper case. */
export type Commands = Readonly<Record<string, Command>>;
