/**
 * What a refusal means and what to do about it: RFC 5321 §4.2, RFC 3463 and its registry.
 *
 * The enhanced status code decides where there is one, by the table that logins read too; then words that mean one thing wherever they
 * stand; last the stage at which the reply came, with its code, which tells no more than what it mostly is.
 */
import type { ServerReply } from '@fivewire/line-protocol';
import { enhancedStatus } from '@fivewire/sasl';

/** Which command was answered. */
export type Stage = 'sender' | 'recipient' | 'message' | 'other';

export function replyHint(reply: ServerReply, stage: Stage): string {
  const { text } = reply;
  // qmail and Cisco have it in the text alone: `550 #5.1.0 Address rejected.`, `(#5.7.1)`
  const enhanced = reply.enhanced ?? /(?:^|\()#([245]\.\d{1,3}\.\d{1,3})\b/.exec(text)?.[1];
  const code = Number(reply.code);
  const said = text.toLowerCase();
  const [, kind = '', subject = '', detail = ''] =
    /^([245])\.(\d+)\.(\d+)$/.exec(enhanced ?? '') ?? [];
  // What is wrong with an address is, after MAIL, wrong with the sender's.
  const place = stage === 'sender' && subject === '1' ? '1.8' : `${subject}.${detail}`;
  if (stage === 'sender' && place === '5.3') return sessionFull;
  const status = enhancedStatus[place];
  return (
    byWords.find(([codes, words]) => codes.test(place) && words.test(said))?.[2] ??
    (/^(?:\.|0\.0|7\.[01])$/.test(place) ? byCode(code, said) : undefined) ??
    (kind === '4' && /^7\.[01]$/.test(place) ? greylisting : undefined) ??
    (stage !== 'other' && /^7\.[89]$/.test(place) ? meaning('7.1') : undefined) ??
    (kind === '5' ? status?.lasting : undefined) ??
    status?.hint ??
    bySubject[`${kind}.${subject}`] ??
    byText.find(([words]) => words.test(said))?.[1] ??
    byStage.find(([stages, codes]) => stages.includes(stage) && codes.includes(code))?.[2] ??
    (syntaxCodes.includes(code) ? unknownCommand : undefined) ??
    ((kind || reply.code.toString()[0]) === '4' ? passing : 'The words of the server say why.')
  );
}

/** What a code means, for replies that say the same without it. */
const meaning = (place: string): string =>
  enhancedStatus[place]?.lasting ?? enhancedStatus[place]?.hint ?? '';

/** Codes that mean one thing at every stage, where the enhanced one says no more than "policy" (RFC 4954 §6, RFC 3207 §4, RFC 7504). */
function byCode(code: number, said: string): string | undefined {
  if (code === 530) return /tls|ssl|encrypt/.test(said) ? wantsTls : wantsLogin;
  if (code === 538) return wantsTls;
  if (code === 521) return takesNoMail;
  return code === 556 ? domainTakesNoMail : undefined;
}

/** RFC 5321 §4.2.2; servers without enhanced codes word them in many ways. */
const syntaxCodes: readonly number[] = [500, 501, 502, 503, 504, 555];

const passing = 'The server has a passing trouble: try later.';
const full = meaning('2.2');
const switchedOff = meaning('2.1');
const noRoom = 'The server has no room left: try later.';
const noAddress = meaning('1.1');
const tooBig = meaning('3.4');
const tooMany = meaning('5.3');
/** Before any recipient is named: OpenSMTPD, after a hundred messages. */
const sessionFull =
  'The server takes no more messages in this session: connect again, or use a pool, which does so.';
const unknownCommand = meaning('5.0');
const greylisting = 'Often greylisting or a rate limit: try again in some minutes.';
const wantsLogin = meaning('7.57');
const wantsTls = meaning('7.11');
const notRelayed = meaning('7.54');
const notTheirSender = meaning('7.60');
const reputation = meaning('7.606');
const senderPolicy = meaning('7.26');
const takesNoMail = meaning('3.2');
const domainTakesNoMail = meaning('1.10');
const spam =
  'The server takes the message for spam: look at what it holds, and at SPF, DKIM and DMARC of the domain in From.';
const malformedAddress = meaning('1.3');
const badSender = meaning('1.8');
const usedUp = meaning('4.5');
const tooMuchMail = meaning('7.28');
const longLine = meaning('5.6');
const loop = 'The message goes in circles: a forwarding or MX record leads back to where it was.';
const notWhatItSaid =
  'The server does not take what it has announced: switch it off by `disable`, or leave the wish out.';
const held = 'The server does not take what the message holds.';
const lineEnds = 'The server takes no CR or LF that stands alone: end each line in CRLF.';
const badName =
  'The server does not take the name that EHLO says: give `clientName`, a name that DNS knows.';

/** What says no more than "policy" (X.7.0, X.7.1), "syntax" or "other", and what providers use for something else: there the words decide. */
const byWords: readonly [RegExp, RegExp, string][] = [
  [/^(?:7\.[01]|5\.1)$/, /starttls|(?:tls|encrypt\w*|ssl) (?:is )?(?:required|needed|first)/, wantsTls],
  [/^(?:7\.[01]|5\.1)$/, /authentication required|auth\w* (?:first|needed)|log ?in first|must (?:be )?auth|not logged in/, wantsLogin],
  [/^(?:7\.1|5\.2)$/, /\b(?:helo|ehlo)\b|fully.qualified/, badName],
  [/^5\.4$/, /^invalid domain name/, badName], // Exchange, to EHLO
  [/^5\.[24]$/, /domain (?:name )?required|malformed|bad (?:sender|recipient|destination)/, malformedAddress],
  [/^5\.4$/, /unsupported option|(?:unknown|unrecognized|unimplemented) (?:option|parameter|mail|rcpt)|(?:error in|bad|invalid) .*parameter/, notWhatItSaid],
  [/^7\.[01]$/, /\brelay|rcpthosts/, notRelayed],
  [/^7\.\d+$/, /\b(?:spf|dkim|dmarc)\b|unauthenticated|authentication (?:level|information|checks)/, senderPolicy], // Gmail has 7.27 and 7.30 for it
  [/^[567]\.\d$/, /\b(?:bare|lone)\b|smtplf\.html/, lineEnds],
  [/^7\.[01]$/, /virus|malware|security (?:issue|threat)/, held],
  [/^1\.(?:8|90)$/, /\blimit\b/, usedUp], // Exchange
  [/^7\.17$/, /no mailbox|no such/, noAddress], // qmail's chkuser
  [/^7\.[01]$/, /\bip\b|\bclient (?:host\b|\[)|block ?list|black ?list|spamhaus|reputation|\bdnsbl\b|\brbl\b/, reputation],
  [/^1\.10$/, /recipientnotfound|recipient not found/, noAddress], // Exchange
  [/^4\.1$/, /recipient address rejected/, noAddress], // Exchange
  [/^(?:7\.[01]|2\.0)$/, /greylist|grey-list|graylist|rate ?limit|too many (?:messages|connections)/, greylisting],
  [/^7\.[01]$/, /not owned by|send as\b|not (?:allowed|permitted|authorized) to send|may not send/, notTheirSender],
  [/^2\.252$/, /sendasdenied/, notTheirSender], // Exchange
  [/^7\.[01]$/, /sender address.*rejected|badmailfrom/, badSender],
  [/^7\.(?:[01]|[57]\d\d)$/, /\bspam/, spam],
  [/^6\.0$/, /too (?:large|big|long)/, tooBig],
  [/^4\.6$/, /unusual|limit/, usedUp], // Zoho
  [/^4\.(?:[06]|14)$/, /\bhops?\b|\bloop/, loop],
]; // biome-ignore format: one row, one line

/** `class.subject`, where the detail says nothing that we know. */
const bySubject: Readonly<Record<string, string>> = {
  '4.1': passing,
  '4.2': 'The mailbox cannot take it now: try later.',
  '4.3': passing,
  '4.4': 'The server does not reach the next one now: try later.',
  '4.7': greylisting,
  '5.1': 'The server does not take this address.',
  '5.4': 'The server cannot route to this address.',
  '5.6': held,
  '5.7': 'A policy of the server forbids it; its words say which.',
};

const byStage: readonly [readonly Stage[], readonly number[], string][] = [
  [['recipient'], [452, 552], tooMany],
  [['recipient'], [450, 451], greylisting],
  [['sender', 'message'], [452], noRoom],
  [['sender', 'message'], [552], tooBig],
  [['sender'], [450, 451], greylisting],
  [['message'], [450, 451], greylisting],
  [
    ['other'],
    [554],
    'The server takes no mail from this client (RFC 5321 §3.1): its words may say why.',
  ],
  [['recipient'], [551], 'The mailbox is elsewhere; the words of the server may say where.'],
  [['recipient'], [553], 'The server does not take this address: check its spelling.'],
];

/** For servers without enhanced codes. */
const byText: readonly [RegExp, string][] = [
  [/starttls/, wantsTls],
  [/authentication required|smtp auth|log ?in first|must auth|not logged in/, wantsLogin],
  [/relay.*(?:denied|not permitted|access)|relaying|rcpthosts/, notRelayed],
  [/throttl|(?:sending|message|mail) (?:rate|quota|limit) exceeded/, tooMuchMail], // Amazon SES
  [/block ?list|black ?list|spamhaus|spamcop|\bdnsbl\b|\brbl\b|reputation|\blisted (?:at|by|in|on)\b/, reputation],
  [/greylist|graylist|rate ?limit/, greylisting],
  [/\bspam/, spam],
  [/virus|malware/, held],
  [/(?:insufficient|no|not enough|out of) (?:system )?(?:storage|space|room)|space shortage/, noRoom],
  [/over quota|mailbox.*full|quota exceeded/, full],
  [/(?:mailbox|account|user)\b.*\b(?:disabled|inactive|suspended)\b/, switchedOff],
  [/not verified|verified sender/, notTheirSender], // Amazon SES, SendGrid
  [/sender verif|verification failed for|sender (?:address )?rejected/, badSender], // Exim
  [/user unknown|unknown user|no such (?:user|mailbox|recipient)|(?:does not|doesn't) (?:exist|have an?)|unrouteable|(?:invalid|unknown) recipient|mailbox not found|no mailbox/, noAddress],
  [/line (?:length|too long)/, longLine],
  [/\b(?:bare|lone) <?(?:cr|lf)\b|smtplf\.html/, lineEnds],
  [/\bheaders?\b.*\b(?:syntax|invalid|malformed|missing)|\b(?:syntax|invalid|malformed|missing)\b.*\bheader/, held],
  [/\b(?:helo|ehlo)\b.*(?:fqdn|fully|literal|invalid)/, badName],
  [/(?:unsupported|unknown|unrecognized|unimplemented) (?:option|parameter)/, notWhatItSaid],
  [/malformed|domain missing/, malformedAddress],
  [/unknown command|unrecognized|not implemented|bad sequence|syntax/, unknownCommand],
  [/\bpolic(?:y|ies)\b|prohibit/, meaning('7.1')],
]; // biome-ignore format: one row, one line
