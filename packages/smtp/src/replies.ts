/** Replies and what they mean: RFC 5321 §4.2, RFC 3463. */
import {
  CommandError,
  ConnectionError,
  type ErrorContext,
  escapeText,
  type FivewireError,
  type LineConnection,
  type Reply,
  readReplies,
  readReply,
  serverReply,
  type Wait,
} from '@fivewire/line-protocol';
import type { RecipientReply } from './types.js';

/** The next reply. 421 may come at any time and is the end of the connection: `ERR_SERVER_CLOSING`. */
export async function nextReply(connection: LineConnection, wait: Wait): Promise<Reply> {
  const reply = await readReply(connection, 'smtp', wait);
  refuseClosing(connection, reply, wait);
  return reply;
}

/** The replies to a pipelined group, one for each wait. */
export const nextReplies = (connection: LineConnection, waits: readonly Wait[]): Promise<Reply[]> =>
  readReplies(connection, 'smtp', waits, (reply, wait) => refuseClosing(connection, reply, wait));

function refuseClosing(connection: LineConnection, reply: Reply, wait: Wait): void {
  if (reply.code === 421) throw connection.serverClosing(`421 ${reply.text}`, contextOf(wait));
}

/** The server said no. The connection goes on, unless the caller has ended it. */
export function rejected(connection: LineConnection, reply: Reply, wait: Wait): CommandError {
  const said = serverReply(reply);
  const error = new CommandError(
    'ERR_COMMAND_REJECTED',
    `The server refused ${wait.command ?? 'the connection'}: ${spoken(said)}`,
    {
      ...contextOf(wait),
      reply: said,
      transient: reply.class === 4,
      hint: replyHint(said),
      connection: connection.isOpen ? 'usable' : 'closed',
    },
  );
  return connection.locate(error);
}

/** For a reply that is not the one hoped for: a refusal, or no answer to this command at all. */
export function unexpected(
  connection: LineConnection,
  reply: Reply,
  expected: string,
  wait: Wait,
): FivewireError {
  if (reply.class === 4 || reply.class === 5) return rejected(connection, reply, wait);
  return outOfStep(connection, reply, expected, wait);
}

/** The server's replies no longer match our commands: none of them can be trusted, so the connection ends. */
export function outOfStep(
  connection: LineConnection,
  reply: Reply,
  expected: string,
  wait: Wait,
): FivewireError {
  return connection.malformed(expected, `${reply.code} ${reply.lines[0] ?? ''}`, contextOf(wait));
}

/** Ends the connection for a reason that concerns one call alone; other calls hear of a closed connection. */
export function endConnection(connection: LineConnection, why: string): void {
  connection.fail(
    new ConnectionError('ERR_CONNECTION_CLOSED', `The connection was ended: ${why}`, {
      hint: 'Connect again.',
    }),
  );
}

export function recipientReply(address: string, reply: Reply): RecipientReply {
  return { address, reply: serverReply(reply), transient: reply.class === 4 };
}

export const spoken = ({ code, enhanced, text }: ReturnType<typeof serverReply>): string =>
  [code, enhanced, escapeText(text, 200)].filter(Boolean).join(' ');

export const contextOf = ({ phase, command }: Wait): ErrorContext => ({
  phase,
  ...(command === undefined ? {} : { command }),
});

/** Matched against `code enhanced text`, the first that fits. */
const hints: readonly [RegExp, string][] = [
  [/^530|\b5\.7\.0\b.*auth/i, 'The server wants a login first: give `auth`.'],
  [
    /^(?:550|553|554) 5\.7\.1\b.*relay|relay.*(?:denied|not permitted|access)/i,
    'The server carries mail for strangers to its own users only: give `auth`, or send through your own provider.',
  ],
  [/^55[03] 5\.7\.\d*.*(?:sender|owned|send as)/i, 'This login may not send as envelope.from.'],
  [
    /^55\d 5\.7\.(?:23|25|26)\b/,
    'SPF, reverse DNS or DKIM of the sender failed a policy of the server.',
  ],
  [/^(?:452|552)\b.*(?:[45]\.2\.2|quota|full)|\b[45]\.2\.2\b/i, 'The mailbox is full.'],
  [
    /^552|\b5\.3\.4\b/,
    'The message is too big for this server; capabilities.get("SIZE") tells its limit.',
  ],
  [/^452 4\.5\.3\b/, 'Too many recipients at once: send to the rest in another message.'],
  [/^45[01]\b|\b4\.7\.\d+\b/, 'Often greylisting or a rate limit: try again in some minutes.'],
  [/^550 5\.1\.[012]\b/, 'There is no such address: check its spelling.'],
  [/^(?:500|502|503)\b/, 'The server does not know the command, or not here.'],
  [/^4/, 'The server has a passing trouble: try later.'],
];

export function replyHint(reply: ReturnType<typeof serverReply>): string {
  const text = spoken(reply);
  return hints.find(([pattern]) => pattern.test(text))?.[1] ?? 'The words of the server say why.';
}
