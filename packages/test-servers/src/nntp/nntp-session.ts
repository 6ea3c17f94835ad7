/** One NNTP connection: who is there, which group and article are current, and how replies are written. */
import { dotLines, dotStuff } from '../dot-stuffing.js';
import { greet, nextCommand } from '../impostor/conversation.js';
import type { ServerContext } from '../line-server.js';
import type { LineSession } from '../line-session.js';
import type { Article, Newsgroup, NewsStore } from '../news-store.js';
import type { SaslEnvironment } from '../sasl-server.js';
import { commands } from './commands.js';
import type { NntpServerOptions } from './nntp-server.js';

export class NntpSession {
  readonly session: LineSession;
  readonly context: ServerContext;
  readonly news: NewsStore;
  readonly options: NntpServerOptions;
  group: Newsgroup | undefined;
  /** The current article number, RFC 3977 §6.1.1. */
  current: number | undefined;
  reader: boolean;
  /** The name given by AUTHINFO USER. */
  pendingUser: string | undefined;
  over = false;

  constructor(
    session: LineSession,
    context: ServerContext,
    news: NewsStore,
    options: NntpServerOptions,
  ) {
    this.session = session;
    this.context = context;
    this.news = news;
    this.options = options;
    this.reader = !options.modeSwitching;
  }

  get user(): string | undefined {
    return this.session.record.user;
  }

  get mayPost(): boolean {
    return !this.options.readOnly;
  }

  get environment(): SaslEnvironment {
    const { session, context } = this;
    const { accounts } = context;
    return { accounts, session, options: context.options.sasl ?? {}, service: 'nntp' };
  }

  async run(): Promise<void> {
    const greeting = this.mayPost
      ? '200 News ready, posting allowed'
      : '201 News ready, no posting';
    await greet(this.session, this.context, greeting);
    while (!this.over) {
      const line = await nextCommand(this.session, this.context);
      if (line === undefined) return;
      await this.#dispatch(line);
    }
  }

  reply(line: string): Promise<void> {
    return this.session.reply(line);
  }

  /** A reply with a multi-line block of text behind. */
  async block(line: string, lines: Iterable<string>): Promise<void> {
    await this.session.write(Buffer.concat([Buffer.from(`${line}\r\n`), dotLines(lines)]));
  }

  /** A reply with a multi-line block of octets behind. */
  async octets(line: string, octets: Buffer): Promise<void> {
    await this.session.write(Buffer.concat([Buffer.from(`${line}\r\n`), dotStuff(octets)]));
  }

  async #dispatch(line: string): Promise<void> {
    const words = line.trim().split(/[ \t]+/);
    const verb = (words.shift() ?? '').toUpperCase();
    const command = this.context.shows(verb) ? commands[verb] : undefined;
    if (!command) return this.reply('500 Unknown command');
    if (command.needsAuth && this.options.requireAuth && this.user === undefined)
      return this.reply('480 Authentication required');
    if (command.needsReader && !this.reader) return this.reply('401 MODE-READER');
    await command.run(this, words);
  }

  /**
   * The article that an argument names: a Message-ID, a number, or nothing for the current one; or the reply that says
   * why not. RFC 3977 §6.2.1.
   */
  find(argument: string | undefined): { article: Article; number: number } | string {
    if (argument?.startsWith('<')) {
      const article = this.news.article(argument);
      return article ? { article, number: 0 } : '430 No such article';
    }
    if (!this.group) return '412 No group selected';
    if (argument !== undefined && !/^\d{1,16}$/.test(argument)) return '501 Syntax error';
    const number = argument === undefined ? this.current : Number(argument);
    const article = number === undefined ? undefined : this.group.articles.get(number);
    if (number === undefined || !article)
      return argument === undefined ? '420 No current article' : '423 No article with that number';
    return { article, number };
  }

  /** The articles of a range in the current group, or one by Message-ID, or the reply that says why not. §8.3.1. */
  range(argument: string | undefined): { article: Article; number: number }[] | string {
    const match = /^(\d{1,16})(-(\d{1,16})?)?$/.exec(argument ?? '');
    if (!match) {
      const found = this.find(argument);
      return typeof found === 'string' ? found : [found];
    }
    if (!this.group) return '412 No group selected';
    const from = Number(match[1]);
    const to = match[2] === undefined ? from : Number(match[3] ?? Number.MAX_SAFE_INTEGER);
    const found = [...this.group.articles]
      .filter(([number]) => number >= from && number <= to)
      .map(([number, article]) => ({ number, article }));
    return found.length > 0 ? found : '423 No articles in that range';
  }
}
