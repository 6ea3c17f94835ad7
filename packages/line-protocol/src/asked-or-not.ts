/** A server that closes the connection where it is asked what it can: as old as one that refuses the question, and no worse. */
import { type FivewireError, isFivewireError } from 'tls-context-core';
import type { Transport } from './transport.js';

/**
 * Opens a session; where the server has closed at `question`, dials once more and opens one that does not ask. What the question would have
 * told is then unknown, as it is where the server refuses it: TLS that is demanded stays demanded.
 */
export async function askedOrNot<T>(
  transport: Transport,
  question: string,
  open: (transport: Transport) => Promise<T>,
): Promise<T> {
  try {
    return await open(transport);
  } catch (error) {
    const { stream, signal } = transport.options;
    // A stream of the caller's can be used once.
    if (stream !== undefined || signal?.aborted || !hasClosedAt(question, error)) throw error;
    return open({ ...transport, disable: new Set([...transport.disable, question]) });
  }
}

const hasClosedAt = (question: string, error: unknown): error is FivewireError =>
  isFivewireError(error) && error.code === 'ERR_CONNECTION_CLOSED' && error.command === question;
