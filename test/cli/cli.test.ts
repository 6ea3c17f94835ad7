/** The packed command line, run as a user would, over embedded servers. */
import { afterAll, beforeAll, describe } from 'vitest';
import { habits } from './habits.js';
import { type Cli, installCli, startWorld, type World } from './installed.js';
import { scenarios } from './scenarios.js';
import { signals } from './signals.js';

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

const at = () => ({ cli, world });

describe('scenarios', () => scenarios(at));
describe('habits', () => habits(at));
describe('signals', () => signals(at));
