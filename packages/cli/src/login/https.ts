/** One POST to an authorization server, over the one door to TLS; Node's own HTTP client reads the response. */
import { request } from 'node:http';
import type { Duplex } from 'node:stream';
import { dial } from '@fivewire/line-protocol';
import { createTlsContext, secure, type TlsContextOptions } from 'tls-context-core';
import { exitCodes, Failure } from '../exit-code.js';
import { line } from '../output.js';

export interface PostOptions {
  tls: TlsContextOptions | undefined;
  proxy: string | undefined;
  /** Milliseconds of the longest single wait. */
  timeout: number | undefined;
  signal: AbortSignal;
}

export interface Answer {
  status: number;
  /** The JSON object of the body; `{}` where it is none. */
  fields: Readonly<Record<string, unknown>>;
}

const longestAnswer = 1 << 20;
const usualTimeout = 30_000;

/**
 * @param url https alone
 * @throws Failure 64, 75 and 76; what dialling and TLS throw
 */
export async function postForm(
  url: URL,
  form: Readonly<Record<string, string>>,
  { tls = {}, proxy, timeout = usualTimeout, signal }: PostOptions,
): Promise<Answer> {
  const [host, port] = [url.hostname.replace(/^\[|\]$/g, ''), Number(url.port || 443)];
  const plain = await dial(
    { host, port, purpose: 'control' },
    { timeout, signal, ...(proxy === undefined ? {} : { proxy }) },
  );
  const stream = await secure(plain, {
    ...{ context: createTlsContext(tls), serverHostname: host, host, port },
    ...{ protocol: 'https', timeout, signal },
  });
  try {
    return await exchange(url, new URLSearchParams(form).toString(), stream, timeout, signal);
  } finally {
    stream.destroy();
  }
}

function exchange(
  url: URL,
  body: string,
  stream: Duplex,
  timeout: number,
  signal: AbortSignal,
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const late = setTimeout(
      () => stream.destroy(broken(`No answer within ${timeout} ms`, exitCodes.temporary)),
      timeout,
    );
    const asked = request(url, {
      protocol: 'http:', // TLS is below already
      method: 'POST',
      signal,
      createConnection: () => stream, // in place of an agent
      headers: {
        accept: 'application/json',
        'content-type': 'application/x-www-form-urlencoded',
        'content-length': Buffer.byteLength(body),
        connection: 'close',
      },
    });
    const failed = (error: Error): void => {
      clearTimeout(late);
      reject(
        error instanceof Failure || signal.aborted
          ? error
          : broken(`${url.host} broke off: ${line(error.message)}`, exitCodes.temporary),
      );
    };
    asked.on('error', failed);
    asked.on('response', async (response) => {
      try {
        let text = '';
        for await (const piece of response.setEncoding('utf8')) {
          text += piece;
          if (text.length > longestAnswer)
            throw broken(`${url.host} answers without end`, exitCodes.protocol);
        }
        clearTimeout(late);
        resolve({ status: response.statusCode ?? 0, fields: objectOf(text) });
      } catch (error) {
        failed(error as Error);
      }
    });
    asked.end(body);
  });
}

function objectOf(text: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}

const broken = (message: string, exit: 75 | 76): Failure =>
  new Failure(exit, message, { code: 'ERR_OAUTH' });
