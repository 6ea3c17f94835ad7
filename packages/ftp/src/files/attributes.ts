/** What else a file has: permissions (SITE CHMOD, else MFF), a hash (draft-bryan-ftp-hash). */
import { type CommandLine, escapeText, type Reply, UsageError } from '@fivewire/line-protocol';
import { command } from '../session/dialogue.js';
import { rejected, saysUnknown } from '../session/failures.js';
import { missing } from '../session/missing.js';
import { hashOf } from '../session/reply-text.js';
import { hasFeature, type Session } from '../session/session.js';
import type { CallOptions, HashAlgorithm } from '../types.js';
import { changeable } from './facts.js';

export async function changeMode(
  session: Session,
  path: string,
  mode: number,
  options: CallOptions,
): Promise<void> {
  checkMode(mode);
  const { control } = session;
  const digits = mode.toString(8).padStart(3, '0');
  const line = command('SITE', 'CHMOD', digits, path);
  const [reply] = (await control.ask([line], options)) as [Reply];
  if (reply.class === 2) return;
  if ((saysUnknown(reply) || reply.code === 504) && changeable(session).has('unix.mode')) {
    await control.demand(command('MFF', `UNIX.mode=0${digits};`, path), options);
    return;
  }
  throw control.connection.locate(rejected(reply, line.masked));
}

/** @throws UsageError ERR_ARGUMENT */
export function checkMode(mode: number): void {
  if (Number.isInteger(mode) && mode >= 0 && mode <= 0o7777) return;
  throw new UsageError('ERR_ARGUMENT', `${String(mode)} is no mode.`, {
    protocol: 'ftp',
    argument: 'mode',
    hint: 'Write it as 0o644.',
  });
}

interface Algorithm {
  /** As HASH calls it. */
  name: string;
  /** The commands of its own that servers have for it. */
  verbs: readonly string[];
  hexLength: number;
}

export const algorithms: Readonly<Record<HashAlgorithm, Algorithm>> = {
  sha256: { name: 'SHA-256', verbs: ['XSHA256'], hexLength: 64 },
  sha512: { name: 'SHA-512', verbs: ['XSHA512'], hexLength: 128 },
  sha1: { name: 'SHA-1', verbs: ['XSHA1', 'XSHA'], hexLength: 40 },
  md5: { name: 'MD5', verbs: ['XMD5', 'MD5'], hexLength: 32 },
  crc32: { name: 'CRC32', verbs: ['XCRC'], hexLength: 8 },
};

/** The strongest that the server has, of those that this side can compute as well; `undefined` where it has none. */
export function offeredHash(session: Session): HashAlgorithm | undefined {
  const order: HashAlgorithm[] = ['sha256', 'sha512', 'sha1', 'md5'];
  return order.find((name) => verbFor(session, name) !== undefined);
}

/** @returns hex, lower case */
export async function hash(
  session: Session,
  path: string,
  name: HashAlgorithm,
  options: CallOptions,
): Promise<string> {
  const algorithm = algorithmOf(name);
  const verb = verbFor(session, name);
  if (verb === undefined) throw missing(session, algorithm.name, 'compute it');
  const { control } = session;
  // No other call may choose another algorithm between these two, so they hold the connection together.
  const reply = await control.hold(verb, options, async (dialogue): Promise<Reply> => {
    if (verb === 'HASH') await dialogue.demand(command('OPTS', 'HASH', algorithm.name));
    const [line, ...others] = namings(verb, path).map((name) => command(verb, name));
    const first = await dialogue.ask(line as CommandLine);
    for (const other of others) {
      if (first.class === 2 || !aboutArgument.has(first.code)) break;
      const reply = await dialogue.ask(other);
      if (reply.class === 2) return reply;
    }
    return dialogue.succeeded(first, line as CommandLine);
  });
  const value = hashOf(reply.lines.join(' '), algorithm.hexLength, path, algorithm.name);
  if (value !== undefined) return value;
  throw control.connection.unreadable(`a ${algorithm.name} in hex`, reply.text, verb);
}

/**
 * A name as it is, or in quotes (Serv-U, GlobalSCAPE), the likelier first: commands of servers' own take octets of a range behind a
 * blank, and then a bare name would be another file's.
 */
function namings(verb: string, path: string): string[] {
  if (path.includes('"')) return [path];
  const quoted = `"${path}"`;
  return verb !== 'HASH' && path.includes(' ') ? [quoted, path] : [path, quoted];
}

const aboutArgument: ReadonlySet<number> = new Set([501, 504, 550, 553]);

/** @throws UsageError ERR_ARGUMENT */
export function algorithmOf(name: HashAlgorithm): Algorithm {
  if (typeof name === 'string' && Object.hasOwn(algorithms, name)) return algorithms[name];
  throw new UsageError('ERR_ARGUMENT', `There is no hash ${escapeText(String(name), 40)}.`, {
    protocol: 'ftp',
    argument: 'algorithm',
    hint: `Use one of ${Object.keys(algorithms).join(', ')}.`,
  });
}

/** The command that computes it; `undefined` where the server has none. */
export function verbFor(session: Session, name: HashAlgorithm): string | undefined {
  const algorithm = algorithms[name];
  const listed = (session.features.get('HASH') ?? []).join(';').replaceAll('*', '').split(';');
  if (hasFeature(session, 'HASH') && listed.includes(algorithm.name)) return 'HASH';
  return algorithm.verbs.find((verb) => hasFeature(session, verb));
}
