/** Where a server's conversation passes its impostor: the greeting, each command, each list of capabilities. */
import type { ServerContext, TestProtocol } from '../line-server.js';
import type { LineSession } from '../line-session.js';
import { refusal } from '../manners/throttle.js';
import { SessionEnded } from '../session-ended.js';
import type { Claims, Reaction, Words } from './impostor.js';
import { react } from './react.js';

/** Greets. @param greeting the server's own words, without CRLF */
export async function greet(
  session: LineSession,
  { options, protocol, open }: ServerContext,
  greeting: string,
): Promise<void> {
  if (open > (options.throttle?.connections ?? Infinity))
    return refuse(session, protocol, 'Too many connections');
  const words = options.impostor?.greeting;
  if (words !== undefined) return react(session, reaction(words), '');
  return session.reply(session.record.faults.greeting ?? greeting);
}

/** The next command that the server has to answer itself, or `undefined` when the client has ended. */
export async function nextCommand(
  session: LineSession,
  { options, protocol }: ServerContext,
): Promise<string | undefined> {
  const { impostor, throttle } = options;
  for (;;) {
    await speakUnasked(session, impostor?.afterHandshake);
    const line = await session.line();
    if (line === undefined) return line;
    if (throttle?.commands !== undefined && counted(session) > throttle.commands)
      await refuse(session, protocol, 'Too many commands');
    if (await session.manner?.answer(session, line)) continue;
    if (impostor === undefined) return line;
    const words = line.split(' ');
    const tag = protocol === 'imap' ? words.shift() : undefined;
    const reactions = session.secure ? impostor.underTls : impostor.inClear;
    const found = reactions?.[(words[0] ?? '').toUpperCase()];
    if (found === undefined) return line;
    await react(session, reaction(found), tag ?? '');
  }
}

async function refuse(session: LineSession, protocol: TestProtocol, why: string): Promise<never> {
  await session.reply(refusal(protocol, why));
  await session.end();
  throw new SessionEnded(why);
}

/** Commands so far. */
const counts = new WeakMap<LineSession, number>();

function counted(session: LineSession): number {
  const count = (counts.get(session) ?? 0) + 1;
  counts.set(session, count);
  return count;
}

async function speakUnasked(session: LineSession, say: Words | undefined): Promise<void> {
  if (say === undefined || !session.secure || spokenTo.has(session)) return;
  spokenTo.add(session);
  await react(session, { say }, '');
}

/** Those who have heard what comes after the handshake. */
const spokenTo = new WeakSet<LineSession>();

/** What is shown in place of the true capabilities. */
export function claimed(
  session: LineSession,
  { options }: ServerContext,
  honest: readonly string[],
): readonly string[] {
  return options.impostor?.claims?.[stateOf(session)] ?? honest;
}

function stateOf({ secure, record }: LineSession): keyof Claims {
  if (record.user === undefined) return secure ? 'underTls' : 'inClear';
  return secure ? 'loggedIn' : 'loggedInInClear';
}

const reaction = (found: Words | Reaction): Reaction =>
  typeof found === 'string' || found instanceof Uint8Array ? { say: found } : found;
