/** What helps where servers do not have TLS between them: the usual hints speak of this side's own data connections. */
import { isFivewireError, type ServerReply } from '@fivewire/line-protocol';
import { saysResume } from '../session/failures.js';
import type { CopyOptions } from './copy-between.js';

/** Sets the error's hint where it is about how the servers protect what goes between them. */
export function advise(error: unknown, protection: CopyOptions['protection']): void {
  if (protection === undefined || !isFivewireError(error)) return;
  const hint = protection === 'unsafe-clear' ? ofClear(error) : ofTls(error);
  if (hint !== undefined) Object.assign(error, { hint });
}

const ofClear = ({ command }: { command?: string | undefined }): string | undefined =>
  command === 'PROT C'
    ? "The server refuses data in clear: say `protection: 'unsafe-unverified'` where the servers can have TLS between them, or download and upload."
    : undefined;

function ofTls(error: Error & { code: string; cause?: unknown }): string | undefined {
  const reply = replyIn(error) ?? replyIn(error.cause);
  if (reply !== undefined && saysResume(reply.text))
    return 'No other server can resume the session of this connection: have the server not ask for it (vsftpd: `require_ssl_reuse=NO`), or download and upload.';
  const isRefusal = reply !== undefined && ofDataConnections.has(Number(reply.code));
  if (!isRefusal && error.code !== 'ERR_CONNECTION_CLOSED') return undefined;
  return "The servers may not agree on TLS between them: say `protection: 'unsafe-clear'` where both allow it, or download and upload.";
}

const replyIn = (error: unknown): ServerReply | undefined =>
  isFivewireError(error) ? (error as { reply?: ServerReply }).reply : undefined;

/** RFC 959 §4.2.2, RFC 4217 §10 */
const ofDataConnections: ReadonlySet<number> = new Set([425, 426, 521, 522, 534, 536]);
