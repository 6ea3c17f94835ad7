/** Waiting for what a test expects: looked for at once, then after each change, up to a deadline. */

export interface WaitOptions {
  /** Milliseconds to wait at most. Default 5,000. */
  timeout?: number;
  /** Ends the wait with the signal's reason. */
  signal?: AbortSignal;
}

/** What was waited for did not come. The message says what came in its place. */
export class WaitTimeoutError extends Error {
  readonly code = 'ERR_TIMEOUT';
  override readonly name = 'WaitTimeoutError';
  /** Milliseconds that were waited. */
  readonly timeout: number;

  constructor(message: string, timeout: number) {
    super(message);
    this.timeout = timeout;
  }
}

const defaultTimeout = 5_000;

export interface Waiting<T> {
  /** What is there now, or `undefined`. */
  look(): T | undefined | Promise<T | undefined>;
  watch(listener: () => void): () => void;
  /** For the error: what was expected, and what there is. */
  expected: string;
  present(): string | Promise<string>;
}

/** @throws WaitTimeoutError, or the signal's reason */
export async function waitUntil<T>(
  { look, watch, expected, present }: Waiting<T>,
  { timeout = defaultTimeout, signal }: WaitOptions = {},
): Promise<T> {
  if (!Number.isFinite(timeout) || timeout < 0)
    throw new TypeError('timeout is a number of milliseconds, 0 or more');
  let changed = true;
  let wake: () => void = () => {};
  let timedOut = false;
  const stir = () => {
    changed = true;
    wake();
  };
  const unwatch = watch(stir);
  const timer = setTimeout(() => {
    timedOut = true;
    wake();
  }, timeout);
  signal?.addEventListener('abort', stir);
  try {
    for (;;) {
      signal?.throwIfAborted();
      if (changed) {
        changed = false;
        const found = await look();
        if (found !== undefined) return found;
      } else if (timedOut) {
        const other = await present();
        throw new WaitTimeoutError(`No ${expected} within ${timeout} ms. ${other}`, timeout);
      } else {
        await new Promise<void>((resolve) => {
          wake = resolve;
          if (changed || timedOut || signal?.aborted) resolve();
        });
      }
    }
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener('abort', stir);
    unwatch();
  }
}

/** A misspelt criterion would match everything. @throws TypeError */
export function checkNames(given: object, known: readonly string[], what: string): void {
  for (const name of Object.keys(given))
    if (!known.includes(name))
      throw new TypeError(`${what} has no ${name}; it has ${known.join(', ')}`);
}

/** A text is contained, a pattern matches. */
export type Wanted = string | RegExp;

export function fits(wanted: Wanted | undefined, text: string): boolean {
  if (wanted === undefined) return true;
  return typeof wanted === 'string' ? text.includes(wanted) : matches(wanted, text);
}

/** An address is meant whole, in any case. */
export function fitsAddress(wanted: Wanted, address: string): boolean {
  return typeof wanted === 'string'
    ? wanted.toLowerCase() === address.toLowerCase()
    : matches(wanted, address);
}

/** A pattern with `g` or `y` remembers where it was; here each text is a new one. */
function matches(pattern: RegExp, text: string): boolean {
  pattern.lastIndex = 0;
  return pattern.test(text);
}

export const show = (criteria: object): string =>
  Object.entries(criteria)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `${name} ${typeof value === 'string' ? `"${value}"` : String(value)}`)
    .join(', ');
