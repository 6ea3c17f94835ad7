/** Values that a caller gives, judged one by one. */
import { isErrored, isReadable, Readable } from 'node:stream';
import { badOption, type UsageError, unknownOption } from 'tls-context-core';
import type { Content } from './types.js';

export const wrong = (argument: string, what: string, hint = ''): UsageError =>
  badOption(argument, what, hint);

/** What other libraries call it, or what has its place elsewhere: unknown key → what to do. */
export type Hints = Readonly<Record<string, string>>;

export function checkKeys(
  value: unknown,
  keys: readonly string[],
  argument: string,
  hints: Hints = {},
): void {
  if (typeof value !== 'object' || value === null) throw wrong(argument, 'must be an object');
  // A Map or a Headers holds what it holds elsewhere than in its keys: it would be left out without a word.
  if (Symbol.iterator in value)
    throw wrong(
      argument,
      'must be a plain object',
      Array.isArray(value) ? 'Such as { key: value }.' : 'Make one by Object.fromEntries().',
    );
  const unknown = Object.keys(value).find((key) => !keys.includes(key));
  if (unknown === undefined) return;
  const hint = Object.hasOwn(hints, unknown) ? hints[unknown] : undefined;
  const known = [...keys].sort();
  throw unknownOption(
    `${argument}.${unknown}`,
    known,
    undefined,
    hint ?? `Known: ${known.join(', ')}.`,
  );
}

/**
 * Refuses what is no string, and what may not stand in a header field: RFC 5322 §2.2. A CR or LF would begin another
 * field; other control characters have no meaning there, and readers disagree about them.
 */
export function checkLine(value: unknown, argument: string): void {
  if (typeof value !== 'string') throw wrong(argument, `must be a string, not ${typeOf(value)}`);
  if (/[\r\n\0]/.test(value)) throw wrong(argument, 'holds CR, LF or NUL');
  if (/[\x01-\x08\x0b-\x1f\x7f-\x9f]/.test(value))
    throw wrong(argument, 'holds a control character');
  if (/\p{Surrogate}/u.test(value)) throw wrong(argument, 'holds half a surrogate pair');
}

export function checkFlag(value: unknown, argument: string): void {
  if (value !== undefined && typeof value !== 'boolean')
    throw wrong(argument, 'must be true or false');
}

export function checkOneOf(value: unknown, allowed: readonly string[], argument: string): void {
  if (value !== undefined && !allowed.includes(value as string))
    throw wrong(argument, `is none of ${allowed.map((one) => `'${one}'`).join(', ')}`);
}

export function checkContent(value: unknown, argument: string): asserts value is Content {
  if (typeof value === 'string') {
    if (/\p{Surrogate}/u.test(value)) throw wrong(argument, 'holds half a surrogate pair');
    return;
  }
  if (value instanceof Uint8Array) return;
  if (value instanceof Readable) {
    // It would go out as an empty part, without a word. One that ended without an octet is an empty one.
    if (Readable.isDisturbed(value) && !isReadable(value) && !isErrored(value))
      throw wrong(argument, 'has been read to its end already', 'Open the stream anew each time.');
    return;
  }
  const isStream = typeof value === 'object' && value !== null && Symbol.asyncIterator in value;
  throw wrong(
    argument,
    'is neither text, octets nor a Readable',
    isStream
      ? 'Give it as Readable.from(…).'
      : 'Open a file with createReadStream(): paths and URLs are not followed.',
  );
}

export function checkList(value: unknown, argument: string): asserts value is readonly unknown[] {
  if (!Array.isArray(value)) throw wrong(argument, `must be a list, not ${typeOf(value)}`);
}

export const typeOf = (value: unknown): string => (value === null ? 'null' : typeof value);
