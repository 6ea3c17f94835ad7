/**
 * A transport for nodemailer: `nodemailer.createTransport(fivewireTransport(pool))`. nodemailer composes, our client sends.
 *
 * Recipients are read here from what the caller gave, by the same parser as in `compose`: nodemailer's own leaves out what it
 * can't read, and such a message is refused.
 */
import type { Readable } from 'node:stream';
import type { Envelope, Recipient } from '@fivewire/smtp';
import { checkKeys, wrong } from './check-values.js';
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
  // biome-ignore lint/suspicious/noExplicitAny: nodemailer's type has it, and others must fit it
  [key: string]: any;
}

/** As nodemailer expects it. */
export interface NodemailerTransport {
  name: string;
  version: string;
  supportsAbortSignal: boolean;
  send(mail: MailMessage, callback: (error: Error | null, info: NodemailerInfo) => void): void;
  verify(callback?: (error: Error | null, success: true) => void): Promise<true> | undefined;
  isIdle(): boolean;
  close(): void;
}

type Closable = Sender & {
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
  return {
    name: 'Fivewire',
    version: '1',
    supportsAbortSignal: true,
    send(mail, callback) {
      sendComposed(sender, mail).then(
        (info) => callback(null, info),
        (error: Error) => callback(error, undefined as never),
      );
    },
    verify(callback) {
      const asked = reach(sender, use, noop).then((): true => true);
      if (callback === undefined) return asked;
      asked.then(
        () => callback(null, true),
        (error: Error) => callback(error, undefined as never),
      );
      return undefined;
    },
    isIdle: () => true,
    close() {
      const closing = quit === undefined ? close?.call(sender) : quit.call(sender);
      Promise.resolve(closing).catch(() => {}); // nodemailer's close() tells nothing
    },
  };
}

/** Whether the server is there, and takes the login. */
async function reach(sender: Sender, use: Closable['use'], noop: Closable['noop']): Promise<void> {
  if (use !== undefined) await use.call(sender, (client) => client.noop());
  else await noop?.call(sender);
}

async function sendComposed(
  sender: Sender,
  { data, message }: MailMessage,
): Promise<NodemailerInfo> {
  const envelope = envelopeFor(data as Record<string, unknown>);
  const body = message.createReadStream();
  const { signal } = data as { signal?: AbortSignal };
  const result = await sender.send(envelope, body, signal === undefined ? {} : { signal });
  const to = [envelope.to].flat() as (string | Recipient)[];
  const messageId = message.messageId();
  const addresses = to.map((one) => (typeof one === 'string' ? one : one.address));
  return {
    ...sentInfo(messageId, { from: envelope.from, to: addresses }, result),
    messageId,
    envelope: { from: envelope.from ?? false, to: addresses },
  };
}

function envelopeFor(data: Record<string, unknown>): Envelope {
  const { from, to } = data.envelope === undefined ? ofHeader(data) : ofEnvelope(data.envelope);
  const utf8 = ['from', 'sender', 'to', 'cc', 'replyTo'].some((field) =>
    mailboxesOf(read(data, field)).some((one) => one.utf8),
  );
  return {
    from,
    ...withDsn(to, data.dsn),
    ...(utf8 ? { smtpUtf8: true } : {}),
    ...(data.requireTLSExtensionEnabled === true ? { requireTls: true } : {}),
  };
}

const read = (data: Record<string, unknown>, field: string) =>
  readAddresses((data[field] ?? undefined) as AddressInput | undefined, field);

function ofHeader(data: Record<string, unknown>): { from: string; to: string[] } {
  const [sender] = mailboxesOf(read(data, 'sender'));
  const [to, cc, bcc] = ['to', 'cc', 'bcc'].map((field) => read(data, field));
  return envelopeOf({
    from: read(data, 'from'),
    sender,
    to: to ?? [],
    cc: cc ?? [],
    bcc: bcc ?? [],
  });
}

/** nodemailer's `envelope`: lists of addresses as in a header, all of which are recipients. */
function ofEnvelope(given: unknown): { from: string | null; to: string[] } {
  checkKeys(given, ['from', 'to', 'cc', 'bcc'], 'envelope');
  const { from, to, cc, bcc } = given as Record<string, AddressInput | undefined>;
  const [sender] = from ? mailboxesOf(readAddresses(from, 'envelope.from')) : [];
  const all = Object.entries({ to, cc, bcc }).flatMap(([field, value]) =>
    mailboxesOf(readAddresses(value ?? undefined, `envelope.${field}`)),
  );
  return checkEnvelope({
    from: sender?.address ?? null,
    to: all.map(({ address }) => address),
  });
}

/** nodemailer's `dsn: { id, return, notify, recipient }`, for all recipients alike. */
function withDsn(to: string[], given: unknown): Pick<Envelope, 'to' | 'dsn'> {
  if (given === undefined || given === null) return { to };
  checkKeys(given, ['id', 'return', 'ret', 'notify', 'recipient', 'envid'], 'dsn');
  const { id, envid = id, return: wanted, ret = wanted, notify } = given as Record<string, unknown>;
  const moments = [notify ?? []]
    .flat()
    .flatMap((one) =>
      String(one)
        .toLowerCase()
        .split(/[\s,]+/),
    )
    .filter((one) => one !== '');
  return {
    to: to.map((address) =>
      moments.length === 0
        ? address
        : ({ address, notify: moments.includes('never') ? 'never' : moments } as Recipient),
    ) as Envelope['to'],
    dsn: {
      ...(envid === undefined ? {} : { envelopeId: String(envid) }),
      ...(ret === undefined ? {} : { return: /^h/i.test(String(ret)) ? 'headers' : 'full' }),
    },
  };
}
