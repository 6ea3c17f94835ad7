/** The server's end of the handshake. Implicit TLS is STARTTLS at octet zero here too: the same code runs. */
import { createHash, X509Certificate } from 'node:crypto';
import type { Socket } from 'node:net';
import { createSecureContext, createServer, type TLSSocket, type TlsOptions } from 'node:tls';
import { type IssuedCertificate, wasIssuedHere } from './throwaway-ca.js';

export interface ServerTlsOptions {
  certificate: IssuedCertificate;
  /** Other certificates by the name that the client asks for (SNI). */
  certificates?: Readonly<Record<string, IssuedCertificate>>;
  /** Ask for a client certificate and judge it by these roots. `required`: without one the handshake fails. */
  clientCa?: string;
  requireClientCertificate?: boolean;
  /** Protocols offered by ALPN. Default: the one that IANA registered; `false`: none. */
  alpn?: readonly string[] | false;
  minVersion?: 'TLSv1' | 'TLSv1.1' | 'TLSv1.2' | 'TLSv1.3';
  maxVersion?: 'TLSv1' | 'TLSv1.1' | 'TLSv1.2' | 'TLSv1.3';
  ciphers?: string;
  /** Milliseconds for a handshake. Default 10,000. */
  handshakeTimeout?: number;
}

export interface TlsAcceptor {
  /**
   * Turns a TCP socket into a TLS socket. `secured` is told as soon as the handshake is over, even where the peer leaves at
   * once. Rejects where the handshake fails or the peer goes.
   */
  accept(socket: Socket, secured: (socket: TLSSocket) => void): Promise<TLSSocket>;
  /** SHA-256 of the certificate for that name: channel binding `tls-server-end-point`, RFC 5929 §4. */
  endPoint(servername: string | undefined): Uint8Array;
}

/** Who waits for a handshake to end. */
interface Waiter {
  secured(socket: TLSSocket): void;
  resolve(socket: TLSSocket): void;
  reject(error: Error): void;
}

/**
 * Servers that show one certificate in one way share what OpenSSL makes of it, which takes as long as a handshake, and the keys of
 * their session tickets: they are one host, as the machines of a farm are.
 */
export function createTlsAcceptor(options: ServerTlsOptions): TlsAcceptor {
  const { certificate, certificates, ...rest } = options;
  if (certificates !== undefined) return createAcceptor(options);
  const known = acceptors.get(certificate) ?? new Map<string, TlsAcceptor>();
  acceptors.set(certificate, known);
  const way = JSON.stringify(rest);
  const acceptor =
    known.get(way) ?? (isSound(options) ? madeAtUse(options) : createAcceptor(options));
  known.set(way, acceptor);
  return acceptor;
}

const acceptors = new WeakMap<IssuedCertificate, Map<string, TlsAcceptor>>();

/** Whether there is nothing in it that OpenSSL could refuse: what it refuses, the server's start has to tell. */
const isSound = ({ certificate, clientCa, ciphers }: ServerTlsOptions): boolean =>
  wasIssuedHere(certificate) && clientCa === undefined && ciphers === undefined;

/** Many servers are never spoken TLS with. */
function madeAtUse(options: ServerTlsOptions): TlsAcceptor {
  let made: TlsAcceptor | undefined;
  const acceptor = (): TlsAcceptor => (made ??= createAcceptor(options));
  return {
    accept: (...given) => acceptor().accept(...given),
    endPoint: (name) => acceptor().endPoint(name),
  };
}

function createAcceptor(options: ServerTlsOptions): TlsAcceptor {
  const server = createServer(serverOptions(options));
  const waiting = new Map<string, Waiter>();
  const settle = (socket: TLSSocket) => {
    const key = socketKey(socket);
    const waiter = waiting.get(key);
    waiting.delete(key);
    return waiter;
  };
  server.on('secureConnection', (socket) => {
    const waiter = settle(socket);
    waiter?.secured(socket);
    socket.allowHalfOpen = true;
    socket.on('error', () => {}); // until its session listens; 'close' follows and tells all there is to tell
    // OpenSSL is still inside its handshake here: TLS 1.3's tickets are not written yet. Who writes now gets his octets
    // out before them, and who ends now ends without close_notify (SSL_shutdown: "shutdown while in init").
    setImmediate(() => waiter?.resolve(socket));
  });
  server.on('tlsClientError', (error, socket) => settle(socket)?.reject(error));
  return {
    accept: (socket, secured) =>
      new Promise((resolve, reject) => {
        const key = socketKey(socket);
        waiting.set(key, { secured, resolve, reject });
        socket.once('close', () => {
          waiting.delete(key);
          reject(new Error('The peer left during the TLS handshake.'));
        });
        // Half a connection is of no use to a handshake: a client that leaves in its middle ends it at once.
        socket.allowHalfOpen = false;
        // Node's documented way to hand a connected socket to a TLS server that does not listen itself.
        server.emit('connection', socket);
      }),
    endPoint: (name) => {
      const { certificate } = options.certificates?.[name ?? ''] ?? options.certificate;
      return createHash('sha256').update(new X509Certificate(certificate).raw).digest();
    },
  };
}

/** A connection's two ports: unique for as long as it lives, and the same on the TCP and the TLS socket. */
const socketKey = (socket: Socket): string =>
  `${socket.remoteAddress} ${socket.remotePort} ${socket.localPort}`;

function serverOptions(options: ServerTlsOptions): TlsOptions {
  const { certificate, certificates } = options;
  return {
    cert: certificate.chain,
    key: certificate.key,
    // One context serves control and data connections; without an id OpenSSL refuses to resume once it asks for client certificates.
    sessionIdContext: 'fivewire-test-servers',
    handshakeTimeout: options.handshakeTimeout ?? 10_000,
    requestCert: options.clientCa !== undefined,
    rejectUnauthorized: options.requireClientCertificate ?? false,
    ...(options.clientCa === undefined ? {} : { ca: options.clientCa }),
    ...(options.alpn ? { ALPNProtocols: [...options.alpn] } : {}),
    ...(options.minVersion ? { minVersion: options.minVersion } : {}),
    ...(options.maxVersion ? { maxVersion: options.maxVersion } : {}),
    ...(options.ciphers ? { ciphers: options.ciphers } : {}),
    ...(certificates
      ? {
          SNICallback: (name, done) => {
            const match = certificates[name];
            done(null, match && createSecureContext({ cert: match.chain, key: match.key }));
          },
        }
      : {}),
  };
}
