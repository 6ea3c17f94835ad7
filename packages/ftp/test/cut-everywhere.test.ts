/**
 * A real server that goes in the middle of a session, after each octet of what it says: on the control connection, on a listing, on a
 * file. Each call ends well or with a typed error, what it gives is right, and no socket stays open.
 */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { Writable } from 'node:stream';
import {
  createThrowawayCa,
  FileTree,
  type FtpServer,
  startFtpServer,
  type ThrowawayCa,
} from '@fivewire/test-servers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { FtpClient, type FtpConnectOptions, isFivewireError } from '../src/index.js';

const body = 'a file of a few octets';
const files = { '/d/f': body, '/d/g': 'another', '/d/s/h': 'deeper' };
const modified = new Date(1_700_000_000_000);

let ca: ThrowawayCa;
let tree: FileTree;
let server: FtpServer;
beforeAll(async () => {
  ca = await createThrowawayCa();
  tree = new FileTree();
  server = await startFtpServer({
    users: { alice: 'secret' },
    certificate: await ca.issue({ names: ['ftp.example.test'] }),
    files: tree,
  });
});
afterAll(() => server.close());

type Mode = 'cleartext' | 'starttls' | 'implicit-tls';
type Outcome = { call: string; value?: unknown; error?: unknown };

type Calls = [string, (ftp: FtpClient) => Promise<unknown>][];

/**
 * The calls of a working day, each on what the one before it left; the first failure ends a part. In parts, so that what is cut late
 * does not go through the whole day again.
 */
const parts: readonly Calls[] = [
  [
    ['list', (ftp) => names(ftp, '/d')],
    ['stat', async (ftp) => (await ftp.stat('/d/f'))?.size],
    ['download', (ftp) => content(ftp, '/d/f')],
  ],
  [
    ['upload', async (ftp) => (await ftp.upload('new', '/d/n', { atomic: true })).proof],
    ['append', (ftp) => ftp.append(' and more', '/d/n')],
    ['setModified', (ftp) => ftp.setModified('/d/n', modified)],
    ['rename', (ftp) => ftp.rename('/d/n', '/d/m')],
    ['remove', (ftp) => ftp.remove('/d/m')],
  ],
  [
    ['mkdir', (ftp) => ftp.mkdir('/x/y', { parents: true })],
    ['remove all', (ftp) => ftp.remove('/d', { recursive: true })],
    ['quit', (ftp) => ftp.quit()],
  ],
];
const results: Readonly<Record<string, unknown>> = {
  list: ['f 22', 'g 7', 's -'],
  stat: body.length,
  upload: 'size',
  download: body,
};

async function names(ftp: FtpClient, path: string): Promise<string[]> {
  const found: string[] = [];
  for await (const { name, size } of ftp.list(path)) found.push(`${name} ${size ?? '-'}`);
  return found.sort();
}
async function content(ftp: FtpClient, path: string): Promise<string> {
  const pieces: Buffer[] = [];
  const sink = new Writable({
    write(piece: Buffer, _encoding, done) {
      pieces.push(piece);
      done();
    },
  });
  await ftp.download(path, sink);
  return Buffer.concat(pieces).toString();
}

interface Session {
  outcomes: Outcome[];
  sockets: Socket[];
  /** What the server had said when the login was done, in octets. */
  login: number;
}

async function session(mode: Mode, calls: Calls): Promise<Session> {
  tree.clear();
  for (const [path, text] of Object.entries(files)) tree.write(path, text, modified);
  const sockets: Socket[] = [];
  const options: FtpConnectOptions = {
    host: server.host,
    port: server.ports[mode],
    security: mode,
    ...(mode === 'cleartext'
      ? { allowCleartextAuth: true }
      : { serverHostname: 'ftp.example.test', tls: { ca: ca.certificate } }),
    auth: { user: 'alice', password: 'secret' },
    timeouts: { close: 100 },
    async dial({ host, port }) {
      const socket = connect({ host, port });
      sockets.push(socket);
      await once(socket, 'connect');
      return socket;
    },
  };
  const outcomes: Outcome[] = [];
  let ftp: FtpClient | undefined;
  try {
    ftp = await FtpClient.connect(options);
  } catch (error) {
    outcomes.push({ call: 'connect', error });
  }
  const login = said();
  for (const [call, work] of ftp === undefined ? [] : calls) {
    try {
      outcomes.push({ call, value: await work(ftp as FtpClient) });
    } catch (error) {
      outcomes.push({ call, error });
      if ((await isOver(ftp as FtpClient)) || call === 'upload') break;
    }
  }
  ftp?.close();
  await ftp?.closed;
  return { outcomes, sockets, login };
}

/** Whether a connection that `usable` was not said of is closed. */
async function isOver(ftp: FtpClient): Promise<boolean> {
  return (
    (await Promise.race([ftp.closed, new Promise((resolve) => setImmediate(resolve))])) !==
    undefined
  );
}

async function check(point: string, { outcomes, sockets }: Session): Promise<void> {
  for (const { call, value, error } of outcomes) {
    const where = `${call}, ${point}`;
    if (error === undefined) {
      if (call in results) expect(value, where).toEqual(results[call]);
      continue;
    }
    expect(isFivewireError(error), `${where}: ${error}`).toBe(true);
    const { code, connection, hint } = error as { code: string; connection: string; hint: string };
    expect(code, where).toMatch(
      /^ERR_(?:CONNECTION_CLOSED|SERVER_CLOSING|TRANSFER_INCOMPLETE|TLS_HANDSHAKE|MALFORMED_RESPONSE)$/,
    );
    expect(hint, where).not.toBe('');
    expect(['usable', 'closed'], where).toContain(connection);
  }
  await expect
    .poll(() => sockets.filter(({ destroyed }) => !destroyed).length, { message: point })
    .toBe(0);
}

/** What the server said on its youngest control connection, in octets. */
const said = (): number => server.connections.at(-1)?.sent ?? 0;

/** The octets that the server says to a session that nothing disturbs. */
async function undisturbed(
  mode: Mode,
  calls: Calls,
): Promise<{ login: number; control: number; data: number[] }> {
  server.faults = undefined;
  let count = 0;
  server.dataFaults = () => {
    count += 1;
    return undefined;
  };
  const whole = await session(mode, calls);
  await check('undisturbed', whole);
  expect(whole.outcomes.filter(({ error }) => error !== undefined)).toEqual([]);
  expect(whole.outcomes).toHaveLength(calls.length);
  return {
    login: whole.login,
    control: said(),
    data: server.dataConnections.slice(-count).map(({ sent }) => sent),
  };
}

const failed = ({ error }: Outcome) => error !== undefined;

describe.each<[Mode, cut: 'fin' | 'close-notify' | 'reset', step: number]>([
  ['cleartext', 'fin', 1],
  ['cleartext', 'reset', 13], // each of these waits a moment, so that what was said is read first
  ['starttls', 'fin', 11],
  ['implicit-tls', 'close-notify', 23],
])('a control connection, %s, that ends by %s', (mode, cut, step) => {
  it(`after ${step === 1 ? 'each octet' : `${step} octets and ${step} more`}`, async () => {
    const goodbye = '221 Goodbye.\r\n'.length;
    for (const [index, calls] of parts.entries()) {
      const { login, control } = await undisturbed(mode, calls);
      expect(control).toBeGreaterThan(login + 100);
      const harmless = calls.at(-1)?.[0] === 'quit' ? control - goodbye : control;
      // The first part goes through the login too, for all of them.
      for (let octets = index === 0 ? 0 : login; octets < control; octets += step) {
        server.faults = { cutAfter: octets, cut };
        const one = await session(mode, calls);
        await check(`${cut} after ${octets}`, one);
        expect(one.outcomes.some(failed) || octets >= harmless, `${octets}`).toBe(true);
      }
    }
    server.faults = undefined;
  });
});

describe.each<[Mode, cut: 'fin' | 'close-notify' | 'reset', step: number]>([
  ['cleartext', 'fin', 3],
  ['cleartext', 'reset', 17],
  ['starttls', 'fin', 13],
  ['starttls', 'close-notify', 17],
  ['implicit-tls', 'reset', 29],
])('a data connection, %s, that ends by %s', (mode, cut, step) => {
  it('somewhere in a listing or a file', async () => {
    let broken = 0;
    let connections = 0;
    for (const calls of parts) {
      const { data } = await undisturbed(mode, calls);
      connections += data.length;
      for (const [index, sent] of data.entries()) {
        for (let octets = 0; octets < sent; octets += step) {
          let begun = 0;
          server.dataFaults = () => (begun++ === index ? { cutAfter: octets, cut } : undefined);
          const one = await session(mode, calls);
          await check(`${cut} after ${octets} of data connection ${index}`, one);
          // The session outlives it, and goes on behind the call that failed. What nothing came of may be asked for in another way.
          const errors = one.outcomes.filter(failed).map(({ error }) => error);
          broken += errors.length;
          for (const error of errors) expect(error).toMatchObject({ connection: 'usable' });
          expect(one.outcomes.at(-1)?.call).toBe(calls.at(-1)?.[0]);
        }
      }
    }
    expect(broken).toBeGreaterThan(connections);
    server.dataFaults = undefined;
  });
});
