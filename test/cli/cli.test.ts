/** The packed command line, run as a user would, over embedded servers. */
import { describe } from 'vitest';
import { habits } from './habits.js';
import { installed } from './installed.js';
import { scenarios } from './scenarios.js';
import { signals } from './signals.js';

const at = await installed();

describe('scenarios', () => scenarios(at));
describe('habits', () => habits(at));
describe('signals', () => signals(at));
