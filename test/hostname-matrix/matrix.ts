/** The one test body of the matrix: each row over both ways to TLS, seen from the client, the wire and the server. */
import { getEventListeners } from 'node:events';
import { createTlsContext } from 'tls-context-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { exposed, password, user } from '../support/credentials.js';
import { leaked, openHandles } from '../support/handles.js';
import { rejection, within } from '../support/promises.js';
import { read, type Wire } from '../support/wire-tap.js';
import { expectHandshakeOnly, expectLeft, expectRefusal, last, promptly } from './expectations.js';
import type { Client, Driver } from './protocols/driver.js';
import { type Accepted, type Refused, type Row, rows } from './rows.js';
import { tlsOptions } from './trust.js';
import { createWorld, type Mode, modes, type Route, type World } from './world.js';

export function describeMatrix<C extends Client>(driver: Driver<C>): void {
  let world: World;
  beforeAll(async () => {
    world = await createWorld(driver.start);
  });
  afterAll(() => world.close());

  describe.each(modes)(`${driver.protocol} over %s`, (mode) => {
    it.each(rows)('$title', async (row) => {
      await judge({ world, driver, mode, row });
      expect(world.problems).toEqual([]);
    });
  });
}

interface Case<C extends Client> {
  world: World;
  driver: Driver<C>;
  mode: Mode;
  row: Row;
}

async function judge<C extends Client>({ world, driver, mode, row }: Case<C>): Promise<void> {
  const certificate = await world.certificates.issue(row.certificate);
  world.present(certificate);
  const options = await tlsOptions(row.trust ?? 'authority', world.certificates, certificate);
  const tls = row.earlier === undefined ? options : createTlsContext(options);
  const { signal } = new AbortController();
  const connect = (route: Route, serverHostname: string | undefined) =>
    driver.connect({
      ...route.options,
      security: mode,
      auth: { user, password },
      signal,
      ...(serverHostname === undefined ? {} : { serverHostname }),
      ...(tls === undefined ? {} : { tls }),
    });

  await world.open(row.way ?? 'IPv4', mode);
  const before = openHandles();
  if (row.earlier !== undefined) {
    const route = await world.route(row.way ?? 'IPv4', mode, row.host);
    const client = await connect(route, row.earlier);
    await driver.command(client); // by then the server's tickets have come
    await client.quit();
  }
  const route = await world.route(row.way ?? 'IPv4', mode, row.host);
  const connecting = connect(route, row.serverHostname);
  if ('code' in row.verdict) {
    await expectRefused(row.verdict, { driver, row, mode }, connecting, route);
  } else {
    const client = await connecting;
    try {
      await expectAccepted(row.verdict, { driver, mode }, client, route);
      expect(client.security.fingerprint256).toBe(certificate.fingerprint256);
    } finally {
      await client.quit();
    }
    for (const wire of route.wires()) await within(promptly, wire.gone);
  }
  expect(getEventListeners(signal, 'abort')).toEqual([]);
  expect(await leaked(before)).toEqual({});
}

async function expectRefused<C extends Client>(
  verdict: Refused,
  { driver, row, mode }: Pick<Case<C>, 'driver' | 'row' | 'mode'>,
  connecting: Promise<C>,
  { server, stream, wires }: Route,
): Promise<void> {
  const error = await rejection(connecting);
  expectRefusal(error, verdict, driver.protocol);
  const found = wires();
  if (stream !== undefined) expect(stream.destroyed).toBe(true);
  for (const wire of found) await expectLeft(wire);
  if (verdict.untouched) {
    expect(found.map((wire) => wire.sent().length)).toEqual(stream === undefined ? [] : [0]);
    return;
  }
  expect(found.length).toBe(1);
  expect(error.phase).toBe('tls');
  expect(error.serverHostname).toBe(verdict.serverHostname ?? row.serverHostname);

  const { lines } = expectHandshakeOnly(found[0] as Wire);
  if (mode === 'implicit-tls') expect(lines).toEqual([]);
  for (const line of lines) expect(line).toMatch(driver.inClear);
  const record = last(server.connections);
  expect(record.lines).toEqual(lines); // nothing was decrypted
  expect(record.user).toBeUndefined();
  expect(record.tls?.resumed ?? false).toBe(false);
}

async function expectAccepted<C extends Client>(
  verdict: Accepted,
  { driver, mode }: Pick<Case<C>, 'driver' | 'mode'>,
  client: C,
  { server, wires }: Route,
): Promise<void> {
  const { serverHostname, matchedName, sni = serverHostname, verified = true } = verdict;
  expect(client.security).toMatchObject({
    mode,
    verified,
    serverHostname,
    matchedName,
    alpn: driver.alpn,
    resumed: false,
    trust: verdict.trust ?? 'ca',
    protocol: verdict.protocol ?? expect.stringMatching(/^TLSv1\.[23]$/),
  });
  await driver.command(client);

  const record = last(server.connections);
  expect(record.tls).toMatchObject({ servername: sni ?? undefined, resumed: false });
  expect(record.user).toBe(user);
  const [wire] = wires();
  expect(wire).toBeDefined();
  const sent = (wire as Wire).sent();
  for (const line of read(sent).lines) expect(line).toMatch(driver.inClear);
  expect(exposed(sent)).toEqual([]);
  // What finds nothing elsewhere finds the login here.
  expect(exposed(record.lines.join('\n'))).toContain(user);
}
