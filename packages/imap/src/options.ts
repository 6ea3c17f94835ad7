/** What the options of each method must be. */
import { isText, type Rule, type Rules, rules } from '@fivewire/line-protocol';
import type { CallOptions } from './command.js';
import type { AppendOptions } from './commands/append.js';
import type { ListOptions } from './commands/list.js';
import type { CreateOptions } from './commands/mailboxes.js';
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
  pattern: text,
  reference: text,
  subscribed: flag,
  status: list,
};

export const openRules: Rules<OpenOptions> = { ...callRules, readOnly: flag, wait: flag };

export const createRules: Rules<CreateOptions> = { ...callRules, specialUse: text };

export const appendRules: Rules<AppendOptions> = { ...callRules, flags: list, date, size: count };

export const watchRules: Rules<WatchOptions> = {
  ...callRules,
  from: positive,
  refresh: positive,
  interval: positive,
};
