/** A file of no octets ends by close_notify too, at whatever moment the server's go-ahead comes. RFC 5246 §7.2.1. */
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { Duplex } from 'node:stream';
import { createSecureContext, TLSSocket } from 'node:tls';
import {
  createSessionScope,
  createTlsContext,
  PendingCalls,
  type SecureStream,
  secure,
} from '@fivewire/line-protocol';
import { createThrowawayCa } from '@fivewire/test-servers';
import { afterEach, expect, it } from 'vitest';
import { send } from '../src/transfer/data-flow.js';
import { StallWatch } from '../src/transfer/deadline.js';

const closers: (() => void)[] = [];
afterEach(() => {
  for (const close of closers.splice(0)) close();
});

it.each(['TLSv1.2', 'TLSv1.3'] as const)('%s', async (version) => {
  const name = 'ftp.example.test';
  const ca = await createThrowawayCa();
  const { chain, key } = await ca.issue({ names: [name] });
  const secureContext = createSecureContext({ cert: chain, key, maxVersion: version });

  const data: Arrival[] = [];
  const dataPort = await listen((raw) => {
    const records: number[] = [];
    const secured = new TLSSocket(recording(raw, records), { isServer: true, secureContext });
    secured.on('error', () => undefined).on('end', () => secured.end());
    if (data.length === 0) secured.on('secure', () => secured.write('so that a ticket comes'));
    data.push({ raw, records, gone: once(secured.resume(), 'end') });
  });
  const control: Socket[] = [];
  const controlPort = await listen((raw) => void control.push(raw));

  const context = createTlsContext({ ca: ca.certificate });
  const identity = { context, serverHostname: name, protocol: 'ftp' } as const;
  const sessions = createSessionScope(identity);
  const open = async () => secure(await dial(dataPort), { ...identity, sessions });
  const first = await open();
  await once(first, 'data');
  first.end();
  await data[0]?.gone;

  // In one and the same turn of the event loop the handshake ends and then the go-ahead is read.
  const replies = await dial(controlPort);
  let secured: SecureStream | undefined;
  const sending = once(replies, 'data').then(() => undefined);
  replies.once('data', () => {
    const watch = new StallWatch(1000, new PendingCalls(1000), () => undefined);
    void send(secured as SecureStream, nothing(), watch, () => undefined).then(() => watch.stop());
  });
  const opening = open().then((stream) => {
    secured = stream;
  });
  while ((data[1]?.raw.bytesWritten ?? 0) === 0) await turn();
  control[0]?.write('150 Ok to send data.\r\n');
  await Promise.all([opening, sending, data[1]?.gone]);

  expect(secured?.security.resumed).toBe(true);
  const types = data[1]?.records.slice(-2);
  // Finished, then close_notify; TLS 1.3 hides what they are.
  expect(types).toEqual(version === 'TLSv1.2' ? [22, 21] : [23, 23]);
});

/** A data connection at the server, and the types of the records that came over it. */
interface Arrival {
  raw: Socket;
  records: number[];
  gone: Promise<unknown>;
}

async function listen(serve: (socket: Socket) => void): Promise<number> {
  const server = createServer((socket) => {
    closers.push(() => socket.destroy());
    serve(socket.on('error', () => undefined));
  });
  closers.push(() => server.close());
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

async function dial(port: number): Promise<Socket> {
  const socket = connect(port, '127.0.0.1');
  closers.push(() => socket.destroy());
  await once(socket, 'connect');
  return socket;
}

/** A socket whose octets are looked at on their way to TLS. The peer's records are complete when they come. */
function recording(socket: Socket, records: number[]): Duplex {
  const duplex = new Duplex({
    read: () => undefined,
    write: (chunk, _encoding, done) => void socket.write(chunk, () => done()),
    final: (done) => void socket.end(done),
  });
  socket.on('data', (octets: Buffer) => {
    for (let at = 0; at + 5 <= octets.length; at += 5 + octets.readUInt16BE(at + 3)) {
      records.push(octets[at] ?? 0);
    }
    duplex.push(octets);
  });
  socket.on('end', () => duplex.push(null));
  return duplex;
}

const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

async function* nothing(): AsyncGenerator<Uint8Array> {}
