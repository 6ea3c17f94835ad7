/** Somebody with a certificate that we trust: he ends TLS, reads along, and begins it again towards the server. */
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import tls from 'node:tls';
import type { IssuedCertificate } from '@fivewire/test-servers';

export interface ManInTheMiddle {
  readonly port: number;
  /** All that the clients sent, as he reads it. */
  readonly overheard: string;
  close(): Promise<void>;
}

export interface Disguise {
  certificate: IssuedCertificate;
  /** Where the server is. */
  target: { host: string; port: number };
  mode: 'implicit-tls' | 'starttls';
  version: tls.SecureVersion;
  alpn: string | undefined;
  /** What he makes of what the server says. */
  rewrite?: (octets: string) => string;
}

export async function startManInTheMiddle(disguise: Disguise): Promise<ManInTheMiddle> {
  const sockets = new Set<Socket>();
  let overheard = '';
  const own = (socket: Socket): void => {
    sockets.add(socket);
    socket.on('error', () => undefined).once('close', () => sockets.delete(socket));
  };
  const listener = createServer(async (near) => {
    own(near);
    const far = connect(disguise.target);
    own(far);
    await once(far, 'connect');
    if (disguise.mode === 'starttls') await passUntilGoAhead(near, far);
    const [client, server] = takeOver(near, far, disguise);
    for (const socket of [client, server]) own(socket);
    const rewrite = disguise.rewrite ?? ((octets) => octets);
    client.on('data', (octets: Buffer) => {
      overheard += octets.toString('latin1');
      server.write(octets);
    });
    server.on('data', (octets) => client.write(rewrite(octets.toString('latin1')), 'latin1'));
    for (const [one, other] of [[client, server] as const, [server, client] as const]) {
      one.once('end', () => other.end()).once('close', () => other.destroy());
    }
  });
  listener.listen(0, '127.0.0.1');
  await once(listener, 'listening');
  return {
    port: (listener.address() as AddressInfo).port,
    get overheard() {
      return overheard;
    },
    async close() {
      for (const socket of sockets) socket.destroy();
      listener.close();
      await once(listener, 'close');
    },
  };
}

/** Lets both talk until the server has answered STARTTLS or STLS, as an honest relay would. */
function passUntilGoAhead(near: Socket, far: Socket): Promise<void> {
  let asked = false;
  return new Promise((resolve) => {
    const fromClient = (octets: Buffer): void => {
      asked ||= /\b(?:STARTTLS|STLS)\r\n$/i.test(octets.toString('latin1'));
      far.write(octets);
    };
    const fromServer = (octets: Buffer): void => {
      near.write(octets);
      if (!asked) return;
      near.off('data', fromClient).pause();
      far.off('data', fromServer).pause();
      resolve();
    };
    near.on('data', fromClient);
    far.on('data', fromServer);
  });
}

function takeOver(near: Socket, far: Socket, disguise: Disguise): [tls.TLSSocket, tls.TLSSocket] {
  const { certificate, version, alpn } = disguise;
  const protocols = alpn === undefined ? {} : { ALPNProtocols: [alpn] };
  const client = new tls.TLSSocket(near, {
    isServer: true,
    secureContext: tls.createSecureContext({
      cert: certificate.chain,
      key: certificate.key,
      maxVersion: version,
    }),
    ...protocols,
  });
  const server = tls.connect({ socket: far, rejectUnauthorized: false, ...protocols });
  return [client, server];
}
