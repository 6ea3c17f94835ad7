/** What promises do, for tests that expect little of it. */
import { type FivewireError, isFivewireError } from 'tls-context-core';

/** The error of what must fail. */
export async function rejection(promise: Promise<unknown>): Promise<FivewireError> {
  const error: unknown = await promise.then(
    () => new Error('accepted'),
    (reason: unknown) => reason,
  );
  if (!isFivewireError(error)) throw error;
  return error;
}

/** What a promise gives; it fails when that takes longer. */
export async function within<T>(milliseconds: number, promise: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`not within ${milliseconds} ms`)), milliseconds);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}
