// The same octets by each, to a file or thrown away.
import {
  createReadStream,
  createWriteStream,
  mkdtempSync,
  openSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import { connect as tcp } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createSecureContext, connect as tls } from 'node:tls';

async function inFolder(work) {
  const folder = mkdtempSync(join(tmpdir(), 'fivewire-bench-'));
  try {
    return await work(join(folder, 'body'));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const options = ({ port, ca, serverHostname }) => ({
  host: '127.0.0.1',
  port,
  ...(ca ? { security: 'implicit-tls', serverHostname, tls: { ca } } : { security: 'cleartext' }),
});

const rawDial = ({ port, ca, serverHostname }) =>
  ca
    ? tls({
        port,
        host: '127.0.0.1',
        servername: serverHostname,
        secureContext: createSecureContext({ ca }),
      })
    : tcp({ port, host: '127.0.0.1', noDelay: true });

/** Resolves when so many octets have come. */
const untilOctets = (socket, count, take) =>
  new Promise((resolve, reject) => {
    let octets = 0;
    socket.on('error', reject).on('data', (chunk) => {
      take(chunk);
      octets += chunk.length;
      if (octets >= count) resolve();
    });
  });

export const rawToFile = (input, output) =>
  inFolder(async (path) => {
    const socket = rawDial(input);
    const file = openSync(path, 'w');
    socket.write('RETR 1\r\n');
    await untilOctets(socket, input.octets, (chunk) => writeSync(file, chunk));
    output(String(input.octets));
    socket.destroy();
  });

const pop3 = async (input) => (await import('@fivewire/pop3')).Pop3Client.connect(options(input));

export const retrieveByPipeline = (input, output) =>
  inFolder(async (path) => {
    const client = await pop3(input);
    await pipeline(client.retrieve(1), createWriteStream(path));
    output(String(statSync(path).size));
    client.close();
  });

export const retrieveBySaveTo = (input, output) =>
  inFolder(async (path) => {
    const client = await pop3(input);
    output(String(await client.retrieve(1).saveTo(path)));
    client.close();
  });

export async function rawRetrieveMany(input, output) {
  const socket = rawDial(input);
  let commands = '';
  for (let i = 1; i <= input.count; i++) commands += `RETR ${i}\r\n`;
  socket.write(commands);
  await untilOctets(socket, input.count * input.octets, () => {});
  output(String(input.count * input.octets));
  socket.destroy();
}

export async function retrieveMany(input, output) {
  const client = await pop3(input);
  let octets = 0;
  for await (const { message } of client.retrieveAll(
    Array.from({ length: input.count }, (_, i) => i + 1),
  ))
    for await (const piece of message) octets += piece.length;
  output(String(octets));
  client.close();
}

export async function rawSend(input, output) {
  const { path } = input;
  const socket = rawDial(input);
  socket.write('EHLO bench\r\nMAIL FROM:<a@example.org>\r\nRCPT TO:<b@example.org>\r\nDATA\r\n');
  await untilOctets(socket, 1, () => {});
  for await (const chunk of createReadStream(path, { highWaterMark: 1 << 18 }))
    if (!socket.write(chunk)) await new Promise((resolve) => socket.once('drain', resolve));
  socket.removeAllListeners('data');
  let said = '';
  socket.on('data', (chunk) => {
    said += chunk.latin1Slice();
  });
  socket.write('.\r\nNOOP\r\n');
  while (!/2.0.0 ok\r\n250 2.0.0 ok\r\n$/.test(said))
    await new Promise((resolve) => setImmediate(resolve));
  output(String(statSync(path).size));
  socket.destroy();
}

export async function send(input, output) {
  const { path } = input;
  const { SmtpClient } = await import('@fivewire/smtp');
  const client = await SmtpClient.connect(options(input));
  const body = createReadStream(path, { highWaterMark: 1 << 18 });
  const { bytes } = await client.send({ from: 'a@example.org', to: 'b@example.org' }, body);
  output(String(bytes));
  client.close();
}
