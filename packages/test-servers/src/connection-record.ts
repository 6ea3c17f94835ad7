/** What a connection was like: for tests to look at, during and after. */
import type { TLSSocket } from 'node:tls';
import type { Faults } from './faults.js';
import type { Transcript } from './transcript.js';

/** The ways to a server. A cleartext port never offers STARTTLS; a starttls port refuses credentials before TLS. */
export type SecurityMode = 'implicit-tls' | 'starttls' | 'cleartext';

export interface ConnectionRecord {
  /** Counted from 0 in the order of arrival, all modes together. */
  readonly number: number;
  readonly mode: SecurityMode;
  /** The client's port; 0 on a Unix socket. */
  readonly remotePort: number;
  /** Set once TLS is up. */
  tls?: TlsRecord;
  /** Why TLS did not come up. */
  tlsError?: Error;
  /** Who logged in. */
  user?: string;
  /** The lines that the client sent, in clear and decrypted, without CRLF; bodies are left out. The newest 10,000. */
  readonly lines: string[];
  /** Those of them that came before TLS, or without it. */
  readonly linesInClear: string[];
  /** Octets of the protocol that went out so far. */
  sent: number;
  /** May be changed at any time; the next write obeys. */
  faults: Faults;
  closed: boolean;
  /** What was said both ways, secrets masked; with the option `transcripts`. */
  readonly transcript?: Transcript | undefined;
  /** Cuts the connection now, without a word. */
  destroy(): void;
}

export interface TlsRecord {
  /** The name that the client asked for (SNI). */
  servername: string | undefined;
  alpn: string | undefined;
  /** `'TLSv1.3'`, … */
  version: string;
  cipher: string;
  resumed: boolean;
  /** Common name of the client's certificate, where one was asked for, given and trusted. */
  clientName: string | undefined;
}

export function describeTls(socket: TLSSocket): TlsRecord {
  const name = socket.authorized ? socket.getPeerCertificate().subject?.CN : undefined;
  // Documented, but absent from @types/node 20.
  const { servername } = socket as TLSSocket & { servername?: string | false };
  return {
    servername: servername || undefined,
    alpn: socket.alpnProtocol || undefined,
    version: socket.getProtocol() ?? 'unknown',
    cipher: socket.getCipher().standardName,
    resumed: socket.isSessionReused(),
    clientName: Array.isArray(name) ? name[0] : name,
  };
}
