/** Hashes of many files: MMD5 (draft-twine-ftpmd5 §3.2), else each file by itself. */
import { type Reply, UsageError } from '@fivewire/line-protocol';
import { command } from '../session/dialogue.js';
import { hasFeature, type Session } from '../session/session.js';
import type { CallOptions, HashAlgorithm } from '../types.js';
import { algorithms, hash } from './attributes.js';

/** Files of one MMD5, and octets of its names. */
const most = { files: 50, octets: 8_192 };

/** @returns hex, lower case, in the order of the paths */
export async function hashes(
  session: Session,
  paths: readonly string[],
  algorithm: HashAlgorithm,
  options: CallOptions,
): Promise<string[]> {
  const found = new Map<string, string>();
  if (algorithm === 'md5' && hasFeature(session, 'MMD5')) {
    for (const group of grouped(paths)) {
      const line = command('MMD5', group.join(','));
      const [reply] = (await session.control.ask([line], options)) as [Reply];
      const values = reply.class === 2 ? hashesIn(reply.lines.join(' '), group.length) : undefined;
      for (const [index, value] of (values ?? []).entries())
        found.set(group[index] as string, value);
    }
  }
  const values: string[] = [];
  for (const path of paths) {
    values.push(found.get(path) ?? (await hash(session, path, algorithm, options)));
  }
  return values;
}

/** Names with a comma in them can't stand in a list that commas part. */
function grouped(paths: readonly string[]): string[][] {
  const groups: string[][] = [];
  let octets = most.octets;
  for (const path of new Set(paths)) {
    if (path.includes(',') || path !== path.trim()) continue;
    octets += path.length + 1;
    const last = groups.at(-1);
    if (last === undefined || octets > most.octets || last.length >= most.files) {
      groups.push([path]);
      octets = path.length + 1;
    } else last.push(path);
  }
  return groups;
}

// mmd5-response = "252" SP pathname SP md5 *( "," SP pathname SP md5 )
function hashesIn(text: string, count: number): string[] | undefined {
  const values = text.split(',').map((piece) => piece.trim().split(/\s+/).at(-1) ?? '');
  const isHash = (value: string) =>
    value.length === algorithms.md5.hexLength && /^[0-9a-f]+$/i.test(value);
  if (values.length !== count || !values.every(isHash)) return undefined;
  return values.map((value) => value.toLowerCase());
}

/** @throws UsageError ERR_ARGUMENT */
export function checkPaths(paths: unknown): void {
  if (Array.isArray(paths)) return;
  throw new UsageError('ERR_ARGUMENT', 'The paths are no list.', {
    protocol: 'ftp',
    argument: 'paths',
  });
}
