/** Newsgroups and articles in memory, RFC 5536, RFC 3977 §6. */
import { randomBytes } from 'node:crypto';
import {
  type CaughtArticle,
  describeNews,
  findArticles,
  type NewsCriteria,
  showNews,
} from './caught/caught-news.js';
import { Changes } from './caught/changes.js';
import { type WaitOptions, waitUntil } from './caught/waiting.js';
import { type Field, fieldsOf, fieldValue, splitMessage } from './message.js';

export interface Article {
  /** With its angle brackets. */
  readonly messageId: string;
  readonly octets: Buffer;
  readonly fields: readonly Field[];
  readonly arrived: Date;
  /** The article's number in each of its groups. */
  readonly numbers: ReadonlyMap<string, number>;
  /** Lines of the body. */
  readonly lines: number;
}

/** `y`: posting allowed, `n`: not, `m`: moderated. RFC 3977 §7.6.3. */
export type PostingStatus = 'y' | 'n' | 'm';

export interface Newsgroup {
  readonly name: string;
  readonly description: string;
  readonly status: PostingStatus;
  readonly created: Date;
  /** By number, ascending. */
  readonly articles: ReadonlyMap<number, Article>;
  readonly low: number;
  readonly high: number;
}

export interface NewsgroupOptions {
  /** Default `'No description.'`: an empty one confuses readers. */
  description?: string;
  status?: PostingStatus;
  created?: Date;
  /** The number of the first article. Default 1. */
  first?: number;
}

class Group implements Newsgroup {
  readonly name: string;
  readonly description: string;
  readonly status: PostingStatus;
  readonly created: Date;
  readonly articles = new Map<number, Article>();
  high: number;

  constructor(name: string, options: NewsgroupOptions) {
    this.name = name;
    this.description = options.description ?? 'No description.';
    this.status = options.status ?? 'y';
    this.created = options.created ?? new Date();
    this.high = (options.first ?? 1) - 1;
  }

  /** RFC 3977 §6.1.1.2: one above `high` when the group is empty. */
  get low(): number {
    for (const number of this.articles.keys()) return number;
    return this.high + 1;
  }

  static from({ name, description, status, created, articles, high }: Newsgroup): Group {
    const group = new Group(name, { description, status, created, first: high + 1 });
    for (const [number, article] of articles) group.articles.set(number, article);
    return group;
  }
}

/** A news store at one moment. */
export interface NewsSnapshot {
  readonly groups: readonly Newsgroup[];
  readonly articles: readonly Article[];
}

export class NewsStore {
  readonly #groups = new Map<string, Group>();
  readonly #articles = new Map<string, Article>();
  readonly #changes = new Changes();

  /** Every group by name. */
  get groups(): ReadonlyMap<string, Newsgroup> {
    return this.#groups;
  }

  /** Every article by Message-ID, the oldest first. */
  get articles(): ReadonlyMap<string, Article> {
    return this.#articles;
  }

  /** The group of that name, or `undefined`. */
  group(name: string): Newsgroup | undefined {
    return this.#groups.get(name);
  }

  /** The article of that Message-ID, angle brackets included, or `undefined`. */
  article(messageId: string): Article | undefined {
    return this.#articles.get(messageId);
  }

  /** Makes a newsgroup; one of that name is replaced. */
  addGroup(name: string, options: NewsgroupOptions = {}): Newsgroup {
    const group = new Group(name, options);
    this.#groups.set(name, group);
    this.#changes.announce();
    return group;
  }

  /**
   * Files an article in those of its groups that exist. Date, Path and Message-ID are added where absent.
   * @throws Error with a reason when it has no From, Subject or Newsgroups, no known group, or was seen before
   */
  add(article: Uint8Array | string, { injected = true }: { injected?: boolean } = {}): Article {
    const octets = typeof article === 'string' ? Buffer.from(article) : Buffer.from(article);
    const given = fieldsOf(splitMessage(octets).header);
    for (const name of ['From', 'Subject', 'Newsgroups'])
      if (!fieldValue(given, name)) throw new Error(`No ${name}.`);
    const groups = this.#groupsOf(given);
    if (groups.length === 0) throw new Error('No such group.');

    const added: string[] = [];
    const ensure = (name: string, value: string): string => {
      const present = fieldValue(given, name);
      if (present !== undefined) return present;
      added.push(`${name}: ${value}\r\n`);
      return value;
    };
    const arrived = new Date();
    const messageId = ensure(
      'Message-ID',
      `<${randomBytes(8).toString('hex')}@test-servers.invalid>`,
    );
    if (this.#articles.has(messageId)) throw new Error('Seen before.');
    if (injected) {
      ensure('Path', 'test-servers.invalid!not-for-mail');
      ensure('Date', arrived.toUTCString().replace('GMT', '+0000'));
    }

    const whole = Buffer.concat([Buffer.from(added.join('')), octets]);
    const { header, body } = splitMessage(whole);
    const numbers = new Map(groups.map((group) => [group.name, ++group.high]));
    const stored: Article = {
      messageId,
      octets: whole,
      fields: fieldsOf(header),
      arrived,
      numbers,
      lines: body.toString('latin1').split('\n').length - 1,
    };
    this.#articles.set(messageId, stored);
    for (const group of groups) group.articles.set(numbers.get(group.name) as number, stored);
    this.#changes.announce();
    return stored;
  }

  /** Removes an article, as expiry does. */
  expire(messageId: string): void {
    const article = this.#articles.get(messageId);
    if (!article) return;
    this.#articles.delete(messageId);
    for (const [name, number] of article.numbers) this.#groups.get(name)?.articles.delete(number);
    this.#changes.announce();
  }

  /**
   * The articles that fit, parsed, the oldest first.
   * @throws TypeError for a criterion that there is none of
   */
  posts(criteria: NewsCriteria = {}): Promise<CaughtArticle[]> {
    return findArticles(this, criteria);
  }

  /**
   * The first article that fits, as soon as it is there: now, or within `timeout` (5,000 ms).
   * @throws WaitTimeoutError that tells what came in its place
   */
  async waitFor({
    timeout,
    signal,
    ...criteria
  }: NewsCriteria & WaitOptions): Promise<CaughtArticle> {
    return waitUntil(
      {
        look: async () => (await findArticles(this, criteria))[0],
        watch: (listener) => this.watch(listener),
        expected: showNews(criteria),
        present: () => describeNews(this),
      },
      { ...(timeout === undefined ? {} : { timeout }), ...(signal ? { signal } : {}) },
    );
  }

  /** Calls `listener` after each change, until the returned function is called. */
  watch(listener: () => void): () => void {
    return this.#changes.watch(listener);
  }

  /** Removes all articles; the groups stay, and go on counting where they were. */
  clear(): void {
    for (const id of [...this.#articles.keys()]) this.expire(id);
  }

  /** What there is now, for `restore`. */
  snapshot(): NewsSnapshot {
    return {
      groups: [...this.#groups.values()].map((group) => Group.from(group)),
      articles: [...this.#articles.values()],
    };
  }

  /** Brings back what there was, article numbers included. */
  restore({ groups, articles }: NewsSnapshot): void {
    this.#groups.clear();
    for (const group of groups) this.#groups.set(group.name, Group.from(group));
    this.#articles.clear();
    for (const article of articles) this.#articles.set(article.messageId, article);
    this.#changes.announce();
  }

  #groupsOf(fields: readonly Field[]): Group[] {
    const names = new Set((fieldValue(fields, 'Newsgroups') ?? '').split(',').map((n) => n.trim()));
    return [...names].flatMap((name) => this.#groups.get(name) ?? []);
  }
}
