/** What waits in a spool goes out, one after the other. */
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { isFivewireError } from 'tls-context-core';
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
  const closed = new Set<string>();
  let worst: ExitCode = exitCodes.ok;
  const count = (exit: ExitCode): void => {
    worst = Math.max(worst, exit) as ExitCode;
  };
  try {
    for (const entry of await spool.list()) {
      signal.throwIfAborted();
      if (entry.state !== 'waiting') {
        out.warn(`${entry.id} is parked: ${line(whyParked(entry))}`);
        count(exitCodes.partly);
        continue;
      }
      const account = JSON.stringify([entry.url, entry.config, entry.profile]);
      if (closed.has(account)) {
        out.warn(`${entry.id} waits: it has the same account`);
        continue;
      }
      const { exit, isOfAccount, became, problem } = await sendSpooled(spool, entry, url, context);
      if (became !== 'sent') out.warn(`${entry.id} ${words[became]}: ${line(problem)}`);
      // Another try with a password that is wrong would have the account locked.
      if (isOfAccount) closed.add(account);
      count(exit);
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

const words = { waiting: 'waits', refused: 'is parked', sending: 'is parked' } as const;

export interface Attempt {
  exit: ExitCode;
  became: Spooled['state'] | 'sent';
  problem: string;
  /** It failed before the message was spoken of: its other messages would fail as well. */
  isOfAccount: boolean;
}

/**
 * A message that may never be taken is parked, and stays. What is wrong with an account (its password, its server's certificate,
 * the configuration) is nothing against the message, which waits.
 *
 * @param url takes the place of the one that was noted
 */
export async function sendSpooled(
  spool: Spool,
  entry: Spooled,
  url: string | undefined,
  context: Context,
): Promise<Attempt> {
  const { out, signal } = context;
  const file = spool.message(entry.id);
  const { size } = await stat(file);
  let isOfAccount = true;
  let isBegun = false;
  async function* octets(): AsyncGenerator<Uint8Array> {
    isBegun = true;
    await spool.note({ ...entry, state: 'sending' });
    yield* createReadStream(file) as AsyncIterable<Uint8Array>;
  }
  const { from, to, dsn } = entry;
  const outgoing = {
    envelope: { from, to, size, unqualified: true, ...(dsn === undefined ? {} : { dsn }) },
    /** Asked for by a session that has logged in. */
    async body() {
      isOfAccount = false;
      return Readable.from(octets(), { objectMode: false });
    },
    close: async () => {},
  };
  try {
    const own = await ofEntry(entry, context);
    await submit(url ?? entry.url, outgoing, { allOrNone: true }, own);
  } catch (error) {
    if (signal.aborted) {
      if (!isBegun) throw error;
      out.warn(`${entry.id} is parked: it was being sent`);
      throw error;
    }
    const exit = exitCodeOf(error);
    const problem = (error as Error).message;
    // ERR_OUTCOME_UNKNOWN: it stays noted as being sent.
    if (exit === exitCodes.protocol && isBegun)
      return { exit, became: 'sending', problem, isOfAccount: false };
    isOfAccount ||= isLoginMissing(error);
    const became = isOfAccount || passing.has(exit) ? 'waiting' : 'refused';
    await spool.note({ ...entry, state: became, problem });
    return { exit, became, problem, isOfAccount };
  }
  await spool.remove(entry.id);
  return { exit: exitCodes.ok, became: 'sent', problem: '', isOfAccount: false };
}

/** 530: the server wants a login before it looks at any message (RFC 4954 §6). */
const isLoginMissing = (error: unknown): boolean =>
  isFivewireError(error) && (error as { reply?: { code: unknown } }).reply?.code === 530;

/** By the profile that was noted, where this run names none. @throws Failure 78 */
async function ofEntry({ profile: name, config }: Spooled, context: Context): Promise<Context> {
  if (context.profile !== undefined || name === undefined) return context;
  const { loadProfile } = await import('../profile.js');
  return { ...context, profile: await loadProfile(name, config) };
}
