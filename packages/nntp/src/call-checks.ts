/**
 * What can be said of a call without a server, one table for the client and for its pool, which says it before it dials. What only a session knows is
 * none of it.
 */
import { checkOptions, type Ways } from '@fivewire/line-protocol';
import { checkState } from './archive.js';
import { type ArticleId, articleArgument, rangeArgument, wrong } from './arguments.js';
import { rawLine } from './command.js';
import { groupLine, listGroupLine } from './group.js';
import { headerLines, xpatLine } from './header.js';
import { headersBy, type ListOptions, type ListRows, listLine } from './list.js';
import { newGroupsLine, newNewsLine } from './news.js';
import type { NntpClient } from './nntp-client.js';
import {
  archiveRules,
  callRules,
  commandRules,
  feedRules,
  listGroupRules,
  listRules,
  postRules,
  windowRules,
} from './options.js';
import { toOctets } from './post.js';
import type { CallOptions } from './types.js';

type Checks = {
  readonly [K in keyof Ways<NntpClient>]: (...args: Parameters<NntpClient[K]>) => void;
};

const plain = (options: CallOptions = {}): void => checkOptions(options, callRules);

const onArticle = (id?: ArticleId, options: CallOptions = {}): void => {
  checkOptions(options, callRules);
  articleArgument(id);
};

const listing =
  (keyword: keyof ListRows) =>
  (options: ListOptions = {}): void => {
    checkOptions(options, listRules);
    listLine(keyword, options);
  };

/** Items to come: what is wrong with one is told by that one. */
function iterable(value: unknown, argument: string): void {
  const isText = typeof value === 'string';
  const isOne =
    typeof value === 'object' &&
    value !== null &&
    (Symbol.iterator in value || Symbol.asyncIterator in value);
  if (isText || !isOne) throw wrong(argument, `${argument} must be an iterable, such as an array`);
}

/** Each throws UsageError ERR_ARGUMENT, or ERR_STATE for a stream that was read before. */
export const callChecks: Checks = {
  group(name, options = {}) {
    checkOptions(options, callRules);
    groupLine(name);
  },
  listGroup(name, options = {}) {
    checkOptions(options, listGroupRules);
    listGroupLine(name, options);
  },
  overview(range, options = {}) {
    checkOptions(options, windowRules);
    rangeArgument(range);
  },
  header(field, range, options = {}) {
    checkOptions(options, callRules);
    headerLines(field, range);
  },
  xpat(field, range, patterns, options = {}) {
    checkOptions(options, callRules);
    xpatLine(field, range, patterns);
  },
  article: onArticle,
  head: onArticle,
  body: onArticle,
  stat: onArticle,
  articles(ids, options = {}) {
    checkOptions(options, windowRules);
    iterable(ids, 'ids');
  },
  archive(name, state, options = {}) {
    checkOptions(options, archiveRules);
    checkState(name, state);
  },
  next: plain,
  last: plain,
  listActive: listing('ACTIVE'),
  listActiveTimes: listing('ACTIVE.TIMES'),
  listNewsgroups: listing('NEWSGROUPS'),
  listCounts: listing('COUNTS'),
  listSubscriptions: listing('SUBSCRIPTIONS'),
  listDistribPats: plain,
  listDistributions: plain,
  listModerators: plain,
  listMotd: plain,
  listHeaders(by, options = {}) {
    checkOptions(options, callRules);
    headersBy(by);
  },
  listOverviewFormat: plain,
  newGroups(since, options = {}) {
    checkOptions(options, callRules);
    newGroupsLine(since);
  },
  newNews(wildmat, since, options = {}) {
    checkOptions(options, callRules);
    newNewsLine(wildmat, since);
  },
  date: plain,
  help: plain,
  post(article, options = {}) {
    checkOptions(options, postRules);
    toOctets(article);
  },
  feed(articles, options = {}) {
    checkOptions(options, feedRules);
    iterable(articles, 'articles');
  },
  command(verb, args = [], options = {}) {
    checkOptions(options, commandRules);
    rawLine(verb, args);
  },
};
