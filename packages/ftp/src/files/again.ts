/** `retry`: a transfer that failed for a passing reason is tried again, and goes on where it stopped. */
import { setTimeout as sleep } from 'node:timers/promises';
import { aborted, growingPause, isFivewireError, UsageError } from '@fivewire/line-protocol';
import { pathOf } from '../transfer/local.js';
import type { DownloadOptions, DownloadTarget, UploadOptions, UploadSource } from '../types.js';
import { checkText } from './download.js';
import { checkResumable } from './upload-resume.js';

/** Between two tries, in milliseconds. */
const pauses = { first: 250, longest: 30_000 };

/**
 * @param retry tries after the first
 * @param reconnects whether another try has a connection of its own, so that one that is closed is no end
 */
export async function again<T>(
  retry: number,
  signal: AbortSignal | undefined,
  reconnects: boolean,
  work: () => Promise<T>,
): Promise<T> {
  for (let tried = 0; ; tried += 1) {
    try {
      return await work();
    } catch (error) {
      if (tried >= retry || !passes(error, reconnects)) throw error;
      await sleep(growingPause(tried + 1, pauses), undefined, { signal }).catch(() => {});
      if (signal?.aborted) throw aborted(signal, {}, 'usable');
    }
  }
}

function passes(error: unknown, reconnects: boolean): boolean {
  if (!isFivewireError(error) || error.code === 'ERR_ABORTED') return false;
  if (error.connection === 'closed' && !reconnects) return false;
  return error.retry === 'later' || error.retry === 'reconnect';
}

/** The options of each try. @throws UsageError ERR_ARGUMENT for a target that has no part to go on from */
export function downloadAgain(target: DownloadTarget, options: DownloadOptions): DownloadOptions {
  const { retry = 0, ...each } = options;
  if (retry === 0) return each;
  if (typeof target !== 'string' && !(target instanceof URL)) throw noRetry('A stream');
  pathOf(target);
  if (options.type === 'ascii') checkText({ resume: true });
  return { ...each, resume: true };
}

/** @throws UsageError ERR_ARGUMENT for a source that can be read only once */
export function uploadAgain(source: UploadSource, options: UploadOptions): UploadOptions {
  const { retry = 0, ...each } = options;
  if (retry === 0) return each;
  try {
    checkResumable(source);
  } catch {
    throw noRetry('A source that is neither a file nor content');
  }
  if (options.type === 'ascii') checkText({ resume: true });
  return { ...each, resume: true };
}

const noRetry = (what: string): UsageError =>
  new UsageError('ERR_ARGUMENT', `${what} can't be gone on with.`, {
    protocol: 'ftp',
    argument: 'retry',
    hint: 'Transfer to or from a file.',
  });
