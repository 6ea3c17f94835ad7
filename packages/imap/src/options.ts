/** What the options of each method must be. */
import { isText, type Rule, type Rules, rules } from '@fivewire/line-protocol';
import type { CallOptions } from './command.js';
import type { AppendOptions } from './commands/append.js';
import type { FetchOptions } from './commands/fetch.js';
import type { ListOptions } from './commands/list.js';
import type { CreateOptions } from './commands/mailboxes.js';
import type { MetadataOptions } from './commands/metadata.js';
import type { SearchOptions } from './commands/search.js';
import type { StoreOptions } from './commands/store.js';
import type { FollowOptions } from './follow.js';
import type { MailboxName } from './grammar/mailbox-name.js';
import type { OpenOptions } from './mailbox-lease.js';
import type { WatchOptions } from './watch.js';

const { count, flag, list, positive } = rules;
const text: Rule = [isText, 'a string'];
const date: Rule = [
  (value) => value instanceof Date && !Number.isNaN(value.getTime()),
  'a valid Date',
];

export const callRules: Rules<CallOptions> = rules.callRules;

export const listRules: Rules<ListOptions & CallOptions> = {
  ...callRules,
  pattern: [
    (value) => isText(value) || (Array.isArray(value) && value.every(isText)),
    'a string, or a list of strings',
  ],
  reference: text,
  subscribed: flag,
  specialUse: flag,
  remote: flag,
  recursiveMatch: flag,
  children: flag,
  myRights: flag,
  status: list,
};

export const metadataRules: Rules<MetadataOptions> = {
  ...callRules,
  depth: [(value) => value === 0 || value === 1 || value === 'infinity', "0, 1 or 'infinity'"],
  maxSize: count,
};

export const findRules: Rules<{ specialUse: string } & CallOptions> = {
  ...callRules,
  specialUse: text,
};

export const openRules: Rules<OpenOptions> = {
  ...callRules,
  readOnly: flag,
  wait: flag,
  resync: [
    (value) => typeof value === 'object' && value !== null && !Array.isArray(value),
    'an object with uidValidity and modSeq',
  ],
};

export const createRules: Rules<CreateOptions> = { ...callRules, specialUse: text };

export const appendRules: Rules<AppendOptions> = { ...callRules, flags: list, date, size: count };

export const replaceRules: Rules<AppendOptions & { mailbox?: MailboxName }> = {
  ...appendRules,
  // The name itself is checked where it is encoded.
  mailbox: [(value) => value !== null, 'the name of a mailbox'],
};

export const catenateRules: Rules<Omit<AppendOptions, 'size'>> = {
  ...callRules,
  flags: list,
  date,
};

const pair: Rule = [
  (value) => Array.isArray(value) && value.length === 2,
  'two places such as [1, 100]',
];

export const searchRules: Rules<SearchOptions> = { ...callRules, partial: pair, save: flag };

export const followRules: Rules<FollowOptions> = { ...callRules, interval: positive };

export const fetchRules: Rules<FetchOptions> = {
  ...callRules,
  changedSince: text,
  partial: pair,
};

export const storeRules: Rules<StoreOptions> = { ...callRules, unchangedSince: text };

export const watchRules: Rules<WatchOptions> = {
  ...callRules,
  from: positive,
  refresh: positive,
  interval: positive,
  reconnect: flag,
};
