/**
 * A transport for nodemailer: `nodemailer.createTransport(fivewireTransport(pool))`. nodemailer composes, our client sends.
 *
 * Recipients are read from what the caller gave by the same parser as in `compose`: nodemailer's own leaves out what it can't read, and such
 * a message is refused.
 */
import { EventEmitter } from 'node:events';
import type { Readable } from 'node:stream';
import type { Recipient } from '@fivewire/smtp';
import { wrong } from './check-values.js';
import type { DkimSigner } from './dkim.js';
import { type Mailer, signedBy, takeOverDkim } from './nodemailer-dkim.js';
import { type CompiledMessage, envelopeFor } from './nodemailer-envelope.js';
import { nodemailerError, type RejectedRecipient, rejectedRecipients } from './nodemailer-error.js';
import { checkPreparedFields } from './prepared-fields.js';
import type { Sender } from './send-mail.js';
import { Journey, type SentInfo } from './sent-info.js';

/** The part of nodemailer's MailMessage that a transport meets. */
interface MailMessage {
  data: object;
  message: CompiledMessage & {
    createReadStream(): Readable;
    messageId(): string;
  };
}

/** As nodemailer types what a transport gives. */
export interface NodemailerInfo extends Omit<SentInfo, 'envelope' | 'messageId'> {
  messageId: string;
  envelope: { from: string | false; to: string[] };
  /** Why each of `rejected` was; absent where there is none. */
  rejectedErrors?: RejectedRecipient[];
  // biome-ignore lint/suspicious/noExplicitAny: nodemailer's type has it, and others must fit it
  [key: string]: any;
}

export type { NodemailerError, RejectedRecipient } from './nodemailer-error.js';

/** As nodemailer expects it. It emits `'idle'` when it takes messages, at first and each time it was not {@link isIdle} for a while. */
export interface NodemailerTransport extends EventEmitter {
  name: string;
  version: string;
  supportsAbortSignal: boolean;
  send(mail: MailMessage, callback: (error: Error | null, info: NodemailerInfo) => void): void;
  verify(callback?: (error: Error | null, success: true) => void): Promise<true> | undefined;
  /** Whether it takes another message: those that wait for a connection are no more than the connections. */
  isIdle(): boolean;
  close(): void;
}

type Closable = Sender & {
  size?: number;
  close?: () => unknown;
  quit?: () => Promise<unknown>;
  use?: (work: (client: { noop(): Promise<void> }) => Promise<void>) => Promise<void>;
  noop?: () => Promise<void>;
};

/**
 * @param sender an `SmtpPool` or an `SmtpClient`. `transporter.close()` closes it.
 * @throws UsageError `ERR_ARGUMENT` for what has no `send()`
 */
export function fivewireTransport(sender: Sender): NodemailerTransport {
  if (typeof sender?.send !== 'function')
    throw wrong('sender', 'has no send()', 'Give an SmtpClient or an SmtpPool.');
  const { close, quit, use, noop } = sender as Closable;
  const events = new EventEmitter();
  const signers = new WeakMap<object, DkimSigner>();
  let underWay = 0;
  let closed = false;
  const isIdle = (): boolean => {
    const connections = Math.max((sender as Closable).size ?? 1, fewConnections);
    return underWay < 2 * connections;
  };
  const over = (): void => {
    const wasIdle = isIdle();
    underWay--;
    if (!wasIdle && !closed && isIdle()) events.emit('idle');
  };
  setImmediate(() => {
    if (!closed) events.emit('idle');
  });
  // Set by createTransport().
  Object.defineProperty(events, 'mailer', {
    set: (mailer: Mailer) => takeOverDkim(mailer, signers),
  });
  return Object.assign(events, {
    name: 'Fivewire',
    version: '1',
    supportsAbortSignal: true,
    send(mail, callback) {
      underWay++;
      sendComposed(sender, mail, signers.get(mail)).then(
        (info) => {
          over();
          callback(null, info);
        },
        (error: unknown) => {
          over();
          callback(nodemailerError(error) as Error, undefined as never);
        },
      );
    },
    verify(callback) {
      const asked = reach(sender, use, noop).then(
        (): true => true,
        (error: unknown) => {
          throw nodemailerError(error);
        },
      );
      if (callback === undefined) return asked;
      asked.then(
        () => callback(null, true),
        (error: Error) => callback(error, undefined as never),
      );
      return undefined;
    },
    isIdle,
    close() {
      closed = true;
      const closing = quit === undefined ? close?.call(sender) : quit.call(sender);
      Promise.resolve(closing).catch(() => {}); // nodemailer's close() tells nothing
    },
  } satisfies Omit<NodemailerTransport, keyof EventEmitter>);
}

/** A pool makes more when messages wait for them. */
const fewConnections = 4;

/** Whether the server is there, and takes the login. */
async function reach(sender: Sender, use: Closable['use'], noop: Closable['noop']): Promise<void> {
  if (use !== undefined) await use.call(sender, (client) => client.noop());
  else await noop?.call(sender);
}

async function sendComposed(
  sender: Sender,
  { data, message }: MailMessage,
  signer: DkimSigner | undefined,
): Promise<NodemailerInfo> {
  const given = data as Record<string, unknown>;
  const envelope = envelopeFor(given, message);
  checkPreparedFields(message);
  const composed = message.createReadStream();
  const body = signer === undefined ? composed : signedBy(signer, composed);
  const signal = given.signal as AbortSignal | undefined | null;
  const journey = new Journey();
  const options = { ...journey.options, ...(signal ? { signal } : {}) };
  const result = await sender.send(envelope, body, options);
  const to = [envelope.to].flat() as (string | Recipient)[];
  const messageId = message.messageId();
  const addresses = to.map((one) => (typeof one === 'string' ? one : one.address));
  return {
    ...journey.info(messageId, { from: envelope.from, to: addresses }, result),
    messageId,
    envelope: { from: envelope.from ?? false, to: addresses },
    ...(result.refused.length === 0 ? {} : { rejectedErrors: rejectedRecipients(result.refused) }),
  };
}
