/** What the caller of the matrix does, and what its server offers. */
import { createThrowawayCa } from '@fivewire/test-servers';
import type { SmtpClient } from '../../src/index.js';
import type { Message, SmtpOptions } from '../../src/types.js';

export interface Call {
  extensions?: readonly string[];
  options?: SmtpOptions;
  /** STARTTLS works. */
  certificate?: { certificate: string; key: string };
  /** The server knows HELO alone. */
  old?: boolean;
  /** What it refuses: who has a name that begins like this, the message (`.`), or its chunks (`BDAT`). */
  refuses?: string;
  /** Left out: it connects, and that is all. */
  act?: (client: SmtpClient) => Promise<unknown>;
}

const ca = await createThrowawayCa();
const certificate = await ca.issue({ names: ['mx.example.test'] });

const from = 'alice@example.org';
const to = ['bob@example.net', 'carol@example.net', 'dave@example.net'];
/** One of its own between two crowds: judged as three are, each letter once. */
const hundred = Array.from(
  { length: 100 },
  (_, i) => `${i < 49 ? 'bob' : i === 49 ? 'carol' : 'dave'}${i}@example.net`,
);
const body = 'Subject: x\r\n\r\nx\r\n';
/** Three chunks: one is sent when 256 KiB have come. */
const long = `Subject: x\r\n\r\n${`${'x'.repeat(76)}\r\n`.repeat(8_000)}`;
const login = { auth: { user: 'alice', password: 'secret' }, allowCleartextAuth: true };
const chunking = { chunking: true };

const send = (client: SmtpClient) => client.send({ from, to }, body);
const sendToOne = (client: SmtpClient) => client.send({ from, to: 'bob@example.net' }, body);
const sendLong = (client: SmtpClient) => client.send({ from, to }, long);
const sendGrouped = async (client: SmtpClient, onRefused: 'send-rest' | 'abort' = 'send-rest') => {
  const messages: Message[] = [{ envelope: { from, to }, body, onRefused }];
  for await (const outcome of client.sendMany(messages, { window: 9 })) {
    if (!outcome.ok) throw outcome.error;
    return outcome.result;
  }
  throw new Error('no outcome');
};

export const calls: Readonly<Record<string, Call>> = {
  connect: {},
  'connect, no EHLO': { old: true },
  'connect, STARTTLS': { extensions: ['STARTTLS'], options: { security: 'starttls' } },
  'connect, TLS': {
    extensions: ['STARTTLS'],
    options: { security: 'starttls', tls: { ca: ca.certificate } },
    certificate,
  },
  login: { extensions: ['AUTH PLAIN LOGIN'], options: login },
  'login in steps': { extensions: ['AUTH LOGIN'], options: login },
  'EHLO after the login': {
    extensions: ['AUTH PLAIN'],
    options: { ...login, ehloAfterAuth: true },
  },
  send: { act: send },
  'send, pipelined': { extensions: ['PIPELINING'], act: send },
  sendMany: { extensions: ['PIPELINING'], act: (client) => sendGrouped(client) },
  'send to all or none': {
    extensions: ['PIPELINING'],
    act: (client) => client.send({ from, to }, body, { onRefused: 'abort' }),
  },
  'send to all or none, one refused': {
    extensions: ['PIPELINING'],
    refuses: 'carol',
    act: (client) => client.send({ from, to }, body, { onRefused: 'abort' }),
  },
  'send to all or none, BDAT, one refused': {
    extensions: ['CHUNKING', 'PIPELINING'],
    options: chunking,
    refuses: 'carol',
    act: (client) => client.send({ from, to }, body, { onRefused: 'abort' }),
  },
  'sendMany to all or none, one refused': {
    extensions: ['PIPELINING'],
    refuses: 'carol',
    act: (client) => sendGrouped(client, 'abort'),
  },
  'send to one, refused': { refuses: 'bob', act: sendToOne },
  'send to one, pipelined, refused': {
    extensions: ['PIPELINING'],
    refuses: 'bob',
    act: sendToOne,
  },
  'send to one, BDAT, refused': {
    extensions: ['CHUNKING', 'PIPELINING'],
    options: chunking,
    refuses: 'bob',
    act: sendToOne,
  },
  'send to a hundred': {
    extensions: ['PIPELINING'],
    act: (client) => client.send({ from, to: hundred }, body),
  },
  'send to a hundred, BDAT': {
    extensions: ['CHUNKING', 'PIPELINING'],
    options: chunking,
    act: (client) => client.send({ from, to: hundred }, body),
  },
  'send to one': { act: sendToOne },
  'send to one, pipelined': { extensions: ['PIPELINING'], act: sendToOne },
  'send to one, BDAT': {
    extensions: ['CHUNKING', 'PIPELINING'],
    options: chunking,
    act: sendToOne,
  },
  'BDAT, command after command': { extensions: ['CHUNKING'], options: chunking, act: sendLong },
  'BDAT, in chunks': {
    extensions: ['CHUNKING', 'PIPELINING'],
    options: chunking,
    act: sendLong,
  },
  'BDAT, in one group, message refused': {
    extensions: ['CHUNKING', 'PIPELINING'],
    options: chunking,
    refuses: '.',
    act: send,
  },
  'BDAT, in chunks, message refused': {
    extensions: ['CHUNKING', 'PIPELINING'],
    options: chunking,
    refuses: '.',
    act: sendLong,
  },
  'BDAT, in chunks, chunk refused': {
    extensions: ['CHUNKING'],
    options: chunking,
    refuses: 'BDAT',
    act: sendLong,
  },
  'BDAT, in one group': {
    extensions: ['CHUNKING', 'PIPELINING'],
    options: chunking,
    act: send,
  },
  'BDAT, sendMany': {
    extensions: ['CHUNKING', 'PIPELINING'],
    options: chunking,
    act: (client) => sendGrouped(client),
  },
  sendUrl: {
    extensions: ['BURL imap'],
    act: (client) => client.sendUrl({ from, to }, 'imap://alice@mail.example.org/INBOX;uid=1'),
  },
  probe: { extensions: ['PIPELINING'], act: (client) => client.probe({ from, to }) },
  reset: { act: (client) => client.reset() },
  noop: { act: (client) => client.noop() },
  verify: { act: (client) => client.verify('bob@example.net') },
  expand: { act: (client) => client.expand('list@example.net') },
  help: { act: (client) => client.help() },
  etrn: { extensions: ['ETRN'], act: (client) => client.etrn('example.net') },
  xclient: {
    extensions: ['XCLIENT ADDR'],
    act: (client) => client.xclient({ addr: '192.0.2.1' }),
  },
  command: { act: (client) => client.command('XYZ') },
  quit: { act: (client) => client.quit() },
};
