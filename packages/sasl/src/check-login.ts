/** What a client's connect() is told about logging in, checked before anything is dialled. */
import { checkOptions, type Rule, type Rules, UsageError } from 'tls-context-core';
import { checkAuth } from './credentials.js';
import { mechanisms as known } from './mechanisms/table.js';
import type { Auth, IterationWindow } from './types.js';

export interface LoginOptions {
  auth?: Auth;
  mechanisms?: readonly string[];
  iterations?: IterationWindow;
}

const count: Rule = [
  (value) => Number.isSafeInteger(value) && (value as number) >= 1,
  'a whole number from 1',
];
const windowRules: Rules<IterationWindow> = { min: count, max: count };

/**
 * @param own ways to log in that are no SASL mechanisms, in upper case, such as `USER`
 * @throws UsageError ERR_ARGUMENT
 */
export function checkLogin(
  { auth, mechanisms, iterations }: LoginOptions,
  own: readonly string[] = [],
): void {
  if (auth !== undefined) checkAuth(auth);
  if (iterations !== undefined) checkOptions(iterations, windowRules);
  if (mechanisms === undefined) return;
  const names = [...own, ...known.map(({ name }) => name)];
  const isKnown = (name: unknown): boolean =>
    typeof name === 'string' && names.includes(name.toUpperCase());
  if (Array.isArray(mechanisms) && mechanisms.every(isKnown)) return;
  throw new UsageError('ERR_ARGUMENT', 'mechanisms must be a list of names that are known here', {
    argument: 'mechanisms',
    hint: `Known: ${names.join(', ')}.`,
  });
}
