/**
 * `secure()`: the only place of the suite where TLS starts. Implicit TLS is STARTTLS at octet zero: one code path.
 *
 * Node is told to reject nobody, because it hides the certificates of those whom it rejects. We judge inside its
 * `secureConnect` event, before anything can be read or written, and destroy on failure.
 */

import type { Duplex } from 'node:stream';
import { connect, type TLSSocket } from 'node:tls';
import { tlsExporter, tlsServerEndPoint } from './channel-binding.js';
import { type CloseNotifyWatch, watchCloseNotify } from './close-notify.js';
import {
  AbortError,
  addErrorContext,
  isFivewireError,
  type ProtocolName,
  TimeoutError,
  UsageError,
} from './errors.js';
import { closedError, explainTlsError, injectionError, type Scene, silenceHint } from './hints.js';
import { type Demands, judgeAlpn, judgeHandshake, judgeResumption, type Proof } from './judge.js';
import { toServerHostname } from './server-hostname.js';
import { keepSession, takeSession } from './session-store.js';
import { type ContextParts, contextParts } from './tls-context.js';
import type { SecureOptions, SecureStream, TlsSecurity } from './types.js';

const defaultTimeout = 10_000;
const longestTimeout = 2 ** 31 - 1;

/** ALPN names that IANA has registered; SMTP and LMTP have none. */
const alpnNames: Record<ProtocolName, string | undefined> = {
  ftp: 'ftp',
  imap: 'imap',
  pop3: 'pop3',
  nntp: 'nntp',
  smtp: undefined,
  lmtp: undefined,
};

/**
 * Shakes hands over `stream` and resolves with the verified stream; whatever fails, `stream` is destroyed
 * (but for a `UsageError`, which is thrown before it is touched).
 *
 * @param stream a connected socket or any Duplex, over which nothing is on its way.
 * @throws TlsError where the peer fails the proof; StartTlsError `ERR_STARTTLS_INJECTION`;
 * ConnectionError `ERR_CONNECTION_CLOSED`; TimeoutError; AbortError; UsageError.
 */
export async function secure(stream: Duplex, options: SecureOptions): Promise<SecureStream> {
  const plan = planHandshake(options);
  refuseUnusable(stream, plan);
  return shakeHands(stream, plan);
}

/** The options, checked, and what follows from them. */
interface Plan extends Demands {
  readonly parts: ContextParts;
  readonly options: SecureOptions;
  readonly scene: Scene;
  readonly timeout: number;
  readonly resumable: ReturnType<typeof takeSession>;
}

function planHandshake(options: SecureOptions): Plan {
  const {
    context,
    protocol,
    port,
    host,
    mode = 'implicit-tls',
    timeout = defaultTimeout,
  } = options;
  const parts = contextParts(context);
  checkArguments(options, timeout);
  const where = {
    protocol,
    phase: 'tls' as const,
    ...(host !== undefined && { host }),
    ...(port !== undefined && { port }),
  };
  const identity = toServerHostname(options.serverHostname, where);
  const errorContext = { ...where, serverHostname: identity.name };
  return {
    context,
    parts,
    options,
    identity,
    timeout,
    errorContext,
    pins: parts.pins,
    alpn: chooseAlpn(options, parts),
    scene: { ...errorContext, mode },
    resumable: options.sessions && takeSession(options.sessions, options, errorContext),
  };
}

function checkArguments(
  { protocol, mode, port, alpn, signal }: SecureOptions,
  timeout: number,
): void {
  const wrong: [boolean, string, string][] = [
    [
      !Object.hasOwn(alpnNames, protocol),
      'protocol',
      `one of ${Object.keys(alpnNames).join(', ')}`,
    ],
    [
      mode !== undefined && mode !== 'implicit-tls' && mode !== 'starttls',
      'mode',
      "'implicit-tls' or 'starttls'",
    ],
    [
      port !== undefined && !(Number.isInteger(port) && port > 0 && port < 65_536),
      'port',
      'a port from 1 to 65535',
    ],
    [
      !(timeout > 0 && timeout <= longestTimeout),
      'timeout',
      `milliseconds from 1 to ${longestTimeout}`,
    ],
    [
      typeof alpn === 'string' && !/^[!-~]{1,255}$/.test(alpn),
      'alpn',
      '1 to 255 printable ASCII characters, or false',
    ],
    [signal !== undefined && !(signal instanceof AbortSignal), 'signal', 'an AbortSignal'],
  ];
  for (const [isWrong, argument, expected] of wrong) {
    if (isWrong) {
      throw new UsageError('ERR_ARGUMENT', `${argument} must be ${expected}`, {
        argument,
        hint: 'See SecureOptions.',
      });
    }
  }
}

function chooseAlpn({ alpn, protocol }: SecureOptions, parts: ContextParts): string | undefined {
  if (alpn === false) return undefined;
  return alpn ?? (parts.alpn ? alpnNames[protocol] : undefined);
}

/** What no handshake can begin over. */
function refuseUnusable(stream: Duplex, { options, scene }: Plan): void {
  const { mode, ...context } = scene;
  const refuse = (error: Error): never => {
    stream.destroy();
    throw error;
  };
  if (options.signal?.aborted) refuse(abortError(options.signal, context));
  if (stream.destroyed || !stream.writable || stream.readableEnded) refuse(closedError(scene));
  if (mode === 'starttls' && stream.readableLength > 0) {
    refuse(injectionError(scene, stream.readableLength));
  }
}

/** From the ClientHello to the verdict; every way out takes all listeners and the timer along. */
function shakeHands(stream: Duplex, plan: Plan): Promise<SecureStream> {
  const { options, scene, timeout } = plan;
  const { mode, ...context } = scene;
  const watch = options.observeCloseNotify ? watchCloseNotify(stream) : undefined;
  return new Promise((resolve, reject) => {
    const socket = startTls(watch?.beneath ?? stream, plan);
    watch?.watch(socket);
    const settle = (): void => {
      clearTimeout(timer);
      options.signal?.removeEventListener('abort', onAbort);
      socket.off('secureConnect', onSecure).off('error', onError).off('close', onClose);
    };
    const fail = (error: Error): void => {
      settle();
      socket.destroy();
      stream.destroy();
      reject(error);
    };
    const onSecure = (): void => {
      try {
        const secured = accept(socket, plan, watch);
        settle();
        resolve(secured);
      } catch (error) {
        fail(isFivewireError(error) ? addErrorContext(error, context) : (error as Error));
      }
    };
    const onError = (error: Error): void => fail(explainTlsError(error, scene));
    const onClose = (): void => fail(closedError(scene));
    const onAbort = (): void => fail(abortError(options.signal, context));
    const timer = setTimeout(() => {
      const hint = silenceHint(scene);
      const text = `no TLS handshake within ${timeout} ms`;
      fail(new TimeoutError(text, { ...context, hint, milliseconds: timeout }));
    }, timeout);
    socket.once('secureConnect', onSecure).once('error', onError).once('close', onClose);
    options.signal?.addEventListener('abort', onAbort, { once: true });
  });
}

/**
 * `servername` is always given: without it Node would verify "localhost". Empty means no SNI, and IP addresses are
 * none (Node 26 throws on them). `host` is what Node binds its sessions to, so that it is ours on every line.
 */
function startTls(beneath: Duplex, { identity, parts, alpn, resumable }: Plan): TLSSocket {
  const socket = connect({
    socket: beneath,
    secureContext: parts.secureContext(),
    servername: (parts.sni && identity.sni) || '',
    host: identity.name,
    rejectUnauthorized: false,
    checkServerIdentity: () => undefined,
    ...(alpn !== undefined && { ALPNProtocols: [alpn] }),
    ...(resumable && { session: resumable.session }),
  });
  return socket.on('error', ignore); // whoever uses the stream learns of it by their own listener or by 'close'
}

/** Runs inside `secureConnect`. Throws where the peer fails. */
function accept(socket: TLSSocket, plan: Plan, watch: CloseNotifyWatch | undefined): SecureStream {
  const proof = socket.isSessionReused() ? judgeResumed(plan) : judgeFull(socket, plan);
  const selected = socket.alpnProtocol || undefined;
  judgeAlpn(selected, plan);
  const { sessions } = plan.options;
  if (sessions) socket.on('session', (session) => keepSession(sessions, session, proof));
  return equip(socket, proof, describe(socket, plan, proof, selected), watch);
}

function judgeResumed(plan: Plan): Proof {
  if (!plan.resumable) throw new Error('a session was resumed that was never offered');
  return judgeResumption(plan.resumable.proof, plan);
}

function judgeFull(socket: TLSSocket, plan: Plan): Proof {
  const leaf = socket.getPeerX509Certificate();
  const fault = socket.authorized ? undefined : String(socket.authorizationError);
  const chain: Buffer[] = [];
  for (let one = leaf; one && chain.length < chainLimit; one = one.issuerCertificate) {
    if (chain.some((der) => der.equals((one as typeof leaf & object).raw))) break; // a root issues itself
    chain.push(one.raw);
  }
  return judgeHandshake(
    { chainFault: fault, chain, fingerprint256: leaf?.fingerprint256 ?? '' },
    plan,
  );
}

const chainLimit = 20;

function describe(
  socket: TLSSocket,
  { context, identity }: Plan,
  { matchedName, fingerprint256 }: Proof,
  alpn: string | undefined,
): TlsSecurity {
  return Object.freeze({
    verified: context.verifyMode === 'required' && context.checkHostname,
    serverHostname: identity.name,
    matchedName,
    protocol: socket.getProtocol() ?? '',
    cipher: socket.getCipher().standardName,
    alpn,
    resumed: socket.isSessionReused(),
    trust: context.trust,
    fingerprint256,
  });
}

/** Node's own socket, with what we know about it; a wrapper would cost and lose. */
function equip(
  socket: TLSSocket,
  { chain }: Proof,
  security: TlsSecurity,
  watch: CloseNotifyWatch | undefined,
): SecureStream {
  const [leaf] = chain;
  return Object.defineProperties(socket as unknown as SecureStream, {
    security: { value: security, enumerable: true },
    peerCertificates: { value: Object.freeze([...chain]) },
    closedCleanly: { get: () => watch?.closedCleanly() },
    channelBinding: {
      value: (type: string) =>
        type === 'tls-exporter' ? tlsExporter(socket) : leaf && tlsServerEndPoint(leaf),
    },
  });
}

function abortError(signal: AbortSignal | undefined, context: object): AbortError {
  return new AbortError('the TLS handshake was aborted', {
    ...context,
    cause: signal?.reason,
    hint: 'The AbortSignal that was given fired.',
  });
}

const ignore = (): void => undefined;
