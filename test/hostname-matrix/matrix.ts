/** The one test body of the matrix: each row over both ways to TLS, seen from the client, the wire and the server. */
import { getEventListeners } from 'node:events';
import type { ConnectionRecord } from '@fivewire/test-servers';
import { createTlsContext, type FivewireError, isFivewireError } from 'tls-context-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { exposed, password, user } from './credentials.js';
import { leaked, openHandles } from './handles.js';
import type { Client, Driver } from './protocols/driver.js';
import { type Accepted, type Refused, type Row, rows } from './rows.js';
import { tlsOptions } from './trust.js';
import { read, type Wire } from './wire-tap.js';
import { createWorld, type Mode, modes, type Route, type World } from './world.js';

/** Within which a refused client's socket must be seen closed by the other side, in milliseconds. */
const promptly = 1_000;

export function describeMatrix<C extends Client>(driver: Driver<C>): void {
  let world: World;
  beforeAll(async () => {
    world = await createWorld(driver);
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
    await expectRefusal(row.verdict, { driver, row, mode }, connecting, route);
  } else {
    const client = await connecting;
    try {
      await expectAcceptance(row.verdict, { driver, mode }, client, route);
      expect(client.security.fingerprint256).toBe(certificate.fingerprint256);
    } finally {
      await client.quit();
    }
    for (const wire of route.wires()) await within(promptly, wire.gone);
  }
  expect(getEventListeners(signal, 'abort')).toEqual([]);
  expect(await leaked(before)).toEqual({});
}

async function expectRefusal<C extends Client>(
  verdict: Refused,
  { driver, row, mode }: Pick<Case<C>, 'driver' | 'row' | 'mode'>,
  connecting: Promise<C>,
  { server, stream, wires }: Route,
): Promise<void> {
  const error = await rejection(connecting);
  expect(error).toMatchObject({
    name: 'TlsError',
    code: verdict.code,
    protocol: driver.protocol,
    connection: 'closed',
    retry: 'never',
  });
  expect(error.hint).toMatch(verdict.hint ?? /\w+ \w+/);
  expect(exposed(`${error.message} ${error.hint} ${JSON.stringify(error)}`)).toEqual([]);

  const found = wires();
  if (verdict.untouched) {
    expect(found.length).toBe(stream === undefined ? 0 : 1);
  } else {
    expect(found.length).toBe(1);
    expect(error.phase).toBe('tls');
    expect(error.serverHostname).toBe(verdict.serverHostname ?? row.serverHostname);
  }
  if (stream !== undefined) expect(stream.destroyed).toBe(true);
  for (const wire of found) {
    await within(promptly, wire.closed());
    expect(wire.leftFirst).toBe('client');
    if (verdict.untouched) expect(wire.sent()).toEqual(Buffer.alloc(0));
    else expectNothingSaid(wire, lastOf(server.connections), driver.inClear, mode);
  }
}

/** On the wire there was a handshake and nothing else; the server decrypted nothing, and knows nobody. */
function expectNothingSaid(
  wire: Wire,
  record: ConnectionRecord,
  inClear: RegExp,
  mode: Mode,
): void {
  const { lines, records, rest } = read(wire.sent());
  expect(rest).toBe(0);
  if (mode === 'implicit-tls') expect(lines).toEqual([]);
  for (const line of lines) expect(line).toMatch(inClear);
  for (const { type, length } of records) expect(handshakeLengths[type]).toSatisfy(allows(length));
  expect(exposed(wire.sent())).toEqual([]);
  expect(record.lines).toEqual(lines);
  expect(record.user).toBeUndefined();
  expect(record.tls?.resumed ?? false).toBe(false);
}

/**
 * How long a client's TLS records may be in a handshake, by type. Application data (23) in TLS 1.3 hides Finished, of
 * 53 or 69 octets by the hash of the cipher suite, and an alert of 19: no command of any protocol is as long as that.
 */
const handshakeLengths: Record<number, number[] | 'any'> = {
  20: [1],
  21: 'any',
  22: 'any',
  23: [53, 69, 19],
};

const allows = (length: number) => (lengths: number[] | 'any' | undefined) =>
  lengths === 'any' || (lengths?.includes(length) ?? false);

async function expectAcceptance<C extends Client>(
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

  const record = lastOf(server.connections);
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

async function rejection(promise: Promise<Client>): Promise<FivewireError> {
  const error: unknown = await promise.then(
    (client) => {
      client.close();
      return new Error(`accepted: ${JSON.stringify(client.security)}`);
    },
    (reason: unknown) => reason,
  );
  if (!isFivewireError(error)) throw error;
  return error;
}

function lastOf<T>(list: readonly T[]): T {
  const last = list.at(-1);
  if (last === undefined) throw new Error('nobody came to the server');
  return last;
}

/** Fails when it takes longer. */
async function within(milliseconds: number, promise: Promise<unknown>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`not within ${milliseconds} ms`)), milliseconds);
  });
  await Promise.race([promise, late]).finally(() => clearTimeout(timer));
}
