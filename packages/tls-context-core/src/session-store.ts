/**
 * Sessions for resumption, each bound to the identity that it was verified for.
 *
 * Node 20 resumes a session under any name without a check (CVE-2026-48934), and a resumed socket shows no
 * certificate. So a session never leaves this file but to the same context, name, protocol and port, and the leaf
 * that was verified is kept beside it, to be judged again.
 */

import { type ErrorContext, type ProtocolName, UsageError } from './errors.js';
import type { Proof } from './judge.js';
import { checkOptions, type Rules } from './option-check.js';
import { portRule, protocolRule, serverHostnameRule } from './protocols.js';
import { toServerHostname } from './server-hostname.js';
import { contextParts, currentContext } from './tls-context.js';
import { tlsaKey } from './tlsa.js';
import type { SecureOptions, ServerHostname, SessionScope, TlsContext } from './types.js';

/** Whose sessions a scope holds. */
export interface SessionScopeOptions {
  context: TlsContext;
  serverHostname: string | ServerHostname;
  protocol: ProtocolName;
  /** The service's port. FTP data connections count under the port of their control connection. */
  port?: number;
}

/** A session and what was proven when it began. */
export interface Resumable {
  readonly session: Buffer;
  readonly proof: Proof;
  /** What this server chooses, where many handshakes are expected: worth a context of its own that offers it first. */
  readonly group: string | undefined;
}

/** Sessions of one scope after which more of them are expected. A context costs up to 20 ms, a second hello a round trip. */
const few = 3;

interface Store {
  readonly context: TlsContext;
  /** What the context stood for when the session was made: a reload makes strangers of its sessions. */
  loaded: TlsContext;
  resumable: Resumable | undefined;
  /** Sessions kept so far. */
  kept: number;
}

/** A ticket may be 64 KiB long; what is longer is no session that we want to keep. */
const sessionLimit = 1 << 17;

const rules: Rules<SessionScopeOptions> = {
  context: [() => true, 'a TlsContext'],
  serverHostname: serverHostnameRule,
  protocol: protocolRule,
  port: portRule,
};

const storeOf = new WeakMap<SessionScope, Store>();

/**
 * Makes an empty scope, to be given to each `secure()` of that identity. It holds one session, the newest, and is
 * filled only from connections that passed every check of the context.
 *
 * @throws TlsError `ERR_SERVER_HOSTNAME_INVALID`; UsageError `ERR_ARGUMENT`.
 */
export function createSessionScope(options: SessionScopeOptions): SessionScope {
  checkOptions(options, rules);
  const { context, protocol, port } = options;
  contextParts(context);
  const store: Store = { context, loaded: currentContext(context), resumable: undefined, kept: 0 };
  const scope: SessionScope = Object.freeze({
    protocol,
    serverHostname: toServerHostname(options.serverHostname).name,
    port,
    clear: () => {
      store.resumable = undefined;
    },
  });
  storeOf.set(scope, store);
  return scope;
}

/** The session to offer to a peer, if there is one and its certificates have not expired since. */
export function takeSession(
  scope: SessionScope,
  { context, protocol, port, tlsa }: SecureOptions,
  identity: ServerHostname,
  errorContext: ErrorContext,
): Resumable | undefined {
  const store = storeOf.get(scope);
  const same =
    store?.context === context &&
    scope.protocol === protocol &&
    scope.port === port &&
    scope.serverHostname === identity.name;
  if (!same) {
    throw new UsageError(
      'ERR_ARGUMENT',
      'sessions belong to another context, name, protocol or port',
      {
        ...errorContext,
        argument: 'sessions',
        hint: 'Make one scope for each identity with createSessionScope(); a session proves one name only.',
      },
    );
  }
  if (store.resumable && store.resumable.proof.validUntil <= Date.now()) scope.clear();
  if (store.resumable && store.resumable.proof.tlsa !== tlsaKey(tlsa)) scope.clear();
  if (store.loaded !== currentContext(context)) scope.clear();
  store.loaded = currentContext(context);
  return store.resumable;
}

/** Keeps the newest session of a verified connection. */
export function keepSession(scope: SessionScope, session: Buffer, proof: Proof): void {
  const store = storeOf.get(scope);
  if (store === undefined || session.length > sessionLimit) return;
  store.kept += 1;
  store.resumable = { session, proof, group: store.kept > few ? proof.group : undefined };
}
