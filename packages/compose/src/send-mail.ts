/** Compose and send in one call. */
import type { Readable } from 'node:stream';
import type { Envelope, SendOptions, SendResult } from '@fivewire/smtp';
import { checkKeys, wrong } from './check-values.js';
import { type ComposeOptions, compose } from './compose.js';
import { responseOf } from './nodemailer-error.js';
import type { ComposeMessage, RawMessage } from './types.js';

/** What sends: an `SmtpClient`, an `SmtpPool`, or anything with their `send`. */
export interface Sender {
  send(envelope: Envelope, body: Readable, options?: SendOptions): Promise<SendResult>;
}

export interface SendMailOptions extends ComposeOptions, SendOptions {
  /** Wishes for the delivery, beside the addresses: `{ dsn, requireTls, deliverBy, hold, priority, optional }`. */
  envelope?: Omit<Envelope, 'from' | 'to' | 'body' | 'smtpUtf8' | 'size'>;
}

/** What became of a message, in nodemailer's words, and in ours. */
export interface SentInfo {
  /** With its angle brackets; `undefined` for a `raw` message. */
  messageId: string | undefined;
  envelope: { from: string | null; to: string[] };
  /** Addresses that will get it. */
  accepted: string[];
  /** Addresses that were refused; `result.refused` has the replies. */
  rejected: string[];
  /** The server's last words: `250 2.0.0 Ok: queued as 1234`. */
  response: string;
  /** Octets. */
  messageSize: number;
  /** As `send` of the client gives it: replies to each recipient, and what was dropped. */
  result: SendResult;
}

/**
 * Composes a message and sends it: `await sendMail(pool, { from, to, subject, text }, { dkim })`.
 *
 * Some recipients refused is a result (`rejected`); all refused is `ERR_RECIPIENTS_REJECTED`.
 *
 * @throws all that {@link compose} and `SmtpClient.send` throw
 */
export async function sendMail(
  sender: Sender,
  message: ComposeMessage | RawMessage,
  options: SendMailOptions = {},
): Promise<SentInfo> {
  if (typeof sender?.send !== 'function')
    throw wrong('sender', 'has no send()', 'Give an SmtpClient or an SmtpPool.');
  checkKeys(
    options,
    ['dkim', 'sign', 'allowFiles', 'envelope', 'onRefused', 'signal', 'timeout'],
    'options',
  );
  const { dkim, sign, allowFiles, envelope: wishes, ...sendOptions } = options;
  if (wishes !== undefined) checkWishes(wishes);
  const { envelope, body, messageId } = await compose(message, {
    ...(dkim === undefined ? {} : { dkim }),
    ...(sign === undefined ? {} : { sign }),
    ...(allowFiles === undefined ? {} : { allowFiles }),
  });
  const result = await sender.send({ ...wishes, ...envelope }, body, sendOptions);
  return sentInfo(messageId, envelope, result);
}

export function sentInfo(
  messageId: string | undefined,
  { from, to }: SentInfo['envelope'],
  result: SendResult,
): SentInfo {
  const { accepted, refused, reply, bytes } = result;
  return {
    messageId,
    envelope: { from, to },
    accepted: accepted.map(({ address }) => address),
    rejected: refused.map(({ address }) => address),
    response: responseOf(reply),
    messageSize: bytes,
    result,
  };
}

const computed = ['from', 'to', 'body', 'smtpUtf8', 'size'];

function checkWishes(wishes: object): void {
  checkKeys(
    wishes,
    ['dsn', 'requireTls', 'auth', 'deliverBy', 'hold', 'priority', 'optional'],
    'options.envelope',
    Object.fromEntries(
      computed.map((key) => [
        key,
        'The message says it; other addresses go into message.envelope.',
      ]),
    ),
  );
}
