/** An attack of ours: what the server says, and how it must end. */
import type { ImapServerOptions, Pop3ServerOptions } from '@fivewire/test-servers';
import type { Setup } from '../attack.js';
import type { Picture } from '../targets/target.js';
import type { Outcome } from '../verdict.js';

/** With the study: `negotiation` keeps TLS away, `buffering` adds octets in clear, `tampering` lies about what is there. */
export type Kind = 'negotiation' | 'buffering' | 'handshake' | 'tampering';

export interface Row {
  kind: Kind;
  title: string;
  server: Pick<ImapServerOptions & Pop3ServerOptions, 'impostor' | 'hide' | 'preauth' | 'apop'>;
  /** Default: what it is by default. */
  client?: Setup['client'];
  /** A code alone: the phase depends on when the octets are read. */
  outcome: Outcome | 'ERR_STARTTLS_INJECTION';
  /** What differs from a session without the attack, said by the server itself under TLS. Default: nothing. */
  differs?: Picture;
}

const row =
  (kind: Kind) =>
  (title: string, server: Row['server'], outcome: Row['outcome'], differs?: Picture): Row => ({
    ...{ kind, title, server, outcome },
    ...(differs === undefined ? {} : { differs }),
  });

export const negotiation = row('negotiation');
export const buffering = row('buffering');
export const handshake = row('handshake');
export const tampering = row('tampering');
