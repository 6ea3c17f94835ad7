/** Many calls at once, and what becomes of them when some are given up or the client leaves. */

import { once } from 'node:events';
import { connect as dialTcp } from 'node:net';
import type { Dial } from '@fivewire/line-protocol';
import type { TestServer } from '@fivewire/test-servers';
import type { FivewireError } from 'tls-context-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { leaked, openHandles } from '../support/handles.js';
import { rejection, within } from '../support/promises.js';
import { accessTo, modes, serverOptions } from './job.js';
import { type Call, type Client, clients } from './manners.js';
import { createWorld, type World } from './world.js';

const many = 50;
const numbers = Array.from({ length: many }, (_, i) => i);
/** Milliseconds; more would be a hang. */
const soon = 20_000;
const dial: Dial = async ({ host, port }) => {
  const socket = dialTcp(port, host);
  await once(socket, 'connect');
  return socket;
};

describe.each(clients)('$job.protocol', ({ job, connect, call }) => {
  let world: World;
  let server: TestServer;
  beforeAll(async () => {
    world = await createWorld();
    server = await job.start(serverOptions(world.certificate));
  });
  afterAll(async () => {
    expect(world.uncaught).toEqual([]);
    expect(server.problems).toEqual([]);
    await server.close();
    world.end();
  });

  const open = (mode: (typeof modes)[number] = 'implicit-tls') =>
    connect(
      accessTo(server, mode, world.ca, {
        timeouts: {},
        signal: new AbortController().signal,
        dial,
      }),
    );

  /** Runs `scene` on a fresh client and looks that nothing is left of it. */
  async function scene(play: (client: Client) => Promise<void>): Promise<void> {
    const before = openHandles();
    const client = await open();
    try {
      await within(2 * soon, play(client));
    } finally {
      client.close();
    }
    expect(await leaked(before)).toEqual({});
  }

  const all = (client: Client, options?: Call) =>
    numbers.map((i) => call(client, i, options).then((value) => value ?? 'done'));

  it.each(modes)('50 calls at once see what they see one after the other, by %s', async (mode) => {
    const client = await open(mode);
    try {
      const alone: unknown[] = [];
      for (const i of numbers.slice(0, 12)) alone.push((await call(client, i)) ?? 'done');
      const together = await within(soon, Promise.all(all(client)));
      expect(together).toEqual(numbers.map((i) => alone[i % 12]));
    } finally {
      await client.quit();
    }
  });

  it.each([2, 3, 7])(
    'of 50 calls each %ith is given up, and the others do not notice',
    async (k) => {
      await scene(async (client) => {
        const giveUp = new AbortController();
        const calls = numbers.map((i) =>
          call(client, i, i % k === 0 ? { signal: giveUp.signal } : {}).then(
            () => 'done',
            (error: { code: string; connection: string }) => `${error.code} ${error.connection}`,
          ),
        );
        setImmediate(() => giveUp.abort(new Error('enough')));
        const outcomes = await Promise.all(calls);
        expect(outcomes.filter((_, i) => i % k !== 0)).toEqual(
          numbers.filter((i) => i % k !== 0).map(() => 'done'),
        );
        for (const outcome of outcomes) expect(['done', 'ERR_ABORTED usable']).toContain(outcome);
        expect(outcomes).toContain('ERR_ABORTED usable');
        await call(client, 0); // and the session goes on
      });
    },
  );

  it('a call whose signal has fired already sends nothing', async () => {
    await scene(async (client) => {
      const error = await rejection(call(client, 0, { signal: AbortSignal.abort() }));
      expect(error).toMatchObject({ code: 'ERR_ABORTED', connection: 'usable' });
      await call(client, 0);
    });
  });

  it('close() in the middle rejects what is under way, and settles `closed` once', async () => {
    await scene(async (client) => {
      const calls = all(client);
      client.close();
      client.close();
      for (const outcome of await Promise.allSettled(calls)) {
        if (outcome.status === 'fulfilled') continue;
        expect(outcome.reason).toMatchObject({
          code: 'ERR_CONNECTION_CLOSED',
          connection: 'closed',
          protocol: job.protocol,
          hint: expect.stringMatching(/./),
        });
      }
      const closed = await client.closed;
      expect(closed.reason).toBe('close');
      expect(await client.closed).toBe(closed);
    });
  });

  it('quit() in the middle comes after what is under way, and before what comes later', async () => {
    await scene(async (client) => {
      const calls = all(client);
      const goodbye = client.quit();
      const late = rejection(call(client, 0));
      expect(await Promise.all(calls)).toHaveLength(many);
      await goodbye;
      expect(await late).toMatchObject({ code: 'ERR_CONNECTION_CLOSED', connection: 'closed' });
      expect((await client.closed).reason).toBe('quit');
      expect((await client.closed).error).toBeUndefined();
    });
  });

  it('after quit() calls say so, and another quit() is harmless', async () => {
    await scene(async (client) => {
      await client.quit();
      const error = await rejection(call(client, 0));
      expect(error).toMatchObject({ code: 'ERR_CONNECTION_CLOSED', connection: 'closed' });
      expect(`${error.message} ${error.hint}`).toMatch(/quit\(\)/);
      await client.quit();
      await client[Symbol.asyncDispose]();
      client.close();
      expect((await client.closed).reason).toBe('quit');
    });
  });

  it('after close() calls say so, and quit() is harmless', async () => {
    await scene(async (client) => {
      client.close();
      const error = await rejection(call(client, 1));
      expect(error).toMatchObject({ code: 'ERR_CONNECTION_CLOSED', connection: 'closed' });
      expect(`${error.message} ${error.hint}`).toMatch(/close\(\)/);
      await client.quit();
      await client[Symbol.asyncDispose]();
      expect((await client.closed).reason).toBe('close');
    });
  });

  it('disposal waits for what is under way, and never throws', async () => {
    await scene(async (client) => {
      const calls = Promise.allSettled(all(client));
      await client[Symbol.asyncDispose]();
      for (const { status } of await calls) expect(status).toBe('fulfilled');
    });
  });

  it('disposal is bounded where the server has fallen silent', async () => {
    const before = openHandles();
    const client = await connect(
      accessTo(server, 'implicit-tls', world.ca, {
        timeouts: { close: 100 },
        signal: new AbortController().signal,
        dial,
      }),
    );
    const record = server.connections[server.connections.length - 1];
    if (record !== undefined) record.faults = { stallAt: 0 };
    const calls = Promise.allSettled(all(client));
    await within(soon, Promise.resolve(client[Symbol.asyncDispose]()));
    for (const { status } of await within(soon, calls)) expect(status).toBe('rejected');
    record?.destroy();
    expect(await leaked(before)).toEqual({});
  });

  it('a server that goes ends everything with one reason', async () => {
    await scene(async (client) => {
      const calls = Promise.allSettled(all(client));
      server.connections[server.connections.length - 1]?.destroy();
      const outcomes = await calls;
      const errors = outcomes.flatMap((outcome) =>
        outcome.status === 'rejected' ? [outcome.reason as FivewireError] : [],
      );
      expect(errors.length).toBeGreaterThan(0);
      for (const error of errors) {
        expect(error).toMatchObject({ code: 'ERR_CONNECTION_CLOSED', connection: 'closed' });
        expect(error.hint).not.toBe('');
      }
      const { reason, error } = await client.closed;
      expect(reason).toBe('server');
      expect(error).toMatchObject({ code: 'ERR_CONNECTION_CLOSED' });
    });
  });

  it.each(['quit', 'close'] as const)('the iteration of notices ends with %s()', async (how) => {
    await scene(async (client) => {
      const reading = (async () => {
        for await (const _ of client.notices);
      })();
      await client[how]();
      await within(soon, reading);
      for await (const _ of client.notices); // and again: nothing is held up
    });
  });
});
