/** New articles of a newsgroup, by article number: numbers of one server last (RFC 3977 §6.1.1.2). */
import type { NntpClient } from '@fivewire/nntp';
import { articleBody } from '../article-body.js';
import type { Arrivals, SourceOptions } from './source.js';

export async function* newsArrivals(
  nntp: NntpClient,
  { account, group }: { account: string; group: string },
  { seen, limit, signal }: SourceOptions,
): Arrivals {
  const box = `${account}/${group}`;
  const fresh: number[] = [];
  for await (const number of nntp.listGroup(group, { signal }))
    if (!seen.has(box, number)) fresh.push(number);
  for await (const item of nntp.articles(fresh.slice(0, limit), { signal })) {
    const { id } = item;
    if (item.ok) yield { box, id, body: articleBody(item.article), done: () => seen.add(box, id) };
    else yield { problem: `article ${id}: ${item.error.message}` };
  }
}
