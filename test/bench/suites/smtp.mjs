// SMTP: many messages and large ones, beside nodemailer and raw sockets, to a scripted server in a process of its own.
import { fork } from 'node:child_process';
import { appendFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createThrowawayCa } from '@fivewire/test-servers';
import { startRelay } from '../relay.mjs';

const name = 'bench.example.test';
const sink = new URL('../servers/smtp-sink.mjs', import.meta.url);
const roundTrip = 20;

async function start(tls, input) {
  const child = fork(sink, { stdio: 'inherit' });
  const ca = tls ? await createThrowawayCa() : undefined;
  const issued = await ca?.issue({ names: [name] });
  child.send(issued ? { cert: issued.chain, key: issued.key } : {});
  const { port } = await new Promise((resolve) => child.once('message', resolve));
  return {
    input: { port, ...(ca && { ca: ca.certificate, serverHostname: name }), ...input },
    close: () => child.disconnect(),
  };
}

/** A file of so many mebibytes of text lines, which no dot begins. */
const withFile = (mebibytes) => async () => {
  const folder = mkdtempSync(join(tmpdir(), 'fivewire-bench-'));
  const path = join(folder, 'body');
  const block = Buffer.from(`${'fivewire moves octets, '.repeat(3)}\r\n`.repeat(14_768));
  for (let i = 0; i < mebibytes; i++) appendFileSync(path, block);
  const server = await start(true, { path });
  return {
    input: server.input,
    close: () => {
      rmSync(folder, { recursive: true });
      server.close();
    },
  };
};

const thousands = 5_000;
const many = (tls) => ({
  work: `5,000 messages of 4 kB, one connection${tls ? ', TLS' : ''}`,
  serve: () => start(tls, { count: thousands }),
  contenders: {
    raw: ['smtp', 'rawMany'],
    fivewire: ['smtp', 'many'],
    nodemailer: ['smtp', 'nodemailerMany'],
  },
  reference: 'raw',
  targets: [{ contender: 'fivewire', peer: 'raw', most: 1.5 }],
});

export default [
  many(false),
  many(true),
  {
    work: '5,000 messages of 4 kB by BDAT, 50 under way',
    serve: () => start(false, { count: thousands }),
    contenders: { raw: ['smtp', 'rawChunks'], fivewire: ['smtp', 'chunks'] },
    reference: 'raw',
    targets: [{ contender: 'fivewire', peer: 'raw', most: 2 }],
  },
  {
    work: `200 messages of 4 kB at ${roundTrip} ms`,
    async serve() {
      const server = await start(false, {});
      const target = { host: '127.0.0.1', port: server.input.port };
      const relay = await startRelay(target, { roundTrip });
      return {
        input: { host: relay.host, port: relay.port, count: 200 },
        close: async () => {
          await relay.close();
          server.close();
        },
      };
    },
    contenders: {
      raw: ['smtp', 'rawMany'],
      fivewire: ['smtp', 'many'],
      'fivewire, BDAT': ['smtp', 'chunks'],
      nodemailer: ['smtp', 'nodemailerMany'],
    },
    reference: 'raw',
    targets: [
      { contender: 'fivewire', wallSeconds: 4.5 },
      { contender: 'fivewire, BDAT', wallSeconds: 0.5 },
    ],
  },
  {
    work: 'a message of 300 MB, TLS',
    serve: withFile(300),
    contenders: {
      raw: ['smtp', 'rawFile'],
      fivewire: ['smtp', 'file'],
      nodemailer: ['smtp', 'nodemailerFile'],
    },
    reference: 'raw',
    targets: [{ contender: 'fivewire', peer: 'raw', most: 1.3 }],
  },
  {
    work: '5,000 messages from parts, TLS',
    serve: () => start(true, { count: thousands }),
    contenders: { nodemailer: ['smtp', 'nodemailerComposed'], fivewire: ['smtp', 'composed'] },
    reference: 'nodemailer',
    targets: [{ contender: 'fivewire', peer: 'nodemailer', most: 0.8 }],
  },
  {
    work: 'an attachment of 220 MB, TLS',
    serve: withFile(220),
    contenders: { nodemailer: ['smtp', 'nodemailerAttached'], fivewire: ['smtp', 'attached'] },
    reference: 'nodemailer',
    targets: [{ contender: 'fivewire', peer: 'nodemailer', most: 0.7 }],
  },
];
