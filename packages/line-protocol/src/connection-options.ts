/** What a line connection is made of, and what it says of its end. */
import type {
  FivewireError,
  ProtocolName,
  SessionScope,
  TlsaRecord,
  TlsContext,
} from 'tls-context-core';
import type { Timeouts } from './deadline.js';
import type { WireEvent } from './wire-log.js';

/** Caps on what a server may make us hold. */
export interface LineLimits {
  /** Octets of one line, CRLF not counted. Default 65,536. */
  lineOctets: number;
  /** Octets of one multi-line reply. Default 1,048,576. */
  replyOctets: number;
}

export const defaultLineLimits: LineLimits = { lineOctets: 65_536, replyOctets: 1_048_576 };

/** Whom TLS must find at the other end of this connection. */
export interface TlsPeer {
  context: TlsContext;
  serverHostname: string;
  /** Further proofs of who it is, see `SecureOptions`. */
  srvId?: string;
  tlsa?: readonly TlsaRecord[];
  sessions?: SessionScope;
}

export interface LineConnectionOptions {
  protocol: ProtocolName;
  /** Who was dialled: for messages, and for the TLS session's identity. */
  host?: string;
  port?: number;
  /** Absent where the caller chose cleartext: then `startTls` is a usage error. */
  tls?: TlsPeer;
  timeouts?: Partial<Timeouts>;
  limits?: Partial<LineLimits>;
  log?: (event: WireEvent) => void;
}

export type CloseReason = 'quit' | 'close' | 'server' | 'error';

/** What `closed` resolves to. It never rejects. */
export interface Closed {
  /** `quit`: we said goodbye; `close`: the caller closed; `server`: the peer left; `error`: it broke. */
  reason: CloseReason;
  error?: FivewireError;
}
