/** The packed command line when something goes wrong. A file of its own, so that it runs beside the scenarios. */
import { afterAll, beforeAll, describe } from 'vitest';
import { accidents } from './accidents.js';
import { type Cli, installCli, startWorld, type World } from './installed.js';

let cli: Cli;
let world: World;

beforeAll(async () => {
  cli = installCli();
  world = await startWorld(cli.home);
});
afterAll(async () => {
  await world?.servers.close();
  cli?.close();
});

describe('accidents', () => accidents(() => ({ cli, world })));
