/**
 * RFC 959 §4.2.2 has one code for all that is wrong with a file. Where the server's text does not say what it is either, one look
 * at what is there does.
 */
import { type FivewireError, isFivewireError, type ServerReply } from '@fivewire/line-protocol';
import type { Entry } from '../listing/entry.js';
import { isAmbiguous, notFoundBy } from '../session/failures.js';
import type { Session } from '../session/session.js';
import type { CallOptions } from '../types.js';
import { stat } from './stat.js';

/**
 * @param error a refusal of a command about `path`
 * @param mayBe whether it is a refusal that a look can tell more about
 * @returns what is there; `undefined` where that was no question, or has no answer
 * @throws CommandError ERR_NOT_FOUND where nothing is there
 */
export async function judged(
  session: Session,
  path: string,
  error: unknown,
  { signal, timeout }: CallOptions,
  mayBe: (error: FivewireError) => boolean = isAmbiguous,
): Promise<Entry | undefined> {
  if (!isFivewireError(error) || error.connection !== 'usable' || !mayBe(error)) {
    return undefined;
  }
  let entry: Entry | undefined;
  try {
    entry = await stat(session, path, {
      ...(signal && { signal }),
      ...(timeout !== undefined && { timeout }),
    });
  } catch {
    return undefined;
  }
  if (entry !== undefined) return entry;
  const { reply } = error as { reply?: ServerReply };
  throw session.control.connection.locate(notFoundBy(reply as ServerReply, error.command ?? ''));
}

/** Settles as `work` does, its ambiguous refusal told apart. */
export async function judging<T>(
  session: Session,
  path: string,
  options: CallOptions,
  work: () => Promise<T>,
): Promise<T> {
  try {
    return await work();
  } catch (error) {
    await judged(session, path, error, options);
    throw error;
  }
}
