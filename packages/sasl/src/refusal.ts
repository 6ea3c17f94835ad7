/** What a server's refusal means: its enhanced code first, then the stage (a code that means this at AUTH), its text last. */
import type { ProtocolName, RefusalReason, ServerReply } from 'tls-context-core';
import { type EnhancedStatus, enhancedStatus } from './enhanced-status.js';
import type { CredentialKind } from './mechanism.js';

export interface Verdict {
  readonly reason: RefusalReason;
  readonly hint: string;
}

/** A refusal, and of what. */
export interface Refused {
  reply: ServerReply;
  credential: CredentialKind;
  protocol: ProtocolName;
  host?: string;
}

/** The same may work in a while. */
export const passes = (reason: RefusalReason): boolean =>
  reason === 'busy' || reason === 'quota' || reason === 'later';

/** No other way to log in would fare better. */
export const isFinal = (reason: RefusalReason): boolean =>
  passes(reason) || reason === 'expired' || reason === 'account' || reason === 'tls';

interface Row extends Verdict {
  readonly pattern: RegExp;
  readonly only?: CredentialKind;
}

const oauth = 'OAuth2 (`auth: { user, accessToken }`)';
const later = { reason: 'later', hint: 'The server has a passing trouble: try later.' } as const;
const busy = verdictOf('3.2');
const quota = verdictOf('2.2');
const expired = {
  reason: 'expired',
  hint: 'The account, password or token has expired: renew it.',
} as const;
const tls = verdictOf('7.11');
const notUnderstood =
  'The server could not read what the mechanism sent: name another one in `mechanisms`.';
const notTheLogin = 'It is not about user and password: the words of the server say more.';
const takesNoMail = enhancedStatus['3.2']?.lasting ?? '';
const transition = verdictOf('7.12');
const googlePassword = `Google takes no account passwords: use an app password (needs two-step verification) or ${oauth}.`;
const microsoftPassword = `Microsoft takes no passwords here any more: use ${oauth}.`;

/** What the table of enhanced status codes does not say (RFC 3463), and response codes (RFC 9051 section 7.1, RFC 2449 section 8, RFC 3206). */
const enhancedRows: readonly Row[] = [
  { pattern: /^(?:IN-?USE|LIMIT)\b/, ...busy },
  { pattern: /^OVERQUOTA\b/, ...quota },
  { pattern: /^4\.|^(?:UNAVAILABLE|LOGIN-DELAY|SYS\/TEMP)\b/, ...later },
  { pattern: /^PRIVACYREQUIRED\b/, ...tls },
  {
    // Outlook: 535 5.7.139 Authentication unsuccessful, SmtpClientAuthentication is disabled
    pattern: /^5\.7\.139 .*smtpclientauthentication is disabled/i,
    reason: 'account',
    hint: 'SMTP AUTH is switched off for this tenant or mailbox: its administrator must enable authenticated SMTP.',
  },
  {
    pattern: /^5\.7\.139 .*credentials were incorrect/i,
    only: 'password',
    reason: 'wrong',
    hint: `Check user name and password. Microsoft says the same where it takes no passwords: then use ${oauth}.`,
  },
  { pattern: /^5\.7\.139\b/, only: 'password', reason: 'account', hint: microsoftPassword },
  { pattern: /^EXPIRED\b/, ...expired },
  {
    pattern: /^AUTHORIZATIONFAILED\b/,
    reason: 'account',
    hint: 'The credentials are good, but they may not act as `authzid`.',
  },
  {
    pattern: /^(?:CONTACTADMIN|SYS\/PERM)\b/,
    reason: 'account',
    hint: 'The server asks you to contact its administrator.',
  },
];

/** What a code without an enhanced one means as an answer to a login, whatever it means elsewhere. */
const stageRows: readonly (Row & { protocols: string })[] = [
  { protocols: 'smtp lmtp', pattern: /^432\b/, ...transition },
  { protocols: 'smtp lmtp', pattern: /^53[08]\b/, ...tls },
  { protocols: 'smtp lmtp', pattern: /^521\b/, reason: 'account', hint: takesNoMail },
  { protocols: 'smtp lmtp', pattern: /^501\b/, reason: 'mechanism', hint: notUnderstood },
  { protocols: 'smtp lmtp ftp', pattern: /^4/, ...later },
  { protocols: 'nntp', pattern: /^483\b/, ...tls },
  { protocols: 'nntp', pattern: /^403\b/, ...later },
];

/** The texts of the big providers. Those of them that have codes may mean more by the words. */
const providerRows: readonly Row[] = [
  {
    pattern: /smtpclientauthentication is disabled/i,
    reason: 'account',
    hint: 'SMTP AUTH is switched off for this tenant or mailbox: its administrator must enable authenticated SMTP.',
  },
  {
    pattern: /basic authentication is disabled/i,
    only: 'password',
    reason: 'account',
    hint: microsoftPassword,
  },
  {
    // Gmail: 534 5.7.9 Application-specific password required; iCloud, Yahoo and QQ ("authorization code") say it in words alone
    pattern:
      /app(?:lication)?[- ](?:specific )?password|InvalidSecondFactor|authori[sz](?:ation|ed) code|LOGIN\.REQCODE/i,
    reason: 'account',
    hint: `This account needs an app password, made in the account's security settings, or ${oauth}.`,
  },
  {
    // Gmail: 535 5.7.8 Username and Password not accepted … BadCredentials
    pattern: /BadCredentials/,
    only: 'password',
    reason: 'account',
    hint: googlePassword,
  },
  {
    // Gmail: 534 5.7.14 Please log in via your web browser; IMAP: [WEBALERT …] Web login required
    pattern: /\b5\.7\.14\b|web ?(?:browser|login)|WEBALERT/i,
    reason: 'account',
    hint: `The provider wants you to sign in once with a browser; then use an app password or ${oauth}.`,
  },
  {
    pattern: /authenticated but not connected/i,
    reason: 'account',
    hint: 'The token is good but opens no mailbox: check its scope, the user name, and that IMAP is enabled for it.',
  },
];

/** One of these, in letters of either case. */
const words = (...alternatives: readonly RegExp[]): RegExp =>
  new RegExp(alternatives.map(({ source }) => source).join('|'), 'i');

/**
 * For servers whose codes say nothing (POP3 without RFC 2449, NNTP's 481, 482 and 502, FTP's 530; sabnzbd#1009, Nyuu#17). The first row that
 * fits counts.
 */
const textRows: readonly Row[] = [
  {
    // vsftpd: 530 Anonymous sessions may not use encryption.
    pattern:
      /\b(?:may|must|can|do|does) ?not (?:use|be used with|allow|accept)\b[^.]{0,30}\b(?:TLS|SSL|encrypt\w*)/i,
    reason: 'account',
    hint: "The server takes this user without TLS only: another user, or, where nothing secret travels, security: 'cleartext'.",
  },
  {
    pattern: words(
      /\b(?:STARTTLS|STLS|AUTH TLS)\b/,
      /(?:requires?|must|need|use|only|without)[^.]{0,40}\b(?:TLS|SSL|encrypt\w*|secure connection)/,
      /\b(?:TLS|SSL|encryption)\b[^.]{0,20}required/,
      /(?:disallowed|not allowed|disabled|prohibited|forbidden)[^.]{0,40}\b(?:TLS|SSL|secure|encrypted|unencrypted)\b/,
    ),
    ...tls,
  },
  {
    pattern: words(
      /^expired\b/,
      /(?:account|subscription|password|token|credential|membership|trial)s?\b[^.]{0,30}\bexpired/,
      /(?:account|subscription|membership|trial|contract)\b[^.]{0,20}\b(?:ended|lapsed|over|ran out|run out)$/,
      /\bexpired\b[^.]{0,20}(?:account|subscription|password|token|credential|membership)/,
      /(?:must|has to|have to|need to) (?:change|be changed|renew)|change your password/,
      /\bno (?:active|valid|current) (?:subscription|membership|plan)\b|\b(?:please renew|renew your)\b/,
    ),
    ...expired,
  },
  {
    // Hotmail: login allowed only every 15 minutes; Exceeded the login limit for a 15 minute period
    pattern: words(
      /\blog[- ]?[io]ns?\b[^.]{0,20}(?:every|frequen\w*|limit|per (?:hour|minute|day)|rate)/,
      /too (?:frequent|often|fast)|\brate\b[^.]{0,10}(?:limit|exceed)|throttl|slow down/,
      /(?:minimum|min\.?) (?:time|interval|delay)|\bwait\b[^.]{0,20}(?:seconds?|minutes?|hours?)\b|login[- ]delay/,
    ),
    reason: 'later',
    hint: 'The server takes logins less often: wait longer between them.',
  },
  {
    pattern: words(
      /(?:download|bandwidth|transfer|traffic|volume|block|byte|data|daily|monthly|usage)s?\b[^.]{0,25}(?:limit|\bcap\b|quota|allowance|exceed|exhaust|used up|depleted|empty)/,
      /\b(?:no|out of|insufficient|not enough)(?: more)?(?: download)? (?:bytes|blocks?|transfer|traffic|bandwidth|credits?|funds|data|gigabytes|gb)\b/,
      /(?:account|block|credit)s?\b[^.]{0,15}(?:depleted|exhausted|used up)/,
      /\bquota\b|exceed(?:s|ed)?\b[^.]{0,30}(?:limit|quota|allowance)\b/,
    ),
    ...quota,
  },
  {
    pattern: words(
      /(?<!\b(?:blocked|locked|disabled|suspended)\b[^.]{0,30})too many|no more (?:connections|sessions|users|logins)|limit reached|overloaded|simultaneous|concurrent|duplicate login/,
      /exceed(?:s|ed)?\b[^.]{0,40}\b(?:connections|sessions|logins|clients|IPs?)\b|(?:connections|sessions|logins) exceeded/,
      /\bover \d+ (?:connections|sessions|logins)|\b\d+ (?:connections|sessions|logins) (?:allowed|permitted|in use|open)/,
      /\ball (?:\w+ )?(?:connections|sessions|slots|lines)\b[^.]{0,10}(?:in use|used|busy|taken)|\bserver (?:is )?full\b/,
      /\b(?:connection|session|user|login|client|IP)s?\b[^.]{0,12}(?:limit|count|number)\b/,
      /max(?:imum)?\b[^.]{0,30}(?:connections|sessions|users|clients|logins|IPs?\b|IP addresses)|only \d+ (?:connections?|sessions?|logins?|users?)/,
      /\b(?:multiple|several|different|\d+\/\d+) IPs?\b|in use (?:by|from|on) (?:an)?other\b/,
      /(?:session|login)\b[^.]{0,15}(?:active|in progress|exists?|open)|already (?:in use|connected|logged|active|open|in progress)|\buser (?:is )?(?:busy|in use)/,
      /\b(?:mail ?(?:box|drop)|spool)\b[^.]{0,30}(?:lock|in use|busy|open)|\block(?:ed)?\b[^.]{0,30}\b(?:session|process|client)/,
      /(?:get|obtain|acquire|unable|failed?|could not|cannot|can.?t)[^.]{0,15} lock\b|\b(?:another|other) (?:\w+ )?(?:session|connection|client|process)/,
    ),
    ...busy,
  },
  {
    pattern: words(
      /(?:account|user|mailbox|login)\b[^.]{0,30}(?:locked|disabled|suspended|blocked|closed|inactive|deactivated|not active)/,
      /(?:locked|disabled|suspended|blocked)[^.]{0,15}account|sharing detected|account sharing/,
      /problem with (?:your|this|the) (?:account|mailbox|user)|\bpayment\b|\bpast due\b|\boverdue\b|\bunpaid\b/,
    ),
    reason: 'account',
    hint: 'Something is wrong with the account itself: ask the provider.',
  },
  {
    pattern: words(
      /\b(?:POP3?|IMAP|SMTP|FTP|NNTP|mail|news|service|access)\b[^.]{0,25}(?:not (?:been )?(?:enabled|activated|purchased|permitted|subscribed)|(?:is |are )?(?:disabled|deactivated))/,
      /not (?:been )?(?:enabled|activated|permitted|subscribed) (?:for|to use) (?:\w+ )?(?:POP3?|IMAP|SMTP|FTP|NNTP|mail|news)\b/,
      /home directory|has no \$HOME|anonymous (?:only|users only|logins only)/,
    ),
    reason: 'account',
    hint: 'The account may not use this service here: it must be enabled by its owner or the provider.',
  },
  {
    pattern: words(
      /(?:denied|restricted|not allowed|not permitted|not available|refused|blocked|forbidden)[^.]{0,15}\b(?:from|for|to) (?:your|this) (?:IP|host|node|address|network|location|country)/,
      /(?:not (?:allowed|permitted|authori[sz]ed)|no permission) to (?:connect|talk)\b|\baccess restricted\b/,
      /(?:your|this) (?:IP|host|address|network|location|country)\b[^.]{0,20}(?:denied|not allowed|not permitted|refused|blocked|banned|forbidden)/,
    ),
    reason: 'account',
    hint: 'The server takes no logins from this address: connect from another one, or ask its administrator.',
  },
  {
    pattern: words(
      /try (?:again )?later|\b(?:server|system|service) (?:is )?(?:too |currently )?busy\b|temporar(?:y|ily)|\bunavailable|not available|\btry again\b/,
      /(?:internal|server|system|backend|database|I\/O|disk) (?:error|failure|fault)|backend|maintenance|timed? ?out/,
      /(?:shutting|going|is|server|service|database|ldap) down\b|disk (?:is )?full|out of (?:memory|disk)|child crashed/,
      /(?:can.?t|cannot|could ?n[o']t|unable to|failed to) (?:open|access|read|scan) (?:the |your )?(?:mail|spool|inbox|\$HOME)/,
    ),
    ...later,
  },
];

/** For providers whose refusals say nothing. Matched against the end of the host's name. */
const providers: readonly { pattern: RegExp; hint: string }[] = [
  { pattern: /(?:^|\.)(?:gmail|googlemail|google)\.com$/, hint: googlePassword },
  { pattern: /(?:^|\.)(?:office365|outlook|hotmail|live)\.com$/, hint: microsoftPassword },
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

function byStatus(enhanced: string): Verdict | undefined {
  const [kind = '', ...rest] = enhanced.split('.');
  const place = rest.join('.');
  return enhancedStatus[place]?.login?.classes.includes(kind) ? verdictOf(place) : undefined;
}

/** A code that is about something else than who logs in (RFC 3463 §3): a mailbox, the system, the network, the protocol. */
function byPlace(enhanced: string): Verdict | undefined {
  const [, subject = '', detail = ''] = /^5\.([2-6])\.(\d+)$/.exec(enhanced) ?? [];
  if (subject === '') return undefined;
  const status = enhancedStatus[`${subject}.${detail}`];
  return subject === '5'
    ? { reason: 'mechanism', hint: notUnderstood }
    : { reason: 'account', hint: status?.lasting ?? status?.hint ?? notTheLogin };
}

function verdictOf(place: string): Verdict {
  const status = enhancedStatus[place] as EnhancedStatus;
  const { reason, hint } = status.login as Verdict;
  return { reason, hint };
}

export function refusalVerdict({ reply, credential, protocol, host }: Refused): Verdict {
  const code = String(reply.code);
  const { enhanced = '' } = reply;
  const text = `${code} ${enhanced} ${reply.text}`;
  const first = (rows: readonly Row[], words: string): Row | undefined =>
    rows.find(({ pattern, only = credential }) => only === credential && pattern.test(words));

  const byEnhanced =
    byStatus(enhanced) ?? (enhanced && first(enhancedRows, `${enhanced} ${reply.text}`));
  if (byEnhanced) return byEnhanced;
  const isSmtp = protocol === 'smtp' || protocol === 'lmtp';
  const saysLittle = enhanced === '' || /^5\.(?:7\.[01]|0\.0)$/.test(enhanced);
  const stage = first(
    stageRows.filter(({ protocols }) => protocols.split(' ').includes(protocol)),
    saysLittle ? code : '',
  );
  const provider = first(providerRows, text);
  const known = stage ?? provider ?? (isSmtp && !saysLittle ? byPlace(enhanced) : undefined);
  if (known) return known;

  // A permanent code is not made passing by words around it.
  const lasting = /^5\./.test(enhanced) || (isSmtp && code.startsWith('5'));
  const byText = first(textRows, reply.text);
  if (byText && !(lasting && passes(byText.reason))) return byText;
  const named =
    credential === 'password' &&
    providers.find(({ pattern }) => pattern.test(host?.toLowerCase() ?? ''));
  return { reason: 'wrong', hint: named ? named.hint : byCredential[credential] };
}
