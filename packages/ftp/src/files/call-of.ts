/** What a call passes on to the calls that it makes. */
import type { CallOptions } from '../types.js';

export const callOf = ({ signal, timeout }: CallOptions): CallOptions => ({
  ...(signal && { signal }),
  ...(timeout !== undefined && { timeout }),
});
