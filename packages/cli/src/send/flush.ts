/** What waits in a spool goes out, one after the other. */
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { Readable } from 'node:stream';
import type { Context } from '../context.js';
import { type ExitCode, exitCodeOf, exitCodes } from '../exit-code.js';
import { line } from '../output.js';
import type { Spool, Spooled } from './spool.js';
import { submit } from './submit.js';

/** Troubles that may pass: the message waits. */
export const passing: ReadonlySet<ExitCode> = new Set([
  exitCodes.temporary,
  exitCodes.hostUnknown,
  exitCodes.unavailable,
]);

/** @returns the gravest exit code */
export async function flush(
  spool: Spool,
  url: string | undefined,
  context: Context,
): Promise<number | undefined> {
  const { out, signal } = context;
  const unlock = await spool.lock();
  let worst: ExitCode = exitCodes.ok;
  try {
    for (const entry of await spool.list()) {
      signal.throwIfAborted();
      if (entry.state !== 'waiting') {
        out.warn(`${entry.id} is parked: ${line(whyParked(entry))}`);
        worst = Math.max(worst, exitCodes.partly) as ExitCode;
        continue;
      }
      const exit = await sendSpooled(spool, entry, url, context);
      worst = Math.max(worst, exit) as ExitCode;
    }
  } finally {
    await unlock();
  }
  return worst === exitCodes.ok ? undefined : worst;
}

export const whyParked = ({ state, problem = '' }: Spooled): string =>
  state === 'sending'
    ? 'a run was ended while it was sent, and nobody knows whether it was taken'
    : problem;

/**
 * A message that may never be taken is parked, and stays.
 *
 * @param url takes the place of the one that was noted
 */
export async function sendSpooled(
  spool: Spool,
  entry: Spooled,
  url: string | undefined,
  context: Context,
): Promise<ExitCode> {
  const { out, signal } = context;
  const file = spool.message(entry.id);
  const { size } = await stat(file);
  let isBegun = false;
  async function* octets(): AsyncGenerator<Uint8Array> {
    isBegun = true;
    await spool.note({ ...entry, state: 'sending' });
    yield* createReadStream(file) as AsyncIterable<Uint8Array>;
  }
  const outgoing = {
    envelope: { from: entry.from, to: [...entry.to], size, unqualified: true },
    body: async () => Readable.from(octets(), { objectMode: false }),
    close: async () => {},
  };
  try {
    await submit(url ?? entry.url, outgoing, { allOrNone: true }, context);
  } catch (error) {
    if (signal.aborted) {
      if (!isBegun) throw error;
      out.warn(`${entry.id} is parked: it was being sent`);
      throw error;
    }
    const exit = exitCodeOf(error);
    const problem = (error as Error).message;
    if (exit === exitCodes.protocol && isBegun) {
      // ERR_OUTCOME_UNKNOWN: it stays noted as being sent.
      out.warn(`${entry.id} is parked: ${line(problem)}`);
      return exit;
    }
    await spool.note({ ...entry, state: passing.has(exit) ? 'waiting' : 'refused', problem });
    out.warn(`${entry.id} ${passing.has(exit) ? 'waits' : 'is parked'}: ${line(problem)}`);
    return exit;
  }
  await spool.remove(entry.id);
  return exitCodes.ok;
}
