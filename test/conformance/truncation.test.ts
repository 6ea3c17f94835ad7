/** Truncation is seen: FTPS transfers, cut at each TLS record and inside of it, by a server that says 226. */
import { once } from 'node:events';
import { connect } from 'node:net';
import { Writable } from 'node:stream';
import { FtpClient, type FtpConnectOptions } from '@fivewire/ftp';
import {
  createThrowawayCa,
  FileTree,
  type FtpServer,
  startFtpServer,
  type ThrowawayCa,
} from '@fivewire/test-servers';
import { isFivewireError } from 'tls-context-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { password, user } from '../support/credentials.js';
import { type Cut, type CuttingRelay, startCuttingRelay } from './truncation/cutting-relay.js';

const name = 'ftp.example.test';
const octets = 50_000; // some records of 16 KiB
const path = '/large';
const names = Array.from({ length: 200 }, (_, i) => `file-${i}.txt`);

let ca: ThrowawayCa;
let server: FtpServer;
beforeAll(async () => {
  ca = await createThrowawayCa();
  server = await startFtpServer({
    users: { [user]: password },
    certificate: await ca.issue({ names: [name] }),
    files: new FileTree({
      [path]: Buffer.alloc(octets, 'x'),
      ...Object.fromEntries(names.map((file) => [`/list/${file}`, ''])),
    }),
  });
});
afterAll(() => server.close());

interface Outcome {
  /** The code of the error, or the proof that all is here. */
  verdict: string;
  octets: number;
}

const transfers: Record<string, { disable: string[]; run(ftp: FtpClient): Promise<Outcome> }> = {
  'a download of unknown size': { disable: ['SIZE'], run: download },
  'a download whose size is promised': { disable: [], run: download },
  'a listing': {
    disable: [],
    async run(ftp) {
      let entries = 0;
      for await (const _ of ftp.list('/list')) entries++;
      return { verdict: 'whole', octets: entries };
    },
  },
};

async function download(ftp: FtpClient): Promise<Outcome> {
  const { proof, octets: moved } = await ftp.download(path, discard());
  return { verdict: proof, octets: moved };
}

const whole: Record<string, Outcome> = {
  'a download of unknown size': { verdict: 'close-notify', octets },
  'a download whose size is promised': { verdict: 'size', octets },
  'a listing': { verdict: 'whole', octets: names.length },
};

describe.each(['TLSv1.2', 'TLSv1.3'] as const)('%s', (version) => {
  describe.each(Object.keys(transfers))('%s', (title) => {
    it('is taken for whole where nothing is cut', async () => {
      const { outcome } = await transfer(title, version, undefined);
      expect(outcome).toEqual(whole[title]);
    });

    it('is never taken for whole where it is cut, though the server says 226', async () => {
      const { seen } = await transfer(title, version, undefined);
      expect(seen.filter(isData).length).toBeGreaterThan(1); // it has records to lose
      for (let records = 0; records < seen.length; records++) {
        for (const inside of ['nothing', 'header', 'middle', 'all but one'] as const) {
          const { outcome, replies } = await transfer(title, version, { records, inside });
          // The last record is close_notify: a promised size is there without it.
          const proven =
            title === 'a download whose size is promised' && records === seen.length - 1;
          const expected = proven
            ? whole[title]
            : { verdict: 'ERR_TRANSFER_INCOMPLETE', octets: 0 };
          expect({ records, inside, ...outcome }).toEqual({ records, inside, ...expected });
          const record = seen[records];
          if (record !== undefined && isData(record))
            expect(replies.at(-1)).toMatch(/^(?:226|213) /);
        }
      }
    });
  });
});

/** Application data, longer than what of a resumed handshake TLS 1.3 hides under the same type. */
const isData = ({ type, length }: CuttingRelay['seen'][number]): boolean =>
  type === 23 && length > 512;

async function transfer(
  title: string,
  version: 'TLSv1.2' | 'TLSv1.3',
  cut: Cut | undefined,
): Promise<{ outcome: Outcome; seen: CuttingRelay['seen']; replies: string[] }> {
  const { disable, run } = transfers[title] as (typeof transfers)[string];
  let relay: CuttingRelay | undefined;
  const replies: string[] = [];
  const dial: NonNullable<FtpConnectOptions['dial']> = async ({ host, port, purpose }) => {
    if (purpose === 'data') {
      relay = await startCuttingRelay({ host, port }, cut);
    }
    const socket = connect(relay?.port ?? port, '127.0.0.1');
    await once(socket, 'connect');
    return socket;
  };
  const ftp = await FtpClient.connect({
    host: server.host,
    port: server.ports['implicit-tls'],
    serverHostname: name,
    tls: { ca: ca.certificate, maxVersion: version },
    auth: { user, password },
    disable,
    dial,
    log: ({ type, text }) => void (type === 'receive' && replies.push(text)),
  });
  try {
    const outcome = await run(ftp).catch((error: unknown) => {
      if (!isFivewireError(error)) throw error;
      return { verdict: error.code, octets: 0 };
    });
    return { outcome, seen: relay?.seen ?? [], replies };
  } finally {
    ftp.close();
    await relay?.close();
  }
}

const discard = () => new Writable({ write: (_chunk, _encoding, done) => done() });
