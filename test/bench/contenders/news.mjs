// Articles, rows and yEnc: by raw sockets and the native package, and by ours.
import { createRequire } from 'node:module';
import { connect } from 'node:net';

/** Sends lines, and gives what comes until it ends in `last`. */
function rawTalk(port, text, last, take) {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true });
    let tail = '';
    socket.on('error', reject).on('data', (chunk) => {
      take(chunk);
      tail = (tail + chunk.latin1Slice(Math.max(0, chunk.length - last.length))).slice(
        -last.length,
      );
      if (tail !== last) return;
      socket.destroy();
      resolve();
    });
    socket.write(text);
  });
}

const numbers = (count) => Array.from({ length: count }, (_, i) => i + 1);

export async function rawArticles({ port, count }, output) {
  const asked = numbers(count).map((number) => `ARTICLE ${number}\r\n`);
  await rawTalk(port, `GROUP bench.group\r\n${asked.join('')}QUIT\r\n`, '205 bye\r\n', () => {});
  output(String(count));
}

async function open(port) {
  const { NntpClient } = await import('@fivewire/nntp');
  const nntp = await NntpClient.connect({ host: '127.0.0.1', port, security: 'cleartext' });
  await nntp.group('bench.group');
  return nntp;
}

export async function articles({ port, count }, output) {
  const nntp = await open(port);
  let taken = 0;
  for await (const item of nntp.articles(numbers(count))) {
    if (!item.ok) throw item.error;
    for await (const _ of item.article.body);
    taken++;
  }
  output(String(taken));
  await nntp.quit();
}

const window = 10_000;

/** As many rows as there are, a string each: what any client must make of them. */
export async function rawRows({ port, count }, output) {
  const asked = numbers(Math.ceil(count / window)).map(
    (n) => `OVER ${(n - 1) * window + 1}-${n * window}\r\n`,
  );
  let rows = 0;
  let rest = '';
  const take = (chunk) => {
    const text = rest + chunk.latin1Slice();
    let from = 0;
    for (let at = text.indexOf('\r\n'); at >= 0; at = text.indexOf('\r\n', from)) {
      if (text.slice(from, at).includes('\t')) rows++;
      from = at + 2;
    }
    rest = text.slice(from);
  };
  await rawTalk(port, `GROUP bench.group\r\n${asked.join('')}QUIT\r\n`, '205 bye\r\n', take);
  output(String(rows));
}

export async function rows({ port, count }, output) {
  const nntp = await open(port);
  let rows = 0;
  for await (const _ of nntp.overview({ from: 1, to: count })) rows++;
  output(String(rows));
  await nntp.quit();
}

/** Octets as they are in archives: all values, none more often than another. */
function part() {
  const octets = Buffer.alloc(750_000);
  let state = 1;
  for (let i = 0; i < octets.length; i++) {
    state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fffffff;
    octets[i] = state >>> 16;
  }
  return octets;
}

/** Not installed with the workspace, for it is compiled: `npm install --no-save yencode` beside it. */
const native = () => createRequire(process.env.FIVEWIRE_YENCODE ?? import.meta.url)('yencode');

export async function nativeDecode({ rounds }, output) {
  const yencode = native();
  const encoded = yencode.encode(part());
  let decoded;
  for (let i = 0; i < rounds; i++) {
    const out = Buffer.allocUnsafeSlow(encoded.length);
    decoded = out.subarray(0, yencode.decodeTo(encoded, out));
  }
  output(decoded);
}

export async function decode({ rounds }, output) {
  const { yenc } = await import('@fivewire/nntp');
  const encoded = yenc.encode(part(), { name: 'x' });
  let decoded;
  for (let i = 0; i < rounds; i++) decoded = yenc.decode(encoded).content;
  output(decoded);
}

export async function nativeEncode({ rounds }, output) {
  const yencode = native();
  const octets = part();
  for (let i = 0; i < rounds; i++)
    yencode.encodeTo(octets, Buffer.allocUnsafeSlow(yencode.maxSize(octets.length)));
  output(octets);
}

export async function encode({ rounds }, output) {
  const { yenc } = await import('@fivewire/nntp');
  const octets = part();
  for (let i = 0; i < rounds; i++) yenc.encode(octets, { name: 'x' });
  output(octets);
}
