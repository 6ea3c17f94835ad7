/** New mail of a POP3 mailbox, by unique-id. Deletions are committed by QUIT at the end, all of them or none. */
import { fetchNew, type Pop3Client } from '@fivewire/pop3';
import type { Arrivals, SourceOptions } from './source.js';

export async function* pop3Arrivals(
  pop3: Pop3Client,
  { account: box }: { account: string },
  { seen, remove, limit, signal, warn }: SourceOptions,
): Arrivals {
  const store = {
    has: (uid: string) => seen.has(box, uid),
    add: (uid: string) => seen.add(box, uid),
  };
  const most = Number.isFinite(limit) ? { limit } : {};
  for await (const item of fetchNew(pop3, store, { remove, signal, ...most })) {
    if (item.ok) yield { box, id: item.uid, body: item.message, done: () => item.done() };
    else
      yield {
        problem: `message ${item.number}: ${'message' in item.error ? item.error.message : item.error.problem}`,
      };
  }
  const { committed, reply, error } = await pop3.quit({ signal });
  if (committed !== true) {
    const why = reply ?? error?.message ?? 'without a reason';
    warn(`The server did not confirm all deletions: ${why}. The next run deletes what is left.`);
  }
}
