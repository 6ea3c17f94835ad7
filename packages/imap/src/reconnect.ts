/** When a lost connection is worth another one, and when. */
import { setTimeout as sleep } from 'node:timers/promises';
import { growingPause } from '@fivewire/line-protocol';
import { type CommandError, isFivewireError } from 'tls-context-core';

const pauses = { first: 1_000, longest: 60_000 };

/** Whether the same may work over a new connection: the link is gone, and nothing says that it never will. */
export const survivable = (error: unknown): boolean =>
  isFivewireError(error) &&
  ['ERR_CONNECTION_CLOSED', 'ERR_SERVER_CLOSING', 'ERR_TIMEOUT', 'ERR_DIAL_FAILED'].includes(
    error.code,
  );

/** How long a server that has no time now wants to be left alone, in milliseconds; `undefined` for another failure. */
export function pauseOf(error: unknown): number | undefined {
  if (!isFivewireError(error) || error.connection !== 'usable') return undefined;
  const { transient, retryAfter = pauses.first } = error as CommandError;
  return transient ? retryAfter : undefined;
}

/**
 * At once, then after 1, 2, 4, … and at most 60 seconds, each up to a quarter longer so that clients do not come all at once.
 * @param atLeast milliseconds
 */
export async function pauseBefore(
  attempt: number,
  signal: AbortSignal | undefined,
  atLeast = 0,
): Promise<void> {
  const growing = attempt === 0 ? 0 : growingPause(attempt, pauses) * (1 + Math.random() / 4);
  const pause = Math.max(growing, atLeast);
  if (pause > 0)
    await sleep(pause, undefined, signal === undefined ? {} : { signal }).catch(() => {});
}
