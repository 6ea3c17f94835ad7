/** The attacks that all protocols have in common, in the words of each. */
import type { Impostor, Reaction, TestServerOptions, Words } from '@fivewire/test-servers';
import type { Client } from '../targets/target.js';
import type { Dialect } from './dialect.js';
import { buffering, handshake, negotiation, type Row } from './row.js';

export function rowsFor<C extends Client>(dialect: Dialect<C>): readonly Row[] {
  return [...negotiations(dialect), ...bufferings(dialect), ...handshakes(dialect), ...dialect.own];
}

/** The server does this when it is asked for TLS. */
function onStartTls<C extends Client>(
  { startTls }: Dialect<C>,
  reaction: Words | Reaction,
): { impostor: Impostor } {
  return { impostor: { inClear: { [verbOf(startTls)]: reaction } } };
}

const verbOf = (command: string): string => command.split(' ')[0] as string;

// biome-ignore format: a table, a row a line
function negotiations<C extends Client>(dialect: Dialect<C>): Row[] {
  const { startTls, goAhead, refusals, unknown, offer, withoutOffer } = dialect;
  const on = (reaction: Words | Reaction) => onStartTls(dialect, reaction);
  const [firstRefusal = '', refused = withoutOffer] = refusals[0] ?? [];
  const { command } = offer;
  return [
    negotiation('not offered', { hide: [verbOf(startTls)] }, 'ERR_STARTTLS_NOT_OFFERED in starttls'),
    ...(command === undefined ? [] : [
      negotiation('the command that would show it is unknown', { impostor: { inClear: { [command]: unknown } } }, withoutOffer),
      negotiation('no capabilities at all', { impostor: { claims: { inClear: [] } } }, 'ERR_STARTTLS_NOT_OFFERED in starttls'),
      negotiation('capabilities that look like it', { impostor: { claims: { inClear: ['XSTARTTLS', 'START-TLS', 'STLSX', 'X-STLS', 'STARTTLS=1'] } } }, 'ERR_STARTTLS_NOT_OFFERED in starttls'),
    ]),
    ...refusals.map(([answer, outcome]) => negotiation(`answered by ${answer}`, on({ say: `${answer}\r\n`, next: 'silence' }), outcome)),
    negotiation('refused, and a handshake all the same', on({ say: `${firstRefusal}\r\n`, next: 'tls' }), refused),
    negotiation('unanswered', on({ next: 'silence' }), 'ERR_TIMEOUT in starttls'),
    negotiation('answered by half a line', on({ say: goAhead.slice(0, -2), next: 'silence' }), 'ERR_TIMEOUT in starttls'),
    negotiation('answered by the end', on({ next: 'close' }), 'ERR_CONNECTION_CLOSED in starttls'),
    negotiation('answered by half a line and the end', on({ say: goAhead.slice(0, -2), next: 'close' }), 'ERR_CONNECTION_CLOSED in starttls'),
    negotiation('answered by a reset', on({ next: 'reset' }), 'ERR_CONNECTION_CLOSED in starttls'),
  ];
}

// biome-ignore format: a table, a row a line
function bufferings<C extends Client>(dialect: Dialect<C>): Row[] {
  const { goAhead, injected, offer, greeting } = dialect;
  const on = (say: Words | readonly Words[], next: Reaction['next'] = 'tls') => onStartTls(dialect, { say, next });
  const ahead = (more: string): Pick<TestServerOptions, 'impostor'> => ({
    impostor: offer.command === undefined
      ? { greeting: greeting + more }
      : { inClear: { [offer.command]: offer.answer + more } },
  });
  const inSegment = 'ERR_STARTTLS_INJECTION in starttls';
  const { early = inSegment } = dialect;
  return [
    buffering('a line behind the go-ahead', on(goAhead + injected), inSegment),
    buffering('a line behind the go-ahead, and no handshake', on(goAhead + injected, 'silence'), inSegment),
    buffering('a line behind the go-ahead, and the end', on(goAhead + injected, 'close'), inSegment),
    buffering('one octet behind the go-ahead', on(`${goAhead}x`), inSegment),
    buffering('CRLF behind the go-ahead', on(`${goAhead}\r\n`), inSegment),
    buffering('another go-ahead behind the go-ahead', on(goAhead + goAhead), inSegment),
    buffering('a TLS record behind the go-ahead', on(`${goAhead}\x16\x03\x03`), inSegment),
    buffering('4,000 lines behind the go-ahead', on(goAhead + injected.repeat(4_000)), inSegment),
    buffering('a line in a segment of its own', on([goAhead, injected]), 'ERR_STARTTLS_INJECTION'),
    buffering('two octets in a segment of their own, then the handshake', on([goAhead, '2 ']), 'ERR_STARTTLS_INJECTION'),
    ...(dialect.target.name === 'imap' ? [] : [
      buffering('the go-ahead before it was asked for', ahead(goAhead), early),
      buffering('its first octet before it was asked for', ahead(goAhead.slice(0, 1)), inSegment),
    ]),
  ];
}

/** What comes where a ServerHello should. */
// biome-ignore format: a table, a row a line
function handshakes<C extends Client>(dialect: Dialect<C>): Row[] {
  const { goAhead, injected } = dialect;
  const on = (answer: Words, next: Reaction['next'] = 'silence') => onStartTls(dialect, { say: goAhead, answer, next });
  const octets = (hex: string) => Buffer.from(hex.replaceAll(' ', ''), 'hex');
  const injection = 'ERR_STARTTLS_INJECTION in tls';
  const endless = 'ERR_TIMEOUT in tls';
  return [
    handshake('nothing', onStartTls(dialect, { say: goAhead, next: 'silence' }), endless),
    handshake('the end', onStartTls(dialect, { say: goAhead, next: 'close' }), 'ERR_CONNECTION_CLOSED in tls'),
    handshake('the end, once it has begun', on('', 'close'), 'ERR_CONNECTION_CLOSED in tls'),
    handshake('a reset, once it has begun', on('', 'reset'), 'ERR_CONNECTION_CLOSED in tls'),
    handshake('a line in clear', on(injected), injection),
    handshake('a line of HTTP', on('HTTP/1.1 400 Bad Request\r\n\r\n'), injection),
    handshake('four octets in clear', on('+OK '), endless),
    handshake('the header of a record that never comes', on(octets('16 0303 3fff')), endless),
    handshake('the header of a record that is too long', on(octets('16 0303 ffff')), injection),
    handshake('half a header of a record', on(octets('16 03')), endless),
    handshake('a record of SSL 2', on(octets('80 2e 04 00 01 00 02')), injection),
    handshake('application data', on(octets('17 0303 0005 68656c6c6f')), injection),
    handshake('a fatal alert', on(octets('15 0303 0002 02 28')), 'ERR_TLS_HANDSHAKE in tls'),
    handshake('an alert that says close_notify', on(octets('15 0303 0002 01 00')), 'ERR_CONNECTION_CLOSED in tls'),
    handshake('half an alert', on(octets('15 0303 0002 02')), endless),
    handshake('a line that begins like an alert', on('\x15 alert\r\n'), injection),
    handshake('the client\'s own octets', on(octets('16 0301 0005 01 00 00 01 00')), injection),
  ];
}
