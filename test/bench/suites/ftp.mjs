// FTP: listings, many small files and large ones, beside basic-ftp and raw sockets, to a scripted server in a process of its own.
import { fork } from 'node:child_process';
import { createThrowawayCa } from '@fivewire/test-servers';
import { startRelay } from '../relay.mjs';

const name = 'bench.example.test';
const script = new URL('../servers/ftp-scripted.mjs', import.meta.url);
const roundTrip = 20;
// Below those that a system gives to who asks for none.
const ports = [27_100, 27_131];

async function start(tls, input, passive) {
  const child = fork(script, { stdio: 'inherit' });
  const ca = tls ? await createThrowawayCa() : undefined;
  const issued = await ca?.issue({ names: [name] });
  child.send({
    ...(issued && { cert: issued.chain, key: issued.key }),
    ...(passive && { ports: passive }),
  });
  const { port } = await new Promise((resolve) => child.once('message', resolve));
  return {
    input: { port, ...(ca && { ca: ca.certificate, serverHostname: name }), ...input },
    close: () => child.disconnect(),
  };
}

const listing = (verb, fn, most) => ({
  work: `${verb} of 50,000`,
  serve: () => start(false, {}),
  contenders: {
    raw: ['ftp', `raw${fn}`],
    fivewire: ['ftp', fn.toLowerCase()],
    'basic-ftp': ['ftp', `basic${fn}`],
  },
  reference: 'raw',
  targets: [{ contender: 'fivewire', peer: 'raw', most }],
});

const transfers = (what, way, input, most) => ({
  work: `${what} ${way === 'Up' ? 'up' : 'down'}, TLS`,
  serve: ({ full }) => start(true, input(full)),
  contenders: {
    raw: ['ftp', `raw${way}`],
    fivewire: ['ftp', way.toLowerCase()],
    'basic-ftp': ['ftp', `basic${way}`],
  },
  reference: 'raw',
  targets: [{ contender: 'fivewire', peer: 'raw', most }],
});
const many = () => ({ count: 3_000, octets: 1024 });
const large = (full) => ({ count: 1, octets: full ? 1 << 30 : 300 << 20 });

const far = (work, input, contenders) => ({
  work: `${work} at ${roundTrip} ms`,
  async serve({ full }) {
    const server = await start(false, input(full), ports);
    const target = { host: '127.0.0.1', port: server.input.port };
    const relay = await startRelay(target, { roundTrip, ports });
    return {
      input: { ...server.input, host: relay.host, port: relay.port },
      close: async () => {
        await relay.close();
        server.close();
      },
    };
  },
  contenders,
  reference: 'basic-ftp',
  targets: [],
});
const hundred = () => ({ count: 100, octets: 1024 });
const tree = (full) => ({ count: full ? 5_000 : 400, octets: 4096 });

export default [
  listing('LIST', 'List', 2),
  listing('MLSD', 'Mlsd', 1.8),
  transfers('3,000 files of 1 kB', 'Up', many, 1.15),
  transfers('3,000 files of 1 kB', 'Down', many, 1.15),
  transfers('a large file', 'Up', large, 1.1),
  transfers('a large file', 'Down', large, 1.1),
  // Of these the wall seconds count.
  far('100 files up', hundred, { 'basic-ftp': ['ftp', 'basicUp'], fivewire: ['ftp', 'up'] }),
  far('100 files down', hundred, { 'basic-ftp': ['ftp', 'basicDown'], fivewire: ['ftp', 'down'] }),
  far('files of 4 kB down', tree, {
    'basic-ftp': ['ftp', 'basicDown'],
    'fivewire, 4 connections': ['ftp', 'pool'],
  }),
];
