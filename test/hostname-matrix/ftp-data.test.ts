/** FTP's data connections: each row in three kinds of transfer, after a control connection that was right. RFC 4217. */
import { Writable } from 'node:stream';
import type { FtpClient } from '@fivewire/ftp';
import type { FtpServer } from '@fivewire/test-servers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { password, user } from '../support/credentials.js';
import { leaked, openHandles } from '../support/handles.js';
import { rejection, within } from '../support/promises.js';
import type { Wire } from '../support/wire-tap.js';
import { type DataAccepted, type DataRow, dataRows } from './data-rows.js';
import { expectHandshakeOnly, expectLeft, expectRefusal, last, promptly } from './expectations.js';
import { file, ftp, startFtp } from './protocols/ftp.js';
import type { Refused } from './rows.js';
import { tlsOptions } from './trust.js';
import { createWorld, type Mode, modes, type Route, type World } from './world.js';

const upload = { path: '/new.txt', content: 'octets that must not leave for a stranger' };

/** Each fails where it did not do its work. */
const transfers: Record<string, (client: FtpClient, server: FtpServer) => Promise<void>> = {
  async list(client) {
    const names: string[] = [];
    for await (const { name } of client.list('/')) names.push(name);
    expect(names).toContain(file.path.slice(1));
  },
  async download(client) {
    const chunks: Buffer[] = [];
    const target = new Writable({
      write(chunk: Buffer, _, done) {
        chunks.push(chunk);
        done();
      },
    });
    await client.download(file.path, target);
    expect(Buffer.concat(chunks).toString()).toBe(file.content);
  },
  async upload(client, server) {
    await client.upload(upload.content, upload.path);
    expect(server.files.read(upload.path)?.toString()).toBe(upload.content);
  },
};

let world: World<FtpServer>;
beforeAll(async () => {
  world = await createWorld(startFtp);
});
afterAll(() => world.close());

describe.each(modes)('ftp data over %s', (mode) => {
  describe.each(Object.keys(transfers))('%s', (transfer) => {
    it.each(dataRows)('$title', async (row) => {
      await judge(row, mode, transfer);
      expect(world.problems).toEqual([]);
    });
  });
});

const name = 'a.example.test';

async function judge(row: DataRow, mode: Mode, transfer: string): Promise<void> {
  const { certificates } = world;
  const { way = 'proxy', host = name, trust = 'authority', serverHostname, verdict } = row;
  const presented = await certificates.issue(row.control ?? { names: [name] });
  const data = row.data === 'same' ? undefined : await certificates.issue(row.data);
  const tls = await tlsOptions(trust, certificates, presented);
  world.present(presented);
  await world.open(way, mode);
  const before = openHandles();

  const route = await world.route(way, mode, host);
  const { server } = route;
  server.useDataCertificate(data);
  server.files.remove(upload.path);
  const client = await ftp.connect({
    ...route.options,
    security: mode,
    auth: { user, password },
    ...(serverHostname === undefined ? {} : { serverHostname }),
    ...(tls === undefined ? {} : { tls }),
  });
  const count = server.dataConnections.length;
  const transferring = transfers[transfer]?.(client, server) ?? Promise.reject(transfer);
  if ('code' in verdict)
    await expectRefused(verdict, { row, transfer }, client, transferring, route);
  else await expectAccepted(verdict, client, transferring, route);
  expect(server.dataConnections.length).toBe(count + 1);
  expect(await leaked(before)).toEqual({});
}

async function expectAccepted(
  { resumed }: DataAccepted,
  client: FtpClient,
  transferring: Promise<void>,
  { server, wires }: Route<FtpServer>,
): Promise<void> {
  await transferring;
  expect(last(server.dataConnections).tls).toMatchObject({ resumed, alpn: 'ftp' });
  // Node's server forgets the SNI of a resumed session of TLS 1.2; the ClientHello shows it.
  const data = wires()[1]?.sent();
  const sni = last(server.connections).tls?.servername;
  if (sni !== undefined && data !== undefined) expect(data.includes(sni)).toBe(true);
  await ftp.command(client); // the session goes on
  await client.quit();
}

/** Somebody is between us and the server: the transfer fails, and the session ends with it. */
async function expectRefused(
  verdict: Refused,
  { row: { serverHostname }, transfer }: { row: DataRow; transfer: string },
  client: FtpClient,
  transferring: Promise<void>,
  { server, options, wires }: Route<FtpServer>,
): Promise<void> {
  const error = await rejection(transferring);
  expectRefusal(error, verdict, 'ftp');
  expect(error.phase).toBe('tls');
  expect(error.serverHostname).toBe(verdict.serverHostname ?? serverHostname ?? name);

  const { code } = verdict;
  const closed = await within(promptly, client.closed);
  expect(closed).toMatchObject({ reason: 'error', error: { code } });
  expect(await rejection(client.stat(file.path))).toMatchObject({ code });

  const found = wires();
  expect(found.length).toBe(options.proxy === undefined ? 1 : 2); // data goes past the tap by proxy only
  for (const wire of found) await within(promptly, wire.closed());
  // A server that has little to send has sent it and left before a client of TLS 1.2 can have judged.
  if (transfer === 'upload') for (const wire of found) await expectLeft(wire);
  if (found.length === 2) expect(expectHandshakeOnly(found[1] as Wire).lines).toEqual([]);
  const record = last(server.dataConnections);
  expect(record.tls?.resumed ?? false).toBe(false);
  expect(record.lines).toEqual([]);
  expect(server.files.read(upload.path)?.toString() ?? '').toBe('');
}
