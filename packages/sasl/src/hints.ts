/** What to tell the user about an offer in which nothing fits. */
import type { CredentialKind } from './mechanism.js';
import { findMechanism, isPlus } from './mechanisms/table.js';
import type { AuthenticateOptions, Channel } from './types.js';

interface NothingFits {
  credential: CredentialKind;
  offered: readonly string[];
  nothingOfferedHint?: string;
  mechanisms?: AuthenticateOptions['mechanisms'];
  channelBinding?: AuthenticateOptions['channelBinding'];
  channel: Channel;
  needsAuthzid: boolean;
  bound: boolean;
}

const ways: Readonly<Record<CredentialKind, string>> = {
  password: 'a password: `auth: { user, password }`',
  accessToken: 'an access token: `auth: { user, accessToken }`',
  external: 'a client certificate: `tls.cert`, `tls.key` and `auth: { external: true }`',
  anonymous: 'anonymous users: `auth: { anonymous: true }`',
};

/** The first of these that is true is the reason. */
export function noCommonMechanismHint(situation: NothingFits): string {
  const { credential, offered, channel } = situation;
  const known = offered.flatMap((name) => findMechanism(name) ?? []);
  const fitting = known.filter((mechanism) => mechanism.credential === credential);
  const reasons: readonly [boolean, string][] = [
    [
      offered.length === 0 && situation.nothingOfferedHint !== undefined,
      situation.nothingOfferedHint ?? '',
    ],
    [
      offered.length === 0 && channel === 'cleartext',
      "Many servers offer mechanisms over TLS only: use security: 'starttls' or 'implicit-tls'.",
    ],
    [
      offered.length === 0,
      'The server offers no authentication here: is it the right port (for sending mail: 465 or 587)?',
    ],
    [
      fitting.length > 0 &&
        !situation.bound &&
        (fitting.every(({ name }) => isPlus(name)) || asksBinding(situation)),
      situation.channelBinding === undefined
        ? 'The server wants channel binding, which this connection can not give: it needs TLS.'
        : `This connection has no channel binding ${situation.channelBinding}: tls-unique needs TLS 1.2, tls-exporter 1.3.`,
    ],
    [
      fitting.length > 0 && situation.needsAuthzid && fitting.every(({ authzid }) => !authzid),
      'What the server offers can not carry `authzid`: leave it out.',
    ],
    [
      fitting.length > 0 && situation.mechanisms !== undefined,
      `\`mechanisms\` leaves out all that fits: allow one of ${fitting.map(({ name }) => name).join(', ')}.`,
    ],
    [
      fitting.length === 0 && known.length > 0,
      `This server takes ${[...new Set(known.flatMap(({ credential: kind }) => kind ?? []).map((kind) => ways[kind]))].join(', or ')}.`,
    ],
  ];
  const [, hint] = reasons.find(([applies]) => applies) ?? [];
  return hint ?? `None of ${offered.join(', ')} is spoken here.`;
}

const asksBinding = ({ mechanisms = [] }: NothingFits): boolean =>
  mechanisms.length > 0 &&
  mechanisms.every((name) => typeof name === 'string' && isPlus(name.toUpperCase()));
