/** What does not tell by itself is looked at now and then, and compared with the last look. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Context } from '../context.js';
import { exitCodeOf, exitCodes, usage } from '../exit-code.js';
import { line } from '../output.js';
import { withRetry } from '../retry.js';
import { withSession } from '../sessions.js';
import { decodePath, type Target } from '../target.js';
import { ftpPath, newsPath } from '../url-paths.js';
import type { WatchEvent } from './event.js';

/** What there is, and what of it must stay the same. */
type Snapshot = Map<string, string>;

/** A row that cannot be read may be any of them: then nothing that is missing is told as gone. */
interface Look {
  found: Snapshot;
  problem?: string;
}

/**
 * @param interval milliseconds from one look to the next
 * @throws what the first look throws; later ones, where the trouble may pass, are made good by the next
 */
export async function* polledEvents(
  target: Target,
  interval: number,
  context: Context,
): AsyncGenerator<WatchEvent, void, undefined> {
  const { signal, out } = context;
  const { box, look } = looker(target, context);
  let { found: before } = await withRetry(context, look);
  for (;;) {
    await sleep(interval, undefined, { signal });
    let now: Snapshot;
    try {
      const seen = await look();
      if (seen.problem !== undefined) out.warn(line(seen.problem));
      now = presentNow(before, seen);
    } catch (error) {
      const exit = exitCodeOf(error);
      if (signal.aborted || (exit !== exitCodes.temporary && exit !== exitCodes.unavailable))
        throw error;
      out.warn(line((error as Error).message));
      continue;
    }
    yield* differences(box, before, now);
    before = now;
  }
}

/** What was there and may be there still counts as present. */
export const presentNow = (before: Snapshot, { found, problem }: Look): Snapshot =>
  problem === undefined ? found : new Map([...before, ...found]);

export function* differences(box: string, before: Snapshot, now: Snapshot): Generator<WatchEvent> {
  const kinds = [
    ['new', [...now.keys()].filter((id) => !before.has(id))],
    ['gone', [...before.keys()].filter((id) => !now.has(id))],
    [
      'changed',
      [...now].filter(([id, what]) => (before.get(id) ?? what) !== what).map(([id]) => id),
    ],
  ] as const;
  for (const [event, ids] of kinds) if (ids.length > 0) yield { event, box, ids: ids.join(',') };
}

function looker(target: Target, context: Context): { box: string; look(): Promise<Look> } {
  const { signal } = context;
  if (target.protocol === 'ftp') {
    const path = ftpPath(target.path);
    const look = (): Promise<Look> =>
      withSession('ftp', target, context, async (ftp) => {
        const seen: Look = { found: new Map() };
        const rows = ftp.list(path, {
          signal,
          onProblem({ directory, reason, text }) {
            seen.problem = `${directory}: ${reason}: ${text}`;
          },
        });
        for await (const { name, size, modified } of rows)
          seen.found.set(name, `${size} ${modified?.getTime()}`);
        return seen;
      });
    return { box: path, look };
  }
  if (target.protocol === 'pop3') {
    if (decodePath(target.path) !== '') throw usage('A POP3 server has one maildrop');
    const look = (): Promise<Look> =>
      withSession('pop3', target, context, async (pop3) => {
        const seen: Look = { found: new Map() };
        for await (const row of pop3.uidl({ signal }))
          if (row.ok) seen.found.set(row.uid, '');
          else seen.problem = row.problem;
        return seen;
      });
    return { box: target.account, look };
  }
  const { group, article } = newsPath(target.path);
  if (group === undefined || article !== undefined)
    throw usage('Which newsgroup?', 'Write nntps://host/misc.test.');
  return { box: group, look: lookAtGroup(target, group, context) };
}

/** Only what is new since the first look: a group may hold a million articles. */
function lookAtGroup(target: Target, group: string, context: Context): () => Promise<Look> {
  const { signal } = context;
  const found: Snapshot = new Map();
  let last: number | undefined;
  return () =>
    withSession('nntp', target, context, async (nntp) => {
      const { high } = await nntp.group(group, { signal });
      const from = (last ?? high) + 1;
      if (high >= from)
        for await (const number of nntp.listGroup(group, { from, to: high, signal }))
          found.set(String(number), '');
      last = Math.max(high, last ?? 0);
      return { found: new Map(found) };
    });
}
