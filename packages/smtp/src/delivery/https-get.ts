/**
 * One small file by HTTPS: RFC 9110, RFC 9112. TLS starts where all TLS starts, in `secure()`, and Node's own HTTP client
 * speaks over the stream that it gives.
 */

import type { IncomingMessage } from 'node:http';
import type { LookupFunction } from 'node:net';
import type { Duplex } from 'node:stream';
import {
  aborted,
  ConnectionError,
  type Dial,
  dial,
  endless,
  escapeText,
  isFivewireError,
  RemoteProtocolError,
  secure,
  type TlsContext,
  timedOut,
} from '@fivewire/line-protocol';

export interface HttpResponse {
  status: number;
  /** Names in lower case. */
  headers: ReadonlyMap<string, string>;
  body: Uint8Array;
}

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
    throw isFivewireError(error) ? error : explain(context, error);
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
    protocol: 'https',
    host,
    port: 443,
    signal,
    timeout: 0,
    observeCloseNotify: true,
  });
  const end = () => stream.destroy(signal.reason as Error);
  signal.addEventListener('abort', end, { once: true });
  try {
    const response = await get(stream, host, path);
    const body = await bodyOf(response, limit);
    const { 'content-length': length, 'transfer-encoding': coding } = response.headers;
    // A body that ends with the connection could be cut, but for the peer's word that this is the end.
    if (length === undefined && coding === undefined && stream.closedCleanly !== true) throw cut();
    const headers = Object.entries(response.headers).map(
      ([name, value]) => [name, String(value)] as const,
    );
    return { status: response.statusCode ?? 0, headers: new Map(headers), body };
  } finally {
    signal.removeEventListener('abort', end);
    stream.destroy();
  }
}

async function get(stream: Duplex, host: string, path: string): Promise<IncomingMessage> {
  const { request } = await import('node:http');
  return new Promise((resolve, reject) => {
    const headers = {
      Host: host,
      Accept: 'text/plain',
      'Accept-Encoding': 'identity',
      Connection: 'close',
    };
    request({
      createConnection: () => stream,
      path,
      headers,
      maxHeaderSize: headLimit,
      insecureHTTPParser: false,
    })
      .once('response', resolve)
      .on('error', reject)
      .end();
  });
}

async function bodyOf(response: IncomingMessage, limit: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > limit) throw exceeded('body', limit);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

interface Context {
  host: string;
  port: number;
  phase: 'dial';
  command: string;
}

/** `HPE_…` are the complaints of Node's HTTP parser; a response that breaks off is "aborted" or a "hang up" to it. */
function explain(context: Context, cause: unknown): Error {
  const { code, message } = Object(cause) as { code?: unknown; message?: unknown };
  if (code === 'HPE_HEADER_OVERFLOW') return exceeded('head', headLimit);
  if (String(code).startsWith('HPE_')) return malformed('an HTTP/1.1 response', String(message));
  if (code === 'ECONNRESET') return cut();
  return broken(context, cause);
}

const cut = (): RemoteProtocolError => malformed('the rest of the response', '');

function malformed(expected: string, what: string): RemoteProtocolError {
  const got = escapeText(what, 80);
  return new RemoteProtocolError(
    'ERR_MALFORMED_RESPONSE',
    `Expected ${expected} over HTTP, got "${got}"`,
    { expected, got, hint: 'The web server is broken, or something on the way is.' },
  );
}

const exceeded = (limit: string, limitValue: number): RemoteProtocolError =>
  new RemoteProtocolError(
    'ERR_LIMIT_EXCEEDED',
    `The web server sent more than ${limitValue} octets of ${limit}`,
    { limit, limitValue, hint: 'What comes is not the small file that was asked for.' },
  );

const broken = (context: Context, cause: unknown): ConnectionError =>
  new ConnectionError('ERR_CONNECTION_CLOSED', `The connection to ${context.host} broke`, {
    ...context,
    cause,
    retry: 'later',
    hint: 'Try again later.',
  });
