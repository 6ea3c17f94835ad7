/** Arguments that a caller gives, judged one by one. */
import { escapeText, unknownOption, badOption as wrong } from '@fivewire/line-protocol';

export function checkKeys(value: object, keys: readonly string[], argument: string): void {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw wrong(argument, 'must be an object');
  for (const key of Object.keys(value))
    if (!keys.includes(key)) throw unknownOption(`${argument}.${key}`, keys);
}

export function checkFlag(value: unknown, argument: string): void {
  if (value !== undefined && typeof value !== 'boolean')
    throw wrong(argument, 'must be true or false');
}

export function checkOneOf(
  value: string | undefined,
  allowed: readonly string[],
  argument: string,
): void {
  if (value !== undefined && !allowed.includes(value))
    throw wrong(
      argument,
      `is ${escapeText(String(value), 40)}`,
      `Use one of ${allowed.join(', ')}.`,
    );
}

export { badOption as wrong } from '@fivewire/line-protocol';
