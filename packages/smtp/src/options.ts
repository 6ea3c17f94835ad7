/** What the options of each method must be. */
import { oneOf, type Rules, rules } from '@fivewire/line-protocol';
import type { CallOptions, SendManyOptions, SendOptions } from './types.js';

export const callRules: Rules<CallOptions> = rules.callRules;

export const sendRules: Rules<SendOptions> = {
  ...callRules,
  onRefused: oneOf('send-rest', 'abort'),
};

export const sendManyRules: Rules<SendManyOptions> = { ...callRules, window: rules.positive };
