/** What the methods take last, as tables: an unknown or wrong option is refused before an octet leaves. */
import { type Rules, rules } from '@fivewire/line-protocol';
import type { ArchiveOptions } from './archive.js';
import type { CommandOptions } from './command.js';
import type { FeedOptions } from './feed.js';
import type { ListGroupOptions } from './group.js';
import type { ListOptions } from './list.js';
import type { OverviewOptions } from './overview.js';
import type { PostOptions } from './post.js';
import type { ArticlesOptions } from './read-article.js';
import type { CallOptions } from './types.js';

export const callRules: Rules<CallOptions> = rules.callRules;

export const windowRules: Rules<OverviewOptions & ArticlesOptions> = {
  ...callRules,
  window: rules.positive,
};

export const listGroupRules: Rules<ListGroupOptions> = {
  ...callRules,
  from: rules.count,
  to: rules.count,
};

export const listRules: Rules<ListOptions> = {
  ...callRules,
  wildmat: [() => true, 'a wildmat'], // judged by its grammar
};

export const archiveRules: Rules<ArchiveOptions> = {
  ...callRules,
  window: rules.positive,
  limit: rules.positive,
};

export const feedRules: Rules<FeedOptions> = {
  ...callRules,
  window: rules.positive,
  check: rules.flag,
};

export const postRules: Rules<PostOptions> = { ...callRules, again: rules.flag };

export const commandRules: Rules<CommandOptions> = { ...callRules, multiline: rules.flag };
