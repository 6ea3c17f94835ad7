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
  let before = await withRetry(context, look);
  for (;;) {
    await sleep(interval, undefined, { signal });
    let now: Snapshot;
    try {
      now = await look();
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

function looker(target: Target, context: Context): { box: string; look(): Promise<Snapshot> } {
  const { signal } = context;
  if (target.protocol === 'ftp') {
    const path = ftpPath(target.path);
    const look = (): Promise<Snapshot> =>
      withSession('ftp', target, context, async (ftp) => {
        const found: Snapshot = new Map();
        for await (const { name, size, modified } of ftp.list(path, { signal }))
          found.set(name, `${size} ${modified?.getTime()}`);
        return found;
      });
    return { box: path, look };
  }
  if (target.protocol === 'pop3') {
    if (decodePath(target.path) !== '') throw usage('A POP3 server has one maildrop');
    const look = (): Promise<Snapshot> =>
      withSession('pop3', target, context, async (pop3) => {
        const found: Snapshot = new Map();
        for await (const row of pop3.uidl({ signal })) if (row.ok) found.set(row.uid, '');
        return found;
      });
    return { box: target.account, look };
  }
  const { group, article } = newsPath(target.path);
  if (group === undefined || article !== undefined)
    throw usage('Which newsgroup?', 'Write nntps://host/misc.test.');
  return { box: group, look: lookAtGroup(target, group, context) };
}

/** Only what is new since the first look: a group may hold a million articles. */
function lookAtGroup(target: Target, group: string, context: Context): () => Promise<Snapshot> {
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
      return new Map(found);
    });
}
