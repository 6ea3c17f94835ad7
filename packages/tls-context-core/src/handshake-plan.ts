/** The options of one handshake, checked, and what follows from them. Nothing here touches the stream. */

import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Scene } from './handshake-error.js';
import type { Demands } from './judge.js';
import { keylogRule } from './keylog.js';
import { badOption, checkOptions, isFlag, isText, oneOf, type Rules } from './option-check.js';
import { portRule, protocolRule, protocols, serverHostnameRule } from './protocols.js';
import { refuseIgnored } from './runtime.js';
import { toServerHostname } from './server-hostname.js';
import { type Resumable, takeSession } from './session-store.js';
import { parseSrvId } from './srv-id.js';
import { type ContextParts, contextParts, currentContext } from './tls-context.js';
import { isTlsaSet } from './tlsa.js';
import type { SecureOptions } from './types.js';

/** What a handshake needs to know. */
export interface Plan extends Demands {
  readonly parts: ContextParts;
  readonly options: SecureOptions;
  /** For errors. */
  readonly scene: Scene;
  readonly timeout: number;
  readonly resumable: Resumable | undefined;
}

const defaultTimeout = 10_000;

/** Throws a UsageError or TlsError where no handshake can be planned. */
export function planHandshake(stream: Duplex, options: SecureOptions): Plan {
  checkArguments(stream, options);
  const { protocol, port, host } = options;
  const context = currentContext(options.context); // one for all of this handshake, whatever is reloaded meanwhile
  const parts = contextParts(context);
  if (options.tlsa !== undefined && context.verifyMode === 'none') {
    throw badOption('tlsa', "has no meaning with verifyMode: 'none'");
  }
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
    trust: parts.trust,
    options,
    identity,
    errorContext,
    pins: parts.pins,
    srvId: options.srvId === undefined ? undefined : parseSrvId(options.srvId),
    tlsa: options.tlsa,
    alpn: chooseAlpn(options, parts),
    scene: { ...errorContext, mode: options.mode ?? 'implicit-tls' },
    timeout: options.timeout ?? defaultTimeout,
    resumable: options.sessions && takeSession(options.sessions, options, identity, errorContext),
  };
}

function chooseAlpn({ alpn, protocol }: SecureOptions, parts: ContextParts): string | undefined {
  if (alpn === false) return undefined;
  return alpn ?? (parts.alpn ? protocols[protocol].alpn : undefined);
}

function checkArguments(stream: Duplex, options: SecureOptions): void {
  if (!isDuplex(stream)) throw badOption('stream', 'must be a Duplex');
  if (stream.readableObjectMode || stream.readableEncoding) {
    throw badOption('stream', 'must give octets, not text or objects');
  }
  if ((stream as Partial<Socket>).connecting) throw badOption('stream', 'must be connected first');
  checkOptions(options, rules);
  refuseIgnored(options);
  if (options.protocol === undefined) throw badOption('protocol', `must be ${protocolRule[1]}`);
}

const isObject = (value: unknown): boolean => typeof value === 'object' && value !== null;
/** By its shape, for streams from other copies of the stream library count too. */
const isDuplex = (value: unknown): boolean =>
  isObject(value) &&
  ['read', 'write', 'on', 'destroy'].every(
    (method) => typeof Reflect.get(value as object, method) === 'function',
  );
const isDelay = (value: unknown): boolean => typeof value === 'number' && value >= 0;
const isAlpn = (value: unknown): boolean =>
  value === false || (typeof value === 'string' && /^[!-~]{1,255}$/.test(value));
const isSignal = (value: unknown): boolean => value instanceof AbortSignal;

const rules: Rules<SecureOptions> = {
  context: [isObject, 'a TlsContext'],
  serverHostname: serverHostnameRule,
  protocol: protocolRule,
  port: portRule,
  srvId: [isText, 'text'],
  tlsa: [
    isTlsaSet,
    'a list of TLSA records of usage 2 or 3, selector 0 or 1, and matching type 0, 1 or 2',
  ],
  mode: oneOf('implicit-tls', 'starttls'),
  sessions: [isObject, 'a SessionScope'],
  alpn: [isAlpn, '1 to 255 printable ASCII characters, or false'],
  observeCloseNotify: [isFlag, 'true or false'],
  signal: [isSignal, 'an AbortSignal'],
  timeout: [isDelay, 'milliseconds, not negative'],
  keylog: keylogRule,
  host: [isText, 'text'],
};
