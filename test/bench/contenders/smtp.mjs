// Messages to a server that throws them away. `raw` writes what must be written, and waits for what must be waited for.
import { createReadStream, statSync } from 'node:fs';
import { connect as tcp } from 'node:net';
import { createSecureContext, connect as tls } from 'node:tls';

const from = 'alice@example.org';
const to = 'bob@example.net';
const message = Buffer.from(
  `From: Alice <${from}>\r\nTo: ${to}\r\nSubject: A message\r\n\r\n${`${'The quick brown fox jumps over it. '.repeat(2)}\r\n`.repeat(54)}`,
);
const text = message.toString().split('\r\n\r\n')[1].replaceAll('\r\n', '\n');

// ── raw ──────────────────────────────────────────────────────────────────────────────────────────────────────────

/** A socket, and the wait for so many lines. */
async function rawDial({ host = '127.0.0.1', port, ca, serverHostname }) {
  const socket = ca
    ? tls({ host, port, servername: serverHostname, secureContext: createSecureContext({ ca }) })
    : tcp({ host, port, noDelay: true });
  let lines = 0;
  let last = '';
  let wanted = Infinity;
  let wake;
  socket.on('data', (chunk) => {
    for (let at = chunk.indexOf(10); at >= 0; at = chunk.indexOf(10, at + 1)) lines++;
    last = chunk;
    if (lines >= wanted) wake();
  });
  const heard = (count) => {
    wanted = count;
    return new Promise((resolve) => {
      wake = () => {
        wanted = Infinity;
        lines -= count;
        resolve(last.latin1Slice());
      };
      if (lines >= count) wake();
    });
  };
  await heard(1);
  socket.write('EHLO bench\r\n');
  await heard(4);
  return { socket, heard };
}

const lastOctets = (said) => /(\d+ octets)\r\n$/.exec(said)[1];

export async function rawMany(input, output) {
  const { socket, heard } = await rawDial(input);
  const body = Buffer.concat([message, Buffer.from('.\r\n')]);
  let said = '';
  for (let i = 0; i < input.count; i++) {
    socket.write(`MAIL FROM:<${from}>\r\nRCPT TO:<${to}>\r\nDATA\r\n`);
    await heard(3);
    socket.write(body);
    said = await heard(1);
  }
  output(lastOctets(said));
  socket.destroy();
}

export async function rawChunks(input, output) {
  const { socket, heard } = await rawDial(input);
  const one = Buffer.concat([
    Buffer.from(`MAIL FROM:<${from}>\r\nRCPT TO:<${to}>\r\nBDAT ${message.length} LAST\r\n`),
    message,
  ]);
  const all = heard(3 * input.count);
  for (let i = 0; i < input.count; i++)
    if (!socket.write(one)) await new Promise((resolve) => socket.once('drain', resolve));
  output(lastOctets(await all));
  socket.destroy();
}

export async function rawFile(input, output) {
  const { path } = input;
  const { socket, heard } = await rawDial(input);
  socket.write(`MAIL FROM:<${from}>\r\nRCPT TO:<${to}>\r\nBDAT ${statSync(path).size} LAST\r\n`);
  for await (const chunk of createReadStream(path, { highWaterMark: 1 << 18 }))
    if (!socket.write(chunk)) await new Promise((resolve) => socket.once('drain', resolve));
  output(lastOctets(await heard(3)));
  socket.destroy();
}

// ── ours ─────────────────────────────────────────────────────────────────────────────────────────────────────────

const envelope = { from, to };

async function open({ host = '127.0.0.1', port, ca, serverHostname }, more = {}) {
  const { SmtpClient } = await import('@fivewire/smtp');
  return SmtpClient.connect({
    host,
    port,
    ...(ca ? { security: 'implicit-tls', serverHostname, tls: { ca } } : { security: 'cleartext' }),
    ...more,
  });
}

const sendMany = (window, more) => async (input, output) => {
  const client = await open(input, more);
  const messages = (function* () {
    for (let i = 0; i < input.count; i++) yield { envelope, body: message };
  })();
  let last;
  for await (const outcome of client.sendMany(messages, { window })) {
    if (!outcome.ok) throw outcome.error;
    last = outcome.result;
  }
  output(last.reply.text);
  await client.quit();
};

export const many = sendMany(2);
export const chunks = sendMany(50, { chunking: true });

export async function file(input, output) {
  const client = await open(input);
  const { reply } = await client.send(envelope, createReadStream(input.path));
  output(reply.text);
  await client.quit();
}

export async function composed(input, output) {
  const { sendMail } = await import('@fivewire/compose');
  const client = await open(input);
  for (let i = 0; i < input.count; i++)
    await sendMail(client, {
      from: `Alice <${from}>`,
      to: `Bob <${to}>`,
      subject: `No. ${i}`,
      text,
    });
  output(String(input.count));
  await client.quit();
}

export async function attached(input, output) {
  const { sendMail } = await import('@fivewire/compose');
  const client = await open(input);
  const attachments = [{ filename: 'big.bin', content: createReadStream(input.path) }];
  await sendMail(client, { from, to, subject: 'big', text: 'hello', attachments });
  output('1');
  await client.quit();
}

// ── nodemailer ───────────────────────────────────────────────────────────────────────────────────────────────────

async function transport({ host = '127.0.0.1', port, ca, serverHostname }) {
  const { default: nodemailer } = await import('nodemailer');
  return nodemailer.createTransport({
    host,
    port,
    secure: ca !== undefined,
    ignoreTLS: ca === undefined,
    ...(ca ? { tls: { ca, servername: serverHostname } } : {}),
    pool: true,
    maxConnections: 1,
    maxMessages: Infinity,
  });
}

const byNodemailer = (mail, told) => async (input, output) => {
  const smtp = await transport(input);
  let info;
  for (let i = 0; i < (input.count ?? 1); i++) info = await smtp.sendMail(mail(input, i));
  output(told ? info.response.replace(/^.*?(\d+ octets)$/, '$1') : String(input.count ?? 1));
  smtp.close();
};

export const nodemailerMany = byNodemailer(() => ({ envelope, raw: message }), true);
export const nodemailerFile = byNodemailer(
  ({ path }) => ({ envelope, raw: createReadStream(path) }),
  true,
);
export const nodemailerComposed = byNodemailer((_, i) => ({
  from: `Alice <${from}>`,
  to: `Bob <${to}>`,
  subject: `No. ${i}`,
  text,
}));
export const nodemailerAttached = byNodemailer(({ path }) => ({
  from,
  to,
  subject: 'big',
  text: 'hello',
  attachments: [{ filename: 'big.bin', path }],
}));
