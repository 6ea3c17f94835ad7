import * as module from '@fivewire/smtp';
import { createSmtpPool, type Envelope, SmtpClient } from '@fivewire/smtp';
import type { Subject } from '../subject.js';

const verb = (line: string): string => (line.split(' ', 1)[0] ?? '').toUpperCase();
const envelope = { from: 'a@example.org', to: ['b@example.org'] };
const whole: Envelope = {
  ...envelope,
  to: [{ address: 'b@example.org', notify: ['delay'] }, 'c@example.org'],
  dsn: { return: 'full', optional: true },
  deliverBy: { seconds: 5, otherwise: 'return' },
  hold: { seconds: 5 },
  optional: ['DSN', 'DELIVERBY', 'FUTURERELEASE'],
};
const body = 'Subject: x\r\n\r\nx\r\n';

const answers: Readonly<Record<string, string>> = {
  EHLO: '250-ready\r\n250-BURL imap\r\n250-STARTTLS\r\n250-ETRN\r\n250 XCLIENT LOGIN\r\n',
  XCLIENT: '220 ready\r\n',
  DATA: '354 go on\r\n',
  STARTTLS: '220 go on\r\n',
  QUIT: '221 bye\r\n',
};
/** A message's header and text; the dot is answered. */
const lines: readonly string[] = ['Subject: x', '', 'x'];

export const smtp: Subject<SmtpClient> = {
  protocol: 'smtp',
  module,
  Client: SmtpClient,
  createPool: (options) => createSmtpPool(options as never),
  speaker: {
    greeting: '220 ready\r\n',
    verb,
    startTls: 'STARTTLS',
    answer: (line) => (lines.includes(line) ? undefined : (answers[verb(line)] ?? '250 ok\r\n')),
  },
  schemes: [
    ['smtps', 465],
    ['smtp', 587],
  ],
  verb: 'HELP',
  refusal: '550 no\r\n',
  leaving: '421 shutting down\r\n',
  crowded: '421 4.7.0 Too many connections\r\n',
  unwelcome: '554 5.7.1 Your address is blocked\r\n',
  quitVerb: 'QUIT',
  credentialVerb: 'AUTH',
  methods: {
    send: (client, options) => client.send(envelope, body, options),
    sendUrl: (client, options) => client.sendUrl(envelope, 'imap://example.org/1', options),
    sendMany: (client, options) => first(client.sendMany([{ envelope, body }], options)),
    probe: (client, options) => client.probe(envelope, options),
    verify: (client, options) => client.verify('a', options),
    expand: (client, options) => client.expand('a', options),
    help: (client, options) => client.help('MAIL', options),
    etrn: (client, options) => client.etrn('example.org', options),
    xclient: (client, options) => client.xclient({ login: 'a' }, options),
    noop: (client, options) => client.noop(options),
    reset: (client, options) => client.reset(options),
    command: (client, options) => client.command('HELP', [], options),
  },
  others: ['quit', 'close'],
  forms: {
    'send, all of an envelope': (client) => client.send(whole, body, { onRefused: 'abort' }),
    'send, kept until a time': (client) =>
      client.send({ ...whole, hold: { until: new Date(0) } }, body),
    'send, one recipient': (client) =>
      client.send({ from: null, to: { address: 'b@example.org' } }, body),
    'sendUrl, all of an envelope': (client) => client.sendUrl(whole, 'imap://example.org/1'),
    'sendMany, all of a message': (client) =>
      first(client.sendMany([{ envelope: whole, body, onRefused: 'abort' }], { window: 2 })),
    'probe, all of an envelope': (client) => client.probe(whole),
  },
  nestedConnect: { 'auth.pass': { auth: { user: 'a', password: 'b', pass: 'c' } } },
};

const asLmtp = <O extends object>(options: O): O => ({ protocol: 'lmtp', ...options });

/** The same client where its server speaks LMTP (RFC 2033). No URL says so. */
export const lmtp: Subject<SmtpClient> = {
  ...smtp,
  protocol: 'lmtp',
  Client: {
    prototype: SmtpClient.prototype,
    connect: (options: unknown) => SmtpClient.connect(asLmtp(options as object) as never),
  },
  createPool: (options) => createSmtpPool(asLmtp(options) as never),
  speaker: {
    ...smtp.speaker,
    answer: (line) => smtp.speaker.answer(line.replace(/^LHLO/, 'EHLO')),
  },
};

/** The error of the first outcome. */
async function first(
  outcomes: AsyncIterable<{ ok: true } | { ok: false; error: unknown }>,
): Promise<void> {
  for await (const outcome of outcomes) {
    if (!outcome.ok) throw outcome.error;
  }
}
