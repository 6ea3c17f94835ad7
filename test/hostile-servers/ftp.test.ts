import type { FtpServer } from '@fivewire/test-servers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { leaked, openHandles } from '../support/handles.js';
import { faults } from './faults.js';
import { type Job, modes } from './job.js';
import { ftp } from './jobs/ftp.js';
import { eachOf, positions } from './sample.js';
import { describeHostileServers } from './suite.js';
import { runTrial } from './trial.js';
import { createWorld, type World } from './world.js';

describeHostileServers(ftp);

/** How many data connections the job makes at least, and what goes over the largest. */
const dataConnections = 8;
const octets = 7_600;

describe.each(modes)('ftp data connections by %s', (mode) => {
  let world: World;
  beforeAll(async () => {
    world = await createWorld();
  });
  afterAll(() => world.end());

  it.each(faults)(
    '$name',
    async ({ name, at }) => {
      const before = openHandles();
      const complaints: string[] = [];
      const places = Array.from({ length: dataConnections }, (_, connection) => ({
        connection,
        after: positions(connection < 4 ? 100 : octets, `${mode} ${name} ${connection}`, 3)[1] ?? 0,
      }));
      await eachOf(places, 8, async ({ connection, after }) => {
        const result = await runTrial(world, {
          job: ftp as unknown as Job,
          mode,
          faults: undefined,
          prepare: (server) => {
            (server as FtpServer).dataFaults = (n) =>
              n === connection ? at(after, ftp as unknown as Job) : undefined;
          },
        });
        const where = `connection ${connection} at ${after}`;
        complaints.push(...result.faults.map((fault) => `${where}: ${fault}`));
      });
      expect(complaints).toEqual([]);
      expect(world.uncaught).toEqual([]);
      expect(await leaked(before)).toEqual({});
    },
    60_000,
  );
});
