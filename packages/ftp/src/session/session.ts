/** What the parts of a client share: who is at the other end, how to reach it, and what it can do. */
import type { SessionScope, Transport } from '@fivewire/line-protocol';
import type { ActiveMode } from '../transfer/active-port.js';
import type { FtpLimits } from '../types.js';
import type { Charset } from './charset.js';
import type { Control } from './control.js';
import type { ServerTraits } from './server-traits.js';

export interface Session {
  readonly transport: Transport;
  readonly control: Control;
  readonly charset: Charset;
  /** Data goes to where control went: its address, or through a proxy its name. */
  readonly dataHost: string;
  /** TLS sessions of this control connection and its data connections. */
  readonly scope: SessionScope | undefined;
  /** FEAT, as read under TLS: key in upper case, and what follows it on each of its lines. */
  readonly features: ReadonlyMap<string, readonly string[]>;
  /** What SYST said. */
  readonly system: string;
  readonly limits: FtpLimits;
  /** Active mode: the server dials. `undefined`: this side does. */
  readonly active: ActiveMode | undefined;
  /** Whether TLS has left the control connection (CCC). */
  readonly isInClear: boolean;
  /** Whether data connections are under TLS. */
  readonly securesData: boolean;
  /** Milliseconds between two NOOPs in a transfer; 0: none. */
  readonly noopInterval: number;
  readonly requireCloseNotify: boolean;
  readonly utcOffset: number;
  /** What has been learned of the server; connections of a pool share it. */
  readonly traits: ServerTraits;
  readonly learned: Learned;
}

/** What is so on one connection, until it changes. */
export interface Learned {
  /** A restart offset may still lie with the server: its transfer never came to be (ProFTPD). */
  staleRestart: boolean;
  /** MODE Z is set. */
  deflates: boolean;
  /** The transfer type that is set. */
  type: 'A' | 'I' | undefined;
  /** The working directory, as PWD gave it: an octet string. `undefined` until asked, `null` where the server does not tell. */
  home: string | null | undefined;
  /** How many files have been transferred one right after another, and when the last of them ended, by `performance.now()`. */
  row: { readonly files: number; readonly at: number };
  /** A port that was asked for ahead of the next transfer, and when. */
  port: { readonly number: number; readonly at: number } | undefined;
}

/** Whether a feature is announced and not disabled. */
export function hasFeature(session: Session, name: string): boolean {
  return session.features.has(name) && !session.transport.disable.has(name);
}
