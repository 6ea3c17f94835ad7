/** The articles that were posted, as a test asks for them. */
import type { Article, NewsStore } from '../news-store.js';
import { type ParsedMessage, parseMessage } from './parsed-message.js';
import { checkNames, fits, fitsAddress, show, type Wanted } from './waiting.js';

/** What an article must be like. Texts are contained, addresses are meant whole and in any case, patterns match. */
export interface NewsCriteria {
  /** One of the groups that it stands in. */
  group?: string;
  from?: Wanted;
  subject?: Wanted;
  text?: Wanted;
  /** With angle brackets. */
  messageId?: string;
}

export interface CaughtArticle extends ParsedMessage {
  article: Article;
  /** The groups that it stands in. */
  groups: string[];
  received: Date;
  /** As it is served. */
  source: Buffer;
}

export const newsCriteria = ['group', 'from', 'subject', 'text', 'messageId'] as const;

/** Every article that fits, the oldest first. */
export async function findArticles(
  store: NewsStore,
  criteria: NewsCriteria,
): Promise<CaughtArticle[]> {
  checkNames(criteria, newsCriteria, 'A search for articles');
  const { group, from, subject, text, messageId } = criteria;
  const found: CaughtArticle[] = [];
  for (const article of store.articles.values()) {
    if (group !== undefined && !article.numbers.has(group)) continue;
    if (messageId !== undefined && article.messageId !== messageId) continue;
    const message = await parseMessage(article.octets);
    if (from !== undefined && !fitsAddress(from, message.from?.address ?? '')) continue;
    if (!fits(subject, message.subject) || !fits(text, message.text)) continue;
    const groups = [...article.numbers.keys()];
    found.push({ ...message, article, groups, received: article.arrived, source: article.octets });
  }
  return found;
}

/** One line of what there is, for an error. */
export async function describeNews(store: NewsStore): Promise<string> {
  const all = await findArticles(store, {});
  if (all.length === 0) return 'No article came at all.';
  const lines = all.slice(-5).map(({ groups, subject }) => `${groups.join(', ')}: "${subject}"`);
  return `There are other articles (${all.length}): ${lines.join('; ')}`;
}

export const showNews = (criteria: NewsCriteria): string =>
  `article with ${show(criteria) || 'any content'}`;
