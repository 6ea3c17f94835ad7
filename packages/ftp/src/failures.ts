/** What a refusal means: from a reply to an error that says what to do. RFC 959 §4.2, RFC 4217 §2, RFC 2228 §8. */
import {
  CommandError,
  RemoteProtocolError,
  type Reply,
  type ServerReply,
  serverReply,
} from '@fivewire/line-protocol';

const absent = /no such file|not found|does not exist|doesn't exist|cannot find the|can't find/i;
const emptyListing =
  /no files found|no files? (?:in|available)|no members|no data ?sets? found|directory (?:is )?empty/i;

type Answer = Pick<ServerReply, 'code' | 'text'>;

/** The error for a reply of class 4 or 5. */
export function rejected(reply: Reply, command: string): CommandError {
  const answer = serverReply(reply);
  const code = saysAbsent(reply) ? 'ERR_NOT_FOUND' : 'ERR_COMMAND_REJECTED';
  return new CommandError(code, `The server refused ${command}: ${reply.code} ${answer.text}`, {
    reply: answer,
    transient: reply.class === 4,
    command,
    phase: 'command',
    hint: hintFor(reply) ?? "The server's own words say why: see `reply`.",
  });
}

/** For a refusal whose text does not say so, where a look at the directory has proven that nothing is there. */
export function notFound(reply: Reply, command: string): CommandError {
  const answer = serverReply(reply);
  return new CommandError(
    'ERR_NOT_FOUND',
    `Nothing is there for ${command}: ${reply.code} ${answer.text}`,
    {
      reply: answer,
      transient: false,
      command,
      phase: 'command',
      hint: 'Nothing is there under this name, or this login may not see it: check the path.',
    },
  );
}

/** 550 stands for all that is wrong with a file; only the text tells that it is not there. */
export function saysAbsent(reply: Answer): boolean {
  return reply.code === 550 && absent.test(reply.text);
}

/** Some servers refuse to list an empty directory (450 or 550). */
export function saysEmpty(reply: Answer): boolean {
  return (reply.code === 450 || reply.code === 550) && emptyListing.test(reply.text);
}

/** The server does not know the command. (501 is about its argument: MLSD of a file, RFC 3659 §7.2.1.) */
export function saysUnknown(reply: Answer): boolean {
  return reply.code === 500 || reply.code === 502;
}

const hints: readonly [test: (reply: Reply) => boolean, hint: string][] = [
  [
    ({ text }) => /session.{0,20}reuse|reuse.{0,30}session|session.{0,20}resum/i.test(text),
    'The server wants data connections to resume the TLS session of the control connection; this client does so: a proxy in between, or `maxVersion` against the server’s settings, may prevent it.',
  ],
  [({ code }) => code === 530, 'Log in first: give `auth`.'],
  [
    ({ code }) => code === 425,
    'The server saw no data connection: a firewall may keep it from its passive ports.',
  ],
  [({ code }) => code === 521 || code === 522, 'The server refuses this protection of data.'],
  [({ code }) => code === 552 || code === 452, 'The server has no room left for it.'],
  [({ code }) => code === 553, 'The server does not allow this name.'],
  [saysAbsent, 'Nothing is there under this name, or this login may not see it: check the path.'],
  [saysUnknown, 'The server does not have this command: do without it.'],
  [({ code }) => code === 501 || code === 504, 'The server does not take this argument: check it.'],
  [({ code }) => code === 550, 'Check the path, and what this login may do there.'],
  [({ code }) => code < 500, 'It may work later: the server calls the trouble passing.'],
];

export function hintFor(reply: Reply): string | undefined {
  return hints.find(([test]) => test(reply))?.[1];
}

/** The call ends; the session does not. */
export function tooDeep(depth: number): RemoteProtocolError {
  return new RemoteProtocolError(
    'ERR_LIMIT_EXCEEDED',
    `More than ${depth} directories below each other.`,
    {
      limit: 'depth',
      limitValue: depth,
      connection: 'usable',
      hint: 'Raise limits.depth if you trust this server to have that many.',
    },
  );
}
