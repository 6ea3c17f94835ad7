/** The escape hatch: commands that are answered by one reply and leave the client's picture of the session true. */
import { type CommandLine, commandLine, UsageError } from '@fivewire/line-protocol';

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
  XCLIENT: 'nothing: it begins the session anew',
};

/** @throws UsageError `ERR_ARGUMENT` */
export function rawCommand(verb: string, args: readonly string[]): CommandLine {
  const upper = typeof verb === 'string' ? verb.toUpperCase() : '';
  if (!/^[A-Z0-9]{1,32}$/.test(upper))
    throw wrong('A command name is made of letters and digits', 'Give arguments in the list.');
  const instead = refused[upper];
  if (instead !== undefined) throw wrong(`${upper} can't be sent by command()`, `Use ${instead}.`);
  if (!Array.isArray(args)) throw wrong('The arguments of a command are a list', '');
  return commandLine(upper, args);
}

const wrong = (message: string, hint: string): UsageError =>
  new UsageError('ERR_ARGUMENT', message, { argument: 'verb', hint });
