/**
 * A transport for nodemailer: `nodemailer.createTransport(fivewireTransport(pool))`. nodemailer composes, our client sends.
 *
 * Recipients are read here from what the caller gave, by the same parser as in `compose`: nodemailer's own leaves out what it
 * can't read, and such a message is refused.
 */
import { EventEmitter } from 'node:events';
import type { Readable } from 'node:stream';
import type { Envelope, Recipient } from '@fivewire/smtp';
import { checkKeys, typeOf, wrong } from './check-values.js';
import type { DkimSigner } from './dkim.js';
import { type Mailer, signedBy, takeOverDkim } from './nodemailer-dkim.js';
import { nodemailerError, type RejectedRecipient, rejectedRecipients } from './nodemailer-error.js';
import { checkPreparedFields } from './prepared-fields.js';
import { checkEnvelope, envelopeOf, mailboxesOf, readAddresses } from './recipients.js';
import { type Sender, type SentInfo, sentInfo } from './send-mail.js';
import type { AddressInput } from './types.js';

/** The part of nodemailer's MailMessage that a transport meets. */
interface MailMessage {
  data: object;
  message: {
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
  const envelope = envelopeFor(data as Record<string, unknown>);
  checkPreparedFields(data as Record<string, unknown>);
  const composed = message.createReadStream();
  const body = signer === undefined ? composed : signedBy(signer, composed);
  const { signal } = data as { signal?: AbortSignal };
  const result = await sender.send(envelope, body, signal === undefined ? {} : { signal });
  const to = [envelope.to].flat() as (string | Recipient)[];
  const messageId = message.messageId();
  const addresses = to.map((one) => (typeof one === 'string' ? one : one.address));
  return {
    ...sentInfo(messageId, { from: envelope.from, to: addresses }, result),
    messageId,
    envelope: { from: envelope.from ?? false, to: addresses },
    ...(result.refused.length === 0 ? {} : { rejectedErrors: rejectedRecipients(result.refused) }),
  };
}

function envelopeFor(data: Record<string, unknown>): Envelope {
  const { from, to, size } =
    data.envelope === undefined ? ofHeader(data) : ofEnvelope(data.envelope);
  const utf8 = ['from', 'sender', 'to', 'cc', 'replyTo'].some((field) =>
    mailboxesOf(read(data, field)).some((one) => one.utf8),
  );
  return {
    from,
    ...(size === undefined ? {} : { size }),
    ...withDsn(to, data.dsn),
    ...(utf8 ? { smtpUtf8: true } : {}),
    ...(data.requireTLSExtensionEnabled === true ? { requireTls: true } : {}),
  };
}

const read = (data: Record<string, unknown>, field: string) =>
  readAddresses((data[field] ?? undefined) as AddressInput | undefined, field);

interface Parties {
  from: string | null;
  to: string[];
  size?: number;
}

/** Failures are reported to the author, as nodemailer has it, and not to `sender`, as `compose` has it. */
function ofHeader(data: Record<string, unknown>): Parties {
  const authors = mailboxesOf(read(data, 'from'));
  const [to, cc, bcc] = ['to', 'cc', 'bcc'].map((field) => read(data, field));
  return envelopeOf({
    from: authors,
    sender: authors[0],
    to: to ?? [],
    cc: cc ?? [],
    bcc: bcc ?? [],
  });
}

/** nodemailer's `envelope`: lists of addresses as in a header, all of which are recipients. */
function ofEnvelope(given: unknown): Parties {
  checkKeys(given, ['from', 'to', 'cc', 'bcc', 'size', 'use8BitMime'], 'envelope');
  const { size } = given as { size?: number }; // and BODY=8BITMIME is said by itself
  const { from, to, cc, bcc } = given as Record<string, AddressInput | undefined>;
  const [sender] = from ? mailboxesOf(readAddresses(from, 'envelope.from')) : [];
  const all = Object.entries({ to, cc, bcc }).flatMap(([field, value]) =>
    mailboxesOf(readAddresses(value ?? undefined, `envelope.${field}`)),
  );
  const envelope = checkEnvelope({
    from: sender?.address ?? null,
    to: all.map(({ address }) => address),
  });
  return size === undefined ? envelope : { ...envelope, size };
}

const dsnKeys = ['id', 'envid', 'return', 'ret', 'notify', 'recipient', 'orcpt'];

/** nodemailer's `dsn: { id, return, notify, recipient }`, for all recipients alike. */
function withDsn(to: string[], given: unknown): Pick<Envelope, 'to' | 'dsn'> {
  if (given === undefined || given === null) return { to };
  checkKeys(given, dsnKeys, 'dsn');
  const {
    id, envid = id, return: wanted, ret = wanted, notify, recipient, orcpt = recipient,
  } = given as Record<string, unknown>; // biome-ignore format: one list
  const wishes = { ...notifyOf(notify), ...originalOf(orcpt) };
  return {
    to:
      Object.keys(wishes).length === 0
        ? to
        : to.map((address): Recipient => ({ address, ...wishes })),
    dsn: {
      ...(envid ? { envelopeId: word(envid, 'dsn.id') } : {}),
      ...(ret ? { return: returnOf(word(ret, 'dsn.return')) } : {}),
    },
  };
}

function notifyOf(given: unknown): Pick<Recipient, 'notify'> {
  const moments = [given ?? []]
    .flat()
    .flatMap((one) =>
      word(one, 'dsn.notify')
        .toLowerCase()
        .split(/[\s,]+/),
    )
    .filter((one) => one !== '');
  if (moments.length === 0) return {};
  return { notify: moments.includes('never') ? 'never' : moments } as Pick<Recipient, 'notify'>;
}

/** An address, perhaps with its type before it: `rfc822;bob@example.net`. */
function originalOf(given: unknown): Pick<Recipient, 'originalRecipient'> {
  if (!given) return {};
  return { originalRecipient: word(given, 'dsn.recipient').replace(/^\s*rfc822\s*;\s*/i, '') };
}

/** nodemailer makes a string of anything. */
function word(given: unknown, argument: string): string {
  if (typeof given === 'string' || typeof given === 'number') return String(given);
  throw wrong(argument, `must be a string, not ${typeOf(given)}`);
}

function returnOf(given: string): 'full' | 'headers' {
  if (/^(?:hdrs|headers)$/i.test(given)) return 'headers';
  if (/^(?:full|body)$/i.test(given)) return 'full';
  throw wrong('dsn.return', `is "${given}"`, "Use 'headers' or 'full'.");
}
