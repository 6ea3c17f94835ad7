/** One question to DNS, by whatever resolver: an end to waiting, and "there is none" told from "no server knows". */
import { ConnectionError, deadline } from 'tls-context-core';
import { abandonOnAbort, timedOut } from './deadline.js';

export interface LookupOptions {
  signal?: AbortSignal;
  /** In milliseconds. Default 10,000. */
  timeout?: number;
}

const defaultTimeout = 10_000;

/**
 * What `ask` gives, or nothing where DNS says that there is no such record (a `code` of ENODATA or ENOTFOUND).
 *
 * @param what the question, for errors: `SRV _imaps._tcp.example.org`.
 * @throws ConnectionError `ERR_DIAL_FAILED`, `retry: 'later'`, where DNS fails; TimeoutError; AbortError.
 */
export async function lookUp<T>(
  what: string,
  ask: () => Promise<T>,
  { signal, timeout = defaultTimeout }: LookupOptions = {},
): Promise<T | undefined> {
  const context = { phase: 'dial', command: what } as const;
  let timely!: () => void;
  const late = new Promise<never>((_, reject) => {
    timely = deadline(timeout, () => reject(timedOut({ ...context, timeout, hint })));
  });
  try {
    return await abandonOnAbort(Promise.race([answer(what, ask), late]), signal, context);
  } finally {
    timely();
  }
}

async function answer<T>(what: string, ask: () => Promise<T>): Promise<T | undefined> {
  try {
    return await ask();
  } catch (cause) {
    if (saysNone.has((cause as { code?: unknown } | undefined)?.code)) return undefined;
    throw new ConnectionError('ERR_DIAL_FAILED', `DNS gave no answer about ${what}`, {
      phase: 'dial',
      command: what,
      retry: 'later',
      hint,
      cause,
    });
  }
}

const saysNone = new Set<unknown>(['ENODATA', 'ENOTFOUND']);
const hint = 'Check the network and the resolver, then try again.';
