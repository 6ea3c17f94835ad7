/**
 * `secure()`: the only place of the suite where TLS starts. Implicit TLS is STARTTLS at octet zero: one code path.
 */

import type { Duplex } from 'node:stream';
import { shakeHands } from './handshake.js';
import { explainTlsError } from './handshake-error.js';
import { planHandshake } from './handshake-plan.js';
import type { SecureOptions, SecureStream } from './types.js';

/**
 * Shakes hands over `stream` and resolves with the verified stream. Whatever fails, `stream` is destroyed, but for a
 * mistake in the arguments, which is thrown before `stream` is touched.
 *
 * @param stream a connected socket or any Duplex, over which nothing is on its way.
 * @throws TlsError where the peer fails the proof or the handshake fails; StartTlsError `ERR_STARTTLS_INJECTION` where
 * cleartext follows the go-ahead of STARTTLS; ConnectionError `ERR_CONNECTION_CLOSED`; TimeoutError, phase `tls`;
 * AbortError; UsageError `ERR_ARGUMENT`.
 */
export async function secure(stream: Duplex, options: SecureOptions): Promise<SecureStream> {
  const plan = planHandshake(stream, options);
  const secured = await shakeHands(stream, plan);
  // An alert can come in the same segment as the end of the handshake, and 'close' before anyone could listen for it.
  if (secured.destroyed) throw explainTlsError(secured.errored ?? closedBeneath, plan.scene);
  return secured;
}

const closedBeneath = { code: 'ERR_STREAM_DESTROYED' };
