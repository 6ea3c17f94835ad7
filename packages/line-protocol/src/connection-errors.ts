/** How a connection ends, in words. It adds where that was, and to whom. */
import {
  ConnectionError,
  type ErrorContext,
  errorAgain,
  escapeText,
  type FivewireError,
  type ProtocolName,
  RemoteProtocolError,
  StartTlsError,
} from 'tls-context-core';

export function malformedResponse(
  protocol: ProtocolName,
  expected: string,
  got: string,
): RemoteProtocolError {
  const shown = escapeText(got, 120);
  return new RemoteProtocolError('ERR_MALFORMED_RESPONSE', `Expected ${expected}, got "${shown}"`, {
    expected,
    got: shown,
    hint: `The server is broken, or it does not speak ${protocol.toUpperCase()}: check host and port.`,
  });
}

/** An answer in its place that says nothing which can be read: the connection is in step, and outlives it. */
export function unreadable(expected: string, text: string, command: string): RemoteProtocolError {
  const got = escapeText(text, 200);
  return new RemoteProtocolError('ERR_MALFORMED_RESPONSE', `Expected ${expected}, got "${got}"`, {
    expected,
    got,
    connection: 'usable',
    hint: `The server writes its answer in another form; command('${command}') gives it as it comes.`,
  });
}

export const limitExceeded = (limit: string, limitValue: number): RemoteProtocolError =>
  new RemoteProtocolError(
    'ERR_LIMIT_EXCEEDED',
    `The server sent more than limits.${limit} (${limitValue}) allows`,
    {
      limit,
      limitValue,
      hint: `Raise limits.${limit} if you trust this server to send that much.`,
    },
  );

export const octetsInClear = (octets: number, before: string): StartTlsError =>
  new StartTlsError('ERR_STARTTLS_INJECTION', `${octets} octets came in clear before ${before}`, {
    octets,
    phase: 'starttls',
    hint: 'Someone between you and the server adds plaintext, or the server is broken: use implicit TLS.',
  });

/** @param lasting a hint where connecting again changes nothing */
export function serverClosing(text: string, lasting?: string): ConnectionError {
  const serverText = escapeText(text, 500);
  return new ConnectionError(
    'ERR_SERVER_CLOSING',
    `The server closes the connection: ${serverText}`,
    {
      serverText,
      retry: lasting === undefined ? 'later' : 'never',
      hint: lasting ?? 'Its words say why; connect again in a while.',
    },
  );
}

const closed = (message: string, hint: string, cause?: unknown): ConnectionError =>
  new ConnectionError('ERR_CONNECTION_CLOSED', message, {
    hint,
    ...(cause === undefined ? {} : { cause }),
  });

export const closedByServer = (): ConnectionError =>
  closed(
    'The server closed the connection',
    'An idle limit, a restart or a firewall; connect again.',
  );

export const closedByUser = (what: string): ConnectionError =>
  closed(what, 'Connect again: a client is one connection.');

export const broken = (cause: unknown): ConnectionError =>
  closed(
    `The connection broke: ${cause instanceof Error ? cause.message : String(cause)}`,
    'The server, or a device on the way to it, has cut the connection off; connect again.',
    cause,
  );

/** One caller's doing: said of another's call it would be wrong. */
const ofOneCaller: ReadonlySet<string> = new Set(['AbortError', 'UsageError']);

/** What a call throws whose connection ended by `error`: an error of its own, and `error` is the cause. */
export function lostBy(error: FivewireError, context: ErrorContext): FivewireError {
  const kin = ofOneCaller.has(error.name)
    ? closed(`Another call ended the connection: ${error.message}`, 'Connect again.', error)
    : error;
  return errorAgain(kin, context, error);
}
