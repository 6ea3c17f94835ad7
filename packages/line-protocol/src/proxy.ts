/** Through a proxy: SOCKS4a and SOCKS5 (RFC 1928, by the `socks` package, loaded when asked for), HTTP CONNECT (RFC 9110 §9.3.6). */
import { isIP } from 'node:net';
import type { Duplex } from 'node:stream';
import { ConnectionError, escapeText, isFivewireError, UsageError } from 'tls-context-core';
import type { DialOptions, DialTarget } from './dial.js';
import { openTcp } from './tcp.js';

interface ProxyAddress {
  scheme: 'socks5' | 'socks4a' | 'http';
  host: string;
  port: number;
  user: string;
  password: string;
}

const ports = { socks5: 1080, socks4a: 1080, http: 8080 } as const;

/** @throws UsageError `ERR_ARGUMENT` for a scheme that we do not speak. The URL's password is never shown. */
export function parseProxy(url: string): ProxyAddress {
  let parsed: URL;
  try {
    parsed = new URL(url);
  } catch {
    throw new UsageError('ERR_ARGUMENT', 'proxy is no URL', {
      argument: 'proxy',
      hint: 'Write it as socks5://host:1080.',
    });
  }
  const scheme = parsed.protocol.slice(0, -1).replace(/^socks5h$|^socks$/, 'socks5');
  if (!(scheme in ports) || parsed.hostname === '') {
    throw new UsageError('ERR_ARGUMENT', `proxy has the scheme ${scheme}:`, {
      argument: 'proxy',
      hint: 'Use socks5://, socks4a:// or http:// (CONNECT).',
    });
  }
  const known = scheme as keyof typeof ports;
  return {
    scheme: known,
    host: parsed.hostname.replace(/^\[|\]$/g, ''),
    // URL drops a port that is the scheme's default (80 for http).
    port: Number(parsed.port || (known === 'http' && /:80(\/|$)/.test(url) ? 80 : ports[known])),
    user: decode(parsed.username),
    password: decode(parsed.password),
  };
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new UsageError('ERR_ARGUMENT', 'proxy has a user that is not percent-encoded UTF-8', {
      argument: 'proxy',
    });
  }
}

export async function dialThroughProxy(
  url: string,
  target: DialTarget,
  signal: AbortSignal,
  options: Pick<DialOptions, 'localAddress' | 'lookup' | 'keepAlive'>,
): Promise<Duplex> {
  const proxy = parseProxy(url);
  let stream: Duplex;
  try {
    stream = await openTcp(proxy, options, signal);
  } catch (cause) {
    throw proxyFailed(proxy, target, cause instanceof Error ? cause.message : String(cause), cause);
  }
  const stop = (): void => {
    stream.destroy();
  };
  signal.addEventListener('abort', stop, { once: true });
  try {
    return await (proxy.scheme === 'http'
      ? httpConnect(stream, proxy, target)
      : socksConnect(stream, proxy, target));
  } catch (cause) {
    stream.on('error', () => {});
    stream.destroy();
    throw isFivewireError(cause)
      ? cause
      : proxyFailed(proxy, target, (cause as Error).message, cause);
  } finally {
    signal.removeEventListener('abort', stop);
  }
}

async function socksConnect(
  stream: Duplex,
  proxy: ProxyAddress,
  target: DialTarget,
): Promise<Duplex> {
  const { SocksClient } = await import('socks');
  const { socket } = await SocksClient.createConnection({
    command: 'connect',
    existing_socket: stream as never,
    destination: { host: target.host, port: target.port },
    proxy: {
      host: proxy.host,
      port: proxy.port,
      type: proxy.scheme === 'socks5' ? 5 : 4,
      ...(proxy.user === '' ? {} : { userId: proxy.user, password: proxy.password }),
    },
    timeout: 2_147_483_000, // our own deadline covers it
  });
  return socket;
}

/** What follows the answer's head is the server's first words: it is put back. */
function httpConnect(stream: Duplex, proxy: ProxyAddress, target: DialTarget): Promise<Duplex> {
  const authority = `${isIP(target.host) === 6 ? `[${target.host}]` : target.host}:${target.port}`;
  if (/[\s\x00-\x1f]/.test(authority))
    throw new UsageError('ERR_ARGUMENT', 'host has spaces or control characters');
  const credentials = Buffer.from(`${proxy.user}:${proxy.password}`).toString('base64');
  const authorization = proxy.user === '' ? '' : `Proxy-Authorization: Basic ${credentials}\r\n`;
  stream.write(`CONNECT ${authority} HTTP/1.1\r\nHost: ${authority}\r\n${authorization}\r\n`);
  return new Promise((resolve, reject) => {
    let head = Buffer.alloc(0);
    const settle = (): void => {
      stream.off('data', onData);
      stream.off('error', onError);
      stream.off('close', onClose);
    };
    const onError = (error: Error): void => {
      settle();
      reject(error);
    };
    const onClose = (): void => onError(new Error('the proxy closed the connection'));
    const onData = (chunk: Buffer): void => {
      head = Buffer.concat([head, chunk]);
      const end = head.indexOf('\r\n\r\n');
      if (end < 0) {
        if (head.length > headLimit) onError(new Error('the proxy sent an endless head'));
        return;
      }
      const status = head.subarray(0, head.indexOf('\r\n')).toString('latin1');
      if (!/^HTTP\/1\.[01] 2\d\d/.test(status)) {
        onError(new Error(`it answered "${escapeText(status, 120)}"`));
        return;
      }
      settle();
      stream.pause();
      const rest = head.subarray(end + 4);
      if (rest.length > 0) stream.unshift(rest);
      resolve(stream);
    };
    stream.on('data', onData);
    stream.on('error', onError);
    stream.on('close', onClose);
  });
}

const headLimit = 16_384;

function proxyFailed(
  proxy: ProxyAddress,
  target: DialTarget,
  what: string,
  cause: unknown,
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
      retry: 'later',
      hint: 'Check the proxy, its credentials, and whether it allows this port.',
    },
  );
}
