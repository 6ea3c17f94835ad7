/**
 * A stream to the server: the caller's own, one through a proxy, or TCP with happy eyeballs (RFC 8305).
 */
import type { LookupFunction } from 'node:net';
import type { Duplex } from 'node:stream';
import {
  ConnectionError,
  deadline,
  isFivewireError,
  type TlsContext,
  type TlsContextOptions,
} from 'tls-context-core';
import { aborted, timedOut } from './deadline.js';
import { onAbort } from './on-abort.js';
import { chooseProxy, dialThroughProxy, type ProxyChoice } from './proxy.js';
import { openTcp } from './tcp.js';

export interface DialTarget {
  host: string;
  port: number;
  /** `control` for the dialogue, `data` for FTP's second connection. */
  purpose: 'control' | 'data';
}

/** Replaces the network: gives a connected stream. */
export type Dial = (target: DialTarget, options: { signal: AbortSignal }) => Promise<Duplex>;

export interface DialOptions {
  /**
   * `socks5://`, `socks4a://`, `http://` or `https://` (CONNECT); `'environment'`: by ALL_PROXY and NO_PROXY; or a function that
   * chooses. The proxy resolves the name. SOCKS needs the package `socks`.
   */
  proxy?: ProxyChoice;
  /** Whom to trust as an `https://` proxy. Default: the system's roots. Its URL's host is the name that is checked. */
  proxyTls?: TlsContextOptions | TlsContext;
  dial?: Dial;
  /** A Unix domain socket instead of host and port. */
  socketPath?: string;
  localAddress?: string;
  family?: 4 | 6;
  lookup?: LookupFunction;
  /** TCP keep-alive: idle time in milliseconds before the first probe. */
  keepAlive?: number;
  signal?: AbortSignal;
  /** Milliseconds for DNS, TCP and the proxy together. */
  timeout: number;
}

/** @throws ConnectionError `ERR_DIAL_FAILED`, `ERR_PROXY_FAILED`; TimeoutError; AbortError. Nothing stays open then. */
export async function dial(target: DialTarget, options: DialOptions): Promise<Duplex> {
  const { signal, timeout } = options;
  const context = {
    host: target.host,
    port: target.port,
    phase: 'dial' as const,
    command: 'connect',
  };
  if (signal?.aborted) throw aborted(signal, context, 'closed');
  const stop = new AbortController();
  return new Promise<Duplex>((resolve, reject) => {
    let over = false;
    const finish = (): boolean => {
      const first = !over;
      over = true;
      timely();
      leave?.();
      return first;
    };
    const giveUp = (error: Error): void => {
      if (!finish()) return;
      stop.abort(error);
      reject(error);
    };
    const timely = deadline(timeout, () =>
      giveUp(Object.assign(timedOut({ phase: 'dial', timeout }), context)),
    );
    const leave = signal && onAbort(signal, () => giveUp(aborted(signal, context, 'closed')));
    openStream(target, options, stop.signal).then(
      (stream) => {
        if (finish()) resolve(stream);
        else stream.destroy(); // came after we gave up
      },
      (error: unknown) => giveUp(isFivewireError(error) ? error : dialFailed(target, error)),
    );
  });
}

const proxied = new WeakSet<Duplex>();

/** Whether a stream of {@link dial} leads through a proxy: then its remote address is the proxy's. */
export const isProxied = (stream: Duplex): boolean => proxied.has(stream);

async function openStream(
  target: DialTarget,
  options: DialOptions,
  signal: AbortSignal,
): Promise<Duplex> {
  if (options.dial !== undefined) return options.dial(target, { signal });
  if (options.proxy !== undefined) {
    const proxy = await chooseProxy(options.proxy, target);
    if (proxy !== undefined) {
      const stream = await dialThroughProxy(proxy, target, signal, options);
      proxied.add(stream);
      return stream;
    }
  }
  return openTcp(target, options, signal);
}

function dialFailed({ host, port }: DialTarget, cause: unknown): ConnectionError {
  const errors = cause instanceof AggregateError ? cause.errors : [cause];
  const codes = [
    ...new Set(errors.map((error: NodeJS.ErrnoException) => error.code ?? error.message)),
  ];
  const addresses = errors
    .map((error: NodeJS.ErrnoException & { address?: string; port?: number }) => error.address)
    .filter((address): address is string => address !== undefined);
  const first = codes[0] ?? '';
  return new ConnectionError(
    'ERR_DIAL_FAILED',
    `Could not connect to ${host}:${port}: ${codes.join(', ')}`,
    {
      host,
      port,
      phase: 'dial',
      addresses,
      cause,
      retry: 'later',
      ...(dialHints[first] === undefined ? {} : { hint: dialHints[first] }),
    },
  );
}

const dialHints: Record<string, string> = {
  ECONNREFUSED: 'Nothing listens on that port: check the port and whether the server runs.',
  ENOTFOUND: 'The host name does not resolve: check its spelling and your DNS.',
  EAI_AGAIN: 'DNS gave no answer: check the network, then try again.',
  ENETUNREACH: 'There is no route to the host: check the network and `family`.',
  EHOSTUNREACH: 'There is no route to the host: check the network and the firewall.',
  ETIMEDOUT: 'The host does not answer: check the address and the firewall.',
  ENOENT: 'The socket file is not there: check socketPath.',
};
