/** IMAP: RFC 9051 §6.2.1, §7.1.4 and §11.1. */
import { user } from '../../support/credentials.js';
import { imap } from '../targets/imap.js';
import type { Dialect } from './dialect.js';
import { buffering, negotiation, type Row, tampering } from './row.js';

const goAhead = '<tag> OK go\r\n';
const offer = '* CAPABILITY IMAP4rev1 STARTTLS LOGINDISABLED\r\n';
const done = `${offer}<tag> OK done\r\n`;

/** Behind the greeting, and in front of the go-ahead: each should be gone under TLS. */
const untagged: Readonly<Record<string, string>> = {
  'an alert': '* OK [ALERT] Call 0900 to unlock your mailbox\r\n',
  'a warning': '* NO something\r\n',
  'a complaint': '* BAD something\r\n',
  'a malformed response': '* 1 2 3\r\n',
  'a selected mailbox':
    '* 99 EXISTS\r\n* 98 RECENT\r\n* OK [UIDVALIDITY 666] x\r\n* OK [UIDNEXT 667] x\r\n',
  flags: '* FLAGS (\\Evil)\r\n* OK [PERMANENTFLAGS (\\Evil)] x\r\n',
  'vanished messages': '* VANISHED (EARLIER) 1:2\r\n* VANISHED 1:2\r\n* 1 EXPUNGE\r\n',
  mailboxes: '* LIST () "/" Evil\r\n* LSUB () "/" Evil\r\n* STATUS INBOX (MESSAGES 666)\r\n',
  'a message': '* 1 FETCH (UID 1 FLAGS (\\Evil) ENVELOPE NIL BODY[] {4}\r\nEvil)\r\n',
  'a row that is torn in the middle': '* 1 FETCH (UID 1 ENVELOPE ("Evil\r\n',
  'search results':
    '* SEARCH 1 2 3\r\n* ESEARCH (TAG "x") UID ALL 1:3\r\n* SORT 1 2 3\r\n* THREAD (1)(2)\r\n',
  'what ID, ENABLE and NAMESPACE answer':
    '* ID ("name" "Evil")\r\n* ENABLED UTF8=ACCEPT CONDSTORE\r\n* NAMESPACE (("Evil" "/")) NIL NIL\r\n',
  'capabilities in a code':
    '* OK [CAPABILITY IMAP4rev1 STARTTLS X-EVIL COMPRESS=DEFLATE LITERAL+] x\r\n',
  capabilities: '* CAPABILITY IMAP4rev1 STARTTLS X-EVIL COMPRESS=DEFLATE LITERAL+ AUTH=X-EVIL\r\n',
  'a referral': '* OK [REFERRAL imap://evil.example/] x\r\n',
  'a response that nobody knows': '* XEVIL 1 2 3\r\n',
};

const greeting = (more: string, code = '') => `* OK ${code}hello\r\n${more}`;

const tamperings: Row[] = Object.entries(untagged).flatMap(([title, words]) => [
  tampering(
    `${title}, behind the greeting`,
    { impostor: { greeting: greeting(words), inClear: { CAPABILITY: done } } },
    'secured',
  ),
  tampering(
    `${title}, in front of the go-ahead`,
    { impostor: { inClear: { STARTTLS: { say: words + goAhead, next: 'tls' } } } },
    'secured',
  ),
]);

// biome-ignore format: a table, a row a line
const own: readonly Row[] = [
  ...tamperings,
  tampering('an alert as greeting', { impostor: { greeting: '* OK [ALERT] Evil\r\n' } }, 'secured'),
  tampering('capabilities in the greeting', { impostor: { greeting: greeting('', '[CAPABILITY IMAP4rev1 STARTTLS X-EVIL AUTH=X-EVIL ID] ') } }, 'secured'),
  tampering('capabilities in the go-ahead', { impostor: { inClear: { STARTTLS: { say: '<tag> OK [CAPABILITY IMAP4rev1 X-EVIL AUTH=X-EVIL] go\r\n', next: 'tls' } } } }, 'secured'),
  tampering('an alert in the go-ahead', { impostor: { inClear: { STARTTLS: { say: '<tag> OK [ALERT] Evil\r\n', next: 'tls' } } } }, 'secured'),
  tampering('LOGINDISABLED left out, AUTH=PLAIN put in', { impostor: { claims: { inClear: ['IMAP4rev1', 'STARTTLS', 'AUTH=PLAIN', 'SASL-IR'] } } }, 'secured'),
  tampering('BYE in front of the go-ahead, which is followed all the same', { impostor: { inClear: { STARTTLS: { say: `* BYE go\r\n${goAhead}`, next: 'tls' } } } }, 'secured'),
  tampering('an alert under TLS, which is the server\'s', { impostor: { afterHandshake: '* OK [ALERT] Honest\r\n' } }, 'secured', { notices: [{ kind: 'ALERT', text: 'Honest' }] }),

  negotiation('LOGINDISABLED under TLS, without a mechanism', { impostor: { claims: { underTls: ['IMAP4rev1', 'LOGINDISABLED'] } } }, 'ERR_NO_COMMON_MECHANISM in auth'),
  negotiation('LOGINDISABLED in clear only', { impostor: { claims: { inClear: ['IMAP4rev1', 'STARTTLS', 'LOGINDISABLED'] } } }, 'secured'),
  negotiation('PREAUTH', { impostor: { greeting: '* PREAUTH hello\r\n' } }, 'ERR_PREAUTH in greeting'),
  negotiation('PREAUTH that offers STARTTLS', { impostor: { greeting: '* PREAUTH [CAPABILITY IMAP4rev1 STARTTLS] hello\r\n', inClear: { STARTTLS: { say: goAhead, next: 'tls' } } } }, 'ERR_PREAUTH in greeting'),
  negotiation('PREAUTH in small letters', { impostor: { greeting: '* preauth hello\r\n' } }, 'ERR_PREAUTH in greeting'),
  negotiation('PREAUTH of a server that means it', { preauth: user }, 'ERR_PREAUTH in greeting'),
  negotiation('PREAUTH behind the greeting', { impostor: { greeting: greeting('* PREAUTH welcome\r\n') } }, 'secured'),
  negotiation('a referral to another server', { impostor: { greeting: '* BYE [REFERRAL imap://evil.example/] go there\r\n' } }, 'ERR_SERVER_CLOSING in greeting'),
  negotiation('BYE behind the greeting', { impostor: { greeting: greeting('* BYE go\r\n') } }, 'ERR_SERVER_CLOSING in starttls'),
  negotiation('STARTTLS refused under PRIVACYREQUIRED', { impostor: { inClear: { STARTTLS: '<tag> NO [PRIVACYREQUIRED] not so\r\n' } } }, 'ERR_STARTTLS_REFUSED in starttls'),
  negotiation('LOGIN is allowed after a failure', { impostor: { inClear: { STARTTLS: '* CAPABILITY IMAP4rev1 AUTH=PLAIN\r\n<tag> NO use LOGIN\r\n' } } }, 'ERR_STARTTLS_REFUSED in starttls'),
  negotiation('a greeting that never ends its line', { impostor: { greeting: '* OK hello' } }, 'ERR_TIMEOUT in greeting'),
  negotiation('a flood of untagged responses', { impostor: { greeting: greeting('* 1 EXISTS\r\n'.repeat(200_000)) } }, 'ERR_LIMIT_EXCEEDED in starttls'),
// The text of a response holds no literal, whatever it ends in.
  buffering('a literal in the go-ahead', { impostor: { inClear: { STARTTLS: { say: '<tag> OK go {4}\r\nEvil\r\n', next: 'tls' } } } }, 'ERR_STARTTLS_INJECTION in starttls'),
  buffering('a literal in the go-ahead that never comes', { impostor: { inClear: { STARTTLS: { say: '<tag> OK go {5}\r\n', next: 'tls' } } } }, 'secured'),

  // CVE-2026-42246: an answer to what has not been sent, though its tag can be guessed.
  buffering('the go-ahead before it was asked for', { impostor: { inClear: { CAPABILITY: `${done}<tag+1> OK go\r\n` } } }, 'ERR_MALFORMED_RESPONSE in starttls'),
  buffering('the go-ahead before it was asked for, and the handshake', { impostor: { inClear: { CAPABILITY: { say: `${done}<tag+1> OK go\r\n`, next: 'tls' } } } }, 'ERR_MALFORMED_RESPONSE in starttls'),
  buffering('a refusal before it was asked for', { impostor: { inClear: { CAPABILITY: `${done}<tag+1> NO go\r\n` } } }, 'ERR_MALFORMED_RESPONSE in starttls'),
  buffering('a tag of nobody\'s', { impostor: { inClear: { CAPABILITY: `${done}A0001 OK go\r\n` } } }, 'ERR_MALFORMED_RESPONSE in starttls'),
  buffering('a tagged response behind the greeting', { impostor: { greeting: greeting('A0001 OK go\r\n') } }, 'ERR_MALFORMED_RESPONSE in starttls'),
  buffering('a continuation request behind the greeting', { impostor: { greeting: greeting('+ go\r\n') } }, 'ERR_MALFORMED_RESPONSE in starttls'),
];

export const imapDialect: Dialect = {
  target: imap,
  startTls: 'STARTTLS',
  goAhead,
  offer: { command: 'CAPABILITY', answer: done },
  greeting: greeting(''),
  injected: '* CAPABILITY IMAP4rev1 AUTH=PLAIN\r\n',
  refusals: [
    ['<tag> NO not now', 'ERR_STARTTLS_REFUSED in starttls'],
    ['<tag> BAD what?', 'ERR_STARTTLS_REFUSED in starttls'],
    ['+ go on', 'ERR_STARTTLS_REFUSED in starttls'],
    ['<tag> PREAUTH go', 'ERR_MALFORMED_RESPONSE in starttls'],
    ['<tag> BYE go', 'ERR_MALFORMED_RESPONSE in starttls'],
    ['OK go', 'ERR_MALFORMED_RESPONSE in starttls'],
    ['220 go', 'ERR_MALFORMED_RESPONSE in starttls'],
    ['* BYE go', 'ERR_SERVER_CLOSING in starttls'],
    ['* OK go', 'ERR_TIMEOUT in starttls'],
    ['* NO go', 'ERR_TIMEOUT in starttls'],
  ],
  unknown: '<tag> BAD what?\r\n',
  withoutOffer: 'ERR_STARTTLS_NOT_OFFERED in starttls',
  own,
};
