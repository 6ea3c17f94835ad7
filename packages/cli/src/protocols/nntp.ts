/** Newsgroups and articles behind the verbs. */
import { articleBody } from '../article-body.js';
import type { Context } from '../context.js';
import { usage } from '../exit-code.js';
import { type Destination, keep } from '../keep.js';
import { listArticles, listedIn, listGroups } from '../news-lists.js';
import { withRetry } from '../retry.js';
import { withSession } from '../sessions.js';
import { resolveTarget, type Target } from '../target.js';
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

/** How many articles a group has, and from where to where; or what an article is called. */
export async function stat(url: string, context: Context): Promise<void> {
  const { signal } = context;
  const target = await resolveTarget(url, context, { protocols: ['nntp'] });
  const { group, article: id } = newsPath(target.path);
  if (group === undefined && id === undefined)
    throw usage('Which newsgroup?', 'Write nntps://host/misc.test.');
  await withRetry(context, () =>
    withSession('nntp', target, context, async (nntp) => {
      const about = group === undefined ? undefined : await nntp.group(group, { signal });
      if (id !== undefined) {
        const { number, messageId } = await nntp.stat(id, { signal });
        return context.out.facts('article', { number, messageId });
      }
      const { name, count, low, high } = about as NonNullable<typeof about>;
      return context.out.facts('group', { name, count, low, high });
    }),
  );
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
