/**
 * From the ClientHello to the verdict.
 *
 * Node is told to reject no peer, because it hides the certificates of those that it rejects. We judge inside its
 * `secureConnect` event, before anything can be read or written, and destroy on failure.
 */

import type { X509Certificate } from 'node:crypto';
import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { connect, TLSSocket } from 'node:tls';
import { watchCloseNotify } from './close-notify.js';
import { AbortError, addErrorContext, isFivewireError, TimeoutError } from './errors.js';
import { closedError, explainTlsError, injectionError, silenceHint } from './handshake-error.js';
import type { Plan } from './handshake-plan.js';
import { judgeAlpn, judgeHandshake, judgeResumption, type Proof } from './judge.js';
import { keylogSink } from './keylog.js';
import { equip } from './secure-stream.js';
import { keepSession } from './session-store.js';
import { deadline } from './silence.js';
import { currentContext } from './tls-context.js';
import type { SecureStream } from './types.js';

/** Resolves with the verified stream; every way out takes all listeners and the timer along. */
export function shakeHands(stream: Duplex, plan: Plan): Promise<SecureStream> {
  const { options, errorContext, scene, timeout } = plan;
  const { signal, sessions } = options;
  refuseUnusable(stream, plan);
  const watch = options.observeCloseNotify ? watchCloseNotify(stream) : undefined;
  return new Promise((resolve, reject) => {
    let proof: Proof | undefined;
    const socket = startTls(watch?.beneath ?? stream, plan);
    watch?.watch(socket);
    const log = keylogSink(options.keylog ?? plan.parts.keylog);
    if (log) socket.on('keylog', log);
    if (watch || !(stream instanceof Socket)) endByErrorsOf(stream, socket);
    const settle = (): void => {
      timely();
      signal?.removeEventListener('abort', onAbort);
      socket.off('secureConnect', onSecure).off('error', onError).off('close', onClose);
    };
    const fail = (error: Error): void => {
      settle();
      socket.destroy();
      discard(stream);
      reject(error);
    };
    const onSecure = (): void => {
      try {
        proof = judge(socket, plan);
        settle();
        resolve(equip(socket, plan, proof, watch));
      } catch (error) {
        fail(isFivewireError(error) ? addErrorContext(error, errorContext) : (error as Error));
      }
    };
    const onError = (error: Error): void => fail(explainTlsError(error, scene));
    const onClose = (): void => fail(closedError(scene));
    const onAbort = (): void => fail(abortError(plan));
    const timely = deadline(timeout, () => fail(timeoutError(plan)));
    socket.once('secureConnect', onSecure).once('error', onError).once('close', onClose);
    signal?.addEventListener('abort', onAbort, { once: true });
    if (sessions) {
      // From the start, or TLS 1.2 would not report its session; Node holds it back until the verdict is there.
      socket.on(
        'session',
        (session) => proof && isCurrent(plan) && keepSession(sessions, session, proof),
      );
    }
  });
}

/** False once the context was reloaded: what was proven under the old one is no proof under the new. */
const isCurrent = ({ context, options }: Plan): boolean =>
  context === currentContext(options.context);

/** What no handshake can begin over. */
function refuseUnusable(stream: Duplex, plan: Plan): void {
  const { options, scene } = plan;
  const refuse = (error: Error): never => {
    discard(stream);
    throw error;
  };
  if (options.signal?.aborted) refuse(abortError(plan));
  if (stream.destroyed || !stream.writable || stream.readableEnded) refuse(closedError(scene));
  if (scene.mode === 'starttls' && stream.readableLength > 0) {
    refuse(injectionError(scene, stream.readableLength));
  }
}

/**
 * `servername` is always given: without it Node would verify "localhost". Empty means no SNI, and IP addresses are
 * none (Node 26 throws on them). `host` is what Node binds its sessions to, so that it is ours on every line.
 */
function startTls(beneath: Duplex, { identity, parts, alpn, resumable }: Plan): TLSSocket {
  const socket = connect({
    socket: beneath,
    secureContext: parts.secureContext(resumable?.group),
    servername: (parts.sni && identity.sni) || '',
    host: identity.name,
    rejectUnauthorized: false,
    minDHSize: parts.minDhBits,
    checkServerIdentity: () => undefined,
    ...(alpn !== undefined && { ALPNProtocols: [alpn] }),
    ...(resumable && { session: resumable.session }),
  });
  // Node would turn the whole chain into objects for the name check that we do not leave to it: 190 µs a handshake.
  socket.getPeerCertificate = noCertificate;
  return socket.on('error', ignore); // the stream's user learns of it by a listener of their own or by 'close'
}

const { getPeerCertificate } = TLSSocket.prototype;
const noCertificate = (() => ({})) as typeof getPeerCertificate;

/** Runs inside `secureConnect`. Throws where the peer fails. */
function judge(socket: TLSSocket, plan: Plan): Proof {
  socket.getPeerCertificate = getPeerCertificate;
  const proof = socket.isSessionReused() ? judgeResumed(plan) : judgeFull(socket, plan);
  judgeAlpn(socket.alpnProtocol || undefined, plan);
  return { ...proof, group: keyExchangeGroup(socket) ?? proof.group };
}

/**
 * Node names elliptic curves and, from 24 on, the groups of TLS 1.3; of others it tells nothing. A session of TLS 1.2 that
 * is resumed lives by the keys of its beginning, which are remembered.
 */
function keyExchangeGroup(socket: TLSSocket): string | undefined {
  if (socket.isSessionReused() && socket.getProtocol() === 'TLSv1.2') return undefined;
  const { type, name, size } = socket.getEphemeralKeyInfo() as {
    type?: string;
    name?: string;
    size?: number;
  };
  return name ?? (type === 'DH' ? `DHE ${size}` : undefined);
}

function judgeResumed(plan: Plan): Proof {
  if (!plan.resumable) throw new Error('a session was resumed that was never offered');
  return judgeResumption(plan.resumable.proof, plan);
}

function judgeFull(socket: TLSSocket, plan: Plan): Proof {
  const leaf = socket.getPeerX509Certificate();
  const evidence = {
    chainFault: socket.authorized ? undefined : String(socket.authorizationError),
    chain: derChain(leaf),
    fingerprint256: leaf?.fingerprint256 ?? '',
  };
  return judgeHandshake(evidence, plan);
}

/** More than OpenSSL takes octets for: nothing that a server sends is hidden behind what it sends before. */
const chainLimit = 1000;

/** As sent, leaf first. */
function derChain(leaf: X509Certificate | undefined): Buffer[] {
  const chain: Buffer[] = [];
  for (let next = leaf; next && chain.length < chainLimit; next = next.issuerCertificate) {
    const { raw } = next;
    if (!chain.at(-1)?.equals(raw)) chain.push(raw); // Bun gives the leaf twice
  }
  return chain;
}

/**
 * Node hands the errors of a stream of JavaScript's on without ending the TLS stream by them: a reader who comes a
 * moment later would take what came for the whole. So we end it.
 */
function endByErrorsOf(stream: Duplex, socket: TLSSocket): void {
  stream.on('error', (error) => socket.destroy(error));
}

/** Ends a stream of the caller's, whose own complaints about that may find no listener. */
function discard(stream: Duplex): void {
  if (!stream.closed) stream.on('error', ignore).once('close', () => stream.off('error', ignore));
  stream.destroy();
}

const abortError = ({ errorContext, options }: Plan): AbortError =>
  new AbortError('the TLS handshake was aborted', {
    ...errorContext,
    cause: options.signal?.reason,
    hint: 'The AbortSignal that was given fired.',
  });

const timeoutError = ({ errorContext, scene, timeout }: Plan): TimeoutError =>
  new TimeoutError(`no TLS handshake within ${timeout} ms`, {
    ...errorContext,
    hint: silenceHint(scene),
    milliseconds: timeout,
  });

const ignore = (): void => undefined;
