/**
 * RFC 5321 §5.1: a name with several addresses is several servers. One that greets with "not now" (421, 4yz) sends us to the
 * next.
 */

import type { LookupAddress } from 'node:dns';
import { lookup as systemLookup } from 'node:dns';
import type { LookupFunction, Socket } from 'node:net';
import {
  ipVersion,
  isFivewireError,
  type LineConnection,
  type Transport,
} from '@fivewire/line-protocol';

/** How many addresses of one name are tried. */
const addressLimit = 4;

/** The same way to the other addresses of the host; none where the caller or a proxy decides what is dialled. */
export async function otherAddresses(
  transport: Transport,
  tried: string | undefined,
): Promise<Transport[]> {
  const { host, options } = transport;
  const own = options.stream ?? options.socketPath ?? options.dial ?? options.proxy;
  if (own !== undefined || ipVersion(host) !== 0 || tried === undefined) return [];
  const addresses = await allAddresses(host, options.lookup ?? systemLookup, options.family);
  return addresses
    .filter(({ address }) => address !== tried)
    .slice(0, addressLimit - 1)
    .map((one) => ({ ...transport, options: { ...options, lookup: always(one) } }));
}

/** Whom this connection reached. */
export const addressOf = ({ stream }: LineConnection): string | undefined =>
  (stream as Partial<Socket>).remoteAddress;

/** The server is there and takes no session now. */
export const isBusyGreeting = (error: unknown): boolean =>
  isFivewireError(error) &&
  error.phase === 'greeting' &&
  error.retry === 'later' &&
  (error.code === 'ERR_SERVER_CLOSING' || error.code === 'ERR_COMMAND_REJECTED');

function allAddresses(
  host: string,
  lookup: LookupFunction,
  family: 4 | 6 | undefined,
): Promise<LookupAddress[]> {
  return new Promise((resolve) => {
    lookup(host, { all: true, ...(family === undefined ? {} : { family }) }, (error, found) => {
      resolve(error === null && Array.isArray(found) ? found : []);
    });
  });
}

const always =
  ({ address, family }: LookupAddress): LookupFunction =>
  (_host, options, done) => {
    if (options.all === true) done(null, [{ address, family }]);
    else done(null, address, family);
  };
