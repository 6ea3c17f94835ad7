/** `fivewire login` against an authorization server of its own: the browser's way, the device's way, renewal, refusals. */
import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { createThrowawayCa, startTestServers, type TestServers } from '@fivewire/test-servers';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { run } from '../src/run.js';

const user = 'alice@example.org';
const folder = mkdtempSync(join(tmpdir(), 'fivewire-login-'));
const caFile = join(folder, 'ca.pem');
const tokens = join(folder, 'fivewire', 'tokens');

/** What the authorization server was asked, newest last; and what it answers at `/token`, in this order. */
let asked: URLSearchParams[] = [];
let answers: object[] = [];
let base = '';
let authorization: ReturnType<typeof createServer>;
let servers: TestServers;

const good = (access: string, more: object = {}) => ({
  ...{ access_token: access, token_type: 'Bearer', expires_in: 3_600 },
  ...more,
});

beforeAll(async () => {
  const ca = await createThrowawayCa();
  const { chain, key } = await ca.issue({ names: ['localhost'] });
  writeFileSync(caFile, ca.certificate);
  process.env.XDG_STATE_HOME = folder;
  authorization = createServer({ cert: chain, key }, async (request, response) => {
    const form = new URLSearchParams(await text(request));
    if (request.url === '/token') asked.push(form);
    const answer =
      request.url === '/device'
        ? {
            ...{ device_code: 'd1', user_code: 'ABCD-EFGH', interval: 0 },
            ...{ verification_uri: 'https://localhost/activate', expires_in: 60 },
          }
        : (answers.shift() ?? { error: 'invalid_grant' });
    response.writeHead('error' in answer ? 400 : 200, { 'content-type': 'application/json' });
    response.end(JSON.stringify(answer));
  }).listen(0, '127.0.0.1');
  await new Promise((resolve) => authorization.once('listening', resolve));
  base = `https://localhost:${(authorization.address() as AddressInfo).port}`;
  servers = await startTestServers({
    users: { [user]: 'secret' },
    accessTokens: { [user]: 'at-2' },
  });
});
afterAll(async () => {
  delete process.env.XDG_STATE_HOME;
  authorization.close();
  await servers.close();
  rmSync(folder, { recursive: true });
});
beforeEach(() => {
  asked = [];
  answers = [];
});

/** @param browser is given what is said on stderr, as it comes */
async function fivewire(args: readonly string[], browser: (said: string) => void = () => {}) {
  const said = { out: '', err: '' };
  const into = (name: 'out' | 'err') =>
    new Writable({
      write(octets, _, done) {
        said[name] += octets;
        if (name === 'err') browser(said.err);
        done();
      },
    });
  const status = await run(args, { stdout: into('out'), stderr: into('err') });
  return { status, stdout: said.out, stderr: said.err };
}

const other = (way: string) => [
  ...['login', 'other', '--user', user, '--client-id', 'mine', '--scope', 'mail', '--ca', caFile],
  ...[`--${way}-url`, `${base}/${way}`, '--token-url', `${base}/token`],
];
const token = ['login', 'token', '--user', user, '--ca', caFile];

/** Goes to the page once, and comes back to the loopback with a code, as a browser does. */
function browserWith(answer: Record<string, string>, seen: { url?: URL } = {}) {
  return (said: string) => {
    const [found] = /https:\S+authorize\S+/.exec(said) ?? [];
    if (found === undefined || seen.url !== undefined) return;
    seen.url = new URL(found);
    const back = new URL(seen.url.searchParams.get('redirect_uri') ?? '');
    const state = seen.url.searchParams.get('state') ?? '';
    const go = (query: Record<string, string>) => fetch(`${back}?${new URLSearchParams(query)}`);
    // Another page that guesses is not listened to, nor a program that asks for nonsense.
    void (async () => {
      expect((await fetch(`${back}/`)).status).toBe(400);
      expect((await go({ state: 'guessed', code: 'evil' })).status).toBe(400);
      await go({ state, ...answer });
    })();
  };
}

describe('login', () => {
  it('by the browser: loopback and PKCE; the token is kept for its owner alone', async () => {
    const seen: { url?: URL } = {};
    answers = [good('at-1', { refresh_token: 'rt-1' })];
    const ran = await fivewire(other('authorize'), browserWith({ code: 'c1' }, seen));
    expect(ran).toMatchObject({ status: 0, stdout: '' });
    const [form] = asked;
    expect(Object.fromEntries(form ?? [])).toMatchObject({
      ...{ grant_type: 'authorization_code', code: 'c1', client_id: 'mine' },
      redirect_uri: seen.url?.searchParams.get('redirect_uri'),
    });
    expect(seen.url?.searchParams.get('code_challenge')).toBe(
      createHash('sha256')
        .update(form?.get('code_verifier') ?? '')
        .digest('base64url'),
    );
    expect(ran.stderr).not.toContain('at-1');
    const [name = ''] = readdirSync(tokens);
    expect(statSync(join(tokens, name)).mode & 0o777).toBe(0o600);
    expect(await fivewire(token)).toMatchObject({ status: 0, stdout: 'at-1\n', stderr: '' });
    expect(asked.length).toBe(1); // it was good still
  });

  it('by the device code, which takes its time; then renewed, and used', async () => {
    answers = [
      { error: 'authorization_pending' },
      good('at-1', { expires_in: 1, refresh_token: 'rt-1' }),
    ];
    const ran = await fivewire(other('device'));
    expect(ran).toMatchObject({ status: 0, stdout: '' });
    expect(ran.stderr).toContain('https://localhost/activate and type this code: ABCD-EFGH');
    answers = [good('at-2')];
    expect(await fivewire(token)).toMatchObject({ status: 0, stdout: 'at-2\n' });
    expect(asked.at(-1)?.get('refresh_token')).toBe('rt-1');
    const [name = ''] = readdirSync(tokens);
    expect(JSON.parse(readFileSync(join(tokens, name), 'utf8')).tokens).toMatchObject({
      ...{ access: 'at-2', refresh: 'rt-1' },
    });
    const mailCa = join(folder, 'mail-ca.pem');
    writeFileSync(mailCa, servers.ca.certificate);
    const url = `imaps://${encodeURIComponent(user)}@localhost:${servers.ports.imap['implicit-tls']}`;
    const login = ['--ca', mailCa, '--token-command', 'echo at-2'];
    expect(await fivewire(['ls', url, ...login])).toMatchObject({
      status: 0,
      stdout: expect.stringMatching(/^INBOX$/m),
    });
    const ftp = await fivewire(['ls', url.replace('imaps', 'ftps'), ...login]);
    expect(ftp).toMatchObject({ status: 64 });
  });

  it('what is refused says so: 77, 64 and 66', async () => {
    const denied = await fivewire(other('authorize'), browserWith({ error: 'access_denied' }));
    expect(denied).toMatchObject({ status: 77, stdout: '' });
    answers = [good('at-1', { expires_in: 1, refresh_token: 'rt-1' })];
    expect(await fivewire(other('device'))).toMatchObject({ status: 0 });
    const ended = await fivewire(token); // invalid_grant
    expect(ended).toMatchObject({ status: 77, stdout: '' });
    expect(ended.stderr).toContain('run fivewire login once more');
    const untrusted = await fivewire(
      other('device').filter((arg) => arg !== '--ca' && arg !== caFile),
    );
    expect(untrusted).toMatchObject({ status: 76 });
    expect(await fivewire(['login', 'google', '--user', user])).toMatchObject({ status: 64 });
    const plain = other('device').map((arg) => arg.replace('https:', 'http:'));
    expect(await fivewire(plain)).toMatchObject({ status: 64 });
    const forget = ['login', 'forget', '--user', user];
    expect(await fivewire(forget)).toMatchObject({ status: 0, stdout: '', stderr: '' });
    expect(await fivewire(forget)).toMatchObject({ status: 66 });
    expect(await fivewire(token)).toMatchObject({ status: 77, stdout: '' });
  });
});
