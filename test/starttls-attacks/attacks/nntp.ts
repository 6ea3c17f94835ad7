/** NNTP: STARTTLS, RFC 4642, which the study does not have. */
import { nntp } from '../targets/nntp.js';
import type { Outcome } from '../verdict.js';
import type { Dialect } from './dialect.js';
import { buffering, negotiation, type Row, tampering } from './row.js';

const goAhead = '382 go\r\n';
const inClear = (say: string) => ({
  impostor: { inClear: { STARTTLS: { say, next: 'tls' as const } } },
});
const claims = (...labels: string[]) => ({
  impostor: { claims: { inClear: ['VERSION 2', ...labels] } },
});
const greets = (greeting: string) => ({ impostor: { greeting } });
const offer = '101 list\r\nVERSION 2\r\nREADER\r\nSTARTTLS\r\n.\r\n';
const refused: Outcome = 'ERR_STARTTLS_REFUSED in starttls';
const notOffered: Outcome = 'ERR_STARTTLS_NOT_OFFERED in starttls';

// biome-ignore format: a table, a row a line
const own: readonly Row[] = [
  tampering('a greeting that forbids posting', greets('201 no posting\r\n'), 'secured'),
  tampering('a greeting that a terminal would obey', greets('200 \x1b[2J evil\r\n'), 'secured'),
  tampering('capabilities', claims('READER', 'STARTTLS', 'AUTHINFO USER SASL', 'SASL X-EVIL PLAIN', 'IMPLEMENTATION Evil', 'X-EVIL', 'COMPRESS DEFLATE'), 'secured'),
  tampering('capabilities without posting', claims('READER', 'STARTTLS'), 'secured'),
  tampering('a mode to be switched', { impostor: { claims: { inClear: ['VERSION 2', 'MODE-READER', 'STARTTLS'] } } }, 'secured'),
  tampering('STARTTLS behind a switched mode, posting forbidden there', { impostor: { greeting: '201 innd\r\n', inClear: { CAPABILITIES: '101 list\r\nVERSION 2\r\nMODE-READER\r\n.\r\n', MODE: { say: `201 no posting\r\n`, next: 'listen' } } } }, notOffered),

  negotiation('a greeting that leaves', greets('400 bye\r\n'), 'ERR_SERVER_CLOSING in greeting'),
  negotiation('a greeting that refuses', greets('502 no\r\n'), 'ERR_SERVER_CLOSING in greeting'),
  negotiation('a greeting that claims a login', greets('281 You are in\r\n'), 'ERR_MALFORMED_RESPONSE in greeting'),
  negotiation('a greeting that wants one', greets('480 log in\r\n'), 'ERR_MALFORMED_RESPONSE in greeting'),
  negotiation('a greeting that never ends its line', greets('200 hello'), 'ERR_TIMEOUT in greeting'),
  negotiation('capabilities only for those who log in', { impostor: { inClear: { CAPABILITIES: '480 log in\r\n' } } }, notOffered),
  negotiation('capabilities only for those who have TLS', { impostor: { inClear: { CAPABILITIES: '483 TLS\r\n' } } }, notOffered),
  negotiation('capabilities that never end', { impostor: { inClear: { CAPABILITIES: '101 list\r\nSTARTTLS\r\n' } } }, 'ERR_TIMEOUT in starttls'),
  negotiation('capabilities without end', { impostor: { inClear: { CAPABILITIES: `101 list\r\n${'X-EVIL\r\n'.repeat(400_000)}` } } }, 'ERR_LIMIT_EXCEEDED in starttls'),
  negotiation('a mode for those who log in', { impostor: { claims: { inClear: ['VERSION 2', 'MODE-READER'] }, inClear: { MODE: '480 log in\r\n' } } }, notOffered),

  buffering('a response in front of the go-ahead', inClear('200 first\r\n382 go\r\n'), refused),
  buffering('a refusal in front of the go-ahead', inClear('580 first\r\n382 go\r\n'), refused),
  buffering('what is no response in front of the go-ahead', inClear('hello\r\n382 go\r\n'), 'ERR_MALFORMED_RESPONSE in starttls'),
  buffering('a login behind the go-ahead', inClear('382 go\r\n281 You are in\r\n'), 'ERR_STARTTLS_INJECTION in starttls'),
  buffering('capabilities behind the greeting', greets(`200 hello\r\n${offer}`), 'ERR_MALFORMED_RESPONSE in starttls'),
  buffering('a goodbye behind the greeting', greets('200 hello\r\n400 bye\r\n'), 'ERR_SERVER_CLOSING in starttls'),
];

// biome-ignore format: one list
const answers: readonly (readonly [string, Outcome])[] = [
  ['580 no TLS', refused], ['502 no', refused], ['480 log in first', refused], ['483 encrypt first', refused], ['500 what?', refused],
  ['501 syntax', refused], ['503 no', refused], ['400 bye', refused], ['200 ok', refused], ['281 you are in', refused],
  ['283 you are in', refused], ['381 password?', refused], ['383 go on', refused], ['282 go', refused], ['101 list', refused],
  ['3820 go', 'ERR_MALFORMED_RESPONSE in starttls'], ['38 go', 'ERR_MALFORMED_RESPONSE in starttls'],
  ['382-go\r\n382 on', 'ERR_MALFORMED_RESPONSE in starttls'], ['+OK go', 'ERR_MALFORMED_RESPONSE in starttls'],
];

export const nntpDialect: Dialect = {
  target: nntp,
  startTls: 'STARTTLS',
  goAhead,
  offer: { command: 'CAPABILITIES', answer: offer },
  greeting: '200 hello\r\n',
  injected: '101 list\r\nVERSION 2\r\nAUTHINFO USER\r\n.\r\n',
  refusals: answers,
  unknown: '500 what?\r\n',
  withoutOffer: notOffered,
  early: 'ERR_MALFORMED_RESPONSE in starttls', // a whole line that nobody asked for
  own,
};
