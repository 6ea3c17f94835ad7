/** Compose and send in one call. */
import type { Readable } from 'node:stream';
import type { Envelope, SendOptions, SendResult } from '@fivewire/smtp';
import { checkKeys, wrong } from './check-values.js';
import { type ComposeOptions, compose } from './compose.js';
import { Journey, type SentInfo } from './sent-info.js';
import type { ComposeMessage, RawMessage } from './types.js';

/** What sends: an `SmtpClient`, an `SmtpPool`, or anything with their `send`. */
export interface Sender {
  send(envelope: Envelope, body: Readable, options?: SendOptions): Promise<SendResult>;
}

export interface SendMailOptions extends ComposeOptions, SendOptions {
  /** Wishes for the delivery, beside the addresses: `{ dsn, requireTls, deliverBy, hold, priority, optional }`. */
  envelope?: Omit<Envelope, 'from' | 'to' | 'body' | 'smtpUtf8' | 'size'>;
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
  const journey = new Journey();
  const ours = { ...sendOptions, ...journey.options };
  const result = await sender.send({ ...wishes, ...envelope }, body, ours);
  return journey.info(messageId, envelope, result);
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
