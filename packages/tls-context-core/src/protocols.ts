/** What this package must know of each protocol: its ALPN name and its ports. IANA; RFC 8314, 4217, 4642, 7301. */

import type { ProtocolName } from './errors.js';
import { oneOf, type Rule } from './option-check.js';

export interface ProtocolFacts {
  /** SMTP and LMTP have no registered name, nor has Redis. */
  readonly alpn?: string;
  readonly implicitPort?: number;
  readonly startTlsPort?: number;
}

export const protocols: Readonly<Record<ProtocolName, ProtocolFacts>> = {
  ftp: { alpn: 'ftp', implicitPort: 990, startTlsPort: 21 },
  imap: { alpn: 'imap', implicitPort: 993, startTlsPort: 143 },
  pop3: { alpn: 'pop3', implicitPort: 995, startTlsPort: 110 },
  smtp: { implicitPort: 465, startTlsPort: 587 },
  lmtp: { startTlsPort: 24 },
  nntp: { alpn: 'nntp', implicitPort: 563, startTlsPort: 119 },
  https: { alpn: 'http/1.1', implicitPort: 443 },
  redis: {},
};

const isPort = (value: unknown): boolean =>
  Number.isInteger(value) && (value as number) > 0 && (value as number) < 65_536;

/** Rules for the options that name a peer. */
export const protocolRule: Rule = oneOf(...Object.keys(protocols));
export const portRule: Rule = [isPort, 'a port from 1 to 65535'];
/** Its parser has more to say. */
export const serverHostnameRule: Rule = [() => true, 'a host name'];
