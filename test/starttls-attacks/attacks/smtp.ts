/** SMTP: RFC 3207; and LMTP, RFC 2033, which is SMTP but for its hello. */
import { lmtp, smtp } from '../targets/smtp.js';
import type { Outcome } from '../verdict.js';
import type { Dialect } from './dialect.js';
import { buffering, negotiation, type Row, tampering } from './row.js';

const goAhead = '220 go\r\n';
const inClear = (say: string) => ({
  impostor: { inClear: { STARTTLS: { say, next: 'tls' as const } } },
});
const claims = (...lines: string[]) => ({ impostor: { claims: { inClear: lines } } });
const greets = (greeting: string) => ({ impostor: { greeting } });
const refused: Outcome = 'ERR_STARTTLS_REFUSED in starttls';

// biome-ignore format: a table, a row a line
const own = (hello: 'EHLO' | 'LHLO'): readonly Row[] => [
  tampering('extensions', claims('STARTTLS', 'AUTH X-EVIL PLAIN', 'AUTH=X-EVIL', 'SIZE 1', 'CHUNKING', 'BINARYMIME', 'SMTPUTF8', 'DSN', 'X-EVIL'), 'secured'),
  tampering('PIPELINING, which leads on', claims('STARTTLS', 'PIPELINING'), 'secured'),
  tampering('a size of nothing', claims('SIZE 0', 'STARTTLS'), 'secured'),
  tampering('a greeting of several lines', greets('220-evil.example ESMTP\r\n220-AUTH PLAIN\r\n220 PIPELINING\r\n'), 'secured'),
  tampering('a greeting that a terminal would obey', greets('220 \x1b[2J evil\r\n'), 'secured'),
  tampering('a go-ahead of several lines', inClear('220-AUTH PLAIN\r\n220 go\r\n'), 'secured'),
  tampering('an enhanced code in the go-ahead', inClear('220 2.7.0 evil\r\n'), 'secured'),

  negotiation('a greeting that refuses', greets('554 5.7.1 no\r\n'), 'ERR_COMMAND_REJECTED in greeting'),
  negotiation('a greeting that claims a login', greets('235 2.7.0 You are in\r\n'), 'ERR_MALFORMED_RESPONSE in greeting'),
  negotiation('a greeting that leaves', greets('421 bye\r\n'), 'ERR_SERVER_CLOSING in greeting'),
  negotiation('a greeting that never ends its line', greets('220 hello'), 'ERR_TIMEOUT in greeting'),
  negotiation('a greeting that never ends', greets('220-hello\r\n'), 'ERR_TIMEOUT in greeting'),
  negotiation('a greeting without end', greets('220-hello\r\n'.repeat(200_000)), 'ERR_LIMIT_EXCEEDED in greeting'),
  negotiation('no hello, though it would have STARTTLS', { impostor: { inClear: { [hello]: '503 5.5.1 STARTTLS first\r\n' } } }, 'ERR_STARTTLS_NOT_OFFERED in capabilities'),
  negotiation('a hello that comes later', { impostor: { inClear: { [hello]: '451 4.7.0 later\r\n' } } }, 'ERR_COMMAND_REJECTED in capabilities'),

  buffering('a reply in front of the go-ahead', inClear('250 first\r\n220 go\r\n'), refused),
  buffering('a refusal in front of the go-ahead', inClear('454 first\r\n220 go\r\n'), refused),
  buffering('what is no reply in front of the go-ahead', inClear('hello\r\n220 go\r\n'), 'ERR_MALFORMED_RESPONSE in starttls'),
  buffering('the answer to the hello, behind the greeting', greets('220 hello\r\n250-evil\r\n250 STARTTLS\r\n'), refused), // the true answer is taken for that to STARTTLS
  buffering('all answers behind the greeting', greets('220 hello\r\n250-evil\r\n250 STARTTLS\r\n220 go\r\n250 AUTH PLAIN\r\n'), 'ERR_STARTTLS_INJECTION in starttls'),
];

// biome-ignore format: one list
const answers: readonly (readonly [string, Outcome])[] = [
  ['454 TLS not available', refused], ['500 what?', refused], ['501 syntax', refused], ['502 no', refused],
  ['503 no', refused], ['504 no', refused], ['530 no', refused], ['550 no', refused], ['554 no', refused],
  ['421 bye', refused], ['450 later', refused], ['221 bye', refused], ['235 you are in', refused], ['250 ok', refused],
  ['251 ok', refused], ['334 go', refused], ['354 go', refused], ['199 wait', refused],
  ['2200 go', 'ERR_MALFORMED_RESPONSE in starttls'], ['22 go', 'ERR_MALFORMED_RESPONSE in starttls'],
  ['+OK go', 'ERR_MALFORMED_RESPONSE in starttls'], ['', 'ERR_MALFORMED_RESPONSE in starttls'],
  ['220-go\r\n250 on', 'ERR_MALFORMED_RESPONSE in starttls'],
];

export const smtpDialect: Dialect = {
  target: smtp,
  startTls: 'STARTTLS',
  goAhead,
  offer: { command: 'EHLO', answer: '250-hello\r\n250 STARTTLS\r\n' },
  greeting: '220 hello\r\n',
  injected: '250-evil.example\r\n250 AUTH PLAIN LOGIN\r\n',
  refusals: answers,
  unknown: '500 what?\r\n',
  withoutOffer: 'ERR_STARTTLS_NOT_OFFERED in capabilities',
  own: own('EHLO'),
};

export const lmtpDialect: Dialect = {
  ...smtpDialect,
  target: lmtp,
  offer: { command: 'LHLO', answer: '250-hello\r\n250 STARTTLS\r\n' },
  own: own('LHLO'),
};
