/** What else a file has: permissions (SITE CHMOD), a time (MFMT, draft-somers-ftp-mfxx), a hash (draft-bryan-ftp-hash). */
import { CommandError, escapeText, type Reply, UsageError } from '@fivewire/line-protocol';
import { command } from '../session/dialogue.js';
import { rejected, saysUnknown } from '../session/failures.js';
import { hashOf } from '../session/reply-text.js';
import { hasFeature, type Session } from '../session/session.js';
import type { CallOptions, HashAlgorithm } from '../types.js';

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
  const digits = time.toISOString().replace(/\.\d+Z$|[-:T]/g, '');
  if (digits.length !== 14) {
    throw new UsageError('ERR_ARGUMENT', 'The year needs four digits.', {
      protocol: 'ftp',
      argument: 'time',
    });
  }
  const { control, features, transport } = session;
  const may = (name: string) =>
    !transport.disable.has(name) && (features.size === 0 || features.has(name));
  if (!may('MFMT') && !may('MDTM')) throw missing(session, 'MFMT', 'set modification times');
  if (may('MFMT')) {
    const line = command('MFMT', digits, path);
    const [reply] = (await control.ask([line], options)) as [Reply];
    if (reply.class === 2) return;
    if (!saysUnknown(reply) || !may('MDTM'))
      throw control.connection.locate(rejected(reply, line.masked));
  }
  // Older than MFMT, and in no RFC: with a time ahead of the path MDTM sets it (IIS, Serv-U, Pure-FTPd).
  const line = command('MDTM', digits, path);
  const [reply] = (await control.ask([line], options)) as [Reply];
  if (reply.class === 2) return;
  const refusal = rejected(reply, line.masked);
  // A server that reads all of it as a path has no such file: it can't set times.
  throw may('MFMT')
    ? control.connection.locate(refusal)
    : missing(session, 'MFMT', 'set modification times', refusal);
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

export function missing(
  session: Session,
  name: string,
  purpose: string,
  cause?: CommandError,
): CommandError {
  return session.control.connection.locate(
    new CommandError('ERR_EXTENSION_REQUIRED', `The server has no ${name} to ${purpose}.`, {
      ...(cause === undefined ? {} : { cause }),
      hint: `It announces: ${[...session.features.keys()].join(', ') || 'nothing'}.`,
    }),
  );
}
