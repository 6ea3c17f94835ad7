/**
 * OAuth 2.0 for people at a shell: the authorization code by loopback and PKCE (RFC 8252, RFC 7636), the device code
 * (RFC 8628), and the refresh token (RFC 6749 §6). The client id is the user's own.
 */
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { exitCodes, Failure, usage } from '../exit-code.js';
import { line } from '../output.js';
import { type Answer, type PostOptions, postForm } from './https.js';

export interface Provider {
  /** Where the browser goes; without one there is the device code alone. */
  authorize: string | undefined;
  device: string | undefined;
  token: string;
  scope: string;
}

export const providers: Readonly<Record<string, Provider>> = {
  google: {
    authorize: 'https://accounts.google.com/o/oauth2/v2/auth',
    device: undefined, // Google gives no mail scope to devices
    token: 'https://oauth2.googleapis.com/token',
    scope: 'https://mail.google.com/',
  },
  microsoft: {
    authorize: undefined,
    device: 'https://login.microsoftonline.com/common/oauth2/v2.0/devicecode',
    token: 'https://login.microsoftonline.com/common/oauth2/v2.0/token',
    scope:
      'offline_access https://outlook.office.com/IMAP.AccessAsUser.All https://outlook.office.com/POP.AccessAsUser.All https://outlook.office.com/SMTP.Send',
  },
};

export interface Client {
  id: string;
  /** Google gives installed programs one that is no secret. */
  secret: string | undefined;
}

export interface Tokens {
  access: string;
  /** When it ends, in milliseconds since 1970. */
  expires: number;
  refresh: string | undefined;
}

interface Work {
  provider: Provider;
  client: Client;
  post: PostOptions;
  /** What the person has to do. */
  say(text: string): void;
}

/** @param user is proposed to the provider's page */
export async function byBrowser(work: Work, user: string): Promise<Tokens> {
  const { provider, client, post, say } = work;
  const verifier = randomBytes(32).toString('base64url');
  const state = randomBytes(24).toString('base64url');
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  try {
    const redirect = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
    const url = new URL(provider.authorize as string);
    const parameters = {
      client_id: client.id,
      redirect_uri: redirect,
      response_type: 'code',
      scope: provider.scope,
      state,
      code_challenge: createHash('sha256').update(verifier).digest('base64url'),
      code_challenge_method: 'S256',
      access_type: 'offline',
      prompt: 'consent',
      login_hint: user,
    };
    for (const [name, value] of Object.entries(parameters)) url.searchParams.set(name, value);
    const coming = codeOf(server, state, post.signal);
    say(`Open this in a browser on this machine, and let it in:\n\n  ${url.href}\n`);
    const code = await coming;
    return tokensOf(
      await postForm(
        https(provider.token),
        {
          ...{ grant_type: 'authorization_code', code, redirect_uri: redirect },
          ...{ code_verifier: verifier, ...identified(client) },
        },
        post,
      ),
    );
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

/** The first request with our state decides; others, of which any page on this machine can make some, are refused. */
function codeOf(
  server: ReturnType<typeof createServer>,
  state: string,
  signal: AbortSignal,
): Promise<string> {
  return new Promise((resolve, reject) => {
    const stop = (): void => reject(signal.reason);
    if (signal.aborted) stop();
    signal.addEventListener('abort', stop, { once: true });
    server.on('request', (request: IncomingMessage, response: ServerResponse) => {
      // Any program on this machine can ask for `//`, which is no URL.
      const [, query] = /^[^?]*\?(.*)$/s.exec(request.url ?? '') ?? [];
      const searchParams = new URLSearchParams(query ?? '');
      const isOurs = same(searchParams.get('state') ?? '', state);
      const code = searchParams.get('code');
      response.writeHead(isOurs ? 200 : 400, { 'content-type': 'text/plain', connection: 'close' });
      response.end(isOurs ? 'Done: go back to the shell.\n' : 'This is no answer to fivewire.\n');
      if (!isOurs) return;
      signal.removeEventListener('abort', stop);
      if (code !== null) resolve(code);
      else reject(refused(searchParams.get('error') ?? 'no code', undefined));
    });
  });
}

function same(one: string, other: string): boolean {
  const [a, b] = [Buffer.from(one), Buffer.from(other)];
  return a.length === b.length && timingSafeEqual(a, b);
}

export async function byDevice({ provider, client, post, say }: Work): Promise<Tokens> {
  const asked = await postForm(
    https(provider.device as string),
    { client_id: client.id, scope: provider.scope },
    post,
  );
  const { device_code: code, user_code: shown, verification_uri: where } = asked.fields;
  if (asked.status !== 200 || ![code, shown, where].every((one) => typeof one === 'string'))
    throw refusalOf(asked);
  say(`Open ${line(String(where))} and type this code: ${line(String(shown))}`);
  const end = Date.now() + seconds(asked.fields.expires_in, 900);
  let pause = seconds(asked.fields.interval, 5);
  while (Date.now() + pause < end) {
    await sleep(pause, undefined, { signal: post.signal });
    const answer = await postForm(
      https(provider.token),
      {
        grant_type: 'urn:ietf:params:oauth:grant-type:device_code',
        ...{ device_code: String(code), ...identified(client) },
      },
      post,
    );
    const { error } = answer.fields;
    if (error === 'slow_down') pause += 5_000;
    else if (error !== 'authorization_pending') return tokensOf(answer);
  }
  throw refused('expired_token', undefined);
}

export async function refreshed(
  { token, scope }: Provider,
  client: Client,
  refresh: string,
  post: PostOptions,
): Promise<Tokens> {
  const form = { grant_type: 'refresh_token', refresh_token: refresh, scope };
  const tokens = tokensOf(await postForm(https(token), { ...form, ...identified(client) }, post));
  return { ...tokens, refresh: tokens.refresh ?? refresh };
}

const identified = ({ id, secret }: Client): Record<string, string> => ({
  client_id: id,
  ...(secret === undefined ? {} : { client_secret: secret }),
});

/** @throws Failure 64 */
export function https(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url?.protocol === 'https:') return url;
  throw usage(`${line(text)} is no https:// URL`, 'Tokens go over TLS alone.');
}

// RFC 6749 §5.1
function tokensOf(answer: Answer): Tokens {
  const { access_token: access, expires_in: life, refresh_token: refresh } = answer.fields;
  if (answer.status !== 200 || typeof access !== 'string' || !/^[\x21-\x7e]+$/.test(access))
    throw refusalOf(answer);
  return {
    access,
    expires: Date.now() + seconds(life, 3_600),
    refresh: typeof refresh === 'string' ? refresh : undefined,
  };
}

const seconds = (value: unknown, usual: number): number => {
  const number = Number(value ?? usual);
  return (number >= 0 && number < 1e9 ? number : usual) * 1_000;
};

// RFC 6749 §5.2, RFC 8628 §3.5
function refusalOf({ status, fields }: Answer): Failure {
  const { error, error_description: text } = fields;
  if (typeof error === 'string') return refused(error, typeof text === 'string' ? text : undefined);
  return new Failure(
    status >= 500 ? exitCodes.temporary : exitCodes.protocol,
    `The authorization server answered ${status}, and gave no token`,
    { code: 'ERR_OAUTH' },
  );
}

const hints: Readonly<Record<string, string>> = {
  access_denied: 'Access was denied on its page.',
  expired_token: 'It took too long: run it again.',
  invalid_client: 'Check --client-id and --client-secret-file.',
  invalid_grant: 'The login has ended or was withdrawn: run fivewire login once more.',
  invalid_scope: 'Give what the provider grants with --scope.',
};

const refused = (error: string, text: string | undefined): Failure =>
  new Failure(
    error === 'temporarily_unavailable' || error === 'server_error'
      ? exitCodes.temporary
      : exitCodes.permission,
    `The authorization server refused: ${line(error)}${text === undefined ? '' : `: ${line(text)}`}`,
    { code: 'ERR_OAUTH', hint: hints[error] ?? '' },
  );
