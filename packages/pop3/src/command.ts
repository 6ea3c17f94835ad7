/** The escape hatch: a command that this client has no method for (XTND, LANG, …). */
import {
  type CommandLine,
  commandLine,
  decodeText,
  type Rules,
  readDotLines,
  rules,
  UsageError,
} from '@fivewire/line-protocol';
import type { Session } from './session.js';
import type { CallOptions, CommandResult } from './types.js';

export interface CommandOptions extends CallOptions {
  /** Whether lines follow `+OK`, up to one with a lone dot. Default: as RFC 1939 and 2449 have it for their own commands. */
  multiline?: boolean;
}

export const commandRules: Rules<CommandOptions> = { ...rules.callRules, multiline: rules.flag };

/** What would show credentials, change the framing, or go behind the back of what this client keeps track of. */
const refused: Record<string, string> = {
  USER: 'auth in connect()',
  PASS: 'auth in connect()',
  APOP: 'auth and mechanisms in connect()',
  AUTH: 'auth and mechanisms in connect()',
  STLS: "security: 'starttls' in connect()",
  QUIT: 'quit()',
  DELE: 'delete()',
  RSET: 'reset()',
  UTF8: 'utf8 in connect()',
};

/** @throws UsageError ERR_ARGUMENT */
export function rawLine(
  verb: string,
  args: readonly string[],
): { upper: string; line: CommandLine } {
  const upper = typeof verb === 'string' ? verb.toUpperCase() : '';
  if (!/^[A-Z0-9-]{1,32}$/.test(upper)) {
    throw wrong('A command name is made of letters and digits', 'Give arguments in the list.');
  }
  const instead = refused[upper];
  if (instead !== undefined) throw wrong(`${upper} can't be sent by command()`, `Use ${instead}.`);
  if (!Array.isArray(args)) throw wrong('The arguments are no list', "Write ['a', 'b'].", 'args');
  return { upper, line: commandLine(upper, args) };
}

export async function command(
  session: Session,
  verb: string,
  args: readonly string[],
  { multiline, ...options }: CommandOptions,
): Promise<CommandResult> {
  const { upper, line } = rawLine(verb, args);
  return session.run(line, options, async (response, wait) => {
    const text = decodeText(response.text);
    if (!(multiline ?? hasLines(upper, args))) return { text };
    return { text, lines: await readDotLines(session.connection, wait) };
  });
}

const hasLines = (verb: string, args: readonly string[]): boolean =>
  verb === 'RETR' ||
  verb === 'TOP' ||
  verb === 'CAPA' ||
  ((verb === 'LIST' || verb === 'UIDL' || verb === 'LANG') && args.length === 0);

const wrong = (message: string, hint: string, argument = 'verb'): UsageError =>
  new UsageError('ERR_ARGUMENT', message, { protocol: 'pop3', argument, hint });
