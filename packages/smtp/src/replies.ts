/** Replies and what they mean: RFC 5321 §4.2, RFC 3463. */
import {
  CommandError,
  ConnectionError,
  type ErrorContext,
  escapeText,
  type FivewireError,
  type LineConnection,
  Reply,
  readReply,
  type ServerReply,
  serverReply,
  type Wait,
} from '@fivewire/line-protocol';
import { replyHint, type Stage } from './reply-hint.js';
import type { RecipientReply } from './types.js';

/** The next reply, unless it {@link refuseClosing is the end of the connection}. */
export async function nextReply(connection: LineConnection, wait: Wait): Promise<Reply> {
  const reply = await readReply(connection, 'smtp', wait);
  refuseClosing(connection, reply, wait);
  return reply;
}

/**
 * 421 may come at any time, and is a refusal too. 221 in place of another reply is the goodbye of a server that nobody asked to go: it
 * says nothing of a message that it had.
 *
 * @throws ConnectionError `ERR_SERVER_CLOSING` for 421, `ERR_CONNECTION_CLOSED` for 221 that answers no QUIT
 */
export function refuseClosing(connection: LineConnection, reply: Reply, wait: Wait): void {
  const { code, text } = reply;
  if (code === 421) throw connection.serverClosing(`421 ${text}`, contextOf(wait));
  if (code !== 221 || wait.phase === 'close') return;
  endConnection(connection, `the server said goodbye: ${escapeText(text, 200)}`);
  throw connection.lost(contextOf(wait));
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
      transient: isPassing(said),
      hint: replyHint(said, stageOf(wait.command)),
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

export const recipientReply = (address: string, reply: Reply): RecipientReply =>
  toRecipient(address, told(reply));

/** What a recipient was told, as read from one reply. */
interface Told {
  readonly reply: ServerReply;
  readonly transient: boolean;
  /** 250: others are not plain. */
  readonly yes: boolean;
}

export const toRecipient = (address: string, { reply, transient }: Told): RecipientReply => ({
  address,
  reply: { ...reply },
  transient,
});

/**
 * Whether a refusal is passing: by the class of the enhanced code, which is the more exact (RFC 3463 §2), and by the first digit where there is
 * none. They ought to agree (RFC 2034 §4).
 */
export const isPassing = ({ code, enhanced }: ServerReply): boolean =>
  (/^[45](?=\.)/.exec(enhanced ?? '') ?? String(code))[0] === '4';

/** What servers say to one recipient after the other, read once: by the line as it came. */
const read = new Map<string, Told>();
const rememberedReplies = 100;

function told(reply: Reply): Told {
  const [line = '', ...more] = reply.lines;
  if (more.length > 0 || line.length > 80) return freshlyTold(reply);
  const key = `${reply.code} ${line}`;
  return read.get(key) ?? remember(key, freshlyTold(reply));
}

/** What a reply of one line told, where it is 250: from the line with its code. */
export function toldYes(line: string): Told | undefined {
  const said = read.get(line) ?? (isYes(line) ? told(oneLine(line)) : undefined);
  return said?.yes === true ? said : undefined;
}

/** As {@link toldYes}, for replies that differ: to messages, with the server's number for each. */
export const readYes = (line: string): ServerReply | undefined =>
  isYes(line) ? serverReply(oneLine(line)) : undefined;

const isYes = (line: string): boolean => line.startsWith('250 ');
const oneLine = (line: string): Reply => new Reply(Number(line.slice(0, 3)), [line.slice(4)]);

function freshlyTold(reply: Reply): Told {
  const said = serverReply(reply);
  return { reply: said, transient: isPassing(said), yes: reply.code === 250 };
}

function remember(line: string, said: Told): Told {
  if (read.size >= rememberedReplies) read.clear();
  read.set(line, said);
  return said;
}

/**
 * The reply to RCPT. 552 means too many recipients there, and they are to be tried again (RFC 5321 §4.5.3.1.10), unless an
 * enhanced code says that it is about something else: the address, the mailbox, the size, a policy. 5.5.3 says the same with any code.
 */
export function envelopeReply(address: string, reply: Reply): RecipientReply {
  const told = recipientReply(address, reply);
  const { code, enhanced = '5.0.0' } = told.reply;
  const tooMany =
    reply.class === 5 &&
    (enhanced === '5.5.3' || (code === 552 && /^5\.(?:0\.0|3\.[0-2])$/.test(enhanced)));
  return tooMany ? { ...told, transient: true } : told;
}

export const spoken = ({ code, enhanced, text }: ReturnType<typeof serverReply>): string =>
  [code, enhanced, escapeText(text, 200)].filter(Boolean).join(' ');

export const contextOf = ({ phase, command }: Wait): ErrorContext => ({
  phase,
  ...(command === undefined ? {} : { command }),
});

/** Which command a wait is for. */
function stageOf(command: string | undefined): Stage {
  const verb = command?.slice(0, 4);
  if (verb === 'MAIL') return 'sender';
  if (verb === 'RCPT') return 'recipient';
  return verb === 'DATA' || verb === 'BDAT' || verb === 'BURL' ? 'message' : 'other';
}
