/**
 * What a refusal means and what to do about it: RFC 5321 §4.2, RFC 3463 and its registry.
 *
 * The enhanced status code decides where there is one, then the stage at which the reply came with its code, and the
 * text last: servers word one thing in many ways, and many things alike.
 */
import type { ServerReply } from '@fivewire/line-protocol';

/** Which command was answered. */
export type Stage = 'sender' | 'recipient' | 'message' | 'other';

export function replyHint(reply: ServerReply, stage: Stage): string {
  const { enhanced, text } = reply;
  const code = Number(reply.code);
  const said = text.toLowerCase();
  const [, kind = '', subject = '', detail = ''] =
    /^([245])\.(\d+)\.(\d+)$/.exec(enhanced ?? '') ?? [];
  const place = `${subject}.${detail}`;
  return (
    policy.find(([codes, words]) => codes.test(place) && words.test(said))?.[2] ??
    byEnhanced[place] ??
    bySubject[`${kind}.${subject}`] ??
    byStage.find(([stages, codes]) => stages.includes(stage) && codes.includes(code))?.[2] ??
    byText.find(([words]) => words.test(said))?.[1] ??
    (code < 500 ? passing : 'The words of the server say why.')
  );
}

const passing = 'The server has a passing trouble: try later.';
const full = 'The mailbox is full.';
const noAddress = 'There is no such address: check its spelling.';
const badSender =
  'The server does not take this sender: check envelope.from, and that its domain exists.';
const tooBig = 'The message is too big for this server; capabilities.get("SIZE") tells its limit.';
const tooMany = 'Too many recipients at once: send to the rest in another message.';
const unknownCommand = 'The server does not know the command, or not here.';
const greylisting = 'Often greylisting or a rate limit: try again in some minutes.';
const wantsLogin = 'The server wants a login first: give `auth`.';
const wantsTls = "The server wants TLS first: use security: 'starttls' or 'implicit-tls'.";
const notRelayed =
  'The server carries mail for strangers to its own users only: give `auth`, or send through your own provider.';
const notTheirSender = 'This login may not send as envelope.from.';
const reputation =
  'The server does not take mail from this IP address: see the list or the page that its words name, or send through your provider.';
const senderPolicy = 'SPF, reverse DNS or DKIM of the sender failed a policy of the server.';

/** X.7.0 and X.7.1 say "policy" and no more, and 5.0.0 nothing: there the words decide. */
const policy: readonly [RegExp, RegExp, string][] = [
  [/^(?:7\.[01]|5\.1)$/, /starttls|(?:tls|encrypt\w*|ssl) (?:is )?(?:required|needed|first)/, wantsTls],
  [/^(?:7\.[01]|5\.1)$/, /authentication required|auth\w* (?:first|needed)|log ?in first|must (?:be )?auth/, wantsLogin],
  [/^7\.[01]$/, /\brelay/, notRelayed],
  [/^7\.[01]$/, /\bip\b|\bclient host\b|block ?list|black ?list|spamhaus|reputation|\bdnsbl\b|\brbl\b/, reputation],
  [/^7\.[01]$/, /greylist|grey-list|graylist|rate ?limit|too many (?:messages|connections)/, greylisting],
  [/^7\.[01]$/, /sender address.*(?:not owned|rejected)|not owned by|send as\b|not (?:allowed|permitted|authorized) to send|may not send/, notTheirSender],
]; // biome-ignore format: one row, one line

/** `subject.detail`, whatever the class. */
const byEnhanced: Readonly<Record<string, string>> = {
  '1.0': noAddress,
  '1.1': noAddress,
  '1.2': 'There is no such domain, or it takes no mail: check its spelling.',
  '1.3': 'The server finds the address malformed: check its spelling.',
  '1.6': 'The mailbox has moved; the words of the server may say where.',
  '1.7': badSender,
  '1.8': badSender,
  '1.10': 'The domain takes no mail (RFC 7505): check its spelling.',
  '2.0': 'The mailbox cannot take it now.',
  '2.1': 'The mailbox is switched off.',
  '2.2': full,
  '2.3': 'The message is too big for this mailbox.',
  '3.1': 'The server has no room left: try later.',
  '3.2': 'The server takes nothing now: try later.',
  '3.3': 'The server cannot do what the message needs.',
  '3.4': tooBig,
  '4.5': 'The server is overloaded: try later.',
  '5.0': unknownCommand,
  '5.1': unknownCommand,
  '5.2': unknownCommand,
  '5.3': tooMany,
  '5.4': unknownCommand,
  '5.6': 'A line of the message is longer than the server takes: encode it (quoted-printable).',
  '6.3': 'The server would have to convert the message, and may not.',
  '6.7': 'The server takes no UTF-8 in addresses here: use an ASCII address.',
  '7.0': 'A policy of the server forbids it; its words say which.',
  '7.1': 'A policy of the server forbids it; its words say which.',
  '7.2': 'You may not send to this list.',
  '7.8': 'User and password were not accepted.',
  '7.9': 'The server wants a stronger mechanism.',
  '7.10': wantsTls,
  '7.11': wantsTls,
  '7.13': 'The account is switched off: ask its administrator.',
  '7.20': senderPolicy,
  '7.21': senderPolicy,
  '7.22': senderPolicy,
  '7.23': senderPolicy,
  '7.24': senderPolicy,
  '7.25': senderPolicy,
  '7.26': senderPolicy,
  '7.27': 'The domain of the sender takes no mail (RFC 7505): check envelope.from.',
  '7.28': 'Too much mail of this kind: send slower, and try later.',
  // Exchange's own
  '7.54': notRelayed,
  '7.57': wantsLogin,
  '7.60': notTheirSender,
  '7.64': notRelayed,
  '7.606': reputation,
  '7.708': reputation,
  '7.30': 'The next server cannot promise TLS all the way (RFC 8689).',
};

/** `class.subject`, where the detail says nothing that we know. */
const bySubject: Readonly<Record<string, string>> = {
  '4.1': passing,
  '4.2': 'The mailbox cannot take it now: try later.',
  '4.3': passing,
  '4.4': 'The server does not reach the next one now: try later.',
  '4.7': greylisting,
  '5.1': 'The server does not take this address.',
  '5.4': 'The server cannot route to this address.',
  '5.6': 'The server does not take what the message holds.',
  '5.7': 'A policy of the server forbids it; its words say which.',
};

const byStage: readonly [readonly Stage[], readonly number[], string][] = [
  [['recipient'], [452, 552], tooMany],
  [['recipient'], [450, 451], greylisting],
  [['sender', 'message'], [452], 'The server has no room left: try later.'],
  [['sender', 'message'], [552], tooBig],
  [['sender'], [450, 451], greylisting],
  [['message'], [450, 451], greylisting],
  [['recipient'], [551], 'The mailbox is elsewhere; the words of the server may say where.'],
  [['recipient'], [553], 'The server does not take this address: check its spelling.'],
];

/** For servers without enhanced codes. */
const byText: readonly [RegExp, string][] = [
  [/starttls/, wantsTls],
  [/authentication required|log ?in first|must auth/, wantsLogin],
  [/relay.*(?:denied|not permitted|access)|relaying/, notRelayed],
  [/block ?list|black ?list|spamhaus|\bdnsbl\b|\brbl\b/, reputation],
  [/greylist|graylist|rate ?limit/, greylisting],
  [/over quota|mailbox.*full|quota exceeded/, full],
  [/user unknown|unknown user|no such (?:user|mailbox|recipient)|does not exist/, noAddress],
  [/unknown command|unrecognized|not implemented|bad sequence|syntax/, unknownCommand],
];
