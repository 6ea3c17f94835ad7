/** An NNTP session (RFC 3977) as a reader: one connection, calls in order. */
import {
  type Closed,
  checkOptions,
  dispose,
  type Notice,
  optionsFromUrl,
  type Rows,
  type SecurityInfo,
  securityInfo,
} from '@fivewire/line-protocol';
import { type Archived, type ArchiveOptions, type ArchiveState, archive } from './archive.js';
import type { ArticleId, ArticleRange } from './arguments.js';
import { callChecks } from './call-checks.js';
import type { NntpCapabilities } from './capabilities.js';
import { type CommandOptions, command } from './command.js';
import { openSession, profile, resolveOptions } from './connect.js';
import { type Fed, type Feedable, type FeedOptions, feed } from './feed.js';
import { group, type ListGroupOptions, listNumbers, step } from './group.js';
import { header, xpat } from './header.js';
import { type ListOptions, list, listHeaders, readOverviewFormat } from './list.js';
import { date, help, newGroups, newNews } from './news.js';
import { callRules } from './options.js';
import { type OverviewOptions, overview } from './overview.js';
import type { OverviewFormat, OverviewRow } from './overview-row.js';
import { type Postable, type PostOptions, post } from './post.js';
import { createQuit } from './quit.js';
import { type ArticlesOptions, article, articles, body, head, stat } from './read-article.js';
import type { Session } from './session.js';
import type {
  ActiveRow,
  ActiveTimesRow,
  ArticleBody,
  ArticleHead,
  ArticleName,
  CallOptions,
  CommandResult,
  CountsRow,
  DistribPatRow,
  DistributionRow,
  Fetched,
  Group,
  HeaderRow,
  ModeratorRow,
  NewsgroupRow,
  NntpOptions,
  NntpUrlOptions,
  PostResult,
  RetrievedArticle,
} from './types.js';

/**
 * Made by {@link NntpClient.connect}. Calls made at once go out together where nothing hangs on the order of their
 * answers, else they wait for each other. A call made inside a loop over another call's results works, or throws
 * `ERR_WOULD_DEADLOCK`; a loop stays in the group in which it began, whatever its body selects.
 */
export class NntpClient {
  #session: Session;
  readonly #quit: (options: CallOptions) => Promise<void>;

  /** @internal Use {@link NntpClient.connect}. */
  constructor(session: Session) {
    this.#session = session;
    this.#quit = createQuit(session);
  }

  /**
   * Dials, greets, secures, switches to reader mode where the server needs it, and logs in where `auth` is given.
   *
   * Takes options, or a URL (`nntps://user@host` for implicit TLS, `nntp://…` for STARTTLS) with further options.
   * @throws TlsError, StartTlsError, ConnectionError, TimeoutError, AbortError, AuthenticationError, SaslError,
   * RemoteProtocolError, UsageError for wrong options. The connection is closed then.
   */
  static async connect(options: NntpOptions): Promise<NntpClient>;
  static async connect(url: string | URL, options?: NntpUrlOptions): Promise<NntpClient>;
  static async connect(
    target: NntpOptions | string | URL,
    options: NntpUrlOptions = {},
  ): Promise<NntpClient> {
    const all =
      typeof target === 'string' || target instanceof URL
        ? optionsFromUrl(profile, target, options as NntpOptions)
        : target;
    return new NntpClient(await openSession(resolveOptions(all)));
  }

  /** CAPABILITIES, RFC 3977 §5.2, as it is now: read again after TLS, MODE READER and login. */
  get capabilities(): NntpCapabilities {
    return this.#session.capabilities;
  }

  /**
   * What the greeting, or MODE READER, said: a login may change it without a word. A greeting from before STARTTLS does not count;
   * then the capability POST does.
   */
  get postingAllowed(): boolean {
    return this.#session.postingAllowed;
  }

  /** The group that numbers mean now: the one selected last. */
  get selected(): Group | undefined {
    return this.#session.selection.group;
  }

  /** What protects this connection. */
  get security(): SecurityInfo {
    return securityInfo(this.#session.transport, this.#session.connection);
  }

  /** What the server says unasked, and rows that could not be read. One reader at a time; ends with the connection. */
  get notices(): AsyncIterable<Notice> {
    return this.#session.notices;
  }

  /** Resolves when the session is over, and says why. Never rejects. */
  get closed(): Promise<Closed> {
    return this.#session.connection.closed;
  }

  /**
   * GROUP, RFC 3977 §6.1.1: selects a newsgroup.
   * @throws CommandError ERR_NOT_FOUND for a group that the server does not have, or does not show
   */
  async group(name: string, options: CallOptions = {}): Promise<Group> {
    callChecks.group(name, options);
    return group(this.#session, name, options);
  }

  /** LISTGROUP, RFC 3977 §6.1.2: selects a newsgroup and gives the numbers of its articles. */
  listGroup(name: string, options: ListGroupOptions = {}): Rows<number> {
    callChecks.listGroup(name, options);
    return listNumbers(this.#session, name, options);
  }

  /**
   * OVER, RFC 3977 §8.3: a row for each article in a span of numbers, asked for in windows and read as the loop goes.
   * Or for one article by number or message-id, or the current one. A span without articles has no rows.
   */
  overview(range?: ArticleRange, options: OverviewOptions = {}): Rows<OverviewRow> {
    callChecks.overview(range, options);
    return overview(this.#session, range, options);
  }

  /** HDR, RFC 3977 §8.5: one header field, or metadata such as `:lines`, of many articles. */
  header(field: string, range?: ArticleRange, options: CallOptions = {}): Rows<HeaderRow> {
    callChecks.header(field, range, options);
    return header(this.#session, field, range, options);
  }

  /**
   * XPAT, RFC 2980 §2.9: as {@link header}, of the articles in which one of the patterns means the whole field: `*[Nn]ode*`. `?` stands for a
   * space, which a pattern can't have.
   */
  xpat(
    field: string,
    range: Exclude<ArticleRange, undefined>,
    patterns: string | readonly string[],
    options: CallOptions = {},
  ): Rows<HeaderRow> {
    callChecks.xpat(field, range, patterns, options);
    return xpat(this.#session, field, range, patterns, options);
  }

  /**
   * ARTICLE, RFC 3977 §6.2.1. Resolves when the header has come; the body flows when it is read. Destroying the body
   * early drops the rest, or the connection where that is over 1 MiB.
   * @param id a number in the selected group, a message-id, or nothing for the current article
   * @throws CommandError ERR_NOT_FOUND
   */
  async article(id?: ArticleId, options: CallOptions = {}): Promise<RetrievedArticle> {
    callChecks.article(id, options);
    return article(this.#session, id, options);
  }

  /** HEAD, RFC 3977 §6.2.2. @throws CommandError ERR_NOT_FOUND */
  async head(id?: ArticleId, options: CallOptions = {}): Promise<ArticleHead> {
    callChecks.head(id, options);
    return head(this.#session, id, options);
  }

  /** BODY, RFC 3977 §6.2.3. @throws CommandError ERR_NOT_FOUND */
  async body(id?: ArticleId, options: CallOptions = {}): Promise<ArticleBody> {
    callChecks.body(id, options);
    return body(this.#session, id, options);
  }

  /** STAT, RFC 3977 §6.2.4: whether there is such an article. @throws CommandError ERR_NOT_FOUND */
  async stat(id?: ArticleId, options: CallOptions = {}): Promise<ArticleName> {
    callChecks.stat(id, options);
    return stat(this.#session, id, options);
  }

  /**
   * Many articles in the order asked for, pipelined. Missing ones come as items with `ok: false`; a broken connection
   * throws.
   */
  articles(
    ids: Iterable<number | string> | AsyncIterable<number | string>,
    options: ArticlesOptions = {},
  ): AsyncGenerator<Fetched, void, undefined> {
    callChecks.articles(ids, options);
    return articles(this.#session, ids, options);
  }

  /**
   * What a newsgroup has behind `state.last`: articles in order, and what else became of each number (a gap, expired, refused). Each item
   * has the state to save once it is dealt with, as plain JSON; a run that is given it goes on there.
   * @throws UsageError ERR_STATE where the server has numbered the group anew
   */
  archive(
    name: string,
    state?: ArchiveState,
    options: ArchiveOptions = {},
  ): AsyncGenerator<Archived, void, undefined> {
    callChecks.archive(name, state, options);
    return archive(this, this.#session, name, state, options);
  }

  /** NEXT, RFC 3977 §6.1.4: makes the next article the current one; `undefined` at the end of the group. */
  async next(options: CallOptions = {}): Promise<ArticleName | undefined> {
    callChecks.next(options);
    return step(this.#session, 'NEXT', options);
  }

  /** LAST, RFC 3977 §6.1.3: makes the previous article the current one; `undefined` at the beginning of the group. */
  async last(options: CallOptions = {}): Promise<ArticleName | undefined> {
    callChecks.last(options);
    return step(this.#session, 'LAST', options);
  }

  /** LIST ACTIVE, RFC 3977 §7.6.3: newsgroups and their numbers. */
  listActive(options: ListOptions = {}): Rows<ActiveRow> {
    callChecks.listActive(options);
    return list(this.#session, 'ACTIVE', options);
  }

  /** LIST ACTIVE.TIMES, RFC 3977 §7.6.4: who made which newsgroup, and when. */
  listActiveTimes(options: ListOptions = {}): Rows<ActiveTimesRow> {
    callChecks.listActiveTimes(options);
    return list(this.#session, 'ACTIVE.TIMES', options);
  }

  /** LIST NEWSGROUPS, RFC 3977 §7.6.6: newsgroups and their descriptions. */
  listNewsgroups(options: ListOptions = {}): Rows<NewsgroupRow> {
    callChecks.listNewsgroups(options);
    return list(this.#session, 'NEWSGROUPS', options);
  }

  /** LIST COUNTS, RFC 6048 §2.2: as {@link listActive}, with the number of articles. */
  listCounts(options: ListOptions = {}): Rows<CountsRow> {
    callChecks.listCounts(options);
    return list(this.#session, 'COUNTS', options);
  }

  /** LIST SUBSCRIPTIONS, RFC 6048 §2.7: newsgroups recommended to newcomers. */
  listSubscriptions(options: ListOptions = {}): Rows<string> {
    callChecks.listSubscriptions(options);
    return list(this.#session, 'SUBSCRIPTIONS', options);
  }

  /** LIST DISTRIB.PATS, RFC 3977 §7.6.5: which Distribution header suits which newsgroup. */
  listDistribPats(options: CallOptions = {}): Rows<DistribPatRow> {
    callChecks.listDistribPats(options);
    return list(this.#session, 'DISTRIB.PATS', options);
  }

  /** LIST DISTRIBUTIONS, RFC 6048 §2.4. */
  listDistributions(options: CallOptions = {}): Rows<DistributionRow> {
    callChecks.listDistributions(options);
    return list(this.#session, 'DISTRIBUTIONS', options);
  }

  /** LIST MODERATORS, RFC 6048 §2.5: where articles for moderated newsgroups go. */
  listModerators(options: CallOptions = {}): Rows<ModeratorRow> {
    callChecks.listModerators(options);
    return list(this.#session, 'MODERATORS', options);
  }

  /** LIST MOTD, RFC 6048 §2.6: the lines of the message of the day. */
  listMotd(options: CallOptions = {}): Rows<string> {
    callChecks.listMotd(options);
    return list(this.#session, 'MOTD', options);
  }

  /** LIST HEADERS, RFC 3977 §8.6: the fields that {@link header} takes. */
  listHeaders(by?: 'MSGID' | 'RANGE', options: CallOptions = {}): Rows<string> {
    callChecks.listHeaders(by, options);
    return listHeaders(this.#session, by, options);
  }

  /** LIST OVERVIEW.FMT, RFC 3977 §8.4: the fields that {@link overview} gives. */
  async listOverviewFormat(options: CallOptions = {}): Promise<OverviewFormat> {
    callChecks.listOverviewFormat(options);
    return readOverviewFormat(this.#session, options);
  }

  /** NEWGROUPS, RFC 3977 §7.3: newsgroups made since then, by the server's clock; see {@link date}. */
  newGroups(since: Date, options: CallOptions = {}): Rows<ActiveRow> {
    callChecks.newGroups(since, options);
    return newGroups(this.#session, since, options);
  }

  /** NEWNEWS, RFC 3977 §7.4: message-ids of articles that came since then, by the server's clock; see {@link date}. */
  newNews(wildmat: string, since: Date, options: CallOptions = {}): Rows<string> {
    callChecks.newNews(wildmat, since, options);
    return newNews(this.#session, wildmat, since, options);
  }

  /** DATE, RFC 3977 §7.1: the server's clock. */
  async date(options: CallOptions = {}): Promise<Date> {
    callChecks.date(options);
    return date(this.#session, options);
  }

  /** HELP, RFC 3977 §7.2: a text for people. */
  async help(options: CallOptions = {}): Promise<string> {
    callChecks.help(options);
    return help(this.#session, options);
  }

  /**
   * POST, RFC 3977 §6.3.1. Dots are stuffed and line ends made CRLF here.
   * @throws CommandError when the server refuses (440, 441); LocalError when the source fails (the connection is then
   * closed: a half article must not end); TransferError ERR_OUTCOME_UNKNOWN when the connection broke before the answer
   */
  async post(article: Postable, options: PostOptions = {}): Promise<PostResult> {
    callChecks.post(article, options);
    return post(this.#session, article, options);
  }

  /**
   * Offers articles to a peer: CHECK and TAKETHIS in a stream where it can (RFC 4644), else IHAVE (RFC 3977 §6.3.2). Connect with
   * `reader: false`. Where the connection breaks, those under way come as `unknown`, and then the loop throws; the error's `given` says
   * how many items there were before. An id that is none is `rejected`. Where the loop is left, what was only asked about is not sent.
   */
  feed(
    articles: Iterable<Feedable> | AsyncIterable<Feedable>,
    options: FeedOptions = {},
  ): AsyncGenerator<Fed, void, undefined> {
    callChecks.feed(articles, options);
    return feed(this.#session, articles, options);
  }

  /** Whether what flows on this connection is compressed (RFC 8054). */
  get compressed(): boolean {
    return this.#session.compressed;
  }

  /**
   * Sends a command that has no method here. Verbs that carry credentials or change framing or state are refused.
   * @throws CommandError for 4yz and 5yz; UsageError for a refused verb
   */
  async command(
    verb: string,
    args: readonly string[] = [],
    options: CommandOptions = {},
  ): Promise<CommandResult> {
    callChecks.command(verb, args, options);
    return command(this.#session, verb, args, options);
  }

  /** QUIT, RFC 3977 §5.4. On a session that is over already it does nothing. */
  async quit(options: CallOptions = {}): Promise<void> {
    checkOptions(options, callRules);
    return this.#quit(options);
  }

  /** Ends the connection now. Pending calls reject with `ERR_CONNECTION_CLOSED`. */
  close(): void {
    this.#session.connection.close();
  }

  /** Says goodbye, and is done within `timeouts.close`. Never throws. */
  [Symbol.asyncDispose](): Promise<void> {
    return dispose(this.#session.connection, () => this.quit());
  }
}
