// POP3: many short messages, and one that is long, beside raw sockets that take the same octets.
import { byLines, clear, lines, secured } from '../servers.mjs';

const block = lines('fivewire moves octets, '.repeat(3), 1_000_000);
const short = block.subarray(0, 3_479);
const [ok, end] = [Buffer.from('+OK message follows\r\n'), Buffer.from('.\r\n')];
const message = Buffer.concat([ok, short, end]);

const server = (blocks) =>
  byLines('+OK ready\r\n', async (line, write) => {
    const [verb] = line.split(' ');
    if (verb === 'CAPA') await write(Buffer.from('+OK\r\nPIPELINING\r\nUIDL\r\n.\r\n'));
    else if (verb !== 'RETR') await write(Buffer.from('+OK\r\n'));
    else if (blocks === 0) await write(message);
    else {
      await write(ok);
      for (let i = 0; i < blocks; i++) await write(block);
      await write(end);
    }
  });

const many = {
  contenders: { raw: ['transfers', 'rawRetrieveMany'], fivewire: ['transfers', 'retrieveMany'] },
  reference: 'raw',
  targets: [{ contender: 'fivewire', peer: 'raw', most: 2 }],
};

export default [
  {
    ...many,
    work: '5,000 messages of 3.5 kB',
    serve: ({ full }) => clear(server(0), { count: full ? 20_000 : 5_000, octets: short.length }),
  },
  {
    ...many,
    work: '5,000 messages of 3.5 kB over TLS',
    serve: ({ full }) => secured(server(0), { count: full ? 20_000 : 5_000, octets: short.length }),
  },
  {
    work: 'one message of 1 GB to a file',
    serve: () => clear(server(1_000), { octets: 1_000 * block.length }),
    contenders: { raw: ['transfers', 'rawToFile'], fivewire: ['transfers', 'retrieveByPipeline'] },
    reference: 'raw',
    targets: [{ contender: 'fivewire', megabytes: 64 }],
  },
];
