/** Newsgroups and articles behind the verbs. */
import { articleBody } from '../article-body.js';
import type { Context } from '../context.js';
import { usage } from '../exit-code.js';
import { type Destination, keep } from '../keep.js';
import { listArticles, listedIn, listGroups } from '../news-lists.js';
import { withSession } from '../sessions.js';
import type { Target } from '../target.js';
import { newsPath } from '../url-paths.js';
import type { ListWishes } from './verbs.js';

export async function get(target: Target, to: Destination, context: Context): Promise<undefined> {
  const { group, article: id } = newsPath(target.path);
  if (id === undefined)
    throw usage('Which article?', 'Write nntps://host/GROUP/NUMBER or nntps://host/MESSAGE-ID.');
  const { signal } = context;
  await withSession('nntp', target, context, async (nntp) => {
    if (group !== undefined) await nntp.group(group, { signal });
    const article = await nntp.article(id, { signal });
    const name = `${String(id).replace(/[^\w.@-]/g, '')}.eml`;
    await keep({ name, body: articleBody(article) }, to, context);
  });
}

export async function list(
  target: Target,
  context: Context,
  { long }: ListWishes,
): Promise<undefined> {
  const { group, ...which } = listedIn(target.path);
  await withSession('nntp', target, context, (nntp) =>
    group === undefined
      ? listGroups(nntp, context, { long })
      : listArticles(nntp, context, { group, ...which }),
  );
}
