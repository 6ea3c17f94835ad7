// Lines: what LineConnection costs beside a raw socket that makes the same strings.
import { createServer } from 'node:net';

/** Lines of many lengths, as an overview or a mailbox list has them. */
function makeBlock(lines) {
  const text = [];
  for (let i = 0; i < lines; i++)
    text.push(`${i}\tRe: line ${i}\t${'x'.repeat((i * 37) % 120)}\r\n`);
  return Buffer.from(text.join(''));
}

export default [
  {
    work: '1 M lines',
    async serve({ full }) {
      const block = makeBlock(10_000);
      const blocks = full ? 500 : 100;
      const server = createServer((socket) => {
        socket.on('error', () => {});
        let left = blocks;
        const more = () => {
          while (left-- > 0) if (!socket.write(block)) return socket.once('drain', more);
          socket.end();
        };
        more();
      });
      await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
      return {
        input: { port: server.address().port, count: blocks * 10_000 },
        close: () => new Promise((resolve) => server.close(resolve)),
      };
    },
    contenders: {
      raw: ['lines', 'rawLines'],
      'fivewire, taken in batches': ['lines', 'takeLines'],
      'fivewire, readLine': ['lines', 'readLines'],
      'node:readline': ['lines', 'readline'],
    },
    reference: 'raw',
    targets: [{ contender: 'fivewire, taken in batches', peer: 'raw', most: 1.6 }],
  },
];
