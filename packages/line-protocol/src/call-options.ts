/** What the methods of all clients take last, checked by table before anything else happens. */
import { isFlag, type Rule, type Rules } from 'tls-context-core';

/** The last argument of every method that talks. */
export interface CallOptions {
  /**
   * Gives the call up: it rejects with `ERR_ABORTED`. What is on its way already is read and dropped where that can be, so that the
   * connection stays usable; the error's `connection` says so.
   */
  signal?: AbortSignal;
  /**
   * The longest single wait for the server, in milliseconds; 0 or Infinity waits for ever. Default: `timeouts.reply`, inside
   * bodies `timeouts.stall`.
   */
  timeout?: number;
}

export const flag: Rule = [isFlag, 'true or false'];
export const callback: Rule = [(value) => typeof value === 'function', 'a function'];
export const object: Rule = [
  (value) => typeof value === 'object' && value !== null && !Array.isArray(value),
  'an object',
];
export const list: Rule = [Array.isArray, 'an array'];

const isCount = (value: unknown): boolean => Number.isSafeInteger(value) && (value as number) >= 0;
const isPositive = (value: unknown): boolean => isCount(value) && value !== 0;
const isDuration = (value: unknown): boolean => typeof value === 'number' && value >= 0;

export const count: Rule = [isCount, 'a whole number from 0'];
export const positive: Rule = [isPositive, 'a whole number from 1'];
export const milliseconds: Rule = [isDuration, 'a number of milliseconds from 0'];
export const abortSignal: Rule = [(value) => value instanceof AbortSignal, 'an AbortSignal'];

/** What `for await` takes, but for text: a list is meant. */
export const isIterable = (value: unknown): boolean =>
  typeof value === 'object' &&
  value !== null &&
  (Symbol.iterator in value || Symbol.asyncIterator in value);

/** For `checkOptions`; a method with more options adds theirs. */
export const callRules: Rules<CallOptions> = { signal: abortSignal, timeout: milliseconds };
