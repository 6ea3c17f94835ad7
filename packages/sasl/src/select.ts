/** Which mechanism: from what the server offers, what the caller has, allows and prefers, and what the channel bears. */
import { AuthenticationError, type ChannelBindingType, UsageError } from 'tls-context-core';
import { checkAuth } from './credentials.js';
import { customRow, isCustomMechanism } from './custom.js';
import { given } from './given.js';
import { noCommonMechanismHint } from './hints.js';
import type { ChannelBinding, CredentialKind, ExchangeContext, Mechanism } from './mechanism.js';
import { findMechanism, isPlus, mechanisms } from './mechanisms/table.js';
import { printable } from './text.js';
import type { AuthenticateOptions, Channel } from './types.js';

/** A mechanism, and what its exchange must know about the connection: hand both to `createExchange`. */
export interface Selection {
  readonly mechanism: string;
  readonly context: ExchangeContext;
  /** The row of the table, or the caller's own. */
  readonly row: Mechanism;
}

/**
 * The mechanism to use.
 *
 * @throws AuthenticationError ERR_CLEARTEXT_AUTH_REFUSED, ERR_NO_COMMON_MECHANISM
 * @throws UsageError ERR_ARGUMENT for a malformed `auth` or an unknown name in `mechanisms`
 */
export function selectMechanism(options: AuthenticateOptions): Selection {
  return usableMechanisms(options)[0];
}

/** All mechanisms that can be used, the preferred one first; never empty. Throws as {@link selectMechanism}. */
export function usableMechanisms(options: AuthenticateOptions): [Selection, ...Selection[]] {
  const credential = checkAuth(options.auth);
  refuseCleartext(options, credential);

  const offered = offeredNames(options.offered);
  const binding = findBinding(options);
  const plusOffered = offered.some(isPlus);
  const { host, port, iterations, saltedPasswords } = options;
  const shared = given({ host, port, iterations, saltedPasswords });
  const needsAuthzid = 'authzid' in options.auth && options.auth.authzid !== undefined;

  const possible = preference(options).filter(
    (mechanism) =>
      (mechanism.credential ?? credential) === credential &&
      (mechanism.authzid || !needsAuthzid) &&
      (binding !== undefined || !isPlus(mechanism.name)),
  );
  // A server that lists nothing may take what it does not list: what the caller names is tried.
  const { leave = options.mechanisms !== undefined } = options;
  const hidden = leave && offered.length === 0;
  const [first, ...others] = possible
    .filter(({ name }) => hidden || offered.includes(name))
    .map((row) => ({ mechanism: row.name, row, context: contextFor(row) }));
  if (first) return [first, ...others];

  function contextFor({ name, credential: fixed }: Mechanism): ExchangeContext {
    if (fixed === undefined) {
      const { protocol, binding: source } = options;
      const channelBinding = (type: ChannelBindingType) => source?.channelBinding(type);
      return { ...shared, protocol, channelBinding };
    }
    if (binding && isPlus(name)) return { ...shared, binding };
    return { ...shared, couldBind: binding !== undefined && !plusOffered };
  }

  throw new AuthenticationError(
    'ERR_NO_COMMON_MECHANISM',
    `No mechanism to authenticate with: the server offers ${offered.join(', ') || 'none'}; ` +
      `possible here: ${possible.map(({ name }) => name).join(', ') || 'none'}`,
    {
      offered,
      hint: noCommonMechanismHint({
        ...options,
        credential,
        offered,
        needsAuthzid,
        bound: binding !== undefined,
      }),
      phase: 'auth',
    },
  );
}

// Anything but a spelled-out protected channel counts as cleartext, so that a typing error can't open one.
const protectedChannels: readonly Channel[] = ['verified-tls', 'unverified-tls'];

function refuseCleartext(options: AuthenticateOptions, credential: CredentialKind): void {
  const secret = credential === 'password' || credential === 'accessToken';
  if (!secret || options.allowCleartextAuth || protectedChannels.includes(options.channel)) return;
  // SCRAM and CRAM-MD5 as well: what they send can be guessed at offline, and the session after them be taken over.
  throw new AuthenticationError(
    'ERR_CLEARTEXT_AUTH_REFUSED',
    'Credentials are not sent over a connection without TLS',
    {
      hint: "Use security: 'implicit-tls' or 'starttls'; allowCleartextAuth: true sends them readable for everyone on the way.",
      phase: 'auth',
    },
  );
}

function preference({
  mechanisms: wanted,
  channel,
}: Pick<AuthenticateOptions, 'mechanisms' | 'channel'>): readonly Mechanism[] {
  if (wanted) return [...new Map(wanted.map(rowOf).map((row) => [row.name, row])).values()];
  // Over verified TLS a digest that can be guessed at is no gain over PLAIN, and servers that keep hashed passwords
  // offer CRAM-MD5 in vain; RFC 4954 section 4 and draft-ietf-sasl-crammd5-to-historic ask for PLAIN over TLS as well.
  // Where the peer is not proven, it at least does not hand over the password itself: there the table's order holds.
  if (channel !== 'verified-tls') return mechanisms;
  return [...mechanisms].sort(
    (a, b) => Number(a.name === 'CRAM-MD5') - Number(b.name === 'CRAM-MD5'),
  );
}

/** What comes before PLAIN by default, for a protocol whose own command stands in for PLAIN. */
export function preferredToPlain(channel: Channel): string[] {
  const names = preference({ channel }).map(({ name }) => name);
  return names.slice(0, names.indexOf('PLAIN'));
}

function rowOf(name: unknown): Mechanism {
  if (isCustomMechanism(name)) return customRow(name);
  const mechanism = findMechanism(String(name));
  if (mechanism) return mechanism;
  throw new UsageError('ERR_ARGUMENT', `mechanisms: ${printable(String(name), 40)} is not known`, {
    argument: 'mechanisms',
    hint: `Known are ${mechanisms.map((known) => known.name).join(', ')}.`,
    phase: 'auth',
  });
}

// RFC 9266 first; it is there on TLS 1.3 alone. RFC 5929's: one needs the certificate and works on 1.2, the other is there on
// 1.2 whatever the certificate's algorithm.
const bindings = ['tls-exporter', 'tls-server-end-point', 'tls-unique'] as const;

function findBinding(options: AuthenticateOptions): ChannelBinding | undefined {
  const { binding: source, channelBinding } = options;
  for (const type of channelBinding === undefined ? bindings : [channelBinding]) {
    const data = source?.channelBinding(type);
    if (data) return { type, data };
  }
  return undefined;
}

/** sasl-mech of RFC 4422 section 3.1, each once; what is no such name can't be one of ours. */
export const offeredNames = (offered: readonly string[]): readonly string[] => [
  ...new Set(
    offered.map((name) => name.toUpperCase()).filter((name) => /^[A-Z0-9_-]{1,20}$/.test(name)),
  ),
];
