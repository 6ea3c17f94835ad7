import { afterAll, beforeAll, expect, test } from 'vitest';
import { createTlsContext, secure } from '../src/index.js';
import { type Issued, issue, issueCa } from './certificates.js';
import { type TestServer, tlsServer } from './tls-server.js';

let ca: Issued;
let server: TestServer;

beforeAll(async () => {
  ca = issueCa();
  const leaf = issue({ issuer: ca, dns: ['imap.example.org'], ip: ['127.0.0.1', '::1'] });
  server = await tlsServer({ cert: leaf.cert, key: leaf.key }, (s) => s.end('hello'));
});
afterAll(() => server.close());

test('a verified handshake tells what it proved', async () => {
  const context = createTlsContext({ ca: ca.cert });
  const stream = await secure(await server.dial(), {
    context,
    serverHostname: 'IMAP.Example.org.',
    protocol: 'imap',
  });
  expect(stream.security).toMatchObject({
    verified: true,
    serverHostname: 'imap.example.org',
    matchedName: 'imap.example.org',
    protocol: 'TLSv1.3',
    resumed: false,
    trust: 'ca',
  });
  let text = '';
  for await (const chunk of stream) text += chunk;
  expect(text).toBe('hello');
});

test('a wrong name is refused', async () => {
  const context = createTlsContext({ ca: ca.cert });
  const socket = await server.dial();
  const attempt = secure(socket, { context, serverHostname: 'imap.example.net', protocol: 'imap' });
  await expect(attempt).rejects.toMatchObject({ code: 'ERR_CERTIFICATE_HOSTNAME_MISMATCH' });
  expect(socket.destroyed).toBe(true);
});
