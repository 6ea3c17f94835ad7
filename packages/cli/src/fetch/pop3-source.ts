/** New mail of a POP3 mailbox, by unique-id. Deletions are committed by QUIT at the end, all of them or none. */
import { fetchNew, type Pop3Client } from '@fivewire/pop3';
import type { Arrivals, SourceOptions } from './source.js';

export async function* pop3Arrivals(
  pop3: Pop3Client,
  { account: box }: { account: string },
  { seen, remove, keepDays, maxSize, limit, signal, warn }: SourceOptions,
): Arrivals {
  const copies = await copiesOf(pop3, signal);
  const told = new Map<string, number>();
  const store = {
    has: (uid: string) => seen.has(box, uid),
    since: (uid: string) => seen.since(box, uid),
    octets: (uid: string) => seen.octets(box, uid),
    add: (uid: string, octets?: number) => seen.add(box, uid, octets),
    delete: (uid: string) => seen.forget(box, uid),
  };
  const keep = remove ? (keepDays > 0 ? (`days:${keepDays}` as const) : 'none') : 'all';
  const most = {
    ...(Number.isFinite(limit) ? { limit } : {}),
    ...(Number.isFinite(maxSize) ? { maxSize } : {}),
  };
  for await (const item of fetchNew(pop3, store, { keep, signal, ...most })) {
    if (!item.ok) {
      yield {
        problem: `message ${item.number}: ${'message' in item.error ? item.error.message : item.error.problem}`,
      };
      continue;
    }
    const { uid } = item;
    if (!item.whole) {
      for await (const _ of item.message); // its header: it stays where it is
      continue;
    }
    const nth = (told.get(uid) ?? 0) + 1;
    told.set(uid, nth);
    const isAlone = (copies.get(uid) ?? 1) === 1;
    const id = isAlone ? uid : `${uid}#${nth}`;
    if (!isAlone && seen.has(box, id)) {
      for await (const _ of item.message); // safe since a run that was killed before its sisters were
      await item.done();
      continue;
    }
    yield {
      box,
      id,
      body: item.message,
      async done() {
        if (!isAlone) await seen.add(box, id);
        await item.done();
        if (item.problem !== undefined) warn(`message ${item.number}: ${item.problem}`);
      },
    };
  }
  const { committed, reply = '' } = await pop3.quit({ signal });
  if (committed !== true)
    warn(`The server did not confirm all deletions: ${reply}. The next run deletes what is left.`);
}

/** How many messages have each uid: servers give one to several (RFC 1939 §7), and each is mail of its own. */
async function copiesOf(pop3: Pop3Client, signal: AbortSignal): Promise<Map<string, number>> {
  const copies = new Map<string, number>();
  for await (const row of pop3.uidl({ signal }))
    if (row.ok) copies.set(row.uid, (copies.get(row.uid) ?? 0) + 1);
  return copies;
}
