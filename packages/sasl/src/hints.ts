/** What to tell the user: about a server's refusal, and about an offer in which nothing fits. */
import type { ProtocolName, ServerReply } from 'tls-context-core';
import type { CredentialKind } from './mechanism.js';
import { findMechanism, isPlus } from './mechanisms/table.js';
import type { Channel } from './types.js';

/** What a refusal means. */
export interface Verdict {
  readonly hint: string;
  /** The credentials may be good in a while. */
  readonly later?: boolean;
  /** It is about the account, whatever code it came with: no other mechanism would fare better. */
  readonly account?: boolean;
}

/** A refusal, and of what. */
export interface Refused {
  reply: ServerReply;
  credential: CredentialKind;
  protocol: ProtocolName;
  host?: string;
}

const oauth = 'OAuth2 (`auth: { user, accessToken }`)';

/** Matched against `code enhanced text`, the first that fits. The texts are those of the big providers and of the RFCs. */
const replies: readonly (Verdict & { pattern: RegExp; only?: CredentialKind })[] = [
  {
    pattern: /smtpclientauthentication is disabled/i,
    hint: 'SMTP AUTH is switched off for this tenant or mailbox: its administrator must enable authenticated SMTP.',
    account: true,
  },
  {
    // Outlook: 535 5.7.139 Authentication unsuccessful, basic authentication is disabled
    pattern: /\b5\.7\.139\b|basic authentication is disabled/i,
    only: 'password',
    hint: `Microsoft takes no passwords here any more: use ${oauth}.`,
    account: true,
  },
  {
    // Gmail: 534 5.7.9 Application-specific password required; iCloud and Yahoo say it in words alone
    pattern: /app(?:lication)?[- ](?:specific )?password|InvalidSecondFactor/i,
    hint: `This account needs an app password, made in the account's security settings, or ${oauth}.`,
    account: true,
  },
  {
    // Gmail: 535 5.7.8 Username and Password not accepted … BadCredentials
    pattern: /BadCredentials/,
    only: 'password',
    hint: `Google takes no account passwords: use an app password (needs two-step verification) or ${oauth}.`,
    account: true,
  },
  {
    // Gmail: 534 5.7.14 Please log in via your web browser; IMAP: [WEBALERT …] Web login required
    pattern: /\b5\.7\.14\b|web ?(?:browser|login)|WEBALERT/i,
    hint: `The provider wants you to sign in once with a browser; then use an app password or ${oauth}.`,
    account: true,
  },
  {
    pattern: /authenticated but not connected/i,
    hint: 'The token is good but opens no mailbox: check its scope, the user name, and that IMAP is enabled for it.',
    account: true,
  },
  {
    pattern: /^(?:538|483)\b|\b(?:[45]\.7\.11|PRIVACYREQUIRED)\b/,
    hint: "The server wants TLS first: use security: 'starttls' or 'implicit-tls'.",
  },
  {
    pattern: /^432\b|\b4\.7\.12\b/,
    hint: "The account must log in once by PLAIN: set mechanisms: ['PLAIN'] for one connection over TLS.",
  },
  { pattern: /\bEXPIRED\b/, hint: 'The password or token has expired: renew it.', account: true },
  {
    pattern: /\bAUTHORIZATIONFAILED\b/,
    hint: 'The credentials are good, but they may not act as `authzid`.',
    account: true,
  },
  {
    pattern: /\bCONTACTADMIN\b/,
    hint: 'The server asks you to contact its administrator.',
    account: true,
  },
  {
    pattern: /\b(?:UNAVAILABLE|INUSE|IN-USE|LIMIT|LOGIN-DELAY|SYS\/TEMP|4\.[37]\.0)\b/,
    hint: 'The server has a passing trouble: try later.',
    later: true,
  },
];

/** For providers whose refusals say nothing. Matched against the end of the host's name. */
const providers: readonly { pattern: RegExp; hint: string }[] = [
  {
    pattern: /(?:^|\.)(?:gmail|googlemail|google)\.com$/,
    hint: `Google takes no account passwords: use an app password (needs two-step verification) or ${oauth}.`,
  },
  {
    pattern: /(?:^|\.)(?:office365|outlook|hotmail|live)\.com$/,
    hint: `Microsoft takes no passwords here any more: use ${oauth}.`,
  },
  {
    pattern: /(?:^|\.)(?:yahoo\.com|aol\.com|mail\.me\.com|icloud\.com|fastmail\.com)$/,
    hint: "This provider wants an app password, made in the account's security settings.",
  },
];

const byCredential: Readonly<Record<CredentialKind, string>> = {
  password: 'Check the user name (often the whole address) and the password.',
  accessToken:
    'Refresh the access token, and check its scope and that it was issued for this user.',
  external:
    'The server did not map the client certificate to a user: check `tls.cert` and `authzid`.',
  anonymous: 'The server takes no anonymous users.',
};

/** Judges a refusal by its words, then by its code, then by who the server is. */
export function refusalVerdict({ reply, credential, protocol, host }: Refused): Verdict {
  const text = `${reply.code} ${reply.enhanced ?? ''} ${reply.text}`;
  const known = replies.find(
    ({ pattern, only = credential }) => only === credential && pattern.test(text),
  );
  if (known) return known;

  const passing =
    (protocol === 'smtp' || protocol === 'lmtp') && String(reply.code).startsWith('4');
  if (passing) return { hint: 'The server has a passing trouble: try later.', later: true };

  const provider =
    credential === 'password' &&
    providers.find(({ pattern }) => pattern.test(host?.toLowerCase() ?? ''));
  return { hint: provider ? provider.hint : byCredential[credential] };
}

interface NothingFits {
  credential: CredentialKind;
  offered: readonly string[];
  mechanisms?: readonly string[];
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
      offered.length === 0 && channel === 'cleartext',
      "Many servers offer mechanisms over TLS only: use security: 'starttls' or 'implicit-tls'.",
    ],
    [
      offered.length === 0,
      'The server offers no authentication here: is it the right port (for sending mail: 465 or 587)?',
    ],
    [
      fitting.length > 0 && fitting.every(({ name }) => isPlus(name)) && !situation.bound,
      'The server wants channel binding, which this connection can not give: it needs TLS.',
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
      `This server takes ${[...new Set(known.map((mechanism) => ways[mechanism.credential]))].join(', or ')}.`,
    ],
  ];
  const [, hint] = reasons.find(([applies]) => applies) ?? [];
  return hint ?? `None of ${offered.join(', ')} is spoken here.`;
}
