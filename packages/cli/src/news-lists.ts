/** Newsgroups and articles as lines: what `ls` and `news` show. */
import type { NntpClient } from '@fivewire/nntp';
import type { Context } from './context.js';
import { line } from './output.js';

export async function listGroups(
  nntp: NntpClient,
  { out, signal }: Context,
  { wildmat, long = false }: { wildmat?: string; long?: boolean },
): Promise<void> {
  const options = { signal, ...(wildmat === undefined ? {} : { wildmat }) };
  for await (const { name, low, high, status } of nntp.listActive(options)) {
    await out.row(
      { type: 'group', name, low, high, status },
      long ? [line(name), low, high, line(status)].join('\t') : line(name),
    );
  }
}

/** The overview of a group: a number, a date, an author and a subject a line. `last`: only so many of the newest. */
export async function listArticles(
  nntp: NntpClient,
  { out, signal }: Context,
  { group: name, last }: { group: string; last?: number },
): Promise<void> {
  const group = await nntp.group(name, { signal });
  if (group.empty) return;
  const from = last === undefined ? group.low : Math.max(group.low, group.high - last + 1);
  for await (const row of nntp.overview({ from, to: group.high }, { signal })) {
    const { number, date, from: author, subject } = row;
    await out.row(
      { type: 'article', group: group.name, ...row.toJSON() },
      [number, line(date), line(author), line(subject)].join('\t'),
    );
  }
}
