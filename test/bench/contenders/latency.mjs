// Each logs in, takes every message and hands on its content. 'raw' asks for all at once and undoes the dot stuffing.
import { connect } from 'node:net';

export async function rawPipelined({ host, port, count }, output) {
  const commands = ['USER alice', 'PASS secret'];
  for (let i = 1; i <= count; i++) commands.push(`RETR ${i}`);
  commands.push('QUIT');
  let text = '';
  await new Promise((resolve, reject) => {
    const socket = connect({ host, port, noDelay: true });
    socket.setEncoding('latin1');
    socket.once('data', () => socket.write(`${commands.join('\r\n')}\r\n`));
    socket.on('data', (chunk) => {
      text += chunk;
    });
    socket.on('error', reject).on('close', resolve);
  });
  let from = text.indexOf('\r\n+OK', text.indexOf('\r\n+OK') + 2) + 2; // behind greeting and USER
  from = text.indexOf('\r\n', from) + 2; // behind PASS
  for (let i = 0; i < count; i++) {
    const start = text.indexOf('\r\n', from) + 2;
    const end = text.indexOf('\r\n.\r\n', start) + 2;
    output(Buffer.from(text.slice(start, end).replaceAll('\r\n..', '\r\n.'), 'latin1'));
    from = end + 3;
  }
}

async function open({ host, port }) {
  const { Pop3Client } = await import('@fivewire/pop3');
  return Pop3Client.connect({
    host,
    port,
    security: 'cleartext',
    allowCleartextAuth: true,
    auth: { user: 'alice', password: 'secret' },
  });
}

const numbers = (count) => Array.from({ length: count }, (_, i) => i + 1);

export async function retrieveAll(input, output) {
  const pop = await open(input);
  for await (const item of pop.retrieveAll(numbers(input.count))) {
    if (!item.ok) throw item.error;
    for await (const chunk of item.message) output(chunk);
  }
  await pop.quit();
}

export async function oneAtATime(input, output) {
  const pop = await open(input);
  for (const number of numbers(input.count)) {
    for await (const chunk of pop.retrieve(number)) output(chunk);
  }
  await pop.quit();
}
