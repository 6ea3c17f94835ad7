/** Newsgroups and articles as lines: what `ls` and `news` show. */
import type { NntpClient } from '@fivewire/nntp';
import type { Context } from './context.js';
import { exitCodes, Failure, usage } from './exit-code.js';
import { line } from './output.js';
import { newsPath } from './url-paths.js';

export async function listGroups(
  nntp: NntpClient,
  { out, signal }: Context,
  { wildmat, long = false }: { wildmat?: string; long?: boolean },
): Promise<void> {
  const options = { signal, ...(wildmat === undefined ? {} : { wildmat }) };
  let count = 0;
  for await (const { name, low, high, status } of nntp.listActive(options)) {
    count++;
    await out.row(
      { type: 'group', name, low, high, status },
      long ? [line(name), low, high, line(status)].join('\t') : line(name),
    );
  }
  if (wildmat !== undefined && count === 0)
    throw new Failure(exitCodes.notFound, `No newsgroup fits ${line(wildmat)}`, {
      code: 'ERR_NOT_FOUND',
    });
}

/** Rows of a group's overview, each a number, a date, an author and a subject. */
export interface ArticleWishes {
  group: string;
  /** Only that one. */
  article?: number;
  /** Only so many of the newest. */
  last?: number;
}

/** @throws Failure 66 where `article` is not there */
export async function listArticles(
  nntp: NntpClient,
  { out, signal }: Context,
  { group: name, article, last }: ArticleWishes,
): Promise<void> {
  const group = await nntp.group(name, { signal });
  let count = 0;
  if (!group.empty) {
    const first = last === undefined ? group.low : Math.max(group.low, group.high - last + 1);
    const range = { from: article ?? first, to: article ?? group.high };
    for await (const row of nntp.overview(range, { signal })) {
      count++;
      const { number, date, from: author, subject } = row;
      await out.row(
        { type: 'article', group: group.name, ...row.toJSON() },
        [number, line(date), line(author), line(subject)].join('\t'),
      );
    }
  }
  if (article !== undefined && count === 0)
    throw new Failure(exitCodes.notFound, `${line(name)} has no article ${article}`, {
      code: 'ERR_NOT_FOUND',
    });
}

/** The group of a URL, and its article where that has a number. @throws Failure 64 for a message-id, which is no place of a group */
export function listedIn(path: string): { group: string | undefined; article?: number } {
  const { group, article } = newsPath(path);
  if (typeof article === 'string')
    throw usage('A message-id is no list', 'fivewire get gets that article.');
  return { group, ...(article === undefined ? {} : { article }) };
}
