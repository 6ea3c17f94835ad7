/** One case, one server, two clients: ours, and Node's own with its default checks. */
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import tls from 'node:tls';
import { createTlsContext, isFivewireError, secure } from 'tls-context-core';
import type { LimboCase } from './cases.js';

/** `accepted`, or the code of the error. */
export type Verdict = string;

export const accepted = 'accepted';

/** One case is of a chain alone. */
const nobody = 'nobody.example';

export interface Verdicts {
  ours: Verdict;
  node: Verdict;
}

/** Both verdicts, or why this case's certificates can't be served by the OpenSSL of this Node line. */
export async function judgeCase(one: LimboCase): Promise<Verdicts | { unservable: string }> {
  let server: Server;
  try {
    server = await serve(one);
  } catch (error) {
    return { unservable: (error as { code?: string }).code ?? String(error) };
  }
  const dial = () => dialPort((server.address() as AddressInfo).port);
  try {
    return { ours: await ours(one, await dial()), node: await byNode(one, await dial()) };
  } finally {
    server.close();
    await once(server, 'close');
  }
}

/** The weakest server there is: what is wrong with a certificate is for the client to say. */
async function serve(one: LimboCase): Promise<Server> {
  const secureContext = tls.createSecureContext({
    key: one.peer_certificate_key ?? '',
    cert: [one.peer_certificate, ...one.untrusted_intermediates].join('\n'),
    ciphers: 'ALL:@SECLEVEL=0',
  });
  const server = createServer((raw) => {
    const secured = new tls.TLSSocket(raw, { isServer: true, secureContext });
    for (const socket of [raw, secured]) socket.on('error', () => undefined);
    secured.on('end', () => secured.end()).resume();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return server;
}

async function dialPort(port: number): Promise<Socket> {
  const socket = connect(port, '127.0.0.1');
  await once(socket, 'connect');
  return socket;
}

async function ours(one: LimboCase, socket: Socket): Promise<Verdict> {
  try {
    const stream = await secure(socket, {
      context: createTlsContext({
        ca: one.trusted_certs,
        ...(one.crls.length > 0 && { crl: one.crls }),
        ...(!one.expected_peer_name && { checkHostname: false }),
      }),
      serverHostname: one.expected_peer_name?.value ?? nobody,
      protocol: 'imap',
    });
    stream.destroy();
    return accepted;
  } catch (error) {
    if (!isFivewireError(error)) throw error;
    return error.code;
  } finally {
    socket.destroy();
  }
}

/** What `tls.connect` of the same line says, as it is used by most: nothing turned off, nothing added. */
async function byNode(one: LimboCase, socket: Socket): Promise<Verdict> {
  const { kind, value } = one.expected_peer_name ?? { kind: 'DNS', value: nobody };
  try {
    const secured = tls.connect({
      socket,
      host: value,
      ...(kind === 'DNS' && { servername: value }),
      ca: one.trusted_certs,
      ...(one.crls.length > 0 && { crl: one.crls }),
      ...(!one.expected_peer_name && { checkServerIdentity: () => undefined }),
    });
    await once(secured, 'secureConnect');
    secured.destroy();
    return accepted;
  } catch (error) {
    return (error as { code?: string }).code ?? String(error);
  } finally {
    socket.destroy();
  }
}
