/** The escape hatch: commands that are answered by one reply and leave the client's picture of the session true. */
import { type CommandLine, commandLine, UsageError } from '@fivewire/line-protocol';
import { domainArgument, freeArgument, mailboxArguments } from './command-text.js';
import type { Extensions } from './types.js';

/** What can't go through it, and what to use instead. */
const refused: Readonly<Record<string, string>> = {
  AUTH: '`auth` in connect()',
  STARTTLS: "security: 'starttls' in connect()",
  EHLO: 'connect(), which says it',
  HELO: 'connect(), which says it',
  LHLO: 'connect(), which says it',
  MAIL: 'send()',
  RCPT: 'send()',
  DATA: 'send()',
  BDAT: 'send()',
  BURL: 'send()',
  SEND: 'send()',
  SOML: 'send()',
  SAML: 'send()',
  RSET: 'reset()',
  QUIT: 'quit()',
  TURN: 'nothing: it turns the session around',
  ATRN: 'nothing: it turns the session around',
  XCLIENT: 'xclient()',
  XFORWARD: 'nothing: it speaks of the transaction that follows, which is made by send()',
};

/** @throws UsageError `ERR_ARGUMENT`; CommandError `ERR_EXTENSION_REQUIRED` for UTF-8 without SMTPUTF8 */
export function rawCommand(
  extensions: Extensions,
  verb: string,
  args: readonly string[],
): CommandLine {
  const upper = typeof verb === 'string' ? verb.toUpperCase() : '';
  if (!/^[A-Z0-9]{1,32}$/.test(upper))
    throw wrong('A command name is made of letters and digits', 'Give arguments in the list.');
  const instead = refused[upper];
  if (instead !== undefined) throw wrong(`${upper} can't be sent by command()`, `Use ${instead}.`);
  if (!Array.isArray(args)) throw wrong('The arguments of a command are a list', '');
  const gate = gates[upper] ?? freeArgument;
  return commandLine(
    upper,
    args.flatMap((one, i) => gate(extensions, one, `args[${i}]`)),
  );
}

/** Verbs whose arguments have a meaning that we know. */
const gates: Readonly<
  Record<string, (extensions: Extensions, value: unknown, argument: string) => string | string[]>
> = {
  VRFY: mailboxArguments,
  EXPN: mailboxArguments,
  ETRN: (_, value, argument) => domainArgument(value, argument),
};

const wrong = (message: string, hint: string): UsageError =>
  new UsageError('ERR_ARGUMENT', message, { protocol: 'smtp', argument: 'verb', hint });
