/** Who may ask: on loopback every user of this machine, elsewhere those who have the token; and no other site on a browser's behalf. */
import { timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { isIPv4 } from 'node:net';

export interface Guard {
  /** The address that the page is served at. */
  host: string;
  /** `undefined`: none is needed. */
  token: string | undefined;
}

export const cookieName = 'fivewire-token';

export const isLoopback = (host: string): boolean =>
  host === 'localhost' || host === '::1' || (isIPv4(host) && host.startsWith('127.'));

/** Why a request is refused, as a status; `undefined`: it may pass. */
export function refusalOf(request: IncomingMessage, guard: Guard): number | undefined {
  // A name of another site that leads to this machine (DNS rebinding) is none of ours.
  if (isLoopback(guard.host) && !isLoopback(nameIn(request.headers.host))) return 421;
  if (isForeign(request)) return 403;
  return guard.token === undefined || hasToken(request, guard.token) ? undefined : 401;
}

function nameIn(authority = ''): string {
  const name = /^\[([^\]]*)\](?::\d+)?$/.exec(authority)?.[1] ?? authority.replace(/:\d+$/, '');
  return name.toLowerCase();
}

/** A page of another origin asks, through a browser that says so. */
function isForeign({ headers, method }: IncomingMessage): boolean {
  const site = headers['sec-fetch-site'];
  if (site !== undefined && site !== 'same-origin' && site !== 'none')
    return headers['sec-fetch-mode'] !== 'navigate' || method !== 'GET';
  if (headers.origin === undefined) return false;
  return headers.origin !== `http://${headers.host}`;
}

function hasToken({ headers }: IncomingMessage, token: string): boolean {
  const bearer = /^Bearer (\S+)$/i.exec(headers.authorization ?? '')?.[1];
  const cookie = new RegExp(`(?:^|; )${cookieName}=([^;]*)`).exec(headers.cookie ?? '')?.[1];
  return [bearer, cookie].some((given) => given !== undefined && isSame(given, token));
}

export function isSame(given: string, token: string): boolean {
  const [a, b] = [Buffer.from(given), Buffer.from(token)];
  return a.length === b.length && timingSafeEqual(a, b);
}
