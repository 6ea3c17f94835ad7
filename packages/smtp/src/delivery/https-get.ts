/** One small file by HTTPS: RFC 9110, RFC 9112. TLS starts where all TLS starts, in `secure()`. */

import type { LookupFunction } from 'node:net';
import {
  aborted,
  ConnectionError,
  type Dial,
  dial,
  endless,
  isFivewireError,
  secure,
  type TlsContext,
  timedOut,
} from '@fivewire/line-protocol';
import { type HttpResponse, HttpResponseReader } from './http-response.js';

export interface HttpsOptions {
  context: TlsContext;
  /** For all of it, in milliseconds. */
  timeout: number;
  /** Octets of the file. */
  limit: number;
  signal?: AbortSignal;
  dial?: Dial;
  lookup?: LookupFunction;
  proxy?: string;
}

const headLimit = 16_384;

/**
 * GETs a file. What is no plain 200 is the caller's to judge: nothing is followed, nothing retried.
 *
 * @throws ConnectionError, TlsError, TimeoutError, AbortError, RemoteProtocolError. Nothing stays open.
 */
export async function httpsGet(
  host: string,
  path: string,
  options: HttpsOptions,
): Promise<HttpResponse> {
  const { timeout, signal } = options;
  const context = {
    host,
    port: 443,
    phase: 'dial',
    command: `GET https://${host}${path}`,
  } as const;
  if (signal?.aborted) throw aborted(signal, context, 'closed');
  const stop = new AbortController();
  const late = () => stop.abort(timedOut({ ...context, timeout }));
  const leave = () => stop.abort(aborted(signal as AbortSignal, context, 'closed'));
  const timer = endless(timeout) ? undefined : setTimeout(late, timeout);
  signal?.addEventListener('abort', leave, { once: true });
  try {
    return await converse(host, path, options, stop.signal);
  } catch (error) {
    if (stop.signal.aborted) throw stop.signal.reason;
    throw isFivewireError(error) ? error : broken(context, error);
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener('abort', leave);
  }
}

async function converse(
  host: string,
  path: string,
  options: HttpsOptions,
  signal: AbortSignal,
): Promise<HttpResponse> {
  const { context, limit, dial: own, lookup, proxy } = options;
  const given = Object.entries({ dial: own, lookup, proxy }).filter(
    ([, value]) => value !== undefined,
  );
  const way = { ...Object.fromEntries(given), signal, timeout: 0 };
  const raw = await dial({ host, port: 443, purpose: 'control' }, way);
  const stream = await secure(raw, {
    context,
    serverHostname: host,
    protocol: 'smtp', // on whose behalf; what is spoken is told by ALPN
    alpn: 'http/1.1',
    host,
    port: 443,
    signal,
    timeout: 0,
    observeCloseNotify: true,
  });
  const end = () => stream.destroy(signal.reason as Error);
  signal.addEventListener('abort', end, { once: true });
  try {
    stream.write(
      `GET ${path} HTTP/1.1\r\nHost: ${host}\r\nAccept: text/plain\r\nAccept-Encoding: identity\r\nConnection: close\r\n\r\n`,
    );
    const reader = new HttpResponseReader({ head: headLimit, body: limit });
    for await (const chunk of stream) {
      reader.push(chunk as Uint8Array);
      if (reader.complete) break;
    }
    return reader.finish(stream.closedCleanly === true);
  } finally {
    signal.removeEventListener('abort', end);
    stream.destroy();
  }
}

const broken = (
  context: { host: string; port: number; phase: 'dial'; command: string },
  cause: unknown,
): ConnectionError =>
  new ConnectionError('ERR_CONNECTION_CLOSED', `The connection to ${context.host} broke`, {
    ...context,
    cause,
    retry: 'later',
    hint: 'Try again later.',
  });
