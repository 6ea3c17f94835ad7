/** What response codes mean, RFC 3977 §3.2 and its registry: which bring lines, and which error a refusal is. */
import {
  CommandError,
  type CommandErrorCode,
  type FivewireError,
  type LineConnection,
  type Reply,
  serverReply,
} from '@fivewire/line-protocol';
import { passes, refusalVerdict } from '@fivewire/sasl';

/** Codes that lines follow, up to one with a lone dot, whatever the command. */
const withLines = new Set([100, 101, 215, 220, 221, 222, 224, 225, 230, 231, 282]);

/** 211 has lines after LISTGROUP and none after GROUP: the one code whose shape depends on the command. */
export const hasLines = (code: number, verb: string): boolean =>
  withLines.has(code) || (code === 211 && verb === 'LISTGROUP');

/** The thing asked for is not there; 451 is how some servers say that an article was removed, and others that they are in trouble. 502 and 480 never mean that, whatever the text says. */
const notFound = new Set([411, 420, 421, 422, 423, 430, 451]);

/** The server has no such command, variant or data. Some call a command that they don't know a bad one (501). */
const notSupported = new Set([500, 503]);

/** 400 is a goodbye, but for servers that answer so what they don't know (INN's of old: `400 Unrecognized command`). */
const isUnknownCommand = ({ code, text }: Pick<Reply, 'code' | 'text'>): boolean =>
  code === 400 && saysUnknownCommand(text);

/** Whatever the code. */
export const saysUnknownCommand = (text: string): boolean =>
  /\b(unrecogni[sz]ed|unknown|unsupported|bad|invalid)\b.{0,20}\bcommand\b/i.test(text);

/** RFC 3977 §7.6.1: 501 to LIST is said of a keyword that the server does not know (Cyrus says it of COUNTS, MOTD and others). */
const isUnknownKeyword = ({ code }: Pick<Reply, 'code'>, command: string): boolean =>
  code === 501 && command.startsWith('LIST ');

/** 430 is about a message-id (RFC 3977 §8.5.1); of a span or a number Leafnode says it of a header that it does not keep. */
const isUnkeptHeader = ({ code }: Pick<Reply, 'code'>, command: string): boolean =>
  code === 430 && /^(?:X?HDR|XPAT) [^<]*$/.test(command);

/** Whether the refusal means that an older command should be tried: OVER as XOVER, HDR as XHDR. */
export const asksForOlder = (error: unknown): boolean => {
  const reply = (error as { reply?: { code: number; text: string } }).reply;
  return reply !== undefined && knowsNot(reply);
};

/** The server does not know the command, or calls it one that it does not know. */
export const knowsNot = (reply: Pick<Reply, 'code' | 'text'>): boolean =>
  [500, 501, 503].includes(reply.code) || isUnknownCommand(reply);

/** 451 that is a trouble of the server's, and no word about the article. */
const isTrouble = ({ code, text }: Pick<Reply, 'code' | 'text'>): boolean =>
  code === 451 &&
  !/remov|dmca|take.?down|cancel|copyright|complain|expired/i.test(text) &&
  /\b(?:busy|overload\w*|later|try again|temporar\w*|timed? ?out|maintenance|internal|(?:server|system|disk|backend|local|i\/o|read) (?:error|failure|fault))\b/i.test(
    text,
  );

/** 4yz that are no passing trouble. */
const lasting = new Set([401, 411, 412, 435, 437, 438, 440, 441, 480, 481, 482, 483, ...notFound]);

/** Refusals of what the login may use, and of posts. */
const limits = new Set([441, 482, 502]);

const hints: Record<number, string> = {
  401: 'The server wants another mode first.',
  411: 'Check the name; listActive() tells which groups there are. Some servers hide groups before login.',
  412: 'Select a newsgroup first: client.group(name).',
  423: 'The article has expired or never was; group() tells the numbers that may exist.',
  430: 'The server has no article with that message-id (now).',
  451: 'The article was removed, or the server can not give it; another server may have it.',
  440: 'This login may not post here.',
  441: 'The server gives its reason in the text.',
  480: 'This needs a login: give auth to connect(). A connection that is compressed already takes none: connect again.',
  483: "The server wants TLS for this: security: 'implicit-tls' or 'starttls'.",
  500: 'The server does not know this command.',
  501: 'The server finds a fault in the command, or does not know this use of it.',
  502: 'A matter of permission, or too many connections: the text says which.',
  503: 'The server knows the command but not this use of it.',
};

/** The error for a refusal. 400 and an unasked 205 end the connection, as does a code that makes no sense here. */
export function refusal(connection: LineConnection, reply: Reply, command: string): FivewireError {
  const { code, text } = reply;
  const context = { phase: 'command', command } as const;
  const unknown = isUnknownCommand(reply);
  if ((code === 400 && !unknown) || code === 205) return connection.serverClosing(text, context);
  if (code < 400) {
    return connection.malformed(`a response that fits ${command}`, `${code} ${text}`, context);
  }
  const trouble = isTrouble(reply);
  const unkept = isUnkeptHeader(reply, command);
  const kind: CommandErrorCode =
    notFound.has(code) && !trouble && !unkept
      ? 'ERR_NOT_FOUND'
      : notSupported.has(code) || unknown || unkept || isUnknownKeyword(reply, command)
        ? 'ERR_EXTENSION_REQUIRED'
        : 'ERR_COMMAND_REJECTED';
  const said = serverReply(reply);
  // 482 and 502 say by their words only whether it passes: too many connections, a limit for today, an account that is over.
  const verdict = limits.has(code)
    ? refusalVerdict({ reply: said, credential: 'password', protocol: 'nntp', host: '' })
    : undefined;
  // Of a post the other words are about the article: too many newsgroups, a limit on its size.
  const isTold =
    verdict !== undefined &&
    (code === 441 ? verdict.reason === 'later' : verdict.reason !== 'wrong');
  return connection.locate(
    new CommandError(kind, `The server refused ${command}: ${code} ${said.text}`, {
      reply: said,
      transient: isTold
        ? passes(verdict.reason)
        : trouble || (code < 500 && !lasting.has(code) && !unknown),
      hint: (isTold ? verdict.hint : trouble || unkept ? undefined : hints[code]) ?? '',
    }),
    context,
  );
}

/** The login that RFC 4643 §2.2 lets a server ask for at any command. */
export const needsLogin = (error: unknown): boolean =>
  (error as { reply?: { code?: unknown } }).reply?.code === 480;
