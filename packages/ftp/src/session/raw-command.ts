/** A command by hand, for what this client has no method for: SITE, STAT, HELP, AVBL and the like. */
import {
  type CommandLine,
  escapeText,
  type Reply,
  serverReply,
  UsageError,
} from '@fivewire/line-protocol';
import type { CallOptions, CommandReply } from '../types.js';
import type { Charset } from './charset.js';
import { command } from './dialogue.js';
import { rejected } from './failures.js';
import type { Session } from './session.js';

/** These carry credentials, or change what the client relies on: framing, protection, charset, place, offset. */
const refused = new Set(
  (
    'USER PASS ACCT REIN QUIT AUTH ADAT PBSZ PROT CCC MIC CONF ENC HOST OPTS TYPE STRU MODE CWD XCWD CDUP XCUP SMNT ' +
    'PORT PASV EPRT EPSV CPSV SSCN LPRT LPSV REST RETR STOR STOU APPE LIST NLST MLSD ABOR RNFR RNTO ALLO PRET'
  ).split(' '),
);

export async function rawCommand(
  session: Session,
  verb: string,
  args: readonly string[],
  options: CallOptions,
): Promise<CommandReply> {
  const line = commandLine(verb, args, session.charset);
  const [reply] = (await session.control.ask([line], options)) as [Reply];
  if (reply.class >= 4) throw session.control.connection.locate(rejected(reply, line.masked));
  const { text } = serverReply(reply);
  const lines = reply.lines.map((octets) => escapeText(session.charset.decode(octets), 65_536));
  return { code: reply.code, text, lines };
}

/** @throws UsageError ERR_ARGUMENT */
export function commandLine(verb: string, args: readonly string[], charset: Charset): CommandLine {
  const upper = typeof verb === 'string' ? verb.toUpperCase() : '';
  if (!/^[A-Z]{3,8}$/.test(upper)) {
    throw new UsageError('ERR_ARGUMENT', 'A command is three to eight letters.', {
      protocol: 'ftp',
      argument: 'verb',
    });
  }
  if (refused.has(upper)) {
    throw new UsageError('ERR_ARGUMENT', `${upper} is not for command().`, {
      protocol: 'ftp',
      argument: 'verb',
      hint: 'It would change what this client relies on; use its methods and options.',
    });
  }
  if (!Array.isArray(args)) {
    throw new UsageError('ERR_ARGUMENT', 'The arguments of a command are a list of texts.', {
      protocol: 'ftp',
      argument: 'args',
    });
  }
  // Checked as text before it is turned into octets, where a lone surrogate would be hidden.
  command(upper, ...args);
  return command(upper, ...args.map((arg) => charset.encode(arg)));
}
