/** What can be said of a call without a server, for the methods that a pool has too: it says it before it dials. */
import { checkOptions, rules } from '@fivewire/line-protocol';
import { commandRules, rawLine } from './command.js';
import type { Pop3Client } from './pop3-client.js';
import type { CallOptions } from './types.js';

type Pooled = 'stat' | 'list' | 'uidl' | 'languages' | 'noop' | 'command';
type Checks = { readonly [K in Pooled]: (...args: Parameters<Pop3Client[K]>) => void };

const plain = (options: CallOptions = {}): void => checkOptions(options, rules.callRules);

/** Each throws UsageError ERR_ARGUMENT. */
export const callChecks: Checks = {
  stat: plain,
  list: plain,
  uidl: plain,
  languages: plain,
  noop: plain,
  command(verb, args = [], options = {}) {
    checkOptions(options, commandRules);
    rawLine(verb, args);
  },
};
