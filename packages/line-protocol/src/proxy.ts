/** Through a proxy: which one, the way to it, and what is said to it by its kind. The proxy resolves the server's name. */
import type { Duplex } from 'node:stream';
import {
  ConnectionError,
  createTlsContext,
  defaultTlsContext,
  isFivewireError,
  isTlsContext,
  parseServerHostname,
  secure,
  UsageError,
} from 'tls-context-core';
import type { DialOptions, DialTarget } from './dial.js';
import { type ProxyAddress, type ProxyRefusal, parseProxy, wrongProxy } from './proxy-address.js';
import { httpConnect } from './proxy-connect.js';
import { proxyOfEnvironment } from './proxy-environment.js';
import { socksConnect } from './proxy-socks.js';
import { openTcp } from './tcp.js';

/**
 * `socks5://`, `socks4a://`, `http://` or `https://` (CONNECT, the latter over TLS to the proxy), with `user:password@` where the
 * proxy wants it; `'environment'`: what ALL_PROXY and NO_PROXY say; a function: what it gives, `undefined` for no proxy.
 */
export type ProxyChoice =
  | string
  | ((target: DialTarget) => string | undefined | Promise<string | undefined>);

/** @throws UsageError `ERR_ARGUMENT` for what is none. Environment and function are judged when they are asked. */
export function checkProxy(proxy: unknown): void {
  if (typeof proxy === 'function' || proxy === 'environment') return;
  if (typeof proxy !== 'string') throw wrongProxy('proxy must be a URL, a function or environment');
  parseProxy(proxy);
}

/** Which proxy leads to this host; `undefined`: none. */
export async function chooseProxy(
  proxy: ProxyChoice,
  target: DialTarget,
): Promise<ProxyAddress | undefined> {
  const url =
    proxy === 'environment'
      ? proxyOfEnvironment(target, process.env)
      : typeof proxy === 'function'
        ? await askCaller(proxy, target)
        : proxy;
  return url === undefined ? undefined : parseProxy(url);
}

async function askCaller(
  proxy: Exclude<ProxyChoice, string>,
  target: DialTarget,
): Promise<string | undefined> {
  let url: unknown;
  try {
    url = await proxy({ ...target });
  } catch (cause) {
    const hint = 'The cause of this error is what your function threw.';
    throw new UsageError('ERR_ARGUMENT', 'proxy() threw', { argument: 'proxy', hint, cause });
  }
  if (url === undefined || typeof url === 'string') return url;
  throw wrongProxy('proxy() must give a URL or undefined');
}

export type ProxyWay = Pick<DialOptions, 'localAddress' | 'lookup' | 'keepAlive' | 'proxyTls'>;

/** @param given a name or address; what is none never reaches the proxy: TlsError `ERR_SERVER_HOSTNAME_INVALID`. */
export async function dialThroughProxy(
  proxy: ProxyAddress,
  given: DialTarget,
  signal: AbortSignal,
  options: ProxyWay,
): Promise<Duplex> {
  const target = { ...given, host: parseServerHostname(given.host).name };
  let stream: Duplex | undefined;
  const stop = (): void => {
    stream?.destroy();
  };
  signal.addEventListener('abort', stop, { once: true });
  try {
    stream = await openTcp(proxy, options, signal);
    if (proxy.scheme === 'https') stream = await overTls(stream, proxy, options, signal);
    return proxy.scheme === 'http' || proxy.scheme === 'https'
      ? await httpConnect(stream, proxy, target)
      : await socksConnect(stream, proxy, target);
  } catch (cause) {
    stream?.on('error', () => {});
    stream?.destroy();
    if (isFivewireError(cause) && cause.code !== 'ERR_PROXY_FAILED' && !isTls(cause)) throw cause;
    const { message = String(cause), refusal } = cause as Partial<ProxyRefusal>;
    throw proxyFailed(proxy, target, message, cause, refusal);
  } finally {
    signal.removeEventListener('abort', stop);
  }
}

/** TLS to the proxy, whose own name is checked; the TLS to the server is another, inside. */
function overTls(
  stream: Duplex,
  { host, port }: ProxyAddress,
  { proxyTls }: ProxyWay,
  signal: AbortSignal,
): Promise<Duplex> {
  const context =
    proxyTls === undefined
      ? defaultTlsContext()
      : isTlsContext(proxyTls)
        ? proxyTls
        : createTlsContext(proxyTls);
  return secure(stream, {
    context,
    serverHostname: host,
    protocol: 'smtp', // no ALPN is offered: it names the protocol inside
    alpn: false,
    host,
    port,
    signal,
    timeout: 0, // the dial's own covers it
  });
}

const isTls = ({ name }: Error): boolean => name === 'TlsError';

function proxyFailed(
  proxy: ProxyAddress,
  target: DialTarget,
  what: string,
  cause: unknown,
  { retry = 'later', hint }: { retry?: 'later' | 'never'; hint?: string } = {},
): ConnectionError {
  const at = `${proxy.scheme}://${proxy.host}:${proxy.port}`;
  return new ConnectionError(
    'ERR_PROXY_FAILED',
    `The proxy ${at} gave no way to ${target.host}:${target.port}: ${what}`,
    {
      host: target.host,
      port: target.port,
      phase: 'proxy',
      cause,
      retry,
      hint: hint ?? 'Check the proxy, its credentials, and whether it allows this port.',
    },
  );
}
