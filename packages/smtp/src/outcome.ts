/** The two errors that say what became of a message: no recipient gets it, and only the server knows. */
import {
  type FivewireError,
  isFivewireError,
  type LineConnection,
  TransferError,
} from '@fivewire/line-protocol';
import { spoken } from './replies.js';
import { replyHint } from './reply-hint.js';
import type { RecipientReply } from './types.js';

/** @param by to which command, RCPT or the message (LMTP), the replies were */
export function recipientsRejected(
  connection: LineConnection,
  accepted: readonly RecipientReply[],
  refused: RecipientReply[],
  by: 'recipient' | 'message',
): TransferError {
  const [first] = refused as [RecipientReply];
  const who = accepted.length === 0 && refused.length > 1 ? 'all recipients' : first.address;
  return connection.locate(
    new TransferError('ERR_RECIPIENTS_REJECTED', `Refused: ${who}: ${spoken(first.reply)}`, {
      phase: 'command',
      command: 'RCPT',
      recipients: refused,
      connection: connection.isOpen ? 'usable' : 'closed',
      retry: refused.every(({ transient }) => transient) ? 'later' : 'never',
      hint: replyHint(first.reply, by),
    }),
  );
}

/** @param heard what the server had said to some recipients before (LMTP) */
export function outcomeUnknown(
  connection: LineConnection,
  error: unknown,
  octets: number,
  heard: RecipientReply[],
): TransferError {
  return connection.locate(
    new TransferError(
      'ERR_OUTCOME_UNKNOWN',
      `${whyUnknown(error)} after the message was sent and before the server said what became of it`,
      {
        phase: 'transfer',
        octets,
        recipients: heard,
        cause: error,
        hint: 'Sending it again may deliver it twice; the Message-ID lets you find out whether it arrived.',
      },
    ),
  );
}

/** What came in place of the reply to the message. */
function whyUnknown(error: unknown): string {
  const code = isFivewireError(error) ? error.code : '';
  if (code === 'ERR_TIMEOUT') return `The wait ended (${(error as Error).message})`;
  if (code === 'ERR_MALFORMED_RESPONSE' || code === 'ERR_LIMIT_EXCEEDED')
    return 'The server broke the protocol';
  return 'The connection was lost';
}

/** The envelope was refused, or the connection ended at it: a body that travelled in one group with it (BDAT) is not taken. */
export const isAboutEnvelope = (error: unknown): error is FivewireError =>
  isFivewireError(error) &&
  error.code !== 'ERR_OUTCOME_UNKNOWN' &&
  /^(?:RSET|MAIL|RCPT)\b/.test(error.command ?? '');
