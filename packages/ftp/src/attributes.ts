/** What else a file has: permissions (SITE CHMOD), a time (MFMT, draft-somers-ftp-mfxx), a hash (draft-bryan-ftp-hash). */
import { CommandError, escapeText, type Reply, UsageError } from '@fivewire/line-protocol';
import { command } from './dialogue.js';
import { hashOf } from './reply-text.js';
import { hasFeature, type Session } from './session.js';
import type { CallOptions, HashAlgorithm } from './types.js';

export async function changeMode(
  session: Session,
  path: string,
  mode: number,
  options: CallOptions,
): Promise<void> {
  if (!Number.isInteger(mode) || mode < 0 || mode > 0o7777) {
    throw new UsageError('ERR_ARGUMENT', `${String(mode)} is no mode.`, {
      protocol: 'ftp',
      argument: 'mode',
      hint: 'Write it as 0o644.',
    });
  }
  const digits = mode.toString(8).padStart(3, '0');
  await session.control.demand(command('SITE', 'CHMOD', digits, path), options);
}

export async function changeModified(
  session: Session,
  path: string,
  time: Date,
  options: CallOptions,
): Promise<void> {
  if (!(time instanceof Date) || Number.isNaN(time.getTime())) {
    throw new UsageError('ERR_ARGUMENT', 'The time is no valid Date.', {
      protocol: 'ftp',
      argument: 'time',
    });
  }
  requireFeature(session, 'MFMT', 'set modification times');
  const digits = time.toISOString().replace(/\.\d+Z$|[-:T]/g, '');
  if (digits.length !== 14) {
    throw new UsageError('ERR_ARGUMENT', 'The year needs four digits.', {
      protocol: 'ftp',
      argument: 'time',
    });
  }
  await session.control.demand(command('MFMT', digits, path), options);
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
  const known = typeof name === 'string' && Object.hasOwn(algorithms, name);
  const algorithm = known ? algorithms[name] : undefined;
  if (algorithm === undefined) {
    throw new UsageError('ERR_ARGUMENT', `There is no hash ${escapeText(String(name), 40)}.`, {
      protocol: 'ftp',
      argument: 'algorithm',
      hint: `Use one of ${Object.keys(algorithms).join(', ')}.`,
    });
  }
  const verb = verbFor(session, name);
  if (verb === undefined) throw missing(session, algorithm.name, 'compute it');
  const { control } = session;
  // Nobody may choose another algorithm between these two, so they hold the connection together.
  const reply = await control.hold(verb, options, async (dialogue): Promise<Reply> => {
    if (verb === 'HASH') await dialogue.demand(command('OPTS', 'HASH', algorithm.name));
    return dialogue.demand(command(verb, path));
  });
  const value = hashOf(reply.lines.join(' '), algorithm.hexLength);
  if (value !== undefined) return value;
  throw control.connection.malformed(`a ${algorithm.name} in hex`, reply.text, { command: verb });
}

function verbFor(session: Session, name: HashAlgorithm): string | undefined {
  const algorithm = algorithms[name];
  const listed = (session.features.get('HASH') ?? []).join(';').replaceAll('*', '').split(';');
  if (hasFeature(session, 'HASH') && listed.includes(algorithm.name)) return 'HASH';
  return algorithm.verbs.find((verb) => hasFeature(session, verb));
}

/** A server without FEAT may have it all the same; one with FEAT would have said so. */
function requireFeature(session: Session, name: string, purpose: string): void {
  const disabled = session.transport.disable.has(name);
  if (!disabled && (session.features.size === 0 || session.features.has(name))) return;
  throw missing(session, name, purpose);
}

export function missing(session: Session, name: string, purpose: string): CommandError {
  return session.control.connection.locate(
    new CommandError('ERR_EXTENSION_REQUIRED', `The server has no ${name} to ${purpose}.`, {
      hint: `It announces: ${[...session.features.keys()].join(', ') || 'nothing'}.`,
    }),
  );
}
