/** FTP: AUTH TLS, RFC 4217 §4, which the study does not have. Nothing is asked in clear but AUTH itself. */
import { ftp } from '../targets/ftp.js';
import type { Outcome } from '../verdict.js';
import type { Dialect } from './dialect.js';
import { buffering, negotiation, type Row, tampering } from './row.js';

const goAhead = '234 go\r\n';
const inClear = (say: string) => ({
  impostor: { inClear: { AUTH: { say, next: 'tls' as const } } },
});
const greets = (greeting: string) => ({ impostor: { greeting } });
const refused: Outcome = 'ERR_STARTTLS_REFUSED in starttls';
const notOffered: Outcome = 'ERR_STARTTLS_NOT_OFFERED in starttls';

// biome-ignore format: a table, a row a line
const own: readonly Row[] = [
  tampering('a greeting that claims a login (CVE-2021-22946)', greets('230 You are in already\r\n'), 'secured'),
  tampering('a greeting of several lines, features among them', greets('220-Evil\r\n211-Features:\r\n MLST type*;\r\n UTF8\r\n211 End\r\n220 ready\r\n'), 'secured'),
  tampering('a greeting that a terminal would obey', greets('220 \x1b[2J evil\r\n'), 'secured'),
  tampering('a greeting that is late', greets('120 in a minute\r\n220 ready\r\n'), 'secured'),
  tampering('a go-ahead of several lines', inClear('234-PROT C\r\n230 You are in\r\n234 go\r\n'), 'secured'),
  tampering('features, which nobody asks for in clear', { impostor: { claims: { inClear: ['X-EVIL'] } } }, 'secured'),

  negotiation('a greeting that wants an account', greets('332 ACCT\r\n'), 'ERR_SERVER_CLOSING in greeting'),
  negotiation('a greeting that leaves', greets('421 bye\r\n'), 'ERR_SERVER_CLOSING in greeting'),
  negotiation('a greeting that refuses', greets('530 no\r\n'), 'ERR_SERVER_CLOSING in greeting'),
  negotiation('a greeting that never ends its line', greets('220 hello'), 'ERR_TIMEOUT in greeting'),
  negotiation('a greeting that never ends', greets('220-hello\r\n'), 'ERR_TIMEOUT in greeting'),
  negotiation('a greeting without end', greets('220-hello\r\n'.repeat(200_000)), 'ERR_LIMIT_EXCEEDED in greeting'),
  negotiation('a greeting that is always late', greets('120 in a minute\r\n'.repeat(200_000)), 'ERR_MALFORMED_RESPONSE in greeting'),

  buffering('a reply in front of the go-ahead', inClear('220 first\r\n234 go\r\n'), refused),
  buffering('a preliminary reply in front of the go-ahead', inClear('150 first\r\n234 go\r\n'), refused),
  buffering('what is no reply in front of the go-ahead', inClear('hello\r\n234 go\r\n'), 'ERR_MALFORMED_RESPONSE in starttls'),
  buffering('a login behind the go-ahead', inClear('234 go\r\n230 You are in\r\n200 PBSZ=0\r\n200 PROT C\r\n'), 'ERR_STARTTLS_INJECTION in starttls'),
  buffering('all answers behind the greeting', greets('220 hello\r\n234 go\r\n331 password?\r\n230 You are in\r\n'), 'ERR_STARTTLS_INJECTION in starttls'),
];

// biome-ignore format: one list
const answers: readonly (readonly [string, Outcome])[] = [
  ['534 policy', refused], ['431 not now', refused], ['530 log in first', refused], ['500 what?', notOffered],
  ['501 syntax', refused], ['502 no', notOffered], ['503 no', refused], ['504 not that', notOffered], ['533 no', refused],
  ['550 no', refused], ['200 ok', refused], ['202 superfluous', refused], ['220 hello', refused], ['230 you are in', refused],
  ['232 you are in', refused], ['235 go', refused], ['334 go on', refused], ['331 password?', refused], ['150 wait', refused],
  ['421 bye', 'ERR_SERVER_CLOSING in starttls'], ['2340 go', 'ERR_MALFORMED_RESPONSE in starttls'],
  ['23 go', 'ERR_MALFORMED_RESPONSE in starttls'], ['+OK go', 'ERR_MALFORMED_RESPONSE in starttls'],
];

export const ftpDialect: Dialect = {
  target: ftp,
  startTls: 'AUTH TLS',
  goAhead,
  offer: { command: undefined, answer: '' },
  greeting: '220 hello\r\n',
  injected: '230 You are in\r\n',
  refusals: answers,
  unknown: '500 what?\r\n',
  withoutOffer: notOffered,
  own,
};
