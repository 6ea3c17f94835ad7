/**
 * Which replies may answer which command: RFC 959 §5.4, and the RFCs of the later commands.
 *
 * A reply that belongs to another command (`226 Quota` ahead of DELE's own reply) is no answer: it is a notice, and the wait goes on.
 * A negative one answers, for any command may be refused, but for the few codes that say what only some commands can come to: `426`
 * comes late, of a transfer that was given up, and `552 Quota` by itself. So does a positive code that no command claims.
 */
import { type CommandLine, Reply } from '@fivewire/line-protocol';

// 200 and 202 are what servers say to anything (RFC 959 §4.2.1: "command okay", "superfluous"), but not in place of a port.
const any = [200, 202];
const done = [...any, 250];
const transfer = [...done, 226];
const hashed = [...done, 211, 213, 251];
const time = [...done, 213, 253];

const rows: Readonly<Record<string, readonly number[]>> = {
  'USER PASS ACCT': [...any, 230, 231, 232, 331, 332],
  AUTH: [234, 334, 235, 335],
  ADAT: [235, 335],
  'TYPE STRU MODE PORT EPRT NOOP': any,
  'PBSZ PROT CCC CLNT HOST LANG ALLO PRET SSCN': done,
  FEAT: [...any, 211, 214],
  OPTS: [...done, 211, 214],
  SYST: [...any, 215],
  'PWD XPWD': [202, 257],
  'CWD XCWD CDUP XCUP DELE RNTO SMNT': done,
  'RMD XRMD MKD XMKD': [...done, 257],
  RNFR: [...done, 300, 350],
  REST: [...done, 300, 350],
  SIZE: [202, 213],
  MDTM: [202, 213],
  'MDTM= MFMT MFCT MFF': time,
  MLST: [202, 250],
  'EPSV PASV CPSV': [202, 227, 229],
  'RETR STOR STOU APPE LIST NLST MLSD': transfer,
  ABOR: [...transfer, 225],
  'HASH XCRC XMD5 XSHA XSHA1 XSHA256 XSHA512 MD5': hashed,
  MMD5: [...hashed, 252],
  'AVBL XQUOTA': [...done, 211, 213],
  SITE: [...done, 211, 212, 213, 214, 215, 257],
  STAT: [...any, 211, 212, 213],
  HELP: [...any, 211, 214],
  REIN: [...any, 220],
  QUIT: [...transfer, 221, 225],
};

const byVerb = new Map<string, ReadonlySet<number>>();
const claimed = new Set<number>([220, 228]);
for (const [verbs, codes] of Object.entries(rows)) {
  const set = new Set(codes);
  for (const verb of verbs.split(' ')) byVerb.set(verb, set);
  for (const code of codes) claimed.add(code);
}
byVerb.set('HOST', new Set([...done, 220])); // RFC 7151 §3.2

/** A command that has no row may be answered by whatever is not a login, a port, or the end of a transfer or connection. */
const strange = new Set([...claimed].filter((code) => !rows.SITE?.includes(code)));

const transfers = 'RETR STOR STOU APPE LIST NLST MLSD';
const stored = `${transfers} MKD XMKD RNTO ALLO SITE AVBL XQUOTA`;
const broken = `${transfers} EPSV PASV CPSV EPRT PORT PRET ABOR STAT QUIT REIN`;

/** Refusals that only these commands may have. What has no row above may have all of them. */
const refusals: ReadonlyMap<number, ReadonlySet<string>> = new Map(
  Object.entries({ 425: broken, 426: broken, 452: stored, 552: stored }).map(([code, verbs]) => [
    Number(code),
    new Set(verbs.split(' ')),
  ]),
);

/** Whether `reply`, which is not preliminary, is the answer to `line`. */
export function answers(line: CommandLine, { code, class: kind }: Reply): boolean {
  if (kind >= 4) {
    const verbs = refusals.get(code);
    return verbs === undefined || verbs.has(verbOf(line)) || !byVerb.has(verbOf(line));
  }
  const own = byVerb.get(verbOf(line));
  return own === undefined ? !strange.has(code) : own.has(code) || !claimed.has(code);
}

/**
 * "Not implemented, superfluous at this site" (202, RFC 959 §4.2.1) is success to a command that may be left out. Where something is to
 * be done or shown it has not been: `remove` would find the file still there, and octets after a REST would go to the wrong place.
 */
const superfluous: ReadonlySet<string> = new Set(
  'RETR STOR STOU APPE LIST NLST MLSD REST DELE RMD XRMD MKD XMKD RNFR RNTO CWD XCWD CDUP SIZE MDTM MDTM= MLST MFMT MFCT MFF SITE'.split(
    ' ',
  ),
);

class NotDone extends Reply {
  override get class(): number {
    return 5;
  }
}

/** `reply` as the command has to take it: 202 to one that can't be superfluous is a refusal. */
export function inEffect(line: CommandLine, reply: Reply): Reply {
  return reply.code === 202 && superfluous.has(verbOf(line))
    ? new NotDone(202, reply.lines)
    : reply;
}

/** As {@link answers}, and whatever refuses, for a transfer may be refused so late that another command has been asked. */
export const answersOrRefuses = (line: CommandLine, reply: Reply): boolean =>
  reply.class >= 4 || answers(line, reply);

function verbOf({ masked }: CommandLine): string {
  const blank = masked.indexOf(' ');
  if (blank < 0) return masked;
  const verb = masked.slice(0, blank);
  // With a time ahead of the path MDTM sets it (ProFTPD, IIS, Serv-U).
  return verb === 'MDTM' && /^MDTM \d{14} /.test(masked) ? 'MDTM=' : verb;
}
