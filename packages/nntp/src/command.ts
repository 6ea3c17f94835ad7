/** The escape hatch: a command that this client has no method for. */
import { type CommandLine, commandLine, readDotLines } from '@fivewire/line-protocol';
import { wrong } from './arguments.js';
import { hasLines } from './response-codes.js';
import type { Session } from './session.js';
import type { CallOptions, CommandResult } from './types.js';

export interface CommandOptions extends CallOptions {
  /** Whether lines follow a 1yz or 2yz response, up to one with a lone dot. Default: as the response code's registry says. */
  multiline?: boolean;
}

/** What would show credentials, change the framing, or go behind the back of what this client keeps track of. */
const refused: Record<string, string> = {
  AUTHINFO: 'auth in connect()',
  STARTTLS: "security: 'starttls' in connect()",
  COMPRESS: 'compress in connect()',
  XFEATURE: 'compress in connect()',
  XZVER: 'overview(), with compress in connect()',
  MODE: 'nothing: connect() sets the reader mode',
  POST: 'post()',
  IHAVE: 'feed()',
  CHECK: 'feed()',
  TAKETHIS: 'feed()',
  QUIT: 'quit()',
  GROUP: 'group()',
  LISTGROUP: 'listGroup()',
  NEXT: 'next()',
  LAST: 'last()',
};

/** @throws UsageError ERR_ARGUMENT */
export function rawLine(
  verb: string,
  args: readonly string[],
): { upper: string; line: CommandLine } {
  const upper = typeof verb === 'string' ? verb.toUpperCase() : '';
  if (!/^[A-Z][A-Z0-9.-]{2,11}$/.test(upper)) {
    throw wrong(
      'verb',
      'A command name has 3 to 12 letters and digits',
      'Give arguments in the list.',
    );
  }
  const instead = refused[upper];
  if (instead !== undefined) {
    throw wrong('verb', `${upper} can't be sent by command()`, `Use ${instead}.`);
  }
  if (!Array.isArray(args)) throw wrong('args', 'The arguments are no list', "Write ['a', 'b'].");
  return { upper, line: commandLine(upper, args) };
}

export async function command(
  session: Session,
  verb: string,
  args: readonly string[],
  { multiline, ...options }: CommandOptions,
): Promise<CommandResult> {
  const { upper, line } = rawLine(verb, args);
  return session.run(
    line,
    {
      ...options,
      prepare: async (turn) => {
        await session.selection.ensure(turn, session.selection.group?.name);
        session.selection.disturbed();
      },
    },
    async (reply, wait) => {
      if (reply.code >= 400 || reply.code === 205) throw session.refused(reply, line.masked);
      const { code, text } = reply;
      const more = code < 300 && (multiline ?? hasLines(code, upper));
      return more
        ? { code, text, lines: await readDotLines(session.connection, wait) }
        : { code, text };
    },
  );
}
