/** All faults against one client, on both ways to TLS. */

import type { TestServer } from '@fivewire/test-servers';
import { isFivewireError } from 'tls-context-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { leaked, openHandles } from '../support/handles.js';
import { faults } from './faults.js';
import { type Job, type Mode, modes } from './job.js';
import { eachOf, positions } from './sample.js';
import { type Result, runTrial } from './trial.js';
import { createWorld, type World } from './world.js';

const patient = { connect: 10_000, greeting: 10_000, tls: 10_000, reply: 10_000, stall: 10_000 };
/** A run mostly waits. */
const runsAtOnce = 16;
const sampled = 7;
const long = 600_000;

export function describeHostileServers<S extends TestServer>(given: Job<S>): void {
  const job = given as unknown as Job;
  describe.each(modes)(`${job.protocol} by %s`, (mode) => {
    let world: World;
    let healthy: Result;
    beforeAll(async () => {
      world = await createWorld();
      healthy = await runTrial(world, { job, mode, faults: undefined, timeouts: patient });
    });
    afterAll(() => world.end());

    it('does its job where nothing is wrong', () => {
      expect(healthy.error).toBeUndefined();
      expect(healthy.faults).toEqual([]);
    });

    it(
      'sees the same octet by octet',
      async () => {
        const result = await runTrial(world, {
          job,
          mode,
          faults: { octetByOctet: true },
          timeouts: patient,
        });
        expect(result.error).toBeUndefined();
        expect(result.seen).toEqual(healthy.seen);
        expect(result.faults.filter((fault) => !fault.startsWith('took'))).toEqual([]);
      },
      long,
    );

    it.each(faults)(
      '$name',
      async ({ name, at, codes }) => {
        const before = openHandles();
        const [sent = 0] = healthy.sent;
        const complaints: string[] = [];
        await eachOf(
          positions(sent, `${job.protocol} ${mode} ${name}`, sampled),
          runsAtOnce,
          async (octets) => {
            const result = await runTrial(world, { job, mode, faults: at(octets, job) });
            const complain = (what: string) => complaints.push(`at ${octets}: ${what}`);
            for (const fault of result.faults) complain(fault);
            const { error } = result;
            if (codes && isFivewireError(error) && !codes.includes(error.code)) {
              complain(`${error.code}: ${error.message}`);
            }
          },
        );
        expect(complaints).toEqual([]);
        expect(world.uncaught).toEqual([]);
        expect(await leaked(before)).toEqual({});
      },
      long,
    );
  });
}

export type { Mode };
