/** `[Symbol.asyncDispose]()` of every client: a polite goodbye, but not for long. */
import { deadline } from 'tls-context-core';
import type { LineConnection } from './line-connection.js';

/** Runs `goodbye`; where it fails, or `timeouts.close` has gone by, closes the connection. Never throws. */
export async function dispose(
  connection: LineConnection,
  goodbye: () => Promise<unknown>,
): Promise<void> {
  if (!connection.isOpen) return;
  const timely = deadline(connection.timeouts.close, () => connection.close());
  try {
    await goodbye();
  } catch {
    connection.close();
  } finally {
    timely();
  }
}
