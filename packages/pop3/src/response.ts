/** Status lines, RFC 1939 §3, with response codes, RFC 2449 §8 and RFC 3206. */
import {
  CommandError,
  contextOf,
  decodeText,
  escapeText,
  type LineConnection,
  type ServerReply,
  type StrayMeaning,
  type Wait,
} from '@fivewire/line-protocol';

// response = "+OK" [SP *CHAR] CRLF / "-ERR" [SP *CHAR] CRLF
// resp-text = ["[" resp-level *("/" resp-level) "]" SP] *CHAR

export interface Response {
  ok: boolean;
  /** The response code, upper case, without brackets: `IN-USE`, `SYS/TEMP`. */
  code: string | undefined;
  /** What follows, each character an octet. */
  text: string;
}

/** `undefined` for what is no status line. */
export function parseResponse(line: string): Response | undefined {
  if (line.startsWith('+OK ') && line !== '+OK ' && !/^[ \t[]/.test(line[4] as string))
    return { ok: true, code: undefined, text: line.slice(4) };
  // Others take whatever begins so: `+OK<timestamp>`, `+OK: ready`. `+OKAY` is another word.
  const status = /^(\+OK|-ERR)(?![a-z0-9])[ \t]*/i.exec(line);
  if (status === null) return undefined;
  const rest = line.slice(status[0].length);
  const code = /^\[([^\]\s]{1,80})\][ \t]*/.exec(rest);
  return {
    ok: line[0] === '+',
    code: code?.[1]?.toUpperCase(),
    text: code === null ? rest : rest.slice(code[0].length),
  };
}

/** The next status line. Anything else ends the connection: what comes after it could not be told apart. */
export async function readResponse(
  connection: LineConnection,
  wait: Wait,
  responseOctets: number,
): Promise<Response> {
  const empty = { lines: 0 };
  for (;;) {
    const response = takeResponse(connection, wait, responseOctets, empty);
    if (response !== undefined) return response;
    await connection.fill(wait);
  }
}

/** As {@link readResponse}, where the line is here already. */
export function takeResponse(
  connection: LineConnection,
  where: Pick<Wait, 'phase' | 'command'>,
  responseOctets: number,
  empty: { lines: number } = { lines: 0 },
): Response | undefined {
  for (;;) {
    const line = connection.takeLine(contextOf(where));
    if (line === undefined) return undefined;
    // An empty line means nothing, and takes no other line's place; but the go-ahead to TLS is exact.
    const isStatus = line !== '' || where.phase === 'starttls' || ++empty.lines > mostEmptyLines;
    if (isStatus) return judge(connection, line, where, responseOctets);
  }
}

/** More than these are no slip. */
const mostEmptyLines = 100;

function judge(
  connection: LineConnection,
  line: string,
  where: Pick<Wait, 'phase' | 'command'>,
  responseOctets: number,
): Response {
  if (line.length > responseOctets)
    throw connection.exceeded('responseOctets', responseOctets, contextOf(where));
  const response = parseResponse(line);
  if (response !== undefined) return response;
  throw connection.malformed('+OK or -ERR', line, contextOf(where));
}

/** A refusal as errors carry it. */
export const serverReply = ({ code, text, ok }: Response): ServerReply => ({
  code: ok ? '+OK' : '-ERR',
  ...(code === undefined ? {} : { enhanced: code }),
  text: escapeText(decodeText(text), 1_000),
});

/** A passing trouble, by its code: RFC 2449 §8.1 and RFC 3206 §4. */
export const isTransient = (code: string | undefined): boolean =>
  code === 'IN-USE' ||
  code === 'LOGIN-DELAY' ||
  code === 'SYS/TEMP' ||
  code?.startsWith('SYS/TEMP/') === true;

const hints: Record<string, string> = {
  'IN-USE': 'Another session holds the mailbox; it is free again when that one ends.',
  'LOGIN-DELAY':
    'The server wants a pause between logins; retryAfter says how long, where the server does.',
  'SYS/TEMP': 'The server has a passing trouble: try later.',
  'SYS/PERM': 'The server has a lasting trouble that its administrator must solve.',
};

const noMessage =
  'There may be no such message, or it is marked as deleted: list() tells the numbers of this session.';

/** @param loginDelay seconds that CAPA gives for LOGIN-DELAY */
export function commandError(
  response: Response,
  command: string,
  loginDelay?: number,
): CommandError {
  const reply = serverReply(response);
  const retryAfter = response.code === 'LOGIN-DELAY' ? pause(response.text, loginDelay) : undefined;
  return new CommandError(
    'ERR_COMMAND_REJECTED',
    `The server refused ${command}: ${reply.text || 'without a reason'}`,
    {
      reply,
      command,
      transient: isTransient(response.code),
      ...(retryAfter === undefined ? {} : { retryAfter }),
      hint:
        hints[response.code ?? ''] ??
        (/^(?:RETR|TOP|DELE|LIST|UIDL) \d/.test(command) ? noMessage : ''),
    },
  );
}

/** Milliseconds, as the refusal says (`… 300 seconds`), else as CAPA does. */
function pause(text: string, loginDelay: number | undefined): number | undefined {
  const [, figure, minutes] =
    /\b(\d{1,5}) ?(?:s|secs?|seconds?|(m|mins?|minutes?))\b/i.exec(text) ?? [];
  const seconds = figure === undefined ? loginDelay : Number(figure) * (minutes ? 60 : 1);
  return seconds === undefined ? undefined : seconds * 1_000;
}

/** A server that speaks unasked says goodbye with -ERR (Dovecot: `-ERR Disconnected for inactivity`). */
export const strayMeaning = (line: string): StrayMeaning =>
  parseResponse(line)?.ok === false ? 'closing' : undefined;
