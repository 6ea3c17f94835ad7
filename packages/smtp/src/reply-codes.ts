/**
 * Which positive replies may answer which command: RFC 5321 §4.3.2, and the RFCs of the extensions.
 *
 * Any 2yz is a yes by its first digit (RFC 5321 §4.3.2), but for one that belongs to another command: that is no answer to this one, and
 * the replies no longer match the commands. Refusals answer any command. See docs/decisions/0086.
 */
import type { Reply } from '@fivewire/line-protocol';

const rows: Readonly<Record<string, readonly number[]>> = {
  'EHLO HELO LHLO MAIL DATA BDAT BURL RSET NOOP': [250],
  RCPT: [250, 251, 252], // 252 of gateways that judge a recipient later
  LMTP: [250, 251, 252], // the fate of a message, for one recipient (RFC 2033 §4.2)
  'VRFY EXPN': [250, 251, 252],
  HELP: [211, 214, 250],
  ETRN: [250, 251, 252, 253], // RFC 1985 §5.3
  'STARTTLS XCLIENT': [220],
  AUTH: [235],
  QUIT: [221, 250],
};

const byVerb = new Map<string, ReadonlySet<number>>();
const claimed = new Set<number>();
for (const [verbs, codes] of Object.entries(rows)) {
  for (const verb of verbs.split(' ')) byVerb.set(verb, new Set(codes));
  for (const code of codes) claimed.add(code);
}

/** What a command without a row is not answered by: a greeting, a goodbye, a login. */
const strange: ReadonlySet<number> = new Set([220, 221, 235]);

/**
 * Whether `reply` says yes to a command.
 *
 * @param command a line, or its verb: DATA and BDAT for the end of a message, `LMTP` for what one recipient is told of it
 */
export function saysYes(command: string, { code, class: kind }: Reply): boolean {
  if (kind !== 2) return false;
  const blank = command.indexOf(' ');
  const own = byVerb.get(blank < 0 ? command : command.slice(0, blank));
  return own === undefined ? !strange.has(code) : own.has(code) || !claimed.has(code);
}

/** Whether it refuses a command. */
export const saysNo = ({ class: kind }: Reply): boolean => kind === 4 || kind === 5;

/** DATA's go-ahead: 354, or a 3yz that no command claims. */
export const goesAhead = ({ code, class: kind }: Reply): boolean => kind === 3 && code !== 334;
