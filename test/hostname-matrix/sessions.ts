/** Sessions under one protocol: by a scope, through the shared floor, and by the client's own pool. */
import {
  createSessionScope,
  createTlsContext,
  openConnection,
  type ProtocolProfile,
  resolveTransport,
  type SessionScope,
  type TlsContext,
  type TlsSecurity,
} from '@fivewire/line-protocol';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { password, user } from '../support/credentials.js';
import { leaked, openHandles } from '../support/handles.js';
import { rejection, within } from '../support/promises.js';
import { last, promptly } from './expectations.js';
import type { Client, Driver } from './protocols/driver.js';
import { otherProtocol, type SessionRow, sessionRows } from './session-rows.js';
import { createWorld, modes, type Route, type World } from './world.js';

const versions = ['TLSv1.2', 'TLSv1.3'] as const;

export function describeSessions<C extends Client>(driver: Driver<C>): void {
  let world: World;
  beforeAll(async () => {
    world = await createWorld(driver.start);
  });
  afterAll(() => world.close());
  const contextOf = (version: (typeof versions)[number]) =>
    createTlsContext({
      ca: world.certificates.authority.certificate,
      minVersion: version,
      maxVersion: version,
    });

  describe.each(versions)(`${driver.protocol} sessions over %s`, (version) => {
    it.each(sessionRows)('a scope: $title', async (row) => {
      const context = contextOf(version);
      await judge(
        world,
        driver,
        row,
        context,
        row.other === 'context' ? contextOf(version) : context,
      );
      expect(world.problems).toEqual([]);
    });

    describe.each(modes)('a pool over %s', (mode) => {
      const a = 'a.example.test';
      const b = 'b.example.test';
      const poolOf = async (serverHostname: string, tls: TlsContext) => {
        const route = await world.route('IPv4', mode);
        const auth = { user, password };
        const options = { ...route.options, security: mode, serverHostname, tls, auth };
        return { server: route.server, pool: driver.pool({ ...options, maxConnections: 2 }) };
      };

      it('resumes under its own name, verified as before', async () => {
        world.present(await world.certificates.issue({ names: ['*.example.test'] }));
        await world.open('IPv4', mode);
        const before = openHandles();
        const { pool, server } = await poolOf(a, contextOf(version));
        const security = await pool.use(async (first) => {
          await driver.command(first);
          return pool.use(async (second) => {
            await driver.command(second);
            return second.security;
          });
        });
        const resumed = driver.poolResumes;
        expect(security).toMatchObject({
          verified: true,
          serverHostname: a,
          matchedName: '*.example.test',
          resumed,
        });
        expect(last(server.connections).tls?.resumed).toBe(resumed);
        await pool.close();
        expect(await leaked(before)).toEqual({});
      });

      it.each([
        ['that the certificate has not', [a], 'ERR_CERTIFICATE_HOSTNAME_MISMATCH'],
        ['that the certificate has as well', [a, b], undefined],
      ])(
        'resumes nothing of a pool of the same context under another name, %s',
        async (_, names, code) => {
          world.present(await world.certificates.issue({ names }));
          await world.open('IPv4', mode);
          const before = openHandles();
          const context = contextOf(version);
          const first = await poolOf(a, context);
          await first.pool.use((client) => driver.command(client));
          const { pool, server } = await poolOf(b, context);
          const using = pool.use(async (client) => {
            await driver.command(client);
            return client.security.resumed;
          });
          if (code === undefined) expect(await using).toBe(false);
          else expect(await rejection(using)).toMatchObject({ code });
          expect(last(server.connections).tls?.resumed ?? false).toBe(false);
          await pool.close();
          await first.pool.close();
          expect(await leaked(before)).toEqual({});
        },
      );
    });
  });
}

async function judge(
  world: World,
  driver: Pick<Driver, 'protocol'>,
  row: SessionRow,
  context: TlsContext,
  laterContext: TlsContext,
): Promise<void> {
  const { protocol } = driver;
  world.present(await world.certificates.issue(row.certificate));
  await Promise.all([world.open('IPv4', 'implicit-tls'), world.open('name', 'implicit-tls')]);
  const before = openHandles();
  const first = await world.route('IPv4', 'implicit-tls');
  const port = first.options.port as number;
  const sessions = createSessionScope({ context, serverHostname: row.scope, protocol, port });
  const made = await visit(first, { context, serverHostname: row.scope, protocol }, sessions);
  expect(made.resumed).toBe(false);

  if (row.cleared) sessions.clear();
  if (row.later !== undefined) world.present(await world.certificates.issue(row.later));
  const way = row.other === 'port' ? 'name' : 'IPv4';
  const route = await world.route(way, 'implicit-tls', row.next);
  const peer = {
    context: laterContext,
    serverHostname: row.next,
    protocol: row.other === 'protocol' ? otherProtocol(protocol) : protocol,
  };
  const visiting = visit(route, peer, sessions);
  if ('code' in row.verdict) {
    const { code } = row.verdict;
    expect(await rejection(visiting)).toMatchObject({ code, connection: 'closed' });
    const [wire, ...others] = route.wires();
    expect(others).toEqual([]);
    await within(promptly, wire?.closed() ?? Promise.reject(new Error('nobody came')));
    if (code === 'ERR_ARGUMENT') expect(wire?.sent().length).toBe(0);
    else expect(last(route.server.connections).tls?.resumed ?? false).toBe(false);
  } else {
    const { resumed } = row.verdict;
    const { fingerprint256, ...security } = await visiting;
    expect(security).toMatchObject({ resumed, verified: true, matchedName: made.matchedName });
    if (resumed) expect(fingerprint256).toBe(made.fingerprint256);
    expect(last(route.server.connections).tls?.resumed).toBe(resumed);
  }
  expect(await leaked(before)).toEqual({});
}

/** Connects, waits for the greeting, behind which the server's tickets have come, and goes. */
async function visit(
  { options }: Route,
  {
    protocol,
    context,
    serverHostname,
  }: Pick<ProtocolProfile, 'protocol'> & { context: TlsContext; serverHostname: string },
  sessions: SessionScope,
): Promise<TlsSecurity> {
  const profile = {
    protocol,
    ports: { 'implicit-tls': 1, starttls: 1, cleartext: 1 },
    schemes: {},
    options: [],
  };
  const transport = resolveTransport(profile, { ...options, tls: context, serverHostname });
  const connection = await openConnection(transport, sessions);
  try {
    await connection.readLine({ phase: 'greeting', timeout: promptly });
    return (connection.secureStream as { security: TlsSecurity }).security;
  } finally {
    connection.close();
  }
}
