import { connect } from 'node:net';
import { createSecureContext } from 'node:tls';
import { afterEach, expect, it } from 'vitest';
import {
  createThrowawayCa,
  type Pop3Server,
  replayDialogue,
  startPop3Server,
} from '../src/index.js';
import { Client } from './client.js';

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

it('presents one certificate wherever none is given, and one of its own to whom it is given', async () => {
  const greeted = async ({ port, ca }: { port: number; ca: string }) => {
    const client = await Client.dial(port);
    await client.line();
    client.close();
    return ca;
  };
  const replay = () => replayDialogue('S: +OK', greeted, { deliveries: ['whole'] });
  const authorities = await Promise.all([replay(), replay()]);
  const [[ca] = []] = authorities;
  expect(authorities).toEqual([[ca], [ca]]);
  server = await startPop3Server();
  const client = await Client.dialTls(server.ports['implicit-tls'], { ca: ca as string });
  expect(await client.line()).toBe('+OK POP3 ready');
  client.close();
  const other = await createThrowawayCa();
  server.useCertificate(await other.issue());
  await expect(Client.dialTls(server.ports['implicit-tls'], { ca: ca as string })).rejects.toThrow(
    /self-signed|verify|issuer/,
  );
});
