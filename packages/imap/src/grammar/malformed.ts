/** What the grammar throws. The connection adds where it happened and decides what it costs. */
import { escapeText } from '@fivewire/line-protocol';
import { RemoteProtocolError } from 'tls-context-core';

/** @param expected the name of the grammar's rule, as in the RFC's ABNF */
export function malformed(expected: string, text: string, position: number): RemoteProtocolError {
  const got = position >= text.length ? 'the end' : escapeText(text.slice(position, position + 60));
  return new RemoteProtocolError(
    'ERR_MALFORMED_RESPONSE',
    `Expected ${expected} at octet ${position} of the response, got ${got}`,
    {
      expected,
      got,
      hint: 'The server is broken, or it does not speak IMAP: check host and port.',
    },
  );
}

export function tooMuch(limit: string, limitValue: number): RemoteProtocolError {
  return new RemoteProtocolError(
    'ERR_LIMIT_EXCEEDED',
    `The response passes limits.${limit} (${limitValue})`,
    {
      limit,
      limitValue,
      hint: `Raise limits.${limit} if you trust this server to send that much.`,
    },
  );
}
