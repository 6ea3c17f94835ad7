/** POP3: RFC 2595 §4, RFC 2449. */
import { pop3 } from '../targets/pop3.js';
import type { Dialect } from './dialect.js';
import { buffering, negotiation, type Row, tampering } from './row.js';

const goAhead = '+OK go\r\n';
const inClear = (say: string) => ({
  impostor: { inClear: { STLS: { say, next: 'tls' as const } } },
});
const claims = (...names: string[]) => ({ impostor: { claims: { inClear: names } } });
const greets = (greeting: string) => ({ impostor: { greeting } });

// biome-ignore format: a table, a row a line
const own: readonly Row[] = [
  tampering('a timestamp for APOP', greets('+OK <1896.697170952@evil.example>\r\n'), 'secured'),
  tampering('a greeting that claims a login', greets('+OK wilhelmina has 99 messages (666 octets)\r\n'), 'secured'),
  tampering('a greeting that a terminal would obey', greets('+OK \x1b]0;Evil\x07 ready\r\n'), 'secured'),
  tampering('a response code in the greeting', greets('+OK [SYS/PERM] evil\r\n'), 'secured'),
  tampering('capabilities', claims('STLS', 'SASL X-EVIL PLAIN', 'USER', 'LOGIN-DELAY 666', 'EXPIRE 0', 'IMPLEMENTATION Evil', 'X-EVIL'), 'secured'),
  tampering('PIPELINING, which leads on', claims('STLS', 'PIPELINING'), 'secured'),
  tampering('capabilities stuffed and in small letters', claims('..x', 'stls', 'user'), 'secured'),
  tampering('a response code in the go-ahead', inClear('+OK [AUTH] evil\r\n'), 'secured'),
  tampering('a timestamp in the go-ahead', inClear('+OK <1.2@evil.example>\r\n'), 'secured'),

  {
    ...negotiation('APOP, by a timestamp that came in clear', { apop: true }, 'ERR_NO_COMMON_MECHANISM in auth'),
    client: { mechanisms: ['APOP'] },
  },
  negotiation('no greeting but an error', greets('-ERR [SYS/TEMP] come back\r\n'), 'ERR_SERVER_CLOSING in greeting'),
  negotiation('no greeting but a challenge', greets('+ \r\n'), 'ERR_MALFORMED_RESPONSE in greeting'),
  negotiation('no greeting at all', greets('hello\r\n'), 'ERR_MALFORMED_RESPONSE in greeting'),
  negotiation('a greeting that never ends its line', greets('+OK hello'), 'ERR_TIMEOUT in greeting'),
  negotiation('capabilities that never end', { impostor: { inClear: { CAPA: '+OK\r\nSTLS\r\n' } } }, 'ERR_TIMEOUT in starttls'),
  negotiation('capabilities without end', { impostor: { inClear: { CAPA: `+OK\r\n${'X-EVIL\r\n'.repeat(400_000)}` } } }, 'ERR_LIMIT_EXCEEDED in starttls'),

  buffering('a line in front of the go-ahead', inClear('+OK first\r\n+OK go\r\n'), 'ERR_STARTTLS_INJECTION in starttls'),
  buffering('an error in front of the go-ahead', inClear('-ERR first\r\n+OK go\r\n'), 'ERR_STARTTLS_REFUSED in starttls'),
  buffering('what is no response in front of the go-ahead', inClear('1 120\r\n+OK go\r\n'), 'ERR_MALFORMED_RESPONSE in starttls'),
  buffering('an answer to CAPA behind the greeting', greets('+OK\r\n+OK\r\nSTLS\r\n.\r\n'), 'ERR_MALFORMED_RESPONSE in starttls'),
  buffering('an error behind the greeting', greets('+OK\r\n-ERR go away\r\n'), 'ERR_SERVER_CLOSING in starttls'),
];

export const pop3Dialect: Dialect = {
  target: pop3,
  startTls: 'STLS',
  goAhead,
  offer: { command: 'CAPA', answer: '+OK\r\nSTLS\r\n.\r\n' },
  greeting: '+OK\r\n',
  injected: '+OK\r\nSASL PLAIN\r\nUSER\r\n.\r\n',
  refusals: [
    ['-ERR not now', 'ERR_STARTTLS_REFUSED in starttls'],
    ['-ERR [SYS/PERM] never', 'ERR_STARTTLS_REFUSED in starttls'],
    ['-ERR', 'ERR_STARTTLS_REFUSED in starttls'],
    ['+ go on', 'ERR_MALFORMED_RESPONSE in starttls'],
    ['+OKAY go', 'ERR_MALFORMED_RESPONSE in starttls'],
    ['OK go', 'ERR_MALFORMED_RESPONSE in starttls'],
    ['220 go', 'ERR_MALFORMED_RESPONSE in starttls'],
    ['', 'ERR_MALFORMED_RESPONSE in starttls'],
  ],
  unknown: '-ERR what?\r\n',
  withoutOffer: 'ERR_STARTTLS_NOT_OFFERED in starttls',
  early: 'ERR_MALFORMED_RESPONSE in starttls', // a whole line that nobody asked for
  own,
};
