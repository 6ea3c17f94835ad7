/** The web page and the HTTP API over what the servers hold. */
import { randomBytes } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { TestServers } from '../start-test-servers.js';
import { sendEvents } from './events.js';
import { cookieName, type Guard, isLoopback, isSame, refusalOf } from './guard.js';
import { messageRoutes } from './message-routes.js';
import { page } from './page.js';
import { HttpError, json, type Reply } from './reply.js';
import { serverRoutes } from './server-routes.js';

export interface WebOptions {
  /** The address to listen at. Default `'127.0.0.1'`. */
  host?: string;
  /** Default: a free one. */
  port?: number;
  /** Who has it may see and change everything. Default: none on loopback, a new one elsewhere. */
  token?: string;
}

export interface WebServer {
  /** Opens the page; it holds the token where one is needed. */
  readonly url: string;
  readonly host: string;
  readonly port: number;
  readonly token: string | undefined;
  close(): Promise<void>;
}

const largestBody = 1 << 20;
const routes = [...messageRoutes, ...serverRoutes];

/** For all answers: nothing is kept, guessed, framed or told to others. */
const headersOfAll: Readonly<Record<string, string>> = {
  'Cache-Control': 'no-store',
  'X-Content-Type-Options': 'nosniff',
  'Referrer-Policy': 'no-referrer',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Content-Security-Policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; frame-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
};

export async function startWebServer(
  servers: TestServers,
  { host = '127.0.0.1', port = 0, token }: WebOptions = {},
): Promise<WebServer> {
  const guard: Guard = {
    host,
    token: token ?? (isLoopback(host) ? undefined : randomBytes(16).toString('hex')),
  };
  const server = createServer((request, response) => {
    answer(request, response, servers, guard).catch((error) => {
      if (!response.headersSent) send(response, failure(error));
      else response.destroy();
    });
  });
  // Node's five seconds end while a slow client sends its next request, which fails then.
  server.keepAliveTimeout = 600_000;
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => resolve(void server.off('error', reject)));
  });
  const { port: own } = server.address() as AddressInfo;
  const authority = `${host.includes(':') ? `[${host}]` : host}:${own}`;
  return {
    url: `http://${authority}/${guard.token === undefined ? '' : `?token=${guard.token}`}`,
    ...{ host, port: own, token: guard.token },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  servers: TestServers,
  guard: Guard,
): Promise<void> {
  const url = new URL(request.url ?? '/', 'http://page.invalid');
  const given = url.searchParams.get('token');
  if (
    url.pathname === '/' &&
    given !== null &&
    guard.token !== undefined &&
    isSame(given, guard.token)
  )
    return send(response, withCookie(guard.token));
  const refusal = url.pathname === '/api/health' ? undefined : refusalOf(request, guard);
  if (refusal !== undefined) throw new HttpError(refusal, refusals[refusal] ?? 'Refused.');
  if (request.method === 'GET' && url.pathname === '/api/events') {
    for (const [name, value] of Object.entries(headersOfAll)) response.setHeader(name, value);
    return sendEvents(response, servers);
  }
  const file = request.method === 'GET' ? page(url.pathname) : undefined;
  if (file) return send(response, file);
  const there = routes.filter(([, path]) => path === url.pathname);
  const [, , handle] = there.find(([method]) => method === request.method) ?? [];
  if (!handle) throw new HttpError(there.length > 0 ? 405 : 404, 'There is nothing here.');
  const gone = new AbortController();
  response.once('close', () => gone.abort());
  const body = request.method === 'POST' ? await readJson(request) : undefined;
  send(response, await handle({ servers, query: url.searchParams, body, signal: gone.signal }));
}

const refusals: Readonly<Record<number, string>> = {
  401: 'The token is missing: open the address that the servers printed, or send Authorization: Bearer.',
  403: 'Another site may not ask.',
  421: 'That is not the name of this page.',
};

/** From now on the browser has the token, and the address bar has it no longer. */
const withCookie = (token: string): Reply => ({
  status: 303,
  headers: {
    Location: '/',
    'Set-Cookie': `${cookieName}=${token}; HttpOnly; SameSite=Strict; Path=/`,
  },
  body: '',
});

/** Only JSON is taken: no form of another site can send it unasked. */
async function readJson(request: IncomingMessage): Promise<unknown> {
  if (!/^application\/json\b/i.test(request.headers['content-type'] ?? ''))
    throw new HttpError(415, 'The body is application/json.');
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > largestBody) throw new HttpError(413, 'The body is too large.');
    chunks.push(chunk);
  }
  try {
    return JSON.parse(Buffer.concat(chunks).toString('utf8') || '{}');
  } catch {
    throw new HttpError(400, 'The body is no JSON.');
  }
}

function failure(error: unknown): Reply {
  if (error instanceof HttpError) return json({ error: error.message }, error.status);
  return json({ error: error instanceof Error ? error.message : String(error) }, 500);
}

function send(response: ServerResponse, { status = 200, headers = {}, body }: Reply): void {
  if (response.destroyed) return;
  response.writeHead(status, { ...headersOfAll, ...headers });
  response.end(body);
}
