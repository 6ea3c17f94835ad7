import { connect } from 'node:net';
import { createSecureContext } from 'node:tls';
import { afterEach, expect, it } from 'vitest';
import { createThrowawayCa, type Pop3Server, startPop3Server } from '../src/index.js';

let server: Pop3Server | undefined;
afterEach(async () => {
  await server?.close();
});

it('drops a client that leaves in the middle of the TLS handshake', {
  timeout: 5_000,
}, async () => {
  server = await startPop3Server({ modes: ['implicit-tls'] });
  const client = connect(server.ports['implicit-tls'], '127.0.0.1');
  client.on('error', () => {});
  client.end(Buffer.from([22, 3, 1, 0, 100])); // the head of a ClientHello, and no more
  client.resume();
  await new Promise((resolve) => client.once('close', resolve));
  expect(server.connections).toMatchObject([{ closed: true, tlsError: expect.any(Error) }]);
});

it('makes revocation lists that OpenSSL reads', async () => {
  const ca = await createThrowawayCa();
  ca.revoke(await ca.issue());
  const crl = await ca.crl();
  expect(crl).toMatch(/^-----BEGIN X509 CRL-----\n[\s\S]+\n-----END X509 CRL-----\n$/);
  expect(() => createSecureContext({ ca: ca.certificate, crl })).not.toThrow();
});
