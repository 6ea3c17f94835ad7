/** One attack from its beginning to its end, seen from the client, the wire and the server; and what must hold of all. */
import { getEventListeners } from 'node:events';
import {
  createThrowawayCa,
  type ImapServerOptions,
  type Pop3ServerOptions,
  type SecurityMode,
} from '@fivewire/test-servers';
import { createTlsContext, type FivewireError, isFivewireError } from 'tls-context-core';
import { afterAll, beforeAll, expect } from 'vitest';
import { exposed, password, user } from '../support/credentials.js';
import { leaked, openHandles } from '../support/handles.js';
import { within } from '../support/promises.js';
import { read, type Wire } from '../support/wire-tap.js';
import { type Client, lookAndLeave, type Picture, type Target } from './targets/target.js';
import { outcomeOf, timeoutsFor } from './verdict.js';
import { type Route, routeTo, serverHostname, type Way } from './ways.js';

export interface Setup {
  /** What the server is like. */
  server: ImapServerOptions & Pop3ServerOptions;
  /** Options of the client, beyond those of every attack. */
  client?: { mechanisms: string[] };
  /** Default `'direct'`. */
  way?: Way;
  /** What the server's port speaks. Default `'starttls'`. */
  door?: SecurityMode;
  /** What the client is told to speak. Default `'starttls'`. */
  security?: 'starttls' | 'implicit-tls';
}

export interface Report {
  /** `'secured'`, or code and phase of the error. */
  outcome: string;
  error: FivewireError | undefined;
  /** All that the user of a secured session saw. */
  picture: Picture | undefined;
}

/** Within which a client's socket must be closed after its error, in milliseconds. */
const promptly = 20_000;

const authority = await createThrowawayCa();
const certificate = await authority.issue({ names: [serverHostname] });
const tls = createTlsContext({ ca: authority.certificate });

/** Once a file: whatever the attacks were, no socket, server or timer is left of them. */
export function leaveNothing(): void {
  let before: ReturnType<typeof openHandles>;
  beforeAll(() => {
    before = openHandles();
  });
  afterAll(async () => {
    expect(await leaked(before)).toEqual({});
  });
}

/** @param expected decides how long the client is patient with what */
export async function attack<C extends Client>(
  target: Target<C>,
  {
    server: options,
    client: more,
    way = 'direct',
    door = 'starttls',
    security = 'starttls',
  }: Setup,
  expected: string,
): Promise<Report> {
  const server = await target.start({
    users: { [user]: password },
    sasl: { mechanisms: ['SCRAM-SHA-256', 'CRAM-MD5', 'PLAIN', 'LOGIN'] },
    ...options,
    modes: [door],
    certificate,
  });
  const route = await routeTo(way, server.ports[door]);
  const { signal } = new AbortController();
  try {
    const connecting = target.connect({
      ...route.options,
      security,
      tls,
      auth: { user, password },
      timeouts: timeoutsFor(expected),
      signal,
      ...more,
    });
    const result = await connecting.then(
      (client) => ({ client }),
      (error: unknown) => ({ error }),
    );
    const wires = route.tap.take();
    expect(wires).toHaveLength(1);
    const wire = wires[0] as Wire;
    const secured = 'client' in result;
    if (!secured && !isFivewireError(result.error)) throw result.error;
    const error = secured ? undefined : (result.error as FivewireError);
    if (error !== undefined) expectFailure(error, route);
    const picture = secured ? await picturedBy(target, result.client) : undefined;
    await within(promptly, wire.closed());

    const [record] = server.connections;
    expectSilenceInClear(target, wire, security);
    if (record?.tls === undefined) expect(record?.lines).toEqual(record?.linesInClear);
    if (secured) expect(record?.user).toBe(user);
    expect(new Set(route.lookups).size).toBeLessThanOrEqual(1); // no referral was followed
    expect(getEventListeners(signal, 'abort')).toEqual([]);
    expect(server.problems).toEqual([]);
    return { outcome: error === undefined ? 'secured' : outcomeOf(error), error, picture };
  } finally {
    await route.tap.close();
    await server.close();
  }
}

async function picturedBy<C extends Client>(target: Target<C>, client: C): Promise<Picture> {
  try {
    expect(client.security).toMatchObject({
      verified: true,
      serverHostname,
      matchedName: serverHostname,
      protocol: expect.stringMatching(/^TLSv1\.[23]$/),
    });
    return await lookAndLeave(target, client);
  } finally {
    client.close();
  }
}

/** An error tells what to do, shows nothing of ours, and nothing of theirs that a terminal would obey. */
function expectFailure(error: FivewireError, { stream }: Route): void {
  expect(error.connection).toBe('closed');
  expect(error.hint).toMatch(/\w+ \w+/);
  const shown = `${error.message} ${error.hint} ${JSON.stringify(error)}`;
  expect(exposed(shown)).toEqual([]);
  expect(shown).not.toMatch(/[\x00-\x09\x0b-\x1f\x7f-\x9f]/);
  if (stream !== undefined) expect(stream.destroyed).toBe(true);
}

/** In clear there were the lines that lead to TLS, nothing behind them, and nothing of the credentials anywhere. */
function expectSilenceInClear<C extends Client>(
  { inClear, startTls }: Target<C>,
  wire: Wire,
  security: 'starttls' | 'implicit-tls',
): void {
  const { lines, records, rest } = read(wire.sent());
  expect(rest).toBe(0);
  expect(exposed(wire.sent())).toEqual([]);
  if (security === 'implicit-tls') expect(lines).toEqual([]);
  for (const line of lines) expect(line).toMatch(inClear);
  if (security === 'starttls' && records.length > 0) expect(lines.at(-1)).toMatch(startTls);
}
