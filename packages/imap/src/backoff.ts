/** A server asks to be left alone for a while: "Suggested Backoff Time: 16000 milliseconds" (Microsoft 365). */
import { aborted, deadline } from '@fivewire/line-protocol';

/** Waits, until the connection ends or the caller wants no more. @throws AbortError */
export async function waitAsAsked(
  milliseconds: number,
  closed: Promise<unknown>,
  signal: AbortSignal | undefined,
  command: string,
): Promise<void> {
  let over = (): void => {};
  const waited = new Promise<void>((resolve) => {
    over = resolve;
  });
  const cancel = deadline(milliseconds, over);
  signal?.addEventListener('abort', over, { once: true });
  if (signal?.aborted) over();
  try {
    await Promise.race([waited, closed]);
  } finally {
    cancel();
    signal?.removeEventListener('abort', over);
  }
  if (signal?.aborted) throw aborted(signal, { command }, 'usable');
}
