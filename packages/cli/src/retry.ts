/** `--retry`: once more when the trouble may pass, and when that cannot do anything twice. */
import { growingPause } from '@fivewire/line-protocol';
import { isFivewireError } from 'tls-context-core';
import { realClock } from './clock.js';
import type { Context } from './context.js';
import { exitCodeOf, exitCodes } from './exit-code.js';
import { line } from './output.js';

const pauses = { first: 1_000, longest: 60_000 };

/**
 * Runs `attempt`, and again after 1, 2, 4, … seconds as often as `--retry` says.
 *
 * @param attempt is told whether an earlier one may have done what it does: `Context.repeats`
 * @param resumable what an attempt has given to stdout stays right when the next one goes on behind it. Otherwise there
 * is no further attempt once data has gone out.
 */
export async function withRetry<T>(
  { settings, out, signal, repeats }: Context,
  attempt: (repeats: boolean) => Promise<T>,
  {
    resumable = false,
    mayRepeat = () => true,
  }: { resumable?: boolean; mayRepeat?: () => boolean } = {},
): Promise<T> {
  let mayBeDone = repeats;
  for (let tries = 0; ; tries++) {
    const given = out.given;
    try {
      return await attempt(mayBeDone);
    } catch (error) {
      const repeatable = (resumable || out.given === given) && mayRepeat();
      if (tries >= settings.retries || signal.aborted || !repeatable || !mayPass(error))
        throw error;
      mayBeDone ||= isFivewireError(error) && error.phase === 'command';
      const pause = growingPause(tries + 1, pauses);
      out.say(
        `${line((error as Error).message)}; again in ${pause / 1_000} s (${tries + 1} of ${settings.retries})`,
      );
      await realClock.sleep(pause, signal).catch(() => {
        throw error;
      });
    }
  }
}

/** A refused connection is worth another try, though it is 69 in the end and not 75. */
function mayPass(error: unknown): boolean {
  if (exitCodeOf(error) === exitCodes.temporary) return true;
  return isFivewireError(error) && error.code === 'ERR_DIAL_FAILED' && error.retry === 'later';
}
