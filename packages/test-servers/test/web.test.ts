import { request } from 'node:http';
import { afterEach, describe, expect, it } from 'vitest';
import { startTestServers, type TestServers, type WebOptions } from '../src/index.js';
import { frameOf } from '../src/web/html-frame.js';
import { Client } from './client.js';

let servers: TestServers | undefined;
afterEach(async () => {
  await servers?.close();
  servers = undefined;
});

async function start(web: WebOptions | true = true): Promise<string> {
  servers = await startTestServers({
    users: { alice: 'secret' },
    files: { '/a b.txt': 'abc' },
    web,
  });
  return new URL(servers.web?.url ?? '').origin;
}

/** As no browser would ask: any header is sent. */
function ask(url: string, headers: Record<string, string> = {}, method = 'GET', body = '') {
  return new Promise<{ status: number; headers: NodeJS.Dict<string | string[]>; text: string }>(
    (resolve, reject) => {
      const sent = request(url, { headers, method, agent: false }, (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk) => chunks.push(chunk));
        response.on('end', () =>
          resolve({
            status: response.statusCode ?? 0,
            headers: response.headers,
            text: Buffer.concat(chunks).toString(),
          }),
        );
      });
      sent.on('error', reject);
      sent.end(body);
    },
  );
}

const json = { 'content-type': 'application/json' };

describe('the API', () => {
  it('tells of mail, and waits for it', async () => {
    const origin = await start();
    const waiting = fetch(`${origin}/api/messages/wait?to=alice&subject=Reset`);
    servers?.mail.deliver('alice', 'Subject: Reset\r\n\r\nhttps://app.example/1\r\n');
    expect(await (await waiting).json()).toMatchObject({
      user: 'alice',
      subject: 'Reset',
      links: ['https://app.example/1'],
    });
    const timedOut = await fetch(`${origin}/api/messages/wait?to=bob&timeout=0`);
    expect(timedOut.status).toBe(408);
    expect((await timedOut.json()).error).toContain('There is other mail (1)');
    const source = await fetch(`${origin}/api/message/source?user=alice&mailbox=INBOX&uid=1`);
    expect(await source.text()).toMatch(/^Subject: Reset\r\n/);
    expect(source.headers.get('content-type')).toMatch(/^text\/plain/);
    for (const query of [
      'user=alice&mailbox=INBOX&uid=9',
      'user=x&mailbox=INBOX&uid=1',
      'relayed=0',
      'article=x',
    ])
      expect((await fetch(`${origin}/api/message?${query}`)).status, query).toBe(404);
    expect(servers?.mail.users, 'asking makes no mailboxes').not.toContain('x');
    expect((await fetch(`${origin}/api/message/html?user=alice&mailbox=INBOX&uid=1`)).status).toBe(
      404,
    );
  });

  it('makes users, sets faults, clears', async () => {
    const origin = await start();
    const post = (path: string, body: unknown) =>
      ask(`${origin}${path}`, json, 'POST', JSON.stringify(body));
    expect(
      JSON.parse((await post('/api/users', { name: 'zoe', password: 'p' })).text),
    ).toMatchObject({
      address: 'zoe@example.test',
    });
    expect((await post('/api/users', { name: 'a\nb' })).status).toBe(400);
    expect((await post('/api/faults', { protocol: 'imap', faults: { latency: 5 } })).status).toBe(
      200,
    );
    expect(servers?.imap.faults).toEqual({ latency: 5 });
    for (const faults of [
      { latency: -1 },
      { latency: 'x' },
      { constructor: 1 },
      { greeting: 'a\r\nb' },
      3,
    ])
      expect((await post('/api/faults', { protocol: 'imap', faults })).status).toBe(400);
    expect((await post('/api/faults', { protocol: 'irc', faults: {} })).status).toBe(400);
    await post('/api/faults', { protocol: 'imap', faults: {} });
    expect(servers?.imap.faults).toBeUndefined();
    expect((await post('/api/clear', {})).status).toBe(200);
    expect(servers?.files.paths).toEqual([]);
  });

  it('gives files to save, whatever they are named', async () => {
    const origin = await start();
    const file = await fetch(`${origin}/api/file?path=/a%20b.txt`);
    expect(file.headers.get('content-disposition')).toBe("attachment; filename*=UTF-8''a%20b.txt");
    expect(await file.text()).toBe('abc');
    expect((await fetch(`${origin}/api/file?path=/none`)).status).toBe(404);
    expect((await fetch(`${origin}/api/files?path=/none`)).status).toBe(404);
    expect(await (await fetch(`${origin}/ca.pem`)).text()).toBe(servers?.ca.certificate);
  });

  it('sends events as things happen', async () => {
    const origin = await start();
    const response = await fetch(`${origin}/api/events`);
    expect(response.headers.get('content-type')).toMatch(/^text\/event-stream/);
    const reader = (response.body as ReadableStream<Uint8Array>).getReader();
    const seen: string[] = [];
    const until = async (name: string) => {
      while (!seen.some((text) => text.includes(`event: ${name}\n`)))
        seen.push(Buffer.from((await reader.read()).value ?? []).toString());
    };
    servers?.mail.deliver('alice', 'x');
    await until('mail');
    servers?.files.write('/x', 'x');
    await until('files');
    const client = await Client.dial((servers as TestServers).ports.nntp.cleartext);
    await until('connections');
    client.close();
    await reader.cancel();
  });

  it('refuses what is none of it', async () => {
    const origin = await start();
    expect((await ask(`${origin}/api/nothing`)).status).toBe(404);
    expect((await ask(`${origin}/constructor`)).status).toBe(404);
    expect((await ask(`${origin}/api/clear`)).status).toBe(405);
    const text = { 'content-type': 'text/plain' };
    expect((await ask(`${origin}/api/clear`, text, 'POST', '{}')).status).toBe(415);
    expect((await ask(`${origin}/api/clear`, json, 'POST', '{')).status).toBe(400);
    expect((await ask(`${origin}/api/users`, json, 'POST', '[]')).status).toBe(400);
    const huge = JSON.stringify('x'.repeat(1 << 20));
    expect((await ask(`${origin}/api/clear`, json, 'POST', huge)).status).toBe(413);
  });

  it('ends with the servers', async () => {
    const origin = await start();
    await servers?.close();
    await expect(fetch(origin)).rejects.toThrow();
    servers = await startTestServers({ protocols: [] });
    expect(servers.web).toBeUndefined();
  });
});

describe('who may ask', () => {
  it('on loopback: this machine, by its own names', async () => {
    const origin = await start();
    const { port } = new URL(origin);
    for (const host of [`localhost:${port}`, `127.0.0.1:${port}`, `[::1]:${port}`])
      expect((await ask(`${origin}/api/servers`, { host })).status, host).toBe(200);
    for (const host of [`evil.example:${port}`, 'localhost.evil.example', '127.evil.example'])
      expect((await ask(`${origin}/api/servers`, { host })).status, host).toBe(421);
  });

  it('no page of another site', async () => {
    const origin = await start();
    for (const headers of [
      { origin: 'http://evil.example' },
      { origin: 'null' },
      { origin: 'http://127.0.0.1:1' },
      { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'no-cors' },
      { 'sec-fetch-site': 'same-site', 'sec-fetch-mode': 'cors' },
    ])
      expect((await ask(`${origin}/api/messages`, headers)).status, JSON.stringify(headers)).toBe(
        403,
      );
    expect((await ask(`${origin}/api/messages`, { origin })).status).toBe(200);
    const crossPost = { ...json, 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate' };
    expect((await ask(`${origin}/api/clear`, crossPost, 'POST', '{}')).status).toBe(403);
  });

  it('who has the token, where there is one; all the others get the health alone', async () => {
    const origin = await start({ host: '0.0.0.0', port: 0 });
    const token = servers?.web?.token as string;
    expect(token).toMatch(/^[0-9a-f]{32}$/);
    const at = origin.replace('0.0.0.0', '127.0.0.1');
    for (const path of ['/', '/app.js', '/api/messages', '/ca.pem', '/api/events'])
      expect((await ask(at + path)).status, path).toBe(401);
    expect((await ask(`${at}/api/health`)).status).toBe(200);
    expect((await ask(`${at}/?token=wrong`)).status).toBe(401);
    expect((await ask(`${at}/api/messages`, { authorization: `Bearer ${token}x` })).status).toBe(
      401,
    );
    expect((await ask(`${at}/api/messages`, { authorization: `Bearer ${token}` })).status).toBe(
      200,
    );
    const first = await ask(`${at}/?token=${token}`);
    expect(first).toMatchObject({ status: 303, headers: { location: '/' } });
    const [cookie = ''] = first.headers['set-cookie'] as string[];
    expect(cookie).toMatch(/HttpOnly; SameSite=Strict/);
    expect((await ask(at, { cookie: cookie.split(';')[0] as string })).status).toBe(200);
  });
});

describe('HTML of a mail', () => {
  it('comes under a policy that allows nothing', async () => {
    const origin = await start();
    servers?.mail.deliver('alice', 'Content-Type: text/html\r\n\r\n<script>alert(1)</script>');
    const { headers, text } = await ask(
      `${origin}/api/message/html?user=alice&mailbox=INBOX&uid=1`,
    );
    const policy = String(headers['content-security-policy']);
    for (const part of ['sandbox;', "default-src 'none'", 'img-src data:', "form-action 'none'"])
      expect(policy).toContain(part);
    expect(policy).not.toMatch(/script-src|allow-/);
    expect(text).toContain('&lt;script>alert(1)&lt;/script>');
  });

  it('has its own images, and links that lead nowhere', () => {
    const image = {
      filename: '',
      contentType: 'image/png',
      disposition: 'inline',
      contentId: 'a@b',
      octets: Buffer.from('png'),
    };
    const svg = { ...image, contentId: 'c', contentType: 'image/svg+xml' };
    const html = frameOf(
      '<img src="cid:a%40b"><img src="cid:c"><img src="cid:%zz"><A href="x">y</A><abbr>',
      [image, svg],
    );
    expect(html).toContain('<img src="data:image/png;base64,cG5n"><img src=""><img src="cid:%zz">');
    expect(html).toContain('<span href="x">y</span><abbr>');
  });
});
